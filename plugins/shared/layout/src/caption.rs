//! Captions: which figure or table they tell of.

use crate::document::{Block, Kind};
use crate::glyph::Rect;
use crate::marker::is_table_caption;

/// Blocks looked at before and after a caption.
const NEAR: usize = 4;
/// Farthest distance in points.
const FARTHEST: f32 = 90.0;

/// Gives every caption the figure or table it stands beside. A caption belongs to what its first word says, as long
/// as there is such a thing near.
pub(crate) fn assign(blocks: &mut [Block]) {
    let mut owners: Vec<(usize, usize)> = Vec::new();
    for (at, caption) in blocks.iter().enumerate().filter(|(_, b)| b.kind == Kind::Caption) {
        let of_table = is_table_caption(&caption.text);
        let Some(place) = caption.places.first() else { continue };
        let near = at.saturating_sub(NEAR)..(at + NEAR + 1).min(blocks.len());
        let owner = blocks
            .get(near.clone())
            .unwrap_or_default()
            .iter()
            .zip(near)
            .filter(|(b, _)| matches!(b.kind, Kind::Figure | Kind::Table))
            .filter_map(|(block, i)| {
                let rect = block.places.iter().filter(|p| p.page == place.page).map(|p| p.rect).next()?;
                let distance = distance(place.rect, rect);
                let wanted = of_table == (block.kind == Kind::Table);
                (distance <= FARTHEST).then_some((i, wanted, distance))
            })
            .min_by(|a, b| b.1.cmp(&a.1).then(a.2.total_cmp(&b.2)));
        owners.extend(owner.map(|(i, ..)| (at, i)));
    }
    for (caption, owner) in owners {
        if let Some(block) = blocks.get_mut(caption) {
            block.parent = Some(owner);
        }
    }
}

/// Between the nearest edges.
fn distance(a: Rect, b: Rect) -> f32 {
    let apart = |a: (f32, f32), b: (f32, f32)| (b.0 - a.1).max(a.0 - b.1).max(0.0);
    apart((a.left, a.right), (b.left, b.right)).hypot(apart((a.top, a.bottom), (b.top, b.bottom)))
}
