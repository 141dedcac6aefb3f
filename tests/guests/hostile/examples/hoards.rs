//! A chunker that allocates until it is stopped. The memory limit must end it, and the host must not grow with it.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Hoards;

impl Chunker for Hoards {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("hoards", env!("CARGO_PKG_VERSION"), "Allocates until it is stopped")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let mut hoard = Vec::new();
        loop {
            hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        }
    }
}

mortise_sdk::export_chunker!(Hoards);
