//! A table on a slide.

use super::text;
use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};
use mortise_shared_packed::{Error, Namespace, Token, Xml};

/// Rows, columns and cells at most.
const MOST: u32 = 10_000;

/// Reads the table whose start tag was the last token; none if it has no text.
pub(crate) fn read(xml: &mut Xml<'_>) -> Result<Option<Block>, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut table = Table { rows: 0, columns: 0, cells: Vec::new() };
    let mut header = false;
    let mut column = 0;
    let mut span = (1, 1);
    while xml.depth() > outside {
        let Some(token) = xml.next()? else { break };
        let Token::Start(tag) = token else { continue };
        if tag.namespace() != Namespace::Drawing {
            continue;
        }
        let number = |name: &str| tag.number(name).map_or(1, |n| n.clamp(1, 1_000) as u32);
        let on = |name: &str| tag.attr(name).is_some_and(|v| v == "1" || v == "true");
        match tag.name() {
            "tblPr" => header = on("firstRow"),
            "gridCol" => table.columns = (table.columns + 1).min(MOST),
            "tr" => {
                table.rows = (table.rows + 1).min(MOST);
                column = 0;
            }
            "tc" => {
                let covered = on("hMerge") || on("vMerge");
                span = if covered { (0, 0) } else { (number("rowSpan"), number("gridSpan")) };
                column += 1;
            }
            "txBody" => {
                let paragraphs = text::read(xml)?;
                if span != (0, 0) && table.cells.len() < MOST as usize && table.rows > 0 && column > 0 {
                    let text =
                        paragraphs.iter().map(|p| p.text.trim()).collect::<Vec<_>>().join("\n").trim().to_string();
                    let value = if text.is_empty() { Value::None } else { Value::Text(text.clone()) };
                    let (row, column) = (table.rows - 1, column - 1);
                    table.columns = table.columns.max(column + 1);
                    let (row_span, column_span) = span;
                    table.cells.push(Cell {
                        row,
                        column,
                        row_span,
                        column_span,
                        header: header && row == 0,
                        text,
                        value,
                    });
                }
            }
            _ => {}
        }
    }
    for cell in &mut table.cells {
        cell.row_span = cell.row_span.min(table.rows - cell.row);
        cell.column_span = cell.column_span.min(table.columns - cell.column);
    }
    if table.cells.iter().all(|c| c.text.is_empty()) {
        return Ok(None);
    }
    let text = table.plain_text();
    Ok(Some(Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) }))
}
