//! The chunk method of knowledge graphs: the general one, with chunks as large as a model that reads them for entities
//! and relations likes them.
//!
//! Nothing but the size differs from `naive`; the walk through the document is [`mortise_shared_general`].

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, Result};
use mortise_shared_general::{Settings, Walk, in_order};
use mortise_shared_text::Delimiters;
use schemars::JsonSchema;
use serde::Deserialize;

/// The plugin.
pub struct KnowledgeGraph;

/// Settings of the method.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KnowledgeGraphConfig {
    /// Most tokens of a chunk.
    #[schemars(range(min = 1, max = 8192))]
    pub chunk_token_num: u32,
    /// Where to cut a section that is too long: single characters stay at the end of a piece; a string in backticks
    /// always ends a chunk and is dropped. `\n`, `\t` and `\r` may be written as two characters.
    pub delimiter: String,
    /// Percent of a chunk that is repeated at the start of the next; values outside of 0..90 are brought inside.
    pub overlapped_percent: f64,
}

impl Default for KnowledgeGraphConfig {
    fn default() -> Self {
        Self { chunk_token_num: 8192, delimiter: "\n!?。；！？".into(), overlapped_percent: 0.0 }
    }
}

impl Chunker for KnowledgeGraph {
    type Config = KnowledgeGraphConfig;

    fn describe() -> Description {
        Description::new(
            "knowledge-graph",
            env!("CARGO_PKG_VERSION"),
            "Knowledge graph: as the general method, with chunks large enough to read entities and relations from",
        )
    }

    fn split(blocks: &Blocks<'_>, config: KnowledgeGraphConfig) -> Result<Chunks> {
        let settings = Settings {
            overlap: config.overlapped_percent,
            delimiters: Delimiters::parse(&config.delimiter),
            ..Settings::of_size(config.chunk_token_num, "")
        };
        let mut walk = Walk::new(&blocks.summary(), &settings);
        for block in blocks.iter() {
            walk.push(block);
        }
        Ok(in_order(walk.finish()))
    }
}

mortise_sdk::export_chunker!(KnowledgeGraph);
