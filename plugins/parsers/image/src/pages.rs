//! TIFF: its pages, each as PNG.

use crate::convert::{MEMORY, encode};
use crate::{check_size, exif, figure};
use image::ExtendedColorType;
use mortise_sdk::document::Place;
use mortise_sdk::parser::Output;
use mortise_sdk::{Error, Result, host};
use serde_json::Map;
use std::io::Cursor;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

/// Pages that are read.
const MOST: u32 = 5_000;

type Pages = Decoder<Cursor<Vec<u8>>>;

/// Reads all pages; one that cannot be read is a warning at it.
pub(crate) fn parse(bytes: Vec<u8>, out: &mut Output) -> Result<()> {
    let facts = exif::read(&bytes);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MEMORY as usize;
    limits.intermediate_buffer_size = MEMORY as usize;
    let damaged = |error: tiff::TiffError| Error::InvalidInput(format!("damaged TIFF picture: {error}"));
    let mut pages = Decoder::new(Cursor::new(bytes)).map_err(damaged)?.with_limits(limits);
    let (mut page, mut kept) = (1, 0);
    let mut first = None;
    let mut refused = None;
    let mut warnings = Vec::new();
    loop {
        match read(&mut pages) {
            Ok(read) => {
                let number = out.put_image("image/png", &read.png);
                let text = if page == 1 { facts.description.clone().unwrap_or_default() } else { String::new() };
                first = first.or(Some((read.width, read.height, read.resolution)));
                let size = if page == 1 { facts.turned(read.width, read.height) } else { (read.width, read.height) };
                out.emit(figure(page, size, read.resolution, text, Some(number)));
                kept += 1;
            }
            Err(error) => {
                let (Error::InvalidInput(why) | Error::Unsupported(why)) = &error else { return Err(error) };
                warnings.push((page, why.clone()));
                refused = refused.or(Some(error));
            }
        }
        if !pages.more_images() || page >= MOST {
            break;
        }
        if let Err(error) = pages.next_image() {
            warnings.push((page, format!("the pages after this one cannot be found: {error}")));
            break;
        }
        page += 1;
        host::progress(page as f32 / (page + 4) as f32, "converting pages");
    }
    if kept == 0 {
        return Err(refused.unwrap_or_else(|| Error::invalid_input("damaged TIFF picture: it has no pages")));
    }
    out.pages(page);
    let mut metadata = Map::new();
    metadata.insert("format".into(), "TIFF".into());
    if let Some((width, height, resolution)) = first {
        let (width, height) = facts.turned(width, height);
        metadata.insert("width".into(), width.into());
        metadata.insert("height".into(), height.into());
        metadata.extend(resolution.map(|(dpi, _)| ("dpi".to_owned(), (dpi.round() as u32).into())));
    }
    facts.tell(&mut metadata);
    out.metadata(&metadata.into());
    for (page, why) in warnings {
        out.warn(Some(Place { page, rect: None }), &why);
    }
    Ok(())
}

struct Page {
    width: u32,
    height: u32,
    resolution: Option<(f32, f32)>,
    png: Vec<u8>,
}

fn read(pages: &mut Pages) -> Result<Page> {
    let damaged = |error: tiff::TiffError| match error {
        tiff::TiffError::UnsupportedError(what) => Error::Unsupported(format!("a page of the TIFF: {what}")),
        tiff::TiffError::LimitsExceeded => {
            Error::InvalidInput(format!("refused: a page of the TIFF takes more than {} MiB", MEMORY >> 20))
        }
        error => Error::InvalidInput(format!("damaged TIFF picture: {error}")),
    };
    let (width, height) = pages.dimensions().map_err(damaged)?;
    check_size(width, height)?;
    let color = pages.colortype().map_err(damaged)?;
    let palette = matches!(color, ColorType::Palette(_)).then(|| pages.get_tag_u16_vec(Tag::ColorMap).ok()).flatten();
    let resolution = resolution(pages);
    let samples = match pages.read_image().map_err(damaged)? {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples.into_iter().map(|s| (s >> 8) as u8).collect(),
        DecodingResult::U32(samples) => samples.into_iter().map(|s| (s >> 24) as u8).collect(),
        DecodingResult::F32(samples) => samples.into_iter().map(|s| (s.clamp(0.0, 1.0) * 255.0) as u8).collect(),
        DecodingResult::F64(samples) => samples.into_iter().map(|s| (s.clamp(0.0, 1.0) * 255.0) as u8).collect(),
        _ => return Err(Error::unsupported("a page of the TIFF has samples that are no colours")),
    };
    let (pixels, kind) = pixels(color, samples, width as usize, height as usize, palette.as_deref())?;
    let png = encode(&pixels, width, height, kind)?;
    Ok(Page { width, height, resolution, png })
}

fn resolution(pages: &mut Pages) -> Option<(f32, f32)> {
    let unit = pages.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok().flatten().unwrap_or(2);
    let scale = match unit {
        2 => 1.0,
        3 => 2.54,
        _ => return None,
    };
    let mut of = |tag| match pages.find_tag(tag).ok().flatten()? {
        tiff::decoder::ifd::Value::Rational(numerator, denominator) if denominator > 0 => {
            Some(numerator as f32 / denominator as f32 * scale)
        }
        _ => None,
    };
    let (across, down) = (of(Tag::XResolution)?, of(Tag::YResolution)?);
    crate::header::plausible(across, down)
}

/// Samples as they come out of the decoder → grey, RGB or RGBA of 8 bits.
fn pixels(
    color: ColorType,
    samples: Vec<u8>,
    width: usize,
    height: usize,
    palette: Option<&[u16]>,
) -> Result<(Vec<u8>, ExtendedColorType)> {
    let count = width * height;
    let (channels, kind) = match color {
        ColorType::Gray(_) | ColorType::Palette(_) => (1, ExtendedColorType::L8),
        ColorType::GrayA(_) => (2, ExtendedColorType::La8),
        ColorType::RGB(_) | ColorType::YCbCr(_) | ColorType::Lab(_) => (3, ExtendedColorType::Rgb8),
        ColorType::RGBA(_) => (4, ExtendedColorType::Rgba8),
        ColorType::CMYK(_) => (4, ExtendedColorType::Rgb8),
        ColorType::Multiband { num_samples, .. } if num_samples > 0 => {
            (usize::from(num_samples), ExtendedColorType::L8)
        }
        other => return Err(Error::Unsupported(format!("a page of the TIFF has colours of the kind {other:?}"))),
    };
    let mut samples = match color {
        ColorType::Gray(bits @ 1..8) | ColorType::Palette(bits @ 1..8) if samples.len() < count => {
            let scaled = matches!(color, ColorType::Gray(_));
            unpacked(&samples, usize::from(bits), width, height, scaled)
        }
        _ => samples,
    };
    // What is missing at the end is black.
    samples.resize(count * channels, 0);
    let pixels = match color {
        ColorType::Palette(_) => {
            let Some(palette) = palette.filter(|p| p.len() >= 6) else { return Ok((samples, ExtendedColorType::L8)) };
            let entries = palette.len() / 3;
            let channel =
                |index: usize, channel: usize| (palette[channel * entries + index.min(entries - 1)] >> 8) as u8;
            let rgb = samples.iter().flat_map(|s| (0..3).map(move |c| (usize::from(*s), c)));
            return Ok((rgb.map(|(index, c)| channel(index, c)).collect(), ExtendedColorType::Rgb8));
        }
        ColorType::CMYK(_) => {
            let inked = |p: &[u8], c: usize| ((255 - u32::from(p[c])) * (255 - u32::from(p[3])) / 255) as u8;
            samples.chunks_exact(4).flat_map(|p| [inked(p, 0), inked(p, 1), inked(p, 2)]).collect()
        }
        ColorType::YCbCr(_) => samples.chunks_exact(3).flat_map(|p| rgb(p[0], p[1], p[2])).collect(),
        ColorType::Multiband { .. } => samples.chunks_exact(channels).map(|p| p[0]).collect(),
        _ => samples,
    };
    Ok((pixels, kind))
}

fn rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    [y + 1.402 * cr, y - 0.344_14 * cb - 0.714_14 * cr, y + 1.772 * cb].map(|v| v.clamp(0.0, 255.0) as u8)
}

/// One byte for each sample of a few bits; rows begin at bytes.
fn unpacked(packed: &[u8], bits: usize, width: usize, height: usize, scaled: bool) -> Vec<u8> {
    let row_bytes = (width * bits).div_ceil(8);
    let most = (1u32 << bits) - 1;
    let mut samples = Vec::with_capacity(width * height);
    for row in packed.chunks(row_bytes.max(1)).take(height) {
        for x in 0..width {
            let bit = x * bits;
            let byte = u32::from(row.get(bit / 8).copied().unwrap_or(0)) << 8
                | u32::from(row.get(bit / 8 + 1).copied().unwrap_or(0));
            let sample = byte >> (16 - bits - bit % 8) & most;
            samples.push(if scaled { (sample * 255 / most) as u8 } else { sample as u8 });
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::unpacked;

    #[test]
    fn samples_of_a_few_bits_are_spread() {
        assert_eq!(unpacked(&[0b1010_0000, 0b0100_0000], 1, 3, 2, true), [255, 0, 255, 0, 255, 0]);
        assert_eq!(unpacked(&[0x1F], 4, 2, 1, false), [1, 15]);
        assert_eq!(unpacked(&[0b1101_0101, 0b1000_0000], 3, 3, 1, false), [6, 5, 3]);
    }
}
