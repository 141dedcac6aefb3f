//! How a text that is too long comes apart: at the delimiters of the setting, then between sentences, then between
//! words, and only where none of these helps, between characters as readers see them (an emoji of a whole family is
//! one), and within such a character only when it alone is too long.

use crate::{Delimiters, TokenCounter, sentence};
use std::ops::Range;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// A stretch of a text, and how many tokens it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Counted alone.
    pub tokens: u32,
}

/// What may be torn apart, from the best place to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Delimiters,
    Sentences,
    Words,
    Clusters,
    Tokens,
}

/// Cuts `text` into atoms of at most `limit` tokens, torn no further than needed. The atoms lie side by side and cover
/// the text. Only a single character that has more tokens than the limit makes a larger atom.
pub fn atoms(text: &str, delimiters: &Delimiters, limit: u32, counter: &impl TokenCounter) -> Vec<Atom> {
    let mut open = vec![Atom { range: 0..text.len(), tokens: u32::MAX }];
    for level in [Level::Delimiters, Level::Sentences, Level::Words, Level::Clusters, Level::Tokens] {
        let mut pieces = Vec::with_capacity(open.len());
        // Indices of pieces that have to be counted: all pieces of a level are counted in one call.
        let mut fresh = Vec::new();
        for atom in open {
            if atom.tokens <= limit {
                pieces.push(atom);
                continue;
            }
            let base = atom.range.start;
            for range in split(&text[atom.range.clone()], level, delimiters, limit, counter) {
                fresh.push(pieces.len());
                pieces.push(Atom { range: base + range.start..base + range.end, tokens: 0 });
            }
        }
        let texts: Vec<String> = fresh.iter().map(|&i| text[pieces[i].range.clone()].to_owned()).collect();
        for (&i, tokens) in fresh.iter().zip(counter.count(&texts)) {
            pieces[i].tokens = tokens;
        }
        open = pieces;
        if open.iter().all(|atom| atom.tokens <= limit) {
            break;
        }
    }
    open
}

/// `text` in pieces of at most `limit` tokens, each as long as it can be, trimmed. Only a single character that has more
/// tokens than the limit makes a larger one.
pub fn pieces(text: &str, delimiters: &Delimiters, limit: u32, counter: &impl TokenCounter) -> Vec<String> {
    if counter.count_one(text) <= limit {
        return vec![text.to_owned()];
    }
    let mut pieces: Vec<String> = Vec::new();
    let mut sum = 0;
    for Atom { range, tokens } in atoms(text, delimiters, limit, counter) {
        match pieces.last_mut() {
            Some(piece) if sum + tokens < limit => {
                piece.push_str(&text[range]);
                sum += tokens;
            }
            _ => {
                pieces.push(text[range].to_owned());
                sum = tokens;
            }
        }
    }
    pieces.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

fn split(
    text: &str,
    level: Level,
    delimiters: &Delimiters,
    limit: u32,
    counter: &impl TokenCounter,
) -> Vec<Range<usize>> {
    match level {
        Level::Delimiters => delimiters.after_soft(text),
        Level::Sentences => sentence::sentences(text),
        Level::Words => words(text),
        Level::Clusters => clusters(text, limit, counter),
        Level::Tokens => between(text, token_cuts(text, limit, counter)),
    }
}

/// The ranges between ascending offsets.
fn between(text: &str, cuts: impl IntoIterator<Item = usize>) -> Vec<Range<usize>> {
    let mut start = 0;
    let ends = cuts.into_iter().chain([text.len()]);
    ends.map(|end| std::mem::replace(&mut start, end)..end).filter(|range| !range.is_empty()).collect()
}

fn token_cuts(text: &str, limit: u32, counter: &impl TokenCounter) -> Vec<usize> {
    counter.cuts(text, limit).into_iter().map(|cut| cut as usize).filter(|&cut| text.is_char_boundary(cut)).collect()
}

/// Pieces of whole grapheme clusters. Where the cuts between tokens fall between clusters anyway, they are best; else
/// clusters are counted one by one.
fn clusters(text: &str, limit: u32, counter: &impl TokenCounter) -> Vec<Range<usize>> {
    let cuts = token_cuts(text, limit, counter);
    let mut cursor = GraphemeCursor::new(0, text.len(), true);
    let whole = |&cut: &usize| {
        cursor.set_cursor(cut);
        cursor.is_boundary(text, 0).unwrap_or(true)
    };
    if cuts.iter().all(whole) {
        return between(text, cuts);
    }
    let clusters: Vec<String> = text.graphemes(true).map(str::to_owned).collect();
    let (mut cuts, mut at, mut sum) = (Vec::new(), 0, 0);
    for (cluster, tokens) in clusters.iter().zip(counter.count(&clusters)) {
        if at > 0 && sum + tokens > limit {
            cuts.push(at);
            sum = 0;
        }
        at += cluster.len();
        sum += tokens;
    }
    between(text, cuts)
}

/// Words with the white space *before* them, as `cl100k_base` has its tokens: so the counts add up.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && in_word {
            pieces.push(start..at);
            start = at;
        }
        in_word = !c.is_whitespace();
    }
    if start < text.len() {
        pieces.push(start..text.len());
    }
    pieces
}
