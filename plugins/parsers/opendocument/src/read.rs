//! The walk over a text: elements in, blocks out.

use crate::numbering::Counts;
use crate::styles::Styles;
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::host;
use mortise_sdk::parser::Output;
use mortise_shared_drawing::Pictures;
use mortise_shared_opendocument::{metadata, plain_text, push_element, push_text};
use mortise_shared_packed::{Error, Package, Tag, Token, Xml};
use std::collections::BTreeSet;

/// Tables, text boxes and notes within each other at most; the text of what is deeper is still read, as plain text.
const DEEPEST: usize = 60;

pub(crate) struct Reader<'r, 'f, 'o> {
    package: &'r Package<'f>,
    styles: &'r Styles,
    pictures: Pictures,
    warnings: Vec<String>,
    out: &'o mut Output,
    /// List styles of the lists that are open, the outermost first.
    lists: Vec<String>,
    counts: Counts,
    headings: Counts,
    /// The label of the item whose first paragraph comes next.
    label: Option<String>,
    contents: bool,
}

/// Reads a document.
pub(crate) fn read(package: &Package<'_>, out: &mut Output) -> Result<(), Error> {
    let styles = Styles::read(package)?;
    out.metadata(&metadata(package)?.into());
    let mut reader = Reader {
        package,
        styles: &styles,
        pictures: Pictures::default(),
        warnings: Vec::new(),
        out,
        lists: Vec::new(),
        counts: Counts::default(),
        headings: Counts::default(),
        label: None,
        contents: false,
    };
    reader.body()?;
    match reader.margins() {
        Err(error) if error.is_hostile() => return Err(error),
        _ => {}
    }
    let warnings = std::mem::take(&mut reader.warnings);
    for warning in warnings {
        out.warn(None, &warning);
    }
    Ok(())
}

impl Reader<'_, '_, '_> {
    fn body(&mut self) -> Result<(), Error> {
        let mut xml = self.package.xml("content.xml")?;
        // Up to `office:text`.
        let mut in_body = false;
        loop {
            match xml.next()? {
                Some(Token::Start(tag)) if tag.name() == "body" => in_body = true,
                Some(Token::Start(tag)) if in_body => {
                    if tag.name() != "text" {
                        return Err(Error::WrongKind {
                            expected: "a text document",
                            found: "another OpenDocument file",
                        });
                    }
                    break;
                }
                Some(_) => {}
                None => return Err(Error::WrongKind { expected: "a text document", found: "another kind of file" }),
            }
        }
        let mut any = false;
        let size = self.package.declared_size("content.xml").unwrap_or(1).max(1);
        let mut told = 0u64;
        let outside = xml.depth().saturating_sub(1);
        while xml.depth() > outside {
            let mut blocks = Vec::new();
            let result = self.next(&mut xml, 0, &mut blocks);
            told += blocks.iter().map(|b| b.text.len() as u64 + 200).sum::<u64>();
            any |= !blocks.is_empty();
            self.emit(blocks);
            host::progress((told as f32 / size as f32).min(0.95), "reading text");
            match result {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if error.is_hostile() || !any => return Err(error),
                Err(error) => {
                    self.warnings.push(format!("{error}; what comes after it was left out"));
                    break;
                }
            }
        }
        Ok(())
    }

    fn emit(&mut self, blocks: Vec<Block>) {
        let mut last = None;
        for block in blocks {
            let note = block.kind == BlockKind::Footnote;
            let id = self.out.emit(Block { parent: if note { last } else { None }, ..block });
            if !note {
                last = Some(id);
            }
        }
    }

    /// Headers and footers of the page styles, each text once.
    fn margins(&mut self) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        let Ok(mut xml) = self.package.xml("styles.xml") else { return Ok(()) };
        let mut in_pages = false;
        while let Some(token) = xml.next()? {
            let Token::Start(tag) = token else { continue };
            let header = match tag.name() {
                "master-styles" => {
                    in_pages = true;
                    continue;
                }
                "header" | "header-left" | "header-first" if in_pages => true,
                "footer" | "footer-left" | "footer-first" if in_pages => false,
                _ => continue,
            };
            let text = plain_text(&mut xml)?;
            if !text.trim().is_empty() && seen.insert((header, text.clone())) {
                let kind = if header { BlockKind::PageHeader } else { BlockKind::PageFooter };
                self.out.emit(Block::new(0, kind, text.trim()));
            }
        }
        Ok(())
    }

    /// The blocks within the element whose start tag was the last token.
    pub(crate) fn blocks(&mut self, xml: &mut Xml<'_>, depth: usize, into: &mut Vec<Block>) -> Result<(), Error> {
        let outside = xml.depth().saturating_sub(1);
        if depth > DEEPEST {
            let text = plain_text(xml)?;
            if !text.is_empty() {
                into.push(Block::new(0, BlockKind::Paragraph, text));
            }
            return Ok(());
        }
        while xml.depth() > outside && self.next(xml, depth, into)? {}
        Ok(())
    }

    /// Takes one token, and what belongs to it.
    fn next(&mut self, xml: &mut Xml<'_>, depth: usize, into: &mut Vec<Block>) -> Result<bool, Error> {
        let Some(token) = xml.next()? else { return Ok(false) };
        match token {
            Token::Start(tag) => match tag.name() {
                "p" | "h" => {
                    let heading = tag.name() == "h";
                    let style = tag.attr("style-name").unwrap_or_default();
                    let level =
                        tag.number("outline-level").and_then(|n| u32::try_from(n).ok()).unwrap_or(1).clamp(1, 10);
                    let header = tag.attr("is-list-header").is_some_and(|v| v == "true");
                    self.paragraph(xml, heading.then_some((level, header)), &style, depth, into)?;
                }
                "list" => {
                    let style = tag.attr("style-name").or_else(|| self.lists.last().cloned()).unwrap_or_default();
                    let goes_on = tag.attr("continue-numbering").is_some_and(|v| v == "true")
                        || tag.attr("continue-list").is_some();
                    if self.lists.is_empty() && !goes_on {
                        self.counts.leave(0);
                    }
                    self.lists.push(style);
                }
                name @ ("list-item" | "list-header") => {
                    let level = self.lists.len().saturating_sub(1);
                    if let Some(start) = tag.number("start-value").and_then(|n| u32::try_from(n).ok()) {
                        self.counts.start_at(level, start);
                    }
                    let levels = self.lists.last().and_then(|style| self.styles.list(style));
                    let label = match levels {
                        Some(levels) if name == "list-item" => self.counts.next(levels, level),
                        _ => String::new(),
                    };
                    self.label = Some(label);
                }
                "table" => {
                    let (lists, label) = (std::mem::take(&mut self.lists), self.label.take());
                    self.table(xml, depth, into)?;
                    (self.lists, self.label) = (lists, label);
                }
                "frame" => self.frame(xml, depth, into)?,
                "annotation" => into.extend(annotation(xml)?),
                "table-of-content" => self.contents = true,
                "table-of-content-source"
                | "tracked-changes"
                | "forms"
                | "sequence-decls"
                | "variable-decls"
                | "user-field-decls"
                | "alphabetical-index-source"
                | "illustration-index-source"
                | "table-index-source"
                | "bibliography-source"
                | "user-index-source"
                | "title"
                | "desc"
                | "event-listeners" => xml.skip()?,
                _ => {}
            },
            Token::End(_, name) => match &*name {
                "list" => {
                    drop(self.lists.pop());
                    let level = self.lists.len();
                    if level > 0 {
                        self.counts.leave(level);
                    }
                }
                "list-item" | "list-header" => self.label = None,
                "table-of-content" => self.contents = false,
                _ => {}
            },
            Token::Text(_) => {}
        }
        Ok(true)
    }

    fn paragraph(
        &mut self,
        xml: &mut Xml<'_>,
        heading: Option<(u32, bool)>,
        style: &str,
        depth: usize,
        into: &mut Vec<Block>,
    ) -> Result<(), Error> {
        let label = self.label.take();
        let mut text = String::new();
        let mut attached = Vec::new();
        let result = self.inline(xml, depth, &mut text, &mut attached);
        let mut body = text.trim().to_string();
        let role = self.styles.role(style);
        let listed = !self.lists.is_empty();
        let (kind, level) = match (heading, role) {
            _ if self.contents => (BlockKind::TocEntry, 0),
            (Some(_), Some((BlockKind::Title, level))) => (BlockKind::Title, level),
            (Some((level, _)), _) => (BlockKind::Heading, level),
            (None, Some(role)) => role,
            (None, None) if listed => (BlockKind::ListItem, self.lists.len() as u32),
            (None, None) => (BlockKind::Paragraph, 0),
        };
        if !body.is_empty() {
            let own = match (heading, label) {
                (Some((level, false)), None) => self.headings.next(&self.styles.outline, level as usize - 1),
                (_, label) => label.unwrap_or_default(),
            };
            if !own.trim().is_empty() && kind != BlockKind::TocEntry {
                body = format!("{} {body}", own.trim());
            }
            into.push(Block { level, ..Block::new(0, kind, body) });
        }
        into.append(&mut attached);
        result
    }

    /// The text of a paragraph; notes, pictures and text boxes in it go to `attached`.
    fn inline(
        &mut self,
        xml: &mut Xml<'_>,
        depth: usize,
        text: &mut String,
        attached: &mut Vec<Block>,
    ) -> Result<(), Error> {
        let outside = xml.depth().saturating_sub(1);
        while xml.depth() > outside {
            let Some(token) = xml.next()? else { break };
            match token {
                Token::Text(piece) => push_text(&piece, text),
                Token::End(..) => {}
                Token::Start(tag) => match tag.name() {
                    "note" => attached.extend(self.note(xml, depth)?),
                    "annotation" => attached.extend(annotation(xml)?),
                    "frame" => self.frame(xml, depth, attached)?,
                    "custom-shape" | "rect" | "ellipse" | "g" | "polygon" | "path" => {
                        let saved = (std::mem::take(&mut self.lists), self.label.take());
                        self.blocks(xml, depth + 1, attached)?;
                        (self.lists, self.label) = saved;
                    }
                    "ruby-text" | "tracked-changes" => xml.skip()?,
                    _ => drop(push_element(&tag, text)),
                },
            }
        }
        Ok(())
    }

    fn note(&mut self, xml: &mut Xml<'_>, depth: usize) -> Result<Option<Block>, Error> {
        let outside = xml.depth().saturating_sub(1);
        let mut blocks = Vec::new();
        let saved = (std::mem::take(&mut self.lists), self.label.take());
        while xml.depth() > outside {
            match xml.next()? {
                Some(Token::Start(tag)) if tag.name() == "note-citation" => xml.skip()?,
                Some(Token::Start(tag)) if tag.name() == "note-body" => self.blocks(xml, depth + 1, &mut blocks)?,
                Some(_) => {}
                None => break,
            }
        }
        (self.lists, self.label) = saved;
        let texts: Vec<&str> = blocks.iter().map(|b| b.text.as_str()).filter(|t| !t.is_empty()).collect();
        Ok((!texts.is_empty()).then(|| Block::new(0, BlockKind::Footnote, texts.join("\n"))))
    }

    /// A frame: a picture, or a box of text.
    fn frame(&mut self, xml: &mut Xml<'_>, depth: usize, into: &mut Vec<Block>) -> Result<(), Error> {
        let outside = xml.depth().saturating_sub(1);
        let mut alt = String::new();
        let mut image = None;
        let mut inner = Vec::new();
        let saved = (std::mem::take(&mut self.lists), self.label.take());
        while xml.depth() > outside {
            let Some(token) = xml.next()? else { break };
            let Token::Start(tag) = token else { continue };
            match tag.name() {
                "image" if image.is_none() => image = self.picture(&tag)?,
                "title" | "desc" => {
                    let told = plain_text(xml)?;
                    if !told.trim().is_empty() && told.trim() != alt {
                        alt = [std::mem::take(&mut alt), told.trim().to_string()].join("\n").trim().to_string();
                    }
                }
                "text-box" => self.blocks(xml, depth + 1, &mut inner)?,
                _ => {}
            }
        }
        (self.lists, self.label) = saved;
        if image.is_some() {
            into.push(Block { image, ..Block::new(0, BlockKind::Figure, alt) });
        }
        into.append(&mut inner);
        Ok(())
    }

    fn picture(&mut self, tag: &Tag<'_>) -> Result<Option<u32>, Error> {
        let Some(name) = tag.attr("href") else { return Ok(None) };
        let name = name.trim_start_matches("./").to_string();
        if !self.package.contains(&name) {
            return Ok(None);
        }
        self.pictures.keep(self.package, &name, self.out, &mut self.warnings)
    }
}

/// A reviewer's comment, without its author and date.
fn annotation(xml: &mut Xml<'_>) -> Result<Option<Block>, Error> {
    let outside = xml.depth().saturating_sub(1);
    let mut lines = Vec::new();
    while xml.depth() > outside {
        match xml.next()? {
            Some(Token::Start(tag)) if tag.name() == "p" => lines.push(plain_text(xml)?),
            Some(Token::Start(tag)) if matches!(tag.name(), "creator" | "date" | "date-string") => xml.skip()?,
            Some(_) => {}
            None => break,
        }
    }
    let text = lines.join("\n").trim().to_string();
    Ok((!text.is_empty()).then(|| Block::new(0, BlockKind::Note, text)))
}
