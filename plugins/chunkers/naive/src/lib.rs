//! The naive chunk method, RAGFlow's "General": neighbouring sections packed to `chunk_token_num` tokens.
//!
//! Text blocks are the sections; tables and pictures become chunks of their own, and text runs on past them. Chunks
//! come in reading order. The rules of packing are those of [`mortise_shared_text::pack`].
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

mod children;
mod config;
mod media;
mod rows;
mod sections;

pub use config::NaiveConfig;

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::{Description, Result, host};
use mortise_shared_text::TokenCounter;
use mortise_shared_text::pack::Packed;
use sections::Document;

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
        let document = Document::read(blocks, &config);
        let mut drafts = document.packed.iter().map(|packed| text_chunk(packed, &document)).collect::<Vec<_>>();
        drafts.extend(media::chunks(&document, &config));
        // Reading order: by the first block; text that began before a table stands before it.
        drafts.sort_by_key(|draft| draft.position);
        Ok(children::descend(drafts, config.children().as_ref()))
    }
}

mortise_sdk::export_chunker!(Naive);

/// A chunk on its way out.
pub(crate) struct Draft {
    /// Index of its first block in reading order.
    pub(crate) position: usize,
    pub(crate) chunk: Chunk,
    /// Ranges of the chunk's text with the ids of their blocks; empty for tables and pictures.
    pub(crate) spans: Vec<(std::ops::Range<usize>, u32)>,
}

fn text_chunk(packed: &Packed<usize>, document: &Document) -> Draft {
    let position = packed.spans.first().map_or(0, |span| span.source);
    let mut ids: Vec<u32> = Vec::with_capacity(packed.spans.len());
    let mut spans = Vec::with_capacity(packed.spans.len());
    for span in &packed.spans {
        let id = document.ids[span.source];
        if ids.last() != Some(&id) {
            ids.push(id);
        }
        spans.push((span.range.clone(), id));
    }
    let mut chunk = Chunk::text(packed.text.clone(), ids);
    chunk.context = document.path(position);
    Draft { position, chunk, spans }
}

/// Tokens as the host counts them.
#[derive(Clone, Copy)]
pub(crate) struct HostTokens;

impl TokenCounter for HostTokens {
    fn count(&self, texts: &[String]) -> Vec<u32> {
        if texts.is_empty() { Vec::new() } else { host::count_tokens(texts) }
    }
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32> {
        host::token_cuts(text, limit)
    }
}
