//! Collects pairs while blocks go by; what is in no pair goes to the general walk.

use crate::language::Labels;
use crate::pair::{Pair, Part};
use crate::survey::is_asking;
use crate::{numbering, prefix, sheet};
use mortise_sdk::chunker::Blocks;
use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_general::{Draft, Walk, one_line};
use mortise_shared_records::Windows;

/// By which sign a block begins a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Its kind.
    Kind,
    /// `Q:` or another role word.
    Prefix,
    /// A number of this numbering.
    Numbered(usize),
    /// It is a short line with a question mark.
    Asking,
}

/// Pairs so far.
pub(crate) struct Collector<'a> {
    pub(crate) walk: Walk<'a>,
    labels: Labels,
    limit: u32,
    open: Option<Pair>,
    drafts: Vec<Draft>,
    notes: Notes,
}

/// What is worth a line in the log.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) unanswered: usize,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(walk: Walk<'a>, labels: Labels, limit: u32) -> Self {
        Self { walk, labels, limit, open: None, drafts: vec![], notes: Notes::default() }
    }

    /// Ends the open pair and begins another.
    pub(crate) fn ask(&mut self, pair: Pair) {
        self.close();
        self.walk.boundary();
        self.open = Some(pair);
    }

    /// The open pair.
    pub(crate) fn open(&mut self) -> Option<&mut Pair> {
        self.open.as_mut()
    }

    /// Ends the open pair.
    pub(crate) fn close(&mut self) {
        if let Some(pair) = self.open.take() {
            self.emit(pair);
        }
    }

    pub(crate) fn emit(&mut self, pair: Pair) {
        self.notes.unanswered += usize::from(!pair.is_answered());
        self.drafts.extend(pair.chunks(self.labels, self.limit));
    }

    /// Takes the open pair away without making chunks of it.
    pub(crate) fn take(&mut self) -> Option<Pair> {
        self.open.take()
    }

    /// A block that is in no pair.
    pub(crate) fn loose(&mut self, block: Block) {
        self.walk.push(block);
    }

    pub(crate) fn finish(mut self) -> (Vec<Draft>, Notes) {
        self.close();
        let mut drafts = self.walk.finish();
        drafts.append(&mut self.drafts);
        (drafts, self.notes)
    }

    /// A block of lines, each of which may be a pair.
    pub(crate) fn lines(&mut self, block: Block, delimiter: char) {
        if block.is_furniture() || block.is_blank() || block.table.is_some() {
            return self.loose(block);
        }
        let position = self.walk.skip(&block);
        for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
            let mut cells = line.split(delimiter);
            let (question, answer, more) = (cells.next(), cells.next(), cells.next());
            match (question, answer, more) {
                (Some(question), Some(answer), None) if sheet::is_header([question, answer]) && self.open.is_none() => {
                }
                (Some(question), Some(answer), None) => self.ask(Pair {
                    position,
                    question: question.trim().to_owned(),
                    asked: vec![block.id],
                    answer: vec![Part::text(block.id, answer.trim())],
                    context: vec![],
                }),
                _ => match &mut self.open {
                    Some(pair) => pair.answer.push(Part::text(block.id, line.trim_end())),
                    // Before the first pair: nothing that it could belong to.
                    None => {
                        let question = line.trim().to_owned();
                        let (asked, answer, context) = (vec![block.id], vec![], vec![]);
                        self.drafts.extend(
                            Pair { position, question, asked, answer, context }.chunks(self.labels, self.limit),
                        );
                    }
                },
            }
        }
    }

    /// Blocks of running text, some of which begin a question.
    pub(crate) fn blocks(&mut self, blocks: &Blocks<'_>, way: Way) {
        let mut windows = Windows::default();
        let mut signs = Signs::new(way);
        for block in blocks.iter() {
            if block.is_furniture() || block.is_blank() {
                self.loose(block);
                continue;
            }
            if sheet::is_table_of_pairs(&block) {
                self.close();
                let position = self.walk.skip(&block);
                self.walk.boundary();
                let context = self.walk.here();
                let over = Pair { position, question: String::new(), asked: vec![], answer: vec![], context };
                sheet::rows(&mut windows, &block, &over, self);
                continue;
            }
            if let Some((question, rest)) = signs.question(&block) {
                let unanswered = self.open.as_ref().is_some_and(|pair| !pair.is_answered());
                let position = self.walk.skip(&block);
                let answer = if rest.is_empty() { vec![] } else { vec![Part::text(block.id, rest)] };
                if unanswered && way == Way::Asking {
                    // Questions one after the other are answered together.
                    if let Some(pair) = self.open() {
                        pair.question = format!("{}\n{question}", pair.question);
                        pair.asked.push(block.id);
                    }
                    continue;
                }
                let asked = vec![block.id];
                let mut context = self.walk.here();
                if block.is_heading() && context.last().map(String::as_str) == Some(&one_line(&block.text)) {
                    context.pop();
                }
                self.ask(Pair { position, question, asked, answer, context });
            } else if block.is_heading() || self.open.is_none() {
                // A chapter of questions: its heading belongs to none of them.
                self.close();
                self.loose(block);
            } else {
                self.walk.skip(&block);
                if let Some(pair) = &mut self.open {
                    pair.answer.push(Part::of(block));
                }
            }
        }
    }
}

/// Finds the blocks that begin a question.
struct Signs {
    way: Way,
    ordinal: u32,
    /// Left edge of each accepted question, summed, and how many there were.
    edges: (f32, u32),
    /// Ends with a colon: what follows is a list, not a question.
    colon: bool,
}

/// Points by which a question may stand right of the others.
const INDENT: f32 = 10.0;

impl Signs {
    fn new(way: Way) -> Self {
        Self { way, ordinal: 0, edges: (0.0, 0), colon: false }
    }

    /// The question that a block begins, and what of the answer stands in it.
    fn question(&mut self, block: &Block) -> Option<(String, String)> {
        let after_colon = std::mem::replace(&mut self.colon, block.text.trim_end().ends_with([':', '：']));
        if block.table.is_some() || matches!(block.kind, BlockKind::Figure | BlockKind::Code | BlockKind::Formula) {
            return None;
        }
        let text = block.text.trim();
        match self.way {
            Way::Kind => (block.kind == BlockKind::Question).then(|| (text.to_owned(), String::new())),
            Way::Asking => is_asking(block).then(|| (text.to_owned(), String::new())),
            Way::Prefix => {
                let (role, _) = prefix::role(text)?;
                // «Q: … A: …» may stand in one block.
                let mut lines = text.lines();
                let question = lines.next().filter(|_| role == prefix::Role::Question)?;
                Some((question.to_owned(), lines.collect::<Vec<_>>().join("\n")))
            }
            Way::Numbered(family) => {
                let (number, rest) = numbering::numbered(text, family)?;
                let ordinal = numbering::ordinal(number);
                let mark = text.find(['?', '？']).map(|at| at + text[at..].chars().next().map_or(1, char::len_utf8));
                let line = text.find('\n').unwrap_or(text.len());
                let end = mark.filter(|mark| *mark <= line).unwrap_or(line);
                let (question, answer) = text.split_at(end);
                let sure = question.ends_with(['?', '？']) || block.is_heading() || asks(rest);
                let rises = ordinal.is_some_and(|ordinal| ordinal >= self.ordinal);
                let left = block.places.first().and_then(|place| place.rect).map(|rect| rect.left);
                let mean = (self.edges.1 > 0).then(|| self.edges.0 / self.edges.1 as f32);
                let inside = left.zip(mean).is_some_and(|(left, mean)| left > mean + INDENT);
                if after_colon || inside || !(sure || rises) {
                    return None;
                }
                self.ordinal = ordinal.unwrap_or(self.ordinal);
                if let Some(left) = left {
                    self.edges = (self.edges.0 + left, self.edges.1 + 1);
                }
                Some((question.trim().to_owned(), answer.trim().to_owned()))
            }
        }
    }
}

/// Whether a text begins as questions do.
fn asks(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    let word = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    matches!(word, "what" | "when" | "where" | "how" | "why" | "which" | "who" | "whose")
        || ["为什么", "为啥", "哪", "何", "为何", "如何", "怎"].iter().any(|start| text.starts_with(start))
}
