//! Figures, pages as pictures, windows of pages, the outline: on PDFs written here and on the shared test data.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

#[path = "made/files.rs"]
mod made;

use made::{A4, object, one_page, parse, parse_with, pdf, shared, stream};
use mortise_parser_pdf::layout::Rect;
use mortise_parser_pdf::{PdfConfig, Window, compose, read, render};
use mortise_sdk::Error;
use mortise_sdk::document::BlockKind;
use proptest::prelude::*;

/// Several pages with these contents in Helvetica.
fn pages(contents: &[&str], more: &str, extra: Vec<Vec<u8>>) -> Vec<u8> {
    let kids: Vec<String> = (0..contents.len()).map(|i| format!("{} 0 R", 4 + 2 * i)).collect();
    let mut objects = vec![
        object(format!("<< /Type /Catalog /Pages 2 0 R {more} >>")),
        object(format!("<< /Type /Pages /Kids [{}] /Count {} {A4} >>", kids.join(" "), contents.len())),
        object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"),
    ];
    for (i, content) in contents.iter().enumerate() {
        objects.push(object(format!(
            "<< /Type /Page /Parent 2 0 R /Contents {} 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
            5 + 2 * i
        )));
        objects.push(stream("", content.as_bytes()));
    }
    objects.extend(extra);
    pdf(&objects, "")
}

/// Three discs beside each other, and a caption.
const DISCS: &str = "BT /F1 11 Tf 72 780 Td (Discs are round, as everybody knows who has ever seen one.) Tj ET \
    0 0 1 rg 100 600 m 150 600 150 650 100 650 c 50 650 50 600 100 600 c f \
    160 600 m 210 600 210 650 160 650 c 110 650 110 600 160 600 c f \
    220 600 m 270 600 270 650 220 650 c 170 650 170 600 220 600 c f \
    0 g BT /F1 9 Tf 72 580 Td (Figure 1: Three discs) Tj ET";

#[test]
fn a_drawing_is_kept_as_a_picture_with_its_caption() {
    let (result, kept) = parse(&one_page(A4, DISCS));
    result.unwrap();
    let kinds: Vec<BlockKind> = kept.blocks.iter().map(|b| b.kind).collect();
    assert_eq!(kinds, [BlockKind::Paragraph, BlockKind::Figure, BlockKind::Caption], "{:#?}", kept.blocks);
    assert_eq!(kept.blocks[1].image, Some(0));
    assert_eq!(kept.blocks[2].parent, Some(1));
    let (media_type, bytes) = &kept.images[0];
    assert!(media_type == "image/png" && bytes.starts_with(b"\x89PNG"), "{media_type}");

    let (_, kept) = parse_with(&one_page(A4, DISCS), PdfConfig { figures: false, ..PdfConfig::default() });
    assert!(kept.images.is_empty() && kept.blocks[1].kind == BlockKind::Figure && kept.blocks[1].image.is_none());
}

#[test]
fn pages_and_parts_of_them_are_rendered() {
    let file = one_page(A4, DISCS);
    let whole = render(file.clone(), 1, None, 72.0).unwrap();
    assert_eq!((whole.width, whole.height, whole.rgba.len()), (595, 842, 595 * 842 * 4));
    let at = |x: u32, y: u32| {
        let i = ((y * whole.width + x) * 4) as usize;
        [whole.rgba[i], whole.rgba[i + 1], whole.rgba[i + 2], whole.rgba[i + 3]]
    };
    assert_eq!(at(5, 5), [255; 4]);
    assert_eq!(at(100, 842 - 625), [0, 0, 255, 255]);
    assert!(whole.png().unwrap().starts_with(b"\x89PNG") && whole.jpeg(80).unwrap().starts_with(&[0xff, 0xd8]));

    let disc = Rect { left: 80.0, top: 200.0, right: 120.0, bottom: 232.0 };
    let part = render(file.clone(), 1, Some(disc), 144.0).unwrap();
    assert_eq!((part.width, part.height), (80, 64));
    let i = ((40 * 80 + 40) * 4) as usize;
    assert_eq!(part.rgba[i..i + 4], [0, 0, 255, 255]);

    for (page, rect) in [(0, None), (2, None), (1, Some(Rect { left: 9.0, top: 9.0, right: 9.0, bottom: 9.0 }))] {
        assert!(matches!(render(file.clone(), page, rect, 72.0), Err(Error::InvalidInput(_))));
    }
    assert!(render(file, 1, None, f32::NAN).is_ok());
}

#[test]
fn enormous_pages_are_rendered_small() {
    let file = one_page("/MediaBox [0 0 14400 14400]", "1 0 0 rg 0 0 14400 7200 re f");
    let picture = render(file, 1, None, 300.0).unwrap();
    assert!(picture.width * picture.height <= 10_100_000 && picture.dpi < 20.0, "{}", picture.dpi);
    assert_eq!(picture.rgba.last_chunk::<4>(), Some(&[255, 0, 0, 255]));
    let strip = render(one_page("/MediaBox [0 0 100000 1]", "0 g 0 0 9 9 re f"), 1, None, 72.0).unwrap();
    assert!(strip.width <= 8000 && strip.height >= 1);
}

#[test]
fn a_scan_is_handed_on_as_the_file_that_it_is() {
    let picture = render(one_page("/MediaBox [0 0 80 80]", "1 0 0 rg 0 0 40 80 re f"), 1, None, 72.0).unwrap();
    let jpeg = picture.jpeg(90).unwrap();
    let page = |dict: &str| {
        let size = "/Type /XObject /Subtype /Image /Width 80 /Height 80 /ColorSpace /DeviceRGB /BitsPerComponent 8";
        pdf(
            &[
                object("<< /Type /Catalog /Pages 2 0 R >>"),
                object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
                object(
                    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /XObject << \
                     /Im 5 0 R >> >> >>",
                ),
                stream("", b"q 200 0 0 200 0 0 cm /Im Do Q"),
                stream(&format!("{size} /Filter /DCTDecode {dict}"), &jpeg),
            ],
            "",
        )
    };
    let (_, kept) = parse(&page(""));
    assert_eq!((kept.blocks[0].kind, kept.blocks[0].image), (BlockKind::Figure, Some(0)));
    assert!(kept.images[0].1 == jpeg && kept.images[0].0 == "image/jpeg");
    assert_eq!(kept.warnings[0].1, "page 1 has no text layer");
    // Turned round, the file would show something else.
    let (_, kept) = parse(&page("/Decode [1 0 1 0 1 0]"));
    assert!(kept.images[0].1 != jpeg);
}

#[test]
fn images_too_large_for_memory_are_left_out_with_a_warning() {
    let file = pdf(
        &[
            object("<< /Type /Catalog /Pages 2 0 R >>"),
            object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            object(format!(
                "<< /Type /Page /Parent 2 0 R {A4} /Contents 4 0 R /Resources << /XObject << /Im 5 0 R >> >> >>"
            )),
            stream("", b"q 500 0 0 500 50 50 cm /Im Do Q"),
            stream(
                "/Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB /BitsPerComponent 8",
                b"not that many",
            ),
        ],
        "",
    );
    let (result, kept) = parse(&file);
    assert!(result.is_ok() && kept.images.is_empty());
    assert!(kept.warnings.iter().any(|w| w.1.contains("too much work")), "{:?}", kept.warnings);
}

#[test]
fn windows_read_apart_make_the_same_document() {
    let texts: Vec<String> = (1..=7)
        .map(|i| {
            format!(
                "BT /F1 9 Tf 72 820 Td (Harbours of the north) Tj 0 -60 Td /F1 11 Tf (Page {i} tells of ships.) Tj \
                 260 -740 Td ({i}) Tj ET"
            )
        })
        .collect();
    let contents: Vec<&str> = texts.iter().map(String::as_str).collect();
    let file = pages(&contents, "", vec![]);
    let whole = compose(vec![read(file.clone(), 0, 100).unwrap()]);
    assert_eq!(whole.len(), 21);
    for size in [1, 2, 3, 7] {
        let windows = (0..7).step_by(size).map(|first| {
            let window = read(file.clone(), first as u32, size as u32).unwrap();
            assert_eq!((window.of, window.is_empty()), (7, false));
            Window::from_bytes(&window.to_bytes().unwrap()).unwrap()
        });
        // In whatever order they are done.
        let mut windows: Vec<Window> = windows.collect();
        windows.reverse();
        assert_eq!(compose(windows), whole, "windows of {size}");
    }
    assert!(read(file.clone(), 7, 5).unwrap().is_empty());
    assert!(Window::from_bytes(b"nonsense").is_err() || Window::from_bytes(b"nonsense").unwrap().is_empty());
}

#[test]
fn the_outline_is_told_and_sets_levels() {
    let content = "BT /F1 11 Tf 72 780 Td (Harbours) Tj 0 -30 Td (Ships lie in the harbour all the winter long.) Tj \
                   0 -30 Td (1.1 Piers) Tj 0 -30 Td (Piers are built of stone and of wood, hardly of iron.) Tj ET";
    let extra = vec![
        object("<< /Type /Outlines /First 7 0 R /Last 7 0 R /Count 2 >>"),
        object("<< /Title (Harbours) /Parent 6 0 R /Dest [4 0 R /Fit] /First 8 0 R /Last 8 0 R /Next 7 0 R >>"),
        object("<< /Title (\u{50}iers) /Parent 7 0 R /A << /S /GoTo /D (piers) >> >>"),
        object("<< /Names [(piers) << /D [4 0 R /XYZ 0 0 0] >>] >>"),
        stream("/Type /EmbeddedFile", b"ship,port\n1,2\n"),
        object("<< /Names [(x) << /Type /Filespec /F (up\\\\ships.csv) /EF << /F 10 0 R >> >>] >>"),
    ];
    let file = pages(&[content], "/Outlines 6 0 R /Names << /Dests 9 0 R /EmbeddedFiles 11 0 R >>", extra);
    let (result, kept) = parse(&file);
    result.unwrap();
    let found: Vec<_> = kept.blocks.iter().map(|b| (b.kind, b.level)).collect();
    assert_eq!(
        found,
        [(BlockKind::Heading, 1), (BlockKind::Paragraph, 0), (BlockKind::Heading, 2), (BlockKind::Paragraph, 0)]
    );
    assert_eq!(kept.metadata["outline"][1]["title"], "Piers");
    assert_eq!(kept.metadata["outline"][1]["level"], 2);
    assert_eq!(kept.metadata["outline"][1]["page"], 1);
    assert_eq!(kept.attachments, [("ships.csv".to_string(), "text/csv".to_string(), b"ship,port\n1,2\n".to_vec())]);
}

#[test]
fn links_are_told() {
    let annotations = "/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a.org/b) >> >> \
                       << /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://a.org/b) >> >>]";
    let (_, kept) = parse(&one_page(&format!("{A4} {annotations}"), "BT /F1 9 Tf 72 700 Td (A link) Tj ET"));
    let links = kept.metadata["links"].as_array().unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!((&links[0]["page"], &links[0]["uri"]), (&1.into(), &"https://a.org/b".into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Damage anywhere gives blocks or an error, and pictures or an error.
    #[test]
    fn damaged_files_never_panic(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut file = one_page(A4, DISCS);
        for (index, byte) in at {
            let at = index.index(file.len());
            file[at] = byte;
        }
        let _ = parse(&file);
        let _ = render(file, 1, None, 40.0);
    }

    /// Whatever a content stream says, it is drawn or refused.
    #[test]
    fn any_content_is_drawn_or_refused(tokens in prop::collection::vec(
        prop_oneof![
            Just("m".to_string()), Just("l".into()), Just("c".into()), Just("re".into()), Just("f".into()),
            Just("S".into()), Just("B*".into()), Just("W n".into()), Just("q".into()), Just("Q".into()),
            Just("cm".into()), Just("w".into()), Just("[1 0] 0 d".into()), Just("BT".into()), Just("ET".into()),
            Just("/F1 9 Tf".into()), Just("(ab) Tj".into()), Just("1 0 0 rg".into()), Just("h".into()),
            (-1e5f32..1e5).prop_map(|v| format!("{v}")), (-9f32..9.0).prop_map(|v| format!("{v}")),
        ], 0..120))
    {
        let file = one_page(A4, &tokens.join(" "));
        let (result, _) = parse(&file);
        prop_assert!(result.is_ok());
        let _ = render(file, 1, None, 30.0);
    }

    #[test]
    fn windows_from_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(window) = Window::from_bytes(&bytes) {
            let _ = compose(vec![window]);
        }
    }
}

#[test]
fn figures_and_scans_of_real_documents() {
    let Some(folder) = shared() else { return };
    let pictures = |name: &str| {
        let (result, kept) = parse(&std::fs::read(folder.join(format!("pdf/{name}.pdf"))).unwrap());
        assert!(result.is_ok(), "{name}");
        assert!(kept.blocks.iter().all(|b| b.image.is_none_or(|i| (i as usize) < kept.images.len())));
        kept
    };
    for (name, pages) in [("scan-linn-four-rotations", 4), ("scan-zh-law-standardisation", 4), ("scan-linn-skewed", 1)]
    {
        let kept = pictures(name);
        assert_eq!((kept.blocks.len(), kept.images.len(), kept.warnings.len()), (pages, pages, pages), "{name}");
        assert!(kept.blocks.iter().all(|b| b.kind == BlockKind::Figure && b.text.is_empty()));
    }
    // A page whose font says nothing is for the same route.
    assert_eq!(pictures("ocrmypdf-type3-no-unicode-map").images.len(), 1);
    assert_eq!(pictures("table-icdar2013-eu-024").images.len(), 3);
    for name in ["two-column-zh-hans", "table-icdar2013-us-018", "us-uslm-review-guide"] {
        assert!(pictures(name).images.is_empty(), "{name}");
    }
}
