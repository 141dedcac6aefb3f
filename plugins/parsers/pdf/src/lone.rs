//! A figure that is one image and nothing else: its own pixels are better than a drawing of them, and cheaper.

use crate::effort::LoneImage;
use crate::picture::Pixels;
use hayro_interpret::font::GlyphRun;
use hayro_interpret::kurbo::{BezPath, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps, LumaData, Paint, SoftMask,
};

/// Takes the pixels of the image that stands at `rect`.
pub(crate) struct Lone {
    rect: Rect,
    size: (u32, u32),
    turns: u8,
    pixels: Option<Pixels>,
}

impl Lone {
    /// Looks for the image, of which no more than `size` pixels are wanted.
    pub(crate) fn new(image: &LoneImage, size: (u32, u32)) -> Self {
        let (width, height) = size;
        // Turned by a quarter, the image's own width is the height that is seen.
        let size = if image.turns % 2 == 1 { (height, width) } else { size };
        Lone { rect: image.rect, size, turns: image.turns, pixels: None }
    }

    /// The pixels, if the image could be read and shows itself as it is.
    pub(crate) fn pixels(self) -> Option<Pixels> {
        let (width, height) = self.size;
        self.pixels.map(|pixels| pixels.at_most(width, height).turned(self.turns))
    }
}

impl<'a> Device<'a> for Lone {
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let size = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
        let rect = props.transform.transform_rect_bbox(size);
        let here = (rect.x0 - self.rect.x0).abs() < 0.5 && (rect.y0 - self.rect.y0).abs() < 0.5;
        if !here || self.pixels.is_some() {
            return;
        }
        match image {
            Image::Raster(raster) => {
                raster.with_rgba(|data, alpha| self.pixels = on_white(data, alpha), Some(self.size));
            }
            Image::Stencil(stencil) => {
                stencil.with_stencil(|mask, paint| self.pixels = stencilled(mask, paint), Some(self.size));
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_clip_rect(&mut self, _: &Rect) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

fn on_white(image: ImageData, alpha: Option<LumaData>) -> Option<Pixels> {
    let (width, height, channels, mut data) = match image {
        ImageData::Luma(luma) => (luma.width, luma.height, 1, luma.data),
        ImageData::Rgb(rgb) => (rgb.width, rgb.height, 3, rgb.data),
    };
    if let Some(alpha) = alpha {
        if (alpha.width, alpha.height) != (width, height) {
            return None;
        }
        for (pixel, alpha) in data.chunks_exact_mut(channels).zip(&alpha.data) {
            for value in pixel {
                *value = over_white(*value, *alpha);
            }
        }
    }
    Pixels::new(width, height, channels, data)
}

/// Grey paint through a mask.
fn stencilled(mask: LumaData, paint: &Paint<'_>) -> Option<Pixels> {
    let Paint::Color(color) = paint else { return None };
    let [r, g, b, alpha] = color.to_rgba().to_rgba8();
    if r != g || g != b || alpha != 255 {
        return None;
    }
    let data = mask.data.into_iter().map(|alpha| over_white(r, alpha)).collect();
    Pixels::new(mask.width, mask.height, 1, data)
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha)) / 255) as u8
}
