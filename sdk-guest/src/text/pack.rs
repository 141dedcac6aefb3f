//! How the blocks of a document become chunks that respect a token limit.

mod overlap;

use super::{lines, pieces, sentences, split_after};
use crate::chunker::{Chunk, ChunkKind, Chunks};
use crate::document::{Block, BlockKind, Outline};
use crate::host::count_tokens;
use std::rc::Rc;

/// Packs blocks into chunks of at most so many tokens. Push the blocks in order, then [`Packer::finish`].
///
/// 1. No chunk has more tokens than the limit, what it repeats included. Only a single character may have more.
/// 2. No text is lost and its order is kept: without what is repeated, the chunks one after the other are the document,
///    but for white space at their ends. What repeats on every page (headers, footers, page numbers) is left out.
/// 3. Chunks end between sentences (or what [`Packer::cut`] says); what is too long for one chunk is cut between words.
/// 4. A heading goes with the text below it, and the headings above a chunk are its `context`.
/// 5. A table is apart: rows whole, header repeated ([`Table::pieces`](crate::document::Table::pieces)). Code is cut
///    between lines.
///
/// ```
/// use mortise_sdk::testing::Document;
/// use mortise_sdk::text::{self, Packer};
///
/// let document = Document::new("joints.md")
///     .heading(1, "Joints")
///     .paragraph("One is here. Two is there.")
///     .paragraph("Three is gone.")
///     .table(&[&["wood", "weight"], &["oak", "720"]], 1);
/// let mut packer = Packer::new(12);
/// document.read().iter().for_each(|block| packer.push(&block));
/// let chunks = packer.finish();
/// let texts: Vec<_> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
/// assert_eq!(texts, ["Joints\nOne is here. Two is there.", "Three is gone.", "wood\tweight\noak\t720"]);
/// assert_eq!((&chunks[0].blocks[..], &chunks[1].context[..]), (&[0, 1][..], &["Joints".to_owned()][..]));
/// assert!(chunks.iter().all(|chunk| text::count(&chunk.text) <= 12));
/// ```
#[derive(Debug)]
pub struct Packer {
    limit: u32,
    overlap: u32,
    cut: Cut,
    separator: String,
    outline: Outline,
    path: Rc<[String]>,
    /// The end of the chunk before, to be repeated.
    tail: Tail,
    open: Vec<Atom>,
    done: Vec<Packed>,
}

/// Where chunks may end within a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// After sentences.
    #[default]
    Sentences,
    /// After lines.
    Lines,
    /// After any of these.
    After(Vec<String>),
}

/// A finished chunk; [`Chunk::from`] makes the plugin's answer of it, `Chunks::from` of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its text, without white space at the ends.
    pub text: String,
    /// The first so many bytes of the text repeat the end of the chunk before.
    pub repeated: usize,
    /// Text, or a piece of a table.
    pub kind: PackedKind,
    /// Ids of the blocks its text comes from, but for what is repeated.
    pub blocks: Vec<u32>,
    /// Headings above its first block, highest first.
    pub context: Vec<String>,
}

/// What a packed chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackedKind {
    /// Running text.
    Text,
    /// Rows of a table.
    Table,
}

/// What is never torn: a sentence, or a piece of one that is too long.
#[derive(Clone, Debug)]
struct Atom {
    /// With the white space behind it.
    text: String,
    /// Of the trimmed text.
    tokens: u32,
    block: u32,
    heading: bool,
    /// Follows the atom before it in the same block, without a separator.
    goes_on: bool,
    path: Rc<[String]>,
}

/// The end of a chunk, repeated at the beginning of the next.
#[derive(Debug, Default)]
struct Tail {
    text: String,
    tokens: u32,
    /// White space that stood behind it.
    gap: String,
}

impl Packer {
    /// Packs into chunks of at most `limit` tokens; 0 counts as 1.
    pub fn new(limit: u32) -> Self {
        Self {
            limit: limit.max(1),
            overlap: 0,
            cut: Cut::default(),
            separator: "\n".into(),
            outline: Outline::default(),
            path: Rc::default(),
            tail: Tail::default(),
            open: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Repeats up to so many tokens of the end of a chunk at the beginning of the next, from the start of a sentence or
    /// else of a word; at most half of the limit. Nothing is repeated across a table or a [`Packer::boundary`], and what
    /// is repeated gives way before a sentence is torn.
    ///
    /// ```
    /// use mortise_sdk::text::Packer;
    ///
    /// let mut packer = Packer::new(9).overlap(4);
    /// packer.push_text(0, "One is here. Two is here. Three is here. Four is here.");
    /// let texts: Vec<_> = packer.finish().into_iter().map(|chunk| chunk.text).collect();
    /// assert_eq!(texts, ["One is here. Two is here.", "Two is here. Three is here.", "Three is here. Four is here."]);
    /// ```
    #[must_use]
    pub fn overlap(mut self, tokens: u32) -> Self {
        self.overlap = tokens.min(self.limit / 2);
        self
    }

    /// Where chunks may end within a block: after sentences unless set.
    ///
    /// ```
    /// use mortise_sdk::text::{Cut, Packer};
    ///
    /// let mut packer = Packer::new(4).cut(Cut::After(vec![";".into()]));
    /// packer.push_text(0, "one two; three; four five");
    /// let texts: Vec<_> = packer.finish().into_iter().map(|chunk| chunk.text).collect();
    /// assert_eq!(texts, ["one two;", "three;", "four five"]);
    /// ```
    #[must_use]
    pub fn cut(mut self, cut: Cut) -> Self {
        self.cut = cut;
        self
    }

    /// What stands between blocks in one chunk: a line break unless set.
    #[must_use]
    pub fn separator(mut self, separator: impl Into<String>) -> Self {
        self.separator = separator.into();
        self
    }

    /// Adds a block. Headings, tables, code and what repeats on every page are dealt with by their kind.
    pub fn push(&mut self, block: &Block) {
        if block.is_furniture() || block.is_blank() {
            return;
        }
        if block.is_heading() {
            self.path = self.outline.above(block).into();
            self.add(block.id, block.text.trim(), &Cut::Lines, true);
            self.outline.pass(block);
            self.path = self.outline.path().into();
            return;
        }
        match (&block.kind, &block.table) {
            (BlockKind::Table, Some(table)) if !table.cells.is_empty() => {
                self.boundary();
                let context = self.path.to_vec();
                let packed = table.pieces(self.limit).into_iter().map(|text| Packed {
                    text: text.trim().to_owned(),
                    repeated: 0,
                    kind: PackedKind::Table,
                    blocks: vec![block.id],
                    context: context.clone(),
                });
                self.done.extend(packed);
            }
            (BlockKind::Code | BlockKind::Table, _) => {
                // Code keeps its indentation.
                let text = block.text.trim_end().trim_start_matches(['\n', '\r']);
                self.add(block.id, text, &Cut::Lines, false);
            }
            _ => self.push_text(block.id, &block.text),
        }
    }

    /// Adds a text that comes from this block.
    pub fn push_text(&mut self, block: u32, text: &str) {
        let cut = self.cut.clone();
        self.add(block, text.trim(), &cut, false);
    }

    /// What comes next begins a chunk, and repeats nothing.
    pub fn boundary(&mut self) {
        while !self.open.is_empty() {
            self.close(true);
        }
        self.tail = Tail::default();
    }

    /// Takes the chunks that are finished, so that they need not wait in memory for the rest.
    pub fn take(&mut self) -> Vec<Packed> {
        std::mem::take(&mut self.done)
    }

    /// Ends the last chunk, and gives all that were not taken.
    pub fn finish(mut self) -> Vec<Packed> {
        self.boundary();
        self.done
    }

    fn add(&mut self, block: u32, text: &str, cut: &Cut, heading: bool) {
        let parts = match cut {
            Cut::Sentences => sentences(text),
            Cut::Lines => lines(text),
            Cut::After(delimiters) => split_after(text, delimiters),
        };
        let counts = count_tokens(&parts.iter().map(|part| part.trim().to_owned()).collect::<Vec<_>>());
        let mut atoms: Vec<Atom> = Vec::with_capacity(parts.len());
        for (part, tokens) in parts.into_iter().zip(counts) {
            if part.trim().is_empty() {
                // White space belongs to what stands before it.
                if let Some(last) = atoms.last_mut() {
                    last.text.push_str(part);
                }
                continue;
            }
            let mut atom = |text: &str, tokens: u32| {
                let goes_on = !atoms.is_empty();
                atoms.push(Atom { text: text.into(), tokens, block, heading, goes_on, path: self.path.clone() });
            };
            if tokens <= self.limit {
                atom(part, tokens);
            } else {
                // With room for what is repeated.
                let room = if self.overlap > 0 { self.overlap + 1 } else { 0 };
                let torn = pieces(part, self.limit.saturating_sub(room));
                let counts = count_tokens(&torn.iter().map(|piece| piece.trim().to_owned()).collect::<Vec<_>>());
                torn.into_iter().zip(counts).for_each(|(piece, tokens)| atom(piece, tokens));
            }
        }
        for atom in atoms {
            self.append(atom);
        }
    }

    fn append(&mut self, atom: Atom) {
        if !self.fits(&atom) && !self.tail.text.is_empty() && self.open.iter().all(|open| open.heading) {
            // What is repeated gives way before a heading is parted from its text.
            self.tail = Tail::default();
        }
        while !self.open.is_empty() && !self.fits(&atom) {
            self.close(false);
        }
        if !self.fits(&atom) {
            self.tail = Tail::default();
        }
        self.open.push(atom);
    }

    /// By the sum of all parts, each counted alone and a separator as one. [`Packer::close`] counts what goes out.
    fn fits(&self, atom: &Atom) -> bool {
        let open = self.open.iter().map(|open| open.tokens.saturating_add(1));
        let tail = if self.tail.text.is_empty() { 0 } else { self.tail.tokens.saturating_add(1) };
        open.fold(tail, u32::saturating_add).saturating_add(atom.tokens) <= self.limit
    }

    /// Ends the open chunk: at least one atom goes out, and what does not go out stays open.
    fn close(&mut self, hard: bool) {
        let mut kept = Vec::new();
        self.keep_headings(hard, &mut kept);
        let (mut text, mut repeated) = self.render();
        while super::count(&text) > self.limit {
            if !self.tail.text.is_empty() {
                self.tail = Tail::default();
            } else if self.open.len() > 1 {
                kept.extend(self.open.pop());
                self.keep_headings(false, &mut kept);
            } else {
                break;
            }
            (text, repeated) = self.render();
        }
        let out = std::mem::take(&mut self.open);
        kept.reverse();
        self.open = kept;
        self.tail = Tail::default();
        let Some(last) = out.last() else { return };
        if self.overlap > 0 && !(hard && self.open.is_empty()) {
            let gap = last.text[last.text.trim_end().len()..].to_owned();
            let (text, tokens) = overlap::tail(&text, repeated, self.overlap);
            self.tail = Tail { text: text.to_owned(), tokens, gap };
        }
        let mut blocks: Vec<u32> = out.iter().map(|atom| atom.block).collect();
        blocks.dedup();
        let context = out.first().map(|first| first.path.to_vec()).unwrap_or_default();
        self.done.push(Packed { text, repeated, kind: PackedKind::Text, blocks, context });
    }

    /// Headings at the end go with what follows; but a chunk of headings alone has nothing to leave behind, and before a
    /// boundary nothing follows. `kept` is in reverse.
    fn keep_headings(&mut self, hard: bool, kept: &mut Vec<Atom>) {
        if hard || self.open.iter().all(|open| open.heading) {
            return;
        }
        while let Some(heading) = self.open.pop_if(|open| open.heading) {
            kept.push(heading);
        }
    }

    /// The text of the open chunk, and how much of it is repeated.
    fn render(&self) -> (String, usize) {
        let mut text = self.tail.text.clone();
        let mut repeated = text.len();
        for (number, atom) in self.open.iter().enumerate() {
            let begins = text.is_empty();
            if number == 0 && atom.goes_on {
                text.push_str(if begins { "" } else { &self.tail.gap });
            } else if !atom.goes_on {
                text.truncate(text.trim_end().len());
                text.push_str(if begins { "" } else { &self.separator });
            }
            if number == 0 {
                repeated = text.len();
            }
            text.push_str(if begins { atom.text.trim_start_matches(['\n', '\r']) } else { &atom.text });
        }
        text.truncate(text.trim_end().len());
        let leading = text.len() - text.trim_start().len();
        text.drain(..leading);
        (text, repeated.saturating_sub(leading))
    }
}

impl From<Packed> for Chunk {
    fn from(packed: Packed) -> Self {
        let kind = match packed.kind {
            PackedKind::Text => ChunkKind::Text,
            PackedKind::Table => ChunkKind::Table,
        };
        Chunk { kind, context: packed.context, ..Chunk::text(packed.text, packed.blocks) }
    }
}

impl From<Vec<Packed>> for Chunks {
    fn from(packed: Vec<Packed>) -> Self {
        packed.into_iter().map(Chunk::from).collect()
    }
}

#[cfg(test)]
mod tests;
