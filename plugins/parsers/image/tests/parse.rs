//! Whole pictures in, figures out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use image::{ExtendedColorType, ImageFormat};
use mortise_parser_image::Image;
use mortise_sdk::document::BlockKind::Figure;
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use tiff::encoder::{TiffEncoder, colortype};

fn parse(bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Image::parse(&File::from_bytes("a.png", "image/png", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let pixels: Vec<u8> = (0..40 * 20 * 3).map(|i| i as u8).collect();
    image::write_buffer_with_format(&mut bytes, &pixels, 40, 20, ExtendedColorType::Rgb8, format).unwrap();
    bytes.into_inner()
}

/// A chunk of a PNG; nobody here looks at its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&(data.len() as u32).to_be_bytes(), kind.as_slice(), data, &[0; 4]].concat()
}

#[test]
fn every_format_is_one_figure_with_its_picture() {
    for (format, name) in [
        (ImageFormat::Png, "PNG"),
        (ImageFormat::Jpeg, "JPEG"),
        (ImageFormat::Gif, "GIF"),
        (ImageFormat::WebP, "WebP"),
        (ImageFormat::Bmp, "BMP"),
        (ImageFormat::Ico, "ICO"),
        (ImageFormat::Pnm, "PNM"),
    ] {
        // The writers of GIF and ICO take pictures with transparency only.
        let bytes = if matches!(format, ImageFormat::Gif | ImageFormat::Ico) {
            let mut bytes = Cursor::new(Vec::new());
            let pixels = vec![9u8; 40 * 20 * 4];
            image::write_buffer_with_format(&mut bytes, &pixels, 40, 20, ExtendedColorType::Rgba8, format).unwrap();
            bytes.into_inner()
        } else {
            picture(format)
        };
        let kept = parse(&bytes).unwrap();
        let block = &kept.blocks[0];
        assert_eq!((kept.blocks.len(), block.kind, block.image, kept.pages), (1, Figure, Some(0), 1), "{name}");
        assert_eq!((&kept.metadata["width"], &kept.metadata["format"]), (&40.into(), &name.into()));
        let rect = block.places[0].rect.unwrap();
        assert!(rect.right > 0.0 && rect.right / rect.bottom == 2.0, "{name}");
        assert!(kept.warnings.is_empty(), "{name} {:?}", kept.warnings);
        let shown = if name == "PNM" { b"\x89PNG".as_slice() } else { &bytes[..4] };
        assert!(kept.images[0].1.starts_with(shown), "{name}");
    }
}

#[test]
fn words_and_resolution_of_a_png() {
    let png = picture(ImageFormat::Png);
    let extra = [
        chunk(b"tEXt", b"Description\0Caf\xe9 at the port"),
        chunk(b"tEXt", b"Comment\0Created with GIMP"),
        chunk(b"iTXt", "Title\0\0\0\0\0港".as_bytes()),
        chunk(b"pHYs", &[0, 0, 0x0B, 0x13, 0, 0, 0x0B, 0x13, 1]),
    ]
    .concat();
    // After the header, which is 33 bytes.
    let kept = parse(&[&png[..33], &extra, &png[33..]].concat()).unwrap();
    assert_eq!(kept.blocks[0].text, "Café at the port\n港");
    assert_eq!(kept.metadata["dpi"], 72);
    let kept = parse(&png[..png.len() - 30]).unwrap();
    assert!(kept.warnings[0].1.contains("ends before"));
}

#[test]
fn cameras_tell_when_where_and_how() {
    let exif = {
        let ascii = |text: &str| [text.as_bytes(), b"\0"].concat();
        // Little-endian TIFF: a directory, one of GPS, and their values.
        let mut data: Vec<u8> = Vec::new();
        let mut put = |bytes: Vec<u8>| {
            let at = 400 + data.len() as u32;
            data.extend(bytes);
            at
        };
        let rational =
            |n: &[u32]| n.iter().flat_map(|n| [n.to_le_bytes(), 1u32.to_le_bytes()].concat()).collect::<Vec<u8>>();
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
        };
        let entries = [
            entry(0x010E, 2, 13, put(ascii("Cranes at six"))),
            entry(0x010F, 2, 5, put(ascii("Acme "))),
            entry(0x0110, 2, 5, put(ascii("One1"))),
            entry(0x0112, 3, 1, 6),
            entry(0x0132, 2, 20, put(ascii("2024:05:01 06:00:00"))),
            entry(0x8825, 4, 1, 200),
        ];
        let gps = [
            entry(1, 2, 2, u32::from(b'S')),
            entry(2, 5, 3, put(rational(&[53, 30, 0]))),
            entry(3, 2, 2, u32::from(b'E')),
            entry(4, 5, 3, put(rational(&[9, 45, 36]))),
        ];
        let directory = |entries: &[Vec<u8>]| {
            [(entries.len() as u16).to_le_bytes().to_vec(), entries.concat(), vec![0; 4]].concat()
        };
        let mut tiff = [b"II*\0".as_slice(), &8u32.to_le_bytes(), &directory(&entries)].concat();
        tiff.resize(200, 0);
        tiff.extend(directory(&gps));
        tiff.resize(400, 0);
        tiff.extend(data);
        [b"Exif\0\0".as_slice(), &tiff].concat()
    };
    let jpeg = picture(ImageFormat::Jpeg);
    let segment = [&[0xFF, 0xE1][..], &(exif.len() as u16 + 2).to_be_bytes(), &exif].concat();
    let kept = parse(&[&jpeg[..2], &segment, &jpeg[2..]].concat()).unwrap();
    assert_eq!(kept.blocks[0].text, "Cranes at six");
    // Turned by a quarter.
    assert_eq!((&kept.metadata["width"], &kept.metadata["height"]), (&20.into(), &40.into()));
    assert_eq!(
        (&kept.metadata["taken"], &kept.metadata["camera"]),
        (&"2024-05-01T06:00:00".into(), &"Acme One1".into())
    );
    assert_eq!((&kept.metadata["latitude"], &kept.metadata["longitude"]), (&(-53.5).into(), &9.76.into()));
}

#[test]
fn pages_of_a_tiff_become_png() {
    let mut bytes = Cursor::new(Vec::new());
    let mut tiff = TiffEncoder::new(&mut bytes).unwrap();
    tiff.write_image::<colortype::Gray8>(30, 10, &[200; 300]).unwrap();
    tiff.write_image::<colortype::RGB16>(4, 4, &[60_000; 48]).unwrap();
    tiff.write_image::<colortype::CMYK8>(4, 4, &[0; 64]).unwrap();
    let kept = parse(&bytes.into_inner()).unwrap();
    assert_eq!((kept.pages, kept.blocks.len(), kept.images.len()), (3, 3, 3));
    assert_eq!(kept.blocks[2].places[0].page, 3);
    let decoded: Vec<_> =
        kept.images.iter().map(|(_, png)| image::load_from_memory(png).unwrap().into_rgb8()).collect();
    assert_eq!((decoded[0].dimensions(), decoded[0].get_pixel(0, 0).0), ((30, 10), [200; 3]));
    assert_eq!((decoded[1].get_pixel(3, 3).0, decoded[2].get_pixel(0, 0).0), ([234; 3], [255; 3]));
}

#[test]
fn drawings_give_their_words() {
    let svg = "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 96 48'>\
        <title>Port</title><desc>Where cranes stand</desc><g><text x='1'>Crane &amp; <tspan>hook</tspan></text></g><text>灯</text>\
        <script>no()</script><image href='http://example.com/x.png'/></svg>";
    let kept = parse(svg.as_bytes()).unwrap();
    assert_eq!(kept.blocks[0].text, "Port\nWhere cranes stand\nCrane & hook\n灯");
    assert_eq!((kept.images[0].0.as_str(), &kept.metadata["title"]), ("image/svg+xml", &"Port".into()));
    assert_eq!(kept.blocks[0].places[0].rect.unwrap().right, 72.0);
    let deep = format!("<svg width='9' height='9'>{}", "<g>".repeat(200_000));
    assert!(parse(deep.as_bytes()).is_ok());
}

#[test]
fn what_is_too_large_is_refused_by_its_header() {
    let mut png = picture(ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    assert!(matches!(parse(&png), Err(Error::InvalidInput(why)) if why.contains("60000 × 60000")));
    let bmp = {
        let mut bmp = picture(ImageFormat::Bmp);
        bmp[18..26].copy_from_slice(&[0x60, 0xEA, 0, 0, 0x60, 0xEA, 0, 0]);
        bmp
    };
    assert!(matches!(parse(&bmp), Err(Error::InvalidInput(_))));
    assert!(matches!(parse(b"P6 60000 60000 255\n"), Err(Error::InvalidInput(why)) if why.contains("60000")));
    assert!(matches!(parse(b"<svg width='60000' height='60000'/>"), Err(Error::InvalidInput(_))));
}

#[test]
fn other_files_are_refused_by_name() {
    assert!(matches!(parse(b"\0\0\0\x18ftypheic\0\0"), Err(Error::Unsupported(why)) if why.contains("HEIC")));
    assert!(matches!(parse(b"8BPS\0\x01"), Err(Error::Unsupported(why)) if why.contains("Photoshop")));
    for bytes in
        [b"".as_slice(), b"%PDF-1.7", b"hello", b"\x89PNG\r\n\x1a\n", b"\xFF\xD8\xFF", b"GIF89a", b"II*\0\x08\0\0\0"]
    {
        assert!(matches!(parse(bytes), Err(Error::InvalidInput(why)) if !why.is_empty()), "{bytes:?}");
    }
}

fn data() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return None;
    }
    Some(data)
}

#[test]
fn test_documents_are_read() {
    let Some(data) = data() else { return };
    for name in [
        "jpg/easyocr-street-sign-zh.jpg",
        "jpg/unstructured-chi-sim.jpeg",
        "png/ocrmypdf-linn.png",
        "png/table-multi-row-cells.png",
        "tif/tesseract-eurotext.tif",
    ] {
        let kept = parse(&std::fs::read(data.join(name)).unwrap()).unwrap();
        assert_eq!((kept.blocks.len(), kept.images.len(), kept.warnings.len()), (1, 1, 0), "{name}");
        assert!(kept.blocks[0].places[0].rect.unwrap().right > 50.0, "{name}");
    }
    let kept = parse(&std::fs::read(data.join("tif/tesseract-eurotext.tif")).unwrap()).unwrap();
    let page = image::load_from_memory(&kept.images[0].1).unwrap().into_luma8();
    let dark = page.pixels().filter(|p| p.0[0] < 128).count() as f32 / page.pixels().len() as f32;
    assert!((0.02..0.4).contains(&dark), "a page of text is dark on light: {dark}");
    assert!(parse(&std::fs::read(data.join("hostile/liar-2g.png")).unwrap()).is_err());
    assert!(parse(&std::fs::read(data.join("hostile/bomb-30000px.png")).unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_bytes_panic(head in proptest::sample::select(vec![
        b"\x89PNG\r\n\x1a\n".as_slice(), b"\xFF\xD8\xFF", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"II*\0", b"MM\0*", b"BM", b"\0\0\x01\0", b"P6 ", b"<svg ", b"",
    ]), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&[head, &bytes].concat());
    }

    #[test]
    fn no_damage_panics(format in proptest::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Pnm]),
        at in 0usize..300, byte in any::<u8>(), cut in 0usize..1000) {
        let mut bytes = picture(format);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = parse(&bytes);
        bytes.truncate(cut);
        let _ = parse(&bytes);
    }

    #[test]
    fn no_damage_to_a_tiff_panics(at in 0usize..102_000, byte in any::<u8>()) {
        let mut tiff = Cursor::new(Vec::new());
        TiffEncoder::new(&mut tiff).unwrap().write_image::<colortype::RGB8>(16, 16, &[7; 768]).unwrap();
        let mut bytes = tiff.into_inner();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = parse(&bytes);
    }
}
