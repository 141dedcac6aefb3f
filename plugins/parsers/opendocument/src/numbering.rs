//! Labels of list items and headings.

use mortise_shared_numerals::roman;
use mortise_shared_packed::Tag;
use std::collections::BTreeMap;

/// Levels of a list at most.
pub(crate) const LEVELS: usize = 10;

/// How the items of a level are labelled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Level {
    /// `1`, `a`, `A`, `i`, `I`; empty for none.
    pub(crate) format: String,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    pub(crate) start: u32,
    /// How many levels a label shows.
    pub(crate) shown: u32,
    pub(crate) bullet: Option<String>,
}

impl Level {
    pub(crate) fn of(tag: &Tag<'_>) -> Self {
        let number = |name: &str| tag.number(name).and_then(|n| u32::try_from(n).ok());
        Self {
            format: tag.attr("num-format").unwrap_or_default(),
            prefix: tag.attr("num-prefix").unwrap_or_default(),
            suffix: tag.attr("num-suffix").unwrap_or_default(),
            start: number("start-value").unwrap_or(1),
            shown: number("display-levels").unwrap_or(1),
            bullet: tag
                .attr("bullet-char")
                .map(|c| if c.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)) { "•".into() } else { c }),
        }
    }
}

/// The levels of a list style.
pub(crate) type Levels = BTreeMap<usize, Level>;

/// Where a list stands: the number of the last item of each level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts([Option<u32>; LEVELS]);

impl Counts {
    /// Sets the number of the next item of a level.
    pub(crate) fn start_at(&mut self, level: usize, number: u32) {
        if let Some(count) = self.0.get_mut(level) {
            *count = number.checked_sub(1);
        }
    }

    /// Forgets what is deeper than a level.
    pub(crate) fn leave(&mut self, level: usize) {
        self.0.iter_mut().skip(level).for_each(|count| *count = None);
    }

    /// The label of the next item of a level (from 0).
    pub(crate) fn next(&mut self, levels: &Levels, level: usize) -> String {
        let level = level.min(LEVELS - 1);
        let Some(own) = levels.get(&level) else { return String::new() };
        if let Some(bullet) = &own.bullet {
            return bullet.clone();
        }
        self.0[level] = Some(self.0[level].map_or(own.start, |n| n.saturating_add(1)));
        self.leave(level + 1);
        if own.format.is_empty() {
            return String::new();
        }
        let first = (level + 1).saturating_sub(own.shown.max(1) as usize);
        let numbers = (first..=level).filter_map(|l| {
            let format = &levels.get(&l)?.format;
            (!format.is_empty()).then(|| shown(self.0[l].unwrap_or(1), format))
        });
        format!("{}{}{}", own.prefix, numbers.collect::<Vec<_>>().join("."), own.suffix)
    }
}

fn shown(number: u32, format: &str) -> String {
    let letter = |base: u8| {
        let n = number.saturating_sub(1);
        char::from(base + (n % 26) as u8).to_string().repeat((n / 26 + 1).min(10) as usize)
    };
    match format {
        "a" => letter(b'a'),
        "A" => letter(b'A'),
        "i" => roman(number).to_lowercase(),
        "I" => roman(number),
        _ => number.to_string(),
    }
}
