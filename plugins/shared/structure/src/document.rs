//! A document as methods that follow its structure read it: headings, text, tables and pictures in reading order.

use crate::HostTokens;
use mortise_sdk::chunker::Blocks;
use mortise_sdk::document::{Block, BlockKind, Place, Table};
use mortise_sdk::host::Progress;
use mortise_shared_text::TokenCounter;
use std::collections::BTreeMap;

/// Texts counted in one call.
const WINDOW: usize = 512;

/// A block that has something to say, or a line of one.
#[derive(Clone, Debug)]
pub struct Item {
    /// Id of its block.
    pub id: u32,
    /// Its number in the document, which tells lines of one block apart. 0 until [`Document::count`].
    pub number: usize,
    /// What it is.
    pub kind: ItemKind,
    /// Trimmed; code keeps its indentation.
    pub text: String,
    /// Tokens of the text, counted alone. 0 until [`Document::count`].
    pub tokens: u32,
    /// Where it stands.
    pub places: Vec<Place>,
    /// Ids and texts of the captions of a table or picture.
    pub captions: Vec<(u32, String)>,
}

/// What an item is.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// A heading of that level; 0 is the document's title.
    Heading(u32),
    /// Running text.
    Text,
    /// A paragraph or list item, which may hold a numbered heading that the file does not mark as one.
    Lines,
    /// Code and formulas: torn as late as possible.
    Whole,
    /// A table of its own.
    Table(Table),
    /// A picture; the text is what is told of it.
    Figure,
}

/// A document, read.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// In reading order.
    pub items: Vec<Item>,
    /// Blocks have rectangles on pages, as in PDF.
    pub fixed_layout: bool,
    /// What the file says of itself: a JSON object.
    pub metadata: String,
}

impl Document {
    /// Reads all blocks. What repeats on every page, contents entries, rules and blank blocks are left out.
    pub fn read(blocks: &Blocks<'_>, progress: &Progress) -> Self {
        let summary = blocks.summary();
        let mut document = Self { metadata: summary.metadata, ..Self::default() };
        let mut captions: Vec<(usize, u32)> = Vec::new();
        // Tables by id: a later window of a sheet names its first, which has the header rows.
        let mut headers: BTreeMap<u32, Table> = BTreeMap::new();
        let mut contents = None;
        for (number, block) in blocks.iter().enumerate() {
            if number % 256 == 0 {
                progress.at(number, summary.blocks as usize);
            }
            document.fixed_layout |= block.places.iter().any(|place| place.rect.is_some());
            if block.kind == BlockKind::TocEntry {
                // The heading of a list that is left out goes with it.
                if let Some(at) = contents.take().filter(|&at| at + 1 == document.items.len()) {
                    document.items.truncate(at);
                }
                continue;
            }
            let Some(item) = item(&block, &mut headers) else { continue };
            if let (BlockKind::Caption, Some(owner)) = (block.kind, block.parent) {
                captions.push((document.items.len(), owner));
            }
            if !item.text.is_empty() && crate::contents::is_marker(&item.text) {
                contents = Some(document.items.len());
            }
            document.items.push(item);
        }
        document.settle(&captions);
        document
    }

    /// Gives captions to the tables and pictures that they name, and drops pictures of which nothing is told.
    fn settle(&mut self, captions: &[(usize, u32)]) {
        let media: BTreeMap<u32, usize> =
            self.items.iter().enumerate().filter(|(_, item)| item.is_media()).map(|(at, item)| (item.id, at)).collect();
        for (at, owner) in captions {
            let Some(&owner) = media.get(owner) else { continue };
            let (id, text) = (self.items[*at].id, std::mem::take(&mut self.items[*at].text));
            self.items[owner].captions.push((id, text));
        }
        self.items.retain(|item| {
            !item.text.is_empty() || !item.captions.is_empty() || matches!(item.kind, ItemKind::Table(_))
        });
    }

    /// Numbers all items and counts their tokens.
    pub fn count(&mut self, progress: &Progress) {
        let total = self.items.len();
        self.items.iter_mut().enumerate().for_each(|(number, item)| item.number = number);
        for (number, window) in self.items.chunks_mut(WINDOW).enumerate() {
            count(window);
            progress.at((number + 1) * WINDOW, total);
        }
    }

    /// Takes paragraphs of several lines apart, so that a heading within can be one.
    pub fn split_lines(&mut self) {
        if !self.items.iter().any(|item| matches!(item.kind, ItemKind::Lines) && item.text.contains('\n')) {
            return;
        }
        let items = std::mem::take(&mut self.items);
        for item in items {
            if !matches!(item.kind, ItemKind::Lines) || !item.text.contains('\n') {
                self.items.push(item);
                continue;
            }
            let lines = item.text.lines().map(str::trim).filter(|line| !line.is_empty());
            self.items.extend(lines.map(|line| Item { text: line.to_owned(), ..item.clone_bare() }));
        }
    }
}

/// Counts the tokens of items in one call.
pub fn count(items: &mut [Item]) {
    let texts: Vec<String> = items.iter_mut().map(|item| std::mem::take(&mut item.text)).collect();
    let counts = HostTokens.count(&texts);
    for ((item, text), tokens) in items.iter_mut().zip(texts).zip(counts) {
        item.text = text;
        item.tokens = tokens;
    }
}

impl Item {
    /// A table or a picture.
    pub fn is_media(&self) -> bool {
        matches!(self.kind, ItemKind::Table(_) | ItemKind::Figure)
    }

    /// A heading or title that the file marks as one.
    pub fn is_heading(&self) -> bool {
        matches!(self.kind, ItemKind::Heading(_))
    }

    fn clone_bare(&self) -> Self {
        Self {
            id: self.id,
            number: 0,
            kind: self.kind.clone(),
            text: String::new(),
            tokens: 0,
            places: self.places.clone(),
            captions: vec![],
        }
    }
}

fn item(block: &Block, headers: &mut BTreeMap<u32, Table>) -> Option<Item> {
    if block.is_furniture() || block.kind == BlockKind::Separator {
        return None;
    }
    let kind = match (&block.table, block.kind) {
        (Some(table), BlockKind::Table) if !table.cells.is_empty() => {
            let first = block.parent.and_then(|parent| headers.get(&parent));
            let table = first.map_or_else(|| table.clone(), |first| mortise_shared_tables::under_header(table, first));
            if block.parent.is_none() {
                let rows = table.rows().iter().take_while(|row| row.header).count() as u32;
                let cells = table.cells.iter().filter(|cell| cell.row < rows).cloned().collect();
                headers.insert(block.id, Table { rows, columns: table.columns, cells });
            }
            ItemKind::Table(table)
        }
        (_, BlockKind::Figure) => ItemKind::Figure,
        (_, BlockKind::Title) => ItemKind::Heading(0),
        (_, BlockKind::Heading) => ItemKind::Heading(block.level.max(1)),
        (_, BlockKind::Code | BlockKind::Formula) => ItemKind::Whole,
        (_, BlockKind::Paragraph | BlockKind::ListItem) => ItemKind::Lines,
        _ => ItemKind::Text,
    };
    let text = match kind {
        ItemKind::Whole => block.text.trim_end().trim_start_matches(['\n', '\r']),
        _ => block.text.trim(),
    };
    let media = matches!(kind, ItemKind::Table(_) | ItemKind::Figure);
    if text.trim().is_empty() && !media {
        return None;
    }
    let places = block.places.clone();
    Some(Item { id: block.id, number: 0, kind, text: text.to_owned(), tokens: 0, places, captions: vec![] })
}
