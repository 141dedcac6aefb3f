//! The book method on whole documents: its rules, the reference's vectors, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_book::Book;
use mortise_sdk::chunker::ChunkKind;
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::{Example, documents, lines, owes, vectors, word};
use proptest::prelude::*;

#[test]
fn the_readme_is_true() {
    Example::of(include_str!("../README.md"), "book.txt").run::<Book>();
}

#[test]
fn nothing_gives_nothing() {
    assert!(texts(&Document::new("a.txt")).is_empty());
    assert!(texts(&Document::new("a.txt").paragraph(" ").heading(1, "")).is_empty());
    testing::assert_description::<<Book as mortise_sdk::chunker::Chunker>::Config>(
        <Book as mortise_sdk::chunker::Chunker>::describe(),
    );
}

fn texts(document: &Document) -> Vec<String> {
    split(document, json!({}))
}

fn split(document: &Document, settings: mortise_sdk::serde_json::Value) -> Vec<String> {
    testing::split::<Book>(document, settings).unwrap().chunks.chunks.into_iter().map(|chunk| chunk.text).collect()
}

#[test]
fn vectors_of_text() {
    for vector in vectors("methods.json", "book_chunk") {
        let (name, input) = (vector["name"].as_str().unwrap(), vector["input"].as_str().unwrap());
        let document = lines("b.txt", input);
        if vector["defect"] == true {
            // The whole contents list goes: there its second entry comes back as a chunk (C24).
            let expected = [
                "Chapter I Dawn\nThe sun rises over the bay.",
                "Chapter I Dawn\nSection 1 Light\nLight spreads.",
                "Chapter II Dusk\nThe sun sets.",
            ];
            assert_eq!(texts(&document), expected, "{name}");
        } else {
            // The same where the reference keeps to its limit.
            let limit = vector["config"]["chunk_token_num"].clone();
            let expected: Vec<String> = mortise_sdk::serde_json::from_value(vector["expected"].clone()).unwrap();
            let expected: Vec<&str> = expected.iter().map(|text| text.trim()).collect();
            assert_eq!(split(&document, json!({ "chunk_token_num": limit })), expected, "{name}");
        }
    }
}

#[test]
fn vectors_of_word() {
    for vector in vectors("docx.json", "book_chunk_docx") {
        let chunks = owes::<Book>(&word("b.docx", &vector["input"]), Some(512)).chunks;
        let told: Vec<(ChunkKind, &str)> = chunks.iter().map(|chunk| (chunk.kind, chunk.text.as_str())).collect();
        // Styles are headings here, as they are not there; the table stands apart in both.
        let table = "<table><tr><td>Type</td><td>Load</td></tr><tr><td>A</td><td>A</td></tr><tr><td>B</td><td>10</td></tr></table>";
        assert_eq!(
            told,
            [
                (ChunkKind::Text, "Harbour\nGeneral intro."),
                (ChunkKind::Text, "Harbour\nCranes\nCranes lift.\nAfter table."),
                (ChunkKind::Table, table),
                (ChunkKind::Text, "Harbour\nRopes\nRopes age."),
            ]
        );
    }
}

#[test]
fn document_order_and_every_heading() {
    let document =
        lines("a.txt", "Just a note one\nJust a note two\n1. Start\nBody of start\nMore of it\n2. Next\n3. Last");
    assert_eq!(
        texts(&document),
        ["Just a note one\nJust a note two", "1. Start\nBody of start\nMore of it", "2. Next\n3. Last"]
    );
}

#[test]
fn the_family_is_that_of_all_lines() {
    // A sample of a hundred lines would miss the three chapters among a thousand numbered ones, or not, by chance.
    let mut text = String::new();
    for chapter in 1..4 {
        text.push_str(&format!("第{chapter}章 航行\n"));
        for line in 0..300 {
            text.push_str(&format!("船只在第 {line} 天航行，{}。\n", "潮水上涨".repeat(3)));
        }
    }
    let chunks = owes::<Book>(&lines("a.txt", &text), Some(256)).chunks;
    assert!(chunks.iter().all(|chunk| chunk.text.starts_with("第") && chunk.text.contains("章 航行\n")));
}

#[test]
fn contents_lists_go_and_words_stay() {
    let book = "CONTENTS\nPART ONE\nCHAPTER I\nCHAPTER II\nPART TWO\nCHAPTER I\nPART ONE\nCHAPTER I\nIt was night.\nCHAPTER II\nIt was day.\nPART TWO\nCHAPTER I\nIt was noon.";
    assert_eq!(
        texts(&lines("a.txt", book)),
        [
            "PART ONE\nCHAPTER I\nIt was night.",
            "PART ONE\nCHAPTER II\nIt was day.",
            "PART TWO\nCHAPTER I\nIt was noon."
        ]
    );
    let doubt = "Contents\nof the box are fragile\nPlease turn over";
    assert_eq!(texts(&lines("a.txt", doubt)), [doubt]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_bounds_hold(document in documents(), limit in 8u32..300) {
        owes::<Book>(&document, Some(limit));
    }
}
