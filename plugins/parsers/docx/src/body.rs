//! The walk over a part of a Word document: tokens in, blocks out. There is no recursion: what is open stands on a
//! stack, and text boxes and table cells are flows of their own above the flow they interrupt.

use crate::math;
use crate::numbering::Numbering;
use crate::paragraph::Paragraph;
use crate::styles::Styles;
use crate::symbols::symbol;
use crate::table::{Merge, RawRow};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::Output;
use mortise_shared_drawing::Pictures;
use mortise_shared_packed::{Error, Namespace as Ns, Package, Relationships, Tag, Token, Xml};
use std::collections::BTreeMap;

/// Notes by kind and id, read before the body.
pub(crate) type Notes = BTreeMap<(NoteKind, String), Vec<Block>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NoteKind {
    Footnote,
    Endnote,
    /// A reviewer's comment.
    Comment,
}

/// Which part is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartKind {
    Body,
    Notes(NoteKind),
    Header,
    Footer,
}

/// What all parts of a document share.
pub(crate) struct Shared<'a, 'f> {
    pub(crate) package: &'a Package<'f>,
    pub(crate) styles: &'a Styles,
    pub(crate) numbering: Numbering,
    pub(crate) pictures: Pictures,
    pub(crate) notes: Notes,
    /// Parts of headers and footers that sections use, in the order of their first use.
    pub(crate) margins: Vec<(PartKind, String)>,
    /// Page of what is read, if the document tells where its pages end.
    pub(crate) page: Option<u32>,
    pub(crate) warnings: Vec<String>,
}

/// An open element that does something when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// Nothing but its content.
    Plain,
    Paragraph,
    ParagraphProperties,
    /// `w:rPr` of a paragraph mark.
    Mark,
    Run,
    RunProperties,
    Text,
    Table,
    Row,
    RowProperties,
    Cell,
    TextBox,
    Note,
    /// Whether an alternative was taken.
    Alternatives(bool),
    Drawing,
    MathParagraph,
}

/// A stream of paragraphs and tables: the body, a cell, a text box.
#[derive(Default)]
pub(crate) struct Flow {
    pub(crate) blocks: Vec<Block>,
    pub(crate) paragraph: Option<Paragraph>,
    /// A paragraph whose mark was deleted goes on in the next.
    pub(crate) carried: Option<Paragraph>,
    pub(crate) tables: Vec<Vec<RawRow>>,
    /// Span and merge of the cell that this flow is of.
    pub(crate) span: u32,
    pub(crate) merge: Option<Merge>,
}

pub(crate) struct Walk<'s, 'a, 'f> {
    pub(crate) shared: &'s mut Shared<'a, 'f>,
    pub(crate) links: Relationships,
    pub(crate) kind: PartKind,
    open: Vec<Open>,
    pub(crate) flows: Vec<Flow>,
    /// For each open field: still in its instruction, which is not text.
    fields: Vec<bool>,
    /// Text of the drawing that is open.
    pub(crate) alt: Option<String>,
    pub(crate) note: Option<String>,
}

impl<'s, 'a, 'f> Walk<'s, 'a, 'f> {
    pub(crate) fn new(shared: &'s mut Shared<'a, 'f>, part: &str, kind: PartKind) -> Result<Self, Error> {
        let links = shared.package.relationships(part)?;
        let flows = vec![Flow::default()];
        Ok(Self { shared, links, kind, open: Vec::new(), flows, fields: Vec::new(), alt: None, note: None })
    }

    /// Walks `part` to its end. Blocks of the body go to `out` as they are complete; those of other parts are given
    /// back. Damage ends the walk with a warning, if anything was read before.
    pub(crate) fn run(mut self, part: &str, out: &mut Output) -> Result<Vec<Block>, Error> {
        let mut xml = self.shared.package.xml(part)?;
        if self.kind == PartKind::Body {
            xml.expect_root(Ns::Word, "a Word document")?;
        }
        let mut any = false;
        loop {
            match self.step(&mut xml, out) {
                Ok(true) => any |= self.flows.first().is_some_and(|f| !f.blocks.is_empty()),
                Ok(false) => break,
                Err(error) if error.is_hostile() || !(any || self.kind != PartKind::Body) => return Err(error),
                Err(error) => {
                    self.shared.warnings.push(format!("{error}; what comes after it was left out"));
                    break;
                }
            }
            self.drain(out, false);
        }
        while let Some(open) = self.open.pop() {
            self.close(open);
        }
        self.end_carried();
        self.drain(out, true);
        Ok(self.flows.pop().map(|f| f.blocks).unwrap_or_default())
    }

    /// Hands finished blocks of the body on. The last one may still grow, if it is code.
    fn drain(&mut self, out: &mut Output, all: bool) {
        if self.kind != PartKind::Body {
            return;
        }
        let [flow, ..] = self.flows.as_mut_slice() else { return };
        let growing = !all && flow.blocks.last().is_some_and(|b| b.kind == BlockKind::Code);
        let done = flow.blocks.len() - usize::from(growing);
        let mut ids: Vec<u32> = Vec::with_capacity(done);
        for mut block in flow.blocks.drain(..done) {
            block.parent = block.parent.and_then(|p| ids.get(p as usize).copied());
            ids.push(out.emit(block));
        }
    }

    fn step(&mut self, xml: &mut Xml<'f>, out: &mut Output) -> Result<bool, Error> {
        let Some(token) = xml.next()? else { return Ok(false) };
        match token {
            Token::Text(text) => {
                if self.open.last() == Some(&Open::Text) && !self.fields.iter().any(|instruction| *instruction) {
                    let page = self.shared.page;
                    if let Some(paragraph) = self.paragraph() {
                        paragraph.push(&text, page);
                    }
                }
            }
            Token::End(..) => {
                if let Some(open) = self.open.pop() {
                    self.close(open);
                }
            }
            Token::Start(tag) => match self.start(&tag, out)? {
                Next::Open(open) => self.open.push(open),
                Next::Skip => xml.skip()?,
                Next::Math => {
                    let latex = math::read(xml)?;
                    let display = self.open.last() == Some(&Open::MathParagraph);
                    let page = self.shared.page;
                    if let Some(paragraph) = self.paragraph() {
                        paragraph.push_formula(&latex, display, page);
                    }
                }
            },
        }
        Ok(true)
    }

    pub(crate) fn flow(&mut self) -> Option<&mut Flow> {
        self.flows.last_mut()
    }

    pub(crate) fn paragraph(&mut self) -> Option<&mut Paragraph> {
        self.flows.last_mut()?.paragraph.as_mut()
    }

    fn row(&mut self) -> Option<&mut RawRow> {
        self.flows.last_mut()?.tables.last_mut()?.last_mut()
    }

    fn start(&mut self, tag: &Tag<'_>, out: &mut Output) -> Result<Next, Error> {
        Ok(match tag.namespace() {
            Ns::Word => return self.start_word(tag),
            Ns::Math => match tag.name() {
                "oMath" => Next::Math,
                "oMathPara" => Next::Open(Open::MathParagraph),
                name if name.ends_with("Pr") => Next::Skip,
                _ => Next::Open(Open::Plain),
            },
            Ns::Compatibility => self.start_alternative(tag),
            Ns::WordDrawing if tag.name() == "docPr" => {
                self.alt = alternative_text(tag);
                Next::Open(Open::Plain)
            }
            Ns::Drawing if tag.name() == "blip" => {
                self.picture(tag.attr("embed"), out)?;
                Next::Open(Open::Plain)
            }
            Ns::Vml if tag.name() == "imagedata" => {
                if self.alt.is_none() {
                    self.alt = tag.attr("title").filter(|t| !t.trim().is_empty());
                }
                self.picture(tag.attr("id"), out)?;
                Next::Open(Open::Plain)
            }
            Ns::Vml if tag.name() == "shape" => {
                if let Some(alt) = tag.attr("alt").filter(|t| !t.trim().is_empty()) {
                    self.alt = Some(alt);
                }
                Next::Open(Open::Plain)
            }
            Ns::Diagram if tag.name() == "relIds" => {
                self.diagram(tag.attr("dm"))?;
                Next::Open(Open::Plain)
            }
            _ => Next::Open(Open::Plain),
        })
    }

    fn start_alternative(&mut self, tag: &Tag<'_>) -> Next {
        match (tag.name(), self.open.last_mut()) {
            ("AlternateContent", _) => Next::Open(Open::Alternatives(false)),
            ("Choice", Some(Open::Alternatives(taken))) => {
                // New kinds of charts have text only in their fallback picture.
                let understood = tag.attr("Requires").is_none_or(|r| !r.starts_with("cx"));
                if *taken || !understood {
                    return Next::Skip;
                }
                *taken = true;
                Next::Open(Open::Plain)
            }
            ("Fallback", Some(Open::Alternatives(true))) => Next::Skip,
            _ => Next::Open(Open::Plain),
        }
    }

    fn start_word(&mut self, tag: &Tag<'_>) -> Result<Next, Error> {
        let parent = self.open.last().copied().unwrap_or(Open::Plain);
        match parent {
            Open::ParagraphProperties => return Ok(self.paragraph_property(tag)),
            Open::Mark => {
                if let ("del" | "moveFrom", Some(paragraph)) = (tag.name(), self.paragraph()) {
                    paragraph.joined = true;
                }
                return Ok(Next::Skip);
            }
            Open::RunProperties => {
                let style = (tag.name() == "rStyle").then(|| tag.attr("val")).flatten();
                let style = style.map(|id| self.shared.styles.character(&id));
                if let Some(paragraph) = self.paragraph() {
                    paragraph.run_property(tag, style);
                }
                return Ok(Next::Skip);
            }
            Open::RowProperties => {
                if let Some(row) = self.row() {
                    match tag.name() {
                        "tblHeader" => row.header = tag.on(),
                        "gridBefore" => row.before = number(tag),
                        "del" => row.deleted = true,
                        _ => {}
                    }
                }
                return Ok(Next::Skip);
            }
            _ => {}
        }
        let page = self.shared.page;
        let in_instruction = self.fields.iter().any(|instruction| *instruction);
        let push = |walk: &mut Self, text: &str| {
            if let (Some(paragraph), false) = (walk.paragraph(), in_instruction) {
                paragraph.push(text, page);
            }
        };
        Ok(Next::Open(match tag.name() {
            "p" => {
                // A paragraph inside another is damage; both are kept.
                self.end_paragraph();
                if let Some(flow) = self.flow() {
                    let paragraph = flow.carried.take().map(Paragraph::carried).unwrap_or_default();
                    flow.paragraph = Some(paragraph);
                }
                Open::Paragraph
            }
            "pPr" => Open::ParagraphProperties,
            "r" => {
                if let Some(paragraph) = self.paragraph() {
                    paragraph.start_run();
                }
                Open::Run
            }
            "rPr" if parent == Open::Run => Open::RunProperties,
            "t" => Open::Text,
            "tab" | "ptab" => {
                push(self, "\t");
                Open::Plain
            }
            "br" | "cr" => {
                push(self, "\n");
                Open::Plain
            }
            "noBreakHyphen" => {
                push(self, "-");
                Open::Plain
            }
            "lastRenderedPageBreak" => {
                if let (PartKind::Body, Some(page)) = (self.kind, &mut self.shared.page) {
                    *page += 1;
                }
                Open::Plain
            }
            "sym" => {
                let code = tag.attr("char").and_then(|c| u32::from_str_radix(&c, 16).ok());
                let found = code.and_then(|code| symbol(&tag.attr("font").unwrap_or_default(), code));
                if let Some(c) = found {
                    push(self, c.encode_utf8(&mut [0; 4]));
                }
                Open::Plain
            }
            "fldChar" => {
                match tag.attr("fldCharType").as_deref() {
                    Some("begin") => self.fields.push(true),
                    Some("separate") => self.fields.last_mut().into_iter().for_each(|f| *f = false),
                    Some("end") => drop(self.fields.pop()),
                    _ => {}
                }
                Open::Plain
            }
            "footnoteReference" | "endnoteReference" | "commentReference" => {
                let kind = match tag.name() {
                    "footnoteReference" => NoteKind::Footnote,
                    "endnoteReference" => NoteKind::Endnote,
                    _ => NoteKind::Comment,
                };
                let note = tag.attr("id").and_then(|id| self.shared.notes.remove(&(kind, id)));
                if let (Some(note), Some(paragraph)) = (note, self.paragraph()) {
                    paragraph.notes.extend(note);
                }
                Open::Plain
            }
            "footnote" | "endnote" | "comment" => {
                // Separators are notes too, of a type of their own.
                if tag.attr("type").is_some_and(|t| t != "normal") {
                    return Ok(Next::Skip);
                }
                self.note = tag.attr("id");
                Open::Note
            }
            "tbl" => {
                self.end_carried();
                if let Some(flow) = self.flow() {
                    flow.tables.push(Vec::new());
                }
                Open::Table
            }
            "tr" => {
                if let Some(table) = self.flow().and_then(|f| f.tables.last_mut()) {
                    table.push(RawRow::default());
                }
                Open::Row
            }
            "trPr" => Open::RowProperties,
            "tc" => {
                self.flows.push(Flow { span: 1, ..Flow::default() });
                Open::Cell
            }
            "gridSpan" => {
                if let Some(flow) = self.flow() {
                    flow.span = number(tag).max(1);
                }
                Open::Plain
            }
            "vMerge" => {
                let restarts = tag.attr("val").as_deref() == Some("restart");
                if let Some(flow) = self.flow() {
                    flow.merge = Some(if restarts { Merge::Restart } else { Merge::Continue });
                }
                Open::Plain
            }
            "txbxContent" => {
                self.flows.push(Flow::default());
                Open::TextBox
            }
            "drawing" | "pict" | "object" => {
                self.alt = None;
                Open::Drawing
            }
            "headerReference" | "footerReference" => {
                let kind = if tag.name() == "headerReference" { PartKind::Header } else { PartKind::Footer };
                if let Some(link) = tag.attr("id").and_then(|id| self.links.get(&id))
                    && !self.shared.margins.iter().any(|(_, part)| *part == link.target)
                {
                    self.shared.margins.push((kind, link.target.clone()));
                }
                Open::Plain
            }
            // Deleted, moved away, instructions, readings above the line, old properties, and settings of parts.
            "del" | "moveFrom" | "delText" | "instrText" | "delInstrText" | "rt" | "sdtPr" | "sdtEndPr" | "tblPr"
            | "tblGrid" | "tblPrEx" | "tcPrChange" | "tblPrChange" | "trPrChange" | "sectPrChange" | "pPrChange"
            | "rPrChange" | "tblGridChange" | "rPr" => return Ok(Next::Skip),
            _ => Open::Plain,
        }))
    }

    fn paragraph_property(&mut self, tag: &Tag<'_>) -> Next {
        let Some(paragraph) = self.paragraph() else { return Next::Open(Open::Plain) };
        match tag.name() {
            "pStyle" => paragraph.style = tag.attr("val"),
            "numPr" => {
                paragraph.list.get_or_insert_default();
                // Its children are properties as well.
                return Next::Open(Open::ParagraphProperties);
            }
            "numId" => paragraph.list.get_or_insert_default().list = tag.number("val"),
            "ilvl" => paragraph.list.get_or_insert_default().level = tag.number("val"),
            "outlineLvl" => paragraph.outline = tag.number("val"),
            "rPr" => return Next::Open(Open::Mark),
            "sectPr" => return Next::Open(Open::Plain),
            _ => {}
        }
        Next::Skip
    }
}

/// What to do with an element that opens.
enum Next {
    Open(Open),
    Skip,
    Math,
}

fn number(tag: &Tag<'_>) -> u32 {
    tag.number("val").and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

fn alternative_text(tag: &Tag<'_>) -> Option<String> {
    tag.attr("descr").or_else(|| tag.attr("title")).map(|t| t.trim().to_string()).filter(|t| !t.is_empty())
}
