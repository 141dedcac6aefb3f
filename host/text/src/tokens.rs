//! Tokens of the `cl100k_base` encoding: one count for every budget, so that chunk sizes, prompts and plugins agree.
//!
//! Text that looks like a special token (an end-of-text marker, say) is counted as the ordinary text it is. The
//! vocabulary is loaded at the first call and costs some ten megabytes from then on.

use bpe_openai::cl100k_base;

/// The number of tokens of `text`.
pub fn count(text: &str) -> usize {
    cl100k_base().count(text)
}

/// Ascending byte offsets, on character boundaries, that cut `text` into pieces of at most `limit` tokens each, every
/// piece as long as can be; empty when the whole text fits.
///
/// A `limit` of 0 counts as 1. The one exception to the limit is a single character that takes more tokens on its own:
/// it becomes a piece by itself.
pub fn cuts(text: &str, limit: usize) -> Vec<usize> {
    let limit = limit.max(1);
    let ends: Vec<End> = Ends::new(text).collect();
    let mut cuts = Vec::new();
    // `next` is the first end after `start`, `spent` the tokens before `start`.
    let (mut start, mut next, mut spent) = (0, 0, 0);
    while start < text.len() {
        let fitting = ends[next..].partition_point(|end| end.tokens - spent <= limit);
        start = fit(text, start, &ends[next..next + fitting], limit)
            .or_else(|| fit_chars(text, start, ends.get(next).map_or(text.len(), |end| end.at), limit))
            .unwrap_or_else(|| text.ceil_char_boundary(start + 1));
        while let Some(end) = ends.get(next).filter(|end| end.at <= start) {
            spent = end.tokens;
            next += 1;
        }
        if start < text.len() {
            cuts.push(start);
        }
    }
    cuts
}

/// The longest prefix of `text` with at most `limit` tokens, ending on a character boundary.
pub fn truncate(text: &str, limit: usize) -> &str {
    let mut ends: Vec<End> = Vec::new();
    let mut rest = Ends::new(text);
    let beyond = loop {
        match rest.next() {
            Some(end) if end.tokens <= limit => ends.push(end),
            Some(end) => break end.at,
            None => return text,
        }
    };
    let end = fit(text, 0, &ends, limit).or_else(|| fit_chars(text, 0, beyond, limit));
    &text[..end.unwrap_or(0)]
}

/// The end of a token that is also the end of a character.
#[derive(Clone, Copy)]
struct End {
    at: usize,
    /// Tokens of the text up to here.
    tokens: usize,
}

/// Walks the token ends of a text, encoding it once and only as far as it is asked for.
struct Ends<'a> {
    text: &'a str,
    words: Box<dyn Iterator<Item = &'a str> + 'a>,
    pending: std::vec::IntoIter<u32>,
    at: usize,
    tokens: usize,
}

impl<'a> Ends<'a> {
    fn new(text: &'a str) -> Self {
        let words: Box<dyn Iterator<Item = &'a str> + 'a> = match &cl100k_base().pre {
            Some(pre) => Box::new(pre.split(text)),
            None => Box::new(std::iter::once(text)),
        };
        Self { text, words, pending: Vec::new().into_iter(), at: 0, tokens: 0 }
    }
}

impl Iterator for Ends<'_> {
    type Item = End;

    fn next(&mut self) -> Option<End> {
        let bpe = &cl100k_base().bpe;
        loop {
            let Some(token) = self.pending.next() else {
                let word = self.words.next()?;
                self.pending = bpe.encode_via_backtracking(word.as_bytes()).into_iter();
                continue;
            };
            self.at += bpe.token_len(token);
            self.tokens += 1;
            if self.text.is_char_boundary(self.at) {
                return Some(End { at: self.at, tokens: self.tokens });
            }
        }
    }
}

/// The last of `ends` that leaves `text[start..end]` within the limit. A piece cut out of a text may take a few more
/// tokens than it took inside it, because words are split by what follows them, so the piece itself is counted.
fn fit(text: &str, start: usize, ends: &[End], limit: usize) -> Option<usize> {
    let mut last = ends.len().checked_sub(1)?;
    loop {
        let excess = count(&text[start..ends[last].at]).saturating_sub(limit);
        if excess == 0 {
            return Some(ends[last].at);
        }
        last = last.checked_sub(excess)?;
    }
}

/// Like [`fit`] over every character of `text[start..end]`, for tokens that share the bytes of one character.
fn fit_chars(text: &str, start: usize, end: usize, limit: usize) -> Option<usize> {
    let mut ends = text[start..end].char_indices().map(|(at, c)| start + at + c.len_utf8());
    ends.by_ref().take_while(|&end| count(&text[start..end]) <= limit).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn agrees_with_the_reference_vectors() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/spec/vectors/tokens.json");
        let Ok(file) = std::fs::read(path) else {
            println!("skipped: no shared test data");
            return;
        };
        let vectors: Vec<serde_json::Value> = serde_json::from_slice(&file).unwrap();
        let mut seen = 0;
        for vector in vectors.iter().filter(|v| v["defect"] == false) {
            let input = vector["input"].as_str().unwrap();
            match vector["method"].as_str().unwrap() {
                "token_count" => assert_eq!(count(input), vector["expected"], "{}", vector["name"]),
                "token_truncate" => {
                    let max = vector["config"]["max"].as_u64().unwrap() as usize;
                    assert_eq!(truncate(input, max), vector["expected"], "{}", vector["name"]);
                }
                other => panic!("unknown method {other}"),
            }
            seen += 1;
        }
        assert!(seen >= 6);
    }

    #[test]
    fn special_tokens_are_ordinary_text() {
        // The marker takes seven ordinary tokens: <, |, endo, ft, ext, |, >.
        assert_eq!(count("<|endoftext|>"), 7);
    }

    fn assert_cut(text: &str, limit: usize) {
        let cuts = cuts(text, limit);
        let bounds: Vec<usize> = [0].into_iter().chain(cuts).chain([text.len()]).collect();
        for pair in bounds.windows(2) {
            assert!(pair[0] < pair[1], "{bounds:?} of {text:?}");
            let piece = &text[pair[0]..pair[1]];
            assert!(count(piece) <= limit.max(1) || piece.chars().count() == 1, "{piece:?} at {limit}");
        }
    }

    #[test]
    fn pieces_keep_to_the_limit() {
        let texts = [
            "The lighthouse keeper counts seven ships. It's 12345678 o'clock\n\n\n   now''so '' 'll   \t\r\n x",
            "灯塔管理员数了七艘船。龘龘龘靐靐齉齾 👩‍👩‍👧‍👦 mixed 文字 with 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "                                          a",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "ﷺﷺﷺ𠮷𠮷",
        ];
        for text in texts {
            for limit in [0, 1, 2, 3, 5, 8, 13, 1000] {
                assert_cut(text, limit);
            }
            assert_eq!(cuts(text, 1000), Vec::<usize>::new());
        }
        assert_eq!(cuts("", 5), Vec::<usize>::new());
    }

    #[test]
    fn pieces_are_as_long_as_can_be() {
        let text = "Harbour pilots board large vessels at dawn. ".repeat(200);
        let cuts = cuts(&text, 100);
        assert_eq!(cuts.len() + 1, count(&text).div_ceil(100));
    }

    #[test]
    fn truncation_fits_and_is_a_prefix() {
        for text in ["Harbour pilots board 1234567 vessels", "龘龘靐靐齉齾灯塔", "'''so it''s   "] {
            for limit in 0..20 {
                let cut = truncate(text, limit);
                assert!(text.starts_with(cut) && count(cut) <= limit);
            }
            assert_eq!(truncate(text, 100), text);
        }
    }

    #[test]
    fn long_texts_are_cut_in_linear_time() {
        let started = std::time::Instant::now();
        let text = "x".repeat(300_000) + &" word".repeat(50_000) + &" ".repeat(100_000);
        assert!(!cuts(&text, 512).is_empty());
        assert!(truncate(&text, 10).len() < 200);
        // A debug build takes some two seconds; a quadratic one minutes.
        assert!(started.elapsed().as_secs() < 60);
    }
}
