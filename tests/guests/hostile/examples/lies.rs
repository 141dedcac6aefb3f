//! A chunker whose chunks break the contract. The host must refuse them all and say which rule they break.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::document::{Place, Rect};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

pub struct Lies;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// What is wrong with the chunk.
    lie: Lie,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
pub enum Lie {
    /// It names a block that does not exist.
    #[default]
    UnknownBlock,
    /// Its place is no number.
    NanPlace,
    /// Its place is infinitely wide.
    InfinitePlace,
    /// Its place is inside out.
    InvertedPlace,
    /// Its place is on page 0.
    PageZero,
    /// Its parent does not exist.
    UnknownParent,
}

impl Chunker for Lies {
    type Config = Config;

    fn describe() -> Description {
        Description::new("lies", env!("CARGO_PKG_VERSION"), "Breaks the contract")
    }

    fn split(blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        let mut chunk = Chunk::text("The moon is made of green cheese.", vec![]);
        let rect = |left, right| Some(Rect { left, top: 0.0, right, bottom: 10.0 });
        let mut place = |page, rect| chunk.places.push(Place { page, rect });
        match config.lie {
            Lie::UnknownBlock => chunk.blocks.push(blocks.iter().map(|b| b.id).max().map_or(0, |id| id + 1)),
            Lie::NanPlace => place(1, rect(f32::NAN, 10.0)),
            Lie::InfinitePlace => place(1, rect(0.0, f32::INFINITY)),
            Lie::InvertedPlace => place(1, rect(10.0, 0.0)),
            Lie::PageZero => place(0, None),
            Lie::UnknownParent => chunk.parent = Some(7),
        }
        Ok(Chunks { chunks: vec![chunk], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Lies);
