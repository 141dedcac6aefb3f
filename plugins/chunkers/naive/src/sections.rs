//! Reads a document into what the method works on: packed text, tables and pictures, and the headings above them.

use crate::{HostTokens, NaiveConfig, rows};
use mortise_sdk::chunker::Blocks;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::host;
use mortise_shared_text::pack::{Limits, Packed, Packer, Section};
use mortise_shared_text::{Delimiters, TokenCounter};
use std::collections::BTreeMap;

/// Blocks read, and their texts counted, at a time.
const WINDOW: u32 = 256;

/// A document, taken apart.
pub(crate) struct Document {
    /// Ids of all blocks in reading order; everything else refers to blocks by their index here.
    pub(crate) ids: Vec<u32>,
    /// Text chunks in order.
    pub(crate) packed: Vec<Packed<usize>>,
    /// Tables and pictures with their index.
    pub(crate) media: Vec<(usize, Block)>,
    /// Captions of media, with the index of the block they belong to.
    pub(crate) captions: Vec<(usize, String, u32)>,
    /// Text sections by index, kept only when context windows are asked for.
    pub(crate) texts: Vec<(usize, String)>,
    /// Names of the document's parts.
    pub(crate) parts: Vec<String>,
    pub(crate) spreadsheet: bool,
    headings: Vec<Heading>,
}

struct Heading {
    /// Of its block.
    index: usize,
    /// 0 for a title.
    level: u32,
    text: String,
    /// The heading above it, as an index into the headings.
    parent: Option<usize>,
}

impl Document {
    /// Reads all blocks and packs the text ones.
    pub(crate) fn read(blocks: &Blocks<'_>, config: &NaiveConfig) -> Self {
        let summary = blocks.summary();
        let mut document = Self {
            ids: Vec::with_capacity(summary.blocks as usize),
            packed: vec![],
            media: vec![],
            captions: vec![],
            texts: vec![],
            spreadsheet: rows::is_spreadsheet(&summary),
            parts: summary.parts.into_iter().map(|part| part.name).collect(),
            headings: vec![],
        };
        let delimiters = Delimiters::parse(&config.delimiter);
        let limits = Limits { tokens: config.chunk_token_num, overlap: config.overlapped_percent };
        let mut packer = Packer::new(limits, &delimiters, HostTokens);
        let keep_texts = config.table_context_size > 0 || config.image_context_size > 0;
        // Which blocks are media, for the captions that name their parent.
        let mut media_ids: BTreeMap<u32, usize> = BTreeMap::new();
        loop {
            let window = blocks.read(document.ids.len() as u32, WINDOW);
            if window.is_empty() {
                break;
            }
            let mut sections = Vec::with_capacity(window.len());
            let as_rows = document.spreadsheet && !config.html4excel;
            // Before the blocks, since a caption may stand above what it belongs to.
            let media = window.iter().enumerate().filter(|(_, block)| matches!(role(block, as_rows), Role::Media));
            media_ids.extend(media.map(|(i, block)| (block.id, document.ids.len() + i)));
            for block in window {
                let index = document.ids.len();
                document.ids.push(block.id);
                match role(&block, as_rows) {
                    Role::Nothing => {}
                    Role::Media => document.media.push((index, block)),
                    Role::Rows => {
                        let sheet = document.parts.get(block.part as usize).map_or("", String::as_str);
                        let lines = block.table.as_ref().map(|table| rows::lines(table, sheet)).unwrap_or_default();
                        sections.extend(lines.into_iter().map(|text| section(text, false, false, false, index)));
                    }
                    Role::Text => {
                        let owner = block.parent.filter(|_| block.kind == BlockKind::Caption);
                        if let Some(owner) = owner.and_then(|id| media_ids.get(&id).copied()) {
                            document.captions.push((owner, block.text.trim().to_owned(), block.id));
                        } else {
                            document.text(block, index, &delimiters, &mut sections);
                        }
                    }
                }
            }
            let texts: Vec<String> = sections.iter_mut().map(|s| std::mem::take(&mut s.text)).collect();
            let counts = HostTokens.count(&texts);
            for ((mut section, text), tokens) in sections.into_iter().zip(texts).zip(counts) {
                if keep_texts {
                    document.texts.push((section.source, text.clone()));
                }
                section.text = text;
                section.tokens = tokens;
                packer.push(section);
            }
            document.packed.append(&mut packer.take());
            host::progress(document.ids.len() as f32 / summary.blocks.max(1) as f32, "chunking");
        }
        packer.finish();
        document.packed.append(&mut packer.take());
        document
    }

    /// Headings above the block, highest first.
    pub(crate) fn path(&self, position: usize) -> Vec<String> {
        let until = self.headings.partition_point(|heading| heading.index <= position);
        let nearest = self.headings[..until].last();
        // A chunk that begins with a heading has it in its text already.
        let mut next = match nearest {
            Some(heading) if heading.index == position => heading.parent,
            _ => until.checked_sub(1),
        };
        let mut path = Vec::new();
        while let Some(heading) = next.and_then(|at| self.headings.get(at)) {
            path.push(heading.text.clone());
            next = heading.parent;
        }
        path.reverse();
        path
    }

    fn heading(&mut self, block: &Block, index: usize) {
        let text = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return;
        }
        let level = if block.kind == BlockKind::Title { 0 } else { block.level.max(1) };
        let mut parent = self.headings.len().checked_sub(1);
        while let Some(above) = parent.filter(|&above| self.headings[above].level >= level) {
            parent = self.headings[above].parent;
        }
        self.headings.push(Heading { index, level, text, parent });
    }

    fn text(&mut self, block: Block, index: usize, delimiters: &Delimiters, sections: &mut Vec<Section<usize>>) {
        let heading = block.is_heading();
        let whole = matches!(block.kind, BlockKind::Code | BlockKind::Formula);
        // Code keeps its indentation.
        let trimmed = |text: &str| match whole {
            true => text.trim_end().trim_start_matches(['\n', '\r']).to_owned(),
            false => text.trim().to_owned(),
        };
        if heading {
            self.heading(&block, index);
        }
        for (i, range) in delimiters.between_hard(&block.text).into_iter().enumerate() {
            sections.push(section(trimmed(&block.text[range]), heading, whole, i > 0, index));
        }
    }
}

/// What becomes of a block.
enum Role {
    /// Repeats on every page, or says nothing.
    Nothing,
    Text,
    /// A chunk of its own.
    Media,
    /// A sheet, as a line per row.
    Rows,
}

fn role(block: &Block, as_rows: bool) -> Role {
    match block.kind {
        _ if block.is_furniture() => Role::Nothing,
        BlockKind::Separator => Role::Nothing,
        BlockKind::Table if block.table.as_ref().is_some_and(|table| !table.cells.is_empty()) => {
            if as_rows {
                Role::Rows
            } else {
                Role::Media
            }
        }
        BlockKind::Figure => Role::Media,
        _ => Role::Text,
    }
}

fn section(text: String, heading: bool, whole: bool, after_boundary: bool, source: usize) -> Section<usize> {
    Section { text, tokens: 0, heading, whole, after_boundary, source }
}
