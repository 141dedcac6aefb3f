//! What the contract asks, as assertions that say what is wrong.

use super::{embed, settings};
use crate::chunker::Chunks;
use crate::document::Block;
use crate::embedder::{Embedder, InputKind};
use crate::testing::Document;
use crate::{Config, Description, text};

/// Checks what a plugin says of itself: a kebab-case name, a semantic version, a summary of one line, a schema that is one
/// and that the defaults fit.
///
/// # Panics
/// If it does not hold, saying what.
#[track_caller]
pub fn assert_description<C: Config>(description: Description) {
    let told = description.into_descriptor::<C>();
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    assert!(told.name.len() <= 64 && told.name.split('-').all(word), "the name {:?} is not kebab-case", told.name);
    let core = told.version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let sound = numbers.len() == 3 && numbers.iter().all(|n| n.parse::<u64>().is_ok());
    assert!(sound, "the version {:?} is not a semantic version", told.version);
    assert!(!told.summary.trim().is_empty(), "the summary is empty");
    assert!(!told.summary.contains('\n'), "the summary has more than one line");
    let schema = settings::schema::<C>();
    assert!(schema.is_ok(), "{schema:?}");
    let schema = schema.unwrap_or_default();
    assert_eq!(schema["type"], "object", "settings are a struct");
    let defaults = settings::<C>(serde_json::json!({})).map(drop);
    assert!(defaults.is_ok(), "the defaults do not fit the schema: {defaults:?}");
}

/// Checks that no text of a document is lost: that every block's text stands, whole and in order, in the chunks that name
/// the block. What repeats on every page may be left out, and so may headings that are some chunk's context.
///
/// # Panics
/// If text is lost, showing where it ends.
#[track_caller]
pub fn assert_covered(document: &Document, chunks: &Chunks) {
    for block in document.blocks().iter().filter(|block| !block.is_furniture() && !block.is_blank()) {
        let wanted: Vec<char> = block.text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut found = 0;
        for chunk in chunks.chunks.iter().filter(|chunk| chunk.blocks.contains(&block.id)) {
            let said: Vec<char> = chunk.text.chars().filter(|c| !c.is_whitespace()).collect();
            found += longest(&said, &wanted[found..]);
        }
        let as_context = block.is_heading()
            && chunks.chunks.iter().flat_map(|chunk| &chunk.context).any(|above| bare(above) == bare(&block.text));
        let rest: String = wanted[found..].iter().take(40).collect();
        assert!(rest.is_empty() || as_context, "block {} is lost from {rest:?} on: {:?}", block.id, block.text);
    }
}

/// How much of the beginning of `wanted` stands in one piece in `said`.
fn longest(said: &[char], wanted: &[char]) -> usize {
    let common = |from: usize| said[from..].iter().zip(wanted).take_while(|(a, b)| a == b).count();
    (0..said.len()).map(common).max().unwrap_or(0)
}

fn bare(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Checks that no chunk has more than `limit` tokens; one that is a single character may.
///
/// # Panics
/// If one has more, showing it.
#[track_caller]
pub fn assert_at_most(chunks: &Chunks, limit: u32) {
    for (number, chunk) in chunks.chunks.iter().enumerate() {
        let tokens = text::count(&chunk.text);
        let single = text::graphemes(&chunk.text).nth(1).is_none();
        assert!(tokens <= limit || single, "chunk {number} has {tokens} tokens of {limit}: {:?}", chunk.text);
    }
}

/// Checks that chunks come in reading order, that they name blocks the document has, and parents that are there.
///
/// # Panics
/// If it does not hold, saying where.
#[track_caller]
pub fn assert_in_order(document: &Document, chunks: &Chunks) {
    let mut last = 0;
    for (number, chunk) in chunks.chunks.iter().enumerate() {
        for id in &chunk.blocks {
            let known = document.blocks().iter().any(|block: &Block| block.id == *id);
            assert!(known, "chunk {number} is made of block {id}, which the document does not have");
        }
        let first = chunk.blocks.iter().min().copied().unwrap_or(last);
        assert!(first >= last, "chunk {number} begins with block {first}, after one that begins with {last}");
        last = first;
        let parent = chunk.parent.is_none_or(|parent| (parent as usize) < chunks.parents.len());
        assert!(parent, "chunk {number} has a parent that is not there");
    }
}

/// Checks what every embedder owes: one finite vector of the promised length for each text, the same alone as among
/// others, in order, for passages and for queries.
///
/// # Panics
/// If it does not hold, saying what.
#[track_caller]
pub fn assert_embedder(model: &impl Embedder, texts: &[&str]) {
    for kind in [InputKind::Passage, InputKind::Query] {
        let together = embed(model, texts, kind);
        assert!(together.is_ok(), "{:?}", together.err());
        for (text, together) in texts.iter().zip(together.unwrap_or_default()) {
            let alone = embed(model, &[text], kind);
            assert!(alone.is_ok(), "{:?}", alone.err());
            let alone = alone.unwrap_or_default().concat();
            let near = alone.iter().zip(&together).all(|(a, b)| (a - b).abs() < 1e-4);
            assert!(near, "{text:?} has another vector alone than among others");
        }
    }
    let nothing = embed(model, &[] as &[&str], InputKind::Passage);
    assert!(nothing.is_ok_and(|rows| rows.is_empty()), "no texts give no vectors");
}
