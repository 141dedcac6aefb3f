//! What a `delimiter` setting means: one rule for every format.
//!
//! A delimiter string is a bag of single characters, plus strings of any length between backticks.
//! - An unquoted character is a *soft* delimiter: a preferred place to cut, kept at the end of the piece before it.
//! - A string in backticks is a *hard* delimiter: always a boundary, dropped, and nothing is merged across it.
//!
//! Settings written by people hold `\n` as two characters, so the escapes `\n`, `\t` and `\r` are decoded first,
//! inside and outside of backticks.

use std::ops::Range;

/// A parsed delimiter setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delimiters {
    soft: Vec<char>,
    /// Longest first.
    hard: Vec<String>,
    /// Soft and hard in the order in which they are tried.
    alternatives: Vec<String>,
}

impl Delimiters {
    /// Parses a setting. Never fails: a backtick without a partner, or with nothing before its partner, is an ordinary
    /// soft character.
    pub fn parse(setting: &str) -> Self {
        let decoded = decode_escapes(setting);
        let (mut soft, mut hard, mut alternatives) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = decoded.as_str();
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            let quoted = (c == '`').then(|| rest.find('`')).flatten().filter(|&end| end > 0);
            let found = if let Some(end) = quoted {
                let found = rest[..end].to_owned();
                rest = &rest[end + 1..];
                if !hard.contains(&found) {
                    hard.push(found.clone());
                }
                found
            } else {
                if !soft.contains(&c) {
                    soft.push(c);
                }
                c.to_string()
            };
            if !alternatives.contains(&found) {
                alternatives.push(found);
            }
        }
        // Longest first, so that `----` is not read as two `--`; the sort is stable.
        hard.sort_by_key(|s| std::cmp::Reverse(s.chars().count()));
        alternatives.sort_by_key(|s| std::cmp::Reverse(s.chars().count()));
        Self { soft, hard, alternatives }
    }

    /// All delimiters as literal strings, longest first, otherwise in the order written.
    pub fn alternatives(&self) -> &[String] {
        &self.alternatives
    }

    /// True when the setting has a backtick string.
    pub fn has_hard(&self) -> bool {
        !self.hard.is_empty()
    }

    /// The texts between hard delimiters, as ranges of `text`; the delimiters themselves are in no range. One range
    /// for a text without any.
    pub fn between_hard(&self, text: &str) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for found in find_all(text, &self.hard) {
            pieces.push(start..found.start);
            start = found.end;
        }
        pieces.push(start..text.len());
        pieces
    }

    /// Cuts `text` after every run of soft delimiters; the ranges lie side by side and cover it all. Closing quotes,
    /// brackets and white space behind the delimiter stay with it. A full stop inside a number or name (`3.14`,
    /// `example.org`) is no boundary.
    pub fn after_soft(&self, text: &str) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if !self.soft.contains(&c) {
                continue;
            }
            let next = chars.peek().map(|&(_, next)| next);
            if c == '.' && next.is_some_and(char::is_alphanumeric) {
                continue;
            }
            let mut end = at + c.len_utf8();
            while let Some(&(at, c)) = chars.peek() {
                if !(self.soft.contains(&c) || is_closer(c) || c.is_whitespace()) {
                    break;
                }
                end = at + c.len_utf8();
                chars.next();
            }
            pieces.push(start..end);
            start = end;
        }
        if start < text.len() {
            pieces.push(start..text.len());
        }
        pieces
    }
}

/// Occurrences of any of `needles` (longest first) in `text`, leftmost first, without overlaps.
pub(crate) fn find_all(text: &str, needles: &[String]) -> Vec<Range<usize>> {
    let mut next: Vec<Option<usize>> = needles.iter().map(|n| text.find(n.as_str())).collect();
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        for (at, needle) in next.iter_mut().zip(needles) {
            if at.is_some_and(|at| at < from) {
                *at = text[from..].find(needle.as_str()).map(|i| i + from);
            }
        }
        // `min_by_key` gives the first of equals, and needles are ordered longest first.
        let best = next.iter().zip(needles).filter_map(|(at, needle)| Some(((*at)?, needle))).min_by_key(|(at, _)| *at);
        let Some((at, needle)) = best else { return found };
        from = at + needle.len();
        found.push(at..from);
    }
}

/// Replaces the two-character sequences `\n`, `\t` and `\r` by what they stand for; other backslashes stay.
pub fn decode_escapes(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let escape = match chars.peek() {
            Some('n') if c == '\\' => Some('\n'),
            Some('t') if c == '\\' => Some('\t'),
            Some('r') if c == '\\' => Some('\r'),
            _ => None,
        };
        decoded.push(escape.unwrap_or(c));
        if escape.is_some() {
            chars.next();
        }
    }
    decoded
}

/// True for quotes and brackets that close what stands before them.
pub(crate) fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '」' | '』' | '）' | '】' | '》' | '〉' | '］')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(text: &'a str, ranges: &[Range<usize>]) -> Vec<&'a str> {
        ranges.iter().map(|r| &text[r.clone()]).collect()
    }

    #[test]
    fn escapes_are_decoded_everywhere() {
        assert_eq!(Delimiters::parse(r"\n`\n\n`").alternatives(), ["\n\n", "\n"]);
        assert_eq!(decode_escapes(r"a\tb\x\"), "a\tb\\x\\");
    }

    #[test]
    fn lone_backticks_are_ordinary() {
        assert_eq!(Delimiters::parse("`").alternatives(), ["`"]);
        assert_eq!(Delimiters::parse("``").alternatives(), ["`"]);
        assert_eq!(Delimiters::parse(";`ab").alternatives(), [";", "`", "a", "b"]);
    }

    #[test]
    fn soft_delimiters_stay_at_the_end() {
        let delimiters = Delimiters::parse(r"\n!?.");
        let text = "Tide is 3.5 high. Wait!\nTide is low? \"Go.\" End";
        assert_eq!(
            texts(text, &delimiters.after_soft(text)),
            ["Tide is 3.5 high. ", "Wait!\n", "Tide is low? \"", "Go.\" ", "End"]
        );
    }

    #[test]
    fn hard_delimiters_are_dropped_longest_first() {
        let delimiters = Delimiters::parse("`--``----`");
        let text = "x----y--z";
        assert_eq!(texts(text, &delimiters.between_hard(text)), ["x", "y", "z"]);
    }
}
