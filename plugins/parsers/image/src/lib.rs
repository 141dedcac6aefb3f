//! Pictures: what they are, when and where they were taken, and the picture itself for whoever can look at it.
//!
//! A picture is one `figure` with `image`, page 1, its rectangle as large as the picture in points. Its text is what the
//! file says of itself: a description in its EXIF data or PNG chunks, the words of a drawing. Where it says nothing the text
//! is empty, for a host to fill in. A TIFF with several pages is that many figures.
//!
//! Formats that browsers show are kept as they are and are not decoded here; TIFF and PNM become PNG. Sizes are read from
//! the header, and what would be too large to decode is refused by it.

mod convert;
mod drawing;
mod exif;
mod format;
mod header;
mod pages;

use format::Format;
use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result};
use serde_json::Map;

/// The parser.
pub struct Image;

/// Bytes of a file.
const LONGEST: u64 = 64 << 20;

/// Pixels of a picture. Four bytes each have to fit into the memory of whoever decodes it.
const PIXELS: u64 = 200_000_000;

/// Pixels of a side.
const SIDE: u32 = 65_500;

impl Parser for Image {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("image", env!("CARGO_PKG_VERSION"), "Pictures, with what their files tell of them")
    }

    fn accepts() -> Accepts {
        let media_types = &[
            "image/png",
            "image/jpeg",
            "image/gif",
            "image/webp",
            "image/tiff",
            "image/bmp",
            "image/svg+xml",
            "image/x-icon",
            "image/vnd.microsoft.icon",
            "image/x-portable-anymap",
        ];
        let extensions = &[
            "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "tif", "tiff", "bmp", "webp", "ico", "svg", "pbm",
            "pgm", "ppm", "pnm",
        ];
        accepts(media_types, extensions)
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        if file.size() == 0 {
            return Err(Error::invalid_input("the file is empty"));
        }
        let format = format::of(&file.read(0, 4096))?;
        if file.size() > LONGEST {
            return Err(Error::InvalidInput(format!("larger than {} MiB, the most for a picture", LONGEST >> 20)));
        }
        let bytes = file.read_all();
        match format {
            Format::Svg => drawing::parse(&bytes, out),
            Format::Tiff => pages::parse(bytes, out),
            format => single(format, &bytes, out),
        }
    }
}

/// A picture of one page.
fn single(format: Format, bytes: &[u8], out: &mut Output) -> Result<()> {
    let header = header::read(format, bytes)?;
    let facts = exif::read(bytes);
    let text = facts.description.clone().or(header.description);
    let (image, media_type) = match format {
        Format::Pnm => (convert::to_png(bytes)?, "image/png"),
        format => (Vec::new(), format.media_type()),
    };
    let number = out.put_image(media_type, if image.is_empty() { bytes } else { &image });
    let resolution = header.resolution.or(facts.resolution);
    let (width, height) = facts.turned(header.width, header.height);
    let mut metadata = Map::new();
    metadata.insert("format".into(), format.name().into());
    metadata.insert("width".into(), width.into());
    metadata.insert("height".into(), height.into());
    if let Some((across, _)) = resolution {
        metadata.insert("dpi".into(), (across.round() as u32).into());
    }
    facts.tell(&mut metadata);
    out.metadata(&metadata.into());
    out.pages(1);
    out.emit(figure(1, (width, height), resolution, text.unwrap_or_default(), Some(number)));
    if header.cut_short {
        let place = Place { page: 1, rect: None };
        out.warn(Some(place), "the file ends before the picture does");
    }
    Ok(())
}

/// The figure of a page. A pixel of a picture that does not tell its resolution is a point.
fn figure(page: u32, size: (u32, u32), resolution: Option<(f32, f32)>, text: String, image: Option<u32>) -> Block {
    let (across, down) = resolution.unwrap_or((72.0, 72.0));
    let (right, bottom) = (size.0 as f32 * 72.0 / across, size.1 as f32 * 72.0 / down);
    let place = Place { page, rect: Some(Rect { left: 0.0, top: 0.0, right, bottom }) };
    Block { image, places: vec![place], ..Block::new(0, BlockKind::Figure, text) }
}

/// Refuses sizes that nothing can decode, and those that are none.
fn check_size(width: u32, height: u32) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::invalid_input("damaged picture: it says that it has no pixels"));
    }
    if width > SIDE || height > SIDE || u64::from(width) * u64::from(height) > PIXELS {
        let most = PIXELS / 1_000_000;
        return Err(Error::InvalidInput(format!(
            "refused: the picture says that it is {width} × {height} pixels large, more than {most} million"
        )));
    }
    Ok(())
}

mortise_sdk::export_parser!(Image);
