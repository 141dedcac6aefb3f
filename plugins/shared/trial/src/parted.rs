//! Documents of several parts, as mails, transcripts and pictures are, and what every method makes of them.

use mortise_sdk::chunker::{Chunk, ChunkKind, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::testing::{self, Document};
use proptest::prelude::*;
use serde_json::json;

/// Text with all scripts and none, headings, pairs, furniture, figures; some blocks begin a part and a page.
pub fn parted() -> impl Strategy<Value = Document> {
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

/// Cuts a document with a method, and checks what may never happen: text lost, out of order, twice as long as it may be,
/// or different the second time. What is told of the whole document names blocks from all over it.
///
/// # Panics
/// When it happens.
pub fn keeps<T: Chunker>(document: &Document, limit: u32) {
    let config = || json!({"chunk_token_num": limit});
    let split = testing::split::<T>(document, config()).unwrap();
    testing::assert_at_most(&split.chunks, limit);
    let told = |chunk: &&Chunk| chunk.kind != ChunkKind::Summary;
    let chunks = Chunks { chunks: split.chunks.chunks.iter().filter(told).cloned().collect(), parents: vec![] };
    testing::assert_in_order(document, &chunks);
    testing::assert_covered(document, &chunks);
    let again = testing::split::<T>(document, config()).unwrap();
    assert_eq!(format!("{:?}", split.chunks), format!("{:?}", again.chunks));
}
