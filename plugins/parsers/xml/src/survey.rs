//! The first reading: what kinds of elements a file has.

use crate::tokens::{Token, Tokens};
use mortise_sdk::parser::File;
use mortise_sdk::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Names of elements that are told apart; others count as data.
const MOST: usize = 10_000;

/// What a kind of element does.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    text: bool,
    elements: bool,
}

/// What the first reading found.
#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) root: String,
    kinds: BTreeMap<String, Kind>,
    /// The file is a text: it has paragraphs.
    pub(crate) is_text: bool,
    /// Level of the elements that are records, 0 for the root, and their names; none if nothing repeats.
    records: Option<(usize, BTreeSet<String>)>,
}

impl Survey {
    pub(crate) fn of(file: &File<'_>) -> Result<Self> {
        let mut tokens = Tokens::new(file, 0.0)?;
        let mut survey = Survey::default();
        let mut open: Vec<String> = Vec::new();
        // For each level, the elements with elements in them, and whether they came twice.
        let mut seen: Vec<BTreeMap<String, bool>> = Vec::new();
        let mut names = 0;
        while let Some(token) = tokens.next()? {
            match token {
                Token::Start(name, _) => {
                    if let Some(outer) = open.last() {
                        survey.mark(outer, |kind| kind.elements = true);
                    } else if survey.root.is_empty() {
                        survey.root.clone_from(&name);
                    }
                    survey.is_text |= is_paragraph(&name);
                    open.push(name);
                }
                Token::Text(text) => {
                    if let Some(outer) = open.last()
                        && !text.trim().is_empty()
                    {
                        survey.mark(outer, |kind| kind.text = true);
                    }
                }
                Token::End => {
                    let Some(name) = open.pop() else { continue };
                    let level = open.len();
                    let holds = survey.kinds.get(&name).is_some_and(|kind| kind.elements);
                    if level == 0 || !holds {
                        continue;
                    }
                    seen.resize(seen.len().max(level + 1), BTreeMap::new());
                    if let Some(twice) = seen[level].get_mut(&name) {
                        *twice = true;
                    } else if names < MOST {
                        names += 1;
                        seen[level].insert(name, false);
                    }
                }
            }
        }
        if survey.root.is_empty() {
            return match tokens.broken() {
                Some(why) => Err(Error::InvalidInput(format!("not XML: {why}"))),
                None if file.size() == 0 => Ok(survey),
                None => Err(Error::invalid_input("not XML: it has no element")),
            };
        }
        // Laws and manuals of other vocabularies: sections with headings, and words set off within their texts.
        let any = |test: fn(&str) -> bool| survey.kinds.keys().any(|name| test(name));
        let is_mixed = survey.kinds.values().any(|kind| kind.text && kind.elements);
        survey.is_text |= is_mixed && any(is_section) && any(is_heading);
        if !survey.is_text {
            survey.records = seen.into_iter().enumerate().find_map(|(level, names)| {
                let twice = names.into_iter().filter(|(name, twice)| *twice && !survey.is_mixed(name));
                let twice: BTreeSet<String> = twice.map(|(name, _)| name).collect();
                (!twice.is_empty()).then_some((level, twice))
            });
        }
        Ok(survey)
    }

    /// True for an element that is a record.
    pub(crate) fn is_record(&self, level: usize, name: &str) -> bool {
        self.records.as_ref().is_some_and(|(at, names)| *at == level && names.contains(name))
    }

    fn mark(&mut self, name: &str, mark: impl Fn(&mut Kind)) {
        if let Some(kind) = self.kinds.get_mut(name) {
            mark(kind);
        } else if self.kinds.len() < MOST {
            let mut kind = Kind::default();
            mark(&mut kind);
            self.kinds.insert(name.into(), kind);
        }
    }

    /// True for elements that mix text with elements: what is in them is one text.
    pub(crate) fn is_mixed(&self, name: &str) -> bool {
        self.kinds.get(name).is_some_and(|kind| kind.text && kind.elements)
    }
}

/// Paragraphs in the vocabularies that texts are written in.
pub(crate) fn is_paragraph(name: &str) -> bool {
    matches!(name, "p" | "para" | "simpara" | "P" | "Para" | "paragraph" | "subtitle-p" | "v" | "l")
}

/// Headings there.
pub(crate) fn is_heading(name: &str) -> bool {
    matches!(name, "title" | "head" | "heading" | "Title" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// What headings stand over there.
pub(crate) fn is_section(name: &str) -> bool {
    matches!(
        name,
        "section"
            | "sec"
            | "sect1"
            | "sect2"
            | "sect3"
            | "sect4"
            | "sect5"
            | "chapter"
            | "part"
            | "appendix"
            | "div"
            | "div1"
            | "div2"
            | "div3"
            | "topic"
            | "article"
            | "subsection"
            | "preface"
    )
}
