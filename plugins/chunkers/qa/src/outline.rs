//! Headings as questions: the path of headings is the question, the text below it the answer.

use crate::collect::Collector;
use crate::pair::{Pair, Part};
use crate::sheet;
use mortise_sdk::chunker::Blocks;
use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_general::one_line;
use mortise_shared_records::Windows;

/// The deepest heading that asks.
const DEEPEST: u32 = 6;

struct Heading {
    level: u32,
    text: String,
    id: u32,
    position: usize,
    /// Stands in a question that has an answer.
    used: bool,
}

/// True for headings that count.
pub(crate) fn is_level(block: &Block) -> bool {
    block.kind == BlockKind::Heading && block.level <= DEEPEST
}

pub(crate) fn collect(blocks: &Blocks<'_>, collector: &mut Collector<'_>) {
    let mut open: Vec<Heading> = Vec::new();
    let mut windows = Windows::default();
    for block in blocks.iter() {
        if block.is_furniture() || block.is_blank() {
            collector.loose(block);
        } else if block.kind == BlockKind::Title {
            close(&mut open, collector);
            leave(&mut open, 0, collector);
            collector.loose(block);
        } else if is_level(&block) {
            close(&mut open, collector);
            leave(&mut open, block.level.max(1), collector);
            let position = collector.walk.skip(&block);
            let text = one_line(&block.text);
            open.push(Heading { level: block.level.max(1), text, id: block.id, position, used: false });
            let pair = pair(&open, titles(&open, collector));
            collector.ask(pair);
        } else if sheet::is_table_of_pairs(&block) {
            close(&mut open, collector);
            let position = collector.walk.skip(&block);
            collector.walk.boundary();
            let over = Pair { position, ..pair(&open, titles(&open, collector)) };
            open.iter_mut().for_each(|heading| heading.used = true);
            sheet::rows(&mut windows, &block, &over, collector);
            // What follows still stands below the heading.
            if !open.is_empty() {
                collector.ask(over);
            }
        } else if collector.open().is_some() {
            collector.walk.skip(&block);
            if let Some(pair) = collector.open() {
                pair.answer.push(Part::of(block));
            }
        } else {
            collector.loose(block);
        }
    }
    close(&mut open, collector);
    leave(&mut open, 0, collector);
}

/// What stands above all headings of the question.
fn titles(open: &[Heading], collector: &Collector<'_>) -> Vec<String> {
    let mut path = collector.walk.here();
    path.truncate(path.len().saturating_sub(open.len()));
    path
}

fn pair(path: &[Heading], context: Vec<String>) -> Pair {
    Pair {
        position: path.last().map_or(0, |heading| heading.position),
        question: path.iter().map(|heading| heading.text.as_str()).collect::<Vec<_>>().join("\n"),
        asked: path.iter().map(|heading| heading.id).collect(),
        answer: vec![],
        context,
    }
}

/// Ends the open pair. A heading without text below it may still have headings there.
fn close(open: &mut [Heading], collector: &mut Collector<'_>) {
    match collector.take() {
        Some(pair) if pair.is_answered() => {
            open.iter_mut().for_each(|heading| heading.used = true);
            collector.emit(pair);
        }
        _ => {}
    }
}

/// Leaves headings of that level and below. One that is in no question is kept, with those above it.
fn leave(open: &mut Vec<Heading>, level: u32, collector: &mut Collector<'_>) {
    while open.last().is_some_and(|heading| heading.level >= level) {
        if open.last().is_some_and(|heading| !heading.used) {
            let lone = pair(open, vec![]);
            open.iter_mut().for_each(|heading| heading.used = true);
            collector.emit(lone);
        }
        open.pop();
    }
}
