//! A chunker that calls itself until its stack is used up.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Recurses;

impl Chunker for Recurses {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("recurses", env!("CARGO_PKG_VERSION"), "Uses up its stack")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let chunk = Chunk::text(deeper(0).to_string(), vec![]);
        Ok(Chunks { chunks: vec![chunk], parents: vec![] })
    }
}

/// The array and its use after the call keep the compiler from making a loop of it.
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if std::hint::black_box(depth) == u64::MAX {
        return depth;
    }
    deeper(depth + 1).wrapping_add(frame[(depth % 64) as usize])
}

mortise_sdk::export_chunker!(Recurses);
