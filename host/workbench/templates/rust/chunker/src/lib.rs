//! A chunk method: whole sentences, packed up to a number of tokens; tables apart. A start to make your own: the loop in
//! `split` sees every block of the document, and [`Packer`] is one way of many to make chunks of them.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::text::Packer;
use mortise_sdk::{Description, Result};

/// The plugin.
pub struct {{Name}};

/// Settings, as they stand in a dataset's `parser_config`. These comments become the descriptions that users read.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Most tokens of a chunk.
    #[schemars(range(min = 1, max = 8192))]
    pub chunk_token_num: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { chunk_token_num: 512 }
    }
}

impl Chunker for {{Name}} {
    type Config = Config;

    fn describe() -> Description {
        Description::new("{{name}}", env!("CARGO_PKG_VERSION"), "Whole sentences up to a number of tokens")
    }

    fn split(blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        let mut packer = Packer::new(config.chunk_token_num);
        for block in blocks.iter() {
            packer.push(&block);
        }
        Ok(packer.finish().into())
    }
}

mortise_sdk::export_chunker!({{Name}});

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::serde_json::json;
    use mortise_sdk::testing::{self, Document};

    fn joints() -> Document {
        Document::new("joints.md")
            .heading(1, "Joints")
            .paragraph("One is here. Two is there.")
            .paragraph("Three is gone.")
            .table(&[&["wood", "weight"], &["oak", "720"]], 1)
    }

    #[test]
    fn sentences_share_a_chunk_while_they_fit() {
        let split = testing::split::<{{Name}}>(&joints(), json!({"chunk_token_num": 12})).unwrap();
        let table = "wood\tweight\noak\t720";
        assert_eq!(split.texts(), ["Joints\nOne is here. Two is there.", "Three is gone.", table]);
    }

    #[test]
    fn nothing_is_lost_and_the_limit_is_kept() {
        for limit in [2, 7, 100] {
            let split = testing::split::<{{Name}}>(&joints(), json!({"chunk_token_num": limit})).unwrap();
            testing::assert_covered(&joints(), &split.chunks);
            testing::assert_at_most(&split.chunks, limit);
            testing::assert_in_order(&joints(), &split.chunks);
        }
    }

    #[test]
    fn the_description_is_sound() {
        testing::assert_description::<Config>({{Name}}::describe());
    }
}
