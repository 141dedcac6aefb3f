//! Rows with the cells over every place: a merged cell stands over all that it covers.

use mortise_sdk::document::{Cell, Table};
use std::collections::BTreeMap;

/// How a cell comes to stand over a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It begins there.
    Own,
    /// It begins in the same row, left of it.
    Across,
    /// It begins in a row above.
    Down,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Record<'t> {
    /// Of the row, in its block.
    pub number: u32,
    /// All cells that begin in it are header cells.
    pub header: bool,
    /// Cells by column, ascending.
    pub cells: Vec<(u32, &'t Cell, How)>,
}

/// Places that merged cells may cover in one table beside those they begin in: a sheet whose merges cover more is not
/// one that people read, and is taken as if they ended there.
const COVERED: usize = 1 << 20;
/// The widest merge that is followed.
const WIDEST: u32 = 1 << 14;

impl<'t> Record<'t> {
    /// Cells with text that begin in this row, or above it in the same column: each place of a merged cell that a reader
    /// looks down to, and none that only lies beside it.
    pub fn own(&self) -> impl Iterator<Item = (u32, &'t Cell)> + '_ {
        self.cells
            .iter()
            .filter(|(_, cell, how)| *how != How::Across && !cell.text.trim().is_empty())
            .filter(|(column, cell, how)| *how == How::Own || cell.column == *column)
            .map(|(column, cell, _)| (*column, *cell))
    }

    /// All places with text.
    pub fn filled(&self) -> impl Iterator<Item = (u32, &'t Cell)> + '_ {
        self.cells.iter().filter(|(_, cell, _)| !cell.text.trim().is_empty()).map(|(column, cell, _)| (*column, *cell))
    }

    /// Cells with text that begin in this row.
    pub fn beginning(&self) -> impl Iterator<Item = (u32, &'t Cell)> + '_ {
        let begins = |(_, cell, how): &&(u32, &Cell, How)| *how == How::Own && !cell.text.trim().is_empty();
        self.cells.iter().filter(begins).map(|(column, cell, _)| (*column, *cell))
    }
}

/// The rows of a table, in order. Rows without cells of their own are not among them.
pub fn records(table: &Table) -> Vec<Record<'_>> {
    let mut budget = COVERED;
    // A merge that goes on past all other cells covers nothing there that anybody could tell apart.
    let width = table.cells.iter().map(|cell| cell.column.saturating_add(1)).max().unwrap_or(0);
    // Cells that reach further down: the first row that they do not reach, and the cell.
    let mut reaching: Vec<(u64, &Cell)> = Vec::new();
    let mut records = Vec::new();
    for row in table.rows() {
        reaching.retain(|(end, _)| *end > u64::from(row.number));
        let mut cells: BTreeMap<u32, (&Cell, How)> = BTreeMap::new();
        for &cell in &row.cells {
            cells.entry(cell.column).or_insert((cell, How::Own));
        }
        for &cell in &row.cells {
            let end = cell.column.saturating_add(cell.column_span.clamp(1, WIDEST)).min(width);
            for column in cell.column.saturating_add(1)..end {
                if budget == 0 {
                    break;
                }
                budget -= 1;
                cells.entry(column).or_insert((cell, How::Across));
            }
        }
        for (_, cell) in &reaching {
            let end = cell.column.saturating_add(cell.column_span.clamp(1, WIDEST)).min(width);
            for column in cell.column..end {
                if budget == 0 {
                    break;
                }
                budget -= 1;
                cells.entry(column).or_insert((cell, How::Down));
            }
        }
        for &cell in row.cells.iter().filter(|cell| cell.row_span > 1) {
            reaching.push((u64::from(row.number) + u64::from(cell.row_span), cell));
        }
        let cells = cells.into_iter().map(|(column, (cell, how))| (column, cell, how)).collect();
        records.push(Record { number: row.number, header: row.header, cells });
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::document::Value;

    fn cell(row: u32, column: u32, row_span: u32, column_span: u32, text: &str) -> Cell {
        Cell { row, column, row_span, column_span, header: false, text: text.into(), value: Value::None }
    }

    #[test]
    fn merged_cells_stand_over_what_they_cover() {
        let cells = vec![cell(0, 0, 2, 2, "a"), cell(0, 2, 1, 1, "b"), cell(1, 2, 1, 1, "c"), cell(2, 0, 1, 1, "d")];
        let table = Table { rows: 3, columns: 3, cells };
        let told: Vec<Vec<(u32, &str, How)>> = records(&table)
            .iter()
            .map(|r| r.cells.iter().map(|(column, cell, how)| (*column, cell.text.as_str(), *how)).collect())
            .collect();
        assert_eq!(told[0], [(0, "a", How::Own), (1, "a", How::Across), (2, "b", How::Own)]);
        assert_eq!(told[1], [(0, "a", How::Down), (1, "a", How::Down), (2, "c", How::Own)]);
        assert_eq!(told[2], [(0, "d", How::Own)]);
        let rows = records(&table);
        let own: Vec<u32> = rows[1].own().map(|(column, _)| column).collect();
        assert_eq!(own, [0, 2]);
    }

    #[test]
    fn spans_that_reach_to_the_end_of_the_world_cost_little() {
        let cells = (0..3000).map(|row| cell(row, 0, u32::MAX, u32::MAX, "x")).collect();
        let table = Table { rows: 3000, columns: 1, cells };
        let records = records(&table);
        assert_eq!(records.len(), 3000);
        assert!(records.iter().map(|record| record.cells.len()).sum::<usize>() < COVERED + 4000);
    }
}
