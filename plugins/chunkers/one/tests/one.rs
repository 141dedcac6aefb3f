//! The one method on whole documents: its rules, the reference's vectors, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_one::One;
use mortise_sdk::chunker::ChunkKind;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::{Example, documents, lines, owes, vectors, word};
use proptest::prelude::*;

#[test]
fn the_readme_is_true() {
    Example::of(include_str!("../README.md"), "notice.docx").run::<One>();
}

#[test]
fn nothing_gives_nothing() {
    assert!(texts(&Document::new("a.txt")).is_empty());
    assert!(texts(&Document::new("a.txt").paragraph(" ").heading(1, "")).is_empty());
    testing::assert_description::<<One as mortise_sdk::chunker::Chunker>::Config>(
        <One as mortise_sdk::chunker::Chunker>::describe(),
    );
}

fn texts(document: &Document) -> Vec<String> {
    split(document, json!({}))
}

fn split(document: &Document, settings: mortise_sdk::serde_json::Value) -> Vec<String> {
    testing::split::<One>(document, settings).unwrap().chunks.chunks.into_iter().map(|chunk| chunk.text).collect()
}

#[test]
fn vectors_of_text_sheets_and_word() {
    for vector in vectors("methods.json", "one_chunk") {
        assert_eq!(
            texts(&lines("o.txt", vector["input"].as_str().unwrap())),
            [vector["expected"][0].as_str().unwrap()]
        );
    }
    for vector in vectors("methods.json", "one_chunk_xlsx") {
        let rows: Vec<Vec<String>> = mortise_sdk::serde_json::from_value(vector["input"]["Sheet1"].clone()).unwrap();
        let document = Document::new("o.xlsx").part("Sheet1", "").page(1).block(Block::table(&rows, 1));
        assert_eq!(texts(&document), [vector["expected"][0].as_str().unwrap().trim()]);
    }
    for vector in vectors("docx.json", "one_chunk_docx") {
        let told = texts(&word("port.docx", &vector["input"]));
        // The same but for the caption, which there is the file's name and the headings above, and the cells that it joins.
        let expected = vector["expected"][0].as_str().unwrap();
        let expected = expected.replace("<caption>Table Location: port > Harbour > Cranes</caption>", "");
        assert_eq!(told, [expected.replace("<td colspan='2'>A</td>", "<td>A</td><td>A</td>")]);
    }
    for vector in vectors("pdf_methods.json", "one_chunk_pdf") {
        assert_eq!(vector["expected"][0], "b text\na text\n<table>t</table>", "{}", vector["name"]);
        let document = Document::new("o.pdf").page(1).paragraph("b text").table(&[&["t"]], 0).paragraph("a text");
        // Tables stand in their place, not after all text.
        assert_eq!(texts(&document), ["b text\n<table><tr><td>t</td></tr></table>\na text"]);
    }
}

#[test]
fn windows_of_a_sheet_are_one_table() {
    let rows = |texts: &[&str]| texts.iter().map(|text| vec![(*text).to_owned()]).collect::<Vec<_>>();
    let document = Document::new("o.xlsx")
        .part("Stock & store", "")
        .block(Block::table(&rows(&["Part", "bolt"]), 1))
        .block(Block { parent: Some(0), ..Block::table(&rows(&["nut", "washer"]), 0) });
    let chunks = owes::<One>(&document, None).chunks;
    let expected = "<table><caption>Stock &amp; store</caption><tr><th>Part</th></tr><tr><td>bolt</td></tr><tr><td>nut</td></tr><tr><td>washer</td></tr></table>";
    assert_eq!(
        (chunks[0].text.as_str(), chunks[0].kind, &chunks[0].blocks[..]),
        (expected, ChunkKind::Table, &[0, 1][..])
    );
}

#[test]
fn headers_and_footers_are_kept() {
    let document = Document::new("o.pdf")
        .block(Block::new(0, BlockKind::PageHeader, "ACME"))
        .paragraph("Notice")
        .block(Block::new(0, BlockKind::PageNumber, "1"));
    assert_eq!(texts(&document), ["ACME\nNotice\n1"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_chunk_says_everything(document in documents()) {
        let chunks = owes::<One>(&document, None).chunks;
        let said = document.blocks().iter().any(|block| !block.is_blank());
        prop_assert_eq!(chunks.len(), usize::from(said));
    }
}
