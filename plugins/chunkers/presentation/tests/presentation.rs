//! The presentation method on whole documents: its rules, the reference's vectors, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_presentation::Presentation;
use mortise_sdk::chunker::ChunkKind;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::{Example, documents, owes};
use proptest::prelude::*;

#[test]
fn the_readme_is_true() {
    Example::of(include_str!("../README.md"), "deck.pptx").run::<Presentation>();
}

#[test]
fn nothing_gives_nothing() {
    assert!(texts(&Document::new("a.txt")).is_empty());
    assert!(texts(&Document::new("a.txt").paragraph(" ").heading(1, "")).is_empty());
    testing::assert_description::<<Presentation as mortise_sdk::chunker::Chunker>::Config>(
        <Presentation as mortise_sdk::chunker::Chunker>::describe(),
    );
}

fn texts(document: &Document) -> Vec<String> {
    split(document, json!({}))
}

fn split(document: &Document, settings: mortise_sdk::serde_json::Value) -> Vec<String> {
    testing::split::<Presentation>(document, settings)
        .unwrap()
        .chunks
        .chunks
        .into_iter()
        .map(|chunk| chunk.text)
        .collect()
}

#[test]
fn a_slide_is_a_chunk_whatever_its_lines() {
    // The reference's plain parser makes a slide of every line (C36).
    let document = Document::new("a.pdf")
        .page(1)
        .paragraph("Slide one text")
        .paragraph("Second line")
        .page(2)
        .paragraph("Slide two text");
    assert_eq!(texts(&document), ["Slide one text\nSecond line", "Slide two text"]);
}

#[test]
fn slides_without_text_are_not_lost() {
    let picture = Block { image: Some(0), ..Block::new(0, BlockKind::Figure, "") };
    let document = Document::new("a.pptx")
        .page(2)
        .block(picture)
        .page(3)
        .block(Block::new(0, BlockKind::PageFooter, "ACME"))
        .page(5)
        .block(Block::new(0, BlockKind::Figure, "A crane"))
        .block(Block::new(0, BlockKind::PageFooter, "ACME"));
    let chunks = testing::split::<Presentation>(&document, json!({})).unwrap().chunks.chunks;
    let told: Vec<_> = chunks.iter().map(|chunk| (chunk.text.as_str(), chunk.kind, chunk.blocks.clone())).collect();
    assert_eq!(
        told,
        [
            ("Slide 1", ChunkKind::Text, vec![]),
            ("Slide 2", ChunkKind::Image, vec![0]),
            ("ACME", ChunkKind::Text, vec![1]),
            ("Slide 4", ChunkKind::Text, vec![]),
            ("A crane", ChunkKind::Image, vec![2]),
        ]
    );
    assert_eq!(chunks[3].places.len(), 1);
    // A file that claims four thousand million pages is not believed.
    let hostile = Document::new("a.pdf").page(u32::MAX).paragraph("The end");
    assert_eq!(texts(&hostile).len(), 10_001);
}

#[test]
fn tables_are_lines_under_their_header() {
    let document = Document::new("a.pptx")
        .page(1)
        .heading(1, "Loads")
        .table(&[&["Part", "Load"], &["Hook", "5"], &["Sling", "2"]], 1);
    assert_eq!(texts(&document), ["Loads\nPart; Load\nPart: Hook; Load: 5\nPart: Sling; Load: 2"]);
    let bare = Document::new("a.pptx").page(1).table(&[&["Hook", "5"], &["", "2"]], 0);
    assert_eq!(texts(&bare), ["Hook; 5\n2"]);
}

#[test]
fn long_slides_are_cut_below_their_title() {
    let document =
        Document::new("a.pdf").page(1).heading(1, "Cranes").paragraph("Cranes lift cargo all day long. ".repeat(60));
    let chunks = owes::<Presentation>(&document, Some(128)).chunks;
    assert!(chunks.len() > 2);
    assert!(chunks[1..].iter().all(|chunk| chunk.context == ["Cranes"]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_bounds_hold(document in documents(), limit in 8u32..300) {
        owes::<Presentation>(&document, Some(limit));
    }
}
