//! A method is missing.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{NoConfig, Result};

struct Mine;

impl Chunker for Mine {
    type Config = NoConfig;
    fn split(_: &Blocks<'_>, _: NoConfig) -> Result<Chunks> {
        Ok(Chunks { chunks: vec![], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Mine);

fn main() {}
