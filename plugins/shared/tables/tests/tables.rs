//! Tables in parts: bounded, each with its header, no cell lost.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_sdk::document::{Block, Table};
use mortise_sdk::host;
use mortise_shared_tables::{parts, row_lines, under_header};
use mortise_shared_text::TokenCounter;
use proptest::prelude::*;

struct Tokens;

impl TokenCounter for Tokens {
    fn count(&self, texts: &[String]) -> Vec<u32> {
        host::count_tokens(texts)
    }
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32> {
        host::token_cuts(text, limit)
    }
}

fn table(rows: &[&[&str]], header: usize) -> Table {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    Block::table(&rows, header).table.unwrap()
}

#[test]
fn every_part_has_caption_and_header() {
    let rows: Vec<Vec<String>> = (0..50).map(|row| vec![format!("part {row}"), format!("{row}")]).collect();
    let table = Block::table(&rows, 1).table.unwrap();
    let told = parts(&table, "Stock & store", 12, 90, &Tokens);
    let frame = "<table><caption>Stock &amp; store</caption><tr><th>part 0</th><th>0</th></tr><tr><td>";
    assert!(told.len() > 4 && told.iter().all(|part| part.starts_with(frame) && Tokens.count_one(part) <= 90));
    assert_eq!(told.concat().matches("<td>part ").count(), 49);
}

#[test]
fn what_has_no_room_for_its_frame_is_told_all_the_same() {
    let long = "word ".repeat(80);
    let told = parts(&table(&[&["name", "text"], &["a", &long]], 1), "Caption", usize::MAX, 30, &Tokens);
    assert!(told.iter().all(|part| Tokens.count_one(part) <= 30));
    assert!(told[0].contains("Caption") && told[0].contains("name"));
    assert_eq!(told.concat().matches("word").count(), 80);
    assert!(parts(&Table { rows: 2, columns: 2, cells: vec![] }, "", usize::MAX, 30, &Tokens).len() <= 1);
}

#[test]
fn rows_as_lines() {
    let lines = row_lines(&table(&[&["Part", "Load"], &["Hook", "5"], &["", "2"]], 1));
    assert_eq!(lines, ["Part; Load", "Part: Hook; Load: 5", "Load: 2"]);
    assert_eq!(row_lines(&table(&[&["Hook", "a\nb"]], 0)), ["Hook; a b"]);
}

#[test]
fn later_windows_have_the_header_of_the_first() {
    let joined = under_header(&table(&[&["nut", "0"]], 0), &table(&[&["Part", "Qty"], &["bolt", "4"]], 1));
    assert_eq!(joined.plain_text(), "Part\tQty\nnut\t0");
    assert_eq!(joined.header_rows(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_bounded_and_lose_no_cell(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z]{0,9}( [a-z]{1,9}){0,6}", 1..5), 1..30),
        header in 0usize..4,
        limit in 8u32..200,
        most in 1usize..20,
    ) {
        let table = Block::table(&rows, header).table.unwrap();
        let told = parts(&table, "the caption", most, limit, &Tokens);
        prop_assert!(told.iter().all(|part| Tokens.count_one(part) <= limit && !part.trim().is_empty()));
        let said: String = told.join(" ").chars().filter(|c| !c.is_whitespace()).collect();
        for word in rows.iter().flatten().flat_map(|cell| cell.split(' ')).filter(|word| word.len() < 3) {
            prop_assert!(said.contains(word), "{word}");
        }
    }
}
