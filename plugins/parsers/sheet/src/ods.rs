//! OpenDocument spreadsheets. Merged ranges are told by their cells, but the writer needs them before: the part is gone
//! through twice.

use crate::{MOST_SHEETS, Settings};
use mortise_sdk::document::{Block, BlockKind, Place, Value};
use mortise_sdk::parser::Output;
use mortise_shared_grid::{Entry, Hints, Merges, Range, Writer, typed};
use mortise_shared_opendocument::{metadata, plain_text, push_element, push_text, refuse_encrypted};
use mortise_shared_packed::{Error, Package, Tag, Token, Xml};

const COLUMNS: u32 = 16_384;
const ROWS: u32 = 1_048_576;
/// Rows that one filled row may stand for.
const REPEATED: u32 = 10_000;

pub(crate) fn is_one(package: &Package<'_>) -> bool {
    package.contains("content.xml") && !package.contains("xl/workbook.xml")
}

/// What a walk over the sheets meets.
enum Met {
    Sheet {
        name: String,
        hidden: bool,
    },
    /// A filled cell that spans others.
    Merged(Range),
    /// A row, and how many times it stands there.
    Row {
        number: u32,
        repeated: u32,
        entries: Vec<Entry>,
    },
    Comment(String),
    SheetEnd,
}

pub(crate) fn parse(package: &Package<'_>, config: &Settings, out: &mut Output) -> Result<(), Error> {
    refuse_encrypted(package)?;
    let mut merges: Vec<Vec<Range>> = Vec::new();
    let first = walk(package, &mut |met| match met {
        Met::Sheet { .. } => merges.push(Vec::new()),
        Met::Merged(range) => {
            if let Some(last) = merges.last_mut() {
                last.push(range);
            }
        }
        _ => {}
    });
    match first {
        Err(error) if error.is_hostile() || merges.is_empty() => return Err(error),
        // Damage is found again, and told of, below.
        _ => {}
    }
    out.metadata(&metadata(package)?.into());
    out.pages(merges.len() as u32);
    let mut progress = crate::Rising::new(merges.len());
    let mut spent = 0;
    let mut merges = merges.into_iter();
    let mut writer: Option<(Writer, u32, u32)> = None;
    let mut page = 0;
    let mut comments: Vec<String> = Vec::new();
    let result = walk(package, &mut |met| match met {
        Met::Sheet { name, hidden } => {
            page += 1;
            let ranges = merges.next().unwrap_or_default();
            progress.sheet(page as usize - 1, &name);
            if !hidden || config.hidden_sheets {
                let part = out.start_part(&name, "application/vnd.oasis.opendocument.spreadsheet");
                writer = Some((
                    Writer::new(part, page, Hints { spent, ..Hints::default() }, Merges::new(ranges)),
                    part,
                    page,
                ));
            }
        }
        Met::Row { number, repeated, entries } => {
            if let Some((writer, ..)) = &mut writer {
                for i in 0..repeated {
                    writer.row(number.saturating_add(i), entries.clone(), out);
                    progress.row();
                }
            }
        }
        Met::Comment(text) => comments.push(text),
        Met::SheetEnd => spent = end(&mut writer, &mut comments, out).unwrap_or(spent),
        Met::Merged(_) => {}
    });
    let _ = end(&mut writer, &mut comments, out);
    match result {
        Err(error) if error.is_hostile() => Err(error),
        Err(error) => {
            out.warn(
                Some(Place { page: page.max(1), rect: None }),
                &format!("{error}; the rows after it were left out"),
            );
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Ends a sheet; gives what all sheets so far have cost.
fn end(writer: &mut Option<(Writer, u32, u32)>, comments: &mut Vec<String>, out: &mut Output) -> Option<u64> {
    let Some((writer, part, page)) = writer.take() else {
        comments.clear();
        return None;
    };
    let place = Place { page, rect: None };
    let written = writer.finish(out);
    for warning in written.warnings() {
        out.warn(Some(place), &warning);
    }
    for text in comments.drain(..) {
        out.emit(Block { part, places: vec![place], ..Block::new(0, BlockKind::Note, text) });
    }
    Some(written.spent)
}

fn count(tag: &Tag<'_>, name: &str, most: u32) -> u32 {
    tag.number(name).and_then(|n| u32::try_from(n).ok()).unwrap_or(1).clamp(1, most)
}

fn walk(package: &Package<'_>, met: &mut dyn FnMut(Met)) -> Result<(), Error> {
    let mut xml = package.xml("content.xml")?;
    let mut spreadsheet = false;
    let (mut row, mut column, mut repeated) = (0u32, 0u32, 1u32);
    let mut entries = Vec::new();
    let mut sheets = 0;
    // Tables within cells are not sheets.
    let mut open = 0u32;
    while let Some(token) = xml.next()? {
        match token {
            Token::Start(tag) => match tag.name() {
                "spreadsheet" => spreadsheet = true,
                "automatic-styles" | "tracked-changes" | "shapes" | "forms" => xml.skip()?,
                "table" if spreadsheet => {
                    open += 1;
                    if open == 1 && sheets < MOST_SHEETS {
                        sheets += 1;
                        row = 0;
                        let hidden = tag.attr("display").is_some_and(|d| d == "false");
                        met(Met::Sheet { name: tag.attr("name").unwrap_or_default(), hidden });
                    }
                }
                "table-row" if open == 1 => {
                    column = 0;
                    repeated = count(&tag, "number-rows-repeated", ROWS);
                }
                "covered-table-cell" if open == 1 => {
                    column = column.saturating_add(count(&tag, "number-columns-repeated", COLUMNS));
                    xml.skip()?;
                }
                "table-cell" if open == 1 => {
                    let times = count(&tag, "number-columns-repeated", COLUMNS);
                    let (rows, columns) =
                        (count(&tag, "number-rows-spanned", ROWS), count(&tag, "number-columns-spanned", COLUMNS));
                    if rows > 1 || columns > 1 {
                        let (bottom, right) = (row.saturating_add(rows - 1), column.saturating_add(columns - 1));
                        met(Met::Merged(Range { top: row, left: column, bottom, right }));
                    }
                    let told = value(&tag);
                    let text = cell(&mut xml, met)?;
                    if !text.is_empty() {
                        for i in 0..times.min(COLUMNS.saturating_sub(column)) {
                            let value = told.clone().unwrap_or_else(|| Value::Text(text.clone()));
                            let text = shown(&value, &text);
                            entries.push(Entry { column: column + i, text, value, bold: false });
                        }
                    }
                    column = column.saturating_add(times);
                }
                _ => {}
            },
            Token::End(_, name) => match &*name {
                "table" if open > 0 => {
                    open -= 1;
                    if open == 0 {
                        met(Met::SheetEnd);
                    }
                }
                "table-row" if open == 1 => {
                    if !entries.is_empty() && row < ROWS {
                        let entries = std::mem::take(&mut entries);
                        let repeated = repeated.min(REPEATED).min(ROWS - row);
                        met(Met::Row { number: row, repeated, entries });
                    }
                    row = row.saturating_add(repeated);
                }
                _ => {}
            },
            Token::Text(_) => {}
        }
    }
    if spreadsheet {
        Ok(())
    } else {
        Err(Error::WrongKind { expected: "a spreadsheet", found: "another kind of file" })
    }
}

/// The value that a cell says it has.
fn value(tag: &Tag<'_>) -> Option<Value> {
    let number = || tag.attr("value")?.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match tag.attr("value-type")?.as_str() {
        "float" | "currency" | "percentage" => {
            let n = number()?;
            Some(if n.fract() == 0.0 && n.abs() < 9e15 { Value::Integer(n as i64) } else { Value::Number(n) })
        }
        "date" => {
            let value = typed(&tag.attr("date-value")?);
            matches!(value, Value::Time(_)).then_some(value)
        }
        "boolean" => Some(Value::Boolean(tag.attr("boolean-value")? == "true")),
        _ => None,
    }
}

/// Dates are shown in ISO 8601; everything else as the file has it.
fn shown(value: &Value, text: &str) -> String {
    match value {
        Value::Time(time) => time.replace('T', " ").trim_end_matches(" 00:00:00").to_string(),
        _ => text.to_string(),
    }
}

/// The text of a cell; its comment is met on the way.
fn cell(xml: &mut Xml<'_>, met: &mut dyn FnMut(Met)) -> Result<String, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut all = String::new();
    let mut line = String::new();
    while xml.depth() > outside {
        let Some(token) = xml.next()? else { break };
        match token {
            Token::Start(tag) => match tag.name() {
                "annotation" => {
                    let text = annotation(xml)?;
                    if !text.is_empty() {
                        met(Met::Comment(text));
                    }
                }
                "frame" | "custom-shape" | "table" => xml.skip()?,
                _ => drop(push_element(&tag, &mut line)),
            },
            Token::Text(text) => push_text(&text, &mut line),
            Token::End(_, name) => {
                if &*name == "p" {
                    if !all.is_empty() {
                        all.push('\n');
                    }
                    all.push_str(line.trim_end());
                    line.clear();
                }
            }
        }
    }
    Ok(all.trim().to_string())
}

/// The text of a comment, without its author and date.
fn annotation(xml: &mut Xml<'_>) -> Result<String, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut text = String::new();
    while xml.depth() > outside {
        match xml.next()? {
            Some(Token::Start(tag)) if tag.name() == "p" => {
                let line = plain_text(xml)?;
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&line);
            }
            Some(Token::Start(tag)) if matches!(tag.name(), "creator" | "date" | "date-string") => xml.skip()?,
            Some(_) => {}
            None => break,
        }
    }
    Ok(text.trim().to_string())
}
