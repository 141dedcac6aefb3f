//! Whole files in, blocks out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_json::Json;
use mortise_sdk::document::BlockKind::{KeyValue, Paragraph, Separator};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;
use std::path::Path;

fn parse_as(name: &str, bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Json::parse(&File::from_bytes(name, "application/json", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn parse(text: &str) -> Result<Kept> {
    parse_as("a.json", text.as_bytes())
}

fn texts(kept: &Kept) -> Vec<&str> {
    kept.blocks.iter().map(|b| if b.kind == Separator { "---" } else { b.text.as_str() }).collect()
}

#[test]
fn the_documents_of_the_reference_vectors() {
    assert_eq!(texts(&parse(r#"{"a":1,"b":{"c":"x"}}"#).unwrap()), ["a: 1", "b.c: x"]);
    assert_eq!(texts(&parse(r#"[{"n":"x"},{"n":"y"}]"#).unwrap()), ["n: x", "---", "n: y"]);
    let lines = "{\"id\":1,\"t\":\"a\"}\n{\"id\":2,\"t\":\"b\"}\n\n{\"id\":3,\"t\":\"c\"}";
    let want = ["id: 1", "t: a", "---", "id: 2", "t: b", "---", "id: 3", "t: c"];
    for name in ["a.json", "a.jsonl"] {
        assert_eq!(texts(&parse_as(name, lines.as_bytes()).unwrap()), want, "{name}");
    }
    let kept = parse("{\"i\":1}\n{\"i\":2}\nbad\n{\"i\":4}\n{\"i\":5}").unwrap();
    assert_eq!(texts(&kept), ["i: 1", "---", "i: 2", "---", "i: 4", "---", "i: 5"]);
    assert_eq!(kept.warnings[0].1, "line 3 was left out: \"bad\" where a value should be");
    assert!(matches!(parse("hello"), Err(Error::InvalidInput(why)) if why.starts_with("not JSON: line 1")));
    let kept = parse("5").unwrap();
    assert_eq!((kept.blocks[0].kind, texts(&kept)), (KeyValue, vec!["5"]));
}

#[test]
fn what_people_write_is_taken_as_it_is_meant() {
    let text = "\u{feff}// settings\n{\n  'name': 'Häfen', # of the coast\n  depth: .5, /* m */ max: NaN, min: -Infinity,\n  \"list\": [1, 2, 3,],\n  \"empty\": null, \"none\": \"\", \"zero\": 0, \"off\": false,\n}\n";
    let want = ["name: Häfen", "depth: .5", "max: NaN", "min: -Infinity", "list: 1, 2, 3", "zero: 0", "off: false"];
    assert_eq!(texts(&parse(text).unwrap()), want);
    let text = r#"{"a": "tab\there \u6e2f\ud83d\ude00 \ud800 \/ \"q\" line\nend"}"#;
    assert_eq!(texts(&parse(text).unwrap()), ["a: tab\there 港😀 \u{FFFD} / \"q\" line\nend"]);
    assert_eq!(texts(&parse("{\"a\":1}{\"a\":2} [3]").unwrap()), ["a: 1", "---", "a: 2", "---", "3"]);
}

#[test]
fn broken_documents_are_told_as_far_as_they_go() {
    let kept = parse("{\"a\": 1,\n \"b\": [2, 3,\n \"c\" oops\n more text\n").unwrap();
    assert_eq!(texts(&kept)[..2], ["a: 1", "b: 2, 3, c"]);
    assert!(kept.blocks.iter().any(|b| b.kind == Paragraph && b.text == "more text"), "{:?}", texts(&kept));
    assert!(kept.warnings[0].1.starts_with("line 3: \"oops\""), "{:?}", kept.warnings);
    let kept = parse("[{\"a\": \"never closed").unwrap_or_default();
    assert!(kept.blocks.is_empty());
    assert!(parse("<html>").is_err() && parse("").unwrap().blocks.is_empty());
    assert!(parse_as("a.jsonl", b"no\njson\n").is_err());
    assert!(parse_as("a.json", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01").is_err());
}

#[test]
fn depth_is_refused_by_name_and_size_costs_no_memory() {
    for text in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000), "[".repeat(1_000_000) + &"]".repeat(1_000_000)] {
        let Err(Error::InvalidInput(why)) = parse(&text) else { panic!() };
        assert!(why.contains("1000 objects and lists in each other"), "{why}");
    }
    let long = format!("{{\"a\": \"{}\"}}", "word ".repeat(1_000_000));
    let kept = parse(&long).unwrap();
    assert_eq!(kept.blocks.iter().map(|b| b.text.matches("word").count()).sum::<usize>(), 1_000_000);
    let many: String = (0..100_000).map(|i| format!("{{\"n\": {i}, \"s\": \"ship {i}\"}}\n")).collect();
    let kept = parse_as("a.jsonl", many.as_bytes()).unwrap();
    assert_eq!(kept.blocks.iter().map(|b| b.text.matches("ship").count()).sum::<usize>(), 100_000);
}

#[test]
fn test_documents_give_their_ground_truth() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return;
    }
    for name in ["analects-zh-hant", "china-province-city-area"] {
        let kept = parse_as("a.json", &std::fs::read(data.join(format!("json/{name}.json"))).unwrap()).unwrap();
        let got = texts(&kept).join("\n");
        let truth = std::fs::read_to_string(data.join(format!("groundtruth/json__{name}.json.txt"))).unwrap();
        let found = truth.lines().filter(|line| got.contains(line.trim())).count();
        assert_eq!(found, truth.lines().count(), "{name}");
    }
    assert!(parse_as("a.json", &std::fs::read(data.join("hostile/deep.json")).unwrap()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse_as("a.json", &bytes);
        let _ = parse_as("a.jsonl", &bytes);
    }

    #[test]
    fn no_structure_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "{", "}", "[", "]", ":", ",", "\"a\"", "'b'", "c", "1", "\n", "//x\n", "/*", "*/", "\\", "\\u12", "\"", "null", " ",
    ]), 0..60)) {
        let _ = parse(&parts.concat());
        let _ = parse_as("a.jsonl", parts.concat().as_bytes());
    }
}
