//! Sheets of questions and answers: a pair for each row.

use crate::collect::Collector;
use crate::pair::{Pair, Part};
use mortise_sdk::chunker::Blocks;
use mortise_sdk::document::{Block, BlockKind, Cell, Summary};
use mortise_shared_general::one_line;
use mortise_shared_records::{Record, Window, Windows, extension};
use std::collections::BTreeMap;

const QUESTION: [&str; 17] = [
    "question",
    "questions",
    "q",
    "query",
    "prompt",
    "ask",
    "faq",
    "问题",
    "問題",
    "问",
    "問",
    "提问",
    "质问",
    "質問",
    "문제",
    "질문",
    "question text",
];
const ANSWER: [&str; 17] = [
    "answer",
    "answers",
    "a",
    "response",
    "reply",
    "completion",
    "solution",
    "答案",
    "回答",
    "答",
    "答复",
    "回复",
    "解答",
    "답변",
    "대답",
    "答え",
    "answer text",
];

/// Reads the sheets of a document.
pub(crate) struct Sheets<'s> {
    summary: &'s Summary,
    /// Lines of another width go on the answer above.
    text: bool,
    /// The columns of question and answer by the table's first block, where its header names them.
    named: BTreeMap<u32, [u32; 2]>,
}

impl<'s> Sheets<'s> {
    pub(crate) fn new(summary: &'s Summary) -> Self {
        Self { summary, text: matches!(extension(summary).as_str(), "csv" | "tsv"), named: BTreeMap::new() }
    }

    pub(crate) fn collect(mut self, blocks: &Blocks<'_>, collector: &mut Collector<'_>) {
        let mut windows = Windows::default();
        let mut part = None;
        for block in blocks.iter() {
            // An answer never goes on in another sheet.
            if part.replace(block.part) != Some(block.part) {
                collector.close();
                collector.walk.boundary();
            }
            let Some(window) = windows.read(&block) else {
                collector.loose(block);
                continue;
            };
            let position = collector.walk.skip(&block);
            let name = self.summary.parts.get(block.part as usize).map(|part| one_line(&part.name)).unwrap_or_default();
            let context = if name.is_empty() || name.to_lowercase().contains("sheet") { vec![] } else { vec![name] };
            self.window(&window, &block, position, &context, collector);
        }
    }

    fn window(
        &mut self,
        window: &Window<'_>,
        block: &Block,
        position: usize,
        context: &[String],
        collector: &mut Collector<'_>,
    ) {
        if let Some(columns) = columns(window) {
            self.named.insert(window.head.table, columns);
        }
        let named = self.named.get(&window.head.table).copied();
        // A header that names no question is a pair as any other.
        let headers = window.headers.iter().filter(|_| named.is_none());
        let rows: Vec<&Record<'_>> = window.above.iter().chain(headers).chain(&window.records).collect();
        let two = rows.iter().filter(|row| width(row) == 2).count() * 2 > rows.len();
        for row in rows {
            let pair = match named.filter(|_| !window.above.iter().any(|above| std::ptr::eq(above, row))) {
                Some(columns) => by_name(window, row, columns),
                None if self.text && two && width(row) != 2 => None,
                None => first_two(row),
            };
            match pair {
                Some((question, answer)) => collector.ask(Pair {
                    position,
                    question,
                    asked: vec![block.id],
                    answer: answer.into_iter().map(|text| Part::text(block.id, text)).collect(),
                    context: context.to_vec(),
                }),
                None => self.other(row, block, position, context, collector),
            }
        }
    }

    /// A row that is no pair.
    fn other(
        &self,
        row: &Record<'_>,
        block: &Block,
        position: usize,
        context: &[String],
        collector: &mut Collector<'_>,
    ) {
        let texts: Vec<&str> = row.beginning().map(|(_, cell)| cell.text.trim()).collect();
        if texts.is_empty() {
            return;
        }
        match collector.open().filter(|_| self.text) {
            Some(pair) => pair.answer.push(Part::text(block.id, texts.join(","))),
            None => {
                collector.close();
                collector.emit(Pair {
                    position,
                    question: texts.join("\t"),
                    asked: vec![block.id],
                    answer: vec![],
                    context: context.to_vec(),
                });
            }
        }
    }
}

/// Columns up to the last with something in it: a parser may fill rows up with empty cells.
fn width(row: &Record<'_>) -> u32 {
    row.beginning().last().map_or(0, |(column, _)| column.saturating_add(1))
}

/// The first two cells with something in them; what stands beside them goes on the answer.
fn first_two(row: &Record<'_>) -> Option<(String, Vec<String>)> {
    let mut cells = row.beginning().map(|(_, cell)| cell.text.trim().to_owned());
    let question = cells.next()?;
    let answer: Vec<String> = cells.collect();
    (!answer.is_empty()).then_some((question, answer))
}

/// The cells of these columns; what stands beside them goes on the answer, under its column's name.
fn by_name(window: &Window<'_>, row: &Record<'_>, [question, answer]: [u32; 2]) -> Option<(String, Vec<String>)> {
    let cell =
        |wanted: u32| row.filled().find(|(column, _)| *column == wanted).map(|(_, cell)| cell.text.trim().to_owned());
    let asked = cell(question)?;
    let beside = row.own().filter(|(column, _)| ![question, answer].contains(column)).map(|(column, cell)| {
        let name = window.head.name(column);
        let text = cell.text.trim();
        if name.is_empty() { text.to_owned() } else { format!("{name}: {text}") }
    });
    let answered: Vec<String> = cell(answer).into_iter().chain(beside).collect();
    (!answered.is_empty()).then_some((asked, answered))
}

/// The columns that a header calls question and answer.
fn columns(window: &Window<'_>) -> Option<[u32; 2]> {
    let cells = || window.headers.iter().flat_map(Record::beginning);
    let find =
        |words: &[&str]| cells().find(|(_, cell): &(u32, &Cell)| is_word(&cell.text, words)).map(|(column, _)| column);
    Some([find(&QUESTION)?, find(&ANSWER)?])
}

fn is_word(text: &str, words: &[&str]) -> bool {
    let bare = one_line(text).to_lowercase();
    words.contains(&bare.trim_end_matches([':', '：', '*', ' ']))
}

/// Whether two cells are a header, not a pair.
pub(crate) fn is_header([question, answer]: [&str; 2]) -> bool {
    is_word(question, &QUESTION) && is_word(answer, &ANSWER)
}

/// Whether a table within text has columns of questions and answers.
pub(crate) fn is_table_of_pairs(block: &Block) -> bool {
    let Some(table) = block.table.as_ref().filter(|_| block.kind == BlockKind::Table) else { return false };
    let first = table.cells.iter().map(|cell| cell.row).min();
    let named = |words: &[&str]| table.cells.iter().any(|cell| Some(cell.row) == first && is_word(&cell.text, words));
    named(&QUESTION) && named(&ANSWER)
}

/// The pairs of such a table; what they ask stands below the question of `over`.
pub(crate) fn rows(windows: &mut Windows, block: &Block, over: &Pair, collector: &mut Collector<'_>) {
    let pair = |question: &str, answer: Vec<String>| Pair {
        position: over.position,
        question: [over.question.as_str(), question].join("\n").trim().to_owned(),
        asked: over.asked.iter().copied().chain([block.id]).collect(),
        answer: answer.into_iter().map(|text| Part::text(block.id, text)).collect(),
        context: over.context.clone(),
    };
    let window = windows.read(block);
    let Some((window, columns)) = window.and_then(|window| columns(&window).map(|columns| (window, columns))) else {
        return collector.emit(pair(&block.text, vec![]));
    };
    let above = window.above.iter().map(|row| (row, None));
    for (row, columns) in above.chain(window.records.iter().map(|row| (row, Some(columns)))) {
        let found = columns.and_then(|columns| by_name(&window, row, columns)).unwrap_or_else(|| {
            (row.beginning().map(|(_, cell)| cell.text.trim()).collect::<Vec<_>>().join("\t"), vec![])
        });
        if !found.0.is_empty() {
            collector.emit(pair(&found.0, found.1));
        }
    }
}
