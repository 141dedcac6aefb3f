//! Spreadsheets, by the reference's vectors where they are present, and in several windows.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use mortise_chunker_naive::Naive;
use mortise_sdk::document::Block;
use mortise_sdk::testing::{self, Document};
use serde_json::{Value, json};
use std::path::Path;

fn vectors() -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/spec/vectors/spreadsheet.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return None;
    };
    serde_json::from_str(&text).ok()
}

/// The workbook of a vector, as a parser of sheets gives it.
fn workbook(input: &Value) -> Document {
    let text =
        |v: &Value| v.as_str().map_or_else(|| if v.is_null() { String::new() } else { v.to_string() }, str::to_owned);
    let mut document = Document::new("a.xlsx");
    for (name, rows) in input.as_object().unwrap() {
        let rows: Vec<Vec<String>> =
            rows.as_array().unwrap().iter().map(|row| row.as_array().unwrap().iter().map(text).collect()).collect();
        document = document.part(name, "").block(Block::table(&rows, 0));
    }
    document
}

#[test]
fn rows_as_lines() {
    let Some(vectors) = vectors() else { return };
    let vector = |name: &str| vectors.iter().find(|v| v["name"] == name).unwrap();
    let document = workbook(&vector("row text")["input"]);
    let split = testing::split::<Naive>(&document, json!({"chunk_token_num": 2048})).unwrap();
    let mut wanted: Vec<&str> =
        vector("row text")["expected"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    // The defect: a zero is nothing there.
    assert_eq!(std::mem::replace(&mut wanted[1], "Part：nut; Qty：0"), "Part：nut");
    assert_eq!(split.texts().join("\n"), wanted.join("\n"));

    let html = json!({"chunk_token_num": 2048, "html4excel": true});
    let split = testing::split::<Naive>(&document, html.clone()).unwrap();
    let wanted = vector("naive chunks with html4excel")["expected"].as_array().unwrap();
    assert_eq!(split.texts(), wanted.iter().map(|v| v.as_str().unwrap().trim()).collect::<Vec<_>>());

    // The defect: a table of no rows where the rows divide evenly.
    for (rows, tables) in [(12, 1), (13, 2), (24, 2)] {
        let rows: Vec<Value> = (0..=rows).map(|row| json!([format!("r{row}")])).collect();
        let split = testing::split::<Naive>(&workbook(&json!({"S": rows})), html.clone()).unwrap();
        assert_eq!(split.chunks.chunks.len(), tables);
    }
}

#[test]
fn later_windows_know_the_header() {
    let rows = |rows: &[[&str; 2]]| rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect::<Vec<_>>();
    let document = Document::new("a.xlsx")
        .part("Stock", "")
        .block(Block::table(&rows(&[["part", "count"], ["bolt", "4"]]), 1))
        .block(Block { parent: Some(0), ..Block::table(&rows(&[["nut", "0"], ["washer", "7"]]), 0) });
    let split = testing::split::<Naive>(&document, json!({})).unwrap();
    let line = |part: &str, count: u32| format!("part：{part}; count：{count} ——Stock");
    assert_eq!(split.texts(), [[line("bolt", 4), line("nut", 0), line("washer", 7)].join("\n")]);
    let split = testing::split::<Naive>(&document, json!({"html4excel": true})).unwrap();
    let head = "<table><caption>Stock</caption><tr><th>part</th><th>count</th></tr>";
    assert!(split.texts().iter().all(|text| text.starts_with(head)), "{:?}", split.texts());
    assert_eq!(split.chunks.chunks[1].blocks, [1]);
}

#[test]
fn levels_of_a_header_are_joined_and_merged_cells_are_in_every_row() {
    let rows = [["Year", "Ships", ""], ["", "in", "out"], ["2019", "1", "2"], ["", "3", "4"]];
    let mut block = Block::table(&rows.map(|row| row.map(str::to_owned).to_vec()), 2);
    let table = block.table.as_mut().unwrap();
    table.cells.retain(|cell| !cell.text.is_empty());
    for cell in &mut table.cells {
        match cell.text.as_str() {
            "Year" | "2019" => cell.row_span = 2,
            "Ships" => cell.column_span = 2,
            _ => {}
        }
    }
    let split = testing::split::<Naive>(&Document::new("a.xlsx").block(block), json!({})).unwrap();
    assert_eq!(split.texts(), ["Year：2019; Ships-in：1; Ships-out：2\nYear：2019; Ships-in：3; Ships-out：4"]);
}
