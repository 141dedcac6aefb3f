//! Cutting text into sentences, lines and pieces, and packing it into chunks.
//!
//! Nothing here loses text: whatever is cut, the pieces lie side by side and joined they are the text again. No cut parts
//! a letter from its marks, a flag from its other half, or a family of emoji.
//!
//! | what | gives |
//! |---|---|
//! | [`sentences`] | sentences of Latin, Chinese, Japanese, Korean and other scripts |
//! | [`lines`] | lines with their ends |
//! | [`split_after`] | what lies between delimiters, each at the end of its piece |
//! | [`pieces`] | pieces of at most so many tokens |
//! | [`graphemes`] | what a reader takes for one character |
//! | [`Packer`] | chunks: all of this together |
//!
//! ```
//! use mortise_sdk::text;
//!
//! let said = "Dr. Smith paid 3.50, e.g. for bread. Why? 他饿了。";
//! assert_eq!(text::sentences(said), ["Dr. Smith paid 3.50, e.g. for bread. ", "Why? ", "他饿了。"]);
//! assert_eq!(text::split_after("a;b;;c", &[";"]), ["a;", "b;", ";", "c"]);
//! assert!(text::pieces(said, 6).iter().all(|piece| text::count(piece.trim()) <= 6));
//! ```

mod pack;
mod piece;
mod sentence;

pub use pack::{Cut, Packed, Packer};
pub use piece::pieces;
pub use sentence::sentences;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Tokens of one text. Many texts are counted faster together: [`host::count_tokens`](crate::host::count_tokens).
///
/// ```
/// assert_eq!(mortise_sdk::text::count("Mortise and tenon"), 6);
/// ```
pub fn count(text: &str) -> u32 {
    if text.is_empty() { 0 } else { crate::host::count_tokens(&[text.to_owned()]).first().copied().unwrap_or(0) }
}

/// The lines of a text, each with its line end.
///
/// ```
/// assert_eq!(mortise_sdk::text::lines("a\r\n\nb"), ["a\r\n", "\n", "b"]);
/// ```
pub fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Cuts after every delimiter, which stays at the end of its piece. Of delimiters that begin at the same place the
/// longest counts; empty ones do not. A text without any is one piece.
///
/// ```
/// use mortise_sdk::text::split_after;
///
/// assert_eq!(split_after("One.\n\nTwo.\nThree.", &["\n", "\n\n"]), ["One.\n\n", "Two.\n", "Three."]);
/// ```
pub fn split_after<'a>(text: &'a str, delimiters: &[impl AsRef<str>]) -> Vec<&'a str> {
    let mut delimiters: Vec<&str> = delimiters.iter().map(AsRef::as_ref).filter(|d| !d.is_empty()).collect();
    delimiters.sort_by_key(|delimiter| std::cmp::Reverse(delimiter.len()));
    // Where each is found next: no delimiter is looked for twice in the same stretch.
    let mut next: Vec<Option<usize>> = delimiters.iter().map(|delimiter| text.find(delimiter)).collect();
    let mut pieces = Vec::new();
    let (mut start, mut looked) = (0, 0);
    loop {
        for (at, delimiter) in next.iter_mut().zip(&delimiters) {
            if at.is_some_and(|at| at < looked) {
                *at = text[looked..].find(delimiter).map(|found| looked + found);
            }
        }
        // `min_by_key` gives the first of equals: the longest.
        let found =
            next.iter().zip(&delimiters).filter_map(|(at, d)| Some(((*at)?, d.len()))).min_by_key(|(at, _)| *at);
        let Some((at, length)) = found else { break };
        looked = at + length;
        if is_boundary(text, looked) {
            pieces.push(&text[start..looked]);
            start = looked;
        }
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// What a reader takes for one character: a letter with its marks, a flag, a family of emoji.
///
/// ```
/// assert_eq!(mortise_sdk::text::graphemes("e\u{301}👩‍👩‍👧🇩🇪").collect::<Vec<_>>(), ["e\u{301}", "👩‍👩‍👧", "🇩🇪"]);
/// ```
pub fn graphemes(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.graphemes(true)
}

/// The offsets between those, without the ends.
pub(crate) fn boundaries(text: &str) -> Vec<usize> {
    text.grapheme_indices(true).map(|(at, _)| at).skip(1).collect()
}

/// Whether a reader sees a boundary there.
fn is_boundary(text: &str, at: usize) -> bool {
    // All of the text is given, so that the cursor never asks for more.
    GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_take_the_longest_and_never_part_a_letter_from_its_marks() {
        assert_eq!(split_after("x----y--z", &["--", "----", ""]), ["x----", "y--", "z"]);
        assert_eq!(split_after("ab", &[] as &[&str]), ["ab"]);
        assert_eq!(split_after("", &[";"]), [""; 0]);
        assert_eq!(split_after("e\u{301}e e", &["e"]), ["e\u{301}e", " e"]);
    }
}
