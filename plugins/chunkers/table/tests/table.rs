//! The method on tables of all sorts: what becomes of them, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_table::Table;
use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::{Block, BlockKind, Cell, Table as Grid, Value};
use mortise_sdk::testing::{self, Document};
use proptest::prelude::*;
use serde_json::json;

fn rows(document: &Document, limit: u32) -> Vec<Chunk> {
    testing::split::<Table>(document, json!({"chunk_token_num": limit})).unwrap().chunks.chunks
}

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

fn table(rows: &[&[&str]], header_rows: usize) -> Block {
    let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect();
    Block::table(&rows, header_rows)
}

#[test]
fn what_it_says_of_itself() {
    use mortise_sdk::chunker::Chunker;
    testing::assert_description::<<Table as Chunker>::Config>(Table::describe());
}

#[test]
fn later_windows_of_a_sheet_have_its_header_and_its_types() {
    let first = table(&[&["part", "weight"], &["bolt", "4"]], 1);
    let later = Block { parent: Some(0), ..table(&[&["nut", "2.5"], &["washer", "0"]], 0) };
    let document = Document::new("stock.xlsx").part("Stock", "").block(first).block(later);
    let chunks = rows(&document, 512);
    assert_eq!(
        texts(&chunks),
        ["- part: bolt\n- weight: 4", "- part: nut\n- weight: 2.5", "- part: washer\n- weight: 0"]
    );
    let weights: Vec<String> =
        chunks.iter().map(|chunk| format!("{}={:?}", chunk.fields[1].name, chunk.fields[1].value)).collect();
    assert_eq!(
        weights,
        ["weight_flt=Value::Number(4.0)", "weight_flt=Value::Number(2.5)", "weight_flt=Value::Number(0.0)"]
    );
    assert!(chunks.iter().all(|chunk| chunk.context == ["Stock"] && chunk.kind == ChunkKind::Table));
    assert_eq!(chunks[2].blocks, [1]);
}

#[test]
fn titles_above_a_header_and_sheets_without_one() {
    let sheet = table(&[&["Reading list"], &["#", "Title", "Added"], &["1", "Hound", "1902"]], 0);
    let chunks = rows(&Document::new("a.xlsx").block(sheet), 512);
    assert_eq!(texts(&chunks), ["Reading list", "- #: 1\n- Title: Hound\n- Added: 1902"]);
    let chunks = rows(&Document::new("a.csv").block(table(&[&["1", "2"], &["3", "4"]], 0)), 512);
    assert_eq!(texts(&chunks), ["- Column_1: 1\n- Column_2: 2", "- Column_1: 3\n- Column_2: 4"]);
    let chunks = rows(&Document::new("a.csv").block(table(&[&["only", "names"]], 1)), 512);
    assert_eq!(texts(&chunks), ["only\tnames"]);
}

#[test]
fn tables_within_text() {
    let document = Document::new("report.pdf")
        .heading(1, "Loads")
        .paragraph("Cranes lift.")
        .table(&[&["Type", "Load"], &["A", "8"], &["B", "10"]], 1)
        .paragraph("Ropes age.");
    let chunks = rows(&document, 512);
    let wanted = ["Loads\nCranes lift.\nRopes age.", "Type\tLoad", "- Type: A\n- Load: 8", "- Type: B\n- Load: 10"];
    assert_eq!(texts(&chunks), wanted);
    assert_eq!(chunks[2].context, ["Loads"]);
    assert!(matches!(chunks[3].fields[1].value, Value::Integer(10)));
}

#[test]
fn a_row_that_is_too_long_goes_on_and_says_its_fields_once() {
    let long = "ships wait in the bay. ".repeat(40);
    let chunks = rows(&Document::new("a.csv").block(table(&[&["a", "b"], &["1", &long]], 1)), 64);
    assert!(chunks.len() > 2 && chunks[0].text.starts_with("- a: 1\n- b: ships"));
    assert_eq!(chunks.iter().map(|chunk| chunk.text.matches("bay.").count()).sum::<usize>(), 40);
    assert_eq!(chunks.iter().filter(|chunk| !chunk.fields.is_empty()).count(), 1);
}

#[test]
fn rows_of_another_width_are_told() {
    let document = Document::new("a.csv").block(table(&[&["a", "b"], &["1"], &["1", "2", "3"]], 1));
    let split = testing::split::<Table>(&document, json!({})).unwrap();
    assert_eq!(split.texts(), ["- a: 1", "- a: 1\n- b: 2\n- Column_3: 3"]);
    assert!(split.record.lines().starts_with("2 rows have more cells, or fewer"), "{}", split.record.lines());
}

fn cells() -> impl Strategy<Value = Block> {
    let text = prop_oneof![
        Just(String::new()),
        "[0-9]{1,4}",
        "[a-z]{1,6}( [a-z]{1,6}){0,9}",
        Just("潮水上涨。船只等待！".to_owned()),
        Just("line one\nline two".to_owned()),
        Just("2024-05-01".to_owned()),
    ];
    let span = prop_oneof![8 => Just(1_u32), 1 => 2..5_u32, 1 => Just(u32::MAX)];
    let cell = (0..8_u32, 0..5_u32, span.clone(), span, prop::bool::weighted(0.2), text).prop_map(
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
    (prop::collection::vec(cell, 0..24), prop::option::weighted(0.3, 0..4_u32)).prop_map(|(mut cells, parent)| {
        cells.sort_by_key(|cell| (cell.row, cell.column));
        cells.dedup_by_key(|cell| (cell.row, cell.column));
        let table = Grid { rows: 8, columns: 5, cells };
        Block { text: table.plain_text(), table: Some(table), parent, ..Block::new(0, BlockKind::Table, "") }
    })
}

fn document() -> impl Strategy<Value = Document> {
    let block = prop_oneof![
        2 => cells(),
        1 => "[a-zA-Z.]{0,12}( [a-zA-Z.]{1,12}){0,60}".prop_map(|text| Block::new(0, BlockKind::Paragraph, text)),
        1 => "[a-z\t]{1,20}".prop_map(|text| Block::new(0, BlockKind::Paragraph, text)),
        1 => "[A-Z]{1,8}".prop_map(|text| Block::heading(1, text)),
    ];
    let name = prop_oneof![Just("a.xlsx"), Just("a.txt"), Just("a.docx")];
    (name, prop::collection::vec(block, 0..12)).prop_map(|(name, blocks)| {
        blocks.into_iter().fold(Document::new(name), |document, block| document.block(block))
    })
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_document(document in document(), limit in 8..200_u32) {
        let split = testing::split::<Table>(&document, json!({"chunk_token_num": limit})).unwrap();
        testing::assert_at_most(&split.chunks, limit);
        testing::assert_in_order(&document, &split.chunks);
        let again = testing::split::<Table>(&document, json!({"chunk_token_num": limit})).unwrap();
        prop_assert_eq!(format!("{:?}", split.chunks), format!("{:?}", again.chunks));
        for block in document.blocks().iter().filter(|block| !block.is_blank()) {
            let of_block = split.chunks.chunks.iter().filter(|chunk| chunk.blocks.contains(&block.id));
            let said: String = of_block.map(|chunk| bare(&chunk.text)).collect();
            match &block.table {
                // Names of columns stand where their values stand; one without values may be left out.
                Some(table) => for cell in table.cells.iter().filter(|cell| !cell.header && cell.row > 5) {
                    let words: Vec<String> = cell.text.split_whitespace().map(bare).collect();
                    prop_assert!(words.iter().all(|word| said.contains(word.as_str())), "{:?}", cell);
                },
                // A line of tabs may be the header, whose words stand in the chunks of other lines, or nowhere.
                None if block.text.contains('\t') => {}
                None => prop_assert!(block.text.split_whitespace().all(|word| said.contains(&bare(word)))),
            }
        }
    }
}
