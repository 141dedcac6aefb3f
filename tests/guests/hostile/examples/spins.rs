//! A chunker that does not come to say who it is. Installing it must end at the deadline of descriptions.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Spins;

impl Chunker for Spins {
    type Config = NoConfig;

    fn describe() -> Description {
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns).wrapping_add(1);
        }
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        Ok(Chunks { chunks: vec![], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Spins);
