//! Documents written by hand.

use crate::chunker::Blocks;
use crate::document::{Block, BlockKind, Part, Place, Summary};
use crate::parser::Kept;

/// A parsed document for tests of chunk methods, block by block. Blocks are numbered in order.
///
/// ```
/// use mortise_sdk::testing::Document;
///
/// let document = Document::new("handbook.pdf")
///     .page(1)
///     .title("Handbook")
///     .heading(1, "Leave")
///     .paragraph("Thirty days a year.")
///     .page(2)
///     .list_item(1, "Ask early.")
///     .table(&[&["grade", "days"], &["A", "30"]], 1);
/// assert_eq!(document.blocks()[4].id, 4);
/// assert_eq!(document.read().summary().pages, 2);
/// ```
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    media_type: String,
    metadata: serde_json::Value,
    parts: Vec<Part>,
    page: Option<u32>,
    blocks: Vec<Block>,
}

impl Document {
    /// An empty document; `name` is that of the file it was parsed from.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            media_type: "text/plain".into(),
            metadata: serde_json::json!({}),
            parts: vec![],
            page: None,
            blocks: vec![],
        }
    }

    /// What a parser gave, as a chunk method will see it.
    pub fn of_parse(name: &str, kept: &Kept) -> Self {
        let metadata = if kept.metadata.is_object() { kept.metadata.clone() } else { serde_json::json!({}) };
        Self { metadata, parts: kept.parts.clone(), blocks: kept.blocks.clone(), ..Self::new(name) }
    }

    /// The media type of the file; `text/plain` unless set.
    #[must_use]
    pub fn media_type(mut self, media_type: &str) -> Self {
        self.media_type = media_type.into();
        self
    }

    /// What the file says of itself: a JSON object.
    #[must_use]
    pub fn metadata(mut self, metadata: serde_json::Value) -> Self {
        self.metadata = metadata;
        self
    }

    /// The blocks that follow belong to this part: a sheet, a slide, a chapter file.
    #[must_use]
    pub fn part(mut self, name: &str, media_type: &str) -> Self {
        self.parts.push(Part { name: name.into(), media_type: media_type.into() });
        self
    }

    /// The blocks that follow stand on this page.
    #[must_use]
    pub fn page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// Adds any block; its number, and its page and part if it has none, are those that are due.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        let mut block = Block { id: self.blocks.len() as u32, ..block };
        if block.places.is_empty() {
            block.places.extend(self.page.map(|page| Place { page, rect: None }));
        }
        if block.part == 0 {
            block.part = self.parts.len().saturating_sub(1) as u32;
        }
        self.blocks.push(block);
        self
    }

    /// Adds the document's title.
    #[must_use]
    pub fn title(self, text: impl Into<String>) -> Self {
        self.block(Block::new(0, BlockKind::Title, text))
    }

    /// Adds a heading; level 1 is the highest.
    #[must_use]
    pub fn heading(self, level: u32, text: impl Into<String>) -> Self {
        self.block(Block::heading(level, text))
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.block(Block::new(0, BlockKind::Paragraph, text))
    }

    /// Adds an item of a list; depth 1 is the outermost.
    #[must_use]
    pub fn list_item(self, depth: u32, text: impl Into<String>) -> Self {
        self.block(Block { level: depth, ..Block::new(0, BlockKind::ListItem, text) })
    }

    /// Adds code.
    #[must_use]
    pub fn code(self, text: impl Into<String>) -> Self {
        self.block(Block::new(0, BlockKind::Code, text))
    }

    /// Adds a table from the texts of its cells; the first `header_rows` rows are headers.
    #[must_use]
    pub fn table(self, rows: &[&[&str]], header_rows: usize) -> Self {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        self.block(Block::table(&rows, header_rows))
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The document as a chunk method reads it.
    pub fn read(&self) -> Blocks<'_> {
        Blocks::from_document(self)
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary {
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            pages: self.blocks.iter().flat_map(Block::pages).max().unwrap_or(0),
            blocks: self.blocks.len() as u32,
            parts: self.parts.clone(),
            metadata: self.metadata.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_parts_and_metadata_reach_the_reader() {
        let document = Document::new("a.xlsx")
            .media_type("application/x")
            .metadata(serde_json::json!({"author": "me"}))
            .part("one", "x/y")
            .paragraph("in one")
            .part("two", "x/y")
            .page(2)
            .code("in two");
        let summary = document.read().summary();
        assert_eq!((summary.name.as_str(), summary.media_type.as_str()), ("a.xlsx", "application/x"));
        assert_eq!((summary.pages, summary.parts.len(), summary.blocks), (2, 2, 2));
        assert_eq!(summary.metadata, r#"{"author":"me"}"#);
        let parts: Vec<u32> = document.blocks().iter().map(|block| block.part).collect();
        assert_eq!(parts, [0, 1]);
        assert_eq!(document.read().read(1, 9).len(), 1);
    }
}
