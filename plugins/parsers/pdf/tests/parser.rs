//! The parser on PDFs written here, and on the shared test data where there is some.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

#[path = "made/files.rs"]
mod made;

use flate2::{Compression, write::ZlibEncoder};
use made::{A4, object, one_page, parse, pdf, shared, stream};
use mortise_parser_pdf::PdfConfig;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::{Config, Error};
use std::io::Write;
use std::time::{Duration, Instant};

fn texts(blocks: &[Block]) -> Vec<&str> {
    blocks.iter().map(|b| b.text.as_str()).collect()
}

#[test]
fn a_page_with_a_heading_and_a_paragraph() {
    let content = "BT /F2 18 Tf 72 770 Td (Harbours) Tj /F1 11 Tf 0 -30 Td (Ships lie in the harbour.) Tj ET";
    let (result, kept) = parse(&one_page(A4, content));
    result.unwrap();
    assert_eq!(kept.pages, 1);
    assert_eq!(texts(&kept.blocks), ["Harbours", "Ships lie in the harbour."]);
    assert_eq!(kept.blocks[0].kind, BlockKind::Title);
    let style = kept.blocks[0].style.unwrap();
    assert!(style.bold && (style.font_size - 18.0).abs() < 0.1);
    assert!(!kept.blocks[1].style.unwrap().bold);
    let rect = kept.blocks[0].places[0].rect.unwrap();
    // Baseline 770 from below is 72 from above.
    assert!((rect.left - 72.0).abs() < 0.5 && rect.top > 54.0 && rect.bottom < 80.0 && rect.top < 72.0, "{rect:?}");
    assert_eq!(kept.metadata["title"], "A title");
    assert_eq!(kept.metadata["created"], "2024-03-01T09:05:00-08:00");
    assert!(kept.warnings.is_empty());
}

#[test]
fn crop_box_and_rotation_move_the_origin() {
    let content = "BT /F1 10 Tf 110 190 Td (Corner) Tj ET";
    let (_, kept) = parse(&one_page("/MediaBox [0 0 595 842] /CropBox [100 100 400 200]", content));
    let rect = kept.blocks[0].places[0].rect.unwrap();
    assert!((rect.left - 10.0).abs() < 0.5 && rect.top >= 0.0 && rect.bottom < 14.0, "{rect:?}");

    // Turned by a quarter, the text runs down along the right edge, and is still one line.
    let (_, kept) = parse(&one_page("/MediaBox [0 0 200 100] /Rotate 90", "BT /F1 10 Tf 20 80 Td (Turned line) Tj ET"));
    assert_eq!(texts(&kept.blocks), ["Turned line"]);
    let rect = kept.blocks[0].places[0].rect.unwrap();
    assert!(rect.bottom - rect.top > rect.right - rect.left && rect.left > 75.0 && rect.right <= 100.0, "{rect:?}");
    assert!((rect.top - 20.0).abs() < 0.5, "{rect:?}");
}

#[test]
fn text_around_which_a_line_is_drawn_counts_once() {
    let (_, kept) = parse(&one_page(A4, "BT /F1 12 Tf 2 Tr 72 700 Td (Outlined) Tj ET"));
    assert_eq!(texts(&kept.blocks), ["Outlined"]);
}

#[test]
fn actual_text_replaces_glyphs_and_artifacts_are_furniture() {
    let content = "/Artifact BMC BT /F1 9 Tf 72 820 Td (Running head) Tj ET EMC \
                   BT /F1 12 Tf 72 600 Td (An ) Tj /Span << /ActualText (office) >> BDC (oXce) Tj EMC ( of ours) Tj ET";
    let (_, kept) = parse(&one_page(A4, content));
    assert_eq!(texts(&kept.blocks), ["Running head", "An office of ours"]);
    assert_eq!(kept.blocks[0].kind, BlockKind::PageHeader);
}

#[test]
fn tables_have_cells() {
    let mut content = String::from("0.5 w ");
    for y in [700, 680, 660] {
        content.push_str(&format!("72 {y} m 300 {y} l S "));
    }
    for x in [72, 180, 300] {
        content.push_str(&format!("{x} 660 m {x} 700 l S "));
    }
    for (x, y, text) in [(76, 686, "Port"), (184, 686, "Ships"), (76, 666, "Bergen"), (184, 666, "12")] {
        content.push_str(&format!("BT /F1 10 Tf {x} {y} Td ({text}) Tj ET "));
    }
    let (_, kept) = parse(&one_page(A4, &content));
    assert_eq!(kept.blocks[0].kind, BlockKind::Table);
    let table = kept.blocks[0].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns, table.cells.len()), (2, 2, 4));
    assert!(table.cells[0].header && !table.cells[2].header);
    assert_eq!(kept.blocks[0].text, "Port\tShips\nBergen\t12");
}

#[test]
fn chinese_without_a_unicode_map_is_read_by_its_collection() {
    let bytes = pdf(
        &[
            object("<< /Type /Catalog /Pages 2 0 R >>"),
            object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            object(format!(
                "<< /Type /Page /Parent 2 0 R {A4} /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            )),
            // GBK for 中文文档.
            stream("", b"BT /F1 12 Tf 72 700 Td <D6D0CEC4CEC4B5B5> Tj ET"),
            object(
                "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /GBK-EUC-H /DescendantFonts [<< \
                 /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) \
                 /Ordering (GB1) /Supplement 2 >> /DW 1000 >>] >>",
            ),
        ],
        "",
    );
    let (_, kept) = parse(&bytes);
    assert_eq!(texts(&kept.blocks), ["中文文档"]);
}

#[test]
fn pages_without_text_are_warned_of() {
    let (result, kept) = parse(&one_page(A4, ""));
    assert!(result.is_ok() && kept.blocks.is_empty());
    assert_eq!(kept.warnings.len(), 1);
    let (place, message) = &kept.warnings[0];
    assert_eq!(place.as_ref().unwrap().page, 1);
    assert!(message.starts_with("page 1 "), "{message}");

    let image = "q 100 0 0 100 72 600 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \u{0} EI Q";
    let (_, kept) = parse(&one_page(A4, image));
    assert_eq!(kept.warnings[0].1, "page 1 has no text layer");
}

#[test]
fn what_is_no_pdf_is_refused_with_a_reason() {
    for (bytes, reason) in [
        (&b""[..], "the file is empty"),
        (b"Dear reader, this is a letter.", "this is not a PDF file"),
        (b"%PDF-1.4\n%%EOF\n", "the PDF is damaged: no pages could be found in it"),
    ] {
        match parse(bytes).0 {
            Err(Error::InvalidInput(message)) => assert_eq!(message, reason),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_truncated_file_is_repaired_as_far_as_it_goes() {
    let whole = one_page(A4, "BT /F1 12 Tf 72 700 Td (Still here) Tj ET");
    let end = whole.windows(4).rposition(|w| w == b"xref").unwrap();
    let xref = whole[..end].windows(4).rposition(|w| w == b"xref").unwrap_or(end);
    let (result, kept) = parse(&whole[..xref]);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(texts(&kept.blocks), ["Still here"]);
}

#[test]
fn every_prefix_and_every_damaged_byte_ends_without_a_panic() {
    let whole = one_page(A4, "BT /F1 12 Tf 72 700 Td (Short) Tj [(a) -250 (b)] TJ ET 10 10 50 50 re S");
    for end in (0..whole.len()).step_by(7) {
        let _ = parse(&whole[..end]);
    }
    for at in (0..whole.len()).step_by(5) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x15;
        let _ = parse(&damaged);
    }
}

#[test]
fn forms_that_draw_each_other_are_refused_early() {
    // Ten levels of ten: ten thousand million drawings.
    let mut objects = vec![
        object("<< /Type /Catalog /Pages 2 0 R >>"),
        object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        object(format!(
            "<< /Type /Page /Parent 2 0 R {A4} /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>"
        )),
        stream("", b"/X Do"),
    ];
    for level in 0..10 {
        let next = if level == 9 { 5 } else { 6 + level };
        let dict =
            format!("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {next} 0 R >> >>");
        objects.push(stream(&dict, "/X Do ".repeat(10).as_bytes()));
    }
    let start = Instant::now();
    let (result, kept) = parse(&pdf(&objects, ""));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(result.is_ok());
    assert!(kept.warnings[0].1.contains("over and over"), "{:?}", kept.warnings);
}

#[test]
fn content_that_unpacks_to_gigabytes_is_left_out() {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..100 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let packed = encoder.finish().unwrap();
    let bytes = pdf(
        &[
            object("<< /Type /Catalog /Pages 2 0 R >>"),
            object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
            object(format!("<< /Type /Page /Parent 2 0 R {A4} /Contents 4 0 R >>")),
            stream("/Filter /FlateDecode", &packed),
        ],
        "",
    );
    let (result, kept) = parse(&bytes);
    assert!(result.is_ok());
    assert!(kept.warnings[0].1.contains("unpacks to more"), "{:?}", kept.warnings);
}

#[test]
fn the_shared_key_of_the_configuration_may_be_a_switch_or_a_name() {
    for json in ["", "{}", r#"{"layout_recognize": true}"#, r#"{"layout_recognize": "DeepDOC", "chunk_token_num": 3}"#]
    {
        PdfConfig::from_json(json).unwrap();
    }
}

#[test]
fn hostile_files_end_soon() {
    let Some(folder) = shared() else { return };
    for entry in std::fs::read_dir(folder.join("hostile")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "pdf") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let start = Instant::now();
        let (result, _) = parse(&std::fs::read(&path).unwrap());
        assert!(start.elapsed() < Duration::from_secs(20), "{name}: {:?}", start.elapsed());
        match name.as_str() {
            "empty.pdf" | "header-only.pdf" | "text-named.pdf" => {
                assert!(matches!(result, Err(Error::InvalidInput(_))), "{name}: {result:?}");
            }
            "encrypted-aes256-user-password.pdf" => match result {
                Err(Error::Unsupported(message)) => assert_eq!(message, "encrypted PDF: a password is needed"),
                other => panic!("{name}: {other:?}"),
            },
            "loop.pdf" | "count-lies.pdf" => assert!(result.is_ok(), "{name}: {result:?}"),
            _ => {}
        }
    }
}

/// Share of the truth's words that were read, and of its lines that come after the one before.
fn recall_and_order(truth: &str, read: &str) -> (f64, f64) {
    let squeeze = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let read = squeeze(read);
    let (mut found, mut all, mut ordered, mut last) = (0, 0, 0, 0);
    for line in truth.lines().map(squeeze).filter(|l| l.chars().count() >= 12) {
        let probe: String = line.chars().take(24).collect();
        all += 1;
        if let Some(at) = read.find(&probe) {
            found += 1;
            ordered += usize::from(at >= last || read[last..].contains(&probe));
            last = last.max(at);
        }
    }
    (f64::from(found) / f64::from(all.max(1)), ordered as f64 / f64::from(found.max(1)))
}

#[test]
fn text_and_order_of_real_documents() {
    let Some(folder) = shared() else { return };
    for name in
        ["bitcoin-en", "bitcoin-zh-Hans", "two-column-zh-hans", "two-column-stream-by-line-zh-hans", "jose-00090"]
    {
        let (result, kept) = parse(&std::fs::read(folder.join(format!("pdf/{name}.pdf"))).unwrap());
        assert!(result.is_ok());
        let truth = std::fs::read_to_string(folder.join(format!("groundtruth/pdf__{name}.pdf.txt"))).unwrap();
        let read: Vec<&str> = kept.blocks.iter().filter(|b| !b.is_furniture()).map(|b| b.text.as_str()).collect();
        let (recall, order) = recall_and_order(&truth, &read.join("\n"));
        assert!(recall >= 0.97 && order >= 0.97, "{name}: recall {recall:.3}, order {order:.3}");
        for rect in kept.blocks.iter().flat_map(|b| &b.places).filter_map(|p| p.rect) {
            assert!(rect.left <= rect.right && rect.top <= rect.bottom, "{name}: {rect:?}");
        }
    }
}
