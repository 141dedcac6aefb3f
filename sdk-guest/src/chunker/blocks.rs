//! The parsed document as a chunk method reads it: block by block, section by section, page by page.

use crate::bindings::host::mortise::plugin::blocks_in::Reader;
use crate::document::{Block, Outline, Summary};
use std::iter::Peekable;

/// The parsed document, read from the host in windows or, in tests, from a slice.
pub struct Blocks<'a>(Source<'a>);

enum Source<'a> {
    Host(&'a Reader),
    Slice {
        name: String,
        blocks: &'a [Block],
    },
    #[cfg(not(target_family = "wasm"))]
    Document(&'a crate::testing::Document),
}

/// What stands under one heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading it stands under; `None` for what comes before the first.
    pub heading: Option<Block>,
    /// The headings above it, highest first, its own the last.
    pub path: Vec<String>,
    /// Everything up to the next heading, of any level. Empty where one heading follows another.
    pub blocks: Vec<Block>,
}

/// What begins on one page.
#[derive(Clone, Debug)]
pub struct Page {
    /// 1 is the first; `None` for blocks without a place.
    pub number: Option<u32>,
    /// Its blocks, in reading order.
    pub blocks: Vec<Block>,
}

/// Blocks fetched in one call to the host.
const WINDOW: u32 = 256;

impl<'a> Blocks<'a> {
    #[doc(hidden)]
    pub fn from_host(reader: &'a Reader) -> Self {
        Blocks(Source::Host(reader))
    }

    /// A document for tests. [`testing::Document`](crate::testing::Document) makes one with less typing.
    pub fn from_slice(name: &str, blocks: &'a [Block]) -> Self {
        Blocks(Source::Slice { name: name.into(), blocks })
    }

    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn from_document(document: &'a crate::testing::Document) -> Self {
        Blocks(Source::Document(document))
    }

    /// Name, media type, pages, number of blocks, parts, metadata.
    pub fn summary(&self) -> Summary {
        match &self.0 {
            Source::Host(reader) => reader.summary(),
            Source::Slice { name, blocks } => summary(name, blocks),
            #[cfg(not(target_family = "wasm"))]
            Source::Document(document) => document.summary(),
        }
    }

    /// At most `count` blocks from position `first`.
    pub fn read(&self, first: u32, count: u32) -> Vec<Block> {
        let from = |blocks: &[Block]| blocks.iter().skip(first as usize).take(count as usize).cloned().collect();
        match &self.0 {
            Source::Host(reader) => reader.read(first, count),
            Source::Slice { blocks, .. } => from(blocks),
            #[cfg(not(target_family = "wasm"))]
            Source::Document(document) => from(document.blocks()),
        }
    }

    /// All blocks in reading order, fetched in windows.
    ///
    /// ```
    /// use mortise_sdk::chunker::Blocks;
    /// use mortise_sdk::document::{Block, BlockKind};
    ///
    /// let blocks = [Block::new(0, BlockKind::Paragraph, "One."), Block::new(1, BlockKind::PageFooter, "page 1")];
    /// let blocks = Blocks::from_slice("a.txt", &blocks);
    /// let said: Vec<_> = blocks.iter().filter(|block| !block.is_furniture()).map(|block| block.text).collect();
    /// assert_eq!(said, ["One."]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Block> + '_ {
        let mut next = 0;
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            let window = self.read(next, WINDOW);
            done = window.is_empty();
            next += window.len() as u32;
            (!done).then_some(window)
        })
        .flatten()
    }

    /// The document heading by heading, without what repeats on every page. One section is in memory at a time.
    ///
    /// ```
    /// use mortise_sdk::chunker::Blocks;
    /// use mortise_sdk::testing::Document;
    ///
    /// let document = Document::new("a.md").heading(1, "Joints").paragraph("One.").heading(2, "Tenons").paragraph("Two.");
    /// let sections: Vec<_> = document.read().sections().collect();
    /// assert_eq!(sections[1].path, ["Joints", "Tenons"]);
    /// assert_eq!(sections[1].blocks[0].text, "Two.");
    /// ```
    pub fn sections(&self) -> impl Iterator<Item = Section> + '_ {
        let mut blocks = self.iter().filter(|block| !block.is_furniture()).peekable();
        let mut outline = Outline::default();
        std::iter::from_fn(move || {
            let heading = blocks.next_if(Block::is_heading);
            if let Some(heading) = &heading {
                outline.pass(heading);
            }
            let under = take_while(&mut blocks, |block| !block.is_heading());
            let over = heading.is_none() && under.is_empty();
            (!over).then(|| Section { heading, path: outline.path(), blocks: under })
        })
    }

    /// The document page by page: blocks that begin on the same page, as long as they follow each other.
    ///
    /// ```
    /// use mortise_sdk::testing::Document;
    ///
    /// let document = Document::new("a.pdf").page(1).paragraph("One.").paragraph("Two.").page(2).paragraph("Three.");
    /// let pages: Vec<_> = document.read().pages().map(|page| (page.number, page.blocks.len())).collect();
    /// assert_eq!(pages, [(Some(1), 2), (Some(2), 1)]);
    /// ```
    pub fn pages(&self) -> impl Iterator<Item = Page> + '_ {
        let mut blocks = self.iter().peekable();
        std::iter::from_fn(move || {
            let number = blocks.peek()?.page();
            Some(Page { number, blocks: take_while(&mut blocks, |block| block.page() == number) })
        })
    }
}

fn take_while(blocks: &mut Peekable<impl Iterator<Item = Block>>, wanted: impl Fn(&Block) -> bool) -> Vec<Block> {
    std::iter::from_fn(|| blocks.next_if(&wanted)).collect()
}

fn summary(name: &str, blocks: &[Block]) -> Summary {
    Summary {
        name: name.into(),
        media_type: String::new(),
        pages: blocks.iter().flat_map(|b| &b.places).map(|p| p.page).max().unwrap_or(0),
        blocks: blocks.len() as u32,
        parts: vec![],
        metadata: "{}".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::BlockKind;
    use crate::testing::Document;

    #[test]
    fn windows_are_seamless() {
        let blocks: Vec<Block> = (0..700).map(|id| Block::new(id, BlockKind::Paragraph, id.to_string())).collect();
        let read = Blocks::from_slice("a.txt", &blocks);
        assert!(read.iter().map(|block| block.id).eq(0..700));
        assert_eq!(read.summary().blocks, 700);
        assert_eq!(read.read(699, 5).len(), 1);
        assert!(read.read(700, 5).is_empty());
    }

    #[test]
    fn sections_hold_everything_once() {
        let document = Document::new("a.md")
            .paragraph("before")
            .block(Block::new(0, BlockKind::PageFooter, "page 1"))
            .heading(1, "A")
            .heading(2, "B")
            .paragraph("in b")
            .paragraph("in b too")
            .heading(1, "C");
        let told: Vec<_> = document.read().sections().map(|s| (s.path.join("/"), s.blocks.len())).collect();
        assert_eq!(told, [(String::new(), 1), ("A".into(), 0), ("A/B".into(), 2), ("C".into(), 0)]);
        assert_eq!(Document::new("empty").read().sections().count(), 0);
    }

    #[test]
    fn pages_of_documents_without_pages() {
        let document = Document::new("a.txt").paragraph("one").paragraph("two");
        let pages: Vec<_> = document.read().pages().collect();
        assert_eq!((pages.len(), pages[0].number, pages[0].blocks.len()), (1, None, 2));
    }
}
