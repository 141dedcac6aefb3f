//! Whole files in, blocks out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_text::Text;
use mortise_sdk::document::BlockKind::{self, Code, Paragraph, Separator};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;
use std::path::Path;

fn parse(name: &str, bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Text::parse(&File::from_bytes(name, "text/plain", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn blocks(kept: &Kept) -> Vec<(BlockKind, &str)> {
    kept.blocks.iter().map(|b| (b.kind, b.text.as_str())).collect()
}

#[test]
fn prose_is_a_paragraph_a_line_with_separators_between_paragraphs() {
    let kept = parse("a.txt", b"\n\n  Harbour\r\nShips dock daily.\n\n \n\nCranes lift.\n\n").unwrap();
    let want = [(Paragraph, "Harbour"), (Paragraph, "Ships dock daily."), (Separator, ""), (Paragraph, "Cranes lift.")];
    assert_eq!(blocks(&kept), want);
    assert_eq!(kept.metadata["encoding"], "UTF-8");
}

#[test]
fn code_is_grouped_and_keeps_its_indentation() {
    let kept = parse("a.py", b"import os\n\ndef f(x):\n    return x\n\n\ndef g():\n\tpass").unwrap();
    let want = [(Code, "import os"), (Code, "def f(x):\n    return x"), (Code, "def g():\n\tpass")];
    assert_eq!(blocks(&kept), want);
}

#[test]
fn a_huge_line_becomes_many_blocks_and_loses_nothing() {
    let line = "The crane lifts the crate onto the quay. ".repeat(60_000);
    for name in ["a.txt", "a.js"] {
        let kept = parse(name, line.as_bytes()).unwrap();
        assert!(kept.blocks.len() > 100 && kept.blocks.iter().all(|b| b.text.chars().count() <= 16_384), "{name}");
        let words: usize = kept.blocks.iter().map(|b| b.text.split_whitespace().count()).sum();
        assert_eq!(words, 60_000 * 8, "{name}");
    }
}

#[test]
fn damage_is_one_warning_with_its_count() {
    let kept = parse(
        "a.txt",
        "中文，日本語。\n".repeat(3).as_bytes().iter().copied().chain(*b"\xFF\xFEx").collect::<Vec<_>>().as_slice(),
    )
    .unwrap();
    assert_eq!(kept.warnings.len(), 1);
    assert!(kept.warnings[0].1.contains("2 places"), "{:?}", kept.warnings);
    assert_eq!(kept.blocks.last().unwrap().text, "\u{FFFD}\u{FFFD}x");
}

#[test]
fn a_picture_is_not_a_text_file() {
    let Err(Error::InvalidInput(why)) = parse("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01") else { panic!() };
    assert_eq!(why, "not a text file: it begins like a PNG picture");
}

#[test]
fn an_empty_file_has_no_blocks() {
    assert!(parse("a.txt", b"").unwrap().blocks.is_empty());
    assert!(parse("a.txt", b"\xEF\xBB\xBF\n\n").unwrap().blocks.is_empty());
}

#[test]
fn test_documents_are_read_as_their_ground_truth_says() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return;
    }
    for name in [
        "law-zh-statistics-gb18030",
        "sample-utf16le",
        "udhr-he-iso8859-8",
        "udhr-ja-shift-jis",
        "udhr-zh-gb2312",
        "us-bill-hr1010",
        "wikipedia-zh-big5",
    ] {
        let kept = parse("a.txt", &std::fs::read(data.join(format!("txt/{name}.txt"))).unwrap()).unwrap();
        let truth = std::fs::read_to_string(data.join(format!("groundtruth/txt__{name}.txt.txt"))).unwrap();
        // Letters only: bidi marks, blanks and the two readings of a dash are no matter of encodings.
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let got: Vec<&str> = kept.blocks.iter().map(|b| b.text.as_str()).collect();
        assert_eq!(letters(&got.join("\n")), letters(&truth), "{name}");
        assert!(kept.warnings.is_empty(), "{name}: {:?}", kept.warnings);
    }
    let kept = parse("a.txt", &std::fs::read(data.join("hostile/broken-utf8.txt")).unwrap()).unwrap();
    assert_eq!(kept.warnings.len(), 1);
    assert!(kept.blocks[0].text.contains("中文，日本語。"));
    assert!(parse("a.txt", &std::fs::read(data.join("hostile/empty.txt")).unwrap()).unwrap().blocks.is_empty());
    assert!(parse("a.txt", &std::fs::read(data.join("hostile/one-line-2mb.txt")).unwrap()).unwrap().blocks.len() > 40);
    assert!(parse("a.txt", &std::fs::read(data.join("hostile/bomb-30000px.png")).unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse("a.txt", &bytes);
        let _ = parse("a.py", &bytes);
    }

    #[test]
    fn no_text_loses_letters(text in "[a-z\r\n\u{2028} 港。]{0,300}") {
        let kept = parse("a.txt", text.as_bytes()).unwrap();
        let got: String = kept.blocks.iter().map(|b| b.text.as_str()).collect();
        let letters = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(letters(&got), letters(&text));
    }
}
