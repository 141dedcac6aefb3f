//! A file's own outline (bookmarks) matched with its text, where the text does not tell its headings.

use std::collections::BTreeSet;

/// Entries of an outline: title, and level from 0.
#[derive(Clone, Debug, Default)]
pub struct OutlineEntries(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    length: usize,
    pairs: BTreeSet<(char, char)>,
    level: u32,
}

/// An outline is believed when it has more entries than this share of the sections.
const ENOUGH: f64 = 0.03;
/// Entries looked at: more are a register, not an outline.
const MOST: usize = 2_000;

impl OutlineEntries {
    /// From titles and levels.
    pub fn new<'a>(entries: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let entries = entries.into_iter().take(MOST).map(|(title, level)| {
            let title = title.trim();
            Entry { length: title.chars().count(), pairs: pairs(title), level }
        });
        Self(entries.filter(|entry| entry.length > 0).collect())
    }

    /// Whether the outline tells enough of a text with so many sections.
    pub fn suffices(&self, sections: usize) -> bool {
        !self.0.is_empty() && self.0.len() as f64 / sections.max(1) as f64 > ENOUGH
    }

    /// The level of the first entry whose title the text begins with, more or less: four fifths of their pairs of
    /// characters are the same.
    pub fn level_of(&self, text: &str) -> Option<u32> {
        let text = text.trim();
        let length = text.chars().count();
        let found = self.0.iter().find(|entry| {
            // A title cannot agree with a text that is far shorter.
            if length * 2 < entry.length {
                return false;
            }
            let cut: String = text.chars().take(entry.length).collect();
            if entry.pairs.is_empty() {
                return cut.chars().count() == entry.length
                    && text.chars().count() == entry.length
                    && pairs(&cut).is_empty();
            }
            let own = pairs(&cut);
            let common = own.intersection(&entry.pairs).count();
            common as f64 / own.len().max(entry.pairs.len()) as f64 > 0.8
        });
        found.map(|entry| entry.level)
    }
}

fn pairs(text: &str) -> BTreeSet<(char, char)> {
    text.chars().zip(text.chars().skip(1)).collect()
}
