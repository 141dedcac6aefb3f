//! The reference's vectors, where they are present. Those marked `defect` show its faults: what is expected instead is
//! written here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use mortise_chunker_table::Table;
use mortise_parser_text::Text;
use mortise_sdk::chunker::Chunk;
use mortise_sdk::document::{Block, Cell, Table as Grid, Value as Typed};
use mortise_sdk::testing::{self, Document};
use mortise_shared_records::{Kind, Vote};
use serde_json::{Value, json};
use std::path::Path;

fn vectors() -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/spec/vectors/table.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return None;
    };
    serde_json::from_str(&text).ok()
}

fn named<'v>(vectors: &'v [Value], name: &str) -> &'v Value {
    vectors.iter().find(|v| v["name"].as_str().unwrap().starts_with(name)).unwrap_or_else(|| panic!("no {name}"))
}

fn cell(row: usize, column: usize, text: &str) -> Cell {
    let (row, column) = (row as u32, column as u32);
    Cell { row, column, row_span: 1, column_span: 1, header: false, text: text.into(), value: Typed::None }
}

/// The type and the values of a column.
fn column(texts: &[Value]) -> (&'static str, Vec<Value>) {
    let cells: Vec<Cell> = texts.iter().map(|v| cell(0, 0, v.as_str().unwrap_or_default())).collect();
    let mut vote = Vote::default();
    cells.iter().for_each(|cell| vote.count(cell));
    let name = match vote.kind() {
        Kind::Integer => "int",
        Kind::Float => "float",
        Kind::Boolean => "bool",
        Kind::Time(_) => "datetime",
        Kind::Text => "text",
    };
    (name, cells.iter().map(|cell| value(&vote.kind().value(cell))).collect())
}

fn value(typed: &Typed) -> Value {
    match typed {
        Typed::None => Value::Null,
        Typed::Text(text) | Typed::Time(text) => json!(text),
        Typed::Integer(number) => json!(number),
        Typed::Number(number) => json!(number),
        Typed::Boolean(truth) => json!(truth),
    }
}

#[test]
fn types_of_columns() {
    let Some(vectors) = vectors() else { return };
    let told = |name: &str| column(named(&vectors, &format!("column type: {name}"))["input"].as_array().unwrap());
    let same = |name: &str| {
        let expected = &named(&vectors, &format!("column type: {name}"))["expected"];
        assert_eq!(told(name), (expected["type"].as_str().unwrap(), expected["values"].as_array().unwrap().clone()));
    };
    for name in ["ints", "floats", "text", "huge int"] {
        same(name);
    }
    // Truths are truths here, words there; dates without a time have none here.
    assert_eq!(told("bools"), ("bool", vec![json!(true), json!(false), json!(true), json!(false)]));
    assert_eq!(told("dates"), ("datetime", vec![json!("2024-05-01"), json!("2023-12-31")]));
    // Defects: lenient dates, values lost to a vote.
    let texts = |texts: &[&str]| ("text", texts.iter().map(|text| json!(text)).collect::<Vec<_>>());
    assert_eq!(told("leading zeros"), texts(&["007", "012", "100"]));
    assert_eq!(told("month names"), texts(&["May", "June"]));
    assert_eq!(told("majority int"), texts(&["1", "2", "x"]));
    assert_eq!(told("tie prefers"), texts(&["1", "a"]));
    // Not marked as defects, but: a column of numbers with zeros is one of numbers, and one of nothing is none.
    assert_eq!(told("plain zero"), ("int", vec![json!(0), json!(0), json!(5)]));
    assert_eq!(told("empty strings"), ("text", vec![Value::Null, Value::Null, Value::Null]));
}

/// As the parser of sheets gives a file of comma separated values.
fn csv(name: &str, text: &str) -> Document {
    let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    Document::new(name).media_type("text/csv").block(Block::table(&rows, 1))
}

fn rows(document: &Document) -> Vec<Chunk> {
    testing::split::<Table>(document, json!({})).unwrap().chunks.chunks
}

fn fields(chunk: &Chunk) -> Value {
    Value::Object(chunk.fields.iter().map(|field| (field.name.clone(), value(&field.value))).collect())
}

#[test]
fn a_csv_file() {
    let Some(vectors) = vectors() else { return };
    let input = named(&vectors, "csv to typed")["input"].as_str().unwrap();
    let chunks = rows(&csv("ships.csv", input));
    // The defect: 12.5 is lost to a tie of types; the text has what stands in the file.
    assert_eq!(chunks[0].text, "- ship/vessel: Tern\n- length(m): 12.5\n- active: yes\n- built: 2001-02-03");
    let wanted = json!({"ship_tks": "Tern", "length_flt": 12.5, "active_kwd": true, "built_dt": "2001-02-03"});
    assert_eq!(fields(&chunks[0]), wanted);
    assert_eq!(chunks[1].text, "- ship/vessel: Gull\n- length(m): 9\n- active: no\n- built: 1999-12-31");
    assert_eq!(fields(&chunks[1])["length_flt"], 9.0);
    assert_eq!(chunks.len(), 2);
}

#[test]
fn lines_of_text() {
    let Some(vectors) = vectors() else { return };
    let parsed = |vector: &Value| {
        let name = vector["config"]["file"].as_str().unwrap();
        let input = vector["input"].as_str().unwrap().as_bytes();
        rows(&Document::of_parse(name, &testing::parse::<Text>(name, input, json!({})).unwrap().kept))
    };
    let vector = named(&vectors, "tab separated Chinese");
    let chunks = parsed(vector);
    for (chunk, expected) in chunks.iter().zip(vector["expected"]["chunks"].as_array().unwrap()) {
        // A column with one empty cell and one text is one of decimals there, and the text is lost.
        let text = chunk.text.replace("\n- 城市: 厦门", "");
        assert_eq!(text, expected["content_with_weight"].as_str().unwrap());
        assert_eq!(fields(chunk)["nian_ling_long"], expected["nian_ling_long"]);
        assert_eq!(
            fields(chunk)["xing_ming_tks"].as_str().unwrap(),
            expected["xing_ming_tks"].as_str().unwrap().replace(' ', "")
        );
    }
    // An empty column has no type here, and is a decimal one there; its header is in the row that has something.
    assert_eq!(chunks[0].fields.len(), 3);
    assert_eq!((fields(&chunks[0])["cheng_shi_tks"].as_str(), chunks[1].fields.len()), (Some("厦门"), 2));

    // Rows of another width are dropped there, and kept here.
    let chunks = parsed(named(&vectors, "rows with wrong width"));
    let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    assert_eq!(texts, ["- a: 1\n- b: 2", "- a: 3", "- a: 4\n- b: 5\n- Column_3: 6", "- a: 7\n- b: 8"]);
    assert_eq!(fields(&chunks[3]), json!({"a_long": 7, "b_long": 8}));
}

#[test]
fn columns_of_the_same_name_and_columns_that_number() {
    let Some(vectors) = vectors() else { return };
    let vector = named(&vectors, "id-like");
    let chunks = rows(&csv("x.csv", vector["input"].as_str().unwrap()));
    assert_eq!(chunks[0].text, vector["expected"]["chunks"][0]["content_with_weight"].as_str().unwrap());
    assert_eq!(fields(&chunks[0]), json!({"name_tks": "Reef"}));
    // An error there; a file is better read than refused.
    let chunks = rows(&csv("x.csv", named(&vectors, "duplicate header")["input"].as_str().unwrap()));
    assert_eq!((chunks[0].text.as_str(), fields(&chunks[0])), ("- a: 1\n- a: 2", json!({"a_long": 1, "a_2_long": 2})));
    // Windows of rows belong to the host's engine here: all rows are given.
    assert_eq!(rows(&csv("x.csv", named(&vectors, "row window")["input"].as_str().unwrap())).len(), 4);
}

#[test]
fn a_header_of_two_levels() {
    let Some(vectors) = vectors() else { return };
    let vector = named(&vectors, "merged two-level");
    let mut cells = Vec::new();
    for (row, texts) in vector["input"]["sheets"]["Sheet1"].as_array().unwrap().iter().enumerate() {
        for (column, text) in texts.as_array().unwrap().iter().enumerate().filter(|(_, text)| !text.is_null()) {
            let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
            cells.push(cell(row, column, &text));
        }
    }
    // A1:B1 and C1:C2.
    cells.retain(|cell| (cell.row, cell.column) != (1, 2));
    cells[0].column_span = 2;
    cells[1].row_span = 2;
    let block = Block { table: Some(Grid { rows: 4, columns: 3, cells }), ..Block::table(&[], 0) };
    let chunks = rows(&Document::new("m.xlsx").part("Sheet1", "").block(block));
    for (chunk, expected) in chunks.iter().zip(vector["expected"]["chunks"].as_array().unwrap()) {
        assert_eq!(chunk.text, expected["content_with_weight"].as_str().unwrap());
        for (name, value) in fields(chunk).as_object().unwrap() {
            assert_eq!(&expected[name], value);
        }
    }
    assert_eq!(chunks.len(), 2);
}
