//! One slide → its chunk, or more if it is too long.

use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::{Block, BlockKind, Place};
use mortise_shared_structure::document::{self, Item, ItemKind};
use mortise_shared_structure::emit::{Emitter, Path};

/// What stands on one slide.
#[derive(Default)]
pub(crate) struct Slide {
    /// `None` in files without pages.
    pub(crate) page: Option<u32>,
    items: Vec<Item>,
    /// What repeats on every page: told only when there is nothing else.
    furniture: Vec<Item>,
    /// Pictures of which nothing is told.
    silent: Vec<u32>,
    /// Other things than pictures are told.
    written: bool,
}

impl Slide {
    pub(crate) fn add(&mut self, block: Block) {
        let text = match block.kind {
            BlockKind::Code => block.text.trim_end().trim_start_matches(['\n', '\r']),
            _ => block.text.trim(),
        };
        let kind = match block.kind {
            BlockKind::Separator => return,
            BlockKind::Title => ItemKind::Heading(1),
            BlockKind::Heading => ItemKind::Heading(block.level.max(1)),
            BlockKind::Code | BlockKind::Formula => ItemKind::Whole,
            _ => ItemKind::Text,
        };
        let item = |kind: ItemKind, text: String| Item {
            id: block.id,
            number: 0,
            kind,
            text,
            tokens: 0,
            places: block.places.clone(),
            captions: vec![],
        };
        if let Some(table) =
            block.table.as_ref().filter(|table| block.kind == BlockKind::Table && !table.cells.is_empty())
        {
            // Rows are never torn apart.
            self.items
                .extend(mortise_shared_tables::row_lines(table).into_iter().map(|line| item(ItemKind::Whole, line)));
            self.written = true;
        } else if text.trim().is_empty() {
            self.silent.extend((block.kind == BlockKind::Figure).then_some(block.id));
        } else if block.is_furniture() {
            self.furniture.push(item(kind, text.to_owned()));
        } else {
            self.written |= block.kind != BlockKind::Figure;
            self.items.push(item(kind, text.to_owned()));
        }
    }

    /// The slide's chunks; a slide without text is named, so that it is not lost.
    pub(crate) fn chunks(self, name: &str, limit: u32) -> Vec<Chunk> {
        let pictures = !self.written;
        let repeated = self.items.is_empty() && self.page.is_some() && !self.furniture.is_empty();
        let mut items = if repeated { self.furniture } else { self.items };
        if items.is_empty() {
            return self.page.map(|page| placeholder(name, page, self.silent)).into_iter().collect();
        }
        document::count(&mut items);
        items.iter_mut().enumerate().for_each(|(number, item)| item.number = number);
        let mut emitter = Emitter::new(limit, Path::Context);
        emitter.section(&[], None, items);
        let mut chunks = emitter.finish().chunks;
        if pictures && !repeated {
            chunks.iter_mut().for_each(|chunk| chunk.kind = ChunkKind::Image);
        }
        chunks
    }
}

/// The chunk of a slide of which nothing is told but that it is there.
pub(crate) fn placeholder(name: &str, page: u32, pictures: Vec<u32>) -> Chunk {
    let kind = if pictures.is_empty() { ChunkKind::Text } else { ChunkKind::Image };
    let places = if pictures.is_empty() { vec![Place { page, rect: None }] } else { vec![] };
    Chunk { kind, places, ..Chunk::text(format!("{name} {page}"), pictures) }
}
