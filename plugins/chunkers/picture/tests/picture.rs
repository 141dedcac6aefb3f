//! Pictures with words.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_picture::Picture;
use mortise_sdk::chunker::ChunkKind;
use mortise_sdk::document::{Block, BlockKind, Place};
use mortise_sdk::testing::{self, Document};
use serde_json::json;

fn picture(page: u32, text: &str) -> Block {
    Block { places: vec![Place { page, rect: None }], image: Some(page - 1), ..Block::new(0, BlockKind::Figure, text) }
}

#[test]
fn the_words_of_a_picture_are_one_image_chunk() {
    let document = Document::new("sign.jpg").block(picture(1, "前门大街\nQianmen Street"));
    let split = testing::split::<Picture>(&document, json!({})).unwrap();
    assert_eq!(split.texts(), ["前门大街\nQianmen Street"]);
    assert_eq!(
        (split.chunks.chunks[0].kind, split.chunks.chunks[0].blocks.as_slice()),
        (ChunkKind::Image, [0].as_slice())
    );
}

#[test]
fn each_picture_of_a_file_has_its_own_and_long_texts_go_on() {
    let long = "A crane lifts a box. ".repeat(40);
    let document = Document::new("scan.tif").block(picture(1, "first")).block(picture(2, "")).block(picture(3, &long));
    let split = testing::split::<Picture>(&document, json!({"chunk_token_num": 64})).unwrap();
    assert_eq!(split.texts()[0], "first");
    assert!(split.chunks.chunks.len() > 3 && split.chunks.chunks.iter().all(|chunk| chunk.kind == ChunkKind::Image));
    testing::assert_at_most(&split.chunks, 64);
    assert!(split.chunks.chunks[1..].iter().all(|chunk| chunk.blocks == [2]));
}

#[test]
fn text_beside_a_picture_is_of_the_picture() {
    let document = Document::new("a.png").block(picture(1, "gauge")).paragraph("A description of it.");
    let split = testing::split::<Picture>(&document, json!({})).unwrap();
    assert_eq!(split.texts(), ["gauge", "A description of it."]);
    assert!(split.chunks.chunks.iter().all(|chunk| chunk.kind == ChunkKind::Image));
}
