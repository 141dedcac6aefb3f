//! Real laws, through the parser of their format: every article begins a chunk. Skipped where the files are not here.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use mortise_chunker_laws::Laws;
use mortise_sdk::parser::Parser;
use mortise_sdk::serde_json::json;
use mortise_sdk::testing::{self, Document};
use mortise_shared_trial::owes;
use std::collections::BTreeSet;
use std::path::Path;

/// The document that the parser makes of a file.
fn document<P: Parser>(file: &str) -> Option<Document> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(file);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {file} is not here");
        return None;
    };
    let name = file.rsplit('/').next()?;
    Some(Document::of_parse(name, &testing::parse::<P>(name, &bytes, json!({})).unwrap().kept))
}

/// Articles with which the text of a chunk begins, below the headings above it.
fn articles<P: Parser>(file: &str) -> Option<(BTreeSet<String>, usize)> {
    let document = document::<P>(file)?;
    let chunks = owes::<Laws>(&document, Some(512)).chunks;
    let numbers = chunks.iter().filter_map(|chunk| {
        let line = chunk.text.lines().find(|line| line.starts_with('第') && line.contains('条'))?;
        let (number, _) = line.split_once('条')?;
        (number.chars().count() < 8).then(|| number.to_owned())
    });
    let numbers: BTreeSet<String> = numbers.collect();
    assert!(chunks.iter().skip(1).all(|chunk| !chunk.context.is_empty()), "{file}: chapters are the context");
    Some((numbers, chunks.len()))
}

#[test]
fn every_article_of_a_statute_begins_a_chunk() {
    let told = [
        (articles::<mortise_parser_text::Text>("txt/law-zh-statistics-gb18030.txt"), 53),
        (articles::<mortise_parser_docx::Docx>("docx/law-zh-vaccines.docx"), 100),
        (articles::<mortise_parser_markdown::Markdown>("md/law-zh-work-safety.md"), 119),
    ];
    for ((numbers, chunks), articles) in told.into_iter().filter_map(|(found, articles)| Some((found?, articles))) {
        assert_eq!(numbers.len(), articles);
        assert!((articles..articles + 8).contains(&chunks), "{chunks} chunks of {articles} articles");
    }
}
