//! Styles: which paragraphs are headings, which lists have which labels.

use crate::numbering::{Level, Levels};
use mortise_sdk::document::BlockKind;
use mortise_shared_flow::role;
use mortise_shared_packed::{Error, Package, Token};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
struct Style {
    role: Option<(BlockKind, u32)>,
    parent: Option<String>,
}

#[derive(Default)]
pub(crate) struct Styles {
    paragraphs: BTreeMap<String, Style>,
    lists: BTreeMap<String, Levels>,
    /// Labels of headings.
    pub(crate) outline: Levels,
}

/// Styles at most.
const MOST: usize = 100_000;

impl Styles {
    pub(crate) fn read(package: &Package<'_>) -> Result<Self, Error> {
        let mut styles = Self::default();
        for part in ["styles.xml", "content.xml"] {
            match styles.read_part(package, part) {
                Err(error) if error.is_hostile() => return Err(error),
                // Damage in the styles costs headings, not the text.
                _ => {}
            }
        }
        Ok(styles)
    }

    fn read_part(&mut self, package: &Package<'_>, part: &str) -> Result<(), Error> {
        let mut xml = package.xml(part)?;
        // Which list style, or the outline, levels belong to.
        let mut list: Option<Option<String>> = None;
        while let Some(token) = xml.next()? {
            match token {
                Token::Start(tag) => match tag.name() {
                    // The text itself.
                    "body" | "master-styles" => return Ok(()),
                    "style" if tag.attr("family").as_deref() == Some("paragraph") && self.paragraphs.len() < MOST => {
                        let Some(name) = tag.attr("name") else { continue };
                        let shown = tag.attr("display-name").unwrap_or_else(|| name.clone());
                        let level = tag.number("default-outline-level").and_then(|n| u32::try_from(n).ok());
                        let outline = level.filter(|l| (1..=10).contains(l)).map(|l| (BlockKind::Heading, l));
                        let style = Style { role: role(&shown).or(outline), parent: tag.attr("parent-style-name") };
                        self.paragraphs.insert(name, style);
                    }
                    "outline-style" => list = Some(None),
                    "list-style" if self.lists.len() < MOST => {
                        let name = tag.attr("name").unwrap_or_default();
                        self.lists.entry(name.clone()).or_default();
                        list = Some(Some(name));
                    }
                    "outline-level-style"
                    | "list-level-style-number"
                    | "list-level-style-bullet"
                    | "list-level-style-image" => {
                        let number =
                            tag.number("level").and_then(|n| usize::try_from(n).ok()).and_then(|n| n.checked_sub(1));
                        let Some(number) = number.filter(|n| *n < crate::numbering::LEVELS) else { continue };
                        let levels = match &list {
                            Some(Some(name)) => self.lists.entry(name.clone()).or_default(),
                            Some(None) => &mut self.outline,
                            None => continue,
                        };
                        levels.insert(number, Level::of(&tag));
                    }
                    _ => {}
                },
                Token::End(_, name) if matches!(&*name, "list-style" | "outline-style") => list = None,
                _ => {}
            }
        }
        Ok(())
    }

    /// What a paragraph of that style is.
    pub(crate) fn role(&self, name: &str) -> Option<(BlockKind, u32)> {
        let mut name = name;
        for _ in 0..20 {
            let style = self.paragraphs.get(name);
            // Styles that a document does not define may still have a telling name (`Heading_20_1`).
            let found = style.and_then(|s| s.role).or_else(|| role(&name.replace("_20_", " ")));
            if found.is_some() {
                return found;
            }
            name = style?.parent.as_deref()?;
        }
        None
    }

    /// The levels of a list style.
    pub(crate) fn list(&self, name: &str) -> Option<&Levels> {
        self.lists.get(name)
    }
}
