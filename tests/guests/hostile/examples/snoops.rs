//! A chunker that looks around: arguments, environment, files, clocks, randomness. Its chunks are what it found, and
//! there must be nothing of this machine among them.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

pub struct Snoops;

impl Chunker for Snoops {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("snoops", env!("CARGO_PKG_VERSION"), "Looks around")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let mut found: Vec<String> = std::env::args().map(|argument| format!("argument: {argument}")).collect();
        found.extend(std::env::vars().map(|(name, value)| format!("variable: {name}={value}")));
        for folder in ["/", ".", "..", "/proc/self", "/tmp"] {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            found.extend(entries.map(|entry| format!("file: {}", entry.path().display())));
        }
        for path in ["/etc/passwd", "/proc/self/environ", "Cargo.toml"] {
            if let Ok(text) = std::fs::read_to_string(path) {
                found.push(format!("read: {path}: {} bytes", text.len()));
            }
        }
        if std::fs::write("/tmp/was-here", "snoops").is_ok() {
            found.push("wrote: /tmp/was-here".into());
        }
        if let Ok(line) = std::io::stdin().lines().next().transpose() {
            found.extend(line.map(|line| format!("standard input: {line}")));
        }
        // What hash maps are seeded with, which is the same for every guest and at every time.
        found.push(format!("seed: {}", RandomState::new().hash_one("a")));
        let began = Instant::now();
        let mut steps: Vec<u128> = (0..20_000).map(|_| began.elapsed().as_nanos()).collect();
        steps.dedup();
        let fine = steps.iter().any(|nanoseconds| nanoseconds % 1_000_000 != 0);
        found.push(format!("clock: {}", if fine { "fine" } else { "whole milliseconds" }));
        Ok(Chunks { chunks: found.into_iter().map(|what| Chunk::text(what, vec![])).collect(), parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Snoops);
