//! Styles: which of them are headings, and what they say of lists.

use crate::fib::u16_at;
use crate::properties::changes;
use mortise_sdk::document::BlockKind;
use mortise_shared_flow::role;

#[derive(Clone, Debug, Default)]
pub(crate) struct Style {
    pub(crate) role: Option<(BlockKind, u32)>,
    pub(crate) list: Option<u16>,
    pub(crate) list_level: Option<u8>,
    base: usize,
}

/// Styles by number.
pub(crate) struct Styles {
    styles: Vec<Style>,
}

impl Styles {
    pub(crate) fn new(table: &[u8]) -> Self {
        let head = usize::from(u16_at(table, 0));
        let (count, base) = (usize::from(u16_at(table, 2)), usize::from(u16_at(table, 4)));
        let mut at = 2 + head;
        let mut styles = Vec::new();
        while styles.len() < count && at + 2 <= table.len() {
            let length = usize::from(u16_at(table, at));
            let raw = table.get(at + 2..(at + 2 + length).min(table.len())).unwrap_or_default();
            styles.push(style(raw, base));
            // Entries begin at even places.
            at += 2 + length + length % 2;
        }
        Self { styles }
    }

    /// A style with what it has from those that it is based on.
    pub(crate) fn get(&self, number: u16) -> Style {
        let mut found = Style::default();
        let mut next = usize::from(number);
        for _ in 0..12 {
            let Some(style) = self.styles.get(next) else { break };
            found.role = found.role.or(style.role);
            found.list = found.list.or(style.list);
            found.list_level = found.list_level.or(style.list_level);
            next = style.base;
        }
        found
    }
}

fn style(raw: &[u8], base: usize) -> Style {
    let known = u16_at(raw, 0) & 0x0FFF;
    let kinds = u16_at(raw, 2);
    let mut style = Style { base: usize::from(kinds >> 4), ..Style::default() };
    style.role = match known {
        1..=9 => Some((BlockKind::Heading, u32::from(known))),
        19..=27 => Some((BlockKind::TocEntry, 0)),
        34 => Some((BlockKind::Caption, 0)),
        62 => Some((BlockKind::Title, 0)),
        _ => None,
    };
    let length = usize::from(u16_at(raw, base));
    let name = raw.get(base + 2..base + 2 + length * 2).unwrap_or_default();
    let units: Vec<u16> = name.chunks_exact(2).map(|b| u16_at(b, 0)).collect();
    style.role = style.role.or_else(|| role(&String::from_utf16_lossy(&units)));
    // Properties of its paragraphs follow the name and its closing zero.
    let mut at = base + 2 + length * 2 + 2;
    at += at % 2;
    if kinds & 0xF == 1 {
        let size = usize::from(u16_at(raw, at));
        for (code, operand) in changes(raw.get(at + 4..(at + 2 + size).min(raw.len())).unwrap_or_default()) {
            match code {
                0x2640 => {
                    let level = operand.first().copied().unwrap_or(9);
                    style.role = style.role.or((level < 9).then_some((BlockKind::Heading, u32::from(level) + 1)));
                }
                0x460B => style.list = Some(u16_at(operand, 0)),
                0x260A => style.list_level = operand.first().copied(),
                _ => {}
            }
        }
    }
    style
}
