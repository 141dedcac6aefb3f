//! The headings above the current place, while blocks go by.

use super::{Block, BlockKind};

/// Follows the headings of a document. A title is above all; a heading of level 2 is below the last one of level 1.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Level and text, highest first.
    open: Vec<(u32, String)>,
}

impl Outline {
    /// Takes notice of the next block. True for a heading, which from now on is the last of [`Outline::path`]; what
    /// stood below its level is gone.
    ///
    /// ```
    /// use mortise_sdk::document::{Block, Outline};
    ///
    /// let mut outline = Outline::default();
    /// for heading in [Block::heading(1, "Joints"), Block::heading(2, "Tenons"), Block::heading(1, "Glue")] {
    ///     assert!(outline.pass(&heading));
    /// }
    /// assert_eq!(outline.path(), ["Glue"]);
    /// ```
    pub fn pass(&mut self, block: &Block) -> bool {
        if !block.is_heading() {
            return false;
        }
        let level = if block.kind == BlockKind::Title { 0 } else { block.level.max(1) };
        self.open.retain(|(above, _)| *above < level);
        let text = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            self.open.push((level, text));
        }
        true
    }

    /// The headings above, highest first, each on one line: what a chunk's `context` wants.
    pub fn path(&self) -> Vec<String> {
        self.open.iter().map(|(_, text)| text.clone()).collect()
    }

    /// The headings that would stay above a heading like this one: the context of a chunk that begins with it.
    pub fn above(&self, heading: &Block) -> Vec<String> {
        let mut with = self.clone();
        let said = !heading.text.trim().is_empty();
        if with.pass(heading) && said {
            with.open.pop();
        }
        with.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_levels_and_blank_headings() {
        let mut outline = Outline::default();
        outline.pass(&Block::new(0, BlockKind::Title, "The\nBook"));
        outline.pass(&Block::heading(3, "Deep"));
        outline.pass(&Block::heading(2, "Higher"));
        assert_eq!(outline.path(), ["The Book", "Higher"]);
        assert!(!outline.pass(&Block::new(0, BlockKind::Paragraph, "text")));
        assert_eq!(outline.above(&Block::heading(2, "Next")), ["The Book"]);
        assert_eq!(outline.above(&Block::heading(3, " ")), ["The Book", "Higher"]);
        outline.pass(&Block::heading(0, "  "));
        assert_eq!(outline.path(), ["The Book"]);
    }
}
