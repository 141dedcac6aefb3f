//! Reading order: regions that are read from top to bottom, found by cutting the page along gutters.
//!
//! A recursive XY-cut in the sense of Nagy and Seth (1984), with one change: a gutter need not be empty over the
//! whole page. Lines that cross it (titles, wide figures) cut the page into bands, and each band is judged on its own.
//! What tells text columns from the columns of a table is how full the lines are and, as a second witness, whether the
//! producer drew one side after the other; the drawing order alone decides nothing.

use crate::glyph::Rect;
use crate::segment::median;

/// Something with a place: a segment of text, or a table that is read as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) rect: Rect,
    pub(crate) baseline: f32,
    pub(crate) size: f32,
    /// Place in drawing order.
    pub(crate) sequence: u32,
    /// A block by itself, never part of a row.
    pub(crate) solid: bool,
    /// More digits than letters.
    pub(crate) numeric: bool,
}

/// A part of the page that is read from top to bottom, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    /// Rows from top to bottom; items from left to right, as indices.
    pub(crate) rows: Vec<Vec<usize>>,
    /// The column it stands in: the region that was cut into columns, cut to this column.
    pub(crate) bounds: Rect,
}

/// Narrowest gutter in em.
const GUTTER: f32 = 0.7;
/// Narrowest text column in em.
const COLUMN: f32 = 7.0;
/// Nested cuts; real pages need three.
const DEPTH: usize = 8;

/// Regions in reading order; every item is in exactly one. `rtl` reads columns from right to left.
pub(crate) fn regions(items: &[Item], rtl: bool) -> Vec<Region> {
    let mut found = Vec::new();
    let all: Vec<usize> = (0..items.len()).collect();
    if !all.is_empty() {
        Cutter { items, rtl }.cut(all, DEPTH, &mut found);
    }
    found
}

/// Rows from top to bottom without looking for columns.
pub(crate) fn rows(items: &[Item]) -> Vec<Vec<usize>> {
    Cutter { items, rtl: false }.rows((0..items.len()).collect())
}

struct Cutter<'a> {
    items: &'a [Item],
    rtl: bool,
}

/// Consecutive rows that either stand beside a gutter or reach over it.
struct Band {
    rows: std::ops::Range<usize>,
    columns: bool,
}

impl Cutter<'_> {
    fn item(&self, index: usize) -> &Item {
        &self.items[index]
    }

    fn cut(&self, which: Vec<usize>, depth: usize, found: &mut Vec<Region>) {
        let rows = self.rows(which);
        let best = if depth == 0 || rows.len() < 2 {
            None
        } else {
            self.gutters(&rows)
                .into_iter()
                .map(|at| (at, self.bands(&rows, at)))
                .map(|(at, (bands, score))| (at, bands, score))
                .filter(|(_, _, score)| *score > 0.0)
                .max_by(|a, b| a.2.total_cmp(&b.2).then(b.1.len().cmp(&a.1.len())))
        };
        let Some((at, bands, _)) = best else {
            let bounds = self.bounds(rows.iter().flatten());
            found.push(Region { rows, bounds });
            return;
        };
        let single = bands.len() == 1;
        for band in bands {
            let members = rows.get(band.rows).unwrap_or_default().iter().flatten().copied();
            if band.columns {
                let (left, right): (Vec<usize>, Vec<usize>) = members.partition(|i| centre(self.item(*i)) < at);
                let (first, second) = if self.rtl { (right, left) } else { (left, right) };
                self.cut(first, depth - 1, found);
                self.cut(second, depth - 1, found);
            } else {
                self.cut(members.collect(), if single { 0 } else { depth - 1 }, found);
            }
        }
    }

    fn bounds<'i>(&self, which: impl Iterator<Item = &'i usize>) -> Rect {
        which.map(|i| self.item(*i).rect).fold(Rect::EMPTY, Rect::union)
    }

    /// Items on the same height, from top to bottom and left to right.
    fn rows(&self, mut which: Vec<usize>) -> Vec<Vec<usize>> {
        which.sort_by(|a, b| {
            let (a, b) = (self.item(*a), self.item(*b));
            a.baseline.total_cmp(&b.baseline).then(a.rect.left.total_cmp(&b.rect.left))
        });
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let (mut baseline, mut size, mut solid) = (f32::NEG_INFINITY, 0.0f32, true);
        for index in which {
            let item = self.item(index);
            let near = item.baseline - baseline <= 0.35 * size.min(item.size * 1.2);
            match rows.last_mut() {
                Some(row) if near && !solid && !item.solid => row.push(index),
                _ => {
                    rows.push(vec![index]);
                    (baseline, size, solid) = (item.baseline, item.size, item.solid);
                }
            }
        }
        for row in &mut rows {
            row.sort_by(|a, b| self.item(*a).rect.left.total_cmp(&self.item(*b).rect.left));
        }
        rows
    }

    /// Places where few items cross a vertical line.
    fn gutters(&self, rows: &[Vec<usize>]) -> Vec<f32> {
        const BUCKETS: usize = 800;
        let bounds = self.bounds(rows.iter().flatten());
        let mut sizes: Vec<f32> = rows.iter().flatten().map(|i| self.item(*i).size).collect();
        let em = median(&mut sizes).unwrap_or(10.0);
        if bounds.width() < 2.0 * COLUMN * em {
            return Vec::new();
        }
        let step = (bounds.width() / BUCKETS as f32).max(0.5);
        let buckets = (bounds.width() / step) as usize + 2;
        let mut crossing = vec![0i32; buckets + 1];
        for item in rows.iter().flatten().map(|i| self.item(*i)) {
            let from = ((item.rect.left - bounds.left) / step) as usize;
            let to = ((item.rect.right - bounds.left) / step) as usize;
            crossing[from.min(buckets - 1)] += 1;
            crossing[(to + 1).min(buckets)] -= 1;
        }
        let mut sum = 0;
        for c in &mut crossing {
            sum += *c;
            *c = sum;
        }
        let most = rows.len() as f32;
        let mut levels: Vec<i32> =
            [0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5].iter().map(|share| (share * most) as i32).collect();
        levels.dedup();
        let inner = (buckets / 20)..(buckets - buckets / 20);
        let mut found: Vec<f32> = Vec::new();
        for level in levels {
            let mut start = None;
            for at in inner.clone().chain(std::iter::once(usize::MAX)) {
                let low = crossing.get(at).is_some_and(|c| *c <= level) && at < inner.end;
                match (low, start) {
                    (true, None) => start = Some(at),
                    (false, Some(from)) => {
                        let to = at.min(inner.end);
                        if (to - from) as f32 * step >= GUTTER * em {
                            let middle = bounds.left + (from + to) as f32 / 2.0 * step;
                            if found.iter().all(|f| (f - middle).abs() > 0.5 * em) {
                                found.push(middle);
                            }
                        }
                        start = None;
                    }
                    _ => {}
                }
            }
            if found.len() >= 12 {
                break;
            }
        }
        found
    }

    /// Bands for a gutter at `at`, and how good it is: how many lines would stand beside another column, and how far
    /// from it.
    fn bands(&self, rows: &[Vec<usize>], at: f32) -> (Vec<Band>, f32) {
        let crosses = |row: &Vec<usize>| {
            row.iter().any(|i| {
                let r = self.item(*i).rect;
                r.left < at && r.right > at
            })
        };
        let mut bands: Vec<Band> = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            let columns = !crosses(row);
            match bands.last_mut() {
                Some(band) if band.columns == columns => band.rows.end = n + 1,
                _ => bands.push(Band { rows: n..n + 1, columns }),
            }
        }
        let mut score = 0.0;
        for band in &mut bands {
            if band.columns {
                let lines = self.side_by_side(rows.get(band.rows.clone()).unwrap_or_default(), at);
                band.columns = lines > 0.0;
                score += lines;
            }
        }
        // Bands that turned out to be no columns go to their neighbours.
        let mut merged: Vec<Band> = Vec::new();
        for band in bands {
            match merged.last_mut() {
                Some(last) if !last.columns && !band.columns => last.rows.end = band.rows.end,
                _ => merged.push(band),
            }
        }
        (merged, score)
    }

    /// Lines on the shorter side if both sides look like columns of text, else 0; a little more for a wide gutter, so
    /// that the gutter wins over the gap behind the numbers of a list.
    fn side_by_side(&self, rows: &[Vec<usize>], at: f32) -> f32 {
        let mut sides = [Side::default(), Side::default()];
        let mut sequence: Vec<(u32, bool)> = Vec::new();
        let mut paired = 0;
        for row in rows {
            let mut both = 0;
            for (right, side) in sides.iter_mut().enumerate() {
                let members = row.iter().map(|i| self.item(*i)).filter(|item| usize::from(centre(item) >= at) == right);
                let (mut rect, mut ink) = (Rect::EMPTY, 0.0);
                for item in members {
                    rect = rect.union(item.rect);
                    ink += item.rect.width();
                    side.sizes.push(item.size);
                    side.numeric += usize::from(item.numeric);
                    sequence.push((item.sequence, right == 1));
                }
                if rect.right > rect.left {
                    side.rect = side.rect.union(rect);
                    side.inks.push(ink);
                    both += 1;
                }
            }
            paired += usize::from(both == 2);
        }
        let [left, right] = &mut sides;
        let (fewer, more) = (left.inks.len().min(right.inks.len()), left.inks.len().max(right.inks.len()));
        // Figures beside anything are a table, whatever the order they were drawn in.
        if fewer == 0 || (fewer >= 2 && (left.is_numeric() || right.is_numeric())) {
            return 0.0;
        }
        sequence.sort_unstable();
        let switches = sequence.windows(2).filter(|w| w[0].1 != w[1].1).count();
        let apart = switches <= 2.max(fewer / 4);
        let (l, r) = (left.shape(), right.shape());
        let narrow = l.width.min(r.width);
        let wide = l.width.max(r.width);
        let full = l.full.min(r.full);
        let gutter = right.rect.left - left.rect.right;
        let level = paired as f32 / fewer as f32;
        let columns = if apart {
            // A producer that drew one side after the other knows its columns; only labels beside lines are left out.
            (fewer >= 3 && narrow >= 4.0 && (full >= 0.5 || level < 0.5 || (full >= 0.3 && level < 0.8)))
                || (fewer >= 1 && more >= 6 && narrow >= COLUMN && (l.full >= 0.5 || r.full >= 0.5) && level < 0.9)
                || (fewer == 2 && narrow >= COLUMN && full >= 0.5)
                || (fewer >= 1 && more >= 6 && narrow >= COLUMN && left.full_when_long(right))
        } else {
            let set = full >= 0.55 && wide <= 1.8 * narrow && narrow >= COLUMN && gutter >= 0.0;
            (set && fewer >= 4) || (full >= 0.75 && narrow >= 12.0 && fewer >= 3 && wide <= 1.8 * narrow)
        };
        let em = median(&mut left.sizes).unwrap_or(10.0);
        if columns { fewer as f32 * (1.0 + 0.2 * (gutter / em).clamp(0.0, 3.0)) } else { 0.0 }
    }
}

struct Side {
    rect: Rect,
    /// For each line the width of what is printed, gaps left out: a row of cells is not a full line.
    inks: Vec<f32>,
    sizes: Vec<f32>,
    numeric: usize,
}

impl Default for Side {
    fn default() -> Self {
        Side { rect: Rect::EMPTY, inks: Vec::new(), sizes: Vec::new(), numeric: 0 }
    }
}

struct Shape {
    /// Em.
    width: f32,
    /// Share of lines that fill most of the width.
    full: f32,
}

impl Side {
    fn is_numeric(&self) -> bool {
        self.numeric * 2 > self.sizes.len()
    }

    fn shape(&mut self) -> Shape {
        let em = median(&mut self.sizes).unwrap_or(10.0);
        Shape { width: self.rect.width() / em, full: self.full() }
    }

    /// Share of lines that fill most of the width.
    fn full(&self) -> f32 {
        let width = self.rect.width();
        self.inks.iter().filter(|ink| **ink >= 0.7 * width).count() as f32 / self.inks.len().max(1) as f32
    }

    /// The last page of a set of columns: one side long and full, the other a few lines.
    fn full_when_long(&self, other: &Side) -> bool {
        let long = if self.inks.len() >= other.inks.len() { self } else { other };
        long.full() >= 0.5
    }
}

fn centre(item: &Item) -> f32 {
    (item.rect.left + item.rect.right) / 2.0
}
