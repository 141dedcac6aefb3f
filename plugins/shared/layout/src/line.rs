//! Rows of segments → lines of text with their look.

use crate::compose::{Composed, Composer};
use crate::glyph::Rect;
use crate::script::is_rtl;
use crate::segment::Segment;
use serde::{Deserialize, Serialize};

/// A line of text in its frame.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// In the frame's coordinates.
    pub(crate) rect: Rect,
    pub(crate) baseline: f32,
    pub(crate) size: f32,
    pub(crate) look: Look,
    /// Stretches set apart by wide gaps, from left to right; at least one.
    pub(crate) cells: Vec<Stretch>,
    /// Visible characters.
    pub(crate) count: u32,
}

/// Part of a line.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(crate) text: String,
    pub(crate) rect: Rect,
}

/// How (most of) a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) monospace: bool,
    pub(crate) artifact: bool,
}

/// Gap in em that sets two stretches of a line apart.
pub(crate) const APART: f32 = 1.0;

/// The line made of segments sorted from left to right; `None` if nothing of it is visible.
pub(crate) fn line(composer: &Composer<'_>, row: &[&Segment]) -> Option<Line> {
    let size = row.iter().map(|s| s.size).fold(0.0, f32::max);
    let main = row.iter().max_by(|a, b| a.rect.width().total_cmp(&b.rect.width()))?;
    let (size, baseline) = if main.size > 0.6 * size { (main.size, main.baseline) } else { (size, main.baseline) };
    let mut groups: Vec<(Rect, Vec<&Segment>)> = Vec::new();
    for segment in row {
        match groups.last_mut() {
            Some((rect, group)) if segment.rect.left - rect.right < APART * size => {
                *rect = rect.union(segment.rect);
                group.push(segment);
            }
            _ => groups.push((segment.rect, vec![segment])),
        }
    }
    let mut cells = Vec::with_capacity(groups.len());
    let mut sum = Composed::default();
    let mut rect = Rect::EMPTY;
    for (place, group) in groups {
        let composed = composer.compose(in_order(composer, &group).into_iter());
        if composed.text.is_empty() {
            continue;
        }
        rect = rect.union(place);
        sum.count += composed.count;
        sum.bold += composed.bold;
        sum.italic += composed.italic;
        sum.monospace += composed.monospace;
        sum.artifact += composed.artifact;
        cells.push(Stretch { text: composed.text, rect: place });
    }
    let text = match cells.as_slice() {
        [] => return None,
        [only] => only.text.clone(),
        several => {
            let rtl = several.iter().filter(|c| is_rtl_text(&c.text)).count() * 2 > several.len();
            let mut texts: Vec<&str> = several.iter().map(|c| c.text.as_str()).collect();
            if rtl {
                texts.reverse();
            }
            texts.join(" ")
        }
    };
    let most = |n: u32| n * 5 >= sum.count * 4;
    let look = Look {
        bold: most(sum.bold),
        italic: most(sum.italic),
        monospace: most(sum.monospace),
        artifact: most(sum.artifact),
    };
    Some(Line { text, rect, baseline, size, look, cells, count: sum.count })
}

fn in_order(composer: &Composer<'_>, group: &[&Segment]) -> Vec<u32> {
    let mut glyphs: Vec<u32> = group.iter().flat_map(|s| s.glyphs.iter().copied()).collect();
    if group.len() > 1 {
        let left = |i: &u32| composer.placed.get(*i as usize).map_or(0.0, |g| g.left);
        glyphs.sort_by(|a, b| left(a).total_cmp(&left(b)));
    }
    glyphs
}

/// True if the text reads from right to left.
pub(crate) fn is_rtl_text(text: &str) -> bool {
    let (mut rtl, mut letters) = (0, 0);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        rtl += usize::from(is_rtl(c));
    }
    rtl * 2 > letters
}
