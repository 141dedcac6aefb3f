//! Does the method keep to its size, and does it take documents that are odd?

use super::document::{Document, Mark, is_furniture, marks};
use super::{all_said, call, split};
use crate::check::{Check, Verdict, check, ensure, fail, quoted, skip, well};
use crate::subject::{Setup, Subject};
use mortise_domain::block::{BlockKind, Place, Style};
use mortise_domain::role::{CallContext, RawChunks};
use mortise_domain::{ChunkKind, JsonMap};
use mortise_text::tokens;
use serde_json::json;
use std::collections::HashSet;

pub(crate) const CHECKS: &[Check] = &[
    check!(
        "size-bound",
        size_bound,
        "Where a setting limits the tokens of a chunk, no chunk has more, except for a run without blanks or a single \
         row of a table."
    ),
    check!("size-followed", size_followed, "A smaller limit never gives fewer chunks."),
    check!("empty-document", empty_document, "A document without blocks gives no chunks and no error."),
    check!("blank-blocks", blank_blocks, "Blocks without text, or with blanks alone, give no chunks and no error."),
    check!("no-blank-chunks", no_blank_chunks, "No chunk is blank."),
    check!(
        "odd-blocks",
        odd_blocks,
        "Every kind of block with every field in use is taken, and its text kept: figures, captions, formulas, \
         footnotes, notes, questions and answers, key-values, nested and placed on several pages."
    ),
    check!("odd-names", odd_names, "The name of the file may be anything: empty, long, with slashes, of any script."),
];

/// Names under which methods limit the tokens of a chunk.
const LIMITS: [&str; 8] = [
    "chunk_token_num",
    "chunk_tokens",
    "chunk_token_count",
    "chunk_size_tokens",
    "max_chunk_tokens",
    "max_tokens",
    "max_tokens_per_chunk",
    "tokens_per_chunk",
];

/// The setting that limits the tokens of a chunk, with `wanted` brought into its bounds.
pub(crate) fn limited(subject: &Subject, wanted: u64) -> Verdict<(JsonMap, usize)> {
    let found = subject.properties().find(|(name, property)| {
        LIMITS.contains(&name.as_str()) && (property["type"] == "integer" || property["type"] == "number")
    });
    let Some((name, property)) = found else { skip!("no setting limits the tokens of a chunk") };
    let bound = |key: &str| property[key].as_f64().map(|bound| bound as u64);
    let limit = wanted.clamp(bound("minimum").unwrap_or(1), bound("maximum").unwrap_or(u64::MAX));
    Ok(([(name.clone(), json!(limit))].into_iter().collect(), usize::try_from(limit).unwrap_or(usize::MAX)))
}

/// The chunks of a document under a limit of tokens.
pub(crate) async fn split_limited(subject: &Subject, document: &Document, config: JsonMap) -> Verdict<RawChunks> {
    let installed = subject.set_up(Setup { config, ..Setup::default() }).await?;
    Ok(call(&installed, document, CallContext::default()).await??)
}

async fn size_bound(subject: &Subject) -> Verdict {
    subject.works().await?;
    let (config, limit) = limited(subject, 64)?;
    let mut table = Document::default();
    table.table(80, 3);
    let documents = [
        Document::ordinary(),
        Document::paragraphs(1, 60),
        Document::paragraphs(40, 1),
        Document::of_text(crate::specimen::CJK.repeat(20)),
        table,
    ];
    let (mut count, mut largest) = (0, 0);
    for document in documents {
        let chunks = split_limited(subject, &document, config.clone()).await?;
        for (number, chunk) in chunks.chunks.iter().enumerate() {
            let size = tokens::count(&chunk.text);
            let one_row = chunk.kind == ChunkKind::Table && rows(&chunk.text) <= 1;
            let one_run = !chunk.text.trim().contains(char::is_whitespace);
            let text = quoted(&chunk.text);
            ensure!(size <= limit || one_row || one_run, "chunk {number} has {size} tokens of {limit}: {text}");
            largest = largest.max(size);
        }
        count += chunks.chunks.len();
    }
    Ok(format!("{count} chunks, the largest of {largest} tokens under a limit of {limit}"))
}

/// Rows below the header in a piece of the table of [`size_bound`].
fn rows(text: &str) -> usize {
    marks(text).map(|mark| mark.word / 3).filter(|row| *row > 0).collect::<HashSet<_>>().len()
}

async fn size_followed(subject: &Subject) -> Verdict {
    subject.works().await?;
    let document = Document::paragraphs(30, 4);
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for wanted in [32, 64, 128, 256, 512] {
        let (config, limit) = limited(subject, wanted)?;
        counts.push((limit, split_limited(subject, &document, config).await?.chunks.len()));
    }
    for pair in counts.windows(2) {
        let [(small, more), (large, fewer)] = pair else { continue };
        ensure!(more >= fewer, "{more} chunks under a limit of {small} tokens, {fewer} under {large}");
    }
    let told: Vec<String> = counts.iter().map(|(limit, count)| format!("{limit}: {count}")).collect();
    Ok(format!("chunks by limit {}", told.join(", ")))
}

async fn empty_document(subject: &Subject) -> Verdict {
    let chunks = split(subject, &Document::default()).await?;
    ensure!(chunks.chunks.is_empty(), "{} chunks of nothing", chunks.chunks.len());
    well()
}

async fn blank_blocks(subject: &Subject) -> Verdict {
    let mut document = Document::default();
    for text in ["", " ", "\n\n\t", "\u{a0}\u{3000}\u{2003}", "\r\n"] {
        document.block(BlockKind::Paragraph, text);
        document.block(BlockKind::Heading, text).level = 1;
        document.block(BlockKind::ListItem, text);
    }
    let chunks = split(subject, &document).await?;
    ensure!(chunks.chunks.is_empty(), "{} chunks of blanks", chunks.chunks.len());
    well()
}

async fn no_blank_chunks(subject: &Subject) -> Verdict {
    let mut gaps = Document::default();
    for _ in 0..20 {
        gaps.marked(BlockKind::Paragraph, 1);
        gaps.block(BlockKind::Paragraph, " \n ");
        gaps.block(BlockKind::Separator, "");
        gaps.block(BlockKind::Table, "");
        gaps.block(BlockKind::Figure, " ");
        gaps.block(BlockKind::Heading, "").level = 2;
    }
    for document in [Document::ordinary(), gaps] {
        let chunks = split(subject, &document).await?;
        let blank = chunks.chunks.iter().position(|chunk| chunk.text.trim().is_empty());
        if let Some(number) = blank {
            fail!("chunk {number} of {} is blank", chunks.chunks.len())
        }
    }
    well()
}

async fn odd_blocks(subject: &Subject) -> Verdict {
    use BlockKind::*;
    let kinds = [
        Title, Heading, Paragraph, ListItem, Figure, Caption, Code, Formula, Quote, Footnote, PageHeader, PageFooter,
        PageNumber, TocEntry, Question, Answer, KeyValue, Note, Table,
    ];
    let mut document = Document::default().with_image().with_part("Sheet 1").with_part("");
    for (at, kind) in (0..).zip(kinds) {
        let block = document.marked(kind, 1);
        block.level = at;
        block.image = (kind == Figure).then_some(0);
        block.part = at % 2;
        block.language = Some("en".into());
        block.style = Some(Style { font_size: 0.0, bold: true, italic: true, monospace: at % 2 == 0 });
        block.parent = at.checked_sub(1);
        block.places = vec![Place { page: 1, rect: None }, Place { page: 2, rect: None }];
    }
    let chunks = split(subject, &document).await?;
    let said: HashSet<Mark> = marks(&all_said(&chunks)).collect();
    for block in document.blocks().iter().filter(|block| !is_furniture(block)) {
        for mark in marks(&block.text) {
            ensure!(said.contains(&mark), "{mark}, of a {:?}, is in no chunk", block.kind);
        }
    }
    well()
}

async fn odd_names(subject: &Subject) -> Verdict {
    let long = "x".repeat(300) + ".txt";
    for name in ["", ".", "..", "a/b\\c.txt", "no extension", ".hidden", "灯塔 \u{202e}gpj.exe", "a\0b.txt", &long] {
        let chunks = split(subject, &Document::paragraphs(2, 2).named(name)).await?;
        ensure!(!chunks.chunks.is_empty(), "no chunks of a file named {name:?}");
    }
    well()
}
