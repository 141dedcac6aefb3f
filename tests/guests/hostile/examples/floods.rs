//! A chunker that gives too much: chunks, characters, log lines, progress. The host must cut the log and refuse the rest.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::host::{self, Level};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

pub struct Floods;

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Chunks to give.
    chunks: u32,
    /// Letters in every chunk.
    letters: u32,
    /// Lines to log before.
    log_lines: u32,
    /// Letters in every log line.
    log_letters: u32,
    /// Times to tell how far it is.
    progress: u32,
    /// Letters of parents, all in one.
    parent_letters: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { chunks: 200_000, letters: 10, log_lines: 0, log_letters: 10, progress: 0, parent_letters: 0 }
    }
}

impl Chunker for Floods {
    type Config = Config;

    fn describe() -> Description {
        Description::new("floods", env!("CARGO_PKG_VERSION"), "Gives too much")
    }

    fn split(_blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        let line = "l".repeat(config.log_letters as usize);
        for _ in 0..config.log_lines {
            host::log(Level::Error, &line);
        }
        for step in 0..config.progress {
            host::progress(step as f32 / config.progress as f32, &line);
        }
        let text = "w".repeat(config.letters as usize);
        let chunks = (0..config.chunks).map(|_| Chunk::text(text.as_str(), vec![])).collect();
        Ok(Chunks { chunks, parents: vec!["p".repeat(config.parent_letters as usize)] })
    }
}

mortise_sdk::export_chunker!(Floods);
