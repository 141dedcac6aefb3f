//! Ruled tables: horizontal and vertical lines that cross form a grid; missing pieces of line merge cells.

use super::{Cell, Table};
use crate::frame::{Frame, Placed};
use crate::glyph::{Rect, Rule};
use crate::segment::Groups;

/// A grid of ruling lines, in the coordinates of a frame.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) rect: Rect,
    /// Places of the vertical lines, ascending; one more than there are columns.
    xs: Vec<f32>,
    /// Places of the horizontal lines, ascending; one more than there are rows.
    ys: Vec<f32>,
    vertical: Vec<Line>,
    horizontal: Vec<Line>,
}

/// A line of text across the columns: for each column the number of digits and of all characters.
#[derive(Clone)]
struct FiguresLine {
    baseline: f32,
    top: f32,
    columns: Vec<(usize, usize, usize)>,
}

/// A line at `at` from `from` to `to`.
#[derive(Clone, Copy, Debug)]
struct Line {
    at: f32,
    from: f32,
    to: f32,
}

/// Lines closer than this (points) are one; ends this far from a line still touch it.
const SNAP: f32 = 2.5;
/// More ruling lines than this are a drawing, not a table.
const MOST_RULES: usize = 4000;
/// Rows and columns a grid may have.
const MOST_LINES: usize = 400;

/// The grids that the rules form, largest first.
pub(crate) fn grids(rules: &[Rule], frame: &Frame, page: Rect) -> Vec<Grid> {
    if rules.len() < 4 {
        return Vec::new();
    }
    let (mut horizontal, mut vertical) = (Vec::new(), Vec::new());
    for rule in rules {
        let r = frame.enter_rect(rule.rect);
        if r.width() >= r.height() {
            horizontal.push(Line { at: (r.top + r.bottom) / 2.0, from: r.left, to: r.right });
        } else {
            vertical.push(Line { at: (r.left + r.right) / 2.0, from: r.top, to: r.bottom });
        }
    }
    let (horizontal, vertical) = (merge(horizontal), merge(vertical));
    if horizontal.len() < 2 || vertical.len() < 2 || horizontal.len() + vertical.len() > MOST_RULES {
        return Vec::new();
    }
    let mut groups = Groups::new(horizontal.len() + vertical.len());
    for (i, h) in horizontal.iter().enumerate() {
        for (k, v) in vertical.iter().enumerate() {
            let crosses = v.at >= h.from - SNAP && v.at <= h.to + SNAP && h.at >= v.from - SNAP && h.at <= v.to + SNAP;
            if crosses {
                groups.join(i, horizontal.len() + k);
            }
        }
    }
    let page_area = page.width() * page.height();
    let mut found = Vec::new();
    let roots: Vec<usize> = (0..horizontal.len() + vertical.len()).map(|i| groups.root(i)).collect();
    let mut distinct = roots.clone();
    distinct.sort_unstable();
    distinct.dedup();
    for root in distinct {
        let member = |i: usize| roots.get(i) == Some(&root);
        let own_h: Vec<Line> = horizontal.iter().enumerate().filter(|(i, _)| member(*i)).map(|(_, l)| *l).collect();
        let own_v: Vec<Line> =
            vertical.iter().enumerate().filter(|(i, _)| member(horizontal.len() + i)).map(|(_, l)| *l).collect();
        let (mut xs, mut ys) = (places(&own_v), places(&own_h));
        // Tables often do without lines at their sides: the lines across them show how far they reach.
        reach(&mut xs, &own_h);
        reach(&mut ys, &own_v);
        // Two columns and two rows at least: anything less is a frame around text.
        if xs.len() < 3 || ys.len() < 3 || xs.len() > MOST_LINES || ys.len() > MOST_LINES {
            continue;
        }
        let (Some(left), Some(right), Some(top), Some(bottom)) = (xs.first(), xs.last(), ys.first(), ys.last()) else {
            continue;
        };
        let rect = Rect { left: *left, top: *top, right: *right, bottom: *bottom };
        if rect.width() * rect.height() > 0.95 * page_area || rect.width() < 20.0 || rect.height() < 10.0 {
            continue;
        }
        found.push(Grid { rect, xs, ys, vertical: own_v, horizontal: own_h });
    }
    found.sort_by(|a, b| (b.rect.width() * b.rect.height()).total_cmp(&(a.rect.width() * a.rect.height())));
    found
}

/// Joins pieces of the same line.
fn merge(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.from.total_cmp(&b.from)));
    let mut merged: Vec<Line> = Vec::new();
    for line in lines {
        let piece = merged
            .iter_mut()
            .rev()
            .take_while(|m| line.at - m.at <= SNAP)
            .find(|m| line.from <= m.to + SNAP && line.to >= m.from - SNAP);
        match piece {
            Some(m) => {
                m.from = m.from.min(line.from);
                m.to = m.to.max(line.to);
            }
            None => merged.push(line),
        }
    }
    merged.retain(|l| l.to - l.from > 2.0 * SNAP);
    merged
}

/// Adds the ends of crossing lines where they stick out by more than a serif.
fn reach(places: &mut Vec<f32>, crossing: &[Line]) {
    let (from, to) = crossing.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(f, t), l| (f.min(l.from), t.max(l.to)));
    if places.first().is_some_and(|p| from < p - 12.0) {
        places.insert(0, from);
    }
    if places.last().is_some_and(|p| to > p + 12.0) {
        places.push(to);
    }
}

/// Distinct places of lines, ascending.
fn places(lines: &[Line]) -> Vec<f32> {
    let mut at: Vec<f32> = lines.iter().map(|l| l.at).collect();
    at.sort_by(f32::total_cmp);
    at.dedup_by(|b, a| *b - *a <= SNAP);
    at
}

impl Grid {
    /// The table, its texts made by `text` from the glyphs (indices into `placed`) of each cell; `None` if the grid
    /// is too empty to be a table. The glyphs must be those inside the grid.
    pub(crate) fn table(
        &self,
        placed: &[Placed],
        glyphs: &[u32],
        is_digit: impl Fn(u32) -> bool,
        text: impl FnMut(&[u32]) -> String,
    ) -> Option<Table> {
        let mut grid = self.clone();
        grid.divide_rows(placed, glyphs, is_digit);
        grid.fill(placed, glyphs, text)
    }

    /// Divides rows that hold several lines of figures: only the blocks of such a table are ruled, not its rows.
    fn divide_rows(&mut self, placed: &[Placed], glyphs: &[u32], is_digit: impl Fn(u32) -> bool) {
        let mut lines: Vec<Vec<FiguresLine>> = vec![Vec::new(); self.ys.len().saturating_sub(1)];
        for index in glyphs {
            let Some(g) = placed.get(*index as usize).filter(|g| !g.blank) else { continue };
            let (u, v) = ((g.left + g.right) / 2.0, g.baseline - 0.3 * g.size);
            let Some(row) = lines.get_mut(interval(&self.ys, v)) else { continue };
            let column = interval(&self.xs, u);
            let line = match row.iter_mut().find(|l| (l.baseline - g.baseline).abs() < 0.4 * g.size) {
                Some(line) => line,
                None => {
                    row.push(FiguresLine { baseline: g.baseline, top: g.top(), columns: Vec::new() });
                    if row.len() > 200 {
                        return;
                    }
                    let last = row.len() - 1;
                    &mut row[last]
                }
            };
            line.top = line.top.min(g.top());
            let digit = usize::from(is_digit(g.glyph));
            match line.columns.iter_mut().find(|c| c.0 == column) {
                Some(c) => (c.1, c.2) = (c.1 + digit, c.2 + 1),
                None => line.columns.push((column, digit, 1)),
            }
        }
        let (left, right) = (self.rect.left, self.rect.right);
        for row in &mut lines {
            row.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
            // Lines with figures in two columns or more.
            let figures = row
                .iter()
                .filter(|l| l.columns.iter().filter(|(_, digits, all)| digits * 2 >= *all).count() >= 2)
                .count();
            // And the lines run through: nearly every column has something in nearly every line.
            let mut filled: Vec<usize> = row.iter().flat_map(|l| l.columns.iter().map(|c| c.0)).collect();
            let pieces = filled.len();
            filled.sort_unstable();
            filled.dedup();
            if figures < 2 || figures * 3 < row.len() * 2 || pieces * 5 < filled.len() * row.len() * 3 {
                continue;
            }
            for line in row.iter().skip(1) {
                self.ys.push(line.top);
                self.horizontal.push(Line { at: line.top, from: left, to: right });
            }
        }
        self.ys.sort_by(f32::total_cmp);
    }

    fn fill(&self, placed: &[Placed], glyphs: &[u32], mut text: impl FnMut(&[u32]) -> String) -> Option<Table> {
        let (columns, rows) = (self.xs.len() - 1, self.ys.len() - 1);
        let mut contents: Vec<Vec<u32>> = vec![Vec::new(); columns * rows];
        for index in glyphs {
            let Some(g) = placed.get(*index as usize) else { continue };
            let (u, v) = ((g.left + g.right) / 2.0, g.baseline - 0.3 * g.size);
            let column = interval(&self.xs, u);
            let row = interval(&self.ys, v);
            if let Some(cell) = contents.get_mut(row * columns + column) {
                cell.push(*index);
            }
        }
        let mut taken = vec![false; columns * rows];
        let mut cells = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                if taken[row * columns + column] {
                    continue;
                }
                let (across, down) = self.span(row, column, &taken);
                let mut inside = Vec::new();
                for r in row..row + down {
                    for c in column..column + across {
                        taken[r * columns + c] = true;
                        inside.append(&mut contents[r * columns + c]);
                    }
                }
                // Back into drawing order, which segments are built from.
                inside.sort_unstable();
                cells.push(Cell {
                    row: row as u32,
                    column: column as u32,
                    row_span: down as u32,
                    column_span: across as u32,
                    header: false,
                    text: if inside.is_empty() { String::new() } else { text(&inside) },
                });
            }
        }
        let filled = cells.iter().filter(|c| !c.text.is_empty()).count();
        if filled < 2 || filled * 4 < cells.len() {
            return None;
        }
        let mut table = without_empty(Table { rows: rows as u32, columns: columns as u32, cells });
        let covered: u32 = table.cells.iter().filter(|c| !c.text.is_empty()).map(|c| c.row_span * c.column_span).sum();
        // The grid behind a chart holds labels here and there.
        if table.rows < 1 || table.columns < 2 || covered * 5 < table.rows * table.columns * 2 {
            return None;
        }
        table.guess_header();
        Some(table)
    }

    /// How many columns and rows the cell reaches over for want of lines.
    fn span(&self, row: usize, column: usize, taken: &[bool]) -> (usize, usize) {
        let (columns, rows) = (self.xs.len() - 1, self.ys.len() - 1);
        let mut across = 1;
        while column + across < columns
            && !taken[row * columns + column + across]
            && !drawn(&self.vertical, self.xs[column + across], self.ys[row], self.ys[row + 1])
        {
            across += 1;
        }
        let mut down = 1;
        while row + down < rows
            && (column..column + across).all(|c| {
                !taken[(row + down) * columns + c]
                    && !drawn(&self.horizontal, self.ys[row + down], self.xs[c], self.xs[c + 1])
            })
            && (column + 1..column + across)
                .all(|c| !drawn(&self.vertical, self.xs[c], self.ys[row + down], self.ys[row + down + 1]))
        {
            down += 1;
        }
        (across, down)
    }
}

/// True if a line at `at` covers the middle of `from..to`.
fn drawn(lines: &[Line], at: f32, from: f32, to: f32) -> bool {
    let middle = (from + to) / 2.0;
    lines.iter().any(|l| (l.at - at).abs() <= SNAP && l.from <= middle && l.to >= middle)
}

/// Index of the interval of ascending `bounds` that holds `at`, the nearest for places outside.
fn interval(bounds: &[f32], at: f32) -> usize {
    bounds.partition_point(|b| *b <= at).saturating_sub(1).min(bounds.len().saturating_sub(2))
}

/// Drops rows and columns without any text: double lines and spacers make them.
fn without_empty(table: Table) -> Table {
    let live = |count: u32, start: fn(&Cell) -> u32| -> Vec<bool> {
        let mut live = vec![false; count as usize];
        for cell in table.cells.iter().filter(|c| !c.text.is_empty()) {
            if let Some(l) = live.get_mut(start(cell) as usize) {
                *l = true;
            }
        }
        live
    };
    let rows = live(table.rows, |c| c.row);
    let columns = live(table.columns, |c| c.column);
    let rank = |live: &[bool], at: u32| live.iter().take(at as usize).filter(|l| **l).count() as u32;
    let (new_rows, new_columns) = (rank(&rows, table.rows), rank(&columns, table.columns));
    let cells = table
        .cells
        .iter()
        .filter_map(|cell| {
            let (row, column) = (rank(&rows, cell.row), rank(&columns, cell.column));
            let row_end = rank(&rows, cell.row + cell.row_span);
            let column_end = rank(&columns, cell.column + cell.column_span);
            (row_end > row && column_end > column).then(|| Cell {
                row,
                column,
                row_span: row_end - row,
                column_span: column_end - column,
                ..cell.clone()
            })
        })
        .collect();
    Table { rows: new_rows, columns: new_columns, cells }
}
