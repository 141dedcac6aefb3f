//! The end of a chunk that the next one repeats.

use crate::text::sentence::is_unspaced;
use crate::text::{boundaries, count, sentences};

/// The end of `text` with at most `limit` tokens and its count: from the start of a sentence if one begins in the first
/// half of what fits, else from the start of a word, in Chinese and Japanese between characters. Nothing of its first
/// `repeated` bytes, which were repeated once, and never all of it.
pub(super) fn tail(text: &str, repeated: usize, limit: u32) -> (&str, u32) {
    // Tokens are mostly shorter than this; what is longer is not worth repeating.
    let from = text.floor_char_boundary(text.len().saturating_sub(limit as usize * 16).max(repeated));
    let stretch = &text[from..];
    // What is new begins at a sentence or a word.
    let new = (from > 0 && from == repeated).then_some(from);
    let words = starts(stretch, from, text.len(), |text| text.split_inclusive(char::is_whitespace).collect());
    let (start, tokens) = match first(text, new.into_iter().chain(words), limit) {
        Some(found) => found,
        None => {
            // A part of a word tells nothing where words have blanks between them.
            let unspaced = |at: &usize| text[*at..].chars().next().is_some_and(is_unspaced);
            match first(text, boundaries(stretch).into_iter().map(|at| from + at).filter(unspaced), limit) {
                Some(found) => found,
                None => return ("", 0),
            }
        }
    };
    let whole = starts(stretch, from, text.len(), sentences);
    let half = start + (text.len() - start) / 2;
    let sentence = new.into_iter().chain(whole).find(|at| (start..=half).contains(at));
    let better = sentence.map(|at| (at, count(text[at..].trim()))).filter(|(_, tokens)| *tokens <= limit);
    let (start, tokens) = better.unwrap_or((start, tokens));
    (text[start..].trim(), tokens)
}

/// Where the parts of a stretch begin, without the first.
fn starts<'a>(stretch: &'a str, from: usize, end: usize, parts: impl Fn(&'a str) -> Vec<&'a str>) -> Vec<usize> {
    let mut at = from;
    let ends = parts(stretch).into_iter().map(move |part| {
        at += part.len();
        at
    });
    ends.filter(|at| *at < end).collect()
}

/// The first place from which what follows fits; counts are taken for falling, and the one that is given is true.
fn first(text: &str, places: impl Iterator<Item = usize>, limit: u32) -> Option<(usize, u32)> {
    let places: Vec<usize> = places.collect();
    let tokens = |at: usize| count(text[at..].trim());
    let mut at = places.partition_point(|&at| tokens(at) > limit);
    loop {
        let &place = places.get(at)?;
        let tokens = tokens(place);
        if tokens <= limit && tokens > 0 {
            return Some((place, tokens));
        }
        at += 1;
    }
}
