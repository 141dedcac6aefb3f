//! Trials of chunk methods: documents made up by chance, what every method owes them, the examples of READMEs, and the
//! reference's vectors. For tests alone.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "this is what tests are made of")]

mod documents;
mod example;
mod parted;

pub use documents::documents;
pub use example::Example;
pub use parted::{keeps, parted};

use mortise_sdk::chunker::{Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::testing::{self, Document};
use serde_json::{Value, json};
use std::path::Path;

/// The reference's vectors of one method; none, with a note, where the shared specifications are absent.
///
/// # Panics
/// If the file is there and has no such vectors.
pub fn vectors(file: &str, method: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/spec/vectors").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {file} is not here");
        return vec![];
    };
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let wanted: Vec<Value> = all.into_iter().filter(|vector| vector["method"] == method).collect();
    assert!(!wanted.is_empty(), "{file} has no vectors of {method}");
    wanted
}

/// A document of the lines of a vector's text.
pub fn lines(name: &str, text: &str) -> Document {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.fold(Document::new(name), |document, line| document.paragraph(line))
}

/// A document of a vector's Word paragraphs: pairs of style and text, and tables.
pub fn word(name: &str, input: &Value) -> Document {
    input.as_array().unwrap().iter().fold(Document::new(name), |document, pair| {
        let style = pair[0].as_str().unwrap();
        if style == "TABLE" {
            let rows: Vec<Vec<String>> = serde_json::from_value(pair[1].clone()).unwrap();
            return document.block(Block::table(&rows, 0));
        }
        let text = pair[1].as_str().unwrap();
        match style.strip_prefix("Heading ") {
            Some(level) => document.heading(level.parse().unwrap(), text),
            None => document.paragraph(text),
        }
    })
}

/// Cuts a document with settings, and checks what every method owes: all of the text, in order, within the limit, true
/// blocks, no blank chunk, and the same again.
///
/// # Panics
/// If it owes something still.
#[track_caller]
pub fn owes<T: Chunker>(document: &Document, limit: Option<u32>) -> Chunks {
    let settings = limit.map_or_else(|| json!({}), |limit| json!({ "chunk_token_num": limit }));
    let chunks = testing::split::<T>(document, settings.clone()).unwrap().chunks;
    let again = testing::split::<T>(document, settings).unwrap().chunks;
    assert_eq!(format!("{chunks:?}"), format!("{again:?}"), "not the same twice");
    testing::assert_in_order(document, &chunks);
    if let Some(limit) = limit {
        testing::assert_at_most(&chunks, limit);
    }
    for chunk in &chunks.chunks {
        assert!(!chunk.text.trim().is_empty(), "a blank chunk: {chunk:?}");
        assert!(chunk.blocks.is_sorted_by(|a, b| a < b), "blocks twice or out of order: {chunk:?}");
    }
    // Tables come as HTML or as lines, so that their text is looked for cell by cell.
    let mut told = Document::new("told");
    for block in document.blocks() {
        let block = block.clone();
        let is_table = block.kind == BlockKind::Table;
        told = told.block(if is_table { Block { text: String::new(), ..block } } else { block });
    }
    testing::assert_covered(&told, &chunks);
    for block in document.blocks().iter().filter(|block| block.kind == BlockKind::Table) {
        let named = chunks.chunks.iter().filter(|chunk| chunk.blocks.contains(&block.id));
        let said: String = named.map(|chunk| chunk.text.as_str()).collect::<Vec<_>>().join("\n");
        for cell in block.table.iter().flat_map(|table| &table.cells) {
            for word in cell.text.split_whitespace() {
                assert!(said.contains(word), "{word:?} of the table {} is lost: {said:?}", block.id);
            }
        }
    }
    chunks
}
