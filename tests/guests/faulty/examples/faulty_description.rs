//! A chunk method whose description depends on the clock.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Moody;

impl Chunker for Moody {
    type Config = NoConfig;

    fn describe() -> Description {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let summary = format!("One chunk for every block, since {}", now.as_millis());
        Description::new("faulty-description", env!("CARGO_PKG_VERSION"), &summary)
    }

    fn split(blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let with_text = blocks.iter().filter(|block| !block.text.trim().is_empty());
        Ok(Chunks { chunks: with_text.map(|block| Chunk::of_block(&block)).collect(), parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Moody);
