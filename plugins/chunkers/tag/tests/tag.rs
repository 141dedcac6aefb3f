//! Tag sets, the reference's vectors among them where they are present, and what may never happen.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use mortise_chunker_tag::Tag;
use mortise_parser_text::Text;
use mortise_sdk::chunker::{Chunk, Chunker};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::testing::{self, Document};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

fn vectors() -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/spec/vectors/tag.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {}", path.display());
        return None;
    };
    serde_json::from_str(&text).ok()
}

fn chunks(document: &Document) -> Vec<Chunk> {
    testing::split::<Tag>(document, json!({})).unwrap().chunks.chunks
}

fn sheet(rows: &[Vec<String>]) -> Block {
    Block::table(rows, 0)
}

/// Chunks that have tags are those of the reference, but for the newline that these begin with.
fn same(told: &[Chunk], vector: &Value) {
    let told: Vec<(&str, Vec<&str>)> = told
        .iter()
        .filter(|chunk| !chunk.tags.is_empty())
        .map(|chunk| (chunk.text.as_str(), chunk.tags.iter().map(String::as_str).collect()))
        .collect();
    let wanted: Vec<(&str, Vec<&str>)> = vector["expected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chunk| {
            let tags = chunk["tag_kwd"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
            (chunk["content_with_weight"].as_str().unwrap().trim(), tags)
        })
        .collect();
    assert_eq!(told, wanted, "{}", vector["name"]);
}

#[test]
fn the_vectors() {
    let Some(vectors) = vectors() else { return };
    let named = |name: &str| vectors.iter().find(|v| v["name"].as_str().unwrap().starts_with(name)).unwrap();
    // As the parser of sheets gives it.
    let rows = [["slow boat", "transport, sea.v2"], ["fast car", "road"]].map(|row| row.map(str::to_owned).to_vec());
    same(&chunks(&Document::new("t.csv").block(sheet(&rows))), named("csv"));

    let input = named("txt")["input"].as_str().unwrap().as_bytes();
    let kept = testing::parse::<Text>("t.txt", input, json!({})).unwrap().kept;
    let told = chunks(&Document::of_parse("t.txt", &kept));
    same(&told, named("txt"));
    assert_eq!(told[0].blocks, [0, 1]);

    let rows = [["pier photo", "sea, wood"], ["no tags", ""]].map(|row| row.map(str::to_owned).to_vec());
    let told = chunks(&Document::new("t.xlsx").part("S", "").block(sheet(&rows)));
    same(&told, named("xlsx"));
    assert_eq!(told[1].text, "no tags", "it is dropped there");
}

#[test]
fn headers_and_cells_beside() {
    let rows =
        [["id", "Tags", "Content"], ["1", "a，b", "one"], ["2", "", "two"]].map(|row| row.map(str::to_owned).to_vec());
    let told = chunks(&Document::new("t.xlsx").part("Harbour", "").block(sheet(&rows)));
    let told: Vec<(&str, &[String])> = told.iter().map(|chunk| (chunk.text.as_str(), chunk.tags.as_slice())).collect();
    assert_eq!(told[0], ("one\nid: 1", ["a".to_owned(), "b".to_owned()].as_slice()));
    assert_eq!(told[1], ("two\nid: 2", [].as_slice()));
    testing::assert_description::<<Tag as Chunker>::Config>(Tag::describe());
}

fn document() -> impl Strategy<Value = Document> {
    let line = prop_oneof![
        "[a-z.]{1,9}( [a-z.]{1,9}){0,40}",
        "[a-z]{1,9}\t[a-z, ]{0,12}",
        "[a-z]{1,9},[a-z.]{1,9}",
        "潮水上涨。{1,9}"
    ];
    let name = prop_oneof![Just("a.txt"), Just("a.csv"), Just("a.md")];
    let block = prop_oneof![
        4 => line.clone().prop_map(|text| Block::new(0, BlockKind::Paragraph, text)),
        1 => "[A-Z]{1,8}".prop_map(|text| Block::heading(1, text)),
        1 => prop::collection::vec(prop::collection::vec(line, 1..4), 1..5).prop_map(|rows| Block::table(&rows, 0)),
    ];
    (name, prop::collection::vec(block, 0..12)).prop_map(|(name, blocks)| {
        blocks.into_iter().fold(Document::new(name), |document, block| document.block(block))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_document(document in document(), limit in 8..200_u32) {
        let split = testing::split::<Tag>(&document, json!({"chunk_token_num": limit})).unwrap();
        testing::assert_at_most(&split.chunks, limit);
        testing::assert_in_order(&document, &split.chunks);
        let again = testing::split::<Tag>(&document, json!({"chunk_token_num": limit})).unwrap();
        prop_assert_eq!(format!("{:?}", split.chunks), format!("{:?}", again.chunks));
        let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        let said: String = split.chunks.chunks.iter().map(|chunk| bare(&chunk.text) + &bare(&chunk.tags.concat())).collect();
        for block in document.blocks() {
            for word in block.text.split(|c: char| !c.is_alphanumeric()) {
                prop_assert!(said.contains(word), "{word} of {:?}", block.text);
            }
        }
    }
}
