//! The presentation chunk method: a chunk for every slide or page.
//!
//! # Where it differs from the reference
//! - A slide is told by its number in the file, never by a line of text (its defect C36); speaker's notes are part of it.
//! - A slide with more text than `chunk_token_num` is cut, with its title as the context of what follows.
//! - Text is text: only what consists of pictures is an image chunk.

mod slide;

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind, Summary};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use slide::Slide;

/// Slides without anything to tell that are named all the same; a file that claims more is not believed.
const MOST_BLANK: usize = 10_000;

/// The plugin.
pub struct Presentation;

/// Settings of the presentation chunk method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PresentationConfig {
    /// Most tokens of a chunk: a slide with more is cut.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
}

impl Default for PresentationConfig {
    fn default() -> Self {
        Self { chunk_token_num: 512 }
    }
}

impl Chunker for Presentation {
    type Config = PresentationConfig;

    fn describe() -> Description {
        Description::new("presentation", env!("CARGO_PKG_VERSION"), "Slides: a chunk for every slide or page")
    }

    fn split(blocks: &Blocks<'_>, config: PresentationConfig) -> Result<Chunks> {
        let progress = Progress::new("chunking");
        let summary = blocks.summary();
        let mut deck = Deck::new(&summary, config.chunk_token_num);
        for (number, block) in blocks.iter().enumerate() {
            if number % 64 == 0 {
                progress.at(number, summary.blocks as usize);
            }
            deck.add(block);
        }
        progress.at(1, 1);
        Ok(deck.finish(summary.pages))
    }
}

mortise_sdk::export_chunker!(Presentation);

/// The slides so far.
struct Deck {
    /// What a page is called.
    name: &'static str,
    limit: u32,
    open: Slide,
    /// The page that comes next if none is blank.
    next: u32,
    blank: usize,
    chunks: Chunks,
}

impl Deck {
    fn new(summary: &Summary, limit: u32) -> Self {
        let extension = summary.name.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
        let slides = matches!(extension.as_str(), "ppt" | "pptx" | "pptm" | "pps" | "ppsx" | "odp" | "key");
        Self {
            name: if slides { "Slide" } else { "Page" },
            limit,
            open: Slide::default(),
            next: 1,
            blank: 0,
            chunks: Chunks { chunks: vec![], parents: vec![] },
        }
    }

    fn add(&mut self, block: Block) {
        let page = block.page();
        // A rule parts slides where there are no pages, as in slides written in Markdown.
        let rule = block.kind == BlockKind::Separator && !block.text.trim().is_empty() && self.open.page.is_none();
        if rule || (page.is_some() && page != self.open.page) {
            self.close();
        }
        self.open.page = self.open.page.or(page);
        self.open.add(block);
    }

    fn close(&mut self) {
        let slide = std::mem::take(&mut self.open);
        if let Some(page) = slide.page.filter(|&page| page >= self.next) {
            self.blanks(page);
            self.next = page.saturating_add(1);
        }
        let chunks = slide.chunks(self.name, self.limit);
        self.chunks.chunks.extend(chunks);
    }

    /// Names the pages before `page` on which nothing begins.
    fn blanks(&mut self, page: u32) {
        while self.next < page && self.blank < MOST_BLANK {
            self.chunks.chunks.push(slide::placeholder(self.name, self.next, vec![]));
            self.next += 1;
            self.blank += 1;
        }
    }

    fn finish(mut self, pages: u32) -> Chunks {
        self.close();
        self.blanks(pages.saturating_add(1));
        self.chunks
    }
}
