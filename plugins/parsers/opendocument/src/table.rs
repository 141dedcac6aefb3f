//! Tables within text.

use crate::read::Reader;
use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};
use mortise_shared_packed::{Error, Tag, Token, Xml};

/// Columns and cells of a table at most.
const COLUMNS: u32 = 1_000;
const CELLS: usize = 200_000;

fn count(tag: &Tag<'_>, name: &str) -> u32 {
    tag.number(name).and_then(|n| u32::try_from(n).ok()).unwrap_or(1).clamp(1, COLUMNS)
}

impl Reader<'_, '_, '_> {
    /// Reads the table whose start tag was the last token: it, and what stood in its cells without being text.
    pub(crate) fn table(&mut self, xml: &mut Xml<'_>, depth: usize, into: &mut Vec<Block>) -> Result<(), Error> {
        let outside = xml.depth().saturating_sub(1);
        let mut table = Table { rows: 0, columns: 0, cells: Vec::new() };
        let mut lifted = Vec::new();
        let (mut header, mut headers, mut column) = (false, 0, 0u32);
        while xml.depth() > outside {
            let Some(token) = xml.next()? else { break };
            match token {
                Token::Start(tag) => match tag.name() {
                    "table-header-rows" => header = true,
                    "table-row" => {
                        table.rows = table.rows.saturating_add(1);
                        column = 0;
                        headers += u32::from(header);
                    }
                    "covered-table-cell" => {
                        column = column.saturating_add(count(&tag, "number-columns-repeated"));
                        xml.skip()?;
                    }
                    "table-cell" => {
                        let (row_span, column_span) =
                            (count(&tag, "number-rows-spanned"), count(&tag, "number-columns-spanned"));
                        let repeated = count(&tag, "number-columns-repeated");
                        let mut blocks = Vec::new();
                        self.blocks(xml, depth + 1, &mut blocks)?;
                        let text = text_of(blocks, &mut lifted);
                        for _ in 0..repeated {
                            if column < COLUMNS && table.cells.len() < CELLS && table.rows > 0 {
                                let (row, text) = (table.rows - 1, text.clone());
                                let value = Value::None;
                                table.cells.push(Cell {
                                    row,
                                    column,
                                    row_span,
                                    column_span,
                                    header: false,
                                    text,
                                    value,
                                });
                            }
                            column = column.saturating_add(1);
                        }
                        table.columns = table.columns.max((column + column_span - 1).min(COLUMNS));
                    }
                    _ => {}
                },
                Token::End(_, name) if &*name == "table-header-rows" => header = false,
                _ => {}
            }
        }
        let headers = if headers == 0 && table.rows > 1 { 1 } else { headers };
        for cell in &mut table.cells {
            cell.header = cell.row < headers;
            cell.row_span = cell.row_span.min(table.rows - cell.row);
            cell.column_span = cell.column_span.min(table.columns - cell.column);
        }
        if table.cells.iter().any(|c| !c.text.is_empty()) {
            let text = table.plain_text();
            into.push(Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) });
        }
        into.append(&mut lifted);
        Ok(())
    }
}

fn text_of(blocks: Vec<Block>, lifted: &mut Vec<Block>) -> String {
    let mut texts = Vec::new();
    for block in blocks {
        if block.image.is_some() || matches!(block.kind, BlockKind::Footnote | BlockKind::Note) {
            lifted.push(block);
        } else if !block.text.is_empty() {
            texts.push(block.text);
        }
    }
    texts.join("\n")
}
