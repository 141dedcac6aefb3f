//! Tables: rows stay whole, and every part can be read alone.

use super::document::{Document, Mark, marks};
use super::sound::{limited, split_limited};
use super::{all_said, split};
use crate::check::{Check, End, Verdict, check, ensure, well};
use crate::subject::Subject;
use mortise_domain::block::{BlockKind, Cell, Table, Value};
use mortise_domain::role::RawChunks;
use std::collections::HashSet;

pub(crate) const CHECKS: &[Check] = &[
    check!("tables-whole", tables_whole, "Every cell of a table is in some chunk."),
    check!("rows-atomic", rows_atomic, "No row of a table is torn apart between chunks."),
    check!(
        "table-header-repeated",
        table_header_repeated,
        "Where a table is split into several chunks, each of them has the header."
    ),
    check!(
        "odd-tables",
        odd_tables,
        "Tables with spans, gaps, line breaks in cells, markup in cells, header rows alone, or no cells at all are taken."
    ),
];

const ROWS: u32 = 60;
const COLUMNS: u32 = 4;
/// Enough for a row and the header, little enough that the table has to be split.
const TOKENS: u64 = 200;

/// The table that is too large for one chunk, its block's id, and its chunks.
async fn large(subject: &Subject) -> Verdict<(u32, RawChunks)> {
    subject.works().await?;
    let mut document = Document::default();
    document.marked(BlockKind::Paragraph, 1);
    let id = document.table(ROWS, COLUMNS);
    document.marked(BlockKind::Paragraph, 1);
    let chunks = match limited(subject, TOKENS) {
        Ok((config, _)) => split_limited(subject, &document, config).await?,
        Err(End::Skipped(_)) => split(subject, &document).await?,
        Err(end) => return Err(end),
    };
    Ok((id, chunks))
}

/// The table's marks in each chunk that has any.
fn parts(id: u32, chunks: &RawChunks) -> Vec<HashSet<u32>> {
    let words = |text: &str| marks(text).filter(|mark| mark.block == id).map(|mark| mark.word).collect::<HashSet<_>>();
    chunks.chunks.iter().map(|chunk| words(&super::said(chunk, chunks))).filter(|words| !words.is_empty()).collect()
}

async fn tables_whole(subject: &Subject) -> Verdict {
    let (id, chunks) = large(subject).await?;
    let said: HashSet<u32> = parts(id, &chunks).into_iter().flatten().collect();
    for word in 0..ROWS * COLUMNS {
        ensure!(said.contains(&word), "the cell in row {}, column {} is lost", word / COLUMNS, word % COLUMNS);
    }
    well()
}

async fn rows_atomic(subject: &Subject) -> Verdict {
    let (id, chunks) = large(subject).await?;
    let parts = parts(id, &chunks);
    for row in 1..ROWS {
        let cells: Vec<u32> = (0..COLUMNS).map(|column| row * COLUMNS + column).collect();
        // What is lost altogether is another check's affair.
        let touched: Vec<_> = parts.iter().filter(|part| cells.iter().any(|cell| part.contains(cell))).collect();
        let whole = touched.iter().any(|part| cells.iter().all(|cell| part.contains(cell)));
        ensure!(whole || touched.len() < 2, "row {row} is spread over {} chunks", touched.len());
    }
    Ok(format!("{} parts", parts.len()))
}

async fn table_header_repeated(subject: &Subject) -> Verdict {
    let (id, chunks) = large(subject).await?;
    let parts = parts(id, &chunks);
    for (number, part) in parts.iter().enumerate() {
        let missing = (0..COLUMNS).find(|column| !part.contains(column));
        if let Some(column) = missing {
            let told = Mark { block: id, word: column };
            crate::check::fail!("part {number} of {} lacks the header {told}", parts.len())
        }
    }
    Ok(format!("{} parts", parts.len()))
}

fn cell(row: u32, column: u32, text: &str) -> Cell {
    Cell { row, column, row_span: 1, column_span: 1, header: false, text: text.into(), value: Value::None }
}

async fn odd_tables(subject: &Subject) -> Verdict {
    let header = |cell: Cell| Cell { header: true, ..cell };
    let tables = [
        Table { rows: 0, columns: 0, cells: vec![] },
        Table { rows: 3, columns: 3, cells: vec![] },
        Table { rows: 1, columns: 1, cells: vec![cell(0, 0, "b1w0")] },
        Table { rows: 2, columns: 2, cells: vec![header(cell(0, 0, "b1w0")), header(cell(1, 1, "b1w1"))] },
        Table {
            rows: 3,
            columns: 3,
            cells: vec![
                Cell { row_span: 3, ..cell(0, 0, "b1w0") },
                Cell { column_span: 2, ..header(cell(0, 1, "b1w1")) },
                cell(1, 2, "b1w2\nb1w3\r\nb1w4"),
                cell(2, 1, ""),
                Cell { value: Value::Number(-0.0), ..cell(2, 2, "b1w5") },
            ],
        },
        Table {
            rows: 1,
            columns: 4,
            cells: vec![
                cell(0, 0, "<b>b1w0</b> & \"b1w1\""),
                cell(0, 1, "b1w2 | b1w3"),
                cell(0, 2, "\tb1w4\t"),
                cell(0, 3, "</td></table> b1w5"),
            ],
        },
        Table { rows: 1000, columns: 1000, cells: vec![cell(0, 999, "b1w0"), cell(999, 0, "b1w1")] },
    ];
    for (number, table) in tables.into_iter().enumerate() {
        let mut document = Document::default();
        document.marked(BlockKind::Paragraph, 1);
        let wanted: Vec<Mark> = table.cells.iter().flat_map(|cell| marks(&cell.text).collect::<Vec<_>>()).collect();
        document.table_of(table);
        let chunks = split(subject, &document).await?;
        let said: HashSet<Mark> = marks(&all_said(&chunks)).collect();
        for mark in wanted {
            ensure!(said.contains(&mark), "{mark} of the {}. table is lost", number + 1);
        }
    }
    well()
}
