//! A question with its answer, and the chunks they make.

use crate::language::Labels;
use crate::prefix;
use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::{Block, Table};
use mortise_shared_general::pieces::{headed, pieces};
use mortise_shared_general::{Draft, HostTokens};
use mortise_shared_tables::parts;
use mortise_shared_text::TokenCounter;

/// A question and what answers it.
#[derive(Debug)]
pub(crate) struct Pair {
    /// In reading order.
    pub(crate) position: usize,
    pub(crate) question: String,
    /// Blocks that the question was made of.
    pub(crate) asked: Vec<u32>,
    pub(crate) answer: Vec<Part>,
    pub(crate) context: Vec<String>,
}

/// Of an answer.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) block: u32,
    pub(crate) text: String,
    pub(crate) table: Option<Table>,
}

impl Part {
    pub(crate) fn text(block: u32, text: impl Into<String>) -> Self {
        Self { block, text: text.into(), table: None }
    }

    pub(crate) fn of(block: Block) -> Self {
        let table = block.table.filter(|table| !table.cells.is_empty());
        Self { block: block.id, text: block.text, table }
    }

    fn whole(&self) -> String {
        match &self.table {
            Some(table) => table.html(),
            None => self.text.trim().to_owned(),
        }
    }

    /// In texts of at most that many tokens; rows of a table stay whole, under their header.
    fn within(&self, limit: u32) -> Vec<String> {
        match &self.table {
            Some(table) => parts(table, "", usize::MAX, limit, &HostTokens),
            None => pieces(&self.text, limit),
        }
    }
}

impl Pair {
    pub(crate) fn is_answered(&self) -> bool {
        self.answer.iter().any(|part| !part.text.trim().is_empty())
    }

    /// The chunks: one, or as many as the limit asks for, each with the question. A question without an answer is text.
    pub(crate) fn chunks(mut self, labels: Labels, limit: u32) -> Vec<Draft> {
        self.answer.retain(|part| !part.text.trim().is_empty());
        if let Some(first) = self.answer.first_mut().filter(|part| part.table.is_none()) {
            first.text = prefix::strip(&first.text).to_owned();
        }
        let bare = prefix::strip(&self.question);
        let question = if bare.is_empty() { self.question.trim() } else { bare }.to_owned();
        if self.answer.is_empty() {
            let texts = pieces(&self.question, limit).into_iter();
            let chunks =
                texts.map(|text| Chunk { context: self.context.clone(), ..Chunk::text(text, self.asked.clone()) });
            return chunks.map(|chunk| Draft::new(self.position, chunk)).collect();
        }
        let front = match question.is_empty() {
            true => String::new(),
            false => format!("{}{question}\t{}", labels.question, labels.answer),
        };
        let texts = self.texts(&front, limit);
        let mut drafts = Vec::with_capacity(texts.len());
        for (text, answered) in texts {
            let mut blocks = self.asked.clone();
            blocks.extend(answered);
            blocks.sort_unstable();
            blocks.dedup();
            let chunk = Chunk {
                kind: ChunkKind::QuestionAnswer,
                questions: vec![question.clone()],
                context: self.context.clone(),
                ..Chunk::text(text, blocks)
            };
            drafts.push(Draft::new(self.position, chunk));
        }
        drafts
    }

    /// Texts of the chunks, with the blocks of the answer in each.
    fn texts(&self, front: &str, limit: u32) -> Vec<(String, Vec<u32>)> {
        let whole = self.answer.iter().map(Part::whole).collect::<Vec<_>>().join("\n");
        let whole = format!("{front}{whole}");
        if HostTokens.count_one(&whole) <= limit {
            return vec![(whole, self.answer.iter().map(|part| part.block).collect())];
        }
        let mut texts: Vec<(String, Vec<u32>)> = Vec::new();
        let head = HostTokens.count_one(front);
        let (front, room) = if head > limit / 2 {
            // There is no room to repeat it.
            texts.extend(pieces(front, limit).into_iter().map(|text| (text, vec![])));
            ("", limit)
        } else {
            (front, limit - head)
        };
        // Counted alone, texts may have a token less than joined.
        let room = room.saturating_sub(2).max(1);
        let mut open: Option<(String, Vec<u32>, u32)> = None;
        for part in &self.answer {
            let units = part.within(room);
            let counts = HostTokens.count(&units);
            for (unit, tokens) in units.into_iter().zip(counts) {
                match &mut open {
                    Some((text, blocks, sum)) if *sum + tokens < room => {
                        text.push('\n');
                        text.push_str(&unit);
                        blocks.push(part.block);
                        *sum += tokens + 1;
                    }
                    _ => {
                        texts.extend(open.take().map(|(text, blocks, _)| (format!("{front}{text}"), blocks)));
                        open = Some((unit, vec![part.block], tokens));
                    }
                }
            }
        }
        texts.extend(open.map(|(text, blocks, _)| (format!("{front}{text}"), blocks)));
        let counts = HostTokens.count(&texts.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>());
        let mut bounded = Vec::with_capacity(texts.len());
        for ((text, blocks), tokens) in texts.into_iter().zip(counts) {
            if tokens <= limit {
                bounded.push((text, blocks));
            } else {
                let body = text.strip_prefix(front).unwrap_or(&text);
                bounded.extend(headed(front, body, limit).into_iter().map(|text| (text, blocks.clone())));
            }
        }
        bounded
    }
}
