//! Looks over a document once, and finds how its questions and answers are told.

use crate::collect::{Collector, Way};
use crate::numbering::Counts;
use crate::{outline, prefix, sheet};
use mortise_sdk::chunker::Blocks;
use mortise_sdk::document::{Block, BlockKind, Summary};
use mortise_sdk::host::Progress;
use mortise_shared_records::{delimited, extension, is_spreadsheet};

/// What a document has.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    tables: u64,
    kinds: u64,
    headings: u64,
    questions: u64,
    answers: u64,
    asking: u64,
    numbers: Counts,
    lines: delimited::Survey,
    east_asian: u64,
    letters: u64,
}

/// How pairs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Rows of sheets.
    Sheets,
    /// Lines of two cells.
    Lines(char),
    /// A heading, and what stands below it.
    Headings,
    /// Blocks that begin a question, by some sign.
    Blocks(Way),
}

/// Blocks whose script is looked at: enough to know.
const SAMPLE: usize = 2000;

impl Survey {
    pub(crate) fn of(blocks: &Blocks<'_>, summary: &Summary, progress: &Progress) -> Self {
        let mut survey = Self::default();
        for (number, block) in blocks.iter().enumerate() {
            if number < SAMPLE {
                survey.script(&block.text);
            }
            survey.count(&block);
            progress.at(number + 1, summary.blocks as usize);
        }
        survey
    }

    fn script(&mut self, text: &str) {
        for c in text.chars().take(2000).filter(|c| c.is_alphabetic()) {
            self.letters += 1;
            self.east_asian +=
                u64::from(matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}'));
        }
    }

    fn count(&mut self, block: &Block) {
        if block.is_furniture() || block.is_blank() {
            return;
        }
        match block.kind {
            BlockKind::Table if block.table.is_some() => return self.tables += 1,
            BlockKind::Question => self.kinds += 1,
            BlockKind::Heading if outline::is_level(block) => self.headings += 1,
            BlockKind::Code | BlockKind::Formula | BlockKind::Figure => return,
            _ => {}
        }
        self.lines.count(&block.text);
        match prefix::role(&block.text) {
            Some((prefix::Role::Question, _)) => self.questions += 1,
            Some((prefix::Role::Answer, _)) => self.answers += 1,
            None => {}
        }
        self.asking += u64::from(is_asking(block));
        self.numbers.count(&block.text);
    }

    /// A fifth of the letters is enough: names and terms are often in Latin script.
    pub(crate) fn is_east_asian(&self) -> bool {
        self.east_asian > 0 && self.east_asian * 5 >= self.letters
    }

    pub(crate) fn strategy(&self, summary: &Summary) -> Strategy {
        let text = matches!(extension(summary).as_str(), "txt" | "text" | "csv" | "tsv");
        let pdf = extension(summary) == "pdf";
        let numbered = self.numbers.best().filter(|(_, count)| *count > 1).map(|(family, _)| Way::Numbered(family));
        // Prose has commas too; tabs mean something.
        let enough = if self.lines.delimiter() == '\t' { 4 } else { 2 };
        let paired = self.lines.pairs() > 0 && self.lines.pairs() * enough >= self.lines.lines;
        if is_spreadsheet(summary) && self.tables > 0 {
            Strategy::Sheets
        } else if self.kinds > 0 {
            Strategy::Blocks(Way::Kind)
        } else if text && paired {
            Strategy::Lines(self.lines.delimiter())
        } else if self.questions > 0 && self.answers > 0 {
            Strategy::Blocks(Way::Prefix)
        } else if let Some(way) = numbered.filter(|_| pdf) {
            Strategy::Blocks(way)
        } else if self.headings > 0 && self.asking < 3 + self.headings * 2 {
            Strategy::Headings
        } else if self.asking > 1 {
            Strategy::Blocks(Way::Asking)
        } else if let Some(way) = numbered {
            Strategy::Blocks(way)
        } else {
            Strategy::Blocks(Way::Kind)
        }
    }
}

impl Strategy {
    /// Has all blocks of the document collected.
    pub(crate) fn collect(self, blocks: &Blocks<'_>, summary: &Summary, collector: &mut Collector<'_>) {
        match self {
            Strategy::Sheets => sheet::Sheets::new(summary).collect(blocks, collector),
            Strategy::Headings => outline::collect(blocks, collector),
            Strategy::Lines(delimiter) => blocks.iter().for_each(|block| collector.lines(block, delimiter)),
            Strategy::Blocks(way) => collector.blocks(blocks, way),
        }
    }
}

/// Most characters of a line that asks.
const LONGEST: usize = 200;

/// A short line that ends with a question mark.
pub(crate) fn is_asking(block: &Block) -> bool {
    let text = block.text.trim();
    let told = matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Heading | BlockKind::Title);
    told && !text.contains('\n')
        && text.trim_end_matches(['"', '”', '*', ')', '）', '」', ' ']).ends_with(['?', '？', '؟'])
        && text.chars().count() <= LONGEST
}
