//! Whole files in, blocks out. What becomes which block is tested with `mortise-shared-html`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_html::Html;
use mortise_sdk::document::BlockKind::*;
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::serde_json::json;
use proptest::prelude::*;
use std::path::Path;

fn parse(bytes: &[u8]) -> mortise_sdk::Result<Kept> {
    let mut out = Output::default();
    Html::parse(&File::from_bytes("a.html", "text/html", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

#[test]
fn the_declared_encoding_counts() {
    let bytes = b"<html lang='zh-CN'><head><meta http-equiv=Content-Type content='text/html; charset=gb2312'><title>\xb8\xdb</title></head><p>\xbf\xda";
    let kept = parse(bytes).unwrap();
    let texts: Vec<_> = kept.blocks.iter().map(|b| (b.kind, b.text.as_str())).collect();
    assert_eq!(texts, [(Title, "港"), (Paragraph, "口")]);
    assert_eq!(kept.metadata, json!({ "title": "港", "language": "zh-CN", "encoding": "GBK" }));
}

#[test]
fn binaries_are_refused_and_empty_pages_are_empty() {
    assert!(parse(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").is_err());
    assert!(parse(b"").unwrap().blocks.is_empty());
    assert!(parse(b"<html></html>").unwrap().blocks.is_empty());
}

#[test]
fn parents_keep_pointing_at_their_block() {
    for before in ["<title>T</title><p>a", ""] {
        let page = format!("{before}<table><caption>c</caption><tr><td>1<td>2</table>");
        let kept = parse(page.as_bytes()).unwrap();
        let caption = kept.blocks.iter().find(|b| b.kind == Caption).unwrap();
        let table = kept.blocks.iter().find(|b| b.kind == Table).unwrap();
        assert_eq!(caption.parent, Some(table.id));
    }
}

#[test]
fn test_documents_give_their_ground_truth() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return;
    }
    for name in ["wikipedia-china-zh", "wikipedia-duck-en", "wikipedia-tel-aviv-he"] {
        let kept = parse(&std::fs::read(data.join(format!("html/{name}.html"))).unwrap()).unwrap();
        let truth = std::fs::read_to_string(data.join(format!("groundtruth/html__{name}.html.txt"))).unwrap();
        let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).collect::<String>();
        let got: String = kept.blocks.iter().map(|b| letters(&b.text)).collect();
        let lines: Vec<String> = truth.lines().map(letters).filter(|l| l.chars().count() > 20).collect();
        let found = lines.iter().filter(|l| got.contains(l.chars().take(20).collect::<String>().as_str())).count();
        assert!(found * 100 >= lines.len() * 95, "{name}: {found} of {} lines", lines.len());
    }
    let kept = parse(&std::fs::read(data.join("html/tika-utf16le.html")).unwrap()).unwrap();
    assert_eq!(kept.metadata["encoding"], "UTF-16LE");
    let start = std::time::Instant::now();
    let kept = parse(&std::fs::read(data.join("hostile/deep.html")).unwrap()).unwrap();
    assert!(!kept.blocks.is_empty() && start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let _ = parse(&[b"<meta charset=shift_jis><table><tr>".as_slice(), &bytes].concat());
    }
}
