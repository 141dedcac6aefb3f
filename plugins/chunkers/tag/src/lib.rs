//! The chunk method of tag sets: one chunk for each description, with its tags.
//!
//! # Where it differs from the reference
//! - descriptions without tags, and cells beside the two, are kept;
//! - a header row such as `content,tags` is no description, and columns of these names are found wherever they are;
//! - a description that is too long goes on in further chunks with the same tags;
//! - a chunk's text does not begin with the reference's newline.

mod sheet;
mod tags;

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::document::{Block, Summary};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_general::pieces::pieces;
use mortise_shared_general::{Bounds, Draft, Walk, in_order, one_line};
use mortise_shared_records::{Windows, delimited, extension, is_spreadsheet};

/// The plugin.
pub struct Tag;

impl Chunker for Tag {
    type Config = Bounds;

    fn describe() -> Description {
        Description::new("tag", env!("CARGO_PKG_VERSION"), "Tag sets: one chunk for each description, with its tags")
    }

    fn split(blocks: &Blocks<'_>, config: Bounds) -> Result<Chunks> {
        let summary = blocks.summary();
        let settings = config.settings();
        let progress = Progress::new("chunking");
        let sheets = is_spreadsheet(&summary);
        let delimiter = if sheets { None } else { delimiter(blocks, &summary, &progress.part(0.0, 0.3)) };
        let walk = Walk::new(&summary, &settings).telling(progress.part(0.3, 1.0));
        let mut set = Set { walk, drafts: vec![], open: None, limit: settings.limit, untagged: 0 };
        let mut windows = Windows::default();
        let mut reader = sheet::Sheets::new(&summary);
        for block in blocks.iter() {
            if sheets && let Some(window) = windows.read(&block) {
                reader.window(&window, &block, &mut set);
                continue;
            }
            match delimiter.filter(|_| !block.is_furniture() && !block.is_blank() && block.table.is_none()) {
                Some(delimiter) => set.lines(&block, delimiter),
                None => {
                    set.close();
                    set.walk.push(block);
                }
            }
        }
        set.close();
        if set.untagged > 0 {
            mortise_sdk::info!("{} descriptions have no tags; they are kept as text", set.untagged);
        }
        let mut drafts = set.walk.finish();
        drafts.append(&mut set.drafts);
        Ok(in_order(drafts))
    }
}

mortise_sdk::export_chunker!(Tag);

/// The delimiter of a text file, if enough of its lines have two cells.
fn delimiter(blocks: &Blocks<'_>, summary: &Summary, progress: &Progress) -> Option<char> {
    if !matches!(extension(summary).as_str(), "txt" | "text" | "csv" | "tsv") {
        return None;
    }
    let mut survey = delimited::Survey::default();
    for (number, block) in blocks.iter().enumerate() {
        survey.count(&block.text);
        progress.at(number + 1, summary.blocks as usize);
    }
    // Prose has commas too; tabs mean something.
    let enough = if survey.delimiter() == '\t' { 8 } else { 2 };
    (survey.pairs() > 0 && survey.pairs() * enough >= survey.lines).then(|| survey.delimiter())
}

/// The set so far.
pub(crate) struct Set<'a> {
    walk: Walk<'a>,
    drafts: Vec<Draft>,
    /// Lines of a description whose tags are still to come.
    open: Option<Described>,
    limit: u32,
    untagged: usize,
}

/// A description.
pub(crate) struct Described {
    pub(crate) position: usize,
    pub(crate) blocks: Vec<u32>,
    pub(crate) text: String,
    pub(crate) context: Vec<String>,
}

impl Set<'_> {
    /// Lines, each of which may end a description with its tags.
    fn lines(&mut self, block: &Block, delimiter: char) {
        let position = self.walk.skip(block);
        for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
            let mut cells = line.split(delimiter);
            match (cells.next(), cells.next(), cells.next()) {
                (Some(text), Some(tags), None) if sheet::is_header([text, tags]) && self.is_new() => {}
                (Some(text), Some(tags), None) => {
                    self.more(position, block.id, text.trim(), vec![]);
                    self.tagged(tags);
                }
                _ => self.more(position, block.id, line.trim_end(), vec![]),
            }
        }
    }

    fn is_new(&self) -> bool {
        self.drafts.is_empty() && self.open.is_none()
    }

    /// Another line of the open description.
    pub(crate) fn more(&mut self, position: usize, block: u32, line: &str, context: Vec<String>) {
        match &mut self.open {
            Some(open) => {
                open.text.push('\n');
                open.text.push_str(line);
                if open.blocks.last() != Some(&block) {
                    open.blocks.push(block);
                }
            }
            None => {
                self.open = Some(Described { position, blocks: vec![block], text: line.to_owned(), context });
            }
        }
    }

    /// The tags of the open description, which they end.
    pub(crate) fn tagged(&mut self, tags: &str) {
        if let Some(open) = self.open.take() {
            self.emit(open, tags::split(tags));
        }
    }

    /// Ends the open description without tags.
    pub(crate) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.untagged += 1;
            self.emit(open, vec![]);
        }
    }

    fn emit(&mut self, described: Described, tags: Vec<String>) {
        self.walk.boundary();
        let Described { position, blocks, text, context } = described;
        // Tags alone describe nothing, but are not lost.
        let text = if text.trim().is_empty() { one_line(&tags.join(", ")) } else { text };
        for text in pieces(&text, self.limit) {
            let chunk = Chunk { tags: tags.clone(), context: context.clone(), ..Chunk::text(text, blocks.clone()) };
            self.drafts.push(Draft::new(position, chunk));
        }
    }
}

/// Parts that tests look at one by one.
#[doc(hidden)]
pub use tags::split as split_tags;
