//! The paper method on whole documents: its rules, the reference's vectors, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_paper::Paper;
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::{Example, documents, lines, owes, vectors};
use proptest::prelude::*;

#[test]
fn the_readme_is_true() {
    let chunks = Example::of(include_str!("../README.md"), "paper.pdf").run::<Paper>();
    assert_eq!(chunks[1].keywords, ["abstract", "总结", "概括", "summary", "summarize"]);
    assert!(chunks[2].keywords.is_empty());
}

#[test]
fn nothing_gives_nothing() {
    assert!(texts(&Document::new("a.txt")).is_empty());
    assert!(texts(&Document::new("a.txt").paragraph(" ").heading(1, "")).is_empty());
    testing::assert_description::<<Paper as mortise_sdk::chunker::Chunker>::Config>(
        <Paper as mortise_sdk::chunker::Chunker>::describe(),
    );
}

fn texts(document: &Document) -> Vec<String> {
    split(document, json!({}))
}

fn split(document: &Document, settings: mortise_sdk::serde_json::Value) -> Vec<String> {
    testing::split::<Paper>(document, settings).unwrap().chunks.chunks.into_iter().map(|chunk| chunk.text).collect()
}

fn abstracts(document: &Document) -> Vec<String> {
    let chunks = testing::split::<Paper>(document, json!({})).unwrap().chunks.chunks;
    chunks.into_iter().filter(|chunk| !chunk.keywords.is_empty()).map(|chunk| chunk.text).collect()
}

#[test]
fn vectors_of_pdf() {
    for vector in vectors("pdf_methods.json", "paper_chunk_pdf") {
        // Marked as a defect for its missing limit; within it, the chunks are the same.
        let mut document = Document::new("p.pdf").page(1);
        for pair in vector["input"].as_array().unwrap() {
            let (text, _) = pair[0].as_str().unwrap().split_once("@@").unwrap();
            document = if pair[1] == "title" { document.heading(1, text) } else { document.paragraph(text) };
        }
        let expected: Vec<String> = mortise_sdk::serde_json::from_value(vector["expected"].clone()).unwrap();
        assert_eq!(texts(&document), expected);
        owes::<Paper>(&document, Some(8));
    }
}

const LONG: &str =
    "We show that tides lift all Boats in the Harbour, by measuring twelve of them for a year, and give the data.";

#[test]
fn abstracts_are_found_in_their_forms_and_keep_their_case() {
    let heading = Document::new("a.pdf")
        .title("Tides")
        .paragraph("A. Smith")
        .heading(1, "ABSTRACT")
        .paragraph(LONG)
        .heading(1, "1 Introduction")
        .paragraph("Boats.");
    assert_eq!(abstracts(&heading), [format!("ABSTRACT\n{LONG}")]);
    let inline = Document::new("a.pdf")
        .title("Tides")
        .paragraph(format!("Abstract—{LONG}"))
        .paragraph("Boats are old.")
        .paragraph("More.");
    assert_eq!(abstracts(&inline), [format!("Abstract—{LONG}")]);
    let plain = lines("a.txt", &format!("Tides\nAbstract\n{LONG}\nKeywords: boats\n1. Introduction\nBoats float."));
    assert_eq!(abstracts(&plain), [format!("Abstract\n{LONG}")]);
    let chinese =
        Document::new("a.pdf").title("潮水").paragraph(format!("摘　要：{}", "本文研究潮水对船只的影响。".repeat(8)));
    assert_eq!(abstracts(&chinese).len(), 1);
    let arabic =
        Document::new("a.pdf").title("المد").paragraph(format!("مُلخص: {}", "ندرس أثر المد على السفن. ".repeat(6)));
    assert_eq!(abstracts(&arabic).len(), 1);
    let none = Document::new("a.pdf").title("Abstraction in art").paragraph("Abstraction is old.").paragraph(LONG);
    assert!(abstracts(&none).is_empty());
    let short = Document::new("a.pdf").paragraph("Abstract expressionism is short.").paragraph(LONG);
    assert!(abstracts(&short).is_empty());
}

#[test]
fn long_abstracts_and_sections_are_bounded() {
    let document = Document::new("a.pdf")
        .title("Tides")
        .heading(1, "Abstract")
        .paragraph(LONG.repeat(6))
        .heading(1, "Introduction")
        .paragraph(LONG.repeat(20))
        .heading(1, "References")
        .paragraph("[1] A. Smith. Boats. 1999.");
    let chunks = owes::<Paper>(&document, Some(100)).chunks;
    assert!(chunks.iter().filter(|chunk| !chunk.keywords.is_empty()).count() > 1);
    assert!(chunks.last().unwrap().text.contains("[1] A. Smith"), "references stay");
    assert!(chunks.iter().skip(1).all(|chunk| chunk.context.first().is_some_and(|title| title == "Tides")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_bounds_hold(document in documents(), limit in 8u32..300) {
        owes::<Paper>(&document, Some(limit));
    }
}
