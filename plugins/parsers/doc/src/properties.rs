//! What is in force at a place of the stream: pages of 512 bytes, each with runs and their changes to a style.

use crate::fib::{u16_at, u32_at};
use mortise_shared_ole::Stream;

const PAGE: usize = 512;

/// One kind of properties: of paragraphs or of characters.
pub(crate) struct Pages {
    /// Where each page's runs begin, and its number.
    pages: Vec<(u32, u32)>,
    paragraphs: bool,
    page: Option<(u32, Vec<u8>)>,
    /// The run that was found last: what is looked up next is mostly in it.
    last: Option<(u32, u32, Vec<u8>)>,
}

impl Pages {
    pub(crate) fn new(table: &[u8], paragraphs: bool) -> Self {
        let count = table.len().saturating_sub(4) / 8;
        let at = |i: usize| (u32_at(table, i * 4), u32_at(table, (count + 1) * 4 + i * 4) & 0x3F_FFFF);
        let mut pages: Vec<(u32, u32)> = (0..count).map(at).collect();
        pages.sort_unstable();
        Self { pages, paragraphs, page: None, last: None }
    }

    /// The changes at a place; those of paragraphs begin with the number of the style.
    pub(crate) fn at(&mut self, stream: &Stream<'_, '_>, place: u32) -> &[u8] {
        if !self.last.as_ref().is_some_and(|(first, end, _)| (*first..*end).contains(&place)) {
            self.last = Some(self.find(stream, place).unwrap_or((place, place + 1, Vec::new())));
        }
        self.last.as_ref().map(|(_, _, changes)| changes.as_slice()).unwrap_or_default()
    }

    fn find(&mut self, stream: &Stream<'_, '_>, place: u32) -> Option<(u32, u32, Vec<u8>)> {
        let index = self.pages.partition_point(|(first, _)| *first <= place).checked_sub(1)?;
        let number = self.pages.get(index)?.1;
        if self.page.as_ref().is_none_or(|(known, _)| *known != number) {
            self.page = Some((number, stream.read_at(u64::from(number) * PAGE as u64, PAGE)));
        }
        let page = &self.page.as_ref()?.1;
        let runs = usize::from(*page.get(PAGE - 1)?);
        let run = (0..runs).find(|i| (u32_at(page, i * 4)..u32_at(page, i * 4 + 4)).contains(&place))?;
        let (first, end) = (u32_at(page, run * 4), u32_at(page, run * 4 + 4));
        let width = if self.paragraphs { 13 } else { 1 };
        let offset = usize::from(*page.get((runs + 1) * 4 + run * width)?) * 2;
        let changes = match (offset, self.paragraphs) {
            (0, _) => &[][..],
            (at, false) => page.get(at + 1..at + 1 + usize::from(*page.get(at)?))?,
            (at, true) => match *page.get(at)? {
                0 => page.get(at + 2..at + 2 + usize::from(*page.get(at + 1)?) * 2)?,
                length => page.get(at + 1..at + usize::from(length) * 2)?,
            },
        };
        Some((first, end, changes.to_vec()))
    }
}

/// The changes in a list: their code and their operand.
pub(crate) fn changes(list: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at + 2 > list.len() {
            return None;
        }
        let code = u16_at(list, at);
        at += 2;
        let (skip, size) = match code >> 13 {
            0 | 1 => (0, 1),
            2 | 4 | 5 => (0, 2),
            3 => (0, 4),
            7 => (0, 3),
            // The definition of a row is longer than a byte can tell.
            _ if code == 0xD608 => (2, usize::from(u16_at(list, at)).saturating_sub(1)),
            _ => (1, usize::from(*list.get(at)?)),
        };
        let from = at + skip;
        let operand = list.get(from..(from + size).min(list.len()))?;
        at = from + size;
        Some((code, operand))
    })
}
