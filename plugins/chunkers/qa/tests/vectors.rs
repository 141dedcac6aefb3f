//! The reference's vectors, where they are present. Those marked `defect` show its faults: what is expected instead is
//! written here. One chunk method reads what several do there, so only pairs are compared; what the reference drops is
//! in further chunks of text.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use mortise_chunker_qa::{Qa, parts};
use mortise_parser_markdown::Markdown;
use mortise_parser_text::Text;
use mortise_sdk::chunker::ChunkKind;
use mortise_sdk::document::Block;
use mortise_sdk::testing::{self, Document};
use serde_json::{Value, json};
use std::path::Path;

fn vectors(name: &str) -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/spec/vectors").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return None;
    };
    serde_json::from_str(&text).ok()
}

fn named<'v>(vectors: &'v [Value], name: &str) -> &'v Value {
    vectors.iter().find(|v| v["name"].as_str().unwrap().starts_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

fn expected(vector: &Value) -> Vec<String> {
    let text = |v: &Value| v["content_with_weight"].as_str().or(v.as_str()).unwrap().to_owned();
    vector["expected"].as_array().unwrap().iter().map(text).collect()
}

fn pairs(document: &Document, lang: &Value) -> Vec<String> {
    let split = testing::split::<Qa>(document, json!({"lang": lang})).unwrap();
    let pairs = split.chunks.chunks.iter().filter(|chunk| chunk.kind == ChunkKind::QuestionAnswer);
    pairs.map(|chunk| chunk.text.clone()).collect()
}

fn text(vector: &Value) -> Document {
    let name = vector["config"]["file"].as_str().unwrap();
    let kept = testing::parse::<Text>(name, vector["input"].as_str().unwrap().as_bytes(), json!({})).unwrap().kept;
    Document::of_parse(name, &kept)
}

#[test]
fn role_words() {
    let Some(vectors) = vectors("qa.json") else { return };
    for vector in vectors.iter().filter(|v| v["method"] == "qa_rm_prefix") {
        // The defect: a word before a blank is taken for a role.
        let expected = if vector["defect"] == true { &vector["input"] } else { &vector["expected"] };
        assert_eq!(parts::strip(vector["input"].as_str().unwrap()), expected.as_str().unwrap());
    }
}

#[test]
fn numberings() {
    let Some(vectors) = vectors("qa.json") else { return };
    for vector in vectors.iter().filter(|v| v["method"] == "qbullets_category") {
        let lines = vector["input"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        let found = parts::family(lines).map_or(-1, |family| family as i64);
        assert_eq!(found, vector["expected"].as_i64().unwrap(), "{}", vector["name"]);
    }
    for vector in vectors.iter().filter(|v| v["method"] == "index_int") {
        // The defect: what no reader understands is an error there, and has no number here.
        let found = parts::ordinal(vector["input"].as_str().unwrap()).map(i64::from);
        assert_eq!(found, vector["expected"].as_i64(), "{}", vector["name"]);
    }
}

#[test]
fn lines_of_text() {
    let Some(vectors) = vectors("qa.json") else { return };
    let vector = named(&vectors, "txt: tab pairs");
    let told = pairs(&text(vector), &vector["config"]["lang"]);
    // The defect: the article of the answer is lost there.
    let mut wanted = expected(vector);
    wanted[0] = "Question: What is a buoy?\tAnswer: A floating marker.".into();
    assert_eq!(told, wanted);

    let vector = named(&vectors, "txt: comma pairs");
    let split = testing::split::<Qa>(&text(vector), json!({"lang": "Chinese"})).unwrap();
    assert_eq!(split.texts()[0], "no pair yet", "it is dropped there");
    assert_eq!(split.texts()[1..], expected(vector));

    // The defect: a question without an answer is overwritten there; and `two` loses its `answer`.
    let vector = named(&vectors, "txt: pair with empty answer");
    let split = testing::split::<Qa>(&text(vector), json!({"lang": "English"})).unwrap();
    assert_eq!(split.texts(), ["Q1", "Question: Q2\tAnswer: answer two"]);
}

#[test]
fn lines_of_markdown() {
    let Some(vectors) = vectors("qa.json") else { return };
    let parsed = |vector: &Value| {
        let input = vector["input"].as_str().unwrap().as_bytes();
        Document::of_parse("q.md", &testing::parse::<Markdown>("q.md", input, json!({})).unwrap().kept)
    };
    // The defect: code in fences becomes a heading. Answers are text here, their tables HTML.
    let told = pairs(&parsed(named(&vectors, "markdown: heading path")), &json!("English"));
    assert_eq!(told[0], "Question: Ropes\tAnswer: General text.");
    assert_eq!(told[1], "Question: Ropes\nKnots\tAnswer: A bowline holds.\n```\n# not a heading\n```");
    assert_eq!(told[2], "Question: Ropes\nSplices\tAnswer: Use a fid.");
    let table = "<table><tr><th>t</th><th>u</th></tr><tr><td>1</td><td>2</td></tr></table>";
    assert_eq!(told[3], format!("Question: Anchors\tAnswer: {table}"));

    let document = parsed(named(&vectors, "markdown: text before"));
    assert_eq!(pairs(&document, &json!("English")), ["Question: H\tAnswer: body"]);
    let split = testing::split::<Qa>(&document, json!({})).unwrap();
    assert_eq!(split.texts()[0], "lead text", "it is dropped there");
}

fn sheet(rows: &Value) -> Block {
    let cell =
        |v: &Value| v.as_str().map_or_else(|| if v.is_null() { String::new() } else { v.to_string() }, str::to_owned);
    let rows: Vec<Vec<String>> =
        rows.as_array().unwrap().iter().map(|row| row.as_array().unwrap().iter().map(cell).collect()).collect();
    Block::table(&rows, 0)
}

#[test]
fn sheets() {
    let Some(vectors) = vectors("qa.json") else { return };
    let vector = named(&vectors, "xlsx: first two");
    let document = Document::new("q.xlsx")
        .part("S1", "")
        .block(sheet(&vector["input"]["S1"]))
        .part("S2", "")
        .block(sheet(&vector["input"]["S2"]));
    let told = pairs(&document, &json!("English"));
    let mut wanted = expected(vector);
    // Cells beside the pair are dropped there, and so is an answer of 0.
    wanted[1].push_str("\nextra");
    wanted.insert(2, "Question: Why?\tAnswer: 0".into());
    assert_eq!(told, wanted);
    let split = testing::split::<Qa>(&document, json!({})).unwrap();
    assert!(split.texts().contains(&"only question"), "it is dropped there");

    // As the parser of sheets gives a file of comma separated values.
    let rows =
        json!([["What, exactly, is a bollard?", "A post"], ["How tall?", "One metre"], ["three", "cells", "here"]]);
    let document = Document::new("q.csv").part("q", "text/csv").block(sheet(&rows));
    let mut wanted = expected(named(&vectors, "csv: quoting"));
    wanted[0] = "Question: What, exactly, is a bollard?\tAnswer: A post".into();
    assert_eq!(pairs(&document, &json!("English")), wanted);
}

#[test]
fn word_documents() {
    let Some(vectors) = vectors("docx.json") else { return };
    let vector = named(&vectors, "qa: heading path");
    let mut document = Document::new("port.docx");
    for row in vector["input"].as_array().unwrap() {
        document = match (row[0].as_str().unwrap(), &row[1]) {
            ("TABLE", rows) => document.block(sheet(rows)),
            ("", text) => document.paragraph(text.as_str().unwrap()),
            (style, text) => {
                document.heading(style.trim_start_matches("Heading ").parse().unwrap(), text.as_str().unwrap())
            }
        };
    }
    // Tables stay in the answer here; and equal cells beside each other stay two.
    let table =
        "<table><tr><td>Type</td><td>Load</td></tr><tr><td>A</td><td>A</td></tr><tr><td>B</td><td>10</td></tr></table>";
    let mut wanted = expected(vector)[1..].to_vec();
    wanted[1] = format!("Question: Harbour\nCranes\tAnswer: Cranes lift.\n{table}\nAfter table.");
    assert_eq!(pairs(&document, &json!("English")), wanted);
}
