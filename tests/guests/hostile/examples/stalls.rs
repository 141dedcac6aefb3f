//! A chunker that never comes to its start: a constructor of the module, run before any export can be called, does not
//! end. Installing it must end at the deadline of descriptions.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Stalls;

#[used]
#[unsafe(link_section = ".init_array")]
static FIRST: extern "C" fn() = never;

extern "C" fn never() {
    let mut turns = 0_u64;
    while std::hint::black_box(turns) != u64::MAX {
        turns = std::hint::black_box(turns).wrapping_add(1) % 1000;
    }
}

impl Chunker for Stalls {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("stalls", env!("CARGO_PKG_VERSION"), "Never comes to its start")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        Ok(Chunks { chunks: vec![], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Stalls);
