//! Rows and cells of a Word table → the table model.

use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};

/// How a cell goes on with the cell above it (`w:vMerge`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merge {
    None,
    Restart,
    Continue,
}

/// A cell while its table is read.
#[derive(Debug)]
pub(crate) struct RawCell {
    pub(crate) span: u32,
    pub(crate) merge: Merge,
    pub(crate) blocks: Vec<Block>,
}

/// A row while its table is read.
#[derive(Debug, Default)]
pub(crate) struct RawRow {
    /// Empty columns before the first cell (`w:gridBefore`).
    pub(crate) before: u32,
    /// Repeated on every page (`w:tblHeader`).
    pub(crate) header: bool,
    pub(crate) deleted: bool,
    pub(crate) cells: Vec<RawCell>,
}

/// Columns of a table at most; Word itself allows 63.
const MAX_COLUMNS: u32 = 1_000;

/// What a table becomes.
pub(crate) enum Made {
    /// A frame around text: the blocks inside, as if there were no table.
    Frame(Vec<Block>),
    /// A table, and what stood in its cells without being text: pictures and notes.
    Table(Block, Vec<Block>),
    /// Nothing to read.
    Nothing(Vec<Block>),
}

pub(crate) fn make(mut rows: Vec<RawRow>) -> Made {
    rows.retain(|row| !row.deleted);
    if let [row] = rows.as_mut_slice()
        && let [cell] = row.cells.as_mut_slice()
    {
        return Made::Frame(std::mem::take(&mut cell.blocks));
    }
    let marked = rows.iter().take_while(|row| row.header).count();
    let headers = if marked == 0 && rows.len() > 1 { 1 } else { marked };
    let mut cells: Vec<Cell> = Vec::new();
    // For each column, the cell that may go on downwards.
    let mut above: Vec<Option<usize>> = Vec::new();
    let mut lifted = Vec::new();
    let mut columns = 0;
    let count = rows.len() as u32;
    for (index, row) in rows.into_iter().enumerate() {
        let mut column = row.before.min(MAX_COLUMNS);
        for raw in row.cells {
            if column >= MAX_COLUMNS {
                break;
            }
            let span = raw.span.clamp(1, MAX_COLUMNS - column);
            let text = take_text(raw.blocks, &mut lifted);
            let range = column as usize..(column + span) as usize;
            if above.len() < range.end {
                above.resize(range.end, None);
            }
            let upper = above[range.start].filter(|_| raw.merge == Merge::Continue);
            match upper.and_then(|upper| cells.get_mut(upper)) {
                Some(upper) => {
                    upper.row_span = index as u32 - upper.row + 1;
                    if !text.is_empty() {
                        upper.text = [std::mem::take(&mut upper.text), text].join("\n").trim().to_string();
                    }
                }
                None => {
                    let open = (raw.merge != Merge::None).then_some(cells.len());
                    above[range].fill(open);
                    cells.push(Cell {
                        row: index as u32,
                        column,
                        row_span: 1,
                        column_span: span,
                        header: index < headers,
                        text,
                        value: Value::None,
                    });
                }
            }
            column += span;
            columns = columns.max(column);
        }
    }
    if cells.iter().all(|c| c.text.is_empty()) {
        return Made::Nothing(lifted);
    }
    let table = Table { rows: count, columns, cells };
    let text = table.plain_text();
    Made::Table(Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) }, lifted)
}

/// The text of a cell; a table inside of it is its plain rendering. Pictures and notes go to `lifted`.
fn take_text(blocks: Vec<Block>, lifted: &mut Vec<Block>) -> String {
    let mut text = String::new();
    for mut block in blocks {
        if matches!(block.kind, BlockKind::Footnote | BlockKind::Note) || block.image.is_some() {
            block.parent = None;
            lifted.push(block);
            continue;
        }
        if !text.is_empty() && !block.text.is_empty() {
            text.push('\n');
        }
        text.push_str(&block.text);
    }
    text
}
