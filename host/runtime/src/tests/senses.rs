//! What guests of the document roles can see beside their input: nothing, and the same nothing every time.

use super::*;
use serde_json::json;

#[tokio::test]
async fn a_chunker_sees_nothing_but_its_document() {
    let runtime = runtime();
    install(&runtime, "senses", json!({})).await.unwrap();
    let look = async || -> Vec<String> {
        split(&runtime, "senses", json!({})).await.unwrap().chunks.into_iter().map(|chunk| chunk.text).collect()
    };
    let began = std::time::Instant::now();
    let first = look().await;
    assert!(began.elapsed() >= std::time::Duration::from_millis(30), "it slept, though its clock stood still");
    let (seen, chance) = first.split_at(first.iter().position(|seen| seen.starts_with("order")).unwrap());
    assert_eq!(
        seen,
        [
            "environment: []",
            "PATH: None",
            "arguments: []",
            "standard input: Ok(0)",
            "its bytes: []",
            "reading /etc/passwd: \"refused\"",
            "reading ./Cargo.toml: \"refused\"",
            "listing /: \"refused\"",
            "listing .: \"refused\"",
            "writing /tmp/senses: \"refused\"",
            "making a folder: \"refused\"",
            "removing /etc/passwd: \"refused\"",
            "time of day: Some(0ns)",
            "time of a million steps: 0ns",
            "time of a sleep: 0ns",
        ]
    );
    assert_eq!(chance.len(), 6, "{chance:?}");
    assert!(!chance.contains(&"random bytes: [0, 0, 0, 0, 0, 0, 0, 0]".into()));
    assert_eq!(first, look().await, "two runs differ");
    // And in a process, or on a machine, of its own.
    let elsewhere = super::runtime();
    install(&elsewhere, "senses", json!({})).await.unwrap();
    let chunks = split(&elsewhere, "senses", json!({})).await.unwrap().chunks;
    assert_eq!(first, chunks.into_iter().map(|chunk| chunk.text).collect::<Vec<_>>());
}
