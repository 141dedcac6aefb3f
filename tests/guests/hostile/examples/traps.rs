//! A chunker that panics. The document must show what it said, and the next document must not notice.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Traps;

impl Chunker for Traps {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("traps", env!("CARGO_PKG_VERSION"), "Panics")
    }

    fn split(blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        panic!("no chunks from {} today", blocks.summary().name)
    }
}

mortise_sdk::export_chunker!(Traps);
