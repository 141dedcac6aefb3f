//! What packing promises, on documents written by hand and on thousands that nobody wrote.

use super::*;
use crate::testing::Document;
use crate::text::{count, graphemes};
use proptest::prelude::*;

fn pack(document: &Document, packer: Packer) -> Vec<Packed> {
    let mut packer = packer;
    document.blocks().iter().for_each(|block| packer.push(block));
    packer.finish()
}

fn texts(chunks: &[Packed]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Everything that is promised of documents without tables.
fn check(document: &Document, packer: impl Fn() -> Packer, limit: u32, overlap: u32) {
    let chunks = pack(document, packer());
    let blocks: Vec<&Block> = document.blocks().iter().filter(|b| !b.is_furniture() && !b.is_blank()).collect();
    let all: String = blocks.iter().map(|block| bare(&block.text)).collect();
    let told: String = chunks.iter().map(|chunk| bare(&chunk.text[chunk.repeated..])).collect();
    assert_eq!(told, all, "text is lost or out of order");
    // Chunks take from their blocks in turn, and from no other.
    let mut rest = blocks.iter().map(|block| (block.id, bare(&block.text))).collect::<Vec<_>>();
    rest.reverse();
    for chunk in &chunks {
        let mut own = bare(&chunk.text[chunk.repeated..]);
        for id in &chunk.blocks {
            let (block, text) = rest.last_mut().expect("a block that is left");
            assert_eq!(id, block, "{chunk:?}");
            let taken = own.len().min(text.len());
            assert_eq!(own[..taken], text[..taken], "{chunk:?}");
            own.drain(..taken);
            text.drain(..taken);
            if text.is_empty() {
                rest.pop();
            }
        }
        assert!(own.is_empty(), "{own:?} comes from no block of {chunk:?}");
    }
    for pair in chunks.windows(2) {
        let repeated = pair[1].text[..pair[1].repeated].trim_end();
        assert!(pair[0].text.ends_with(repeated), "{pair:?}");
        assert!(count(repeated) <= overlap, "{pair:?}");
    }
    for chunk in &chunks {
        assert_eq!(chunk.text, chunk.text.trim());
        assert!(!chunk.text[chunk.repeated..].trim().is_empty(), "{chunk:?} says nothing new");
        let single = graphemes(&chunk.text).count() <= 1;
        assert!(single || count(&chunk.text) <= limit, "{} of {limit} tokens: {chunk:?}", count(&chunk.text));
    }
    assert_eq!(chunks, pack(document, packer()), "not the same twice");
}

#[test]
fn a_heading_goes_with_its_text() {
    let document = Document::new("a.md")
        .heading(1, "One")
        .paragraph("Alpha beta gamma delta.")
        .heading(1, "Two")
        .heading(2, "Half")
        .paragraph("Epsilon zeta eta theta.");
    let chunks = pack(&document, Packer::new(16));
    assert_eq!(texts(&chunks), ["One\nAlpha beta gamma delta.", "Two\nHalf\nEpsilon zeta eta theta."]);
    assert_eq!(chunks[1].context, [""; 0], "its headings are in its text");
    let last = pack(&Document::new("a.md").paragraph("Text.").heading(1, "End"), Packer::new(100));
    assert_eq!(texts(&last), ["Text.\nEnd"]);
}

#[test]
fn contexts_name_the_headings_above() {
    let mut document = Document::new("a.md").heading(1, "Woods").heading(2, "Oak");
    for _ in 0..4 {
        document = document.paragraph("It is hard and heavy, and it lasts.");
    }
    let chunks = pack(&document, Packer::new(16));
    assert!(chunks.len() > 2);
    assert!(chunks[1..].iter().all(|chunk| chunk.context == ["Woods", "Oak"]), "{chunks:?}");
}

#[test]
fn code_is_cut_between_lines_and_keeps_its_indentation() {
    let code = "fn a() {\n    one();\n    two();\n}";
    let document = Document::new("a.md").block(Block::new(0, BlockKind::Code, code));
    assert_eq!(texts(&pack(&document, Packer::new(100))), [code]);
    let chunks = pack(&document, Packer::new(8));
    assert!(chunks.iter().all(|chunk| !chunk.text.contains("one();\n    tw") || chunk.text.contains("two();")));
}

#[test]
fn tables_stand_apart() {
    let document = Document::new("a.md").paragraph("Before.").table(&[&["a", "b"], &["1", "2"]], 1).paragraph("After.");
    let chunks = pack(&document, Packer::new(50).overlap(10));
    assert_eq!(texts(&chunks), ["Before.", "a\tb\n1\t2", "After."]);
    let kinds: Vec<_> = chunks.iter().map(|chunk| chunk.kind).collect();
    assert_eq!(kinds, [PackedKind::Text, PackedKind::Table, PackedKind::Text]);
    assert!(chunks.iter().all(|chunk| chunk.repeated == 0));
}

#[test]
fn boundaries_are_never_crossed() {
    let mut packer = Packer::new(100).overlap(20);
    packer.push_text(0, "One.");
    packer.boundary();
    packer.push_text(1, "Two.");
    assert_eq!(packer.take().len(), 1, "what is finished can be taken at once");
    let rest = packer.finish();
    assert_eq!((texts(&rest), rest[0].repeated), (vec!["Two."], 0));
}

#[test]
fn overlap_keeps_the_white_space_between() {
    let mut packer = Packer::new(9).overlap(4);
    packer.push_text(0, "One is here.\nTwo is here.\nThree is here.");
    assert_eq!(texts(&packer.finish()), ["One is here.\nTwo is here.", "Two is here.\nThree is here."]);
    let mut packer = Packer::new(24).overlap(8);
    packer.push_text(0, &"灯塔管理员数了船".repeat(10));
    assert!(packer.finish()[1..].iter().all(|chunk| chunk.repeated > 0));
}

#[test]
fn separators() {
    let document = Document::new("a.md").paragraph("One. ").paragraph(" Two.");
    assert_eq!(texts(&pack(&document, Packer::new(100).separator("\n\n"))), ["One.\n\nTwo."]);
    assert!(pack(&Document::new("a.md"), Packer::new(10)).is_empty());
}

#[test]
fn a_large_document_takes_linear_time() {
    let mut packer = Packer::new(128).overlap(16);
    packer.push_text(0, &"Harbour pilots board. ".repeat(5_000));
    packer.push_text(1, &"x".repeat(50_000));
    (2..5_000).for_each(|id| packer.push_text(id, "Short."));
    assert!(packer.finish().len() > 200);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn any_document(
        blocks in proptest::collection::vec((0u8..8, TEXT), 0..12),
        limit in 1u32..60,
        overlap in prop_oneof![Just(0u32), 1u32..30],
        cut in prop_oneof![
            Just(Cut::Sentences),
            Just(Cut::Lines),
            Just(Cut::After(vec![";".into(), "。".into(), " ".into()])),
        ],
    ) {
        let mut document = Document::new("any.txt");
        for (kind, text) in blocks {
            document = match kind {
                0 => document.heading(u32::from(kind) + 1, &text),
                1 => document.block(Block::new(0, BlockKind::Code, text)),
                2 => document.block(Block::new(0, BlockKind::PageHeader, text)),
                _ => document.paragraph(&text),
            };
        }
        let packer = || Packer::new(limit).overlap(overlap).cut(cut.clone());
        check(&document, packer, limit, overlap.min(limit / 2));
    }
}

const TEXT: &str =
    r"([A-Z]?[a-z]{1,9}[.!?]? |[ \n]|[;,'0-9]|[一-鿿]{1,6}。?|[\u{300}-\u{310}]|\u{200d}|[👩👧🇩🇪🏽]|\PC){0,50}";
