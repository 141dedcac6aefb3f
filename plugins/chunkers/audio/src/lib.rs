//! The chunk method of recordings: the paragraphs of a transcript, packed to a number of tokens.
//!
//! The reference makes one chunk of a transcript, whatever its length, and its embedding reads the beginning only
//! (its defect C29). Here a chunk has its limit, and ends with a paragraph, else with a sentence.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, Result};
use mortise_shared_general::{Bounds, Walk, in_order};

/// The plugin.
pub struct Audio;

impl Chunker for Audio {
    type Config = Bounds;

    fn describe() -> Description {
        Description::new(
            "audio",
            env!("CARGO_PKG_VERSION"),
            "Recordings: paragraphs of the transcript packed to a number of tokens",
        )
    }

    fn split(blocks: &Blocks<'_>, config: Bounds) -> Result<Chunks> {
        let settings = config.settings();
        let mut walk = Walk::new(&blocks.summary(), &settings);
        for block in blocks.iter() {
            walk.push(block);
        }
        Ok(in_order(walk.finish()))
    }
}

mortise_sdk::export_chunker!(Audio);
