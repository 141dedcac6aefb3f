//! What may never happen, whatever the document: text lost, out of order or twice as long as it may be.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_knowledge_graph::KnowledgeGraph;
use mortise_sdk::chunker::{Chunk, ChunkKind, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::testing::{self, Document};
use proptest::prelude::*;
use serde_json::json;

fn document() -> impl Strategy<Value = Document> {
    let word = prop_oneof![
        "[a-zA-Z]{1,9}[.:,]?",
        "[0-9]{1,5}",
        Just("潮水上涨。".to_owned()),
        Just("🚢".to_owned()),
        Just("\n".to_owned())
    ];
    let text = prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "));
    let block = (text, 0..10_u8, any::<bool>()).prop_map(|(text, kind, page)| {
        let block = match kind {
            0 => Block::heading(1, text.chars().take(30).collect::<String>()),
            1 => Block::new(0, BlockKind::Title, text.chars().take(30).collect::<String>()),
            2 => Block::new(0, BlockKind::KeyValue, format!("Subject: {text}")),
            3 => Block::new(0, BlockKind::PageFooter, text),
            4 => Block::new(0, BlockKind::Figure, text),
            5 => Block::new(0, BlockKind::Quote, text),
            _ => Block::new(0, BlockKind::Paragraph, text),
        };
        (block, page)
    });
    prop::collection::vec(block, 0..16).prop_map(|blocks| {
        let mut document = Document::new("a.eml");
        for (number, (block, page)) in (1..).zip(blocks) {
            document = if page { document.page(number).part(&format!("part {number}"), "") } else { document };
            document = document.block(block);
        }
        document
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_document(document in document(), limit in 8..200_u32) {
        let split = testing::split::<KnowledgeGraph>(&document, json!({"chunk_token_num": limit})).unwrap();
        testing::assert_at_most(&split.chunks, limit);
        // What is told of the whole document names blocks from all over it.
        let told = |chunk: &&Chunk| chunk.kind != ChunkKind::Summary;
        let chunks = Chunks { chunks: split.chunks.chunks.iter().filter(told).cloned().collect(), parents: vec![] };
        testing::assert_in_order(&document, &chunks);
        testing::assert_covered(&document, &chunks);
        let again = testing::split::<KnowledgeGraph>(&document, json!({"chunk_token_num": limit})).unwrap();
        prop_assert_eq!(format!("{:?}", split.chunks), format!("{:?}", again.chunks));
    }
}

#[test]
fn what_it_says_of_itself() {
    testing::assert_description::<<KnowledgeGraph as Chunker>::Config>(KnowledgeGraph::describe());
}
