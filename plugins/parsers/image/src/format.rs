//! What a picture is, by its first bytes: names are often wrong.

use mortise_sdk::{Error, Result};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Png,
    Jpeg,
    Gif,
    Webp,
    Bmp,
    Ico,
    Tiff,
    Pnm,
    Svg,
}

impl Format {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Format::Png => "image/png",
            Format::Jpeg => "image/jpeg",
            Format::Gif => "image/gif",
            Format::Webp => "image/webp",
            Format::Bmp => "image/bmp",
            Format::Ico => "image/x-icon",
            Format::Tiff => "image/tiff",
            Format::Pnm => "image/x-portable-anymap",
            Format::Svg => "image/svg+xml",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Png => "PNG",
            Format::Jpeg => "JPEG",
            Format::Gif => "GIF",
            Format::Webp => "WebP",
            Format::Bmp => "BMP",
            Format::Ico => "ICO",
            Format::Tiff => "TIFF",
            Format::Pnm => "PNM",
            Format::Svg => "SVG",
        }
    }

    pub(crate) fn decoder(self) -> Option<image::ImageFormat> {
        Some(match self {
            Format::Png => image::ImageFormat::Png,
            Format::Jpeg => image::ImageFormat::Jpeg,
            Format::Gif => image::ImageFormat::Gif,
            Format::Webp => image::ImageFormat::WebP,
            Format::Bmp => image::ImageFormat::Bmp,
            Format::Ico => image::ImageFormat::Ico,
            Format::Pnm => image::ImageFormat::Pnm,
            Format::Tiff | Format::Svg => return None,
        })
    }
}

/// The format of a file that begins so.
pub(crate) fn of(head: &[u8]) -> Result<Format> {
    Ok(match head {
        [0x89, b'P', b'N', b'G', ..] => Format::Png,
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [b'G', b'I', b'F', b'8', ..] => Format::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::Webp,
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Format::Tiff,
        [b'B', b'M', ..] => Format::Bmp,
        [0, 0, 1 | 2, 0, _, 0, ..] => Format::Ico,
        [b'P', b'1'..=b'7', b' ' | b'\n' | b'\r' | b'\t' | b'#', ..] => Format::Pnm,
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            let name = match brand.get(..4) {
                Some(b"avif" | b"avis") => "AVIF",
                Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1") => "HEIC",
                _ => return Err(Error::invalid_input("not a picture: it is a film or recording")),
            };
            return Err(Error::Unsupported(format!("{name} pictures are not read; save it as PNG or JPEG")));
        }
        [0xFF, 0x0A, ..] | [0, 0, 0, 0x0C, b'J', b'X', b'L', ..] => {
            return Err(Error::unsupported("JPEG XL pictures are not read; save it as PNG or JPEG"));
        }
        [0, 0, 0, 0x0C, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => {
            return Err(Error::unsupported("JPEG 2000 pictures are not read; save it as PNG or JPEG"));
        }
        [b'8', b'B', b'P', b'S', ..] => {
            return Err(Error::unsupported("Photoshop files are not read; save it as PNG or JPEG"));
        }
        [0x1F, 0x8B, ..] => return Err(Error::unsupported("packed drawings (svgz) are not read; unpack it first")),
        head if is_svg(head) => Format::Svg,
        _ => return Err(Error::invalid_input("not a picture of a kind that is read")),
    })
}

fn is_svg(head: &[u8]) -> bool {
    let text = mortise_shared_encoding::decode(head, None).text;
    text.trim_start().starts_with('<') && text.contains("<svg")
}
