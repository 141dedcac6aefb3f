//! Shapes of a slide → blocks.

use crate::order::order;
use crate::shape::{Content, Paragraph, Role, Shape};
use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::parser::Output;

/// Emits a slide: its shapes in reading order, then its notes.
pub(crate) fn slide(page: u32, mut shapes: Vec<Shape>, notes: Vec<String>, out: &mut Output) {
    order(&mut shapes);
    let mut titled = false;
    for shape in shapes {
        emit(page, shape, &mut titled, out);
    }
    for text in notes {
        out.emit(Block { places: vec![Place { page, rect: None }], ..Block::new(0, BlockKind::Note, text) });
    }
}

fn emit(page: u32, shape: Shape, titled: &mut bool, out: &mut Output) {
    // An explicit stack: groups may be nested as deep as XML.
    let mut waiting = vec![shape];
    while let Some(shape) = waiting.pop() {
        let places = vec![Place { page, rect: shape.rect }];
        match shape.content {
            Content::Group(inner) => waiting.extend(inner.into_iter().rev()),
            Content::Blocks(blocks) => {
                let mut first = None;
                for block in blocks {
                    let parent = block.parent.and(first);
                    let id = out.emit(Block { places: places.clone(), parent, ..block });
                    first.get_or_insert(id);
                }
            }
            Content::Text(paragraphs) => text(shape.role, shape.rect, paragraphs, places, titled, out),
        }
    }
}

fn text(
    role: Role,
    _rect: Option<Rect>,
    paragraphs: Vec<Paragraph>,
    places: Vec<Place>,
    titled: &mut bool,
    out: &mut Output,
) {
    let filled: Vec<Paragraph> = paragraphs
        .into_iter()
        .map(|p| Paragraph { text: p.text.trim().to_string(), ..p })
        .filter(|p| !p.text.is_empty())
        .collect();
    if filled.is_empty() {
        return;
    }
    let joined = || filled.iter().map(|p| p.text.replace('\n', " ")).collect::<Vec<_>>().join(" ");
    let kind = match role {
        Role::Title => {
            // A second title is a subtitle at most.
            let level = if std::mem::replace(titled, true) { 2 } else { 1 };
            out.emit(Block { places, ..Block::heading(level, joined()) });
            return;
        }
        Role::Header => Some(BlockKind::PageHeader),
        Role::Footer => Some(BlockKind::PageFooter),
        Role::Number => Some(BlockKind::PageNumber),
        Role::Text | Role::Body => None,
    };
    if let Some(kind) = kind {
        out.emit(Block { places, ..Block::new(0, kind, joined()) });
        return;
    }
    let several = filled.len() > 1;
    for paragraph in filled {
        let item = paragraph.bullet.unwrap_or(paragraph.level > 0 || (role == Role::Body && several));
        let (kind, level) = if item { (BlockKind::ListItem, paragraph.level + 1) } else { (BlockKind::Paragraph, 0) };
        out.emit(Block { places: places.clone(), level, ..Block::new(0, kind, paragraph.text) });
    }
}
