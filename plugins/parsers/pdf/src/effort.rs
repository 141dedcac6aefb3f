//! What drawing a page will cost, found out before it is drawn: the rasterizer cannot be stopped in the middle, and
//! the sandbox has neither a clock nor memory to spare.

use hayro_interpret::font::GlyphRun;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::pattern::Pattern;
use hayro_interpret::{BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask};
use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};

/// Pixels of one image with one channel, and of one with more: both take about 150 MB while they are drawn.
const MOST_GREY: u64 = 40_000_000;
const MOST_COLOUR: u64 = 14_000_000;
/// Work on one page, in pixels touched.
const MOST_WORK: u64 = 1_500_000_000;
/// Work of one path element or glyph besides its pixels.
const ELEMENT: u64 = 300;
/// Patterns and masks within patterns and masks.
const DEPTH: u32 = 4;
/// Copies of a tile that are drawn into one another.
const MOST_COPIES: f64 = 64.0;
/// JPEG files larger than this are drawn anew rather than kept.
const LARGEST_ORIGINAL: usize = 8 << 20;

/// The only thing that is seen.
#[derive(Clone, Debug)]
pub(crate) struct LoneImage {
    /// In pixels of the drawing.
    pub(crate) rect: Rect,
    /// Quarter turns, clockwise.
    pub(crate) turns: u8,
    /// The image as a file, if it is one already and stands upright.
    pub(crate) jpeg: Option<Vec<u8>>,
}

/// Counts what drawing will cost, without drawing.
pub(crate) struct Effort {
    target: Rect,
    /// Pixels touched.
    pub(crate) work: u64,
    refused: bool,
    depth: u32,
    /// Things drawn within the target.
    seen: u32,
    lone: Option<LoneImage>,
}

impl Effort {
    /// For drawing into a bitmap as large as `target`.
    pub(crate) fn new(target: Rect) -> Self {
        let work = target.area() as u64;
        Effort { target, work, refused: false, depth: 0, seen: 0, lone: None }
    }

    /// True if the page can be drawn.
    pub(crate) fn is_bearable(&self) -> bool {
        !self.refused && self.work <= MOST_WORK
    }

    /// The image that is all that is seen.
    pub(crate) fn lone_image(self) -> Option<LoneImage> {
        self.lone.filter(|_| self.seen == 1)
    }

    /// Notes that something is drawn here; true if any of it is seen.
    fn see(&mut self, area: Rect) -> bool {
        let reach = area.intersect(self.target);
        let seen = reach.width() > 0.0 && reach.height() > 0.0;
        self.seen = self.seen.saturating_add(u32::from(seen));
        seen
    }

    fn add(&mut self, pixels: f64) {
        self.work = self.work.saturating_add(if pixels.is_finite() { pixels.max(0.0) as u64 } else { MOST_WORK });
    }

    fn visible(&self, rect: Rect) -> f64 {
        let rect = rect.intersect(self.target);
        if rect.width() > 0.0 && rect.height() > 0.0 { rect.area() } else { 0.0 }
    }

    fn image(&mut self, stream: &Stream<'_>, width: u32, height: u32) {
        let pixels = u64::from(width) * u64::from(height);
        let dict = stream.dict();
        if pixels > if is_grey(dict) { MOST_GREY } else { MOST_COLOUR } {
            self.refused = true;
        }
        self.work = self.work.saturating_add(pixels.saturating_mul(4));
        for key in [&b"SMask"[..], b"Mask"] {
            let Some(mask) = dict.get::<Stream<'_>>(key) else { continue };
            let side = |key: &[u8]| u64::from(mask.dict().get::<u32>(key).unwrap_or(0));
            let pixels = side(b"Width") * side(b"Height");
            if pixels > MOST_COLOUR {
                self.refused = true;
            }
            self.work = self.work.saturating_add(pixels.saturating_mul(4));
        }
    }

    fn paint<'a>(&mut self, paint: &Paint<'a>, area: Rect, stroke: bool) {
        let Paint::Pattern(pattern) = paint else { return };
        match &**pattern {
            Pattern::Shading(_) => {
                self.add(16.0 * self.visible(area));
            }
            Pattern::Tiling(tile) => {
                let copies = (tile.bbox.width() / f64::from(tile.x_step.abs()) + 1.0)
                    * (tile.bbox.height() / f64::from(tile.y_step.abs()) + 1.0);
                let sane = copies <= MOST_COPIES;
                if !sane || self.depth >= DEPTH {
                    self.refused = true;
                    return;
                }
                self.depth += 1;
                let before = self.work;
                tile.interpret(self, tile.matrix, stroke);
                let once = self.work.saturating_sub(before);
                self.add(4.0 * self.target.area() + once as f64 * copies);
                self.depth -= 1;
            }
        }
    }

    fn mask<'a>(&mut self, mask: Option<&SoftMask<'a>>) {
        let Some(mask) = mask else { return };
        if self.depth >= DEPTH || !self.is_bearable() {
            self.refused = true;
            return;
        }
        self.depth += 1;
        self.add(8.0 * self.target.area());
        mask.interpret(self);
        self.depth -= 1;
    }
}

impl<'a> Device<'a> for Effort {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        if !self.is_bearable() {
            return;
        }
        let mut area = props.transform.transform_rect_bbox(path.control_box());
        if let DrawMode::Stroke(stroke) | DrawMode::FillAndStroke(_, stroke) = mode {
            let [a, b, c, d, ..] = props.transform.as_coeffs();
            let width = f64::from(stroke.line_width) * a.hypot(b).max(c.hypot(d));
            area = area.inflate(width, width);
            // Dashes multiply the pieces of a line.
            let dash = stroke.dash_array.iter().map(|d| f64::from(*d)).sum::<f64>() * a.hypot(b).max(0.001);
            if !stroke.dash_array.is_empty() {
                self.add(
                    ELEMENT as f64 * (area.width() + area.height()) / dash.max(0.01) * path.elements().len() as f64,
                );
            }
        }
        self.see(area.inflate(0.01, 0.01));
        self.add((ELEMENT * path.elements().len() as u64) as f64 + self.visible(area));
        self.paint(&props.paint, area, matches!(mode, DrawMode::Stroke(_)));
        self.mask(props.soft_mask.as_ref());
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        if !self.is_bearable() {
            return;
        }
        self.add((4 * ELEMENT * run.glyphs().len() as u64) as f64);
        if !matches!(mode, DrawMode::Invisible) {
            for glyph in run.glyphs() {
                let at = (props.transform * glyph.transform()) * Point::ZERO;
                self.see(Rect::from_center_size(at, (4.0, 4.0)));
            }
        }
        if matches!(props.paint, Paint::Pattern(_)) {
            self.paint(&props.paint, self.target, matches!(mode, DrawMode::Stroke(_)));
        }
        self.mask(props.soft_mask.as_ref());
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        if !self.is_bearable() {
            return;
        }
        let (width, height) = (image.width(), image.height());
        let area = props.transform.transform_rect_bbox(Rect::new(0.0, 0.0, f64::from(width), f64::from(height)));
        self.add(4.0 * self.visible(area));
        let stream = match &image {
            Image::Stencil(stencil) => stencil.stream(),
            Image::Raster(raster) => raster.stream(),
        };
        if self.see(area) {
            // What cannot be seen is not decoded either.
            self.image(stream, width, height);
            let plain = props.soft_mask.is_none() && props.blend_mode == BlendMode::default();
            self.lone = turns(props.transform).filter(|_| plain).map(|turns| {
                let is_file = turns == 0 && matches!(&image, Image::Raster(_));
                LoneImage { rect: area, turns, jpeg: is_file.then(|| original(stream)).flatten() }
            });
        }
        self.mask(props.soft_mask.as_ref());
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.add((ELEMENT * clip.path.elements().len() as u64) as f64);
    }

    fn push_clip_rect(&mut self, _: &Rect) {
        self.add(ELEMENT as f64);
    }

    fn push_transparency_group(&mut self, opacity: f32, mask: Option<SoftMask<'a>>, mode: BlendMode) {
        // Every image comes within a group that does nothing, and costs nothing.
        if opacity < 1.0 || mask.is_some() || mode != BlendMode::default() {
            self.seen = self.seen.saturating_add(2);
            self.add(4.0 * self.target.area());
        }
        self.mask(mask.as_ref());
    }

    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// True if the image has one channel.
fn is_grey(dict: &Dict<'_>) -> bool {
    if dict.get::<bool>(b"ImageMask").unwrap_or(false) || dict.get::<u32>(b"BitsPerComponent") == Some(1) {
        return true;
    }
    match dict.get::<Object<'_>>(b"ColorSpace") {
        Some(Object::Name(name)) => matches!(name.as_ref(), b"DeviceGray" | b"G" | b"CalGray"),
        Some(Object::Array(array)) => {
            let mut items = array.iter::<Object<'_>>();
            let family = items.next().and_then(Object::into_name);
            match family.as_ref().map(|n| n.as_ref()) {
                Some(b"CalGray") => true,
                Some(b"ICCBased") => items
                    .next()
                    .and_then(Object::into_stream)
                    .is_some_and(|profile| profile.dict().get::<u32>(b"N") == Some(1)),
                _ => false,
            }
        }
        _ => false,
    }
}

/// How often an image is turned by a quarter, clockwise; `None` if it is slanted or seen in a mirror.
fn turns(transform: Affine) -> Option<u8> {
    let [a, b, c, d, ..] = transform.as_coeffs();
    let along = b.abs() < 1e-3 * a.abs() && c.abs() < 1e-3 * d.abs();
    let across = a.abs() < 1e-3 * b.abs() && d.abs() < 1e-3 * c.abs();
    match (along, across) {
        (true, _) if a > 0.0 && d > 0.0 => Some(0),
        (true, _) if a < 0.0 && d < 0.0 => Some(2),
        (_, true) if b > 0.0 && c < 0.0 => Some(1),
        (_, true) if b < 0.0 && c > 0.0 => Some(3),
        _ => None,
    }
}

/// The image as the file that it is, if showing that file shows the same as drawing the image.
fn original(stream: &Stream<'_>) -> Option<Vec<u8>> {
    let dict = stream.dict();
    let plain = [&b"SMask"[..], b"Mask", b"Decode", b"D"].iter().all(|key| !dict.contains_key(*key));
    let jpeg_alone = matches!(stream.filters().as_slice(), [Filter::DctDecode]);
    if !plain || !jpeg_alone {
        return None;
    }
    let space = dict.get::<Object<'_>>(b"ColorSpace");
    let family = match space? {
        Object::Name(name) => name.as_ref().to_vec(),
        Object::Array(array) => first_name(&array)?,
        _ => return None,
    };
    if !matches!(&*family, b"DeviceGray" | b"DeviceRGB" | b"CalGray" | b"CalRGB" | b"ICCBased") {
        return None;
    }
    let raw = stream.raw_data();
    (raw.len() <= LARGEST_ORIGINAL && is_sound_jpeg(&raw)).then(|| raw.into_owned())
}

fn first_name(array: &Array<'_>) -> Option<Vec<u8>> {
    Some(array.iter::<Name<'_>>().next()?.as_ref().to_vec())
}

/// True if it is a whole JPEG file with one or three channels.
fn is_sound_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return false;
    }
    while let Some([0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            // Start of a frame: length, precision, height, width, channels.
            0xc0..=0xc2 => {
                let tail = bytes.get(bytes.len().saturating_sub(64)..).unwrap_or_default();
                let ended = tail.windows(2).any(|w| w == [0xff, 0xd9]);
                return ended && matches!(bytes.get(at + 9), Some(1 | 3));
            }
            0xff => at += 1,
            0xda => return false,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_sound_jpeg, turns};
    use hayro_interpret::kurbo::Affine;

    #[test]
    fn quarter_turns_are_told_from_mirrors() {
        for (quarter, turned) in [(0.0, 0), (1.0, 1), (2.0, 2), (3.0, 3)] {
            let transform = Affine::rotate(quarter * std::f64::consts::FRAC_PI_2) * Affine::scale_non_uniform(2.0, 3.0);
            assert_eq!(turns(transform), Some(turned));
        }
        assert_eq!(turns(Affine::FLIP_Y), None);
        assert_eq!(turns(Affine::rotate(0.1)), None);
    }

    #[test]
    fn jpeg_files_are_looked_into() {
        let whole = |channels: u8| {
            [&[0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 8, 8, 0, 1, 0, 1, channels][..], &[0xff, 0xd9]]
                .concat()
        };
        assert!(is_sound_jpeg(&whole(3)) && is_sound_jpeg(&whole(1)));
        assert!(!is_sound_jpeg(&whole(4)), "CMYK is shown in other colours elsewhere");
        assert!(!is_sound_jpeg(&whole(3)[..16]) && !is_sound_jpeg(b"") && !is_sound_jpeg(b"\xff\xd8"));
    }
}
