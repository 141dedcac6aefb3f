//! A chunk method whose settings are not thought through: a default that the schema forbids, a setting without a
//! description and without a type, one that the method fails on, and no room for the settings of others.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::serde_json::Value;
use mortise_sdk::{Description, Error, Result};

pub struct Careless;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default, deny_unknown_fields)]
pub struct Config {
    /// Blocks of a chunk, from one on.
    #[schemars(range(min = 1))]
    blocks: u32,
    anything: Value,
    /// Whether chunks are wrapped.
    wrapped: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { blocks: 0, anything: Value::Null, wrapped: false }
    }
}

impl Chunker for Careless {
    type Config = Config;

    fn describe() -> Description {
        Description::new("faulty-settings", env!("CARGO_PKG_VERSION"), "One chunk for every block")
    }

    fn split(blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        if config.wrapped {
            return Err(Error::Internal("nobody has written that yet".into()));
        }
        let with_text = blocks.iter().filter(|block| !block.text.trim().is_empty());
        Ok(Chunks { chunks: with_text.map(|block| Chunk::of_block(&block)).collect(), parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Careless);
