//! The method on documents of all sorts, real ones among them where they are present, and what may never happen.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use mortise_chunker_qa::Qa;
use mortise_parser_docx::Docx;
use mortise_parser_markdown::Markdown;
use mortise_parser_text::Text;
use mortise_sdk::chunker::{Chunk, ChunkKind, Chunker};
use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::parser::Parser;
use mortise_sdk::testing::{self, Document};
use mortise_sdk::text;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

fn split(document: &Document, config: Value) -> Vec<Chunk> {
    testing::split::<Qa>(document, config).unwrap().chunks.chunks
}

fn pairs(chunks: &[Chunk]) -> Vec<&Chunk> {
    chunks.iter().filter(|chunk| chunk.kind == ChunkKind::QuestionAnswer).collect()
}

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

fn parsed<P: Parser>(name: &str, bytes: &[u8]) -> Document {
    Document::of_parse(name, &testing::parse::<P>(name, bytes, json!({})).unwrap().kept)
}

fn real(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: no {}", path.display());
    }
    bytes
}

/// The sheets of a real file, as the ground truth has them.
fn sheets(name: &str, truth: &str, header_rows: usize) -> Option<Document> {
    let sheets: Vec<Vec<Vec<String>>> = serde_json::from_slice(&real(&format!("groundtruth/{truth}"))?).unwrap();
    let mut document = Document::new(name);
    for rows in sheets {
        document = document.part("Sheet1", "").block(Block::table(&rows, header_rows));
    }
    Some(document)
}

#[test]
fn what_it_says_of_itself() {
    testing::assert_description::<<Qa as Chunker>::Config>(Qa::describe());
}

#[test]
fn a_pair_is_a_chunk_with_its_question() {
    let chunks = split(&parsed::<Text>("a.txt", b"Why?\tBecause.\n"), json!({}));
    assert_eq!(texts(&chunks), ["Question: Why?\tAnswer: Because."]);
    assert_eq!((chunks[0].questions[0].as_str(), chunks[0].kind), ("Why?", ChunkKind::QuestionAnswer));
    let chunks = split(&parsed::<Text>("a.txt", "缆绳是什么\t一种绳子。\n".as_bytes()), json!({}));
    assert_eq!(texts(&chunks), ["问题：缆绳是什么\t回答：一种绳子。"]);
    let chunks = split(&parsed::<Text>("a.txt", b"Why?\tBecause.\n"), json!({"lang": "Chinese"}));
    assert_eq!(texts(&chunks), ["问题：Why?\t回答：Because."]);
}

#[test]
fn a_header_row_is_no_pair_and_its_columns_are_found() {
    let rows = [["", "ID", "Question", "Answer", "Extra"], ["Overview", "AI 1", "What?", "This.", "More."]];
    let rows = rows.map(|row| row.map(str::to_owned).to_vec());
    let later =
        Block { parent: Some(0), ..Block::table(&[["", "AI 2", "Who?", "Me.", ""].map(str::to_owned).to_vec()], 0) };
    let document = Document::new("a.xlsx").part("FAQ", "").block(Block::table(&rows, 1)).block(later);
    let chunks = split(&document, json!({}));
    assert_eq!(
        texts(&chunks),
        ["Question: What?\tAnswer: This.\nOverview\nID: AI 1\nExtra: More.", "Question: Who?\tAnswer: Me.\nID: AI 2"]
    );
    assert_eq!(chunks[0].context, ["FAQ"]);
}

#[test]
fn a_long_answer_goes_on_under_its_question() {
    let long = "The tide comes in twice a day and goes out again. ".repeat(30);
    let rows: Vec<Vec<String>> = (0..20).map(|row| vec![format!("ship{row}"), format!("{row}")]).collect();
    let document = Document::new("a.md").heading(1, "Tides").paragraph(&long).block(Block::table(&rows, 1));
    let chunks = split(&document, json!({"chunk_token_num": 100}));
    assert!(chunks.len() > 3);
    for chunk in &chunks {
        assert!(chunk.text.starts_with("Question: Tides\tAnswer: ") && text::count(&chunk.text) <= 100);
        assert!(!chunk.text.contains("<td>") || chunk.text.contains("<th>ship0</th>"), "{}", chunk.text);
    }
    let all = texts(&chunks).concat();
    assert_eq!(all.matches("twice a day").count(), 30);
    assert!((1..20).all(|row| all.matches(&format!("<td>ship{row}</td>")).count() == 1));
}

fn boxed(text: &str, page: u32, left: f32, top: f32) -> Block {
    let rect = Some(Rect { left, top, right: 500.0, bottom: top + 12.0 });
    Block { places: vec![Place { page, rect }], ..Block::new(0, BlockKind::Paragraph, text) }
}

#[test]
fn numbered_questions_of_a_pdf() {
    let document = Document::new("a.pdf")
        .paragraph("Frequently asked questions")
        .block(boxed("1. What is a buoy? A floating marker.", 1, 50.0, 100.0))
        .block(boxed("2. How is it kept in place?", 1, 50.0, 130.0))
        .block(boxed("In one of these ways:", 1, 50.0, 150.0))
        .block(boxed("1. by a chain", 1, 50.0, 170.0))
        .block(boxed("2. by an anchor", 1, 70.0, 190.0))
        .table(&[&["kind", "load"], &["chain", "9"]], 1)
        .block(boxed("3. Tell who owns it", 2, 50.0, 100.0))
        .block(boxed("The port.", 2, 50.0, 120.0));
    let chunks = split(&document, json!({}));
    let table = "<table><tr><th>kind</th><th>load</th></tr><tr><td>chain</td><td>9</td></tr></table>";
    assert_eq!(
        texts(&chunks),
        [
            "Frequently asked questions",
            "Question: 1. What is a buoy?\tAnswer: A floating marker.",
            &format!(
                "Question: 2. How is it kept in place?\tAnswer: In one of these ways:\n1. by a chain\n2. by an anchor\n{table}"
            ),
            "Question: 3. Tell who owns it\tAnswer: The port.",
        ]
    );
    assert_eq!(chunks[3].blocks, [7, 8]);
}

#[test]
fn role_words_and_marked_blocks() {
    let chunks = split(
        &parsed::<Text>("a.txt", b"Q: Why is it so?\nA: Because.\nIt always was.\n\nQ: And now?\nA: A bit less."),
        json!({}),
    );
    assert_eq!(
        texts(&chunks),
        ["Question: Why is it so?\tAnswer: Because.\nIt always was.", "Question: And now?\tAnswer: A bit less."]
    );
    let document = Document::new("a.json").block(Block::new(0, BlockKind::Question, "Why?")).block(Block::new(
        0,
        BlockKind::Answer,
        "Because.",
    ));
    assert_eq!(texts(&split(&document, json!({}))), ["Question: Why?\tAnswer: Because."]);
}

#[test]
fn headings_without_text_and_titles_are_kept() {
    let document = Document::new("a.docx")
        .title("Port guide")
        .paragraph("For captains.")
        .heading(1, "Harbour")
        .heading(2, "Cranes")
        .paragraph("They lift.")
        .heading(2, "Ropes")
        .heading(1, "Annex");
    let split = testing::split::<Qa>(&document, json!({})).unwrap();
    assert_eq!(
        split.texts(),
        ["Port guide\nFor captains.", "Question: Harbour\nCranes\tAnswer: They lift.", "Harbour\nRopes", "Annex"]
    );
    assert_eq!(split.chunks.chunks[1].context, ["Port guide"]);
    testing::assert_covered(&document, &split.chunks);
    assert!(split.record.lines().contains("2 questions have no answer"));
}

#[test]
fn real_sheets() {
    let truth = ("qa-cdc-covid19-faq.csv", "csv__qa-cdc-covid19-faq.csv.tables.json");
    for header_rows in [0, 1] {
        let Some(document) = sheets(truth.0, truth.1, header_rows) else { return };
        let chunks = split(&document, json!({"chunk_token_num": 2048}));
        let rows = document.blocks()[0].table.as_ref().unwrap().rows - 1;
        assert_eq!((pairs(&chunks).len(), chunks.len()), (rows as usize, rows as usize));
        assert!(
            chunks[0].text.starts_with("Question: What is a novel coronavirus?\tAnswer: A novel coronavirus is a new")
        );
    }
    let Some(document) = sheets("qa-cmrc2018-zh.xlsx", "xlsx__qa-cmrc2018-zh.xlsx.tables.json", 0) else { return };
    let chunks = split(&document, json!({}));
    assert_eq!((chunks.len(), chunks[0].text.as_str()), (300, "问题：生命数耗完即算为什么？\t回答：踢爆"));
}

#[test]
fn real_documents() {
    let Some(bytes) = real("md/qa-openchain-faq-en.md") else { return };
    let document = parsed::<Markdown>("qa-openchain-faq-en.md", &bytes);
    let chunks = split(&document, json!({}));
    assert!(pairs(&chunks).len() > 30, "{}", pairs(&chunks).len());
    let found =
        pairs(&chunks).into_iter().find(|c| c.questions[0] == "What Does The OpenChain Project Cover?").unwrap();
    assert!(found.text.contains("Answer: The OpenChain Project is focused on building trust"));
    let Some(bytes) = real("docx/qa-openchain-faq-ja.docx") else { return };
    let chunks = split(&parsed::<Docx>("qa-openchain-faq-ja.docx", &bytes), json!({}));
    assert!(pairs(&chunks).len() > 5 && pairs(&chunks).len() * 10 > chunks.len() * 9);
    let first = pairs(&chunks)[0];
    assert_eq!(first.questions, ["一般的な質問\nOpenChainとは何ですか？"]);
    assert!(first.text.contains("\t回答：OpenChainプロジェクトは"), "{}", first.text);
}

fn any() -> impl Strategy<Value = Document> {
    let word = prop_oneof![
        12 => "[a-zA-Z]{1,9}[.,]?", 2 => Just("潮水上涨。".to_owned()), 1 => Just("Why?".to_owned()),
        1 => Just("\t".to_owned()), 1 => Just("Q:".to_owned()), 1 => Just("A:".to_owned()), 1 => "[0-9]\\."
    ];
    let text = prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "));
    let rows = prop::collection::vec(prop::collection::vec("[a-z?]{0,9}|question|answer", 1..5), 1..6);
    let block = prop_oneof![
        2 => (1..5_u32, text.clone()).prop_map(|(level, text)| Block::heading(level, text)),
        1 => text.clone().prop_map(|text| Block::new(0, BlockKind::Title, text)),
        1 => text.clone().prop_map(|text| Block::new(0, BlockKind::Question, text)),
        1 => text.clone().prop_map(|text| Block::new(0, BlockKind::PageFooter, text)),
        2 => (rows, 0..2_usize).prop_map(|(rows, header)| Block::table(&rows, header)),
        8 => text.prop_map(|text| Block::new(0, BlockKind::Paragraph, text)),
    ];
    let name = prop_oneof![Just("a.xlsx"), Just("a.txt"), Just("a.csv"), Just("a.pdf"), Just("a.md")];
    (name, prop::collection::vec(block, 0..14)).prop_map(|(name, blocks)| {
        blocks.into_iter().fold(Document::new(name), |document, block| document.block(block))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_document(document in any(), limit in 8..300_u32) {
        let split = testing::split::<Qa>(&document, json!({"chunk_token_num": limit})).unwrap();
        testing::assert_at_most(&split.chunks, limit);
        testing::assert_in_order(&document, &split.chunks);
        let again = testing::split::<Qa>(&document, json!({"chunk_token_num": limit})).unwrap();
        prop_assert_eq!(format!("{:?}", split.chunks), format!("{:?}", again.chunks));
        for chunk in &split.chunks.chunks {
            prop_assert!(!chunk.text.trim().is_empty() && !chunk.blocks.is_empty());
        }
        for block in document.blocks().iter().filter(|block| !block.is_furniture()) {
            let of_block = split.chunks.chunks.iter().filter(|chunk| chunk.blocks.contains(&block.id));
            let said: String = of_block.flat_map(|chunk| chunk.text.chars()).filter(|c| c.is_alphanumeric()).collect();
            for word in block.text.split(|c: char| !c.is_alphanumeric()) {
                // Role words and the names of columns are left out where they are known as such.
                let role = ["q", "a", "question", "answer"].contains(&word.to_lowercase().as_str());
                let named = block.table.as_ref().is_some_and(|table| table.cells.iter().any(|cell| cell.text == "question"));
                prop_assert!(role || named || said.contains(word), "{word} of {:?}", block.text);
            }
        }
    }
}
