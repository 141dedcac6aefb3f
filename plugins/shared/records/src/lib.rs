//! Tables as records: what the columns are called, what types they have, and one record per row.
//!
//! | module | answers |
//! |---|---|
//! | [`window`] | which header stands over the rows of a table that comes in several blocks |
//! | [`header`] | which rows at the top are header rows, and what they make of each column's name |
//! | [`grid`] | which cell stands over a place, merged cells included |
//! | [`kind`] | of which type a column is, and what a cell is worth in it |
//! | [`date`] | which texts are dates, strictly |
//! | [`field`] | how a column's field is called: pinyin and a suffix for its type |
//! | [`delimited`] | lines of tab or comma separated text as a table |
//!
//! Nothing here trusts a table: spans may reach anywhere, columns may have any number.

pub mod date;
pub mod delimited;
pub mod field;
pub mod grid;
pub mod header;
pub mod kind;
pub mod window;

pub use grid::{How, Record};
pub use header::Head;
pub use kind::{Kind, Vote};
pub use window::{Window, Windows};

use mortise_sdk::document::Summary;

/// True for documents whose tables are sheets of data, not tables within text.
pub fn is_spreadsheet(summary: &Summary) -> bool {
    matches!(extension(summary).as_str(), "csv" | "tsv" | "xls" | "xlsx" | "xlsm" | "xlsb" | "ods" | "et" | "fods")
        || ["spreadsheet", "ms-excel", "text/csv", "tab-separated"].iter().any(|part| summary.media_type.contains(part))
}

/// The extension of the document's file, in lower case.
pub fn extension(summary: &Summary) -> String {
    summary.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}

/// Text on one line, runs of white space as one blank.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
