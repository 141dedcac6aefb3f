//! Whole files in, blocks out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_parser_csv::Csv;
use mortise_sdk::document::{Table, Value};
use mortise_sdk::parser::{Kept, Parser};
use mortise_sdk::serde_json::json;
use mortise_sdk::testing;
use proptest::prelude::*;
use std::path::PathBuf;

fn parse(name: &str, bytes: &[u8]) -> Kept {
    testing::parse::<Csv>(name, bytes, json!({})).unwrap().kept
}

fn shared(name: &str) -> Option<Vec<u8>> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(name)).ok()
}

fn tables(kept: &Kept) -> Vec<&Table> {
    kept.blocks.iter().map(|b| b.table.as_ref().unwrap()).collect()
}

#[test]
fn it_describes_itself() {
    testing::assert_description::<mortise_parser_csv::Settings>(Csv::describe());
}

#[test]
fn semicolons_dates_and_a_header() {
    let kept = parse("wood.csv", "wood;density;since\noak;0,72;2024-05-01\npine;0,51;2023-11-30\n".as_bytes());
    let table = tables(&kept)[0];
    assert_eq!((table.rows, table.columns, table.header_rows()), (3, 3, 1));
    assert!(matches!(&table.cells[5].value, Value::Time(t) if t == "2024-05-01"));
    assert_eq!((kept.parts[0].name.as_str(), kept.blocks[0].page()), ("wood", Some(1)));
    assert_eq!(kept.metadata["delimiter"], ";");
}

#[test]
fn every_encoding_and_ragged_rows() {
    let text = "名称,数量\n缆绳,12\n灯塔\n码头,3,备注\n";
    let (gbk, _, _) = encoding_rs::GBK.encode(text);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [text.as_bytes(), &gbk, &utf16] {
        let kept = parse("a.csv", bytes);
        assert_eq!(kept.blocks[0].text, "名称\t数量\t\n缆绳\t12\t\n灯塔\t\t\n码头\t3\t备注");
        assert!(kept.warnings[0].1.starts_with("2 rows have other numbers of fields"), "{:?}", kept.warnings);
    }
}

#[test]
fn settings_name_the_delimiter() {
    let kept = testing::parse::<Csv>("a.csv", b"a:b\n1:2\n", json!({"csv_delimiter": ":"})).unwrap().kept;
    assert_eq!(tables(&kept)[0].columns, 2);
    assert!(testing::parse::<Csv>("a.csv", b"a", json!({"csv_delimiter": "::"})).is_err());
}

#[test]
fn nothing_and_what_is_no_text() {
    assert!(parse("a.csv", b"").blocks.is_empty());
    assert!(parse("a.csv", b"\n\n , \n").blocks.is_empty());
    assert!(testing::parse::<Csv>("a.csv", &[0; 300], json!({})).is_err());
}

#[test]
fn shared_files_keep_all_rows() {
    for (name, rows, columns) in [
        ("csv/china-areas.csv", 2_979, 4),
        ("csv/country-codes.csv", 250, 56),
        ("csv/fivethirtyeight-recent-grads.csv", 174, 21),
        ("csv/docling-csv-semicolon.csv", 6, 12),
    ] {
        let Some(bytes) = shared(name) else { continue };
        let kept = parse(name, &bytes);
        let tables = tables(&kept);
        assert_eq!(tables.iter().map(|t| t.rows).sum::<u32>(), rows, "{name}");
        assert_eq!((tables[0].columns, tables[0].header_rows()), (columns, 1), "{name}");
        assert!(kept.warnings.is_empty(), "{name}: {:?}", kept.warnings);
    }
}

#[test]
fn hostile_files_end_well() {
    if let Some(bytes) = shared("hostile/unclosed-quote.csv") {
        let kept = parse("unclosed-quote.csv", &bytes);
        assert!(kept.warnings.iter().any(|w| w.1.contains("never closes")));
        assert!(tables(&kept).iter().map(|t| t.rows).sum::<u32>() > 10_000);
    }
    if let Some(bytes) = shared("hostile/wide.csv") {
        let kept = parse("wide.csv", &bytes);
        assert_eq!(tables(&kept)[0].columns, 16_384);
        assert!(kept.warnings.iter().any(|w| w.1.contains("beyond column")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = testing::parse::<Csv>("a.csv", &bytes, json!({}));
    }

    #[test]
    fn every_field_is_in_a_cell(rows in proptest::collection::vec(proptest::collection::vec("[a-z]{1,5}", 3..4), 1..40)) {
        let text = rows.iter().map(|r| r.join(",")).collect::<Vec<_>>().join("\n");
        let kept = parse("a.csv", text.as_bytes());
        let found: Vec<String> = tables(&kept).iter().flat_map(|t| t.cells.iter().map(|c| c.text.clone())).collect();
        prop_assert_eq!(found, rows.concat());
    }
}
