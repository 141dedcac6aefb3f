//! The document model between parsers and chunkers: a flat list of blocks in reading order.
//!
//! Parsers make blocks, chunkers read them. Both find here what they need again and again: the headings above a block
//! ([`Outline`]), the rows of a table with their header ([`Table::rows`], [`Table::records`]), a table in pieces that fit a
//! chunk ([`Table::pieces`]), the pages of a block.
//!
//! ```
//! use mortise_sdk::document::{Block, BlockKind, Outline};
//!
//! let blocks = [
//!     Block::heading(1, "Joints"),
//!     Block::heading(2, "Tenons"),
//!     Block::new(2, BlockKind::Paragraph, "A tongue that fits a hole."),
//! ];
//! let mut outline = Outline::default();
//! for block in &blocks {
//!     outline.pass(block);
//! }
//! assert_eq!(outline.path(), ["Joints", "Tenons"]);
//! ```

mod outline;
mod table;

pub use outline::Outline;
pub use table::Row;

pub use crate::bindings::host::mortise::plugin::document::{
    Block, BlockKind, Cell, Part, Place, Rect, Style, Summary, Table, Value,
};

impl Block {
    /// A block with text and nothing else. `id` must ascend in reading order; parsers may leave it 0 and let
    /// [`crate::parser::Output::emit`] number it.
    pub fn new(id: u32, kind: BlockKind, text: impl Into<String>) -> Self {
        Block {
            id,
            kind,
            text: text.into(),
            level: 0,
            places: Vec::new(),
            part: 0,
            style: None,
            table: None,
            image: None,
            language: None,
            parent: None,
        }
    }

    /// A heading; level 1 is the highest.
    pub fn heading(level: u32, text: impl Into<String>) -> Self {
        Block { level, ..Block::new(0, BlockKind::Heading, text) }
    }

    /// A table from rows of cell texts; the first `header_rows` rows are headers. The block's text is the plain
    /// rendering: cells by tab, rows by newline.
    pub fn table(rows: &[Vec<String>], header_rows: usize) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = rows.iter().enumerate().flat_map(|(row, cells)| {
            cells.iter().enumerate().map(move |(column, text)| Cell {
                row: row as u32,
                column: column as u32,
                row_span: 1,
                column_span: 1,
                header: row < header_rows,
                text: text.clone(),
                value: Value::None,
            })
        });
        let table = Table { rows: rows.len() as u32, columns: columns as u32, cells: cells.collect() };
        let text = table.plain_text();
        Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) }
    }

    /// True for a title or a heading.
    pub fn is_heading(&self) -> bool {
        matches!(self.kind, BlockKind::Title | BlockKind::Heading)
    }

    /// True for what repeats on every page (headers, footers, numbers) and for contents lists.
    pub fn is_furniture(&self) -> bool {
        matches!(self.kind, BlockKind::PageHeader | BlockKind::PageFooter | BlockKind::PageNumber | BlockKind::TocEntry)
    }

    /// True for blocks without any text to search: rules, blank paragraphs, pictures nobody described.
    pub fn is_blank(&self) -> bool {
        self.kind == BlockKind::Separator || self.text.trim().is_empty()
    }

    /// The page, slide or sheet it begins on; 1 is the first. `None` in formats without.
    ///
    /// ```
    /// use mortise_sdk::document::{Block, BlockKind, Place};
    ///
    /// let mut block = Block::new(0, BlockKind::Paragraph, "It goes on overleaf.");
    /// assert_eq!(block.page(), None);
    /// block.places = vec![Place { page: 3, rect: None }, Place { page: 4, rect: None }];
    /// assert_eq!((block.page(), block.pages().collect::<Vec<_>>()), (Some(3), vec![3, 4]));
    /// ```
    pub fn page(&self) -> Option<u32> {
        self.places.first().map(|place| place.page)
    }

    /// All pages it stands on, in order, each once.
    pub fn pages(&self) -> impl Iterator<Item = u32> + '_ {
        let mut last = None;
        self.places.iter().map(|place| place.page).filter(move |page| last.replace(*page) != Some(*page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_text() {
        assert!(Block::new(0, BlockKind::Separator, "---").is_blank());
        assert!(Block::new(0, BlockKind::Paragraph, " \n\u{a0}").is_blank());
        assert!(!Block::new(0, BlockKind::Figure, "A crane").is_blank());
    }
}
