//! What closes: paragraphs, cells, tables, notes and drawings become blocks.

use crate::body::{Flow, NoteKind, Open, PartKind, Shared, Walk};
use crate::numbering::ListRef;
use crate::styles::Role;
use crate::table::{Made, Merge, RawCell, make};
use mortise_sdk::document::{Block, BlockKind, Place};
use mortise_sdk::parser::Output;
use mortise_shared_packed::{Error, Namespace as Ns, Token};

impl Walk<'_, '_, '_> {
    pub(crate) fn close(&mut self, open: Open) {
        match open {
            Open::Paragraph => self.end_paragraph(),
            Open::Table => self.end_table(),
            Open::Cell => {
                self.end_carried();
                let Some(flow) = self.pop_flow() else { return };
                let Flow { blocks, span, merge, .. } = flow;
                let merge = merge.unwrap_or(Merge::None);
                let Some(outer) = self.flow() else { return };
                match outer.tables.last_mut().and_then(|t| t.last_mut()) {
                    Some(row) => row.cells.push(RawCell { span, merge, blocks }),
                    // A cell outside of a row is damage; its text is not.
                    None => append(&mut outer.blocks, blocks),
                }
            }
            Open::TextBox => {
                self.end_carried();
                let Some(flow) = self.pop_flow() else { return };
                let Some(outer) = self.flow() else { return };
                match &mut outer.paragraph {
                    Some(paragraph) => append(&mut paragraph.boxes, flow.blocks),
                    None => append(&mut outer.blocks, flow.blocks),
                }
            }
            Open::Note => {
                self.end_carried();
                if let (PartKind::Notes(kind), Some(id), Some(flow)) =
                    (self.kind, self.note.take(), self.flows.first_mut())
                {
                    let blocks = std::mem::take(&mut flow.blocks);
                    self.shared.notes.insert((kind, id), blocks);
                }
            }
            Open::Drawing => {
                // A drawing without picture or text may still be described.
                if let (Some(alt), Some(paragraph)) = (self.alt.take(), self.paragraph())
                    && paragraph.boxes.is_empty()
                {
                    paragraph.figures.push(Block::new(0, BlockKind::Figure, alt));
                }
            }
            _ => {}
        }
    }

    /// Ends the innermost flow, but never the part's own.
    fn pop_flow(&mut self) -> Option<Flow> {
        if self.flows.len() < 2 {
            return None;
        }
        self.flows.pop()
    }

    pub(crate) fn picture(&mut self, id: Option<String>, out: &mut Output) -> Result<(), Error> {
        let Some(link) = id.and_then(|id| self.links.get(&id)).filter(|l| !l.external) else { return Ok(()) };
        let Shared { package, pictures, warnings, .. } = &mut *self.shared;
        let image = pictures.keep(package, &link.target, out, warnings)?;
        let alt = self.alt.take().unwrap_or_default();
        if let (Some(paragraph), true) = (self.paragraph(), image.is_some() || !alt.is_empty()) {
            paragraph.figures.push(Block { image, ..Block::new(0, BlockKind::Figure, alt) });
        }
        Ok(())
    }

    /// Text of SmartArt, which stands in a part of its own.
    pub(crate) fn diagram(&mut self, id: Option<String>) -> Result<(), Error> {
        let Some(link) = id.and_then(|id| self.links.get(&id)).filter(|l| !l.external) else { return Ok(()) };
        let Ok(mut xml) = self.shared.package.xml(&link.target) else { return Ok(()) };
        let (mut lines, mut line, mut in_text) = (Vec::new(), String::new(), false);
        loop {
            match xml.next() {
                Ok(Some(Token::Start(tag))) => in_text = tag.is(Ns::Drawing, "t"),
                Ok(Some(Token::Text(text))) if in_text => line.push_str(&text),
                Ok(Some(Token::End(Ns::Drawing, name))) if &*name == "p" => {
                    lines.extend(Some(std::mem::take(&mut line)).filter(|l| !l.trim().is_empty()));
                }
                Ok(Some(Token::End(..))) => in_text = false,
                Ok(Some(Token::Text(_))) => {}
                Err(error) if error.is_hostile() => return Err(error),
                Ok(None) | Err(_) => break,
            }
        }
        self.alt = None;
        if let (Some(paragraph), false) = (self.paragraph(), lines.is_empty()) {
            paragraph.figures.push(Block::new(0, BlockKind::Figure, lines.join("\n")));
        }
        Ok(())
    }

    pub(crate) fn end_paragraph(&mut self) {
        let Some(flow) = self.flows.last_mut() else { return };
        let Some(mut paragraph) = flow.paragraph.take() else { return };
        if paragraph.joined {
            paragraph.joined = false;
            flow.carried = Some(paragraph);
            return;
        }
        let style = self.shared.styles.paragraph(paragraph.style.as_deref());
        let role = match paragraph.outline {
            Some(level @ 0..=8) => Role::Heading(level as u32 + 1),
            Some(_) if matches!(style.role, Role::Heading(_)) => Role::Body,
            _ => style.role,
        };
        // The paragraph's own list counts before that of its style.
        let list = match (&paragraph.list, &style.list) {
            (Some(own), from_style) => Some(ListRef {
                list: own.list.or(from_style.as_ref().and_then(|l| l.list)),
                level: own.level.or(from_style.as_ref().and_then(|l| l.level)),
                style: from_style.as_ref().and_then(|l| l.style.clone()),
            }),
            (None, from_style) => from_style.clone(),
        };
        let label = list.and_then(|list| self.shared.numbering.next(&list));
        let look = paragraph.look(style.look);
        let places: Vec<Place> = paragraph
            .page
            .filter(|_| self.kind == PartKind::Body)
            .map(|page| Place { page, rect: None })
            .into_iter()
            .collect();

        let text = paragraph.text.trim().to_string();
        let mut parent = None;
        if !text.is_empty() {
            let (kind, level) = match (self.kind, role) {
                (PartKind::Header, _) => (BlockKind::PageHeader, 0),
                (PartKind::Footer, _) => (BlockKind::PageFooter, 0),
                (PartKind::Notes(NoteKind::Comment), _) => (BlockKind::Note, 0),
                (PartKind::Notes(_), _) => (BlockKind::Footnote, 0),
                (_, Role::Title) => (BlockKind::Title, 0),
                (_, Role::Heading(level)) => (BlockKind::Heading, level),
                (_, Role::Toc(level)) => (BlockKind::TocEntry, level),
                (_, Role::Caption) => (BlockKind::Caption, 0),
                (_, Role::Quote) => (BlockKind::Quote, 0),
                (_, Role::Code) => (BlockKind::Code, 0),
                _ if paragraph.is_formula() => (BlockKind::Formula, 0),
                (_, Role::Body) => match &label {
                    Some(label) => (BlockKind::ListItem, label.level + 1),
                    None => (BlockKind::Paragraph, 0),
                },
            };
            let label = label.map(|l| l.text).unwrap_or_default();
            let text = if kind == BlockKind::Code { paragraph.text.trim_end().to_string() } else { label + &text };
            match flow.blocks.last_mut() {
                // Lines of code are paragraphs of their own in Word.
                Some(last) if kind == BlockKind::Code && last.kind == kind => {
                    last.text.push('\n');
                    last.text.push_str(&text);
                }
                _ => {
                    parent = Some(flow.blocks.len() as u32);
                    flow.blocks.push(Block { level, places: places.clone(), style: look, ..Block::new(0, kind, text) });
                }
            }
        }
        for figure in paragraph.figures {
            flow.blocks.push(Block { places: places.clone(), ..figure });
        }
        append(&mut flow.blocks, paragraph.boxes);
        for note in paragraph.notes {
            flow.blocks.push(Block { parent, ..note });
        }
    }

    /// A paragraph without mark that nothing follows ends here.
    pub(crate) fn end_carried(&mut self) {
        if let Some(flow) = self.flows.last_mut()
            && let Some(paragraph) = flow.carried.take()
        {
            flow.paragraph = Some(paragraph);
            self.end_paragraph();
        }
    }

    fn end_table(&mut self) {
        let page = self.shared.page.filter(|_| self.kind == PartKind::Body);
        let Some(flow) = self.flow() else { return };
        let Some(rows) = flow.tables.pop() else { return };
        match make(rows) {
            Made::Frame(blocks) => append(&mut flow.blocks, blocks),
            Made::Table(table, lifted) => {
                let parent = Some(flow.blocks.len() as u32);
                let places = page.map(|page| Place { page, rect: None }).into_iter().collect();
                flow.blocks.push(Block { places, ..table });
                flow.blocks.extend(lifted.into_iter().map(|b| Block { parent, ..b }));
            }
            Made::Nothing(lifted) => append(&mut flow.blocks, lifted),
        }
    }
}

/// Appends blocks whose parents are places in their own list.
fn append(blocks: &mut Vec<Block>, more: Vec<Block>) {
    let base = blocks.len() as u32;
    blocks.extend(more.into_iter().map(|b| Block { parent: b.parent.map(|p| p + base), ..b }));
}
