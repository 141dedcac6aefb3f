//! Pixels as files: PNG for drawings and print, JPEG for photographs and scans.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use mortise_sdk::{Error, Result};

/// Grey or coloured pixels without transparency.
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    width: u32,
    height: u32,
    /// 1 or 3.
    channels: usize,
    data: Vec<u8>,
}

impl Pixels {
    /// `None` if the data are not as many as the size says.
    pub(crate) fn new(width: u32, height: u32, channels: usize, data: Vec<u8>) -> Option<Self> {
        let bytes = (width as usize).checked_mul(height as usize)?.checked_mul(channels)?;
        let sound = matches!(channels, 1 | 3) && bytes > 0 && bytes == data.len();
        sound.then_some(Pixels { width, height, channels, data })
    }

    /// From pixels of four bytes, whose transparency is left out.
    pub(crate) fn of_rgba(width: u32, height: u32, rgba: &[u8]) -> Option<Self> {
        let pixels = rgba.as_chunks::<4>().0;
        if pixels.iter().all(|[r, g, b, _]| r.abs_diff(*g) <= 2 && r.abs_diff(*b) <= 2) {
            Pixels::new(width, height, 1, pixels.iter().map(|[_, g, ..]| *g).collect())
        } else {
            Pixels::new(width, height, 3, pixels.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect())
        }
    }

    /// The same picture, `width` by `height` pixels if it has more of them or pixels that are not square.
    pub(crate) fn at_most(self, width: u32, height: u32) -> Self {
        if width == 0 || height == 0 {
            return self;
        }
        let factor = |own: u32, most: u32| (own * 4).div_ceil(most.saturating_mul(5).max(1)) as usize;
        let (across, down) = (factor(self.width, width), factor(self.height, height));
        let mut own = self.boxed(across, down);
        let proportion = |w: u32, h: u32| w as f32 / h.max(1) as f32;
        let oblong = (proportion(own.width, own.height) / proportion(width, height).max(1e-6) - 1.0).abs() > 0.04;
        if oblong {
            own.data = shrunk(&own.data, own.channels, (own.width, own.height), (width, height));
            (own.width, own.height) = (width, height);
        }
        own
    }

    /// The mean of every box of so many pixels; what is left over at the right and below is left out.
    fn boxed(self, across: usize, down: usize) -> Self {
        let (width, height) = (self.width as usize / across.max(1), self.height as usize / down.max(1));
        if across.max(down) <= 1 || width == 0 || height == 0 {
            return self;
        }
        let (channels, row_bytes) = (self.channels, self.width as usize * self.channels);
        let scale = 1.0 / (across * down) as f32;
        let mut column = vec![0u32; row_bytes];
        let mut data = Vec::with_capacity(width * height * channels);
        for rows in self.data.chunks_exact(row_bytes * down) {
            column.fill(0);
            for row in rows.chunks_exact(row_bytes) {
                for (sum, value) in column.iter_mut().zip(row) {
                    *sum += u32::from(*value);
                }
            }
            if channels == 1 {
                let means = column.chunks_exact(across).map(|c| (c.iter().sum::<u32>() as f32 * scale + 0.5) as u8);
                data.extend(means);
                continue;
            }
            for pixels in column.chunks_exact(across * channels) {
                for channel in 0..channels {
                    let sum: u32 = pixels.iter().skip(channel).step_by(channels).sum();
                    data.push((sum as f32 * scale + 0.5) as u8);
                }
            }
        }
        Pixels { width: width as u32, height: height as u32, channels, data }
    }

    /// Turned clockwise by quarters.
    pub(crate) fn turned(self, quarters: u8) -> Self {
        let (width, height, channels) = (self.width as usize, self.height as usize, self.channels);
        if quarters.is_multiple_of(4) {
            return self;
        }
        let (across, down) = if quarters % 2 == 1 { (height, width) } else { (width, height) };
        let mut data = Vec::with_capacity(self.data.len());
        for y in 0..down {
            for x in 0..across {
                let (from_x, from_y) = match quarters % 4 {
                    1 => (y, height - 1 - x),
                    2 => (width - 1 - x, height - 1 - y),
                    _ => (width - 1 - y, x),
                };
                let at = (from_y * width + from_x) * channels;
                data.extend_from_slice(self.data.get(at..at + channels).unwrap_or_default());
            }
        }
        Pixels { width: across as u32, height: down as u32, channels, data }
    }

    /// As a file of the better kind for what it shows, with its media type.
    pub(crate) fn file(&self) -> Result<(&'static str, Vec<u8>)> {
        const QUALITY: u8 = 82;
        let channels = self.channels;
        let alike = self.data.iter().zip(self.data.iter().skip(channels)).filter(|(a, b)| a == b).count();
        // Drawings and print are mostly plain paper; photographs and scans hardly have two pixels alike.
        if alike * 5 >= self.data.len() * 4 {
            Ok(("image/png", self.png()?))
        } else {
            Ok(("image/jpeg", self.jpeg(QUALITY)?))
        }
    }

    pub(crate) fn png(&self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        PngEncoder::new(&mut file).write_image(&self.data, self.width, self.height, self.color()).map_err(unwritten)?;
        Ok(file)
    }

    pub(crate) fn jpeg(&self, quality: u8) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, quality.clamp(1, 100))
            .write_image(&self.data, self.width, self.height, self.color())
            .map_err(unwritten)?;
        Ok(file)
    }

    fn color(&self) -> ExtendedColorType {
        if self.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 }
    }
}

/// One pixel, or the whole of its side, in the fixed-point numbers that sums are kept in.
const ONE: u32 = 256;

/// Every new pixel is the mean of the area that it covers.
fn shrunk(data: &[u8], channels: usize, from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let (step_x, step_y) = (from.0 as f32 / to.0 as f32, from.1 as f32 / to.1 as f32);
    let row_bytes = from.0 as usize * channels;
    // Where each new column begins: the old one, and how far into it.
    let edges: Vec<(usize, u64)> = (0..=to.0)
        .map(|x| {
            let at = (x as f32 * step_x).min(from.0 as f32);
            (at as usize, (at.fract() * ONE as f32) as u64)
        })
        .collect();
    let scale = 1.0 / (step_x * step_y * (ONE * ONE) as f32);
    let mut column = vec![0u32; row_bytes];
    let mut out = Vec::with_capacity(to.0 as usize * to.1 as usize * channels);
    let mut rows = data.chunks_exact(row_bytes).enumerate().peekable();
    for y in 0..to.1 {
        let (top, bottom) = (y as f32 * step_y, (y + 1) as f32 * step_y);
        column.fill(0);
        while let Some((n, row)) = rows.peek() {
            let (above, below) = (*n as f32, *n as f32 + 1.0);
            add_row(&mut column, row, ((below.min(bottom) - above.max(top)) * ONE as f32 + 0.5) as u32);
            if below > bottom {
                break;
            }
            rows.next();
        }
        for pair in edges.windows(2) {
            let [from, to] = pair else { continue };
            for channel in 0..channels {
                out.push((span(&column, channels, channel, *from, *to) as f32 * scale + 0.5) as u8);
            }
        }
    }
    out
}

/// Adds `share` of a row.
fn add_row(column: &mut [u32], row: &[u8], share: u32) {
    if share >= ONE {
        for (sum, value) in column.iter_mut().zip(row) {
            *sum += ONE * u32::from(*value);
        }
    } else if share > 0 {
        for (sum, value) in column.iter_mut().zip(row) {
            *sum += share * u32::from(*value);
        }
    }
}

/// The sum of one channel between two edges.
fn span(column: &[u32], channels: usize, channel: usize, from: (usize, u64), to: (usize, u64)) -> u64 {
    let part = |edge: (usize, u64)| match edge.1 {
        0 => 0,
        share => share * u64::from(column.get(edge.0 * channels + channel).copied().unwrap_or(0)),
    };
    let whole = column.get(from.0 * channels..to.0 * channels).unwrap_or_default();
    let sum: u64 = match channels {
        1 => whole.iter().map(|v| u64::from(*v)).sum(),
        _ => whole.chunks_exact(channels).map(|c| u64::from(c.get(channel).copied().unwrap_or(0))).sum(),
    };
    (u64::from(ONE) * sum + part(to)).saturating_sub(part(from))
}

fn unwritten(error: image::ImageError) -> Error {
    Error::Internal(format!("a picture could not be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_becomes_png_and_noise_jpeg() {
        let paper = Pixels::new(64, 64, 1, vec![255; 64 * 64]).unwrap();
        let (kind, bytes) = paper.file().unwrap();
        assert!(kind == "image/png" && bytes.starts_with(b"\x89PNG"));
        let noise: Vec<u8> = (0..64u32 * 64 * 3).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let (kind, bytes) = Pixels::new(64, 64, 3, noise).unwrap().file().unwrap();
        assert!(kind == "image/jpeg" && bytes.starts_with(&[0xff, 0xd8]));
    }

    #[test]
    fn sizes_that_do_not_fit_their_data_are_no_pixels() {
        assert!(Pixels::new(2, 2, 1, vec![0; 3]).is_none());
        assert!(Pixels::new(0, 9, 1, vec![]).is_none());
        assert!(Pixels::new(u32::MAX, u32::MAX, 3, vec![]).is_none());
    }

    #[test]
    fn large_pictures_are_made_smaller_and_small_ones_kept() {
        let picture = Pixels::new(400, 200, 1, vec![9; 80_000]).unwrap();
        let small = picture.clone().at_most(100, 50);
        assert_eq!((small.width, small.height, small.data.len()), (100, 50, 5000));
        assert!(small.data.iter().all(|v| *v == 9));
        let stripes = (0..90 * 10 * 3).map(|i| if i % 3 == 1 { 200 } else { (i / 3 % 2 * 100) as u8 }).collect();
        let grey = Pixels::new(90, 10, 3, stripes).unwrap().at_most(40, 4);
        assert!(
            grey.data.chunks(3).all(|p| p[1] == 200 && (30..=70).contains(&p[0]) && p[0] == p[2]),
            "{:?}",
            grey.data
        );
        let kept = picture.at_most(500, 250);
        assert_eq!((kept.width, kept.height), (400, 200));
    }

    #[test]
    fn quarters_turn_clockwise() {
        let picture = Pixels::new(3, 2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        for (quarters, width, data) in [
            (0, 3, [1, 2, 3, 4, 5, 6]),
            (1, 2, [4, 1, 5, 2, 6, 3]),
            (2, 3, [6, 5, 4, 3, 2, 1]),
            (3, 2, [3, 6, 2, 5, 1, 4]),
        ] {
            let turned = picture.clone().turned(quarters);
            assert_eq!((turned.width, &turned.data[..]), (width, &data[..]), "{quarters}");
        }
    }

    #[test]
    fn grey_is_found() {
        assert_eq!(Pixels::of_rgba(1, 1, &[7, 8, 7, 255]).unwrap().channels, 1);
        assert_eq!(Pixels::of_rgba(1, 1, &[7, 80, 7, 255]).unwrap().channels, 3);
    }
}
