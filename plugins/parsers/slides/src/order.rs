//! Reading order: the title, then rows from the top, each from the left. A group is read as one, and inside in the same
//! way.

use crate::shape::{Content, Role, Shape};
use mortise_sdk::document::Rect;

/// Groups within groups at most; what is deeper stays as it stands.
const DEEPEST: usize = 100;

/// Puts the shapes of a slide into the order in which they are read. Shapes without a place come where the file has them:
/// after the one before.
pub(crate) fn order(shapes: &mut Vec<Shape>) {
    sort(shapes, 0);
}

fn sort(shapes: &mut Vec<Shape>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    for shape in shapes.iter_mut() {
        if let Content::Group(inner) = &mut shape.content {
            sort(inner, depth + 1);
        }
    }
    let rank = |shape: &Shape| match shape.role {
        Role::Title => 0,
        Role::Header => 1,
        Role::Text | Role::Body => 2,
        Role::Footer | Role::Number => 3,
    };
    // A shape without a place stands with the one before it.
    let mut last: Option<Rect> = None;
    let mut placed: Vec<(Option<Rect>, Shape)> = std::mem::take(shapes)
        .into_iter()
        .map(|shape| {
            last = shape.rect.or(last);
            (last, shape)
        })
        .collect();
    placed.sort_by(|a, b| rank(&a.1).cmp(&rank(&b.1)).then(top(a.0).total_cmp(&top(b.0))));
    // Rows: what overlaps the first shape of a row by half of the lower one.
    let mut rest = placed.as_mut_slice();
    while let Some((first, _)) = rest.first() {
        let (first, kind) = (*first, rank(&rest[0].1));
        let count =
            rest.iter().take_while(|(rect, shape)| rank(shape) == kind && same_row(first, *rect)).count().max(1);
        let (row, after) = rest.split_at_mut(count);
        row.sort_by(|a, b| left(a.0).total_cmp(&left(b.0)));
        rest = after;
    }
    shapes.extend(placed.into_iter().map(|(_, shape)| shape));
}

fn top(rect: Option<Rect>) -> f32 {
    rect.map_or(0.0, |r| r.top)
}

fn left(rect: Option<Rect>) -> f32 {
    rect.map_or(0.0, |r| r.left)
}

fn same_row(first: Option<Rect>, other: Option<Rect>) -> bool {
    let (Some(a), Some(b)) = (first, other) else { return first.is_none() == other.is_none() };
    let overlap = a.bottom.min(b.bottom) - a.top.max(b.top);
    let lower = (a.bottom - a.top).min(b.bottom - b.top);
    overlap > 0.0 && overlap >= lower * 0.5 || (a.top - b.top).abs() < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Paragraph;

    fn shape(text: &str, role: Role, place: Option<(f32, f32, f32, f32)>) -> Shape {
        let rect = place.map(|(left, top, right, bottom)| Rect { left, top, right, bottom });
        Shape { rect, role, content: Content::Text(vec![Paragraph { text: text.into(), ..Paragraph::default() }]) }
    }

    fn read(shapes: Vec<Shape>) -> Vec<String> {
        let mut shapes = shapes;
        order(&mut shapes);
        let text = |s: &Shape| match &s.content {
            Content::Text(p) => p[0].text.clone(),
            Content::Group(inner) => {
                inner.iter().map(|s| if let Content::Text(p) = &s.content { p[0].text.as_str() } else { "" }).collect()
            }
            Content::Blocks(_) => String::new(),
        };
        shapes.iter().map(text).collect()
    }

    #[test]
    fn titles_then_rows() {
        let shapes = vec![
            shape("footer", Role::Footer, Some((0.0, 0.0, 1.0, 1.0))),
            shape("d", Role::Text, Some((0.0, 200.0, 50.0, 220.0))),
            shape("b", Role::Text, Some((100.0, 98.0, 150.0, 120.0))),
            shape("a", Role::Text, Some((0.0, 100.0, 50.0, 120.0))),
            shape("after a", Role::Text, None),
            shape("title", Role::Title, Some((0.0, 300.0, 50.0, 320.0))),
        ];
        assert_eq!(read(shapes), ["title", "a", "after a", "b", "d", "footer"]);
    }

    #[test]
    fn groups_stay_together() {
        let inner = vec![
            shape("2", Role::Text, Some((0.0, 130.0, 50.0, 150.0))),
            shape("1", Role::Text, Some((0.0, 90.0, 50.0, 110.0))),
        ];
        let group = Shape {
            rect: Some(Rect { left: 0.0, top: 90.0, right: 50.0, bottom: 150.0 }),
            role: Role::Text,
            content: Content::Group(inner),
        };
        let shapes = vec![shape("right", Role::Text, Some((100.0, 100.0, 150.0, 120.0))), group];
        assert_eq!(read(shapes), ["12", "right"]);
    }
}
