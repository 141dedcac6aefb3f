//! Which sentences of the sources answer a question best.

use crate::knowledge::Source;
use crate::question::Question;
use mortise_shared_text::{sentence, term};
use std::ops::Range;

/// A sentence that may be quoted.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Index of the source.
    pub(crate) source: usize,
    /// Number within the source.
    pub(crate) at: usize,
    /// As it will be shown.
    pub(crate) text: String,
    /// How much of the question it covers by itself and with its surroundings, 0..=1.
    pub(crate) coverage: f32,
    /// What it is ranked by.
    pub(crate) score: f32,
    /// Which question terms it has.
    has: Vec<bool>,
}

/// Share of a term that stands not in the sentence but next to it, elsewhere in the passage, or in the title.
const NEXT: f32 = 0.6;
const PASSAGE: f32 = 0.35;

/// Longest sentence to quote, in characters; tables without full stops can be endless.
const LONGEST: usize = 600;

/// All sentences with their scores, in the order of the sources.
pub(crate) fn candidates(question: &Question, sources: &[Source]) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut titles: Vec<Vec<bool>> = Vec::new();
    // Words other than the question's own: an answer has to say something new.
    let mut fresh: Vec<u32> = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let first = candidates.len();
        let readable = readable(&source.text);
        for range in sentence::sentences(&readable) {
            let text = clean(&readable[range]);
            if text.is_empty() {
                continue;
            }
            let mut has = vec![false; question.base.len()];
            let mut others = 0;
            term::for_each(&text, |term, weight| match question.terms.get(term) {
                Some(&found) => has[found] = true,
                None => others += u32::from(weight > term::FUNCTION),
            });
            fresh.push(others);
            let at = candidates.len() - first;
            candidates.push(Candidate { source: number, at, text, coverage: 0.0, score: 0.0, has });
        }
        ranges.push(first..candidates.len());
        let mut has = vec![false; question.base.len()];
        term::for_each(&source.title, |term, _| {
            if let Some(&found) = question.terms.get(term) {
                has[found] = true;
            }
        });
        titles.push(has);
    }
    let weights = weights(question, &candidates);
    let all: f32 = weights.iter().sum();
    if all <= 0.0 {
        return vec![];
    }
    for (range, title) in ranges.iter().zip(&titles) {
        let mut passage = title.clone();
        for candidate in &candidates[range.clone()] {
            passage.iter_mut().zip(&candidate.has).for_each(|(a, b)| *a |= b);
        }
        for i in range.clone() {
            let near = |j: usize, term: usize| range.contains(&j) && candidates[j].has[term];
            let share = |term: usize| match () {
                () if candidates[i].has[term] => 1.0,
                // What the sentence before says, "it" may stand for.
                () if i > 0 && near(i - 1, term) => NEXT,
                () if passage[term] => PASSAGE,
                () => 0.0,
            };
            let covered: f32 = weights.iter().enumerate().map(|(term, weight)| weight * share(term)).sum();
            let own: f32 = weights.iter().zip(&candidates[i].has).filter(|(_, has)| **has).map(|(w, _)| w).sum();
            let candidate = &candidates[i];
            let mut score = covered / all;
            if question.fits(&candidate.text) {
                score += 0.12;
            }
            // The host's order tells something, and so does the place in the passage.
            score -= 0.01 * (candidate.source.min(10) as f32) + 0.002 * (candidate.at.min(10) as f32);
            if fresh[i] == 0 || candidate.text.ends_with(['?', '？', ':', '：']) {
                score *= 0.6;
            }
            let length = candidate.text.chars().count();
            if length > 400 {
                score *= 0.9;
            }
            let (coverage, score) = if own > 0.0 { (covered / all, score) } else { (0.0, 0.0) };
            candidates[i].coverage = coverage;
            candidates[i].score = score;
        }
    }
    candidates
}

/// The best sentences: at most `most`, each at least three quarters as good as the best and bringing something new;
/// by the best of each source, then as they stand in it. Empty when the best covers less than `floor`.
pub(crate) fn best(mut candidates: Vec<Candidate>, most: usize, floor: f32) -> Vec<Candidate> {
    // Stable: equals stay in the order of the sources.
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut chosen: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let least = chosen.first().map_or(0.0, |best| best.score * 0.75);
        if chosen.len() >= most.max(1)
            || candidate.score < least
            || candidate.coverage < floor
            || candidate.score <= 0.0
        {
            break;
        }
        let said = chosen.iter().any(|c| c.text.contains(&candidate.text) || candidate.text.contains(&c.text));
        if !said {
            chosen.push(candidate);
        }
    }
    let order: Vec<usize> = chosen.iter().map(|c| c.source).collect();
    chosen.sort_by_key(|c| (order.iter().position(|&source| source == c.source), c.at));
    chosen
}

/// What each question term weighs: by itself, and the more the fewer sentences have it. One that none has weighs most:
/// it is what the question is about, and the sources do not know it.
fn weights(question: &Question, candidates: &[Candidate]) -> Vec<f32> {
    let n = candidates.len() as f32;
    let weight = |(term, base): (usize, &f32)| {
        let have = candidates.iter().filter(|c| c.has[term]).count() as f32;
        base * ((1.0 + (n + 1.0) / (have + 0.5)).ln() + 0.5)
    };
    question.base.iter().enumerate().map(weight).collect()
}

/// A sentence as shown: on one line, without list marks and Markdown's heading marks, not endless.
fn clean(sentence: &str) -> String {
    let line = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_start_matches(['#', '-', '*', '•', '>', ' ']);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            let end = line[..end].rfind([' ', ',', '，', ';']).unwrap_or(end);
            format!("{} …", line[..end].trim_end())
        }
        None => line.to_owned(),
    }
}

/// HTML tables as lines: `header: value; header: value`. Other text stays as it is.
fn readable(text: &str) -> String {
    let Some(start) = text.find("<table") else { return text.to_owned() };
    let end = text.rfind("</table>").map_or(text.len(), |end| end + "</table>".len()).max(start);
    let mut lines: Vec<String> = vec![text[..start].trim().to_owned()];
    let mut headers: Vec<String> = Vec::new();
    let table = &text[start..end];
    if let Some(caption) = between(table, "<caption", "</caption>") {
        lines.push(plain(caption));
    }
    for row in table.split("<tr").skip(1) {
        let row = row.split("</tr>").next().unwrap_or(row);
        let is_header = row.contains("<th") && !row.contains("<td");
        let cells: Vec<String> = row.split("<t").skip(1).map(|cell| plain(&format!("<t{cell}"))).collect();
        if is_header {
            headers = cells;
            continue;
        }
        let named = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(|(i, cell)| {
            match headers.get(i).filter(|header| !header.is_empty()) {
                Some(header) => format!("{header}: {cell}"),
                None => cell.clone(),
            }
        });
        lines.push(named.collect::<Vec<_>>().join("; "));
    }
    if lines.len() == 1 {
        lines.push(headers.join("; "));
    }
    lines.push(text[end..].trim().to_owned());
    lines.retain(|line| !line.is_empty());
    // Blank lines, so that no row runs into the next.
    lines.join("\n\n")
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let start = text.find(open)?;
    let end = start + text[start..].find(close)?;
    Some(&text[start..end])
}

/// Text without tags and entities.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else {
            rest = "";
            break;
        };
        text.push(' ');
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_read_as_lines() {
        let html = "See:\n<table><caption>Stock</caption><tr><th>Part</th><th>Qty</th></tr><tr><td>bolt &amp; nut</td><td>4</td></tr></table>\nEnd";
        assert_eq!(readable(html), "See:\n\nStock\n\nPart: bolt & nut; Qty: 4\n\nEnd");
        assert_eq!(readable("<table"), "<table".get(6..).unwrap_or(""));
        assert_eq!(readable("a < b"), "a < b");
    }
}
