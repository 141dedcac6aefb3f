//! Headings and the text below them, as a tree that is told in document order.

use std::collections::BTreeMap;
use std::ops::Range;

/// A stretch of a document: a heading and what stands below it, up to the next heading that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Headings above it, highest first.
    pub path: Vec<usize>,
    /// Its own heading; `None` for what stands before the first.
    pub heading: Option<usize>,
    /// What follows the heading, in order; headings that do not count are among it.
    pub body: Range<usize>,
    /// A deeper section follows, so that its heading is told there if it has no text of its own.
    pub leads: bool,
}

impl Section {
    /// Whether there is anything to tell of it: a body, or a heading that no deeper section repeats.
    pub fn speaks(&self) -> bool {
        !self.body.is_empty() || (self.heading.is_some() && !self.leads)
    }
}

/// The sections of lines with the given levels (`None` for body text), cut at headings of at most `target`.
pub fn sections(levels: &[Option<u32>], target: u32) -> Vec<Section> {
    sections_below(levels, 0..levels.len(), &[], target)
}

/// The same for a stretch of a document that stands below `path` already.
fn sections_below(levels: &[Option<u32>], range: Range<usize>, path: &[usize], target: u32) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut open: Vec<usize> = path.to_vec();
    let mut heading = None;
    let mut start = range.start;
    for at in range.clone() {
        let Some(level) = levels[at].filter(|&level| level <= target) else { continue };
        let deeper = heading.and_then(|own: usize| levels[own]).is_some_and(|own| own < level);
        if heading.is_some() || start < at {
            sections.push(Section { path: open.clone(), heading, body: start..at, leads: deeper });
        }
        open.extend(heading);
        while open.len() > path.len()
            && open.last().and_then(|&above| levels[above]).is_some_and(|above| above >= level)
        {
            open.pop();
        }
        heading = Some(at);
        start = at + 1;
    }
    if heading.is_some() || start < range.end {
        sections.push(Section { path: open, heading, body: start..range.end, leads: false });
    }
    sections
}

/// Joins headings that follow each other with nothing below them, below the same headings: they are told together.
pub fn join_lone(sections: Vec<Section>) -> Vec<Section> {
    let lone = |section: &Section| section.heading.filter(|_| section.body.is_empty() && !section.leads);
    let mut joined: Vec<Section> = Vec::new();
    // Whether the last of them is made of lone headings alone.
    let mut open = false;
    for section in sections {
        let heading = lone(&section);
        match (joined.last_mut().filter(|last| open && last.path == section.path), heading) {
            (Some(last), Some(at)) => {
                last.body = last.heading.take().unwrap_or(last.body.start)..at + 1;
            }
            _ => {
                open = heading.is_some();
                joined.push(section);
            }
        }
    }
    joined
}

/// Cuts sections where a new one is wanted: what stands from there on is a section without a heading of its own.
pub fn cut_at(sections: Vec<Section>, at: usize) -> Vec<Section> {
    let cut = sections.into_iter().flat_map(|section| {
        if !section.body.contains(&at) || (section.heading.is_none() && section.body.start == at) {
            return vec![section];
        }
        let rest =
            Section { path: section.path.clone(), heading: None, body: at..section.body.end, leads: section.leads };
        vec![Section { body: section.body.start..at, leads: false, ..section }, rest]
    });
    cut.collect()
}

/// Cuts a section that is too large at the next deeper level inside of it, and so on, while `divides` allows that level.
pub fn divide(
    levels: &[Option<u32>],
    section: Section,
    too_large: &impl Fn(&Section) -> bool,
    divides: &impl Fn(u32) -> bool,
) -> Vec<Section> {
    if !too_large(&section) {
        return vec![section];
    }
    let inside = section.body.clone().filter_map(|at| levels[at]).filter(|&level| divides(level)).min();
    let Some(next) = inside else { return vec![section] };
    let mut path = section.path.clone();
    path.extend(section.heading);
    let mut parts = sections_below(levels, section.body.clone(), &path, next);
    // What stands before the first part is the section's own, and keeps its heading.
    let body = match parts.first() {
        Some(own) if own.heading.is_none() => parts.remove(0).body,
        _ => section.body.start..section.body.start,
    };
    let own = Section { path: section.path, heading: section.heading, body, leads: true };
    let deeper = parts.into_iter().flat_map(|part| divide(levels, part, too_large, divides));
    std::iter::once(own).chain(deeper).collect()
}

/// The level at which a tree of the given depth is cut: the `depth`th of the levels that occur, body text being the last of
/// them, but never body text itself. `None` without headings.
pub fn target(levels: &[Option<u32>], depth: usize) -> Option<u32> {
    let lone = lone_top(levels);
    let mut found: Vec<u32> = levels.iter().flatten().copied().filter(|&level| level > 0).collect();
    found.sort_unstable();
    found.dedup();
    if found.len() > 1 && lone.is_some() {
        found.remove(0);
    }
    found.get(depth.saturating_sub(1)).or(found.last()).copied().or_else(|| levels.iter().flatten().max().copied())
}

/// The one heading that stands above all others, before all others: the name of the whole, not a part of it.
pub fn lone_top(levels: &[Option<u32>]) -> Option<usize> {
    let headings =
        || levels.iter().enumerate().filter_map(|(at, level)| Some((at, (*level).filter(|&level| level > 0)?)));
    let (first, top) = headings().next()?;
    let others = headings().skip(1);
    (others.clone().next().is_some() && others.into_iter().all(|(_, level)| level > top)).then_some(first)
}

/// The deepest of the `depth` highest levels that occur.
pub fn deepest(levels: &[Option<u32>], depth: usize) -> Option<u32> {
    let mut found: Vec<u32> = levels.iter().flatten().copied().collect();
    found.sort_unstable();
    found.dedup();
    found.get(depth.saturating_sub(1)).or(found.last()).copied()
}

/// The level that most headings have, the highest of equals. Titles (level 0) do not count.
pub fn most_frequent(levels: &[Option<u32>]) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for level in levels.iter().flatten().filter(|&&level| level > 0) {
        *counts.entry(*level).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(level, _)| level)
}
