//! Contents lists in texts that do not mark them: a heading like "Contents" and the lines below it that name what comes.

use std::ops::Range;

/// Lines in which a list may stand, and the longest line of one.
const MOST_LINES: usize = 4_096;
const LONGEST: usize = 160;

/// Headings of contents lists, in lower case and without blanks.
const MARKERS: &[&str] = &[
    "contents",
    "tableofcontents",
    "inhalt",
    "inhaltsverzeichnis",
    "sommaire",
    "tabledesmatières",
    "índice",
    "目录",
    "目錄",
    "目次",
    "차례",
    "목차",
];

/// The lines of the contents list, its heading included; `None` when there is none, or when it cannot be told where it ends.
///
/// The list ends where its first entry comes again, as the heading that it names. Without that, it is the run of lines
/// that end in a page number. A list that is in doubt stays.
pub fn contents_list(lines: &[&str]) -> Option<Range<usize>> {
    let marker = lines.iter().position(|line| is_marker(line))?;
    let below: Vec<(usize, &str)> = lines[marker + 1..]
        .iter()
        .enumerate()
        .map(|(i, line)| (marker + 1 + i, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .take(MOST_LINES)
        .collect();
    let end = repeated(&below).or_else(|| numbered(&below))?;
    Some(marker..end)
}

/// Whether a line is the heading of a contents list.
pub fn is_marker(line: &str) -> bool {
    let bare: String = line.split_whitespace().collect();
    bare.chars().count() <= 20 && MARKERS.contains(&bare.trim_matches(['：', ':']).to_lowercase().as_str())
}

/// Where the first entry comes again, if what stands between looks like entries.
fn repeated(below: &[(usize, &str)]) -> Option<usize> {
    let first = title_of(below.first()?.1);
    if first.chars().count() < 2 {
        return None;
    }
    let again = below.iter().skip(1).position(|(_, line)| {
        let title = title_of(line);
        let longer = line.strip_prefix(first).is_some_and(|rest| rest.starts_with(char::is_whitespace));
        title == first || (longer && page_of(line).is_none())
    })?;
    let between = &below[..=again];
    let short = between.iter().all(|(_, line)| line.chars().count() <= LONGEST);
    (short && below.get(again + 1).is_some()).then(|| below[again + 1].0)
}

/// The end of the run of lines with ascending page numbers: at least two of them.
fn numbered(below: &[(usize, &str)]) -> Option<usize> {
    let mut last = 0;
    let run = below.iter().take_while(|(_, line)| {
        let page = page_of(line).filter(|&page| page >= last && line.chars().count() <= LONGEST);
        last = page.unwrap_or(last);
        page.is_some()
    });
    let run: Vec<usize> = run.map(|(at, _)| *at).collect();
    (run.len() >= 2).then(|| run.last().map_or(0, |last| last + 1))
}

/// The page number at the end of an entry.
fn page_of(line: &str) -> Option<u32> {
    let digits = line.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (title, page) = line.split_at(line.len() - digits);
    let apart = title.ends_with(|c: char| c.is_whitespace() || ".…·-—_（(".contains(c));
    (apart && (1..=5).contains(&digits)).then(|| page.parse().ok()).flatten()
}

/// An entry without leaders and page number.
fn title_of(line: &str) -> &str {
    let leaders = |c: char| c.is_whitespace() || ".…·_（(".contains(c);
    match page_of(line) {
        Some(_) => line.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(leaders),
        None => line.trim_end_matches(leaders),
    }
}
