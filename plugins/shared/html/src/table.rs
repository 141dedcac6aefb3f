//! Tables: which of them hold data, and their cells on a grid.

use crate::text::Inline;
use crate::tree::{Data, Id, Step, Tree};
use crate::walk::{List, formula, is_block, is_left_out};
use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};

/// Columns of a table at most; spans beyond are cut.
const MAX_COLUMNS: u32 = 1_000;

/// True for tables that only place things on a page: they say so, hold one cell, or hold headings or other tables
/// without any header of their own.
pub(crate) fn is_layout(tree: &Tree, table: Id) -> bool {
    if matches!(tree.attr(table, "role"), Some("presentation" | "none")) {
        return true;
    }
    let (mut cells, mut headers, mut big) = (0usize, false, false);
    let mut steps = tree.steps(table);
    while let Some(step) = steps.next() {
        let Step::Enter(id) = step else { continue };
        match tree.name(id) {
            "table" => {
                big = true;
                steps.skip();
            }
            "td" => cells += 1,
            "th" | "thead" | "caption" => headers = true,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => big = true,
            _ => {}
        }
    }
    !headers && (big || cells <= 1)
}

/// The caption and the table as blocks; none without any text.
pub(crate) fn read(tree: &Tree, table: Id) -> (Option<String>, Option<Block>) {
    let mut caption = None;
    let mut rows: Vec<(Id, bool)> = Vec::new();
    for child in tree.children(table) {
        match tree.name(child) {
            "caption" => caption = Some(cell_text(tree, child)).filter(|t| !t.is_empty()),
            "tr" => rows.push((child, false)),
            "thead" | "tbody" | "tfoot" => {
                let header = tree.name(child) == "thead";
                rows.extend(tree.children(child).filter(|id| tree.name(*id) == "tr").map(|id| (id, header)));
            }
            _ => {}
        }
    }
    let table = grid(tree, &rows);
    if table.cells.iter().all(|c| c.text.is_empty()) {
        return (caption, None);
    }
    let block = Block { table: Some(table.clone()), ..Block::new(0, BlockKind::Table, table.plain_text()) };
    (caption, Some(block))
}

/// Places cells as HTML's table model does: each goes to the first column that no cell from above reaches into.
fn grid(tree: &Tree, rows: &[(Id, bool)]) -> Table {
    let mut cells: Vec<Cell> = Vec::new();
    // For each column, how many more rows the cell above reaches down.
    let mut reach: Vec<u32> = Vec::new();
    let (mut row, mut columns) = (0u32, 0u32);
    for (index, (tr, in_head)) in rows.iter().enumerate() {
        let left = (rows.len() - index) as u32;
        let mut column = 0usize;
        let mut any = false;
        for id in tree.children(*tr).filter(|id| matches!(tree.name(*id), "td" | "th")) {
            while reach.get(column).is_some_and(|r| *r > 0) {
                column += 1;
            }
            if column as u32 >= MAX_COLUMNS {
                break;
            }
            let span = |name: &str| tree.attr(id, name).and_then(|v| v.trim().parse::<u32>().ok());
            let column_span = span("colspan").unwrap_or(1).clamp(1, MAX_COLUMNS - column as u32);
            let row_span = match span("rowspan").unwrap_or(1) {
                0 => left,
                n => n.min(left),
            };
            if reach.len() < column + column_span as usize {
                reach.resize(column + column_span as usize, 0);
            }
            reach[column..column + column_span as usize].fill(row_span);
            cells.push(Cell {
                row,
                column: column as u32,
                row_span,
                column_span,
                header: *in_head || tree.name(id) == "th",
                text: cell_text(tree, id),
                value: Value::None,
            });
            column += column_span as usize;
            columns = columns.max(column as u32);
            any = true;
        }
        // Rows without cells are not seen, unless a cell from above makes them high.
        if any || reach.iter().any(|r| *r > 0) {
            row += 1;
            for r in &mut reach {
                *r = r.saturating_sub(1);
            }
        }
    }
    Table { rows: row, columns, cells }
}

/// Text of a cell: blocks and breaks by line breaks, cells of a table inside by tab.
pub(crate) fn cell_text(tree: &Tree, cell: Id) -> String {
    let mut inline = Inline::default();
    let mut steps = tree.steps(cell);
    let mut lists: Vec<List> = Vec::new();
    while let Some(step) = steps.next() {
        match step {
            Step::Enter(id) => match &tree.node(id).data {
                Data::Text(text) => inline.push(text),
                Data::Element { .. } if is_left_out(tree, id, false) => steps.skip(),
                Data::Element { .. } => match tree.name(id) {
                    "br" => drop(inline.line_break()),
                    "img" => inline.push_picture(tree.attr(id, "alt").unwrap_or_default()),
                    "math" => {
                        inline.push(&formula(tree, id));
                        steps.skip();
                    }
                    "td" | "th" => inline.boundary('\t'),
                    name if is_block(name) => {
                        inline.boundary('\n');
                        match name {
                            "ol" | "ul" => lists.push(List::open(tree, id)),
                            "li" => inline.push(&lists.last_mut().map(|l| l.mark(tree, id)).unwrap_or_default()),
                            _ => {}
                        }
                    }
                    _ => {}
                },
                Data::Document | Data::Comment(_) => {}
            },
            Step::Leave(id) => match tree.name(id) {
                "td" | "th" => {}
                name if is_block(name) => {
                    inline.boundary('\n');
                    if matches!(name, "ol" | "ul") {
                        lists.pop();
                    }
                }
                _ => {}
            },
        }
    }
    inline.take().0
}
