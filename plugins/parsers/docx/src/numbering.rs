//! Labels of numbered paragraphs as Word shows them. A document stores only which list and level a paragraph is of;
//! the numbers are counted while reading (ECMA-376 part 1, 17.9).

use crate::number_format::format_number;
use crate::styles::Styles;
use crate::symbols::symbol;
use mortise_shared_packed::{Error, Namespace, Package, Tag, Token, Xml};
use std::collections::{BTreeMap, BTreeSet};

/// Which list, and which level of it, a paragraph or style names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListRef {
    /// `numId`; 0 takes a paragraph out of the list of its style.
    pub(crate) list: Option<i64>,
    /// `ilvl`, from 0.
    pub(crate) level: Option<i64>,
    /// The style that brought the list; some lists tie their levels to styles.
    pub(crate) style: Option<String>,
}

/// What to show before a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// With the blank after it, where there is one; may be empty.
    pub(crate) text: String,
    /// From 0.
    pub(crate) level: u32,
}

const LEVELS: usize = 9;

#[derive(Clone, Debug, Default)]
struct Level {
    start: i64,
    format: String,
    /// With `%1` … `%9`.
    text: String,
    font: String,
    style: Option<String>,
    suffix: bool,
    decimal_only: bool,
    /// The level, from 1, after which it begins anew; 0 is never.
    restart: Option<i64>,
}

impl Level {
    fn new() -> Self {
        Self { start: 1, suffix: true, format: "decimal".into(), ..Self::default() }
    }
}

#[derive(Debug, Default)]
struct Definition {
    levels: [Option<Level>; LEVELS],
    style_link: Option<String>,
}

#[derive(Debug, Default)]
struct List {
    definition: i64,
    starts: BTreeMap<usize, i64>,
    levels: BTreeMap<usize, Level>,
}

/// All lists of a document, and where each of them has counted to.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    definitions: BTreeMap<i64, Definition>,
    lists: BTreeMap<i64, List>,
    /// Lists of one definition go on counting for each other.
    counters: BTreeMap<i64, [Option<i64>; LEVELS]>,
    started: BTreeSet<(i64, usize)>,
}

impl Numbering {
    /// Reads `numbering.xml`; a document without one has no lists.
    pub(crate) fn read(package: &Package<'_>, part: Option<&str>, styles: &Styles) -> Result<Self, Error> {
        let mut numbering = Self::default();
        let Some(mut xml) = part.and_then(|part| package.xml(part).ok()) else { return Ok(numbering) };
        match numbering.read_part(&mut xml) {
            Err(error) if error.is_hostile() => return Err(error),
            _ => {}
        }
        numbering.follow_style_links(styles);
        Ok(numbering)
    }

    fn read_part(&mut self, xml: &mut Xml<'_>) -> Result<(), Error> {
        let mut definition: Option<(i64, Definition)> = None;
        let mut list: Option<(i64, List)> = None;
        let mut level: Option<(usize, Level)> = None;
        let mut overridden = 0;
        while let Some(token) = xml.next()? {
            match token {
                Token::Start(tag) if tag.namespace() == Namespace::Word => match tag.name() {
                    "abstractNum" => definition = tag.number("abstractNumId").map(|id| (id, Definition::default())),
                    "num" => list = tag.number("numId").map(|id| (id, List::default())),
                    "lvl" => level = index(&tag).map(|index| (index, Level::new())),
                    "lvlOverride" => overridden = index(&tag).unwrap_or(LEVELS),
                    "pPr" | "pPrChange" | "rPrChange" => xml.skip()?,
                    name => {
                        if let Some((_, level)) = &mut level {
                            level.read(name, &tag);
                        } else if let Some((_, list)) = &mut list {
                            match (name, tag.number("val")) {
                                ("abstractNumId", Some(id)) => list.definition = id,
                                ("startOverride", Some(start)) if overridden < LEVELS => {
                                    list.starts.insert(overridden, start);
                                }
                                _ => {}
                            }
                        } else if let Some((_, definition)) = &mut definition
                            && name == "numStyleLink"
                        {
                            definition.style_link = tag.attr("val");
                        }
                    }
                },
                Token::End(Namespace::Word, name) => match &*name {
                    "lvl" => {
                        if let Some((index, level)) = level.take() {
                            match (&mut list, &mut definition) {
                                (Some((_, list)), _) => drop(list.levels.insert(index, level)),
                                (None, Some((_, definition))) => definition.levels[index] = Some(level),
                                _ => {}
                            }
                        }
                    }
                    "abstractNum" => self.definitions.extend(definition.take()),
                    "num" => self.lists.extend(list.take()),
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(())
    }

    /// A definition may be a stand-in for the one that a list style uses.
    fn follow_style_links(&mut self, styles: &Styles) {
        let links: BTreeMap<i64, i64> = (self.definitions.iter())
            .filter_map(|(id, definition)| {
                let list = styles.list_of(definition.style_link.as_ref()?)?;
                Some((*id, self.lists.get(&list)?.definition))
            })
            .collect();
        for list in self.lists.values_mut() {
            if let Some(real) = links.get(&list.definition) {
                list.definition = *real;
            }
        }
    }

    /// Counts one more paragraph, and gives its label; none if it is in no list.
    pub(crate) fn next(&mut self, list_ref: &ListRef) -> Option<Label> {
        let id = list_ref.list.filter(|id| *id != 0)?;
        let list = self.lists.get(&id)?;
        let definition = self.definitions.get(&list.definition)?;
        let by_style = || {
            let style = list_ref.style.as_deref()?;
            definition.levels.iter().position(|l| l.as_ref().is_some_and(|l| l.style.as_deref() == Some(style)))
        };
        let level =
            (list_ref.level.and_then(|l| usize::try_from(l).ok()).or_else(by_style)).unwrap_or(0).min(LEVELS - 1);
        let level_of = |index: usize| list.levels.get(&index).or(definition.levels[index].as_ref());
        let own = level_of(level)?;

        let counters = self.counters.entry(list.definition).or_default();
        if let Some(start) = list.starts.get(&level)
            && self.started.insert((id, level))
        {
            counters[level] = Some(start.saturating_sub(1));
        }
        counters[level] = Some(counters[level].map_or(own.start, |n| n.saturating_add(1)));
        for (deeper, counter) in counters.iter_mut().enumerate().skip(level + 1) {
            let restart = level_of(deeper).and_then(|l| l.restart);
            if restart.is_none_or(|after| (level as i64) < after) {
                *counter = None;
            }
        }
        for (higher, counter) in counters.iter_mut().enumerate().take(level) {
            *counter = counter.or_else(|| level_of(higher).map(|l| l.start));
        }

        let mut text = String::new();
        if own.format == "bullet" {
            text = bullet(&own.text, &own.font);
        } else if own.format != "none" {
            let mut chars = own.text.chars().peekable();
            while let Some(c) = chars.next() {
                let shown = match (c, chars.peek().and_then(|d| d.to_digit(10))) {
                    ('%', Some(digit @ 1..=9)) => Some(digit as usize - 1),
                    _ => None,
                };
                let Some(shown) = shown else {
                    text.push(c);
                    continue;
                };
                chars.next();
                if let (Some(level), Some(number)) = (level_of(shown), counters[shown]) {
                    let format = if own.decimal_only { "decimal" } else { level.format.as_str() };
                    text.push_str(&format_number(number, format));
                }
            }
        }
        let text = text.trim().to_string();
        let text = if own.suffix && !text.is_empty() { text + " " } else { text };
        Some(Label { text, level: level as u32 })
    }
}

impl Level {
    fn read(&mut self, name: &str, tag: &Tag<'_>) {
        match name {
            "start" => self.start = tag.number("val").unwrap_or(1),
            "numFmt" => self.format = tag.attr("val").unwrap_or_default(),
            "lvlText" => self.text = tag.attr("val").unwrap_or_default(),
            "pStyle" => self.style = tag.attr("val"),
            "suff" => self.suffix = tag.attr("val").as_deref() != Some("nothing"),
            "isLgl" => self.decimal_only = tag.on(),
            "lvlRestart" => self.restart = tag.number("val"),
            "rFonts" => self.font = tag.attr("ascii").or_else(|| tag.attr("hAnsi")).unwrap_or_default(),
            _ => {}
        }
    }
}

fn index(tag: &Tag<'_>) -> Option<usize> {
    tag.number("ilvl").and_then(|l| usize::try_from(l).ok()).filter(|l| *l < LEVELS)
}

/// The sign of a bulleted level in Unicode. Pictures and unknown signs of symbol fonts are shown as a dot.
fn bullet(text: &str, font: &str) -> String {
    let Some(c) = text.chars().next() else { return String::new() };
    let in_symbol_font = ["symbol", "wingdings", "webdings"].iter().any(|f| font.to_ascii_lowercase().starts_with(f));
    match c {
        '\u{F000}'..='\u{F0FF}' => symbol(font, c as u32).unwrap_or('•').to_string(),
        c if in_symbol_font && (c as u32) < 0x100 => symbol(font, c as u32).unwrap_or('•').to_string(),
        // The letter o in Courier New is how Word draws a hollow dot.
        'o' if text == "o" => "◦".into(),
        _ => text.to_string(),
    }
}
