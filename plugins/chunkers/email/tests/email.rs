//! A mail with its attachments.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_email::Email;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::testing::{self, Document};
use serde_json::json;

fn header(text: &str) -> Block {
    Block::new(0, BlockKind::KeyValue, text)
}

fn mail() -> Document {
    Document::new("m.eml")
        .part("m.eml", "message/rfc822")
        .block(header("From: ana@example.org"))
        .block(header("To: bo@example.org"))
        .block(header("Subject: Dock plan"))
        .paragraph("Meet at pier 4.")
        .block(Block::new(0, BlockKind::Quote, "Where do we meet?"))
}

#[test]
fn headers_and_body_are_one_text() {
    let split = testing::split::<Email>(&mail(), json!({})).unwrap();
    let wanted = "From: ana@example.org\nTo: bo@example.org\nSubject: Dock plan\nMeet at pier 4.\nWhere do we meet?";
    // The reference glues lines together and has the body twice, as text and as HTML.
    assert_eq!(split.texts(), [wanted]);
    assert!(split.chunks.chunks[0].context.is_empty());
}

#[test]
fn attachments_follow_under_their_names() {
    let document = mail()
        .part("plan.pdf", "application/pdf")
        .heading(1, "Plan")
        .paragraph("Pier 4 is closed on Sundays.")
        .part("stock.csv", "text/csv")
        .table(&[&["part", "count"], &["bolt", "4"]], 1);
    let split = testing::split::<Email>(&document, json!({})).unwrap();
    assert_eq!(split.chunks.chunks.len(), 3, "nothing is merged over the end of a file");
    assert_eq!(split.texts()[1], "Plan\nPier 4 is closed on Sundays.");
    assert_eq!(split.chunks.chunks[1].context, ["plan.pdf"]);
    assert_eq!(split.chunks.chunks[2].context, ["stock.csv"], "a heading of one file does not stand above another");
}

#[test]
fn small_chunks_keep_to_their_limit() {
    let split = testing::split::<Email>(&mail(), json!({"chunk_token_num": 12})).unwrap();
    assert!(split.chunks.chunks.len() > 2);
    testing::assert_at_most(&split.chunks, 12);
}
