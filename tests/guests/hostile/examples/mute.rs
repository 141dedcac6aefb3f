//! A chunker that panics when it is asked who it is. Installing it must fail with what it said.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Mute;

impl Chunker for Mute {
    type Config = NoConfig;

    fn describe() -> Description {
        panic!("I do not know who I am")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        Ok(Chunks { chunks: vec![], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Mute);
