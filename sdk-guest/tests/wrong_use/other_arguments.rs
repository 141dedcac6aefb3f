//! The macro takes one type, and nothing else.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Mine;

impl Chunker for Mine {
    type Config = NoConfig;
    fn describe() -> Description {
        Description::new("mine", "0.1.0", "Mine")
    }
    fn split(_: &Blocks<'_>, _: NoConfig) -> Result<Chunks> {
        Ok(Chunks { chunks: vec![], parents: vec![] })
    }
}

mortise_sdk::export_chunker!();
mortise_sdk::export_embedder!("Mine");
mortise_sdk::export_reranker!(Mine, Mine);

fn main() {}
