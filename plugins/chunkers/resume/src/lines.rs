//! The lines of a CV: what stands in blocks and tables, one thing at a time.

use crate::sections::{self, Section};
use mortise_sdk::document::{Block, Table};

/// A line of text, or the cells of a table's row.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) block: u32,
    pub(crate) text: String,
    /// `Name` of «Name: Ada», without white space.
    pub(crate) label: Option<(String, String)>,
    /// The section that the line begins.
    pub(crate) section: Option<Section>,
}

/// Lines looked at; CVs have a few hundred.
const MOST: usize = 4000;
/// Characters of a line that count.
const LONGEST: usize = 600;

pub(crate) fn read(block: &Block, lines: &mut Vec<Line>) {
    if block.is_furniture() || block.is_blank() {
        return;
    }
    match &block.table {
        Some(table) => cells(block, table, lines),
        None => {
            for text in block.text.lines() {
                // A line of several things, each of which may have a label.
                for part in text.split(['|', '｜', '\t', '•', '·']) {
                    for part in gaps(part) {
                        push(block, part, lines);
                    }
                }
            }
        }
    }
}

/// The parts between wide gaps, where two or more of them have a label: «Name: Ada    Age: 36».
fn gaps(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split("  ").map(str::trim).filter(|part| !part.is_empty()).collect();
    let labelled = parts.iter().filter(|part| part.contains([':', '：'])).count();
    if labelled > 1 { parts } else { vec![text] }
}

fn cells(block: &Block, table: &Table, lines: &mut Vec<Line>) {
    for row in table.rows() {
        let mut cells = row.cells.iter().map(|cell| cell.text.trim()).filter(|text| !text.is_empty()).peekable();
        while let Some(text) = cells.next() {
            // A cell with a label, and its value in the next.
            let bare = text.trim_end_matches([':', '：']);
            match cells.peek() {
                Some(value) if crate::vocabulary::label(bare).is_some() && text.chars().count() < 20 => {
                    push(block, &format!("{bare}: {value}"), lines);
                    cells.next();
                }
                _ => text.lines().for_each(|text| push(block, text, lines)),
            }
        }
    }
}

fn push(block: &Block, text: &str, lines: &mut Vec<Line>) {
    let text: String = text.trim().chars().take(LONGEST).collect();
    if text.is_empty() || lines.len() >= MOST {
        return;
    }
    let section = sections::of(&text);
    let label = labelled(&text);
    lines.push(Line { block: block.id, label, section, text });
}

/// Label and value of «Label: value».
fn labelled(text: &str) -> Option<(String, String)> {
    let at = text.find([':', '：'])?;
    let (label, rest) = text.split_at(at);
    let value = rest.trim_start_matches([':', '：']).trim();
    let label: String = label.chars().filter(|c| !c.is_whitespace()).collect();
    ((1..=24).contains(&label.chars().count()) && !value.is_empty()).then(|| (label.to_lowercase(), value.to_owned()))
}
