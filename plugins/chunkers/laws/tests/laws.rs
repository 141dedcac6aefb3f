//! The laws method on whole documents: its rules, the reference's vectors, and what may never happen.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chunker_laws::Laws;
use mortise_sdk::chunker::ChunkKind;
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::{Example, documents, lines, owes, vectors, word};
use proptest::prelude::*;

#[test]
fn the_readme_is_true() {
    Example::of(include_str!("../README.md"), "rules.txt").run::<Laws>();
}

#[test]
fn nothing_gives_nothing() {
    assert!(texts(&Document::new("a.txt")).is_empty());
    assert!(texts(&Document::new("a.txt").paragraph(" ").heading(1, "")).is_empty());
    testing::assert_description::<<Laws as mortise_sdk::chunker::Chunker>::Config>(
        <Laws as mortise_sdk::chunker::Chunker>::describe(),
    );
}

fn texts(document: &Document) -> Vec<String> {
    split(document, json!({}))
}

fn split(document: &Document, settings: mortise_sdk::serde_json::Value) -> Vec<String> {
    testing::split::<Laws>(document, settings).unwrap().chunks.chunks.into_iter().map(|chunk| chunk.text).collect()
}

#[test]
fn vectors_of_text() {
    for vector in vectors("methods.json", "laws_chunk") {
        let (name, input) = (vector["name"].as_str().unwrap(), vector["input"].as_str().unwrap());
        let document = lines("rule.txt", input);
        if vector["defect"] == true {
            // Without numbers lines are packed; there every line is a chunk.
            assert_eq!(texts(&document), ["alpha beta gamma\ndelta epsilon"], "{name}");
        } else {
            let expected: Vec<String> = mortise_sdk::serde_json::from_value(vector["expected"].clone()).unwrap();
            assert_eq!(texts(&document), expected, "{name}");
        }
    }
    for vector in vectors("pdf_methods.json", "laws_chunk_pdf") {
        let input: Vec<(String, String)> = mortise_sdk::serde_json::from_value(vector["input"].clone()).unwrap();
        let document =
            input.iter().fold(Document::new("a.pdf").page(1), |document, (text, _)| document.paragraph(text));
        let expected: Vec<String> = mortise_sdk::serde_json::from_value(vector["expected"].clone()).unwrap();
        assert_eq!(texts(&document), expected);
    }
}

#[test]
fn vectors_of_word() {
    for vector in vectors("docx.json", "laws_chunk_docx") {
        let document = word("l.docx", &vector["input"]);
        if vector["defect"] == true {
            // Text stays below its own heading (C28), and the table is kept.
            let expected = [
                "Harbour\nGeneral intro.",
                "Harbour\nCranes\nCranes lift.\nAfter table.",
                "<table><tr><td>Type</td><td>Load</td></tr><tr><td>A</td><td>A</td></tr><tr><td>B</td><td>10</td></tr></table>",
                "Harbour\nRopes\nRopes age.",
            ];
            assert_eq!(texts(&document), expected);
        } else {
            let expected: Vec<String> = mortise_sdk::serde_json::from_value(vector["expected"].clone()).unwrap();
            assert_eq!(texts(&document), expected);
        }
    }
}

#[test]
fn articles_below_marked_chapters() {
    let document = Document::new("law.md")
        .heading(1, "安全生产法")
        .heading(2, "第一章 总则")
        .paragraph("第一条 为了安全，制定本法。")
        .paragraph("第二条 适用本法。\n第三条规定的除外。")
        .heading(2, "第二章 附则")
        .paragraph("第四条 自公布之日起施行。");
    let settings = json!({"chunk_token_num": 40});
    assert_eq!(
        split(&document, settings),
        [
            "安全生产法\n第一章 总则\n第一条 为了安全，制定本法。",
            "第一章 总则\n第二条 适用本法。\n第三条规定的除外。",
            "第二章 附则\n第四条 自公布之日起施行。",
        ]
    );
}

#[test]
fn decimal_numbers_have_a_path() {
    let document = lines(
        "a.txt",
        "1. Intro\nOpening words\n1.1 Scope\nScope words\n1.1.1 Detail\nDetail words\n2. Next\nNext words",
    );
    assert_eq!(
        texts(&document),
        [
            "1. Intro\nOpening words",
            "1. Intro\n1.1 Scope\nScope words\n1.1.1 Detail\nDetail words",
            "2. Next\nNext words"
        ]
    );
}

#[test]
fn a_section_that_is_too_large_falls_apart_at_its_articles() {
    let clause = "The master of the vessel keeps the watch at all hours of the day and the night. ".repeat(6);
    let mut document = Document::new("a.txt");
    for chapter in ["Chapter I Crew", "Chapter II Port"] {
        document = document.paragraph(chapter).paragraph("Section 1 Duties");
        for article in 1..4 {
            document = document.paragraph(format!("Article {article} Watch")).paragraph(&clause);
        }
    }
    let chunks = owes::<Laws>(&document, Some(200)).chunks;
    assert_eq!(chunks.len(), 6);
    assert!(chunks[4].text.starts_with("Chapter II Port\nSection 1 Duties\nArticle 2 Watch\nThe master"));
    assert_eq!(chunks[4].context, ["Chapter II Port", "Section 1 Duties"]);
    // A single article that is too large keeps the headings in every piece.
    let chunks = owes::<Laws>(&document, Some(80)).chunks;
    assert!(chunks.iter().all(|chunk| chunk.text.contains("\nSection 1 Duties\nArticle ")));
    assert_eq!(chunks[1].context, ["Chapter I Crew", "Section 1 Duties", "Article 1 Watch"]);
}

#[test]
fn tables_keep_their_header_and_their_place() {
    let rows: Vec<Vec<String>> = (0..40)
        .map(|row| {
            if row == 0 { vec!["Load".into(), "Fee".into()] } else { vec![format!("load {row}"), format!("{row} €")] }
        })
        .collect();
    let document = lines("a.txt", "Article 1 Fees\nFees are due.")
        .block(mortise_sdk::document::Block::table(&rows, 1))
        .paragraph("Article 2 End")
        .paragraph("Nothing else.");
    let chunks = owes::<Laws>(&document, Some(120)).chunks;
    let tables: Vec<_> = chunks.iter().filter(|chunk| chunk.kind == ChunkKind::Table).collect();
    assert!(tables.len() > 2);
    assert!(
        tables.iter().all(|table| table.text.starts_with("<table><tr><th>Load</th><th>Fee</th></tr><tr><td>load "))
    );
    assert!(tables.iter().all(|table| table.context == ["Article 1 Fees"]));
    assert_eq!(chunks.last().unwrap().text, "Article 2 End\nNothing else.");
}

#[test]
fn lines_of_print_are_left_out_where_numbers_tell_the_structure() {
    let document = lines("a.txt", "Article 1 A\n12\nx\nbody text\nArticle 2 B");
    assert_eq!(texts(&document), ["Article 1 A\nbody text", "Article 2 B"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_bounds_hold(document in documents(), limit in 8u32..300) {
        owes::<Laws>(&document, Some(limit));
    }
}
