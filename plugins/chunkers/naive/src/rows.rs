//! Spreadsheets as a line of text per row.

use mortise_sdk::document::Block;
use mortise_shared_general::one_line;
use mortise_shared_records::{Record, Windows};

/// One line per data row: `header：value; header：value`, then the sheet's name unless it is a default one. Empty cells
/// are left out, zeros are not. The names of columns come from the sheet's first block, whichever block this is.
pub(crate) fn lines(windows: &mut Windows, block: &Block, sheet: &str) -> Vec<String> {
    let ending = match sheet.trim() {
        sheet if sheet.is_empty() || sheet.to_lowercase().contains("sheet") => String::new(),
        sheet => format!(" ——{sheet}"),
    };
    let Some(window) = windows.read(block) else { return vec![] };
    let line = |record: &Record<'_>, named: bool| {
        let fields = record.own().map(|(column, cell)| {
            let name = if named { window.head.name(column) } else { "" };
            let value = one_line(&cell.text);
            if name.is_empty() { value } else { format!("{name}：{value}") }
        });
        fields.collect::<Vec<_>>().join("; ")
    };
    let above = window.above.iter().map(|record| line(record, false));
    let data = window.records.iter().map(|record| line(record, true));
    // A sheet of header rows alone still has its words.
    let headers = window.headers.iter().filter(|_| window.lone_header()).map(|record| line(record, false));
    above.chain(headers).chain(data).filter(|line| !line.is_empty()).map(|line| line + &ending).collect()
}
