//! Rows → the table model. Columns are where any row of the table has a border.

use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};
use std::collections::BTreeSet;

/// Columns of a table at most; Word allows 63.
const MOST: usize = 1_000;
/// Rows of a table at most; further ones begin a table of their own.
pub(crate) const ROWS: usize = 5_000;

/// What the definition of a row says of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Border {
    /// Its right border, twips.
    pub right: i32,
    /// It belongs to the cell on its left.
    pub left_on: bool,
    /// It belongs to the cell above.
    pub up_on: bool,
}

/// A row while its table is read.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Of its cells, from the left.
    pub borders: Vec<Border>,
    /// Repeated on every page.
    pub header: bool,
    /// Texts of its cells.
    pub cells: Vec<String>,
}

/// The block of a table; none if it has no text.
pub fn make(rows: Vec<Row>) -> Option<Block> {
    if rows.iter().flat_map(|r| &r.cells).all(|c| c.trim().is_empty()) {
        return None;
    }
    if let [row] = rows.as_slice()
        && let [text] = row.cells.as_slice()
    {
        // A frame around a text.
        return Some(Block::new(0, BlockKind::Paragraph, text.trim()));
    }
    let usable = rows.iter().all(|r| r.borders.len() >= r.cells.len() && r.borders.is_sorted_by_key(|b| b.right));
    let edges: BTreeSet<i32> =
        rows.iter().flat_map(|r| r.borders.iter().take(r.cells.len()).map(|b| b.right)).collect();
    let edges: Vec<i32> = edges.into_iter().take(MOST).collect();
    let marked = rows.iter().take_while(|r| r.header).count();
    let headers = if marked == 0 && rows.len() > 1 { 1 } else { marked };
    let mut cells: Vec<Cell> = Vec::new();
    let mut above: Vec<Option<usize>> = Vec::new();
    let mut columns = 0;
    let count = rows.len() as u32;
    for (index, row) in rows.into_iter().enumerate() {
        let mut column = 0usize;
        let mut before: Option<usize> = None;
        for (number, text) in row.cells.into_iter().enumerate().take(MOST) {
            let border = row.borders.get(number).copied().unwrap_or_default();
            let end = if usable { edges.partition_point(|e| *e <= border.right) } else { column + 1 }.max(column + 1);
            if above.len() < end {
                above.resize(end, None);
            }
            let text = text.trim().to_string();
            let owner = if border.left_on { before } else { above[column].filter(|_| border.up_on) };
            match owner.and_then(|o| cells.get_mut(o)) {
                Some(owner) => {
                    if border.left_on {
                        owner.column_span = owner.column_span.max(end as u32 - owner.column);
                    } else {
                        owner.row_span = index as u32 - owner.row + 1;
                    }
                    if !text.is_empty() {
                        owner.text = format!("{}\n{text}", owner.text).trim().to_string();
                    }
                }
                None => {
                    before = Some(cells.len());
                    above[column..end].fill(before);
                    cells.push(Cell {
                        row: index as u32,
                        column: column as u32,
                        row_span: 1,
                        column_span: (end - column) as u32,
                        header: index < headers,
                        text,
                        value: Value::None,
                    });
                }
            }
            column = end;
            columns = columns.max(end);
        }
    }
    let table = Table { rows: count, columns: columns as u32, cells };
    let text = table.plain_text();
    Some(Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) })
}
