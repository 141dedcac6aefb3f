//! The settings of methods that have no more than a size.

use crate::Settings;
use schemars::JsonSchema;
use serde::Deserialize;

/// The keys of `parser_config` that bound a chunk.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Bounds {
    /// Most tokens of a chunk.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
    /// Where to cut a text that is too long: single characters stay at the end of a piece; a string in backticks
    /// always ends a chunk and is dropped. `\n`, `\t` and `\r` may be written as two characters.
    pub delimiter: String,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { chunk_token_num: 512, delimiter: "\n!?。；！？".into() }
    }
}

impl Bounds {
    /// As the settings of a walk.
    pub fn settings(&self) -> Settings {
        Settings::of_size(self.chunk_token_num, &self.delimiter)
    }
}
