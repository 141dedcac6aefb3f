//! Figures: pictures and drawings that stand close together, told from backgrounds, frames and the shading of tables.

use crate::glyph::{Glyph, PageInput, Picture, Rect};

/// Pieces closer than this (points) belong to one figure.
const NEAR: f32 = 7.0;
/// Cells that a page is divided into along its longer side, at most.
const MOST_CELLS: f32 = 400.0;
/// Smallest side of a figure in points; less is an icon or an ornament.
const SMALLEST: f32 = 34.0;
/// A raster over so much of the page is the page's own picture or its background.
const PAGE_WIDE: f32 = 0.6;
/// Characters over a page-wide picture that make it a background.
const TEXT_ON_PAGE: usize = 50;
/// Characters in a row, without a gap, that no label has.
const PROSE: u32 = 35;
/// Share of the area that the characters of prose fill.
const DENSE: f32 = 0.3;

/// A figure of a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) rect: Rect,
    /// Words within belong to it: labels of a drawing.
    pub(crate) takes_text: bool,
}

#[derive(Clone, Default)]
struct Cluster {
    rect: Option<Rect>,
    raster: bool,
    /// Drawn shapes that are no rectangles or straight axis-parallel lines.
    shapes: u32,
    pieces: u32,
}

/// The figures of a page, tables left out, from the largest to the smallest; none contains another.
pub(crate) fn figures(input: &PageInput, tables: &[Rect]) -> Vec<Found> {
    let paper = Rect { left: 0.0, top: 0.0, right: input.width, bottom: input.height };
    let area = (paper.width() * paper.height()).max(1.0);
    let mut found: Vec<Found> = Vec::new();
    let mut pieces: Vec<Picture> = Vec::new();
    for picture in &input.pictures {
        let rect = picture.rect.clamp_to(paper);
        let share = rect.width() * rect.height() / area;
        if share >= PAGE_WIDE {
            // Shapes that large are backgrounds; a raster is what the page shows, unless text stands on it.
            if picture.raster && text_in(&input.glyphs, rect).glyphs < TEXT_ON_PAGE {
                found.push(Found { rect, takes_text: false });
            }
            continue;
        }
        pieces.push(Picture { rect, ..*picture });
    }
    let drawn = pieces.len();
    if drawn > 0 {
        pieces.extend(connectors(input, tables, paper));
    }
    for cluster in clusters(&pieces, drawn, paper) {
        if let Some(figure) = judge(&cluster, input, tables, area) {
            found.push(figure);
        }
    }
    found.sort_by(|a, b| (b.rect.width() * b.rect.height()).total_cmp(&(a.rect.width() * a.rect.height())));
    let mut kept: Vec<Found> = Vec::new();
    for figure in found {
        if kept.len() < 200 && !kept.iter().any(|k| overlap(figure.rect, k.rect) > 0.5) {
            kept.push(figure);
        }
    }
    kept
}

/// Straight lines that may lead from one piece of a drawing to another; those across the page part texts.
fn connectors<'a>(input: &'a PageInput, tables: &'a [Rect], paper: Rect) -> impl Iterator<Item = Picture> + 'a {
    input
        .rules
        .iter()
        .map(move |rule| rule.rect.clamp_to(paper))
        .filter(move |r| r.width() < 0.5 * paper.width() && r.height() < 0.5 * paper.height())
        .filter(|r| !tables.iter().any(|t| t.contains((r.left + r.right) / 2.0, (r.top + r.bottom) / 2.0)))
        .map(|rect| Picture { rect, raster: false, shaped: false })
}

fn judge(cluster: &Cluster, input: &PageInput, tables: &[Rect], area: f32) -> Option<Found> {
    let rect = cluster.rect?;
    let share = rect.width() * rect.height() / area;
    if rect.width() < SMALLEST || rect.height() < SMALLEST || tables.iter().any(|t| overlap(rect, *t) > 0.3) {
        return None;
    }
    let text = text_in(&input.glyphs, rect);
    let density = text.area / (rect.width() * rect.height());
    if density > DENSE || text.prose >= 2 || share > PAGE_WIDE && text.glyphs >= TEXT_ON_PAGE {
        return None;
    }
    if cluster.raster {
        return Some(Found { rect, takes_text: text.glyphs > 0 && cluster.shapes + cluster.pieces > 1 });
    }
    // Rectangles alone are bars of a chart where hardly any text stands on them, and shading where it does.
    let drawing = cluster.shapes >= 2 || cluster.pieces >= 6 && density < 0.08 && text.prose == 0;
    (drawing && cluster.pieces >= 3).then_some(Found { rect, takes_text: true })
}

/// Share of `inner` that lies in `outer`.
pub(crate) fn overlap(inner: Rect, outer: Rect) -> f32 {
    let width = inner.right.min(outer.right) - inner.left.max(outer.left);
    let height = inner.bottom.min(outer.bottom) - inner.top.max(outer.top);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    width * height / (inner.width() * inner.height()).max(0.01)
}

#[derive(Default)]
struct Text {
    glyphs: usize,
    /// Square points.
    area: f32,
    /// Long lines without a gap.
    prose: u32,
}

fn text_in(glyphs: &[Glyph], rect: Rect) -> Text {
    let mut text = Text::default();
    let mut run: Option<(u32, f32, f32)> = None;
    for glyph in glyphs {
        let (x, y) = (glyph.x + glyph.axis[0] * glyph.advance / 2.0, glyph.y - 0.3 * glyph.size * glyph.axis[0]);
        if !rect.contains(x, y) {
            continue;
        }
        if !glyph.text.is_blank() {
            text.glyphs += 1;
            text.area += glyph.advance * glyph.size;
        }
        let end = glyph.x + glyph.advance;
        run = match run {
            Some((count, right, y))
                if (y - glyph.y).abs() < 0.2 * glyph.size
                    && (-0.5..1.2).contains(&((glyph.x - right) / glyph.size)) =>
            {
                text.prose += u32::from(count + 1 == PROSE);
                Some((count + 1, end, y))
            }
            _ => Some((1, end, glyph.y)),
        };
    }
    text
}

/// Groups of pieces that touch or nearly do. The page is looked at in cells, so that the work grows with the number of
/// pieces and not with its square.
/// The first `drawn` pieces make a figure, the others only hold pieces together.
fn clusters(pieces: &[Picture], drawn: usize, paper: Rect) -> Vec<Cluster> {
    let step = (paper.width().max(paper.height()) / MOST_CELLS).max(NEAR / 2.0);
    let columns = (paper.width() / step) as usize + 2;
    let rows = (paper.height() / step) as usize + 2;
    // A sheet that is a hair wide and a mile long has as many cells as any other.
    if pieces.is_empty() || columns * rows > 400_000 {
        return Vec::new();
    }
    let cells = |rect: Rect| {
        let at = |v: f32, most: usize| ((v / step).max(0.0) as usize).min(most - 1);
        let reach = NEAR / 2.0;
        (
            at(rect.left - reach, columns)..at(rect.right + reach, columns) + 1,
            at(rect.top - reach, rows)..at(rect.bottom + reach, rows) + 1,
        )
    };
    let mut covered = vec![0i32; (columns + 1) * (rows + 1)];
    let width = columns + 1;
    let mut change = |column: usize, row: usize, by: i32| {
        if let Some(cell) = covered.get_mut(row * width + column) {
            *cell += by;
        }
    };
    for piece in pieces {
        let (across, down) = cells(piece.rect);
        change(across.start, down.start, 1);
        change(across.end, down.start, -1);
        change(across.start, down.end, -1);
        change(across.end, down.end, 1);
    }
    for at in 0..covered.len() {
        let (left, above) = (at % width > 0, at >= width);
        let sum = if left { covered[at - 1] } else { 0 } + if above { covered[at - width] } else { 0 }
            - if left && above { covered[at - width - 1] } else { 0 };
        covered[at] += sum;
    }
    let mut label = vec![0u32; covered.len()];
    let mut labels = 0u32;
    let mut todo: Vec<usize> = Vec::new();
    for start in 0..covered.len() {
        if covered[start] <= 0 || label[start] != 0 {
            continue;
        }
        labels += 1;
        label[start] = labels;
        todo.push(start);
        while let Some(at) = todo.pop() {
            let (column, row) = (at % width, at / width);
            let neighbours = [
                (column > 0).then(|| at - 1),
                (column + 1 < width).then_some(at + 1),
                (row > 0).then(|| at - width),
                (at + width < covered.len()).then_some(at + width),
            ];
            for next in neighbours.into_iter().flatten() {
                if covered[next] > 0 && label[next] == 0 {
                    label[next] = labels;
                    todo.push(next);
                }
            }
        }
    }
    let mut found = vec![Cluster::default(); labels as usize];
    for (n, piece) in pieces.iter().enumerate() {
        let (across, down) = cells(piece.rect);
        let number = label.get(down.start * width + across.start).copied().unwrap_or(0);
        let Some(cluster) = (number as usize).checked_sub(1).and_then(|n| found.get_mut(n)) else { continue };
        cluster.rect = Some(cluster.rect.unwrap_or(Rect::EMPTY).union(piece.rect));
        cluster.raster |= piece.raster && piece.rect.width() >= SMALLEST / 2.0 && piece.rect.height() >= SMALLEST / 2.0;
        cluster.shapes += u32::from(piece.shaped);
        cluster.pieces += u32::from(n < drawn);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glyph::GlyphText;

    fn piece(left: f32, top: f32, right: f32, bottom: f32) -> Picture {
        Picture { rect: Rect { left, top, right, bottom }, raster: false, shaped: true }
    }

    fn page(pictures: Vec<Picture>) -> PageInput {
        PageInput { number: 1, width: 600.0, height: 800.0, pictures, ..PageInput::default() }
    }

    fn prose(input: &mut PageInput, top: f32) {
        for line in 0..6 {
            for i in 0..60 {
                input.glyphs.push(Glyph {
                    text: GlyphText::Char('e'),
                    x: 105.0 + 5.0 * i as f32,
                    y: top + 12.0 * (line + 1) as f32,
                    axis: [1.0, 0.0],
                    advance: 5.0,
                    size: 10.0,
                    face: 0,
                    artifact: false,
                });
            }
        }
    }

    #[test]
    fn near_pieces_are_one_figure_and_far_ones_two() {
        let a: Vec<Picture> =
            (0..4).map(|i| piece(100.0 + 20.0 * i as f32, 100.0, 116.0 + 20.0 * i as f32, 160.0)).collect();
        let b: Vec<Picture> =
            (0..4).map(|i| piece(100.0 + 20.0 * i as f32, 400.0, 116.0 + 20.0 * i as f32, 480.0)).collect();
        let found = figures(&page([a, b].concat()), &[]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].rect, Rect { left: 100.0, top: 400.0, right: 176.0, bottom: 480.0 });
    }

    #[test]
    fn a_frame_around_prose_and_a_table_are_none() {
        let frame = vec![
            piece(100.0, 100.0, 420.0, 180.0),
            piece(100.0, 100.0, 420.0, 104.0),
            piece(100.0, 176.0, 420.0, 180.0),
        ];
        let mut input = page(frame.clone());
        assert_eq!(figures(&input, &[]).len(), 1);
        assert!(figures(&input, &[Rect { left: 90.0, top: 90.0, right: 430.0, bottom: 190.0 }]).is_empty());
        prose(&mut input, 100.0);
        assert!(figures(&input, &[]).is_empty());
    }

    #[test]
    fn a_page_wide_picture_is_a_figure_unless_text_stands_on_it() {
        let whole =
            Picture { rect: Rect { left: 0.0, top: 0.0, right: 600.0, bottom: 800.0 }, raster: true, shaped: false };
        let mut input = page(vec![whole]);
        assert_eq!(figures(&input, &[]).len(), 1);
        prose(&mut input, 100.0);
        assert!(figures(&input, &[]).is_empty());
    }
}
