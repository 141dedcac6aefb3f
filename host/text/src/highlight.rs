//! Marks in a text what a search found in it.

use crate::analyzer::analyze;
use std::collections::HashSet;

/// The text with every word that holds one of `terms` (see [`terms_for_query`](crate::analyzer::terms_for_query)) in
/// `<em>…</em>`, words that touch in one; `None` when there is none. The text itself is left as it is, so a caller
/// that shows it as HTML escapes it first.
pub fn highlight<T: AsRef<str>>(text: &str, terms: &[T]) -> Option<String> {
    let terms: HashSet<&str> = terms.iter().map(AsRef::as_ref).collect();
    let mut spans: Vec<(usize, usize)> =
        analyze(text).into_iter().filter(|t| terms.contains(t.term.as_str())).map(|t| (t.start, t.end)).collect();
    spans.sort_unstable();
    let mut marked = String::with_capacity(text.len() + spans.len() * 9);
    let mut done = 0;
    let mut spans = spans.into_iter().peekable();
    while let Some((start, mut end)) = spans.next() {
        while let Some((_, further)) = spans.next_if(|next| next.0 <= end) {
            end = end.max(further);
        }
        marked.push_str(text.get(done..start)?);
        marked.push_str("<em>");
        marked.push_str(text.get(start..end)?);
        marked.push_str("</em>");
        done = end;
    }
    if done == 0 {
        return None;
    }
    marked.push_str(&text[done..]);
    Some(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::terms_for_query;

    fn mark(text: &str, question: &str) -> Option<String> {
        highlight(text, &terms_for_query(question))
    }

    #[test]
    fn marks_words_in_their_own_spelling() {
        assert_eq!(
            mark("The Policies of a Ｆｏｘ, his policy.", "fox policies").as_deref(),
            Some("The <em>Policies</em> of a <em>Ｆｏｘ</em>, his <em>policy</em>.")
        );
        assert_eq!(mark("nothing here", "fox"), None);
        assert_eq!(mark("", "fox"), None);
        assert_eq!(mark("text", "?"), None);
    }

    #[test]
    fn merges_overlapping_terms() {
        assert_eq!(mark("武汉的長江大橋很长", "长江大桥在哪里").as_deref(), Some("武汉的<em>長江大橋</em>很长"));
    }
}
