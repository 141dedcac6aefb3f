//! Numbering families: how the headings of laws, manuals and books are numbered, in Chinese, with decimal numbers and in
//! English, and in Markdown.
//!
//! A family is a list of patterns, the highest level first. A line belongs to a level when it begins with its pattern.

mod english;
mod number;

use crate::title::is_no_title;

/// A family of numberings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// 第一编 · 第一章 · 第一节 · 第一条 · （一）
    ChineseLegal,
    /// 第1章 · 第1节 · 1. · 1.1 · 1.1.1 · 1.1.1.1
    Arabic,
    /// 第一章 · 第一节 · 一、 · （一） · （1）
    ChineseOrdinal,
    /// PART ONE · Chapter I · Section 1 · Article 1
    EnglishLegal,
    /// `#` to `######`
    Markdown,
}

use Family::{Arabic, ChineseLegal, ChineseOrdinal, EnglishLegal, Markdown};

impl Family {
    /// All families in the order in which ties are decided.
    pub const ALL: [Family; 5] = [ChineseLegal, Arabic, ChineseOrdinal, EnglishLegal, Markdown];

    /// How many levels the family has.
    pub fn size(self) -> usize {
        match self {
            ChineseLegal | ChineseOrdinal => 5,
            EnglishLegal => 4,
            Arabic | Markdown => 6,
        }
    }

    /// The level of a line, 0 being the highest; `None` for text without such a number.
    ///
    /// Decimal numbers are told by their depth: `1.`, `1.1` and `1.1.1` are three levels.
    pub fn level(self, line: &str) -> Option<usize> {
        self.matched(line).map(|(level, _)| level)
    }

    /// The number itself, as it stands at the beginning of the line: `第三条`, `Section 4`, `1.2`.
    pub fn label(self, line: &str) -> Option<&str> {
        let line = line.trim();
        self.matched(line).map(|(_, length)| line[..length].trim())
    }

    /// Whether a line with a number of this family is the heading that it looks like, and not a sentence that happens to
    /// begin with a number. Articles and sections of laws may be whole paragraphs.
    pub fn heads(self, line: &str) -> bool {
        let line = line.trim();
        let Some((level, length)) = self.matched(line) else { return false };
        if is_not_bullet(line) {
            return false;
        }
        let rest = &line[length..];
        match self {
            ChineseLegal if level == 3 => !goes_on_in_chinese(rest),
            ChineseLegal | ChineseOrdinal if level < 2 => !goes_on_in_chinese(rest) && line.chars().count() <= 48,
            EnglishLegal => {
                // "Section 5 of the Act says" is a sentence; "Section 5. Terms" and "Section 5" are headings.
                let running = rest.trim_start().chars().next().is_some_and(char::is_lowercase) || rest.starts_with('(');
                !running && (level >= 2 || !is_no_title(line))
            }
            Arabic if level == 2 => {
                let lower = rest.trim_start().chars().next().is_some_and(char::is_lowercase);
                !lower && !is_no_title(line) && !rest.trim().is_empty()
            }
            _ => !is_no_title(line),
        }
    }

    /// Units of a law, which stand for themselves: not the enumerations within them.
    pub fn is_unit(self, level: usize) -> bool {
        match self {
            ChineseLegal => level < 4,
            ChineseOrdinal => level < 3,
            _ => true,
        }
    }

    /// Level and length of the number in bytes of the trimmed line.
    fn matched(self, line: &str) -> Option<(usize, usize)> {
        let line = line.trim();
        match self {
            ChineseLegal => {
                for (level, units) in [&["编", "分编", "部分"][..], &["章"], &["节"], &["条"]].into_iter().enumerate()
                {
                    if let Some(length) = number::ordinal(line, units, true) {
                        return Some((level, length));
                    }
                }
                number::bracketed(line, |cursor| cursor.chinese()).map(|length| (4, length))
            }
            Arabic => {
                for (level, units) in [&["章"], &["节"]].into_iter().enumerate() {
                    if let Some(length) = number::ordinal(line, units, false) {
                        return Some((level, length));
                    }
                }
                number::decimal(line).map(|(depth, length)| (1 + depth, length))
            }
            ChineseOrdinal => {
                for (level, units) in [&["章"], &["节"]].into_iter().enumerate() {
                    if let Some(length) = number::ordinal(line, units, true) {
                        return Some((level, length));
                    }
                }
                number::chinese_point(line)
                    .map(|length| (2, length))
                    .or_else(|| number::bracketed(line, |cursor| cursor.chinese()).map(|length| (3, length)))
                    .or_else(|| number::bracketed(line, |cursor| cursor.digits(2)).map(|length| (4, length)))
            }
            EnglishLegal => english::matched(line),
            Markdown => {
                let hashes = line.bytes().take_while(|&b| b == b'#').count();
                let followed = line[hashes..].chars().next().is_some();
                ((1..=6).contains(&hashes) && followed).then(|| (hashes - 1, hashes))
            }
        }
    }
}

/// "依照第三条规定" broken before the number: the line goes on with a sentence, and is no heading.
fn goes_on_in_chinese(rest: &str) -> bool {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (Some('规'), second) => second == Some('定'),
        (
            Some(
                '的' | '第' | '至' | '、' | '和' | '或' | '款' | '中' | '所' | '与' | '及' | '以' | '，' | '。' | '；',
            ),
            _,
        ) => true,
        _ => false,
    }
}

/// Quantities, dates and contents lines, which begin with a number and are no items: `10 个`, `3 4`, `0.5`, `8....`.
pub fn is_not_bullet(line: &str) -> bool {
    let line = line.trim();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return false;
    }
    let rest = &line[digits..];
    let after = rest.trim_start_matches(' ');
    let blanks = rest.len() > after.len();
    line.starts_with('0')
        || rest.starts_with("..")
        || (blanks && after.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '~' | '个' | '只' | '-')))
}

/// The family that most lines belong to, the first of equals; `None` when no line has a number. All lines count, so that
/// the same text always has the same family.
pub fn family_of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<Family> {
    Votes::of(lines).winner()
}

/// Lines counted for each family.
#[derive(Clone, Debug, Default)]
pub struct Votes([usize; Family::ALL.len()]);

impl Votes {
    /// Votes of all lines.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut votes = Self::default();
        lines.into_iter().for_each(|line| votes.count(line));
        votes
    }

    /// Counts a line, at most once for each family.
    pub fn count(&mut self, line: &str) {
        let line = line.trim();
        if is_not_bullet(line) {
            return;
        }
        for (votes, family) in self.0.iter_mut().zip(Family::ALL) {
            *votes += usize::from(family.level(line).is_some());
        }
    }

    /// How many lines belong to the family.
    pub fn for_family(&self, family: Family) -> usize {
        Family::ALL.iter().zip(self.0).find(|(other, _)| **other == family).map_or(0, |(_, votes)| votes)
    }

    /// The family with most votes, the first of equals.
    pub fn winner(&self) -> Option<Family> {
        let most = self.0.iter().copied().max().filter(|&most| most > 0)?;
        Family::ALL.into_iter().zip(self.0).find(|(_, votes)| *votes == most).map(|(family, _)| family)
    }
}
