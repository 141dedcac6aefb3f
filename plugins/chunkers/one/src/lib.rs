//! The one chunk method: the whole file is one chunk.
//!
//! For short files that are only understood whole: a notice, a letter, a sheet. Everything is kept, page headers and
//! contents lists too; tables are HTML in their place, every sheet one table with its name. There is no limit of tokens,
//! since that would be another method: what a model cannot embed of a long file is the operator's choice.

use mortise_sdk::chunker::{Blocks, Chunk, ChunkKind, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind, Table};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, NoConfig, Result};

/// The plugin.
pub struct One;

impl Chunker for One {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("one", env!("CARGO_PKG_VERSION"), "The whole file as one chunk")
    }

    fn split(blocks: &Blocks<'_>, _: NoConfig) -> Result<Chunks> {
        let progress = Progress::new("chunking");
        let summary = blocks.summary();
        let parts: Vec<String> = summary.parts.iter().map(|part| part.name.trim().to_owned()).collect();
        let mut whole = Whole::default();
        for (number, block) in blocks.iter().enumerate() {
            if number % 256 == 0 {
                progress.at(number, summary.blocks as usize);
            }
            let sheet = if is_sheet(&block) { parts.get(block.part as usize).cloned() } else { None };
            whole.add(block, sheet.unwrap_or_default());
        }
        whole.finish_tables();
        progress.at(1, 1);
        Ok(whole.chunk().into_iter().collect())
    }
}

mortise_sdk::export_chunker!(One);

/// The file as it grows together.
#[derive(Default)]
struct Whole {
    /// Texts in order.
    texts: Vec<String>,
    blocks: Vec<u32>,
    kinds: Kinds,
    /// A table that later windows may go on in: id of its first block, place of its text, caption, the table.
    open: Option<(u32, usize, String, Table)>,
}

#[derive(Default)]
struct Kinds {
    text: bool,
    tables: bool,
    pictures: bool,
}

/// A table of data, which has a part of its own and no rectangle, unlike tables within text.
fn is_sheet(block: &Block) -> bool {
    block.kind == BlockKind::Table && block.places.iter().all(|place| place.rect.is_none())
}

impl Whole {
    fn add(&mut self, block: Block, sheet: String) {
        let table = block.table.filter(|table| block.kind == BlockKind::Table && !table.cells.is_empty());
        if let Some(table) = table {
            self.blocks.push(block.id);
            self.kinds.tables = true;
            if let Some((first, _, _, open)) = &mut self.open
                && block.parent == Some(*first)
            {
                append(open, table);
                return;
            }
            self.finish_tables();
            self.open = Some((block.id, self.texts.len(), sheet, table));
            self.texts.push(String::new());
            return;
        }
        let text = match block.kind {
            BlockKind::Code => block.text.trim_end().trim_start_matches(['\n', '\r']),
            _ => block.text.trim(),
        };
        if text.trim().is_empty() || block.kind == BlockKind::Separator {
            return;
        }
        self.blocks.push(block.id);
        match block.kind {
            BlockKind::Figure => self.kinds.pictures = true,
            _ => self.kinds.text = true,
        }
        self.texts.push(text.to_owned());
    }

    fn finish_tables(&mut self) {
        if let Some((_, at, caption, table)) = self.open.take() {
            let html = table.html();
            self.texts[at] = if caption.is_empty() {
                html
            } else {
                let caption = caption.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                html.replacen("<table>", &format!("<table><caption>{caption}</caption>"), 1)
            };
        }
    }

    fn chunk(self) -> Option<Chunk> {
        let text = self.texts.join("\n").trim().to_owned();
        if text.is_empty() {
            return None;
        }
        let mut chunk = Chunk::text(text, self.blocks);
        chunk.kind = match self.kinds {
            Kinds { text: false, tables: true, pictures: false } => ChunkKind::Table,
            Kinds { text: false, tables: false, pictures: true } => ChunkKind::Image,
            _ => ChunkKind::Text,
        };
        Some(chunk)
    }
}

/// Adds the rows of a later window, which are counted from 0 again.
fn append(table: &mut Table, window: Table) {
    let rows = table.rows;
    table.rows = table.rows.saturating_add(window.rows);
    table.columns = table.columns.max(window.columns);
    table.cells.extend(window.cells.into_iter().map(|mut cell| {
        cell.row = cell.row.saturating_add(rows);
        cell
    }));
}
