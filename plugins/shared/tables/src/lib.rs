//! Tables as the texts of chunks: HTML in parts that fit, or a line for every row.
//!
//! Every part can be read alone: the header rows and the caption stand in each.

mod html;
mod lines;

pub use html::parts;
pub use lines::row_lines;

use mortise_sdk::document::Table;

/// A window of a large table, under the header rows of its first window: its own cells, moved down.
pub fn under_header(window: &Table, first: &Table) -> Table {
    let headers: u32 = first.rows().iter().take_while(|row| row.header).count() as u32;
    let mut cells: Vec<_> = first.cells.iter().filter(|cell| cell.row < headers && cell.header).cloned().collect();
    cells.extend(window.cells.iter().cloned().map(|mut cell| {
        cell.row = cell.row.saturating_add(headers);
        cell
    }));
    Table { rows: window.rows.saturating_add(headers), columns: window.columns.max(first.columns), cells }
}
