//! The rows of a worksheet, streamed.

use super::Shared;
use super::strings::push_unescaped;
use mortise_sdk::document::Value;
use mortise_sdk::parser::Output;
use mortise_shared_grid::{Entry, Range, Writer, typed};
use mortise_shared_packed::{Error, Namespace, Token};

/// Columns that a sheet may have; cells beyond are damage.
const COLUMNS: u32 = 16_384;
const ROWS: u32 = 1_048_576;
/// Text of one cell at most, bytes; Excel allows 32,767 characters.
const LONGEST: usize = 1 << 20;
/// Filled cells of a row are handed on when they are this many, whatever the file says of its rows.
const CELLS: usize = 20_000;

#[derive(Default)]
struct Open {
    column: u32,
    kind: String,
    style: Option<usize>,
    value: String,
    inline: String,
}

/// Reads all rows into `writer`; gives warnings.
pub(crate) fn read(
    shared: &mut Shared<'_, '_>,
    part: &str,
    writer: &mut Writer,
    out: &mut Output,
) -> Result<Vec<String>, Error> {
    let mut xml = shared.package.xml(part)?;
    let mut row = 0u32;
    let mut next_row = 0u32;
    let mut column = 0u32;
    let mut entries: Vec<Entry> = Vec::new();
    let mut cell: Option<Open> = None;
    let mut in_value = false;
    let mut in_text = false;
    let mut lost = 0u64;
    while let Some(token) = xml.next()? {
        match token {
            Token::Start(tag) if tag.namespace() == Namespace::Spreadsheet => match (tag.name(), &mut cell) {
                ("row", _) => {
                    let told = tag.number("r").and_then(|n| u32::try_from(n).ok()).and_then(|n| n.checked_sub(1));
                    row = told.unwrap_or(next_row);
                    next_row = row.saturating_add(1);
                    column = 0;
                }
                ("c", open) => {
                    let told = tag.attr("r").and_then(|r| Range::parse(&r)).map(|r| r.left);
                    column = told.unwrap_or(column);
                    *open = Some(Open {
                        column,
                        kind: tag.attr("t").unwrap_or_default(),
                        style: tag.number("s").and_then(|n| usize::try_from(n).ok()),
                        ..Open::default()
                    });
                    column = column.saturating_add(1);
                }
                ("v", Some(_)) => in_value = true,
                ("t", Some(_)) => in_text = true,
                ("rPh", _) => xml.skip()?,
                _ => {}
            },
            Token::Start(_) => {}
            Token::Text(text) => {
                if let Some(cell) = &mut cell {
                    if in_value && cell.value.len() + text.len() <= LONGEST {
                        cell.value.push_str(&text);
                    } else if in_text && cell.inline.len() + text.len() <= LONGEST {
                        push_unescaped(&mut cell.inline, &text);
                    }
                }
            }
            Token::End(Namespace::Spreadsheet, name) => match &*name {
                "v" => in_value = false,
                "t" => in_text = false,
                "c" => {
                    if let Some(cell) = cell.take() {
                        if cell.column >= COLUMNS || row >= ROWS || entries.len() >= CELLS {
                            lost += 1;
                        } else {
                            entries.extend(entry(shared, cell));
                        }
                    }
                }
                "row" => {
                    writer.row(row, std::mem::take(&mut entries), out);
                    shared.progress.row();
                }
                "sheetData" => break,
                _ => {}
            },
            Token::End(..) => {}
        }
    }
    Ok((lost > 0).then(|| format!("{lost} cells outside of the sheet were left out")).into_iter().collect())
}

fn entry(shared: &Shared<'_, '_>, cell: Open) -> Option<Entry> {
    let style = cell.style.and_then(|s| shared.styles.get(s));
    let bold = style.is_some_and(|s| s.bold);
    let text = |text: String| {
        let text = if text.trim().len() == text.len() { text } else { text.trim().to_string() };
        let value = Value::Text(text.clone());
        (text, value)
    };
    let (text, value) = match cell.kind.as_str() {
        "s" => text(shared.strings.get(cell.value.trim().parse().ok()?)?.to_string()),
        "inlineStr" => text(cell.inline),
        "str" => {
            let mut clean = String::with_capacity(cell.value.len());
            push_unescaped(&mut clean, &cell.value);
            text(clean)
        }
        "b" => {
            let on = matches!(cell.value.trim(), "1" | "true");
            (if on { "TRUE" } else { "FALSE" }.into(), Value::Boolean(on))
        }
        "e" => text(cell.value),
        // ISO 8601, of strict files.
        "d" => {
            let value = typed(&cell.value);
            (cell.value.trim().trim_end_matches("T00:00:00").replace('T', " "), value)
        }
        _ => match cell.value.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let format = style.map(|s| s.format.as_ref());
                let shown = match format {
                    Some(format) => format.show(number, shared.calendar),
                    None => mortise_shared_grid::Format::General.show(number, shared.calendar),
                };
                (shown.text, shown.value)
            }
            _ => text(if cell.value.is_empty() { cell.inline } else { cell.value }),
        },
    };
    (!text.is_empty()).then_some(Entry { column: cell.column, text, value, bold })
}
