//! A chunk method: one chunk for every paragraph, heading or table. What has too many tokens is cut.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result, host};

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
        Description::new("{{name}}", env!("CARGO_PKG_VERSION"), "One chunk for every paragraph")
    }

    fn split(blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        let mut chunks = Vec::new();
        for block in blocks.iter().filter(|block| !block.text.trim().is_empty()) {
            let cuts = host::token_cuts(&block.text, config.chunk_token_num);
            let mut start = 0;
            for end in cuts.into_iter().map(|cut| cut as usize).chain([block.text.len()]) {
                chunks.push(Chunk::text(&block.text[start..end], vec![block.id]));
                start = end;
            }
        }
        Ok(Chunks { chunks, parents: vec![] })
    }
}

mortise_sdk::export_chunker!({{Name}});

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::document::{Block, BlockKind};

    fn split(texts: &[&str], chunk_token_num: u32) -> Vec<Chunk> {
        let blocks: Vec<Block> =
            texts.iter().zip(0..).map(|(text, id)| Block::new(id, BlockKind::Paragraph, *text)).collect();
        {{Name}}::split(&Blocks::from_slice("test.txt", &blocks), Config { chunk_token_num }).unwrap().chunks
    }

    #[test]
    fn every_paragraph_is_a_chunk() {
        let chunks = split(&["One two three.", " ", "Four."], 8);
        let found: Vec<_> = chunks.iter().map(|chunk| (chunk.text.as_str(), chunk.blocks[0])).collect();
        assert_eq!(found, [("One two three.", 0), ("Four.", 2)]);
    }

    #[test]
    fn long_paragraphs_are_cut_and_nothing_is_lost() {
        let long = "word ".repeat(100);
        let chunks = split(&[&long], 8);
        assert_eq!(chunks.iter().map(|chunk| chunk.text.as_str()).collect::<String>(), long);
        for chunk in chunks {
            assert!(host::count_tokens(&[chunk.text])[0] <= 8);
        }
    }
}
