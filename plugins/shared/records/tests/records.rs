//! Headers over several blocks and levels, and tables that mean no good.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};
use mortise_shared_records::{Record, Windows};
use proptest::prelude::*;

fn table(rows: &[&[&str]], header_rows: usize) -> Block {
    let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect();
    Block::table(&rows, header_rows)
}

fn texts(records: &[Record<'_>]) -> Vec<String> {
    records.iter().map(|r| r.filled().map(|(_, cell)| cell.text.as_str()).collect::<Vec<_>>().join("|")).collect()
}

#[test]
fn a_later_window_has_the_header_of_the_first() {
    let first = Block { id: 7, ..table(&[&["a", "b"], &["1", "2"]], 1) };
    let later = Block { id: 8, parent: Some(7), ..table(&[&["3", "4"]], 0) };
    let mut windows = Windows::default();
    assert_eq!(windows.read(&first).unwrap().head.name(1), "b");
    let window = windows.read(&later).unwrap();
    assert_eq!((window.first, window.head.name(0), texts(&window.records)), (false, "a", vec!["3|4".into()]));
    let whole = windows.with_header(later.clone()).table.unwrap();
    assert_eq!((whole.header_rows(), whole.plain_text()), (1, "a\tb\n3\t4".to_owned()));
    // A parent that is no table, or one that never came, is no header.
    let orphan = Block { id: 9, parent: Some(1000), ..table(&[&["x", "y"], &["5", "6"]], 0) };
    assert!(windows.read(&orphan).unwrap().first);
}

#[test]
fn unmarked_headers() {
    let head = |rows: &[&[&str]]| {
        let block = table(rows, 0);
        let mut windows = Windows::default();
        let window = windows.read(&block).unwrap();
        (window.above.len(), window.headers.len(), window.records.len())
    };
    assert_eq!(head(&[&["a", "b"], &["x", "y"]]), (0, 1, 1));
    assert_eq!(head(&[&["Title"], &["a", "b"], &["x", "y"]]), (1, 1, 1));
    assert_eq!(head(&[&["2019", "2020"], &["1", "2"]]), (0, 0, 2), "numbers are data");
    assert_eq!(head(&[&["a", "b"]]), (0, 0, 1), "one row has nothing to be a header of");
    assert_eq!(head(&[&["Title"], &["", ""], &["a", "b"], &["x", "y"]]), (2, 1, 1));
    assert_eq!(head(&[&["Why?", "Because"], &["Who?", "Me"]]), (0, 0, 2), "a question is no name of a column");
    assert_eq!(head(&[&["one"], &["two"], &["three"]]), (0, 1, 2));
}

#[test]
fn a_marked_title_is_no_header() {
    let mut block = table(&[&["Reading list", ""], &["#", "Title"], &["1", "Hound"]], 2);
    let grid = block.table.as_mut().unwrap();
    grid.cells.remove(1);
    grid.cells[0].column_span = 2;
    let mut windows = Windows::default();
    let window = windows.read(&block).unwrap();
    assert_eq!((window.above.len(), window.head.name(1)), (1, "Title"));
    // The name of some of the columns is one of their names.
    let mut block = table(&[&["", "Ships", ""], &["Year", "in", "out"], &["2019", "1", "2"]], 2);
    let grid = block.table.as_mut().unwrap();
    grid.cells.retain(|cell| !cell.text.is_empty());
    grid.cells[0].column_span = 2;
    let mut windows = Windows::default();
    assert_eq!(windows.read(&block).unwrap().head.name(2), "Ships-out");
}

#[test]
fn a_name_that_reaches_into_the_data_is_no_value() {
    let mut block = table(&[&["kind", "count"], &["", "1"], &["", "2"]], 1);
    let grid = block.table.as_mut().unwrap();
    grid.cells.retain(|cell| !cell.text.is_empty());
    grid.cells[0].row_span = 3;
    let mut windows = Windows::default();
    assert_eq!(texts(&windows.read(&block).unwrap().records), ["1", "2"]);
}

#[test]
fn levels_are_joined_and_merged_cells_reach() {
    let mut block = table(&[&["Year", "Ships", ""], &["", "in", "out"], &["2019", "1", "2"], &["2020", "3", "4"]], 0);
    let grid = block.table.as_mut().unwrap();
    grid.cells.retain(|cell| !cell.text.is_empty());
    grid.cells[0].row_span = 2;
    grid.cells[1].column_span = 2;
    let mut windows = Windows::default();
    let window = windows.read(&block).unwrap();
    let names: Vec<&str> = window.head.names().map(|(_, name)| name).collect();
    assert_eq!(names, ["Year", "Ships-in", "Ships-out"]);
    assert_eq!(texts(&window.records), ["2019|1|2", "2020|3|4"]);
}

fn any_block() -> impl Strategy<Value = Block> {
    let number = || prop_oneof![6 => 0..6_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)];
    let cell = (number(), number(), number(), number(), any::<bool>(), ".{0,6}").prop_map(
        |(row, column, row_span, column_span, header, text)| Cell {
            row,
            column,
            row_span,
            column_span,
            header,
            text,
            value: Value::None,
        },
    );
    (prop::collection::vec(cell, 0..20), prop::option::of(0..3_u32), number(), number()).prop_map(
        |(cells, parent, rows, columns)| {
            let table = Some(Table { rows, columns, cells });
            Block { table, parent, ..Block::new(0, BlockKind::Table, "x") }
        },
    )
}

proptest! {
    #[test]
    fn every_cell_is_somewhere(blocks in prop::collection::vec(any_block(), 1..5)) {
        let mut windows = Windows::default();
        for (id, block) in (0..).zip(blocks) {
            let block = Block { id, ..block };
            let Some(window) = windows.read(&block) else { continue };
            let all = window.above.iter().chain(&window.headers).chain(&window.records);
            let mut said: Vec<&str> = all.flat_map(Record::beginning).map(|(_, cell)| cell.text.as_str()).collect();
            // Of two cells at one place the first counts.
            let mut cells = block.table.as_ref().unwrap().cells.clone();
            cells.sort_by_key(|cell| (cell.row, cell.column));
            cells.dedup_by_key(|cell| (cell.row, cell.column));
            let mut wanted: Vec<&str> = cells.iter().map(|cell| cell.text.as_str()).filter(|text| !text.trim().is_empty()).collect();
            said.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(said, wanted);
        }
    }

    #[test]
    fn every_text_has_a_value_or_none(texts in prop::collection::vec(".{0,24}|[0-9./: -]{0,20}", 0..20)) {
        let cell = |text: &String| Cell { row: 0, column: 0, row_span: 1, column_span: 1, header: false, text: text.clone(), value: Value::None };
        let cells: Vec<Cell> = texts.iter().map(cell).collect();
        let mut vote = mortise_shared_records::Vote::default();
        cells.iter().for_each(|cell| vote.count(cell));
        let kind = vote.kind();
        for cell in &cells {
            // Only what says nothing has no value.
            let nothing = cell.text.trim().len() <= 4;
            prop_assert!(nothing || !matches!(kind.value(cell), Value::None), "{:?} in {:?}", cell.text, kind);
        }
    }
}
