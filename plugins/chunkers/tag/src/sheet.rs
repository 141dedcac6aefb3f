//! Sheets of descriptions and tags.

use crate::Set;
use mortise_sdk::document::{Block, Summary};
use mortise_shared_general::one_line;
use mortise_shared_records::{Record, Window, extension};
use std::collections::BTreeMap;

const TEXT: [&str; 15] = [
    "content",
    "description",
    "text",
    "example",
    "examples",
    "chunk",
    "sentence",
    "document",
    "内容",
    "描述",
    "文本",
    "说明",
    "示例",
    "正文",
    "句子",
];
const TAGS: [&str; 13] = [
    "tag",
    "tags",
    "label",
    "labels",
    "keyword",
    "keywords",
    "category",
    "categories",
    "标签",
    "標籤",
    "关键词",
    "关键字",
    "类别",
];

/// Reads the sheets of a document.
pub(crate) struct Sheets<'s> {
    summary: &'s Summary,
    /// Lines of one cell begin a description that a later line ends.
    text: bool,
    /// The columns of description and tags by the table's first block, where its header names them.
    named: BTreeMap<u32, [u32; 2]>,
}

impl<'s> Sheets<'s> {
    pub(crate) fn new(summary: &'s Summary) -> Self {
        Self { summary, text: matches!(extension(summary).as_str(), "csv" | "tsv"), named: BTreeMap::new() }
    }

    pub(crate) fn window(&mut self, window: &Window<'_>, block: &Block, set: &mut Set<'_>) {
        if window.first {
            set.close();
        }
        let position = set.walk.skip(block);
        let name = self.summary.parts.get(block.part as usize).map(|part| one_line(&part.name)).unwrap_or_default();
        let context = if name.is_empty() || name.to_lowercase().contains("sheet") { vec![] } else { vec![name] };
        if let Some(columns) = columns(window) {
            self.named.insert(window.head.table, columns);
        }
        let named = self.named.get(&window.head.table).copied();
        // A header that names neither is a description as any other.
        let headers = window.headers.iter().filter(|_| named.is_none());
        for row in window.above.iter().chain(headers).chain(&window.records) {
            let cells: Vec<(u32, &str)> = row.filled().map(|(column, cell)| (column, cell.text.trim())).collect();
            let [text, tags] = named.unwrap_or_else(|| {
                let mut columns = cells.iter().map(|(column, _)| *column);
                [columns.next().unwrap_or(0), columns.next().unwrap_or(u32::MAX)]
            });
            let cell = |wanted: u32| cells.iter().find(|(column, _)| *column == wanted).map(|(_, text)| *text);
            let beside = cells.iter().filter(|(column, _)| ![text, tags].contains(column)).map(|(column, text)| {
                let name = window.head.name(*column);
                if name.is_empty() || named.is_none() { (*text).to_owned() } else { format!("{name}: {text}") }
            });
            let lines: Vec<String> = cell(text).map(str::to_owned).into_iter().chain(beside).collect();
            if lines.is_empty() && cell(tags).is_none() {
                continue;
            }
            set.more(position, block.id, &lines.join("\n"), context.clone());
            match cell(tags) {
                Some(tags) => set.tagged(tags),
                None if self.text => {}
                None => set.close(),
            }
        }
    }
}

fn columns(window: &Window<'_>) -> Option<[u32; 2]> {
    let cells = || window.headers.iter().flat_map(Record::beginning);
    let find = |words: &[&str]| cells().find(|(_, cell)| is_word(&cell.text, words)).map(|(column, _)| column);
    Some([find(&TEXT)?, find(&TAGS)?])
}

fn is_word(text: &str, words: &[&str]) -> bool {
    let bare = one_line(text).to_lowercase();
    words.contains(&bare.trim_end_matches([':', '：', ' ']))
}

/// Whether two cells are a header, not a description with tags.
pub(crate) fn is_header([text, tags]: [&str; 2]) -> bool {
    is_word(text, &TEXT) && is_word(tags, &TAGS)
}
