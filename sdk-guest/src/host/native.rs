//! Token counts outside of a component: the same encoding and the same cuts as the host's own, which a test compares.

use bpe_openai::cl100k_base;

pub(super) fn count(texts: &[String]) -> Vec<u32> {
    texts.iter().map(|text| saturated(cl100k_base().count(text.as_str()))).collect()
}

/// Every piece as long as can be; a single character with more tokens than the limit is a piece by itself.
pub(super) fn cuts(text: &str, limit: u32) -> Vec<u32> {
    let limit = limit.max(1) as usize;
    let ends = ends(text);
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
            cuts.push(saturated(start));
        }
    }
    cuts
}

/// The end of a token that is also the end of a character.
#[derive(Clone, Copy)]
struct End {
    at: usize,
    /// Tokens of the text up to here.
    tokens: usize,
}

fn ends(text: &str) -> Vec<End> {
    let encoding = cl100k_base();
    let words: Box<dyn Iterator<Item = &str>> = match &encoding.pre {
        Some(pre) => Box::new(pre.split(text)),
        None => Box::new(std::iter::once(text)),
    };
    let (mut at, mut tokens) = (0, 0);
    let ends = words.flat_map(|word| encoding.bpe.encode_via_backtracking(word.as_bytes())).map(|token| {
        at += encoding.bpe.token_len(token);
        tokens += 1;
        End { at, tokens }
    });
    ends.filter(|end| text.is_char_boundary(end.at)).collect()
}

/// The last of `ends` that leaves the piece within the limit. A piece cut out of a text may take a few more tokens than
/// it took inside it, so the piece itself is counted.
fn fit(text: &str, start: usize, ends: &[End], limit: usize) -> Option<usize> {
    let mut last = ends.len().checked_sub(1)?;
    loop {
        let excess = cl100k_base().count(&text[start..ends[last].at]).saturating_sub(limit);
        if excess == 0 {
            return Some(ends[last].at);
        }
        last = last.checked_sub(excess)?;
    }
}

/// Like [`fit`] over every character, for tokens that share the bytes of one.
fn fit_chars(text: &str, start: usize, end: usize, limit: usize) -> Option<usize> {
    let mut ends = text[start..end].char_indices().map(|(at, c)| start + at + c.len_utf8());
    ends.by_ref().take_while(|&end| cl100k_base().count(&text[start..end]) <= limit).last()
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(text: &str, limit: u32) {
        assert_eq!(count(&[text.to_owned()])[0] as usize, mortise_text::tokens::count(text));
        let theirs: Vec<u32> =
            mortise_text::tokens::cuts(text, limit as usize).into_iter().map(|cut| cut as u32).collect();
        assert_eq!(cuts(text, limit), theirs, "{text:?} at {limit}");
    }

    #[test]
    fn the_host_counts_and_cuts_alike() {
        let texts = [
            "",
            "The lighthouse keeper counts seven ships. It's 12345678 o'clock\n\n\n   now''so '' 'll   \t\r\n x",
            "灯塔管理员数了七艘船。龘龘龘靐靐齉齾 👩‍👩‍👧‍👦 mixed 文字",
            "<|endoftext|>",
            "                                          a",
        ];
        for text in texts {
            (0..20).for_each(|limit| same(text, limit));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

        #[test]
        fn any_text_alike(text in r"([a-z]{1,9}|[ \n]|[.,'0-9]|[一-鿿]|\PC){0,40}", limit in 0u32..30) {
            same(&text, limit);
        }
    }
}
