//! A table as lines of text, one for each row: `header: value; header: value`.

use mortise_sdk::document::Table;

/// One line for each row below the header, each value under its name; without a header the values alone. Empty cells are
/// left out. A table of header rows alone gives these.
pub fn row_lines(table: &Table) -> Vec<String> {
    let rows = table.rows();
    let names = table.headers();
    let headers = rows.iter().take_while(|row| row.header).count();
    let headers = if headers == rows.len() { 0 } else { headers };
    let lines = rows[headers..].iter().map(|row| {
        let values = row.cells.iter().filter(|cell| !cell.text.trim().is_empty()).map(|cell| {
            let name = if headers == 0 { None } else { names.get(cell.column as usize).filter(|name| !name.is_empty()) };
            let value = one_line(&cell.text);
            name.map_or_else(|| value.clone(), |name| format!("{name}: {value}"))
        });
        values.collect::<Vec<_>>().join("; ")
    });
    // Under a header nobody fills in, the names are all there is.
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    let told = |name: &String| lines.iter().any(|line| line.contains(name.as_str()));
    let untold: Vec<String> =
        if headers == 0 { vec![] } else { names.into_iter().filter(|name| !name.is_empty() && !told(name)).collect() };
    if !untold.is_empty() {
        lines.insert(0, untold.join("; "));
    }
    lines
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
