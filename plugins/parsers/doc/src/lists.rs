//! Labels of list items, counted as Word counts them.

use crate::fib::{u16_at, u32_at};
use mortise_shared_numerals::roman;
use std::collections::BTreeMap;

/// Lists and levels at most.
const MOST: usize = 10_000;

#[derive(Clone, Debug, Default)]
struct Level {
    start: u32,
    format: u8,
    /// Characters, among which numbers below nine stand for the numbers of levels.
    text: Vec<u16>,
}

/// The lists of a document.
#[derive(Default)]
pub(crate) struct Lists {
    lists: BTreeMap<u32, Vec<Level>>,
    /// Which list a use is of.
    uses: Vec<u32>,
    counts: BTreeMap<u32, [Option<u32>; 9]>,
}

impl Lists {
    /// Of the tables of lists (with the levels that follow it) and of their uses.
    pub(crate) fn new(lists: &[u8], uses: &[u8]) -> Self {
        let mut found = Self::default();
        let count = usize::from(u16_at(lists, 0)).min(MOST);
        let mut at = 2 + count * 28;
        for i in 0..count {
            let entry = 2 + i * 28;
            let simple = lists.get(entry + 26).is_some_and(|flags| flags & 1 != 0);
            let mut levels = Vec::new();
            for _ in 0..if simple { 1 } else { 9 } {
                if at + 28 > lists.len() {
                    break;
                }
                let skip = usize::from(lists[at + 24]) + usize::from(lists[at + 25]);
                let text_at = at + 28 + skip;
                let length = usize::from(u16_at(lists, text_at));
                let text = lists.get(text_at + 2..text_at + 2 + length * 2).unwrap_or_default();
                levels.push(Level {
                    start: u32_at(lists, at),
                    format: lists[at + 4],
                    text: text.chunks_exact(2).map(|b| u16_at(b, 0)).collect(),
                });
                at = text_at + 2 + length * 2;
            }
            found.lists.insert(u32_at(lists, entry), levels);
        }
        let count = (u32_at(uses, 0) as usize).min(uses.len() / 16);
        found.uses = (0..count).map(|i| u32_at(uses, 4 + i * 16)).collect();
        found
    }

    /// The label of the next item of a use (from 1) at a level; empty where there is none.
    pub(crate) fn next(&mut self, used: u16, level: u8) -> String {
        let Some(list) = usize::from(used).checked_sub(1).and_then(|n| self.uses.get(n)).copied() else {
            return String::new();
        };
        let Some(levels) = self.lists.get(&list) else { return String::new() };
        let level = usize::from(level).min(8).min(levels.len().saturating_sub(1));
        let Some(own) = levels.get(level) else { return String::new() };
        let counts = self.counts.entry(list).or_default();
        counts[level] = Some(counts[level].map_or(own.start, |n| n.saturating_add(1)));
        counts[level + 1..].fill(None);
        let mut label = String::new();
        for c in char::decode_utf16(own.text.iter().copied()) {
            match c.unwrap_or(' ') {
                c if (c as usize) < 9 => {
                    let other = c as usize;
                    let format = levels.get(other).map_or(0, |l| l.format);
                    let number = counts[other].unwrap_or(levels.get(other).map_or(1, |l| l.start));
                    label.push_str(&shown(number, format));
                }
                // Bullets of symbol fonts.
                '\u{F000}'..='\u{F0FF}' => label.push('•'),
                c => label.push(c),
            }
        }
        label
    }
}

fn shown(number: u32, format: u8) -> String {
    match format {
        1 => roman(number),
        2 => roman(number).to_lowercase(),
        3 => letters(number),
        4 => letters(number).to_lowercase(),
        22 => format!("{number:02}"),
        23 | 255 => String::new(),
        _ => number.to_string(),
    }
}

fn letters(number: u32) -> String {
    let n = number.saturating_sub(1);
    char::from(b'A' + (n % 26) as u8).to_string().repeat((n / 26 + 1).min(10) as usize)
}
