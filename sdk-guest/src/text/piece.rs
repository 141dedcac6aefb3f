//! Pieces of at most so many tokens.

use super::{boundaries, count};
use crate::host::{count_tokens, token_cuts};
use unicode_segmentation::UnicodeSegmentation;

/// Cuts a text into pieces of at most `limit` tokens, between words where words are short enough, and never within what a
/// reader takes for one character. `limit` 0 counts as 1.
///
/// White space stays at the end of a piece and is not counted there, as nobody stores it. One thing may have more tokens
/// than the limit: a single character, some of which take three tokens or more.
///
/// ```
/// use mortise_sdk::text::pieces;
///
/// let text = "One two three four five six seven.";
/// assert_eq!(pieces(text, 4), ["One two three four ", "five six seven."]);
/// assert_eq!(pieces(text, 4).concat(), text);
/// ```
pub fn pieces(text: &str, limit: u32) -> Vec<&str> {
    let limit = limit.max(1);
    if text.is_empty() {
        return Vec::new();
    }
    let words = words(text);
    // As the encoding takes them: with the blank before them.
    let counts = count_tokens(&words.iter().map(|word| format!(" {}", word.trim())).collect::<Vec<_>>());
    let mut found = Vec::new();
    let (mut start, mut first) = (0, 0);
    while first < words.len() {
        let (mut end, mut next, mut sum) = (start, first, 0u32);
        while next < words.len() && (next == first || sum.saturating_add(counts[next]) <= limit) {
            sum = sum.saturating_add(counts[next]);
            end += words[next].len();
            next += 1;
        }
        // The sum of the words' tokens is near the truth, not the truth.
        while next > first + 1 && !fits(&text[start..end], limit) {
            next -= 1;
            end -= words[next].len();
        }
        match &text[start..end] {
            piece if fits(piece, limit) => found.push(piece),
            run => by_tokens(run, limit).into_iter().for_each(|piece| halve(piece, limit, &mut found)),
        }
        (start, first) = (end, next);
    }
    without_blanks(text, &found)
}

/// The same pieces, blank ones joined to the one before, or to the first.
fn without_blanks<'a>(text: &'a str, found: &[&str]) -> Vec<&'a str> {
    let mut ends: Vec<usize> = Vec::with_capacity(found.len());
    let mut at = 0;
    let mut said = false;
    for piece in found {
        at += piece.len();
        let blank = piece.trim().is_empty();
        match ends.last_mut() {
            Some(last) if blank || !said => *last = at,
            _ => ends.push(at),
        }
        said |= !blank;
    }
    let mut start = 0;
    ends.into_iter().map(|end| &text[std::mem::replace(&mut start, end)..end]).collect()
}

/// Whether a piece keeps to the limit, without the white space around it.
fn fits(piece: &str, limit: u32) -> bool {
    let piece = piece.trim();
    // A token has at least one byte.
    piece.len() <= limit as usize || count(piece) <= limit
}

/// Words with the white space behind them; white space at the beginning belongs to the first.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut seen = false;
    let mut blank = false;
    // By what readers see: a mark may stand on a blank.
    for (at, seen_as_one) in text.grapheme_indices(true) {
        if seen_as_one.chars().all(char::is_whitespace) {
            blank = true;
        } else {
            if blank && seen {
                words.push(&text[start..at]);
                start = at;
            }
            (seen, blank) = (true, false);
        }
    }
    words.push(&text[start..]);
    words
}

/// A run without blanks, cut where the host says, moved to the nearest boundary before.
fn by_tokens(run: &str, limit: u32) -> Vec<&str> {
    let boundaries = boundaries(run);
    let mut pieces = Vec::new();
    let mut start = 0;
    for cut in token_cuts(run, limit) {
        let Some(&cut) = boundaries[..boundaries.partition_point(|&at| at <= cut as usize)].last() else { continue };
        if cut > start {
            pieces.push(&run[start..cut]);
            start = cut;
        }
    }
    pieces.push(&run[start..]);
    pieces
}

/// Cuts what is still too long in the middle, at the boundary of a word if one is near, until it fits.
fn halve<'a>(piece: &'a str, limit: u32, found: &mut Vec<&'a str>) {
    // A stack instead of recursion: the first half comes first.
    let mut waiting = vec![piece];
    while let Some(piece) = waiting.pop() {
        match middle(piece) {
            Some(at) if !fits(piece, limit) => waiting.extend([&piece[at..], &piece[..at]]),
            _ => found.push(piece),
        }
    }
}

/// Where to cut a piece in two: before a word in the middle third, else between two characters; `None` for one character.
fn middle(piece: &str) -> Option<usize> {
    let body = piece.trim_end();
    let mut starts = Vec::new();
    let mut at = 0;
    for word in words(body) {
        starts.push(at);
        at += word.len();
    }
    let nearest = |places: &[usize]| places.iter().copied().min_by_key(|at| at.abs_diff(body.len() / 2));
    let third = body.len() / 3;
    let word = nearest(&starts).filter(|&at| at > third && at < body.len() - third);
    word.or_else(|| nearest(&boundaries(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::graphemes;
    use proptest::prelude::*;

    /// Everything that is promised.
    fn check(text: &str, limit: u32) {
        let found = pieces(text, limit);
        assert_eq!(found.concat(), text, "pieces cover the text");
        let whole: Vec<usize> = boundaries(text);
        let mut at = 0;
        for piece in &found {
            at += piece.len();
            assert!(at == text.len() || whole.binary_search(&at).is_ok(), "{piece:?} ends within a character");
            assert!(!piece.trim().is_empty() || text.trim().is_empty(), "a blank piece of {text:?}");
            let single = graphemes(piece.trim()).count() <= 1;
            assert!(single || count(piece.trim()) <= limit.max(1), "{piece:?} has too many of {limit} tokens");
        }
        assert_eq!(found, pieces(text, limit));
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(pieces("  one two  three ", 2), ["  one two  ", "three "]);
        assert_eq!(pieces("", 5), [""; 0]);
        assert_eq!(pieces(" \n", 5), [" \n"]);
        for piece in pieces(&"incomprehensibilities ".repeat(40), 20) {
            assert!(piece.starts_with("incomp") && piece.ends_with("ilities "), "{piece:?}");
        }
    }

    #[test]
    fn scripts_and_runs_without_blanks() {
        let texts = [
            "灯塔管理员数了七艘船。".repeat(50),
            "👩‍👩‍👧‍👦".repeat(60),
            "🇩🇪🇫🇷🇯🇵".repeat(40),
            "q\u{307}\u{323}".repeat(200),
            "각".repeat(200),
            "x".repeat(5000),
            "0123456789".repeat(300),
            ". ".repeat(500),
            "\0\u{feff}\u{200d}".repeat(100),
            "a\u{301}".to_owned() + &"\u{301}".repeat(300),
        ];
        for text in &texts {
            for limit in [0, 1, 3, 7, 20, 100, 5000] {
                check(text, limit);
            }
        }
    }

    #[test]
    fn pieces_are_nearly_full() {
        let text = "Harbour pilots board large vessels at dawn. ".repeat(200);
        let least = count(&text).div_ceil(100) as usize;
        let found = pieces(&text, 100).len();
        assert!(found <= least + least / 5 + 1, "{found} pieces where {least} might do");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

        #[test]
        fn any_text(text in ANY, limit in 1u32..40) {
            check(&text, limit);
        }
    }

    /// Letters, marks, joiners, flags, blanks and whatever else.
    const ANY: &str =
        r"([a-z]{1,9}|[ \n\t]|[.!?,'0-9]|[一-鿿]{1,3}|[\u{300}-\u{310}]|\u{200d}|[👩👧🇩🇪🏽]|[가-각ᅡᆨ]|\PC){0,60}";
}
