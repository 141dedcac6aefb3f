//! Where a paper's abstract is.

use mortise_shared_structure::document::Item;
use std::ops::Range;

/// What an abstract is called.
const NAMES: &[&str] = &[
    "abstract",
    "a b s t r a c t",
    "summary",
    "executive summary",
    "zusammenfassung",
    "kurzfassung",
    "résumé",
    "resumen",
    "resumo",
    "riassunto",
    "аннотация",
    "реферат",
    "摘要",
    "内容提要",
    "提要",
    "概要",
    "要旨",
    "抄録",
    "요약",
    "초록",
    "국문초록",
    "الملخص",
    "ملخص",
    "الخلاصة",
    "सारांश",
    "सार",
];

/// What may follow it on the same page.
const AFTER: &[&str] = &[
    "keywords",
    "key words",
    "index terms",
    "ccs concepts",
    "categories and subject",
    "general terms",
    "acm reference",
    "schlüsselwörter",
    "schlagwörter",
    "mots-clés",
    "mots clés",
    "palabras clave",
    "关键词",
    "关键字",
    "關鍵詞",
    "キーワード",
    "introduction",
    "einleitung",
    "引言",
    "前言",
    "绪论",
    "はじめに",
    "서론",
];

/// Items among which an abstract begins, and items that it may have.
const FIRST: usize = 80;
const MOST: usize = 16;

/// The items of the abstract, its heading included.
pub(crate) fn find(items: &[Item], levels: &[Option<u32>]) -> Option<Range<usize>> {
    (0..items.len().min(FIRST)).filter(|&at| !items[at].is_media()).find_map(|at| {
        let rest = after_name(&items[at].text)?;
        if rest.trim().is_empty() {
            let end = end_below(items, levels, at);
            return (end > at + 1).then_some(at..end);
        }
        // "Abstract" alone in a sentence of a few words is not one; what is meant may stand in the next block.
        if is_long(rest) {
            return Some(at..at + 1);
        }
        let next = items.get(at + 1).filter(|next| !next.is_media() && levels[at + 1].is_none() && is_long(&next.text));
        next.filter(|_| !ends_sentence(rest)).map(|_| at..at + 2)
    })
}

/// The end of what stands below the heading at `at`.
fn end_below(items: &[Item], levels: &[Option<u32>], at: usize) -> usize {
    let until = items.len().min(at + 1 + MOST);
    let stop = (at + 1..until).find(|&next| levels[next].is_some() || begins_with(&items[next].text, AFTER).is_some());
    if let Some(stop) = stop {
        return stop;
    }
    // Nothing tells where it ends: as much as makes an abstract.
    let enough = (at + 1..until).find(|&next| !items[next].is_media() && is_long(&items[next].text));
    enough.map_or(at + 1, |enough| enough + 1)
}

/// What follows the name of an abstract at the beginning of a text.
fn after_name(text: &str) -> Option<&str> {
    begins_with(text.trim_start_matches(|c: char| c.is_ascii_digit() || " .*\u{3000}".contains(c)), NAMES)
}

/// What follows one of the names, without the marks between.
fn begins_with<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    let numbered = |c: char| c.is_ascii_digit() || c.is_whitespace() || "【[（(.*—–-".contains(c);
    let text = text.trim_start_matches(numbered);
    names.iter().find_map(|name| {
        let mut rest = text.chars();
        for wanted in name.chars() {
            // Chinese titles are often spaced out, and Arabic ones may have their vowels.
            let passed = |c: &char| !wanted.is_ascii() && (c.is_whitespace() || ('\u{64b}'..='\u{652}').contains(c));
            let found = rest.by_ref().find(|c| !passed(c))?;
            if !found.to_lowercase().eq(wanted.to_lowercase()) {
                return None;
            }
        }
        let rest = rest.as_str();
        let goes_on = rest.chars().next().is_some_and(char::is_alphanumeric) && *name != "摘要";
        (!goes_on).then(|| rest.trim_start_matches(|c: char| c.is_whitespace() || ":：.—–-】])）*".contains(c)))
    })
}

/// More than 32 words or 64 characters.
fn is_long(text: &str) -> bool {
    text.split_whitespace().count() > 32 || text.chars().count() > 64
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with(['.', '。', '!', '?'])
}
