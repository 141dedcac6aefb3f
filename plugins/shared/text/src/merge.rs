//! The merges of the reference system, exactly: what a migration or a parity check compares with.
//!
//! The reference's naive merge opens a new chunk when the *current* one is already over the limit, so that every chunk
//! may overshoot by one whole section. Mortise's own chunk methods pack with [`crate::pack`], which respects the limit;
//! both agree where everything fits, and on a limit of one section per chunk.

use crate::{Delimiters, TokenCounter};
use std::ops::Range;

/// When a new group is opened, before the next section is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Open {
    /// The group already has more tokens than this (naive merge).
    Above(f64),
    /// The group already has this many tokens or more (Word merge).
    From(f64),
    /// The group would have more tokens than this with the section (Markdown merge).
    Exceeding(f64),
}

/// Groups of neighbouring sections, from their token counts.
pub fn groups(tokens: &[u32], open: Open) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut sum = 0.0;
    for (i, &n) in tokens.iter().enumerate() {
        let n = f64::from(n);
        let opens = match open {
            Open::Above(limit) => sum > limit,
            Open::From(limit) => sum >= limit,
            Open::Exceeding(limit) => sum + n > limit,
        };
        match groups.last_mut() {
            Some(group) if !opens => {
                group.end = i + 1;
                sum += n;
            }
            _ => {
                groups.push(i..i + 1);
                sum = n;
            }
        }
    }
    groups
}

/// The naive merge. Sections are prefixed by a newline and merged under [`Open::Above`]; `overlap` percent (0..90)
/// lower the limit and repeat that share of characters of the chunk before. With a hard delimiter every piece of every
/// section is a chunk of its own. The reference's empty first chunk is not given.
pub fn naive_merge(
    sections: &[String],
    limit: u32,
    delimiters: &Delimiters,
    overlap: f64,
    counter: &impl TokenCounter,
) -> Vec<String> {
    if delimiters.has_hard() {
        let pieces = sections.iter().flat_map(|s| delimiters.between_hard(s).into_iter().map(move |r| &s[r]));
        return pieces.filter(|p| !p.is_empty()).map(|p| format!("\n{p}")).collect();
    }
    let texts: Vec<String> = sections.iter().map(|s| format!("\n{s}")).collect();
    let limit = f64::from(limit) * (100.0 - overlap) / 100.0;
    let mut chunks: Vec<String> = Vec::new();
    for group in groups(&counter.count(&texts), Open::Above(limit)) {
        let mut chunk = chunks.last().map(|c| tail(c, overlap).to_owned()).unwrap_or_default();
        chunk.extend(texts[group].iter().map(String::as_str));
        chunks.push(chunk);
    }
    chunks
}

/// The Markdown merge: elements joined by newlines under [`Open::Exceeding`], so that only a single long element is
/// over the limit; the repeated characters are counted.
pub fn markdown_merge(elements: &[String], limit: u32, overlap: f64, counter: &impl TokenCounter) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    let mut sum = 0;
    for (element, tokens) in elements.iter().zip(counter.count(elements)) {
        match chunks.last_mut() {
            Some(chunk) if sum + tokens <= limit => {
                chunk.push('\n');
                chunk.push_str(element);
                sum += tokens;
            }
            last => {
                let repeated = last.map(|c| short_tail(c, overlap).to_owned()).unwrap_or_default();
                sum = tokens + counter.count_one(&repeated);
                let joint = if repeated.is_empty() { "" } else { "\n" };
                chunks.push(format!("{repeated}{joint}{element}"));
            }
        }
    }
    chunks
}

/// The last `percent` of the characters of `text`, cut wherever that falls; a broken character counts as one.
pub fn tail(text: &str, percent: f64) -> &str {
    let characters = text.chars().count();
    skip(text, (characters as f64 * (100.0 - percent.clamp(0.0, 90.0)) / 100.0) as usize)
}

/// The same as the Markdown merge has it: a broken character is left out.
fn short_tail(text: &str, percent: f64) -> &str {
    let characters = text.chars().count();
    skip(text, characters - (characters as f64 * percent.clamp(0.0, 90.0) / 100.0) as usize)
}

fn skip(text: &str, characters: usize) -> &str {
    let start = text.char_indices().nth(characters).map_or(text.len(), |(i, _)| i);
    &text[start..]
}
