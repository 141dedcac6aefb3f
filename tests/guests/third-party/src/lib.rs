//! A chunk method as a third party writes one: a few sentences make a chunk.
//!
//! It shows the whole of what a plugin needs: a config with a schema, one trait, one macro line, and tests that run
//! without any host. `#[serde(crate = …)]` and the `use` of `schemars` take both from the SDK, so that its versions
//! are the only ones.

use mortise_sdk::chunker::{Blocks, Chunk, ChunkKind, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Error, FieldError, Result};

/// One chunk for every few sentences. Headings begin a new chunk and stand in its context, or are one themselves when
/// nothing stands below them; tables stay whole.
pub struct Sentences;

/// Settings, as they stand in a dataset's `parser_config`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Sentences in a chunk.
    #[schemars(range(min = 1, max = 50))]
    pub sentences_per_chunk: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { sentences_per_chunk: 3 }
    }
}

impl Chunker for Sentences {
    type Config = Config;

    fn describe() -> Description {
        Description::new("sentences", env!("CARGO_PKG_VERSION"), "One chunk for every few sentences")
    }

    fn split(blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        if !(1..=50).contains(&config.sentences_per_chunk) {
            let message = format!("{} is not within 1 and 50", config.sentences_per_chunk);
            return Err(Error::InvalidConfig(FieldError { field: "sentences_per_chunk".into(), message }));
        }
        let mut splitter = Splitter { per_chunk: config.sentences_per_chunk as usize, ..Splitter::default() };
        for block in blocks.iter() {
            splitter.take(&block);
        }
        splitter.flush();
        splitter.close(0);
        Ok(Chunks { chunks: splitter.chunks, parents: vec![] })
    }
}

/// Chunks made so far, and the one that is growing.
#[derive(Default)]
struct Splitter {
    per_chunk: usize,
    chunks: Vec<Chunk>,
    sentences: Vec<String>,
    /// Blocks that the growing chunk was made of.
    blocks: Vec<u32>,
    /// Headings above the current block, highest first.
    headings: Vec<Heading>,
}

struct Heading {
    level: u32,
    text: String,
    block: u32,
    /// It stands in the context of a chunk.
    used: bool,
}

impl Splitter {
    fn take(&mut self, block: &Block) {
        let text = block.text.trim();
        if text.is_empty() || block.is_furniture() {
            return;
        }
        if block.is_heading() {
            self.flush();
            self.close(block.level);
            self.headings.push(Heading { level: block.level, text: text.into(), block: block.id, used: false });
        } else if block.kind == BlockKind::Table {
            self.flush();
            self.push(Chunk { kind: ChunkKind::Table, ..Chunk::text(text, vec![block.id]) });
        } else {
            for sentence in sentences(text) {
                self.add(sentence, block.id);
            }
        }
    }

    fn add(&mut self, sentence: &str, block: u32) {
        self.sentences.push(sentence.to_owned());
        if self.blocks.last() != Some(&block) {
            self.blocks.push(block);
        }
        if self.sentences.len() == self.per_chunk {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.sentences.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.sentences).join(" ");
        let blocks = std::mem::take(&mut self.blocks);
        self.push(Chunk::text(text, blocks));
    }

    /// Adds a chunk below the headings.
    fn push(&mut self, chunk: Chunk) {
        let context = self.headings.iter().map(|heading| heading.text.clone()).collect();
        self.headings.iter_mut().for_each(|heading| heading.used = true);
        self.chunks.push(Chunk { context, ..chunk });
    }

    /// Leaves the headings of this level and below. One that nothing stood under must not be lost.
    fn close(&mut self, level: u32) {
        while let Some(last) = self.headings.pop_if(|heading| heading.level >= level) {
            if !last.used {
                self.push(Chunk::text(last.text, vec![last.block]));
            }
        }
    }
}

/// Cuts after `.`, `!` or `?` before a blank that no lower-case letter follows, and after their full-width sisters.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let end = sentence_end(rest);
        let (sentence, after) = rest.split_at(end);
        rest = after.trim_start();
        (!sentence.is_empty()).then_some(sentence)
    })
}

fn sentence_end(text: &str) -> usize {
    for (at, mark) in text.char_indices() {
        let end = at + mark.len_utf8();
        let after = &text[end..];
        let ends = match mark {
            '。' | '！' | '？' => true,
            '.' | '!' | '?' => {
                let next = after.trim_start().chars().next();
                after.starts_with(char::is_whitespace) && !next.is_some_and(char::is_lowercase)
            }
            _ => false,
        };
        if ends {
            return end;
        }
    }
    text.len()
}

mortise_sdk::export_chunker!(Sentences);

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::Config as _;

    fn split(blocks: &[Block], per_chunk: u32) -> Vec<Chunk> {
        let numbered: Vec<Block> = blocks.iter().zip(0..).map(|(b, id)| Block { id, ..b.clone() }).collect();
        let config = Config { sentences_per_chunk: per_chunk };
        Sentences::split(&Blocks::from_slice("test.txt", &numbered), config).unwrap().chunks
    }

    fn paragraph(text: &str) -> Block {
        Block::new(0, BlockKind::Paragraph, text)
    }

    #[test]
    fn sentences_end_where_readers_see_it() {
        let cut = |text| sentences(text).collect::<Vec<_>>();
        assert_eq!(cut("One. Two! Three? four"), ["One.", "Two!", "Three? four"]);
        assert_eq!(
            cut("Version 1.2 costs 3.50, e.g. today. Really."),
            ["Version 1.2 costs 3.50, e.g. today.", "Really."]
        );
        assert_eq!(cut("你好。再见！"), ["你好。", "再见！"]);
        assert_eq!(cut(" \n "), [""; 0]);
    }

    #[test]
    fn chunks_may_span_blocks_but_not_headings() {
        let blocks = [
            Block::heading(1, "Joints"),
            paragraph("A. B. C."),
            paragraph("D."),
            Block::heading(2, "Tenons"),
            paragraph("E."),
        ];
        let chunks = split(&blocks, 2);
        let texts: Vec<_> = chunks.iter().map(|c| c.text.as_str()).collect();
        assert_eq!(texts, ["A. B.", "C. D.", "E."]);
        assert_eq!(chunks[1].blocks, [1, 2]);
        assert_eq!(chunks[1].context, ["Joints"]);
        assert_eq!(chunks[2].context, ["Joints", "Tenons"]);
    }

    #[test]
    fn headings_with_nothing_below_are_chunks() {
        let blocks = [Block::heading(1, "One"), Block::heading(2, "Two"), Block::heading(1, "Three"), paragraph("A.")];
        let chunks = split(&blocks, 2);
        let told: Vec<_> = chunks.iter().map(|c| (c.text.as_str(), c.context.join("/"), c.blocks.clone())).collect();
        let wanted = [("Two", "One".to_owned(), vec![1]), ("A.", "Three".to_owned(), vec![3])];
        assert_eq!(told, wanted);
        assert_eq!(split(&blocks[..1], 2)[0].text, "One");
    }

    #[test]
    fn tables_stay_whole_and_furniture_goes() {
        let table = Block::table(&[vec!["A. B.".into(), "C.".into()]], 0);
        let blocks = [paragraph("X."), table, Block::new(0, BlockKind::PageFooter, "page 1"), paragraph(" ")];
        let chunks = split(&blocks, 3);
        assert_eq!(chunks.len(), 2);
        assert_eq!((chunks[1].kind, chunks[1].text.as_str()), (ChunkKind::Table, "A. B.\tC."));
    }

    #[test]
    fn settings() {
        assert_eq!(Config::from_json("{}").unwrap().sentences_per_chunk, 3);
        assert_eq!(
            Config::from_json(r#"{"sentences_per_chunk": 7, "delimiter": "\n"}"#).unwrap().sentences_per_chunk,
            7
        );
        for bad in [0, 51] {
            let config = Config { sentences_per_chunk: bad };
            let result = Sentences::split(&Blocks::from_slice("t", &[]), config);
            assert!(matches!(result, Err(Error::InvalidConfig(e)) if e.field == "sentences_per_chunk"));
        }
    }
}
