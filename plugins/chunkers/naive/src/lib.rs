//! The naive chunk method, RAGFlow's "General": neighbouring sections packed to `chunk_token_num` tokens.
//!
//! Text blocks are the sections; tables and pictures become chunks of their own, and text runs on past them. Chunks
//! come in reading order. The rules of packing are those of [`mortise_shared_text::pack`], the way through a document is
//! [`mortise_shared_general`]; spreadsheets are read by [`mortise_shared_records`].
//!
//! # Where it differs from the reference
//! The reference tests its limit *before* it adds a section, so a chunk may overshoot by a whole section, and a section
//! is never cut (its defect C3); its Markdown path respects the limit. Both cannot be had at once, and a limit that
//! models and users can trust is worth more: here `chunk_token_num` is a hard cap for every format, tables, context and
//! overlap included. Where everything fits, both give the same chunks. The reference's own rule is kept, exactly, in
//! [`mortise_shared_text::merge`] and tested with its vectors. Further:
//! - delimiters mean one thing everywhere (C1, C2), children's delimiters are literal (C7);
//! - overlap works for every format and begins with a sentence or a word (C4);
//! - a heading goes with the text below it (C6); headings above a chunk are its `context`;
//! - chunks are in reading order (C10), zeros in spreadsheets are kept (C15);
//! - a chunk's text does not begin with the reference's newline.

mod config;
mod rows;

pub use config::NaiveConfig;

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, Result};
use mortise_shared_general::{Walk, children};
use mortise_shared_records::{Windows, is_spreadsheet};

/// The plugin.
pub struct Naive;

impl Chunker for Naive {
    type Config = NaiveConfig;

    fn describe() -> Description {
        Description::new(
            "naive",
            env!("CARGO_PKG_VERSION"),
            "General: neighbouring sections packed to a number of tokens; tables and pictures apart",
        )
    }

    fn split(blocks: &Blocks<'_>, config: NaiveConfig) -> Result<Chunks> {
        let summary = blocks.summary();
        let sheets = is_spreadsheet(&summary);
        let settings = config.settings(sheets);
        let mut walk = Walk::new(&summary, &settings);
        let mut windows = Windows::default();
        for block in blocks.iter() {
            if !sheets || block.table.is_none() {
                walk.push(block);
            } else if config.html4excel {
                walk.push(windows.with_header(block));
            } else {
                let sheet = summary.parts.get(block.part as usize).map_or("", |part| part.name.as_str());
                let lines = rows::lines(&mut windows, &block, sheet);
                walk.push_lines(&block, lines);
            }
        }
        let mut drafts = walk.finish();
        // Reading order: by the first block; text that began before a table stands before it.
        drafts.sort_by_key(|draft| draft.position);
        Ok(children::descend(drafts, config.children().as_ref()))
    }
}

mortise_sdk::export_chunker!(Naive);
