//! Korean words at line ends: many producers break lines of Hangul anywhere, so a line end may stand between two words
//! or within one. The document itself is the witness: how often its syllables end, begin and fill words within lines.

use std::collections::HashMap;

/// Longest beginning and ending of words that is counted, in syllables.
const AFFIX: usize = 4;
/// Distinct words that are counted; a book has fewer.
const MOST_WORDS: usize = 200_000;
/// Words that must have been seen before the counts say anything.
const EVIDENCE: u32 = 40;

/// How often something was seen in the two roles that it can have.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// At the edge of a word: the word ends (or begins) with it.
    edge: u32,
    /// Elsewhere in a word.
    inner: u32,
}

impl Count {
    /// Log odds that it is not at an edge.
    fn inner_odds(self) -> f32 {
        ((self.inner as f32 + 0.5) / (self.edge as f32 + 0.5)).ln()
    }
}

/// What is known of a document's Korean words.
#[derive(Debug, Default)]
pub(crate) struct Hangul {
    words: HashMap<String, u32>,
    seen: u32,
    last: HashMap<char, Count>,
    first: HashMap<char, Count>,
    pairs: HashMap<(char, char), u32>,
    /// Beginnings of longer words, and endings of longer words.
    heads: HashMap<String, u32>,
    tails: HashMap<String, u32>,
}

impl Hangul {
    /// Notes a word that stands whole within a line.
    pub(crate) fn note(&mut self, word: &str) {
        if self.words.len() >= MOST_WORDS {
            return;
        }
        self.seen += 1;
        *self.words.entry(word.into()).or_default() += 1;
        let syllables: Vec<char> = word.chars().collect();
        let end = syllables.len().saturating_sub(1);
        for (i, c) in syllables.iter().enumerate() {
            let count = self.last.entry(*c).or_default();
            if i == end {
                count.edge += 1
            } else {
                count.inner += 1
            }
            let count = self.first.entry(*c).or_default();
            if i == 0 { count.edge += 1 } else { count.inner += 1 }
        }
        for pair in syllables.windows(2) {
            if let [a, b] = pair {
                *self.pairs.entry((*a, *b)).or_default() += 1;
            }
        }
        for length in 1..=AFFIX.min(end) {
            let head: String = syllables.iter().take(length).collect();
            let tail: String = syllables.iter().skip(syllables.len() - length).collect();
            *self.heads.entry(head).or_default() += 1;
            *self.tails.entry(tail).or_default() += 1;
        }
    }

    /// True if the word stands somewhere within a line.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// True if `before` and `after`, at the two sides of a line end, are more likely one word than two.
    pub(crate) fn are_one(&self, before: &str, after: &str) -> bool {
        if self.seen < EVIDENCE {
            return false;
        }
        let (Some(x), Some(y)) = (before.chars().next_back(), after.chars().next()) else { return false };
        let count = |map: &HashMap<String, u32>, key: &str| map.get(key).copied().unwrap_or(0);
        let mut odds = 0.7 * self.last.get(&x).copied().unwrap_or_default().inner_odds();
        odds += 0.7 * self.first.get(&y).copied().unwrap_or_default().inner_odds();
        odds += (self.pairs.get(&(x, y)).copied().unwrap_or(0) as f32 / 2.0).min(2.0);
        let whole = |word: &str| count(&self.words, word);
        // A piece that is seen as a word speaks for two words, one that only ends or begins words for one.
        if after.chars().count() <= AFFIX {
            odds += 0.6 * Count { edge: whole(after), inner: count(&self.tails, after) }.inner_odds();
        } else if whole(after) > 0 {
            odds -= 1.5;
        }
        if before.chars().count() <= AFFIX {
            odds += 0.6 * Count { edge: whole(before), inner: count(&self.heads, before) }.inner_odds();
        } else if whole(before) > 0 {
            odds -= 1.5;
        }
        if self.knows(&format!("{before}{after}")) {
            odds += 3.0;
        }
        // A beginning that reaches over the line end speaks for one word, a beginning behind it for two.
        let begins = |word: &str| count(&self.heads, word) + whole(word) > 0;
        let over: String = before.chars().chain(after.chars().take(1)).collect();
        if before.chars().count() < AFFIX && begins(&over) {
            odds += 1.5;
        }
        let behind: String = after.chars().take(2).collect();
        if after.chars().nth(1).is_some() && begins(&behind) {
            odds -= 1.0;
        }
        odds > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::Hangul;

    #[test]
    fn particles_go_with_their_word_and_words_stand_apart() {
        let mut hangul = Hangul::default();
        for word in
            "거래는 네트워크를 떠났다 블록은 거래를 네트워크는 블록을 노드는 그 힘은 서버는 서버를 신뢰는 신뢰를 \
                     시간을 시간은 그 그 더 긴 더 많은 가장 긴 그 노드를"
                .split_whitespace()
        {
            for _ in 0..3 {
                hangul.note(word);
            }
        }
        assert!(hangul.are_one("네트워크", "는"));
        assert!(hangul.are_one("노", "드는"));
        assert!(!hangul.are_one("그", "힘은"));
        assert!(!hangul.are_one("거래는", "가장"));
        assert!(!Hangul::default().are_one("노", "드는"), "nothing is known");
    }
}
