//! Which rows at the top of a table name its columns.

use crate::writer::Line;
use mortise_sdk::document::Value;
use std::collections::BTreeSet;

/// Rows that are looked at below a possible header.
const LOOKED_AT: usize = 50;
/// A name of a column is not longer than this, characters.
const LONGEST: usize = 120;
/// Header rows at most.
const MOST: usize = 5;

/// How many of the first rows are a header; 0 where nothing says so. Merged cells make a header of several rows: it
/// reaches as far down as they do, and one row below cells that are merged over columns.
pub(crate) fn header_rows(lines: &[Line]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    if lines.len() < 2 || !named(first) {
        return 0;
    }
    let depth = depth(lines);
    let below = &lines[depth.min(lines.len())..];
    let below = &below[..below.len().min(LOOKED_AT)];
    if below.is_empty() {
        return 0;
    }
    let bold = |line: &Line| line.cells.iter().filter(|c| !c.text.is_empty()).all(|c| c.bold);
    let stands_out = bold(first) && !below.iter().all(bold);
    let last = &lines[depth - 1];
    if stands_out || typed_below(last, below) || merged(first) && typed_below(first, below) || shorter(last, below) {
        depth
    } else {
        0
    }
}

/// Every filled cell is a short text, no two of a row are the same, and they fill most of it.
fn named(line: &Line) -> bool {
    let filled: Vec<_> = line.cells.iter().filter(|c| !c.text.is_empty()).collect();
    let names: BTreeSet<&str> = filled.iter().map(|c| c.text.as_str()).collect();
    let words = filled.iter().all(|c| matches!(c.value, Value::Text(_)) && c.text.chars().count() <= LONGEST);
    !filled.is_empty() && words && (names.len() == filled.len() || merged(line))
}

fn merged(line: &Line) -> bool {
    line.cells.iter().any(|c| c.columns > 1 || c.rows > 1)
}

fn depth(lines: &[Line]) -> usize {
    let mut depth = 1;
    let mut row = 0;
    while row < depth {
        let Some(line) = lines.get(row) else { break };
        for cell in line.cells.iter().filter(|c| !c.text.is_empty()) {
            let down = row + cell.rows as usize;
            let over = if cell.columns > 1 { down + 1 } else { down };
            // What is merged over columns needs names below it, not data.
            let reach = if over > down && lines.get(down).is_some_and(named) { over } else { down };
            depth = depth.max(reach);
        }
        row += 1;
        if depth > MOST || depth >= lines.len() {
            return 1;
        }
    }
    depth
}

/// A column of numbers, dates or truth values below a word.
fn typed_below(header: &Line, below: &[Line]) -> bool {
    header.cells.iter().filter(|c| !c.text.is_empty()).any(|name| {
        let mut found = below.iter().filter_map(|l| l.cells.iter().find(|c| c.column == name.column));
        let (mut typed, mut all) = (0, 0);
        for cell in found.by_ref().filter(|c| !c.text.is_empty()) {
            all += 1;
            typed += usize::from(!matches!(cell.value, Value::Text(_) | Value::None));
        }
        all > 0 && typed * 5 >= all * 4
    })
}

/// Words over sentences: much shorter than what stands below, in at least two rows.
fn shorter(header: &Line, below: &[Line]) -> bool {
    let length = |line: &Line| -> (usize, usize) {
        line.cells
            .iter()
            .filter(|c| !c.text.is_empty())
            .fold((0, 0), |(sum, n), c| (sum + c.text.chars().count(), n + 1))
    };
    let (own, cells) = length(header);
    let (sum, count) = below.iter().map(length).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    cells >= 2 && below.len() >= 2 && count > 0 && own * 3 * count < sum * cells && own < 40 * cells
}
