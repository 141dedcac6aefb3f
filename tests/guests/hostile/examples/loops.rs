//! A chunker that never comes back. The deadline must end it, and cancelling must end it sooner.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Loops;

impl Chunker for Loops {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("loops", env!("CARGO_PKG_VERSION"), "Never comes back")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns).wrapping_add(1);
        }
    }
}

mortise_sdk::export_chunker!(Loops);
