//! Documents for chunk methods, made of marks: `b12w3` is the fourth word of block 12.

use crate::specimen::words;
use mortise_domain::block::{Block, BlockKind, Cell, Parsed, Part, Place, Rect, Table, Value};
use mortise_domain::source::SourceFile;
use std::sync::Arc;

/// A parsed document under construction.
#[derive(Clone, Default)]
pub(crate) struct Document {
    parsed: Parsed,
    name: Option<String>,
}

/// A word that tells where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    pub(crate) block: u32,
    pub(crate) word: u32,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b{}w{}", self.block, self.word)
    }
}

/// The marks of a text, in order.
pub(crate) fn marks(text: &str) -> impl Iterator<Item = Mark> {
    words(text).filter_map(|word| {
        let (block, word) = word.strip_prefix(['b', 'B'])?.split_once('w')?;
        Some(Mark { block: block.parse().ok()?, word: word.parse().ok()? })
    })
}

/// Words of a sentence.
const SENTENCE: u32 = 8;

/// Sentences of marks of one block, beginning with the given word.
fn sentences(block: u32, first: u32, count: u32) -> String {
    let sentence = |number: u32| {
        let words = (0..SENTENCE).map(|word| Mark { block, word: first + number * SENTENCE + word }.to_string());
        let mut sentence = words.collect::<Vec<_>>().join(" ") + ".";
        sentence.replace_range(..1, "B");
        sentence
    };
    (0..count).map(sentence).collect::<Vec<_>>().join(" ")
}

/// Points of a page.
const WIDTH: f32 = 595.0;
/// Blocks of a page.
const PER_PAGE: u32 = 10;

impl Document {
    /// The next block's id.
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.parsed.blocks.len()).unwrap_or(u32::MAX)
    }

    /// Adds a block with that text.
    pub(crate) fn block(&mut self, kind: BlockKind, text: impl Into<String>) -> &mut Block {
        let id = self.next();
        self.parsed.blocks.push(Block {
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
        });
        let last = self.parsed.blocks.len() - 1;
        &mut self.parsed.blocks[last]
    }

    /// Adds a block of marks.
    pub(crate) fn marked(&mut self, kind: BlockKind, count: u32) -> &mut Block {
        let text = sentences(self.next(), 0, count);
        self.block(kind, text)
    }

    /// Adds a heading of two marks.
    pub(crate) fn heading(&mut self, level: u32) {
        let block = self.next();
        let text = format!("{} {}", Mark { block, word: 0 }, Mark { block, word: 1 });
        self.block(BlockKind::Heading, text).level = level;
    }

    /// Adds a table of marks, row by row, under a header row.
    pub(crate) fn table(&mut self, rows: u32, columns: u32) -> u32 {
        let block = self.next();
        let cell = |row: u32, column: u32| Cell {
            row,
            column,
            row_span: 1,
            column_span: 1,
            header: row == 0,
            text: Mark { block, word: row * columns + column }.to_string(),
            value: Value::None,
        };
        let cells: Vec<Cell> = (0..rows).flat_map(|row| (0..columns).map(move |column| cell(row, column))).collect();
        self.table_of(Table { rows, columns, cells })
    }

    /// Adds a table as it is, with its plain rendering as the text.
    pub(crate) fn table_of(&mut self, table: Table) -> u32 {
        let line = |row: u32| {
            let cells = table.cells.iter().filter(|cell| cell.row == row).map(|cell| cell.text.replace('\n', " "));
            cells.collect::<Vec<_>>().join("\t")
        };
        let text = (0..table.rows).map(line).collect::<Vec<_>>().join("\n");
        let block = self.block(BlockKind::Table, text);
        block.table = Some(table);
        block.id
    }

    /// Puts every block on a page.
    pub(crate) fn laid_out(mut self) -> Self {
        for block in &mut self.parsed.blocks {
            let top = (block.id % PER_PAGE) as f32 * 70.0 + 50.0;
            let rect = Rect { left: 50.0, top, right: WIDTH - 50.0, bottom: top + 60.0 };
            block.places = vec![Place { page: block.id / PER_PAGE + 1, rect: Some(rect) }];
        }
        self.parsed.pages = self.parsed.blocks.iter().flat_map(|b| &b.places).map(|p| p.page).max().unwrap_or(0);
        self
    }

    /// Gives the blocks other ids; the marks keep the old ones.
    pub(crate) fn renumbered(mut self, id: impl Fn(u32) -> u32) -> Self {
        for block in &mut self.parsed.blocks {
            block.id = id(block.id);
            block.parent = block.parent.map(&id);
        }
        self
    }

    pub(crate) fn named(self, name: &str) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    pub(crate) fn with_part(mut self, name: &str) -> Self {
        self.parsed.parts.push(Part { name: name.into(), media_type: "text/plain".into() });
        self
    }

    pub(crate) fn with_image(mut self) -> Self {
        let image =
            mortise_domain::block::Image { media_type: "image/png".into(), bytes: b"\x89PNG\r\n\x1a\n".to_vec() };
        self.parsed.images.push(image);
        self
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.parsed.blocks
    }

    pub(crate) fn pages(&self) -> u32 {
        self.parsed.pages
    }

    pub(crate) fn parsed(&self) -> Arc<Parsed> {
        Arc::new(self.parsed.clone())
    }

    pub(crate) fn file(&self) -> SourceFile {
        SourceFile {
            name: self.name.clone().unwrap_or_else(|| "harbour.txt".into()),
            media_type: "text/plain".into(),
            bytes: Arc::new(
                self.parsed.blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>().join("\n").into_bytes(),
            ),
        }
    }

    /// A report of several pages with a little of everything.
    pub(crate) fn ordinary() -> Self {
        let mut document = Self::default();
        document.marked(BlockKind::PageHeader, 1);
        document.marked(BlockKind::Title, 1);
        document.marked(BlockKind::Paragraph, 2);
        for chapter in 0..3 {
            document.heading(1);
            document.marked(BlockKind::Paragraph, 3);
            document.block(BlockKind::Separator, "");
            document.marked(BlockKind::Paragraph, 1);
            document.heading(2);
            for _ in 0..3 {
                document.marked(BlockKind::ListItem, 1).level = 1;
            }
            document.heading(3);
            document.marked(BlockKind::Paragraph, 6 + chapter);
            document.table(4, 3);
            document.marked(BlockKind::Paragraph, 2);
            document.heading(2);
            document.marked(BlockKind::Quote, 1);
            document.marked(BlockKind::Code, 2);
            document.marked(BlockKind::PageFooter, 1);
        }
        document.laid_out()
    }

    /// Paragraphs of marks.
    pub(crate) fn paragraphs(count: u32, sentences: u32) -> Self {
        let mut document = Self::default();
        for _ in 0..count {
            document.marked(BlockKind::Paragraph, sentences);
        }
        document
    }

    /// Many paragraphs of one mark each.
    pub(crate) fn many(count: u32) -> Self {
        let mut document = Self::default();
        for block in 0..count {
            document.block(BlockKind::Paragraph, format!("Ship {} left.", Mark { block, word: 0 }));
        }
        document
    }

    /// One paragraph with that text.
    pub(crate) fn of_text(text: impl Into<String>) -> Self {
        let mut document = Self::default();
        document.block(BlockKind::Paragraph, text);
        document
    }
}

/// Repeats on every page or lists what comes later: not part of the text.
pub(crate) fn is_furniture(block: &Block) -> bool {
    use BlockKind::{PageFooter, PageHeader, PageNumber, Separator, TocEntry};
    matches!(block.kind, PageHeader | PageFooter | PageNumber | TocEntry | Separator)
}

pub(crate) fn is_heading(block: &Block) -> bool {
    matches!(block.kind, BlockKind::Title | BlockKind::Heading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_whatever_is_around_them() {
        let found: Vec<_> = marks("<td>b3w1</td> x B12w0. bw1 b1w").map(|mark| mark.to_string()).collect();
        assert_eq!(found, ["b3w1", "b12w0"]);
    }

    #[test]
    fn documents_are_sound() {
        let document = Document::ordinary();
        for (at, block) in document.blocks().iter().enumerate() {
            assert_eq!(block.id as usize, at);
            assert!(marks(&block.text).all(|mark| mark.block == block.id));
            let distinct: std::collections::HashSet<_> = marks(&block.text).collect();
            assert_eq!(distinct.len(), marks(&block.text).count());
        }
        assert!(document.pages() > 3);
    }
}
