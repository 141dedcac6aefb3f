//! The shapes of a slide and their texts.

use super::records::{Record, children, u16_at, u32_at};
use crate::shape::{Content, Paragraph, Role, Shape};
use mortise_sdk::document::Rect;

/// Units of a point: a slide is measured in 576ths of an inch.
const UNITS: f32 = 8.0;
/// Records within records at most.
const DEEPEST: usize = 64;

/// A text and what it is for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    kind: u32,
    text: String,
}

/// Adds what a record says of a text: its kind begins one, its characters follow.
pub(crate) fn collect(record: &Record<'_>, texts: &mut Vec<Text>) {
    match record.kind {
        // TextHeaderAtom
        0x0F9F => texts.push(Text { kind: u32_at(record.data, 0), text: String::new() }),
        // TextCharsAtom
        0x0FA0 => {
            let units: Vec<u16> = record.data.chunks_exact(2).map(|b| u16_at(b, 0)).collect();
            add(texts, &String::from_utf16_lossy(&units));
        }
        // TextBytesAtom: the lower halves of UTF-16.
        0x0FA8 => add(texts, &record.data.iter().map(|b| char::from(*b)).collect::<String>()),
        _ => {}
    }
}

fn add(texts: &mut Vec<Text>, text: &str) {
    if texts.is_empty() {
        texts.push(Text { kind: 4, text: String::new() });
    }
    if let Some(last) = texts.last_mut() {
        last.text.push_str(text);
    }
}

impl Text {
    fn role(&self) -> Role {
        match self.kind {
            0 | 6 => Role::Title,
            1 | 5 | 7 | 8 => Role::Body,
            _ => Role::Text,
        }
    }

    fn paragraphs(&self) -> Vec<Paragraph> {
        let clean = |line: &str| -> String {
            let soft = line.chars().map(|c| if c == '\u{B}' { '\n' } else { c });
            soft.filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
        };
        self.text.split('\r').map(|line| Paragraph { text: clean(line), ..Paragraph::default() }).collect()
    }
}

/// The shapes of a slide. Its titles and bodies may stand in the outline instead of the shape; texts of the outline that
/// no shape shows come first, so that nothing is lost with a damaged slide.
pub(crate) fn shapes(slide: Option<&Record<'_>>, outline: &[Text]) -> Vec<Shape> {
    let mut found = Vec::new();
    let mut shown = vec![false; outline.len()];
    if let Some(slide) = slide {
        for drawing in children(slide.data).filter(|r| r.kind == 0x040C) {
            walk(drawing.data, outline, &mut shown, &mut found, 0);
        }
    }
    let lost = outline.iter().zip(&shown).filter(|(_, shown)| !**shown).map(|(text, _)| shape(text, None));
    let mut all: Vec<Shape> = lost.collect();
    all.append(&mut found);
    all
}

fn shape(text: &Text, rect: Option<Rect>) -> Shape {
    Shape { rect, role: text.role(), content: Content::Text(text.paragraphs()) }
}

fn walk(data: &[u8], outline: &[Text], shown: &mut [bool], found: &mut Vec<Shape>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    for record in children(data) {
        match record.kind {
            // A shape.
            0xF004 => one(&record, outline, shown, found),
            // A group: its first shape is the group itself.
            0xF003 => {
                let mut inner = Vec::new();
                walk(record.data, outline, shown, &mut inner, depth + 1);
                // The outermost group is the slide.
                if depth <= 1 {
                    found.append(&mut inner);
                } else if !inner.is_empty() {
                    let rect = children(record.data).find(|r| r.kind == 0xF004).and_then(|r| anchor(&r));
                    found.push(Shape { rect, role: Role::Text, content: Content::Group(inner) });
                }
            }
            _ if record.container => walk(record.data, outline, shown, found, depth + 1),
            _ => {}
        }
    }
}

fn one(shape_record: &Record<'_>, outline: &[Text], shown: &mut [bool], found: &mut Vec<Shape>) {
    let rect = anchor(shape_record);
    for text_box in children(shape_record.data).filter(|r| r.kind == 0xF00D) {
        let mut texts = Vec::new();
        for record in children(text_box.data) {
            // OutlineTextRefAtom
            if record.kind == 0x0F9E {
                let index = u32_at(record.data, 0) as usize;
                if let (Some(text), Some(shown)) = (outline.get(index), shown.get_mut(index)) {
                    *shown = true;
                    texts.push(text.clone());
                }
            } else {
                collect(&record, &mut texts);
            }
        }
        found.extend(texts.iter().filter(|t| !t.text.trim().is_empty()).map(|t| shape(t, rect)));
    }
}

/// The place of a shape on the slide; shapes in groups have the group's coordinates, which need not be those of the slide.
fn anchor(shape: &Record<'_>) -> Option<Rect> {
    let found = children(shape.data).find(|r| matches!(r.kind, 0xF010 | 0xF00F))?;
    let short = |i: usize| f32::from(u16_at(found.data, i * 2) as i16) / UNITS;
    let long = |i: usize| (u32_at(found.data, i * 4) as i32) as f32 / UNITS;
    let (left, top, right, bottom) = match (found.kind, found.data.len()) {
        (0xF010, 8) => (short(1), short(0), short(2), short(3)),
        (0xF010, 16..) => (long(1), long(0), long(2), long(3)),
        (0xF00F, 16..) => (long(0), long(1), long(2), long(3)),
        _ => return None,
    };
    Some(Rect { left: left.min(right), top: top.min(bottom), right: right.max(left), bottom: bottom.max(top) })
}

/// The speaker's notes on a notes page.
pub(crate) fn notes(page: &Record<'_>, outline: &[Text]) -> Vec<String> {
    let mut texts: Vec<Text> = outline.to_vec();
    gather(page.data, &mut texts, 0);
    let notes = texts.iter().filter(|t| t.kind == 2).map(|t| {
        let lines = t.paragraphs().into_iter().map(|p| p.text.trim().to_string()).filter(|l| !l.is_empty());
        lines.collect::<Vec<_>>().join("\n")
    });
    notes.filter(|n| !n.is_empty()).collect()
}

fn gather(data: &[u8], texts: &mut Vec<Text>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    for record in children(data) {
        // Text boxes are containers in all but name.
        if record.container || record.kind == 0xF00D {
            gather(record.data, texts, depth + 1);
        } else {
            collect(&record, texts);
        }
    }
}
