//! A method with other types than the trait's.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker};
use mortise_sdk::{Description, NoConfig, Result};

struct Mine;

impl Chunker for Mine {
    type Config = NoConfig;
    fn describe() -> Description {
        Description::new("mine", "0.1.0", "Mine")
    }
    fn split(_: &Blocks<'_>, _: NoConfig) -> Result<Vec<Chunk>> {
        Ok(vec![])
    }
}

mortise_sdk::export_chunker!(Mine);

fn main() {}
