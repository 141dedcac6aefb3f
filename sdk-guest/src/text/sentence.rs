//! Where sentences end, in running text of many scripts.
//!
//! Rules, not a model: good enough to choose cuts and to quote whole sentences, the same on every machine, in one pass.

/// Words whose full stop does not end a sentence, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "al", "approx", "art", "ca", "cf", "ch", "co", "corp", "dr", "e.g", "ed", "eds", "eq", "eqs", "etc", "fig", "figs",
    "gen", "gov", "hon", "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "no", "nos", "p", "pp", "prof", "ref", "refs",
    "rev", "sec", "sect", "sen", "sr", "st", "u.k", "u.s", "viz", "vol", "vols", "vs",
];

/// The sentences of a text; white space belongs to the sentence before it.
///
/// A full stop ends a sentence before white space, but not after an abbreviation or an initial (`Dr. J. Smith`), not in a
/// number (`3.50`), and not when the next word is in lower case (`e.g. this`). A line break ends one unless the next line
/// goes on in lower case; a blank line always does.
///
/// ```
/// use mortise_sdk::text::sentences;
///
/// assert_eq!(sentences("A wrapped\nline. Next\n\nparagraph"), ["A wrapped\nline. ", "Next\n\n", "paragraph"]);
/// assert_eq!(sentences("潮水上涨。“风停了？”出发"), ["潮水上涨。", "“风停了？”", "出发"]);
/// ```
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    // The word that a full stop may shorten begins here.
    let mut word = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, mark)) = chars.next() {
        if mark.is_whitespace() || matches!(mark, '(' | '[' | '"' | '“' | '«') {
            word = at + mark.len_utf8();
        }
        if !(is_full(mark) || matches!(mark, '.' | '!' | '?' | '…' | '\n')) {
            continue;
        }
        // The rest of a run of marks, closing quotes, and the white space behind.
        let mut end = at + mark.len_utf8();
        let mut spaced = mark == '\n';
        let mut breaks = u32::from(spaced);
        let mut next = None;
        while let Some(&(at, c)) = chars.peek() {
            let run = is_full(c) || matches!(c, '.' | '!' | '?' | '…') || is_closer(c);
            if !(c.is_whitespace() || (run && !spaced)) {
                next = Some(c);
                break;
            }
            breaks += u32::from(c == '\n');
            spaced |= c.is_whitespace();
            end = at + c.len_utf8();
            chars.next();
        }
        let goes_on = next.is_some_and(char::is_lowercase);
        let ends = match mark {
            '\n' => !goes_on || breaks > 1,
            '.' => breaks > 1 || (spaced && !goes_on && !is_abbreviation(&text[word.min(at)..at])),
            '!' | '?' | '…' => breaks > 1 || (spaced && !goes_on) || (!spaced && next.is_some_and(is_unspaced)),
            _ => true,
        };
        if spaced {
            word = end;
        }
        if ends && next.is_some() && super::is_boundary(text, end) {
            found.push(&text[start..end]);
            start = end;
        }
    }
    if start < text.len() {
        found.push(&text[start..]);
    }
    found
}

/// Marks that need no white space behind them: full-width, Arabic, Indic.
fn is_full(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '；' | '؟' | '۔' | '।' | '॥')
}

/// Quotes and brackets that close what stands before them.
fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '」' | '』' | '）' | '】' | '》' | '〉' | '］')
}

/// Scripts without blanks between sentences: Chinese, Japanese.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a full stop after this word shortens it.
fn is_abbreviation(word: &str) -> bool {
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        // An initial. "Vitamin C." cannot be told from it, and stays with the next sentence.
        (Some(only), None) => only.is_uppercase(),
        _ => word.len() <= 6 && ABBREVIATIONS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let found = sentences(text);
        assert_eq!(found.concat(), text, "sentences cover the text");
        found.into_iter().map(str::trim).collect()
    }

    #[test]
    fn abbreviations_are_sorted() {
        assert!(ABBREVIATIONS.is_sorted());
    }

    #[test]
    fn english() {
        assert_eq!(
            split("Dr. J. Smith paid 3.50, e.g. for bread. Why? \"I was hungry!\" He left. See (Fig. 2) below."),
            ["Dr. J. Smith paid 3.50, e.g. for bread.", "Why?", "\"I was hungry!\"", "He left.", "See (Fig. 2) below."]
        );
        assert_eq!(split("Wait ... and see. “Go!” she said."), ["Wait ... and see.", "“Go!” she said."]);
        assert_eq!(split("Really?! Yes."), ["Really?!", "Yes."]);
        assert_eq!(split("And so… it goes… Yes."), ["And so… it goes…", "Yes."]);
    }

    #[test]
    fn lines() {
        assert_eq!(split("a wrapped\nline. Next\n\nparagraph"), ["a wrapped\nline.", "Next", "paragraph"]);
        assert_eq!(split("Item one\nItem two"), ["Item one", "Item two"]);
        assert_eq!(split("ends.\n\nlower case begins anew"), ["ends.", "lower case begins anew"]);
    }

    #[test]
    fn other_scripts() {
        assert_eq!(
            split("潮水上涨。船只等待！“风停了？”出发；好……走"),
            ["潮水上涨。", "船只等待！", "“风停了？”", "出发；", "好……", "走"]
        );
        assert_eq!(split("どこ?ここ!"), ["どこ?", "ここ!"]);
        assert_eq!(split("यह है। वह है॥"), ["यह है।", "वह है॥"]);
        assert_eq!(split("أين؟ هنا."), ["أين؟", "هنا."]);
    }

    #[test]
    fn nothing_and_marks_alone() {
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(" \n "), [""]);
        assert_eq!(split("...").len(), 1);
        assert_eq!(split(" . . ").len(), 2);
    }

    #[test]
    fn long_runs_take_linear_time() {
        for run in [".", ". ", "\n", " ", ".\n", "a.", "\"", "。", "!\"", "x"] {
            let text = run.repeat(400_000);
            assert_eq!(sentences(&text).concat().len(), text.len());
        }
    }
}
