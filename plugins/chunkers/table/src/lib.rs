//! The chunk method of tables of data: one chunk per row, with the row's values as typed fields.
//!
//! See the README for the rules. Where it differs from the reference:
//! - columns are typed strictly, over all of their rows, and a chunk's text has the cell as it stands (its defect C17);
//! - rows of another width than the header are kept, under `Column_n` where they have more;
//! - columns of the same name are numbered, where the reference refuses the file;
//! - every sheet of a file has fields of its own (C18);
//! - a header is found below titles, and where rows are marked as such; one row of plain data is none;
//! - tables of any format are read, and what is not in a table is kept as packed text.

mod columns;

use columns::Columns;
use mortise_sdk::chunker::{Blocks, Chunk, ChunkKind, Chunker, Chunks, Field};
use mortise_sdk::document::{Block, Summary};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_general::pieces::{headed, pieces};
use mortise_shared_general::{Bounds, Draft, Walk, in_order, one_line};
use mortise_shared_records::{Record, Window, Windows, delimited, extension, is_spreadsheet};
use std::borrow::Cow;

/// The plugin.
pub struct Table;

impl Chunker for Table {
    type Config = Bounds;

    fn describe() -> Description {
        Description::new(
            "table",
            env!("CARGO_PKG_VERSION"),
            "Tables of data: one chunk per row, with the row's values as typed fields",
        )
    }

    fn split(blocks: &Blocks<'_>, config: Bounds) -> Result<Chunks> {
        let summary = blocks.summary();
        let settings = config.settings();
        let progress = Progress::new("chunking");
        let reader = Reader::new(blocks, &summary, &progress.part(0.0, 0.4));
        let columns = Columns::read(reader.tables(blocks), &progress.part(0.4, 0.6));
        let mut walk = Walk::new(&summary, &settings).telling(progress.part(0.6, 1.0));
        let mut windows = Windows::default();
        let mut lines = Lines::default();
        let mut drafts = Vec::new();
        let mut uneven = 0_usize;
        let sheets = is_spreadsheet(&summary);
        for block in blocks.iter() {
            let table = reader.as_table(&block, &mut lines);
            let Some(window) = table.as_deref().and_then(|table| windows.read(table)) else {
                drop(table);
                walk.push(block);
                continue;
            };
            let position = walk.skip(&block);
            let context = match sheets {
                true => sheet(&summary, &block),
                false => walk.here(),
            };
            uneven += window.records.iter().filter(|record| columns.is_uneven(&window, record)).count();
            let rows = rows(&window, &columns, !(sheets || reader.tabbed), config.chunk_token_num);
            drafts.extend(rows.map(|chunk| {
                let chunk = Chunk { blocks: vec![block.id], context: context.clone(), ..chunk };
                Draft::new(position, chunk)
            }));
        }
        if uneven > 0 {
            mortise_sdk::info!("{uneven} rows have more cells, or fewer, than their header; they are kept as they are");
        }
        drafts.extend(walk.finish());
        Ok(in_order(drafts))
    }
}

/// Tells which blocks are tables, lines of tab separated text among them.
struct Reader {
    tabbed: bool,
}

/// Lines of text that go by: all of them are one table.
#[derive(Default)]
struct Lines {
    first: Option<u32>,
}

impl Reader {
    /// Looks over the lines of a text file once.
    fn new(blocks: &Blocks<'_>, summary: &Summary, progress: &Progress) -> Self {
        if !matches!(extension(summary).as_str(), "txt" | "text" | "csv" | "tsv" | "tab") {
            return Self { tabbed: false };
        }
        let mut survey = delimited::Survey::default();
        for (number, block) in blocks.iter().enumerate().filter(|(_, block)| block.table.is_none()) {
            survey.count(&block.text);
            progress.at(number + 1, summary.blocks as usize);
        }
        Self { tabbed: survey.tabbed >= 2 && survey.tabbed * 2 >= survey.lines }
    }

    fn tables<'a>(&'a self, blocks: &'a Blocks<'_>) -> impl Iterator<Item = (Option<Block>, usize)> + 'a {
        let total = blocks.summary().blocks as usize;
        let mut lines = Lines::default();
        blocks.iter().map(move |block| (self.as_table(&block, &mut lines).map(Cow::into_owned), total))
    }

    /// The block as a table: as it is, or its lines as rows of one table that goes on from block to block.
    fn as_table<'b>(&self, block: &'b Block, lines: &mut Lines) -> Option<Cow<'b, Block>> {
        if block.table.is_some() {
            return Some(Cow::Borrowed(block));
        }
        if !self.tabbed
            || block.is_blank()
            || block.is_furniture()
            || (lines.first.is_none() && !block.text.contains('\t'))
        {
            return None;
        }
        let first = *lines.first.get_or_insert(block.id);
        let table = delimited::table(block, '\t');
        Some(Cow::Owned(match first == block.id {
            true => with_header(table),
            false => Block { parent: Some(first), ..table },
        }))
    }
}

/// The first line of a text is the header, even where it stands alone in its block.
fn with_header(mut block: Block) -> Block {
    if let Some(table) = &mut block.table {
        table.cells.iter_mut().filter(|cell| cell.row == 0).for_each(|cell| cell.header = true);
    }
    block
}

/// The sheet's name, unless it says nothing.
fn sheet(summary: &Summary, block: &Block) -> Vec<String> {
    let name = summary.parts.get(block.part as usize).map(|part| one_line(&part.name)).unwrap_or_default();
    let plain = name.is_empty() || name.to_lowercase().contains("sheet");
    if plain { vec![] } else { vec![name] }
}

/// Chunks of a table's block: what stands above the header as text, then the rows. A table in running text begins with a
/// chunk of its header, which a question about the table as a whole finds.
fn rows<'w>(
    window: &'w Window<'_>,
    columns: &'w Columns,
    with_header: bool,
    limit: u32,
) -> impl Iterator<Item = Chunk> + 'w {
    let lines = |records: &[Record<'_>]| records.iter().map(plain).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    let mut loose = lines(&window.above);
    if window.first && !with_header && columns.has_values(window) {
        // The name of a column stands where its values stand; one without any is not lost either.
        loose.extend(columns.without_values(window).map(str::to_owned));
    }
    let above = pieces(&loose.join("\n"), limit).into_iter().map(|text| Chunk::text(text, vec![]));
    let wanted = with_header || (window.lone_header() && !columns.has_values(window));
    let header = if wanted { lines(&window.headers).join("\n") } else { String::new() };
    let header = pieces(&header, limit).into_iter();
    let header = header.map(|text| Chunk { kind: ChunkKind::Table, ..Chunk::text(text, vec![]) });
    above.chain(header).chain(window.records.iter().flat_map(move |record| row(window, record, columns, limit)))
}

fn plain(record: &Record<'_>) -> String {
    record.beginning().map(|(_, cell)| one_line(&cell.text)).collect::<Vec<_>>().join("\t")
}

/// A row: a line for each cell with text, and a field for each line, in the same order. A row that is too long goes on
/// in further chunks, without the fields.
fn row(window: &Window<'_>, record: &Record<'_>, columns: &Columns, limit: u32) -> Vec<Chunk> {
    let (mut lines, mut fields) = (Vec::new(), Vec::new());
    for (column, cell) in record.filled().filter(|(column, _)| !columns.is_dropped(window, *column)) {
        // Only what begins with a hyphen is a column.
        let value = cell.text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n  ");
        lines.push(format!("- {}: {value}", columns.display(window, column)));
        fields.extend(
            columns.field(window, column).map(|(name, kind)| Field { name: name.into(), value: kind.value(cell) }),
        );
    }
    let texts = headed("", &lines.join("\n"), limit).into_iter();
    texts
        .map(|text| Chunk { kind: ChunkKind::Table, fields: std::mem::take(&mut fields), ..Chunk::text(text, vec![]) })
        .collect()
}

mortise_sdk::export_chunker!(Table);
