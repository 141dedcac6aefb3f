//! Which rows are header rows, and what the columns are called.

use crate::grid::{How, Record};
use crate::{kind, one_line};
use mortise_sdk::document::Cell;
use std::collections::BTreeMap;

/// The header of a table, for all blocks the table comes in.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Id of the table's first block.
    pub table: u32,
    /// Names by column; a column without one is not among them.
    names: BTreeMap<u32, String>,
    /// The cells of the header rows, whose rows count from 0.
    pub cells: Vec<Cell>,
    /// How many header rows there are.
    pub rows: u32,
}

impl Head {
    /// What stands over a column; empty where nothing does.
    pub fn name(&self, column: u32) -> &str {
        self.names.get(&column).map_or("", String::as_str)
    }

    /// Columns that have a name, in order.
    pub fn names(&self) -> impl Iterator<Item = (u32, &str)> {
        self.names.iter().map(|(column, name)| (*column, name.as_str()))
    }

    /// Makes the names out of header rows.
    pub(crate) fn new(table: u32, rows: &[Record<'_>]) -> Self {
        let mut parts: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for (column, cell, _) in rows.iter().flat_map(|row| &row.cells) {
            let part = one_line(&cell.text);
            let names = parts.entry(*column).or_default();
            // A sign alone says nothing under another name, and a cell that reaches down is one name.
            let sign = rows.len() > 1 && !part.contains(char::is_alphanumeric);
            if !(part.is_empty() || sign || names.contains(&part)) {
                names.push(part);
            }
        }
        let names = parts.into_iter().filter(|(_, parts)| !parts.is_empty());
        let first = rows.first().map_or(0, |row| row.number);
        let owned = rows.iter().flat_map(|row| row.cells.iter().filter(|(_, _, how)| *how == How::Own));
        let cells = owned.map(|(_, cell, _)| Cell { row: cell.row - first, header: true, ..(*cell).clone() });
        Self {
            table,
            names: names.map(|(column, parts)| (column, parts.join("-"))).collect(),
            cells: cells.collect(),
            rows: rows.last().map_or(0, |last| (last.number - first).saturating_add(1)),
        }
    }
}

/// Rows above the header, and header rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Top {
    /// Titles and notes above the header.
    pub above: usize,
    /// Header rows.
    pub header: usize,
}

/// Most rows above the header, and most header rows.
const MOST: usize = 5;

/// Finds the header at the top of a table's first rows.
///
/// Rows with a single text, or none, above a wider row are titles. Of the others those are the header that are marked as
/// header rows. Where none is, the first row is, unless it looks like data; and the rows below it that merged header
/// cells reach into.
pub fn find(rows: &[Record<'_>]) -> Top {
    let mut above = 0;
    while above < MOST
        && rows.get(above).is_some_and(|row| is_title(row, rows))
        && rows[above + 1..].iter().take(3).any(|row| row.beginning().count() > 1)
        && rows.len() > above + 2
    {
        above += 1;
    }
    if let Some(more) = rows[above..].iter().take(MOST + 1).position(|row| row.header) {
        let above = above + more;
        let header = rows[above..].iter().take_while(|row| row.header).count();
        return Top { above, header: if header > MOST { 1 } else { header } };
    }
    let rows = &rows[above..];
    let Some(first) = rows.first().filter(|_| rows.len() > 1) else { return Top { above, header: 0 } };
    let told = |cell: &Cell| cell.text.trim_end().ends_with(['?', '？', '。']) || cell.text.chars().count() > LONGEST;
    if first.beginning().all(|(_, cell)| kind::is_data(cell)) || first.beginning().any(|(_, cell)| told(cell)) {
        return Top { above, header: 0 };
    }
    Top { above, header: deep(rows) }
}

/// Most characters of a column's name that nobody marked as one.
const LONGEST: usize = 120;
/// Most characters of a name over several columns.
const GROUP: usize = 60;

/// A row with one text, unless that is the name of some of the columns below it.
fn is_title(row: &Record<'_>, rows: &[Record<'_>]) -> bool {
    let mut texts = row.beginning();
    let (Some((column, cell)), None) = (texts.next(), texts.next()) else {
        return row.beginning().next().is_none();
    };
    let all = || rows.iter().flat_map(Record::beginning).map(|(column, _)| column);
    let (left, right) = (all().min().unwrap_or(0), all().max().unwrap_or(0).saturating_add(1));
    let over = cell.column_span.min(right.saturating_sub(column));
    let whole = column == left && over >= right.saturating_sub(left);
    over < 2 || whole || cell.text.chars().count() > GROUP
}

/// How deep a header is that begins with the first row.
fn deep(rows: &[Record<'_>]) -> usize {
    let mut depth = 1;
    while depth < MOST.min(rows.len() - 1) {
        let last = &rows[depth - 1];
        let wide = last.cells.iter().any(|(_, cell, how)| *how == How::Own && cell.column_span > 1);
        let next = &rows[depth];
        // A cell that began above and goes on here belongs to the header with all of its rows.
        let reached = next.cells.iter().any(|(_, cell, how)| *how == How::Down && !cell.text.trim().is_empty());
        let (mut header_like, mut data_like) = (0, 0);
        for (_, cell) in next.beginning() {
            if kind::is_data(cell) {
                data_like += 1;
            } else if is_header_like(&cell.text) {
                header_like += 1;
            }
        }
        if !(wide || reached) || header_like < data_like || header_like == 0 {
            break;
        }
        depth += 1;
    }
    depth
}

fn is_header_like(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    letters > 1 || !text.is_ascii() || text.contains(['(', ')', ':', '_', '-'])
}
