//! Large chunks, by the same rules as the general method's.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_knowledge_graph::KnowledgeGraph;
use mortise_sdk::testing::{self, Document};
use mortise_sdk::text;
use serde_json::json;

#[test]
fn chunks_are_large_unless_told_otherwise() {
    let mut document = Document::new("a.md").heading(1, "Harbour");
    for day in 0..600 {
        document =
            document.paragraph(format!("On day {day} the crane lifts a box and sets it down on the quay again."));
    }
    let split = testing::split::<KnowledgeGraph>(&document, json!({})).unwrap();
    assert!(split.chunks.chunks.len() < 4 && text::count(split.texts()[0]) > 4000);
    testing::assert_at_most(&split.chunks, 8192);
    let split =
        testing::split::<KnowledgeGraph>(&document, json!({"chunk_token_num": 100, "delimiter": "\n"})).unwrap();
    testing::assert_at_most(&split.chunks, 100);
    testing::assert_covered(&document, &split.chunks);
    assert_eq!(split.chunks.chunks[5].context, ["Harbour"]);
    assert!(testing::split::<KnowledgeGraph>(&document, json!({"chunk_token_num": 9000})).is_err());
}
