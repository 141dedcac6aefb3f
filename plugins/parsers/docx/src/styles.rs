//! Styles of a Word document, resolved along their `basedOn` chains.

use crate::numbering::ListRef;
use mortise_shared_packed::{Error, Namespace, Package, Tag, Token, Xml};
use std::collections::BTreeMap;

/// What a paragraph style says that matters to blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    #[default]
    Body,
    Title,
    /// From 1.
    Heading(u32),
    /// An entry of a table of contents, from 1.
    Toc(u32),
    Caption,
    Quote,
    Code,
}

/// Look of characters, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Look {
    pub(crate) bold: Option<bool>,
    pub(crate) italic: Option<bool>,
    /// Points.
    pub(crate) size: Option<f32>,
    pub(crate) hidden: Option<bool>,
}

impl Look {
    /// This look where it says something, else the one below it.
    pub(crate) fn over(self, below: Look) -> Look {
        Look {
            bold: self.bold.or(below.bold),
            italic: self.italic.or(below.italic),
            size: self.size.or(below.size),
            hidden: self.hidden.or(below.hidden),
        }
    }

    /// Takes in one property of a `w:rPr`.
    pub(crate) fn read(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "b" => self.bold = Some(tag.on()),
            "i" => self.italic = Some(tag.on()),
            "sz" => self.size = tag.number("val").map(|half_points| half_points as f32 / 2.0),
            "vanish" => self.hidden = Some(tag.on()),
            _ => {}
        }
    }
}

/// A style with all that it inherits.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resolved {
    pub(crate) role: Role,
    pub(crate) list: Option<ListRef>,
    pub(crate) look: Look,
}

#[derive(Debug, Default)]
struct Style {
    name: String,
    based_on: Option<String>,
    /// 0-based; 9 is body text.
    outline: Option<i64>,
    list: Option<ListRef>,
    look: Look,
}

/// All styles by id.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    styles: BTreeMap<String, Style>,
    default_paragraph: Option<String>,
    default_look: Look,
    resolved: BTreeMap<String, Resolved>,
}

/// Links of a `basedOn` chain that are followed.
const MAX_CHAIN: usize = 50;

impl Styles {
    /// Reads `styles.xml`; a document without one has no styles.
    pub(crate) fn read(package: &Package<'_>, part: Option<&str>) -> Result<Self, Error> {
        let mut styles = Self::default();
        let Some(mut xml) = part.and_then(|part| package.xml(part).ok()) else { return Ok(styles) };
        match styles.read_part(&mut xml) {
            Err(error) if error.is_hostile() => return Err(error),
            // Damage in the styles costs headings, not the text.
            _ => {}
        }
        let ids: Vec<String> = styles.styles.keys().cloned().collect();
        for id in ids {
            let resolved = styles.resolve(&id);
            styles.resolved.insert(id, resolved);
        }
        Ok(styles)
    }

    fn read_part(&mut self, xml: &mut Xml<'_>) -> Result<(), Error> {
        let mut open: Option<(String, Style)> = None;
        let mut in_defaults = false;
        while let Some(token) = xml.next()? {
            match token {
                Token::Start(tag) if tag.namespace() == Namespace::Word => {
                    match (tag.name(), &mut open) {
                        ("docDefaults", _) => in_defaults = true,
                        ("style", _) => {
                            let id = tag.attr("styleId").unwrap_or_default();
                            if tag.attr("type").as_deref() == Some("paragraph")
                                && tag.attr("default").is_some_and(|d| d == "1" || d == "true")
                            {
                                self.default_paragraph = Some(id.clone());
                            }
                            open = Some((id, Style::default()));
                        }
                        ("name", Some((_, style))) => style.name = tag.attr("val").unwrap_or_default(),
                        ("basedOn", Some((_, style))) => style.based_on = tag.attr("val"),
                        ("outlineLvl", Some((_, style))) => style.outline = tag.number("val"),
                        ("numPr", Some((_, style))) => style.list = Some(ListRef::default()),
                        ("numId", Some((_, style))) => {
                            style.list.get_or_insert_default().list = tag.number("val");
                        }
                        ("ilvl", Some((_, style))) => style.list.get_or_insert_default().level = tag.number("val"),
                        // Old properties, and those of parts of tables, are not the style's own.
                        ("pPrChange" | "rPrChange" | "tblStylePr", _) => xml.skip()?,
                        (_, Some((_, style))) => style.look.read(&tag),
                        (_, None) if in_defaults => self.default_look.read(&tag),
                        _ => {}
                    }
                }
                Token::End(Namespace::Word, name) => match &*name {
                    "style" => self.styles.extend(open.take()),
                    "docDefaults" => in_defaults = false,
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(())
    }

    /// A paragraph style by id, or the default one. A style that nobody defined is body text.
    pub(crate) fn paragraph(&self, id: Option<&str>) -> Resolved {
        let known = |id: &str| self.resolved.get(id).cloned();
        id.and_then(known)
            .or_else(|| self.default_paragraph.as_deref().and_then(known))
            .unwrap_or(Resolved { look: self.default_look, ..Resolved::default() })
    }

    /// Look of a character style, without what lies below it.
    pub(crate) fn character(&self, id: &str) -> Look {
        self.chain(id).fold(Look::default(), |look, style| look.over(style.look))
    }

    /// The list that a style named by a list definition (`numStyleLink`) belongs to.
    pub(crate) fn list_of(&self, id: &str) -> Option<i64> {
        self.styles.get(id)?.list.as_ref()?.list
    }

    fn chain<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Style> {
        std::iter::successors(self.styles.get(id), |style| self.styles.get(style.based_on.as_ref()?)).take(MAX_CHAIN)
    }

    fn resolve(&self, id: &str) -> Resolved {
        let mut resolved = Resolved::default();
        let mut role = None;
        let mut list = ListRef::default();
        for style in self.chain(id) {
            // The outline level is what makes a heading; the names of built-in styles say the same.
            let outline = style.outline.map(|level| match u32::try_from(level) {
                Ok(level @ 0..=8) => Role::Heading(level + 1),
                _ => Role::Body,
            });
            role = role.or(named_role(&style.name)).or(outline);
            if let Some(own) = &style.list {
                list.list = list.list.or(own.list);
                list.level = list.level.or(own.level);
            }
            resolved.look = resolved.look.over(style.look);
        }
        list.style = Some(id.to_string());
        resolved.role = role.unwrap_or_default();
        resolved.list = list.list.is_some().then_some(list);
        resolved.look = resolved.look.over(self.default_look);
        resolved
    }
}

/// The role that a style's name tells. Word stores the English names of its built-in styles whatever its language;
/// other programs store what their users see.
fn named_role(name: &str) -> Option<Role> {
    let name = name.trim().to_lowercase();
    let numbered = |prefix: &str| {
        let level: u32 = name.strip_prefix(prefix)?.trim().parse().ok()?;
        (1..=9).contains(&level).then_some(level)
    };
    const HEADINGS: &[&str] = &[
        "heading",
        "标题",
        "標題",
        "見出し",
        "제목",
        "überschrift",
        "titre",
        "título",
        "titulo",
        "titolo",
        "заголовок",
        "kop",
        "rubrik",
        "overskrift",
        "otsikko",
        "nagłówek",
        "nadpis",
        "başlık",
    ];
    if let Some(level) = HEADINGS.iter().find_map(|prefix| numbered(prefix)) {
        return Some(Role::Heading(level));
    }
    if let Some(level) = ["toc", "目录", "目次", "verzeichnis", "tm"].iter().find_map(|prefix| numbered(prefix)) {
        return Some(Role::Toc(level));
    }
    match name.as_str() {
        "title" | "标题" | "標題" | "表題" | "제목" | "titel" | "titre" | "título" | "titolo" | "название" => {
            Some(Role::Title)
        }
        "toc heading" => Some(Role::Heading(1)),
        "table of figures" => Some(Role::Toc(1)),
        "caption" | "题注" | "標號" | "図表番号" | "beschriftung" | "légende" => Some(Role::Caption),
        "quote" | "intense quote" | "block text" | "quotations" => Some(Role::Quote),
        "html preformatted" | "preformatted text" | "source code" | "code" | "plain text code" | "macro text" => {
            Some(Role::Code)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roles_in_many_languages() {
        assert_eq!(named_role("heading 2"), Some(Role::Heading(2)));
        assert_eq!(named_role("Überschrift 3"), Some(Role::Heading(3)));
        assert_eq!(named_role("标题 1"), Some(Role::Heading(1)));
        assert_eq!(named_role("标题"), Some(Role::Title));
        assert_eq!(named_role("toc 2"), Some(Role::Toc(2)));
        assert_eq!(named_role("heading 12"), None);
        assert_eq!(named_role("List Paragraph"), None);
    }
}
