//! A table as lines of text: the header, then `header: value; header: value` for each row.

use mortise_sdk::document::{Row, Table};

/// The header on a line, and one line for each row below it, every value under its name; without a header the values
/// alone. Empty cells are left out.
pub fn row_lines(table: &Table) -> Vec<String> {
    let rows = table.rows();
    let headers = rows.iter().take_while(|row| row.header).count();
    let names = if headers == 0 { vec![] } else { table.headers() };
    let values = |row: &Row<'_>, names: &[String]| {
        let values = row.cells.iter().filter(|cell| !cell.text.trim().is_empty()).map(|cell| {
            let name = names.get(cell.column as usize).filter(|name| !name.is_empty());
            let value = one_line(&cell.text);
            name.map_or_else(|| value.clone(), |name| format!("{name}: {value}"))
        });
        values.collect::<Vec<_>>().join("; ")
    };
    let above = rows[..headers].iter().map(|row| values(row, &[]));
    let below = rows[headers..].iter().map(|row| values(row, &names));
    above.chain(below).filter(|line| !line.is_empty()).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
