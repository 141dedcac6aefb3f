//! The document's own vocabulary, which decides how words that a line end divides are put together again.

use crate::hangul::Hangul;
use crate::page::{Element, PageLayout, TextLine};
use crate::text::is_hyphen;
use std::collections::HashSet;

/// Words seen within lines.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Words with a hyphen inside: at a line's end their hyphen stays.
    compounds: HashSet<String>,
    hangul: Hangul,
    /// Lines of Hangul end within words, too.
    divides_hangul: bool,
}

/// Longest word that is kept, in bytes.
const LONGEST: usize = 64;
/// Divided words that must be known whole before division is taken for the document's habit.
const EVIDENCE: usize = 3;

impl Words {
    /// The words of a document.
    pub(crate) fn of(pages: &[PageLayout]) -> Words {
        let mut words = Words::default();
        let regions: Vec<Vec<&TextLine>> = pages.iter().flat_map(|p| &p.regions).map(|r| lines(&r.elements)).collect();
        for line in regions.iter().flatten() {
            let hyphens = line.text.contains(is_hyphen);
            let hangul = line.text.chars().any(is_hangul);
            if !hyphens && !hangul {
                continue;
            }
            let all: Vec<&str> = line.text.split_whitespace().map(core).collect();
            for (i, word) in all.iter().enumerate().filter(|(_, w)| w.len() <= LONGEST) {
                if hyphens && word.contains(is_hyphen) {
                    words.compounds.insert(word.replace(is_hyphen, "-"));
                }
                // Words at the ends of a line may be parts of words.
                if hangul && i > 0 && i + 1 < all.len() && word.chars().all(is_hangul) && !word.is_empty() {
                    words.hangul.note(word);
                }
            }
        }
        let divided = regions
            .iter()
            .flat_map(|lines| lines.windows(2))
            .filter(|pair| matches!(pair, [a, b] if words.known_whole(&a.text, &b.text)))
            .count();
        words.divides_hangul = divided >= EVIDENCE;
        words
    }

    /// True if the word is written with its hyphen elsewhere.
    pub(crate) fn is_compound(&self, word: &str) -> bool {
        self.compounds.contains(word)
    }

    /// True if no blank belongs between the end of `before` and `after`, because both are parts of one Korean word.
    pub(crate) fn divides(&self, before: &str, after: &str) -> bool {
        let (Some(a), Some(b)) = (last_hangul(before), first_hangul(after)) else { return false };
        if !self.divides_hangul {
            return false;
        }
        self.hangul.are_one(a, b)
    }

    fn known_whole(&self, before: &str, after: &str) -> bool {
        match (last_hangul(before), first_hangul(after)) {
            (Some(a), Some(b)) => self.hangul.knows(&format!("{a}{b}")),
            _ => false,
        }
    }
}

fn lines(elements: &[Element]) -> Vec<&TextLine> {
    elements
        .iter()
        .filter_map(|e| match e {
            Element::Line(line) => Some(line),
            Element::Table(..) | Element::Figure(..) => None,
        })
        .collect()
}

/// The word without punctuation around it.
fn core(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The last word, if the text ends with a syllable of it.
fn last_hangul(text: &str) -> Option<&str> {
    text.chars().next_back().filter(|c| is_hangul(*c))?;
    let start =
        text.rfind(|c: char| !is_hangul(c)).map_or(0, |i| text[i..].chars().next().map_or(i, |c| i + c.len_utf8()));
    text.get(start..)
}

fn first_hangul(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !is_hangul(c)).unwrap_or(text.len());
    text.get(..end).filter(|w| !w.is_empty())
}

/// A syllable of Hangul.
pub(crate) fn is_hangul(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c)
}
