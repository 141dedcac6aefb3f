//! Aligned tables: consecutive lines of a region whose stretches stand in the same columns.

use super::{Cell, Table};
use crate::glyph::Rect;
use crate::line::Line;
use crate::script::ends_sentence;
use std::collections::BTreeMap;

/// A table among the lines of a region.
#[derive(Debug)]
pub(crate) struct Found {
    /// Lines it is made of.
    pub(crate) lines: std::ops::Range<usize>,
    pub(crate) table: Table,
}

/// Fewest rows with two cells or more that make a table.
const ROWS: usize = 3;

/// Tables among `lines` (one region, from top to bottom), in order, not overlapping.
/// Lines of which `apart` is true stand in the margins of the page and belong to no table.
pub(crate) fn tables(lines: &[Line], apart: impl Fn(&Line) -> bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    // Every try looks at all lines it reaches; a page that is one endless non-table must not cost their square.
    let mut effort = 0;
    while start < lines.len() && effort < 200_000 {
        if lines[start].cells.len() < 2 || apart(&lines[start]) {
            start += 1;
            continue;
        }
        let end = reach(lines, start, &apart);
        effort += (end - start) * lines[start].cells.len();
        match build(&lines[start..end]) {
            Some(table) => {
                found.push(Found { lines: start..end, table });
                start = end;
            }
            None => start += 1,
        }
    }
    found
}

/// How far rows that could belong together go: every row is near the one before, and at most a few rows in a row have
/// only one stretch.
fn reach(lines: &[Line], start: usize, apart: impl Fn(&Line) -> bool) -> usize {
    let mut end = start + 1;
    let mut single = 0;
    let mut last_full = start;
    while end < lines.len() {
        let (previous, line) = (&lines[end - 1], &lines[end]);
        let gap = line.rect.top - previous.rect.bottom;
        if apart(line) || gap > 2.5 * line.size.max(previous.size) || (line.size / previous.size - 1.0).abs() > 0.35 {
            break;
        }
        if line.cells.len() >= 2 {
            single = 0;
            last_full = end;
        } else {
            single += 1;
            // A full line of prose ends the table.
            let wide = lines[start..=last_full].iter().map(|l| l.rect).fold(Rect::EMPTY, Rect::union);
            if single > 2 || line.rect.width() > 0.75 * wide.width() {
                break;
            }
        }
        end += 1;
    }
    last_full + 1
}

fn build(lines: &[Line]) -> Option<Table> {
    let full: Vec<&Line> = lines.iter().filter(|l| l.cells.len() >= 2).collect();
    if full.len() < ROWS || full.len() * 2 < lines.len() {
        return None;
    }
    let columns = columns(lines);
    if columns.len() < 2 || columns.len() > 60 {
        return None;
    }
    // Every stretch must have a column of its own.
    let column_of = |rect: &Rect| {
        let centre = (rect.left + rect.right) / 2.0;
        columns.iter().position(|(left, right)| centre >= *left && centre <= *right)
    };
    let mut clean = 0;
    for line in &full {
        let mut at: Vec<Option<usize>> = line.cells.iter().map(|c| column_of(&c.rect)).collect();
        let count = at.len();
        at.dedup();
        clean += usize::from(at.len() == count && at.iter().all(Option::is_some));
    }
    if clean * 10 < full.len() * 8 || is_list_or_prose(&full, columns.len()) {
        return None;
    }
    let mut rows: Vec<(Vec<String>, f32, f32)> = Vec::new();
    for line in lines {
        let mut texts = vec![String::new(); columns.len()];
        for cell in &line.cells {
            let at = column_of(&cell.rect).unwrap_or(0);
            if let Some(text) = texts.get_mut(at) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&cell.text);
            }
        }
        rows.push((texts, line.rect.top, line.rect.bottom));
    }
    let rows = join_wrapped(join_centred(rows));
    if rows.len() < 2 {
        return None;
    }
    let cells = rows.iter().enumerate().flat_map(|(row, texts)| {
        texts.iter().enumerate().map(move |(column, text)| Cell {
            row: row as u32,
            column: column as u32,
            row_span: 1,
            column_span: 1,
            header: false,
            text: text.clone(),
        })
    });
    let mut table = Table { rows: rows.len() as u32, columns: columns.len() as u32, cells: cells.collect() };
    table.guess_header();
    Some(table)
}

/// Columns as intervals that overlap no other: the union of stretches that stand over each other. Stretches that
/// would bridge columns most other rows keep apart (spanning headings) do not take part.
fn columns(lines: &[Line]) -> Vec<(f32, f32)> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for line in lines.iter().filter(|l| l.cells.len() >= 2) {
        *counts.entry(line.cells.len()).or_default() += 1;
    }
    let full: usize = counts.values().sum();
    let (usual, often) = counts.iter().max_by_key(|(_, n)| **n).map_or((2, 0), |(cells, n)| (*cells, *n));
    // Where most rows agree on a number of cells, the others (headings, notes) have no say.
    let agreed = often * 2 > full && often >= ROWS;
    let most = counts.keys().next_back().copied().unwrap_or(0);
    let mut spans: Vec<(f32, f32)> = lines
        .iter()
        .filter(|l| l.cells.len() >= 2)
        .filter(|l| if agreed { l.cells.len() == usual } else { l.cells.len() * 2 > most })
        .flat_map(|l| l.cells.iter().map(|c| (c.rect.left, c.rect.right)))
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for (left, right) in spans {
        match columns.last_mut() {
            Some(last) if left < last.1 => last.1 = last.1.max(right),
            _ => columns.push((left, right)),
        }
    }
    // Half of each gap belongs to either side, so that every place has a column.
    let gaps: Vec<f32> = columns.windows(2).map(|w| (w[0].1 + w[1].0) / 2.0).collect();
    let last = columns.len().saturating_sub(1);
    for (i, column) in columns.iter_mut().enumerate() {
        column.0 = if i == 0 { f32::NEG_INFINITY } else { gaps.get(i - 1).copied().unwrap_or(column.0) };
        column.1 = if i == last { f32::INFINITY } else { gaps.get(i).copied().unwrap_or(column.1) };
    }
    columns
}

/// Two columns of which the first holds only markers or line numbers, or rows of prose with wide word spaces.
fn is_list_or_prose(rows: &[&Line], columns: usize) -> bool {
    let markers = rows.iter().filter(|l| l.cells.first().is_some_and(|c| c.text.chars().count() <= 4)).count();
    let pairs = rows.iter().filter(|l| l.cells.len() == 2).count();
    if markers * 10 >= rows.len() * 7 && pairs * 10 >= rows.len() * 6 {
        let wide = rows.iter().filter(|l| l.cells.last().is_some_and(|c| c.text.chars().count() > 24)).count();
        if wide * 10 >= rows.len() * 3 {
            return true;
        }
    }
    let long = rows.iter().flat_map(|l| &l.cells).filter(|c| c.text.chars().count() > 60).count();
    let sentences =
        rows.iter().flat_map(|l| &l.cells).filter(|c| c.text.chars().last().is_some_and(ends_sentence)).count();
    long > rows.len() || (columns == 2 && sentences * 2 > rows.len())
}

/// Puts figures that stand halfway between the two lines of their label into one row with it.
fn join_centred(rows: Vec<(Vec<String>, f32, f32)>) -> Vec<(Vec<String>, f32, f32)> {
    let only_label =
        |texts: &[String]| texts.first().is_some_and(|t| !t.is_empty()) && texts.iter().skip(1).all(String::is_empty);
    let no_label = |texts: &[String]| {
        texts.first().is_some_and(String::is_empty) && texts.iter().skip(1).filter(|t| !t.is_empty()).count() >= 2
    };
    let mut joined: Vec<(Vec<String>, f32, f32)> = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while let Some(mut row) = rows.next() {
        if no_label(&row.0)
            && joined.last().is_some_and(|(texts, ..)| only_label(texts))
            && let Some(next) = rows.next_if(|(texts, top, _)| only_label(texts) && *top < row.2)
            && let (Some((above, top, _)), Some(label), Some(below)) = (joined.pop(), row.0.first_mut(), next.0.first())
        {
            *label = format!("{} {below}", above.first().map_or("", String::as_str));
            (row.1, row.2) = (top, next.2);
        }
        joined.push(row);
    }
    joined
}

/// Joins a row that only goes on with cells of the row before it (first column empty, close below) to that row.
fn join_wrapped(rows: Vec<(Vec<String>, f32, f32)>) -> Vec<Vec<String>> {
    let headed = rows.iter().filter(|(texts, ..)| texts.first().is_some_and(|t| !t.is_empty())).count();
    if headed * 5 < rows.len() * 2 {
        return rows.into_iter().map(|(texts, ..)| texts).collect();
    }
    let mut gaps: Vec<f32> = rows.windows(2).map(|w| w[1].1 - w[0].2).collect();
    gaps.sort_by(f32::total_cmp);
    let (low, high) = (gaps.first().copied().unwrap_or(0.0), gaps.last().copied().unwrap_or(0.0));
    // Rows set apart more widely than the lines within them: only then can the two be told from each other.
    let limit = if high - low > 1.5 { (low + high) / 2.0 } else { f32::NEG_INFINITY };
    let mut joined: Vec<(Vec<String>, f32)> = Vec::new();
    for (texts, top, bottom) in rows {
        let filled = texts.iter().filter(|t| !t.is_empty()).count();
        if let Some((last, last_bottom)) = joined.last_mut() {
            let first_empty = texts.first().is_some_and(String::is_empty);
            let goes_on = texts.iter().zip(last.iter()).all(|(t, l)| t.is_empty() || !l.is_empty());
            if first_empty && goes_on && filled < texts.len() && top - *last_bottom <= limit {
                for (text, more) in last.iter_mut().zip(&texts) {
                    if !more.is_empty() {
                        text.push(' ');
                        text.push_str(more);
                    }
                }
                *last_bottom = bottom;
                continue;
            }
        }
        joined.push((texts, bottom));
    }
    joined.into_iter().map(|(texts, _)| texts).collect()
}
