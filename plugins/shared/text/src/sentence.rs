//! Where sentences end, in running text of Latin, Chinese, Japanese and Korean script.
//!
//! Rules, not a model: good enough to choose cuts and to quote whole sentences, the same on every machine.

use crate::delimiter::is_closer;
use std::ops::Range;

/// Words whose full stop does not end a sentence, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "al", "approx", "art", "ca", "cf", "ch", "co", "corp", "dr", "e.g", "ed", "eds", "eq", "eqs", "etc", "fig", "figs",
    "gen", "gov", "hon", "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "no", "nos", "p", "pp", "prof", "ref", "refs",
    "rev", "sec", "sect", "sen", "sr", "st", "u.k", "u.s", "viz", "vol", "vols", "vs",
];

/// The sentences of `text` as ranges that lie side by side and cover it all; white space belongs to the sentence
/// before it. A line break ends a sentence unless the next line goes on in lower case.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut ends = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        let mut ends_here = match c {
            '。' | '！' | '？' | '｡' | '；' | '…' => true,
            '!' | '?' | '.' | '\n' => false,
            _ => continue,
        };
        let mut broken = c == '\n';
        // The rest of a run of marks, closing quotes, and the white space behind.
        let mut spaced = broken;
        let mut next = None;
        while let Some(&(at, c)) = chars.peek() {
            let mark = matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '…');
            if !(c.is_whitespace() || (!spaced && (mark || is_closer(c)))) {
                next = Some(c);
                break;
            }
            broken |= c == '\n';
            spaced |= c.is_whitespace();
            end = at + c.len_utf8();
            chars.next();
        }
        ends_here |= match c {
            '\n' => !next.is_some_and(char::is_lowercase) || text[at..end].matches('\n').count() > 1,
            '.' => spaced && !is_abbreviation(&text[start..at]) || (broken && next.is_some_and(char::is_uppercase)),
            '!' | '?' => spaced || next.is_some_and(crate::word::is_unsegmented),
            _ => false,
        };
        if ends_here && next.is_some() {
            ends.push(start..end);
            start = end;
        }
    }
    if start < text.len() {
        ends.push(start..text.len());
    }
    ends
}

/// `before` is the sentence so far, up to its full stop.
fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“')).next().unwrap_or("");
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        // An initial: "J. Smith"; but "Vitamin C." cannot be told from it, and stays with the next sentence.
        (Some(only), None) => only.is_uppercase() && only.is_alphabetic(),
        _ => {
            word.len() <= 6
                && word.is_ascii()
                && ABBREVIATIONS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let ranges = sentences(text);
        assert_eq!(ranges.iter().map(|r| &text[r.clone()]).collect::<String>(), text, "sentences cover the text");
        ranges.into_iter().map(|r| text[r].trim()).collect()
    }

    #[test]
    fn abbreviations_are_sorted() {
        assert!(ABBREVIATIONS.is_sorted());
    }

    #[test]
    fn english() {
        assert_eq!(
            split("Dr. J. Smith paid 3.50 dollars, e.g. for bread. Why? \"I was hungry!\" he said. See Fig. 2 below."),
            [
                "Dr. J. Smith paid 3.50 dollars, e.g. for bread.",
                "Why?",
                "\"I was hungry!\"",
                "he said.",
                "See Fig. 2 below."
            ]
        );
        assert_eq!(split("a wrapped\nline. Next\n\nparagraph"), ["a wrapped\nline.", "Next", "paragraph"]);
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(" . . "), [".", "."]);
    }

    #[test]
    fn chinese() {
        assert_eq!(
            split("潮水上涨。船只等待！“风停了？”出发；好"),
            ["潮水上涨。", "船只等待！", "“风停了？”", "出发；", "好"]
        );
    }
}
