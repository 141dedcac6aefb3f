//! A transcript.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_audio::Audio;
use mortise_sdk::testing::{self, Document};
use serde_json::json;

#[test]
fn a_long_transcript_is_many_chunks() {
    let mut document = Document::new("talk.mp3").media_type("audio/mpeg");
    for minute in 0..40 {
        document =
            document.paragraph(format!("In minute {minute} the captain speaks of the tide. Nobody answers him."));
    }
    let split = testing::split::<Audio>(&document, json!({"chunk_token_num": 64})).unwrap();
    assert!(split.chunks.chunks.len() > 8, "the reference makes one chunk of it, and embeds its beginning");
    testing::assert_at_most(&split.chunks, 64);
    testing::assert_covered(&document, &split.chunks);
    // Paragraphs that fit are whole.
    assert!(split.texts().iter().all(|text| text.starts_with("In minute ") && text.ends_with("answers him.")));
    assert_eq!(testing::split::<Audio>(&document, json!({"chunk_token_num": 2048})).unwrap().chunks.chunks.len(), 1);
}
