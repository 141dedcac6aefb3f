//! One slide: its tree of shapes, and what it links to.

use super::layout::{Holder, Layouts};
use super::{table, text};
use crate::shape::{Content, Role, Shape};
use mortise_sdk::document::{Block, BlockKind, Rect};
use mortise_sdk::parser::Output;
use mortise_shared_drawing::{Pictures, chart, diagram};
use mortise_shared_packed::{Error, Namespace as Ns, Package, Relationships, Tag, Token, Xml};

/// EMU in a point.
const POINT: f64 = 12_700.0;

/// A rectangle of EMU in points.
pub(crate) fn rect_of(x: f64, y: f64, width: f64, height: f64) -> Rect {
    let (left, top) = ((x / POINT) as f32, (y / POINT) as f32);
    Rect { left, top, right: left + (width.max(0.0) / POINT) as f32, bottom: top + (height.max(0.0) / POINT) as f32 }
}

/// From the coordinates of a group to those of the slide.
#[derive(Clone, Copy)]
struct Transform {
    scale: (f64, f64),
    shift: (f64, f64),
}

/// A rectangle while its tags are read.
#[derive(Clone, Copy, Default)]
struct Frame {
    offset: Option<(f64, f64)>,
    size: Option<(f64, f64)>,
    child_offset: Option<(f64, f64)>,
    child_size: Option<(f64, f64)>,
}

/// A shape, picture, frame or group that is open.
struct Open {
    group: bool,
    depth: usize,
    frame: Frame,
    holder: Option<Holder>,
    alt: String,
    shapes: Vec<Shape>,
    blocks: Vec<Block>,
    paragraphs: Vec<crate::shape::Paragraph>,
    image: Option<u32>,
    picture: bool,
}

pub(crate) struct Reader<'r, 'f> {
    package: &'r Package<'f>,
    layouts: &'r mut Layouts,
    pictures: &'r mut Pictures,
    out: &'r mut Output,
    pub(crate) warnings: Vec<String>,
}

impl<'r, 'f> Reader<'r, 'f> {
    pub(crate) fn new(
        package: &'r Package<'f>,
        layouts: &'r mut Layouts,
        pictures: &'r mut Pictures,
        out: &'r mut Output,
    ) -> Self {
        Self { package, layouts, pictures, out, warnings: Vec::new() }
    }

    /// The shapes of the slide in `part`, in the order of the file.
    pub(crate) fn read(&mut self, part: &str) -> Result<Vec<Shape>, Error> {
        let links = self.package.relationships(part)?;
        let mut xml = self.package.xml(part)?;
        let mut open: Vec<Open> = vec![blank(true, 0)];
        loop {
            match xml.next() {
                Ok(Some(Token::Start(tag))) => {
                    if let Some(next) = self.start(&tag, &links, &mut open)? {
                        follow(next, &mut xml, &mut open)?;
                    }
                }
                Ok(Some(Token::End(..))) => {
                    while open.len() > 1 && open.last().is_some_and(|o| xml.depth() < o.depth) {
                        self.close(part, &mut open)?;
                    }
                }
                Ok(Some(Token::Text(_))) => {}
                Ok(None) => break,
                Err(error) if error.is_hostile() => return Err(error),
                Err(error) => {
                    let any = open.iter().any(|o| !o.shapes.is_empty() || !o.paragraphs.is_empty());
                    if !any {
                        return Err(error);
                    }
                    self.warnings.push(format!("{error}; the rest of the slide was left out"));
                    break;
                }
            }
        }
        while open.len() > 1 {
            self.close(part, &mut open)?;
        }
        Ok(open.pop().map(|o| o.shapes).unwrap_or_default())
    }

    fn start(&mut self, tag: &Tag<'_>, links: &Relationships, open: &mut [Open]) -> Result<Option<Next>, Error> {
        let pair = |a: &str, b: &str| Some((tag.number(a)? as f64, tag.number(b)? as f64));
        let Some(current) = open.last_mut() else { return Ok(None) };
        Ok(match (tag.namespace(), tag.name()) {
            (Ns::Presentation, name @ ("sp" | "pic" | "graphicFrame" | "grpSp" | "cxnSp")) => {
                Some(Next::Open { group: name == "grpSp", picture: name == "pic" })
            }
            (Ns::Presentation, "cNvPr") => {
                current.alt = tag.attr("descr").or_else(|| tag.attr("title")).unwrap_or_default();
                None
            }
            (Ns::Presentation, "ph") => {
                current.holder = Some(Holder { kind: tag.attr("type").unwrap_or_default(), index: tag.number("idx") });
                None
            }
            (Ns::Drawing, "off") => {
                current.frame.offset = current.frame.offset.or(pair("x", "y"));
                None
            }
            (Ns::Drawing, "ext") => {
                current.frame.size = current.frame.size.or(pair("cx", "cy"));
                None
            }
            (Ns::Drawing, "chOff") => {
                current.frame.child_offset = pair("x", "y");
                None
            }
            (Ns::Drawing, "chExt") => {
                current.frame.child_size = pair("cx", "cy");
                None
            }
            (Ns::Presentation, "txBody") => Some(Next::Text),
            (Ns::Drawing, "tbl") => Some(Next::Table),
            (Ns::Drawing, "blip") => {
                let link = tag.attr("embed").and_then(|id| links.get(&id)).filter(|l| !l.external);
                if let Some(link) = link {
                    let kept = self.pictures.keep(self.package, &link.target, self.out, &mut self.warnings)?;
                    current.image = kept.or(current.image);
                }
                None
            }
            (Ns::Chart, "chart") => {
                if let Some(link) = tag.attr("id").and_then(|id| links.get(&id)).filter(|l| !l.external) {
                    let found = chart(self.package, &link.target)?;
                    let caption = found.titles.join("\n");
                    let table = found.table();
                    let parent = table.as_ref().map(|_| 0);
                    current.blocks.extend(table);
                    if !caption.is_empty() {
                        current.blocks.push(Block { parent, ..Block::new(0, BlockKind::Caption, caption) });
                    }
                }
                None
            }
            (Ns::Diagram, "relIds") => {
                if let Some(link) = tag.attr("dm").and_then(|id| links.get(&id)).filter(|l| !l.external) {
                    let texts = diagram(self.package, &link.target)?;
                    if !texts.is_empty() {
                        current.blocks.push(Block::new(0, BlockKind::Figure, texts.join("\n")));
                    }
                }
                None
            }
            (Ns::Compatibility, "Fallback") => Some(Next::Skip),
            _ => None,
        })
    }

    fn close(&mut self, part: &str, open: &mut Vec<Open>) -> Result<(), Error> {
        let Some(mut closed) = open.pop() else { return Ok(()) };
        let transform = transform(open);
        let mut rect = closed.frame.rect(transform);
        let role = closed.holder.as_ref().map_or(Role::Text, role_of);
        if let (None, Some(holder)) = (rect, &closed.holder) {
            rect = self.layouts.place(self.package, part, holder)?;
        }
        let Some(parent) = open.last_mut() else { return Ok(()) };
        if closed.group {
            if !closed.shapes.is_empty() {
                let rect = rect.or_else(|| closed.shapes.iter().filter_map(|s| s.rect).reduce(union));
                parent.shapes.push(Shape { rect, role: Role::Text, content: Content::Group(closed.shapes) });
            }
            return Ok(());
        }
        if closed.image.is_some() && (closed.picture || closed.blocks.is_empty()) {
            let text = std::mem::take(&mut closed.alt);
            closed.blocks.push(Block { image: closed.image, ..Block::new(0, BlockKind::Figure, text) });
        }
        if closed.paragraphs.iter().any(|p| !p.text.trim().is_empty()) {
            parent.shapes.push(Shape { rect, role, content: Content::Text(closed.paragraphs) });
        }
        if !closed.blocks.is_empty() {
            parent.shapes.push(Shape { rect, role: Role::Text, content: Content::Blocks(closed.blocks) });
        }
        Ok(())
    }

    /// Notes of the speaker and comments of reviewers.
    pub(crate) fn notes(&mut self, part: &str) -> Result<Vec<String>, Error> {
        let links = self.package.relationships(part)?;
        let mut notes = Vec::new();
        for link in links.of_kind("notesSlide") {
            let Ok(shapes) = self.read(&link.target) else { continue };
            for shape in shapes {
                // The picture of the slide, its number and the like are no notes.
                if let (Role::Body | Role::Text, Content::Text(paragraphs)) = (shape.role, shape.content) {
                    let text: Vec<&str> = paragraphs.iter().map(|p| p.text.trim()).filter(|t| !t.is_empty()).collect();
                    notes.push(text.join("\n"));
                }
            }
        }
        for link in links.of_kind("comments") {
            notes.extend(comments(self.package, &link.target)?);
        }
        notes.retain(|n| !n.is_empty());
        Ok(notes)
    }
}

enum Next {
    Open { group: bool, picture: bool },
    Text,
    Table,
    Skip,
}

fn follow(next: Next, xml: &mut Xml<'_>, open: &mut Vec<Open>) -> Result<(), Error> {
    match next {
        Next::Open { group, picture } => open.push(Open { picture, ..blank(group, xml.depth()) }),
        Next::Skip => xml.skip()?,
        Next::Text => {
            let read = text::read(xml)?;
            if let Some(current) = open.last_mut() {
                current.paragraphs.extend(read);
            }
        }
        Next::Table => {
            let read = table::read(xml)?;
            if let Some(current) = open.last_mut() {
                current.blocks.extend(read);
            }
        }
    }
    Ok(())
}

fn blank(group: bool, depth: usize) -> Open {
    Open {
        group,
        depth,
        frame: Frame::default(),
        holder: None,
        alt: String::new(),
        shapes: Vec::new(),
        blocks: Vec::new(),
        paragraphs: Vec::new(),
        image: None,
        picture: false,
    }
}

fn role_of(holder: &Holder) -> Role {
    match holder.kind.as_str() {
        "title" | "ctrTitle" => Role::Title,
        "" | "body" | "obj" => Role::Body,
        "hdr" => Role::Header,
        "ftr" | "dt" => Role::Footer,
        "sldNum" => Role::Number,
        _ => Role::Text,
    }
}

impl Frame {
    fn rect(&self, transform: Transform) -> Option<Rect> {
        let ((x, y), (width, height)) = (self.offset?, self.size?);
        let (x, y) = (x * transform.scale.0 + transform.shift.0, y * transform.scale.1 + transform.shift.1);
        let rect = rect_of(x, y, width * transform.scale.0, height * transform.scale.1);
        [rect.left, rect.top, rect.right, rect.bottom].iter().all(|v| v.is_finite()).then_some(rect)
    }
}

/// What all groups around a shape do to its place.
fn transform(open: &[Open]) -> Transform {
    let mut whole = Transform { scale: (1.0, 1.0), shift: (0.0, 0.0) };
    for group in open.iter().skip(1).filter(|o| o.group) {
        let Frame { offset: Some(at), size: Some(size), child_offset: Some(from), child_size: Some(of) } = group.frame
        else {
            continue;
        };
        let ratio = |outer: f64, inner: f64| if inner == 0.0 { 1.0 } else { outer / inner };
        let own = (ratio(size.0, of.0), ratio(size.1, of.1));
        let shift = (at.0 - from.0 * own.0, at.1 - from.1 * own.1);
        whole = Transform {
            shift: (whole.shift.0 + shift.0 * whole.scale.0, whole.shift.1 + shift.1 * whole.scale.1),
            scale: (whole.scale.0 * own.0, whole.scale.1 * own.1),
        };
    }
    whole
}

fn union(a: Rect, b: Rect) -> Rect {
    Rect {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
    }
}

fn comments(package: &Package<'_>, part: &str) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    let Ok(mut xml) = package.xml(part) else { return Ok(found) };
    let mut in_text = false;
    loop {
        match xml.next() {
            Ok(Some(Token::Start(tag))) => {
                if tag.name() == "cm" {
                    found.push(String::new());
                }
                in_text = matches!(tag.name(), "text" | "t");
            }
            Ok(Some(Token::Text(text))) if in_text => {
                if let Some(comment) = found.last_mut() {
                    comment.push_str(&text);
                }
            }
            Ok(Some(Token::Text(_))) => {}
            Ok(Some(Token::End(..))) => in_text = false,
            Err(error) if error.is_hostile() => return Err(error),
            Ok(None) | Err(_) => return Ok(found),
        }
    }
}
