//! Real sheets and documents, where they are present: every row is a chunk, every cell is in it, columns have the types
//! that a reader would give them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use mortise_chunker_table::Table;
use mortise_parser_html::Html;
use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::{Block, Value};
use mortise_sdk::testing::{self, Document};
use serde_json::json;
use std::path::Path;

type Sheets = Vec<Vec<Vec<String>>>;

fn real(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: no {}", path.display());
    }
    bytes
}

/// The sheets of a real file, as the ground truth has them, in windows of a thousand rows.
fn sheets(name: &str) -> Option<(Document, Sheets)> {
    let truth = format!("groundtruth/{}.tables.json", name.replace('/', "__"));
    let sheets: Sheets = serde_json::from_slice(&real(&truth)?).unwrap();
    let mut document = Document::new(name.rsplit('/').next().unwrap());
    for (number, rows) in sheets.iter().enumerate() {
        document = document.part(&format!("Sheet{number}"), "");
        let first = document.blocks().len() as u32;
        for (window, rows) in rows.chunks(1000).enumerate() {
            let parent = (window > 0).then_some(first);
            document = document.block(Block { parent, ..Block::table(rows, 0) });
        }
    }
    Some((document, sheets))
}

fn rows(document: &Document) -> Vec<Chunk> {
    testing::split::<Table>(document, json!({"chunk_token_num": 2048})).unwrap().chunks.chunks
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn every_cell_of_every_sheet() {
    for name in [
        "csv/china-areas.csv",
        "csv/china-cities-gbk.csv",
        "csv/country-codes.csv",
        "csv/docling-csv-semicolon.csv",
        "csv/fivethirtyeight-recent-grads.csv",
        "xls/docling-legacy_sample.xls",
        "xlsx/calamine-merged-range.xlsx",
        "xlsx/docling-xlsx_01.xlsx",
        "xlsx/docling-xlsx_06_edge_cases_.xlsx",
        "xlsx/docling-xlsx_09_section_label_header.xlsx",
        "xlsx/easyexcel-extra-zh.xlsx",
        "xlsx/openchain-policy-zh-hans.xlsx",
        "xlsx/openchain-tooling-comparisons-en.xlsx",
    ] {
        let Some((document, sheets)) = sheets(name) else { continue };
        let chunks = rows(&document);
        let said: String = chunks.iter().map(|chunk| squeezed(&chunk.text)).collect();
        for row in sheets.iter().flat_map(|rows| rows.iter().skip(1)) {
            for cell in row {
                assert!(said.contains(&squeezed(cell)), "{name}: {cell:?}");
            }
        }
        testing::assert_in_order(&document, &testing::split::<Table>(&document, json!({})).unwrap().chunks);
    }
}

#[test]
fn types_and_names_of_columns() {
    let Some((document, sheets)) = sheets("csv/fivethirtyeight-recent-grads.csv") else { return };
    let chunks = rows(&document);
    assert_eq!(chunks.len(), sheets[0].len() - 1);
    let field = |name: &str| chunks[0].fields.iter().find(|field| field.name == name).map(|field| &field.value);
    assert!(matches!(field("rank_long"), Some(Value::Integer(1))));
    assert!(matches!(field("sharewomen_flt"), Some(Value::Number(share)) if (share - 0.120_564_344).abs() < 1e-9));
    assert!(matches!(field("major_category_tks"), Some(Value::Text(text)) if text == "Engineering"));
    // A line for each field, in the same order.
    assert!(chunks.iter().all(|chunk| chunk.text.lines().count() == chunk.fields.len()));
    let Some((document, _)) = self::sheets("csv/china-areas.csv") else { return };
    let chunks = rows(&document);
    assert_eq!(chunks.last().unwrap().blocks, [2]);
    assert!(chunks.last().unwrap().text.starts_with("- code: "), "the third window has the header of the first");
    let Some((document, _)) = self::sheets("csv/docling-csv-semicolon.csv") else { return };
    let names: Vec<String> = rows(&document)[0].fields.iter().map(|field| field.name.clone()).collect();
    assert!(
        names.contains(&"subscription_date_dt".to_owned()) && names.contains(&"first_name_tks".to_owned()),
        "{names:?}"
    );
}

#[test]
fn tables_of_a_web_page() {
    let Some(bytes) = real("html/docling-html_rich_table_cells.html") else { return };
    let kept = testing::parse::<Html>("a.html", &bytes, json!({})).unwrap().kept;
    let document = Document::of_parse("a.html", &kept);
    let chunks = rows(&document);
    let tables = document.blocks().iter().filter_map(|block| block.table.as_ref()).count();
    assert!(tables > 0 && chunks.iter().filter(|chunk| chunk.kind == ChunkKind::Table).count() > tables);
    testing::assert_in_order(&document, &testing::split::<Table>(&document, json!({})).unwrap().chunks);
}
