//! The general way of cutting: neighbouring text packed to a size, tables and pictures apart, headings as context.
//!
//! `naive` is this and nothing else. Methods that make chunks of their own kind (records, pairs of question and answer)
//! let a [`Walk`] have whatever they do not understand, so that no text of a document is lost, and join both by
//! [`in_order`].
//!
//! | module | does |
//! |---|---|
//! | [`walk`] | takes blocks one by one, packs their text, collects tables and pictures |
//! | [`media`] | chunks of tables and pictures, within the limit, with the text around them if asked for |
//! | [`pieces`] | texts in pieces within the limit, with something repeated in front |
//! | [`children`] | child chunks |
//! | [`bounds`] | the settings of methods that have no more than a size |

pub mod bounds;
pub mod children;
pub mod media;
pub mod pieces;
pub mod walk;

pub use bounds::Bounds;
pub use walk::Walk;

use mortise_sdk::chunker::{Chunk, Chunks};
use mortise_sdk::host;
use mortise_shared_text::{Delimiters, TokenCounter};

/// How to cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Most tokens of a chunk; 0 counts as 1.
    pub limit: u32,
    /// Where text that is too long is cut.
    pub delimiters: Delimiters,
    /// Percent of a chunk that is repeated at the start of the next.
    pub overlap: f64,
    /// Tokens of text above and below that are added to a table.
    pub table_context: u32,
    /// The same for pictures.
    pub image_context: u32,
    /// Most rows of a table's chunk.
    pub table_rows: usize,
    /// Tables are sheets: without a caption they bear the name of their part.
    pub sheets: bool,
}

impl Settings {
    /// Only a size.
    pub fn of_size(limit: u32, delimiter: &str) -> Self {
        Self {
            limit: limit.max(1),
            delimiters: Delimiters::parse(delimiter),
            overlap: 0.0,
            table_context: 0,
            image_context: 0,
            table_rows: usize::MAX,
            sheets: false,
        }
    }
}

/// A chunk on its way out.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Position of its first block in reading order.
    pub position: usize,
    /// The chunk.
    pub chunk: Chunk,
    /// Ranges of the chunk's text with the ids of their blocks; empty for tables and pictures.
    pub spans: Vec<(std::ops::Range<usize>, u32)>,
}

impl Draft {
    /// A chunk that was not packed.
    pub fn new(position: usize, chunk: Chunk) -> Self {
        Self { position, chunk, spans: vec![] }
    }
}

/// Drafts as the result, in reading order: by the first block, those of one block as they were given.
pub fn in_order(drafts: impl IntoIterator<Item = Draft>) -> Chunks {
    let mut drafts: Vec<Draft> = drafts.into_iter().collect();
    drafts.sort_by_key(|draft| draft.position);
    drafts.into_iter().map(|draft| draft.chunk).collect()
}

/// Tokens as the host counts them.
#[derive(Clone, Copy, Debug)]
pub struct HostTokens;

impl TokenCounter for HostTokens {
    fn count(&self, texts: &[String]) -> Vec<u32> {
        if texts.is_empty() { Vec::new() } else { host::count_tokens(texts) }
    }
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32> {
        host::token_cuts(text, limit)
    }
}

/// Text on one line, runs of white space as one blank.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
