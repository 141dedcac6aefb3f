//! Running heads, running feet and page numbers: lines in the margins that come back page after page.

use crate::page::{Element, PageLayout, TextLine};
use std::collections::{BTreeMap, BTreeSet};

/// What a line of page furniture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Furniture {
    Header,
    Footer,
    Number,
}

/// Share of the page height at top and bottom in which furniture stands.
const MARGIN: f32 = 0.13;
/// The same for lines that the producer itself marked as decoration.
const ARTIFACT_MARGIN: f32 = 0.2;
/// Running lines stay at one height within this many points.
const DRIFT: f32 = 8.0;

/// Where each furniture line stands: (page index, region, element).
pub(crate) type Found = BTreeMap<(usize, usize, usize), Furniture>;

struct Candidate<'a> {
    at: (usize, usize, usize),
    line: &'a TextLine,
    top: bool,
    page: u32,
}

/// Finds the furniture of a document.
pub(crate) fn find(pages: &[PageLayout]) -> Found {
    let mut found = Found::new();
    let candidates: Vec<Candidate<'_>> = pages.iter().enumerate().flat_map(|(p, page)| margin_lines(p, page)).collect();
    // The same words (numbers aside) at the same height on several pages.
    let mut groups: BTreeMap<(String, bool), Vec<&Candidate<'_>>> = BTreeMap::new();
    for candidate in &candidates {
        groups.entry((key(&candidate.line.text), candidate.top)).or_default().push(candidate);
    }
    let needed = if pages.len() <= 3 { 2 } else { 3 };
    for ((key, top), members) in &groups {
        if !key.chars().any(char::is_alphabetic) {
            continue;
        }
        for member in members {
            let near: BTreeSet<usize> = members
                .iter()
                .filter(|m| (m.line.place.top - member.line.place.top).abs() <= DRIFT)
                .map(|m| m.at.0)
                .collect();
            // A line that differs in its numbers only must be short: rows of tables differ in numbers, too.
            let varies = members.iter().any(|m| m.line.text != member.line.text);
            if near.len() >= needed && !(varies && key.chars().filter(|c| *c == '#').count() > 4) {
                let kind = match (crate::marker::page_number(&member.line.text), top) {
                    (Some(_), _) => Furniture::Number,
                    (None, true) => Furniture::Header,
                    (None, false) => Furniture::Footer,
                };
                found.insert(member.at, kind);
            }
        }
    }
    page_numbers(pages, &candidates, &mut found);
    ornaments(pages, &mut found);
    for candidate in &candidates {
        if candidate.line.look.artifact {
            let kind = if candidate.top { Furniture::Header } else { Furniture::Footer };
            found.entry(candidate.at).or_insert(kind);
        }
    }
    found
}

/// Pictures that stand at the same place page after page: logos, and the background of slides.
fn ornaments(pages: &[PageLayout], found: &mut Found) {
    let mut places: BTreeMap<[i32; 4], Vec<(usize, usize, usize)>> = BTreeMap::new();
    for (p, page) in pages.iter().enumerate() {
        for (r, region) in page.regions.iter().enumerate() {
            for (e, element) in region.elements.iter().enumerate() {
                // A page that shows nothing else is a scan: all of them are as large as the page.
                if let Element::Figure(figure) = element
                    && !page.is_empty()
                {
                    let rect = figure.place;
                    let key = [rect.left, rect.top, rect.right, rect.bottom].map(|v| (v / 3.0).round() as i32);
                    places.entry(key).or_default().push((p, r, e));
                }
            }
        }
    }
    for members in places.into_values().filter(|m| m.len() >= 3 && m.len() * 3 >= pages.len().min(30)) {
        found.extend(members.into_iter().map(|at| (at, Furniture::Header)));
    }
}

/// Lines that hold only a number which grows with the pages.
fn page_numbers(pages: &[PageLayout], candidates: &[Candidate<'_>], found: &mut Found) {
    let mut offsets: BTreeMap<i64, Vec<(&Candidate<'_>, u32)>> = BTreeMap::new();
    for candidate in candidates {
        if let Some(number) = crate::marker::page_number(&candidate.line.text) {
            let offset = i64::from(number) - i64::from(candidate.page);
            offsets.entry(offset).or_default().push((candidate, number));
        }
    }
    for (offset, members) in offsets {
        let distinct: BTreeSet<usize> = members.iter().map(|(c, _)| c.at.0).collect();
        if distinct.len() >= 2 || (pages.len() == 1 && offset == 0) {
            for (candidate, _) in members {
                found.insert(candidate.at, Furniture::Number);
            }
        }
    }
}

fn margin_lines(p: usize, page: &PageLayout) -> Vec<Candidate<'_>> {
    let mut lines = Vec::new();
    let all = || page.regions.iter().filter(|r| r.upright).flat_map(|r| &r.elements);
    let highest = all().map(|e| e.place().top).fold(f32::INFINITY, f32::min);
    let lowest = all().map(|e| e.place().bottom).fold(0.0, f32::max);
    for (r, region) in page.regions.iter().enumerate() {
        for (e, element) in region.elements.iter().enumerate() {
            let Element::Line(line) = element else { continue };
            let margin = if line.look.artifact { ARTIFACT_MARGIN } else { MARGIN };
            let top = line.place.bottom < margin * page.height;
            let bottom = line.place.top > (1.0 - margin) * page.height;
            // A number by itself above or below everything else may stand further in.
            let number = crate::marker::page_number(&line.text).is_some();
            let top = top || number && line.place.top <= highest;
            let bottom = bottom || number && line.place.bottom >= lowest;
            // Text turned against the page repeats along the side margins.
            if (top || bottom || !region.upright) && line.count <= 200 {
                lines.push(Candidate { at: (p, r, e), line, top: !bottom, page: page.number });
            }
        }
    }
    lines
}

/// The text with every number replaced by one sign.
fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !key.ends_with('#') {
                key.push('#');
            }
        } else if !c.is_whitespace() {
            key.push(c);
        }
    }
    key
}
