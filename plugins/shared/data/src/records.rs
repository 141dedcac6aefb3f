//! Pairs, paragraphs and separators, within the number of blocks that a host takes.

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::Output;

/// From this many blocks on, lines are packed.
const PACK_FROM: usize = 200_000;

/// Bytes of a packed block, about.
const PACK: usize = 1_024;

/// Bytes of one block's text at most; longer values are cut.
pub const LONGEST: usize = 1 << 20;

/// Writes records.
pub struct Records<'o> {
    /// Absent where it is only tried whether something can be read.
    out: Option<&'o mut Output>,
    emitted: usize,
    /// A record ended, and nothing came since.
    ended: bool,
    group: String,
}

impl<'o> Records<'o> {
    /// Nothing written yet.
    pub fn new(out: &'o mut Output) -> Self {
        Self { out: Some(out), emitted: 0, ended: false, group: String::new() }
    }

    /// Nothing is ever written: of a component there is one output, and what a second one took would reach the host.
    pub fn unwritten() -> Self {
        Self { out: None, emitted: 0, ended: false, group: String::new() }
    }

    /// A value with its name; just the value where the name is empty. Nothing if the value is blank.
    pub fn pair(&mut self, name: &str, value: &str) {
        let value = value.trim();
        let mut rest = value;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut(rest));
            let text = if name.is_empty() { piece.to_owned() } else { format!("{name}: {piece}") };
            self.write(Block::new(0, BlockKind::KeyValue, text));
            rest = after;
        }
    }

    /// A block of running text or code.
    pub fn block(&mut self, kind: BlockKind, text: &str) {
        let mut rest = text;
        while !rest.trim().is_empty() {
            let (piece, after) = rest.split_at(cut(rest));
            self.write(Block::new(0, kind, piece));
            rest = after;
        }
    }

    /// A heading.
    pub fn heading(&mut self, level: u32, text: &str) {
        if !text.trim().is_empty() {
            self.write(Block::heading(level, text));
        }
    }

    /// A block that was made elsewhere, a table for example.
    pub fn whole(&mut self, block: Block) {
        self.write(block);
    }

    /// Ends a record.
    pub fn separate(&mut self) {
        self.ended = self.emitted > 0;
    }

    /// Whether anything was written.
    pub fn is_empty(&self) -> bool {
        self.emitted == 0
    }

    /// Tells a warning of the reader.
    pub fn warn(&mut self, message: &str) {
        if let Some(out) = &mut self.out {
            out.warn(None, message);
        }
    }

    /// Writes what waits; to be called at the end.
    pub fn finish(&mut self) {
        let text = std::mem::take(&mut self.group);
        if !text.is_empty() {
            self.emit(Block::new(0, BlockKind::KeyValue, text));
        }
    }

    fn emit(&mut self, block: Block) {
        if let Some(out) = &mut self.out {
            out.emit(block);
        }
    }

    fn write(&mut self, block: Block) {
        self.emitted += 1;
        let ended = std::mem::take(&mut self.ended);
        if self.emitted <= PACK_FROM {
            if ended {
                self.emit(Block::new(0, BlockKind::Separator, ""));
            }
            self.emit(block);
            return;
        }
        if !self.group.is_empty() {
            self.group.push_str(if ended { "\n\n" } else { "\n" });
        }
        self.group.push_str(&block.text);
        if self.group.len() >= PACK {
            self.finish();
        }
    }
}

/// Where a text that is too long for one block is cut: between words, if there are any.
fn cut(text: &str) -> usize {
    if text.len() <= LONGEST {
        return text.len();
    }
    let most = text.floor_char_boundary(LONGEST);
    let from = text.floor_char_boundary(most - 4_096);
    text[from..most].rfind(char::is_whitespace).map_or(most, |at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_words() {
        let mut out = Output::default();
        let mut records = Records::new(&mut out);
        records.pair("a", &"harbour ".repeat(300_000));
        records.block(BlockKind::Paragraph, &"港".repeat(400_000));
        records.finish();
        let kept = out.into_kept();
        assert!(kept.blocks.len() == 5 && kept.blocks.iter().all(|b| b.text.len() <= LONGEST + 3));
        assert_eq!(kept.blocks.iter().map(|b| b.text.matches("harbour").count()).sum::<usize>(), 300_000);
        assert_eq!(kept.blocks.iter().map(|b| b.text.matches('港').count()).sum::<usize>(), 400_000);
    }
}
