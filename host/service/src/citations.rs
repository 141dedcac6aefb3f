//! Citation marks `[ID:n]`: found, repaired, or set by similarity where the model wrote none.

use crate::scoring::{combine, cosine};
use std::collections::{BTreeSet, HashSet};

/// Similarity that earns a citation, and how far it is lowered while nothing is cited (RAGFlow's numbers).
const FIRST_THRESHOLD: f64 = 0.63;
const LAST_THRESHOLD: f64 = 0.3;
const LOWER: f64 = 0.8;
/// Chunks that score nearly as well as the best one are cited with it.
const NEAR_BEST: f64 = 0.99;
const AT_MOST: usize = 4;
/// Pieces shorter than this are never cited (characters).
const SHORTEST: usize = 5;

/// Brings marks in foreign spellings — `(ID: 1)`, `[ID: 1]`, `【ID:1】`, `ref 1` — into the form `[ID:1]` where passage 1
/// exists.
pub(crate) fn repair(answer: &str, passages: usize) -> String {
    let mut repaired = String::with_capacity(answer.len());
    let mut rest = answer;
    let mut previous = None;
    while let Some(c) = rest.chars().next() {
        match mark(rest, previous).filter(|(number, _)| *number < passages) {
            Some((number, length)) => {
                repaired.push_str(&format!("[ID:{number}]"));
                previous = Some(']');
                rest = &rest[length..];
            }
            None => {
                repaired.push(c);
                previous = Some(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    repaired
}

/// Numbers cited in an answer whose marks are in the right form.
pub(crate) fn cited(answer: &str, passages: usize) -> BTreeSet<usize> {
    let numbers = answer.match_indices("[ID:").filter_map(|(at, _)| {
        let rest = &answer[at + 4..];
        rest[..rest.find(']')?].parse().ok()
    });
    numbers.filter(|n| *n < passages).collect()
}

/// A mark in any spelling at the start of `text`: its number and its length in bytes.
fn mark(text: &str, previous: Option<char>) -> Option<(usize, usize)> {
    for (open, close) in [("[", "]"), ("(", ")"), ("【", "】"), ("（", "）")] {
        let Some(inner) = text.strip_prefix(open) else { continue };
        let inner = inner.trim_start().strip_prefix("ID")?.trim_start();
        let inner = inner.strip_prefix(':').or_else(|| inner.strip_prefix('：'))?.trim_start();
        let (number, after) = number(inner)?;
        let after = after.trim_start().strip_prefix(close)?;
        return Some((number, text.len() - after.len()));
    }
    if previous.is_none_or(|c| !c.is_alphanumeric()) {
        let inner = text.strip_prefix("ref").or_else(|| text.strip_prefix("Ref"))?;
        let (number, after) = number(inner.strip_prefix(' ')?)?;
        if after.chars().next().is_none_or(|c| !c.is_alphanumeric()) {
            return Some((number, text.len() - after.len()));
        }
    }
    None
}

fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Cuts an answer into pieces that can be cited; the pieces concatenate to the answer. Code fences stay whole; a
/// sentence's final mark belongs to the next piece, so that a citation stands before it.
pub(crate) fn pieces(answer: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut at = 0;
    while at < answer.len() {
        if answer[at..].starts_with("```") {
            cuts.push(at);
            at = answer[at + 3..].find("```").map_or(answer.len(), |end| at + 3 + end + 3);
            cuts.push(at);
            continue;
        }
        let mut chars = answer[at..].chars();
        let (Some(c), following, then) = (chars.next(), chars.next(), chars.next()) else { break };
        let ends = match following {
            Some('；' | '。' | '？' | '!' | '！' | '\n') => c != '|',
            Some('.' | '?' | ';') => {
                (c.is_alphanumeric() || matches!(c, ')' | ']' | '"' | '’' | '”'))
                    && then.is_none_or(|t| t == ' ' || t == '\n')
            }
            _ => false,
        };
        at += c.len_utf8();
        if ends {
            cuts.push(at);
        }
    }
    cuts.push(answer.len());
    cuts.dedup();
    cuts.windows(2).map(|pair| &answer[pair[0]..pair[1]]).filter(|piece| !piece.is_empty()).collect()
}

/// What a piece or a passage is compared by.
pub(crate) struct Features {
    /// Distinct terms.
    pub(crate) terms: HashSet<String>,
    /// Its vector.
    pub(crate) vector: Vec<f32>,
}

/// Whether a piece is worth citing at all.
pub(crate) fn citable(piece: &str) -> bool {
    piece.trim().chars().count() >= SHORTEST && !piece.starts_with("```")
}

/// Sets marks after the pieces that rest on a passage; each passage is cited once. `features[i]` belongs to
/// `pieces[i]` and is `None` for pieces that are not citable.
pub(crate) fn insert(
    pieces: &[&str],
    features: &[Option<Features>],
    passages: &[Features],
    vector_weight: f64,
) -> String {
    let scores: Vec<Vec<f64>> = features
        .iter()
        .map(|piece| match piece {
            Some(piece) => passages.iter().map(|passage| score(piece, passage, vector_weight)).collect(),
            None => vec![],
        })
        .collect();
    let mut threshold = FIRST_THRESHOLD;
    let mut chosen: Vec<Vec<usize>> = vec![];
    while threshold > LAST_THRESHOLD {
        chosen = scores.iter().map(|scores| best(scores, threshold)).collect();
        if chosen.iter().any(|c| !c.is_empty()) {
            break;
        }
        threshold *= LOWER;
    }
    let mut marked = String::new();
    let mut seen = HashSet::new();
    for (i, piece) in pieces.iter().enumerate() {
        let (text, space) = piece.split_at(piece.trim_end().len());
        marked.push_str(text);
        for passage in chosen.get(i).into_iter().flatten().filter(|p| seen.insert(**p)) {
            marked.push_str(&format!(" [ID:{passage}]"));
        }
        marked.push_str(space);
    }
    marked
}

/// Passages that score nearly as well as the best, which must reach the threshold.
fn best(scores: &[f64], threshold: f64) -> Vec<usize> {
    let top = scores.iter().copied().fold(0.0, f64::max) * NEAR_BEST;
    if top < threshold {
        return vec![];
    }
    (0..scores.len()).filter(|&i| scores[i] > top).take(AT_MOST).collect()
}

fn score(piece: &Features, passage: &Features, vector_weight: f64) -> f64 {
    let shared = piece.terms.intersection(&passage.terms).count() as f64;
    let term = if piece.terms.is_empty() { 0.0 } else { shared / piece.terms.len() as f64 };
    combine(term, cosine(&piece.vector, &passage.vector), vector_weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(terms: &str, vector: &[f32]) -> Features {
        Features { terms: terms.split_whitespace().map(Into::into).collect(), vector: vector.to_vec() }
    }

    fn insert_by_vectors(answer: &str, pieces_vectors: &[[f32; 2]], passages: &[[f32; 2]]) -> String {
        let pieces = pieces(answer);
        let mut vectors = pieces_vectors.iter();
        let own: Vec<_> =
            pieces.iter().map(|p| if citable(p) { vectors.next().map(|v| features("", v)) } else { None }).collect();
        let passages: Vec<_> = passages.iter().map(|v| features("", v)).collect();
        insert(&pieces, &own, &passages, 1.0)
    }

    #[test]
    fn pieces_end_before_their_mark_and_lose_nothing() {
        let answer = "The crane lifts cargo daily. Ropes age! Load ```code. here! x``` 2024. 完成了任务。 (done). End";
        let parts = pieces(answer);
        assert_eq!(parts.concat(), answer);
        assert!(parts.contains(&"```code. here! x```"));
        assert_eq!(parts[0], "The crane lifts cargo daily");
        assert_eq!(parts[1], ". Ropes age");
    }

    #[test]
    fn each_sentence_gets_its_source() {
        let marked = insert_by_vectors(
            "The crane lifts cargo daily. Ropes are checked weekly! Fine.",
            &[[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]],
            &[[1.0, 0.0], [0.0, 1.0]],
        );
        assert_eq!(marked, "The crane lifts cargo daily [ID:0]. Ropes are checked weekly [ID:1]! Fine.");
    }

    #[test]
    fn the_threshold_is_lowered_but_not_below_its_floor() {
        let answer = "Totally vague sentence here";
        assert_eq!(
            insert_by_vectors(answer, &[[1.0, 0.0]], &[[0.5, 0.866_025_4]]),
            "Totally vague sentence here [ID:0]"
        );
        assert_eq!(insert_by_vectors(answer, &[[1.0, 0.0]], &[[0.3, 0.953_939_2]]), answer);
    }

    #[test]
    fn near_ties_are_all_cited_at_most_four_and_only_once() {
        let passages = [[1.0, 0.0]; 5];
        let marked = insert_by_vectors("The pier was repaired. The pier was repainted.", &[[1.0, 0.0]; 2], &passages);
        assert_eq!(marked, "The pier was repaired [ID:0] [ID:1] [ID:2] [ID:3]. The pier was repainted.");
        assert_eq!(insert_by_vectors("Anything goes here.", &[[1.0, 0.0]], &[]), "Anything goes here.");
    }

    #[test]
    fn foreign_marks_are_repaired() {
        for (answer, expected) in [
            ("Lift it (ID: 1) now", "Lift it [ID:1] now"),
            ("See [ID: 2] and 【ID:0】", "See [ID:2] and [ID:0]"),
            ("ref 2 says so", "[ID:2] says so"),
            ("out of range (ID: 9)", "out of range (ID: 9)"),
            ("already [ID:1]", "already [ID:1]"),
            ("reference 12 stays, href 1 too", "reference 12 stays, href 1 too"),
        ] {
            assert_eq!(repair(answer, 3), expected);
        }
        assert_eq!(cited("a [ID:1] b [ID:7] c [ID:0]", 3), BTreeSet::from([0, 1]));
    }
}
