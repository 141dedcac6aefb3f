//! A parsed document as an outline: kind, page and text of every block, tables as tables.

use crate::form::kind_name;
use crate::paint::{Paint, columns, count, line, safe, size};
use mortise_domain::block::{Block, BlockKind, Parsed, Table};

/// Longest text of a block that is shown.
const TEXT: usize = 160;
/// Rows of a table that are shown.
const ROWS: usize = 12;

pub(super) fn outline(parsed: &Parsed, paint: Paint) -> String {
    let mut text = String::new();
    for (name, value) in &parsed.metadata {
        text.push_str(&format!("{} {}\n", paint.dim(&format!("{}:", safe(name))), line(&value.to_string(), TEXT)));
    }
    let kinds = parsed.blocks.iter().map(|block| kind_name(block.kind).len()).max().unwrap_or(0);
    let mut part = None;
    // How deep the headings above have led.
    let mut depth = 0;
    for block in &parsed.blocks {
        if part != Some(block.part) {
            part = Some(block.part);
            if let Some(part) = parsed.parts.get(block.part as usize) {
                text.push_str(&format!("{}\n", paint.bold(&format!("── {}", safe(&part.name)))));
            }
        }
        if matches!(block.kind, BlockKind::Title | BlockKind::Heading) {
            depth = (block.level.max(1) as usize - 1).min(8);
        }
        text.push_str(&shown(block, kinds, depth, paint));
    }
    for warning in &parsed.warnings {
        let at = warning.at.map(|place| format!("page {}: ", place.page)).unwrap_or_default();
        text.push_str(&format!("{} {at}{}\n", paint.yellow("warning:"), line(&warning.message, 300)));
    }
    for file in &parsed.attachments {
        text.push_str(&format!(
            "{} {} ({})\n",
            paint.dim("attached:"),
            safe(&file.name),
            size(file.bytes.len() as u64)
        ));
    }
    let mut sum = vec![count(parsed.blocks.len(), "block")];
    let more = [(parsed.pages as usize, "page"), (parsed.images.len(), "picture"), (parsed.warnings.len(), "warning")];
    sum.extend(more.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun)));
    let characters: usize = parsed.blocks.iter().map(|block| block.text.chars().count()).sum();
    sum.push(count(characters, "character"));
    format!("{text}\n{}\n", paint.dim(&sum.join(", ")))
}

fn shown(block: &Block, kinds: usize, depth: usize, paint: Paint) -> String {
    let heading = matches!(block.kind, BlockKind::Title | BlockKind::Heading);
    let page = block.places.first().map(|place| format!("p. {}", place.page)).unwrap_or_default();
    let indent = "  ".repeat(if heading { depth } else { depth + 1 });
    let label = format!("{:>5}  {:<kinds$}  {page:<6}{indent}", format!("#{}", block.id), kind_name(block.kind));
    let margin = format!("{:blank$}{indent}", "", blank = 5 + 2 + kinds + 2 + 6);
    match &block.table {
        Some(table) => {
            let told = format!("{} × {}", table.rows, table.columns);
            let rows = grid(table).into_iter().map(|row| format!("{margin}{row}\n"));
            format!("{}{told}\n{}", paint.dim(&label), rows.collect::<String>())
        }
        None => {
            let text = line(&block.text, TEXT);
            format!("{}{}\n", paint.dim(&label), if heading { paint.bold(&text) } else { text })
        }
    }
}

/// The table's first rows, aligned.
fn grid(table: &Table) -> Vec<String> {
    let columns_shown = (table.columns as usize).min(12);
    let mut rows = vec![vec![String::new(); columns_shown]; (table.rows as usize).min(ROWS)];
    for cell in &table.cells {
        if let Some(slot) = rows.get_mut(cell.row as usize).and_then(|row| row.get_mut(cell.column as usize)) {
            *slot = line(&cell.text, 24);
        }
    }
    let mut shown = columns(&rows, &[]);
    if table.rows as usize > ROWS {
        shown.push(format!("⋮ {} more", table.rows as usize - ROWS));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::block::{Cell, Part, Place, Value, Warning};

    fn block(id: u32, kind: BlockKind, level: u32, text: &str) -> Block {
        Block {
            id,
            kind,
            text: text.into(),
            level,
            places: vec![Place { page: 1, rect: None }],
            part: 0,
            style: None,
            table: None,
            image: None,
            language: None,
            parent: None,
        }
    }

    #[test]
    fn outlines() {
        let cell = |row, column, text: &str| Cell {
            row,
            column,
            row_span: 1,
            column_span: 1,
            header: false,
            text: text.into(),
            value: Value::None,
        };
        let cells = vec![cell(0, 0, "oak"), cell(0, 1, "720"), cell(1, 0, "pine"), cell(1, 1, "510")];
        let table = Block {
            table: Some(Table { rows: 2, columns: 2, cells }),
            ..block(2, BlockKind::Table, 0, "oak\t720\npine\t510")
        };
        let parsed = Parsed {
            blocks: vec![
                block(0, BlockKind::Heading, 1, "Joints"),
                block(1, BlockKind::Paragraph, 0, "A mortise.\x07"),
                table,
            ],
            parts: vec![Part { name: "One".into(), media_type: String::new() }],
            pages: 1,
            warnings: vec![Warning { at: Some(Place { page: 1, rect: None }), message: "a picture".into() }],
            ..Parsed::default()
        };
        let expected = "\
── One
   #0  heading    p. 1  Joints
   #1  paragraph  p. 1    A mortise.␇
   #2  table      p. 1    2 × 2
                          oak   720
                          pine  510
warning: page 1: a picture

3 blocks, 1 page, 1 warning, 33 characters
";
        assert_eq!(outline(&parsed, Paint::default()), expected);
    }
}
