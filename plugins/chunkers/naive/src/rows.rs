//! Spreadsheets: a line of text per row, or HTML tables of twelve rows.

use mortise_sdk::document::{Cell, Summary, Table};
use std::collections::BTreeMap;

/// Rows of one HTML table.
pub(crate) const HTML_ROWS: usize = 12;

/// True for documents whose tables are sheets of data, not tables within text.
pub(crate) fn is_spreadsheet(summary: &Summary) -> bool {
    let extension = summary.name.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default();
    matches!(extension.as_str(), "csv" | "tsv" | "xls" | "xlsx" | "xlsm" | "xlsb" | "ods")
        || ["spreadsheet", "ms-excel", "text/csv", "tab-separated"].iter().any(|part| summary.media_type.contains(part))
}

/// The rows of a table in order, with a flag for header rows. Row 0 is the header when no cell says otherwise.
pub(crate) fn rows(table: &Table) -> Vec<(bool, Vec<&Cell>)> {
    let mut rows: BTreeMap<u32, Vec<&Cell>> = BTreeMap::new();
    for cell in &table.cells {
        rows.entry(cell.row).or_default().push(cell);
    }
    rows.into_values().map(|cells| (cells.iter().all(|cell| cell.header), cells)).collect()
}

/// One line per data row: `header：value; header：value`, then the sheet's name unless it is a default one. Empty cells
/// are left out, zeros are not.
pub(crate) fn lines(table: &Table, sheet: &str) -> Vec<String> {
    let rows = rows(table);
    let mut body = rows.iter().position(|(header, _)| !header).unwrap_or(rows.len());
    if body == 0 && rows.len() > 1 {
        body = 1;
    }
    let (headers, data) = rows.split_at(body);
    let name = |column: u32| {
        // The lowest header row that has something over the column.
        let over = |cell: &&&Cell| (cell.column..cell.column + cell.column_span.max(1)).contains(&column);
        let found = headers.iter().rev().filter_map(|(_, cells)| cells.iter().find(over));
        found.map(|cell| one_line(&cell.text)).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let ending = match sheet.trim() {
        sheet if sheet.is_empty() || sheet.to_lowercase().contains("sheet") => String::new(),
        sheet => format!(" ——{sheet}"),
    };
    let line = |cells: &Vec<&Cell>| {
        let fields = cells.iter().filter(|cell| !cell.text.trim().is_empty()).map(|cell| {
            let (name, value) = (name(cell.column), one_line(&cell.text));
            if name.is_empty() { value } else { format!("{name}：{value}") }
        });
        fields.collect::<Vec<_>>().join("; ")
    };
    // A sheet of header rows alone still has its words.
    let data = if data.is_empty() { headers } else { data };
    data.iter().map(|(_, cells)| line(cells)).filter(|l| !l.is_empty()).map(|l| l + &ending).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
