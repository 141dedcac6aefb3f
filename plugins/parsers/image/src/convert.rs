//! Pixels → PNG.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, Limits};
use mortise_sdk::{Error, Result};
use std::io::Cursor;

/// Bytes that decoding may take.
pub(crate) const MEMORY: u64 = 120 << 20;

/// A PNM picture as PNG.
pub(crate) fn to_png(bytes: &[u8]) -> Result<Vec<u8>> {
    let damaged = |error: image::ImageError| Error::InvalidInput(format!("damaged picture: {error}"));
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Pnm);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(damaged)?;
    let (width, height) = (picture.width(), picture.height());
    if picture.color().has_color() {
        encode(&picture.into_rgb8(), width, height, ExtendedColorType::Rgb8)
    } else {
        encode(&picture.into_luma8(), width, height, ExtendedColorType::L8)
    }
}

/// Pixels of 8 bits a channel as PNG.
pub(crate) fn encode(pixels: &[u8], width: u32, height: u32, color: ExtendedColorType) -> Result<Vec<u8>> {
    let mut png = Vec::new();
    // Scans are large, and nobody waits for the last byte of compression.
    PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive)
        .write_image(pixels, width, height, color)
        .map_err(|error| Error::Internal(format!("a picture could not be written as PNG: {error}")))?;
    Ok(png)
}
