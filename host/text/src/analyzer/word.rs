//! Words of scripts that put blanks between them, and numbers.

use super::fold::is_cyrillic;
use super::runs::{Folded, Sink, spell};
use super::{Kind, stop};
use rust_stemmers::{Algorithm, Stemmer};

/// Longer words are encoded data, not language; their first characters are enough to tell them apart.
const LONGEST: usize = 128;

/// Adds the terms of a run of letters, digits and joints (`.` and `,` between digits, `'` between letters) and gives
/// the number of words in it.
pub(super) fn split(run: &[Folded], sink: &mut Sink) -> usize {
    let without_grouping: Vec<Folded>;
    let run = if is_grouped_number(run) {
        without_grouping = run.iter().filter(|c| c.ch != ',').copied().collect();
        &without_grouping
    } else {
        run
    };
    let mut words = 0;
    for (index, piece) in run.split(|c| matches!(c.ch, ',' | '\'')).enumerate() {
        if index > 0 && is_ending(piece) {
            continue;
        }
        if !piece.is_empty() {
            add(&piece[..piece.len().min(LONGEST)], words, sink);
            words += 1;
        }
    }
    words
}

/// `1,234` or `1,234,567.89`.
fn is_grouped_number(run: &[Folded]) -> bool {
    let mut groups = run.split(|c| c.ch == ',');
    let digits = |group: &[Folded]| group.iter().all(|c| c.ch.is_ascii_digit());
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && digits(group));
    let rest: Vec<&[Folded]> = groups.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let whole = last.split(|c| c.ch == '.').next().unwrap_or(last);
    first && middle.iter().chain([&whole]).all(|group| group.len() == 3 && digits(group))
}

/// What English leaves behind an apostrophe: `it's`, `don't`, `we'll`.
fn is_ending(piece: &[Folded]) -> bool {
    piece.len() <= 2 && matches!(spell(piece).as_str(), "s" | "t" | "d" | "m" | "ll" | "re" | "ve")
}

fn add(piece: &[Folded], offset: usize, sink: &mut Sink) {
    let word = spell(piece);
    if word.bytes().all(|b| b.is_ascii_lowercase()) {
        let kind = if stop::is_english(&word) { Kind::Stop } else { Kind::Word };
        return sink.push(stem(Algorithm::English, word), piece, offset, kind);
    }
    if word.chars().all(is_cyrillic) {
        return sink.push(stem(Algorithm::Russian, word), piece, offset, Kind::Word);
    }
    sink.push(word, piece, offset, Kind::Word);
    // `version2.0` is also found by `version`, `rtx4090` by `4090`; names of many changes are codes.
    let mut parts = piece.chunk_by(|a, b| a.ch.is_alphabetic() == b.ch.is_alphabetic());
    let parts: Vec<&[Folded]> = parts.by_ref().take(4).collect();
    if (2..=3).contains(&parts.len()) {
        for part in parts.into_iter().filter(|part| part.len() >= 2 && part[0].ch != '.') {
            let spelled = spell(part);
            let letters = spelled.bytes().all(|b| b.is_ascii_lowercase());
            let term = if letters { stem(Algorithm::English, spelled) } else { spelled };
            sink.push(term, part, offset, Kind::Part);
        }
    }
}

fn stem(language: Algorithm, word: String) -> String {
    Stemmer::create(language).stem(&word).into_owned()
}
