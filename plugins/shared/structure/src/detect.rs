//! Which items are headings, and of what level.
//!
//! Headings that the file marks come first. Numbered lines are headings where it marks none, or, in laws, below those that
//! it marks: chapters are often styled, and articles hardly ever.

use crate::document::{Document, Item, ItemKind};
use crate::numbering::{Family, Votes, is_not_bullet};
use crate::title::{is_no_title, is_stray};
use std::collections::BTreeMap;

/// The headings of a document.
#[derive(Clone, Debug, Default)]
pub struct Headings {
    /// One for each item: the level of a heading, 0 for the document's title; `None` for everything else.
    pub levels: Vec<Option<u32>>,
    /// The numbering by which lines became headings, if any.
    pub family: Option<Family>,
    /// Levels of enumerations within units of a law: too small to stand alone.
    pub enumerations: Vec<u32>,
}

/// Marked headings from which on a document is taken to mark all of them.
const ENOUGH: usize = 2;

impl Headings {
    /// Finds the headings. Where numbers tell them, paragraphs of several lines are taken apart.
    pub fn detect(document: &mut Document) -> Self {
        Self::find(document, false)
    }

    /// The same for laws, in which articles are headings even below marked ones.
    pub fn detect_legal(document: &mut Document) -> Self {
        Self::find(document, true)
    }

    /// Headings as the file marks them, and no others.
    pub fn marked(document: &Document) -> Self {
        Self { levels: document.items.iter().map(marked_level).collect(), ..Self::default() }
    }

    fn find(document: &mut Document, legal: bool) -> Self {
        let marked = document.items.iter().filter(|item| matches!(item.kind, ItemKind::Heading(1..))).count();
        let mut votes = Votes::default();
        let mut in_text = Votes::default();
        for item in document.items.iter().filter(|item| may_be_numbered(item)) {
            for line in item.text.lines().filter(|line| !line.trim().is_empty()) {
                votes.count(line);
                if !item.is_heading() {
                    in_text.count(line);
                }
            }
        }
        match votes.winner() {
            family if marked >= ENOUGH || family.is_none() => {
                let units = if legal { below_marked(&in_text) } else { None };
                match units {
                    Some(family) => Self::with_units(document, family),
                    None => Self::marked(document),
                }
            }
            Some(family) => Self::numbered(document, family),
            None => Self::marked(document),
        }
    }

    /// All headings by their numbers; marked ones without a number are below them.
    fn numbered(document: &mut Document, family: Family) -> Self {
        document.split_lines();
        document.items.retain(|item| !(matches!(item.kind, ItemKind::Lines) && is_stray(&item.text)));
        let level = |item: &Item| match item.kind {
            ItemKind::Heading(0) => Some(0),
            ItemKind::Heading(_) => {
                let numbered = family.level(&item.text).filter(|_| !is_not_bullet(&item.text));
                numbered.or((!is_no_title(&item.text)).then_some(family.size())).map(|level| level as u32 + 1)
            }
            ItemKind::Lines if family.heads(&item.text) => family.level(&item.text).map(|level| level as u32 + 1),
            _ => None,
        };
        let enumerations = (0..family.size()).filter(|&level| !family.is_unit(level)).map(|level| level as u32 + 1);
        Self {
            levels: document.items.iter().map(level).collect(),
            family: Some(family),
            enumerations: enumerations.collect(),
        }
    }

    /// Marked headings, and numbered lines at the level of marked ones with the same kind of number, or below.
    fn with_units(document: &mut Document, family: Family) -> Self {
        document.split_lines();
        let mut known: BTreeMap<usize, u32> = BTreeMap::new();
        for item in document.items.iter().filter(|item| matches!(item.kind, ItemKind::Heading(1..))) {
            if let (Some(pattern), Some(level)) = (family.level(&item.text), marked_level(item)) {
                let known = known.entry(pattern).or_insert(level);
                *known = level.min(*known);
            }
        }
        let deepest = document.items.iter().filter_map(marked_level).max().unwrap_or(0);
        let of_pattern = |pattern: usize| {
            let above = known.range(..=pattern).next_back().map(|(at, level)| level + (pattern - at) as u32);
            let below =
                known.range(pattern..).next().map(|(at, level)| level.saturating_sub((at - pattern) as u32).max(1));
            above.or(below).unwrap_or(deepest + 1 + pattern as u32)
        };
        let level = |item: &Item| match item.kind {
            ItemKind::Lines if family.heads(&item.text) => family.level(&item.text).map(of_pattern),
            _ => marked_level(item),
        };
        Self {
            levels: document.items.iter().map(level).collect(),
            family: Some(family),
            enumerations: (0..family.size()).filter(|&level| !family.is_unit(level)).map(of_pattern).collect(),
        }
    }
}

fn marked_level(item: &Item) -> Option<u32> {
    match item.kind {
        ItemKind::Heading(level) => Some(level),
        _ => None,
    }
}

fn may_be_numbered(item: &Item) -> bool {
    matches!(item.kind, ItemKind::Lines | ItemKind::Heading(_))
}

/// The family of articles in running text, if there are any.
fn below_marked(votes: &Votes) -> Option<Family> {
    let legal = [Family::ChineseLegal, Family::EnglishLegal];
    legal.into_iter().filter(|&family| votes.for_family(family) > 1).max_by_key(|&family| votes.for_family(family))
}
