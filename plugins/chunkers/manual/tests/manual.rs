//! The manual method on whole documents: its rules, the reference's vectors, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_manual::Manual;
use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::{Example, documents, owes, vectors, word};
use proptest::prelude::*;

#[test]
fn the_readme_is_true() {
    Example::of(include_str!("../README.md"), "manual.docx").run::<Manual>();
}

#[test]
fn nothing_gives_nothing() {
    assert!(texts(&Document::new("a.txt")).is_empty());
    assert!(texts(&Document::new("a.txt").paragraph(" ").heading(1, "")).is_empty());
    testing::assert_description::<<Manual as mortise_sdk::chunker::Chunker>::Config>(
        <Manual as mortise_sdk::chunker::Chunker>::describe(),
    );
}

fn texts(document: &Document) -> Vec<String> {
    split(document, json!({}))
}

fn split(document: &Document, settings: mortise_sdk::serde_json::Value) -> Vec<String> {
    testing::split::<Manual>(document, settings).unwrap().chunks.chunks.into_iter().map(|chunk| chunk.text).collect()
}

/// Text, layout label, places as page, left, right, top, bottom.
type Boxed = (String, String, Vec<(u32, f32, f32, f32, f32)>);

/// A document of a vector's boxes: text, layout label, places.
fn boxes(input: &mortise_sdk::serde_json::Value) -> Document {
    let boxes: Vec<Boxed> = mortise_sdk::serde_json::from_value(input.clone()).unwrap();
    boxes.into_iter().fold(Document::new("m.pdf"), |document, (text, layout, places)| {
        let place = |(page, left, right, top, bottom)| Place { page, rect: Some(Rect { left, top, right, bottom }) };
        let block = if layout == "title" { Block::heading(1, text) } else { Block::new(0, BlockKind::Paragraph, text) };
        document.block(Block { places: places.into_iter().map(place).collect(), ..block })
    })
}

#[test]
fn vectors_of_pdf() {
    for vector in vectors("pdf_methods.json", "manual_chunk_pdf") {
        let document = boxes(&vector["input"]);
        match vector["name"].as_str().unwrap() {
            "manual: sections between headings" => {
                let expected: Vec<&str> = vector["expected"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|chunk| chunk["content_with_weight"].as_str().unwrap())
                    .collect();
                assert_eq!(texts(&document), expected);
            }
            "manual: outline drives levels" => {
                // The reference leaves the heading "Anchoring" at the end of the chunk before its text; here it goes with
                // the text. All is in one chunk, because what stands before each heading has fewer than 32 tokens.
                let outline = vector["config"]["outline"].clone();
                let document = document.metadata(json!({ "outline": outline }));
                let chunks = texts(&document);
                assert!(chunks.iter().all(|chunk| !chunk.ends_with("Anchoring")), "{chunks:?}");
                let all: Vec<&str> = document.blocks().iter().map(|block| block.text.as_str()).collect();
                assert_eq!(chunks.join("\n"), all.join("\n"));
            }
            other => assert_eq!(other, "a vector that is known"),
        }
    }
}

#[test]
fn vectors_of_word() {
    for vector in vectors("docx.json", "manual_chunk_docx") {
        let told = texts(&word("port.docx", &vector["input"]));
        let expected: Vec<&str> = vector["expected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|chunk| chunk["content_with_weight"].as_str().unwrap())
            .collect();
        // The same texts; the table in its place instead of before all text, its two equal cells as the two that they are.
        assert_eq!([&told[0], &told[1], &told[3]], [expected[1], expected[2], expected[3]]);
        assert!(told[2].starts_with("<table><tr><td>Type</td><td>Load</td></tr><tr><td>A</td><td>A</td></tr>"));
    }
}

#[test]
fn sections_follow_the_outline_of_a_file_without_headings() {
    let place = |page| vec![Place { page, rect: Some(Rect { left: 0.0, top: 0.0, right: 9.0, bottom: 9.0 }) }];
    let text = "Tie the bow line first, then the stern line, then both springs, and adjust for the tide every hour. "
        .repeat(2);
    let mut document = Document::new("m.pdf").metadata(json!({"outline": [["Mooring basics", 0], ["Anchoring", 0]]}));
    for (page, line) in [(1, "Mooring basics"), (1, &text), (2, "Anchoring"), (2, &text)] {
        document = document.block(Block { places: place(page), ..Block::new(0, BlockKind::Paragraph, line) });
    }
    let told = texts(&document);
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("Mooring basics\nTie") && told[1].starts_with("Anchoring\nTie"), "{told:?}");
}

#[test]
fn sections_are_bounded_and_keep_their_path() {
    let long = "Turn the valve to the left until the pressure falls. ".repeat(60);
    let document = Document::new("m.docx").heading(1, "Pump").heading(2, "Valve").paragraph(&long);
    let chunks = owes::<Manual>(&document, Some(200)).chunks;
    assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.text.starts_with("Pump\nValve\n\nTurn")));
    assert_eq!((chunks[0].context.clone(), chunks[1].context.len()), (vec!["Pump".to_owned()], 2));
    // 1024 tokens where nothing else is asked for.
    let document = document.paragraph(&long);
    let largest = testing::split::<Manual>(&document, json!({})).unwrap().chunks;
    testing::assert_at_most(&largest, 1024);
    assert_eq!(largest.chunks.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_bounds_hold(document in documents(), limit in 8u32..300) {
        owes::<Manual>(&document, Some(limit));
    }
}
