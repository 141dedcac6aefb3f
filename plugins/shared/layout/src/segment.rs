//! Glyphs → segments: stretches of one line without a gap that could be more than a word space.
//!
//! Segments are deliberately short. Whether two of them on the same height belong to one line or to two columns is
//! decided later, when the columns are known; a segment must never reach over a gutter.

use crate::frame::{ASCENT, DESCENT, Placed};
use crate::glyph::Rect;

/// A stretch of one line.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Indices into the frame's glyphs, from left to right, blanks included.
    pub(crate) glyphs: Vec<u32>,
    /// Around the visible glyphs.
    pub(crate) rect: Rect,
    pub(crate) baseline: f32,
    /// Em of the largest glyphs that make up a good part of it.
    pub(crate) size: f32,
    /// Place of its first glyph in drawing order.
    pub(crate) sequence: u32,
}

/// Gap, in em, over which two stretches on one baseline are no longer joined at once. Gutters are rarely below 1 em,
/// word spaces in set text rarely above 0.5.
const JOIN: f32 = 0.55;
/// Gap, in em, over which a raised or lowered smaller glyph no longer counts as script of its neighbour.
const SCRIPT_JOIN: f32 = 0.3;
/// Neighbours looked at per stretch and row; more can only come from text drawn over itself.
const MOST_NEIGHBOURS: usize = 48;
/// Neighbours looked at on a whole page; beyond, every stretch gets fewer.
const EFFORT: usize = 2_000_000;

struct Run {
    first: usize,
    last: usize,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
}

/// Segments of the given glyphs (indices into `placed`, in drawing order).
pub(crate) fn segments(placed: &[Placed], which: &[u32]) -> Vec<Segment> {
    let runs = runs(placed, which);
    let mut groups = Groups::new(runs.len());
    join_neighbours(&runs, &mut groups);
    let mut by_root: Vec<Vec<usize>> = vec![Vec::new(); runs.len()];
    for run in 0..runs.len() {
        let root = groups.root(run);
        if let Some(members) = by_root.get_mut(root) {
            members.push(run);
        }
    }
    by_root.iter().filter(|m| !m.is_empty()).filter_map(|members| segment(placed, which, &runs, members)).collect()
}

/// Glyphs drawn one after the other on one baseline.
fn runs(placed: &[Placed], which: &[u32]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, index) in which.iter().enumerate() {
        let Some(g) = placed.get(*index as usize) else { continue };
        if let Some(run) = runs.last_mut() {
            let em = run.size.max(g.size);
            let gap = g.left - run.right;
            if (g.baseline - run.baseline).abs() <= 0.1 * em
                && (0.8..1.25).contains(&(g.size / run.size))
                && gap > -0.35 * em
                && gap < JOIN * em
                && run.last + 1 == at
            {
                run.last = at;
                run.right = run.right.max(g.right);
                continue;
            }
        }
        runs.push(Run { first: at, last: at, left: g.left, right: g.right, baseline: g.baseline, size: g.size });
    }
    runs
}

fn join_neighbours(runs: &[Run], groups: &mut Groups) {
    let mut sizes: Vec<f32> = runs.iter().map(|r| r.size).collect();
    let Some(em) = median(&mut sizes) else { return };
    let (top, bottom) =
        runs.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(t, b), r| (t.min(r.baseline), b.max(r.baseline)));
    // Bounded in number whatever the page claims to be.
    let step = em.max((bottom - top) / 4096.0).max(0.1);
    let row_of = |v: f32| ((v - top) / step) as usize;
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); row_of(bottom) + 1];
    for (i, run) in runs.iter().enumerate() {
        if let Some(row) = rows.get_mut(row_of(run.baseline)) {
            row.push(i as u32);
        }
    }
    let left_of = |i: u32| runs.get(i as usize).map_or(0.0, |r| r.left);
    for row in &mut rows {
        row.sort_by(|a, b| left_of(*a).total_cmp(&left_of(*b)));
    }
    let most = (EFFORT / runs.len().max(1)).clamp(4, MOST_NEIGHBOURS);
    for (i, run) in runs.iter().enumerate() {
        let reach = ((run.size / step).ceil() as usize).clamp(1, 4);
        let row = row_of(run.baseline);
        for other_row in rows.iter().take(row + reach + 1).skip(row.saturating_sub(reach)) {
            let start = other_row.partition_point(|o| left_of(*o) < run.left - 0.2 * run.size);
            for other in other_row.iter().skip(start).take(most) {
                let Some(next) = runs.get(*other as usize) else { continue };
                if next.left > run.right + JOIN * run.size.max(next.size) {
                    break;
                }
                if *other as usize != i && joined(run, next) {
                    groups.join(i, *other as usize);
                }
            }
        }
    }
}

/// True if `next`, which does not begin left of `run`, goes on in the same line.
fn joined(run: &Run, next: &Run) -> bool {
    let (large, small) = if run.size >= next.size { (run, next) } else { (next, run) };
    let gap = next.left - run.right;
    let shift = (run.baseline - next.baseline).abs();
    if shift <= 0.25 * small.size {
        return gap <= JOIN * large.size;
    }
    // Superscripts, subscripts, and accents drawn apart from their letter.
    if small.size < 0.87 * large.size && gap <= SCRIPT_JOIN * large.size {
        let middle = small.baseline - 0.35 * small.size;
        return middle > large.baseline - 1.05 * large.size && middle < large.baseline + 0.3 * large.size;
    }
    false
}

fn segment(placed: &[Placed], which: &[u32], runs: &[Run], members: &[usize]) -> Option<Segment> {
    let mut glyphs: Vec<u32> = members
        .iter()
        .filter_map(|m| runs.get(*m))
        .filter_map(|run| which.get(run.first..=run.last))
        .flatten()
        .copied()
        .collect();
    let at = |i: &u32| placed.get(*i as usize);
    if members.len() > 1 {
        glyphs.sort_by(|a, b| match (at(a), at(b)) {
            (Some(a), Some(b)) => a.left.total_cmp(&b.left),
            _ => a.cmp(b),
        });
    }
    let mut rect = Rect::EMPTY;
    let (mut size, mut baseline, mut sequence) = (0.0f32, 0.0, u32::MAX);
    for g in glyphs.iter().filter_map(at).filter(|g| !g.blank) {
        rect = rect.union(Rect { left: g.left, top: g.top(), right: g.right, bottom: g.bottom() });
        sequence = sequence.min(g.glyph);
        if g.size > size {
            size = g.size;
            baseline = g.baseline;
        }
    }
    if sequence == u32::MAX {
        return None;
    }
    // The line's height is that of its main text, not of an exponent that sticks out.
    rect.top = rect.top.max(baseline - (ASCENT + 0.35) * size);
    rect.bottom = rect.bottom.min(baseline + (DESCENT + 0.25) * size);
    Some(Segment { glyphs, rect, baseline, size, sequence })
}

/// Middle value; `None` of nothing. Reorders the values.
pub(crate) fn median(values: &mut [f32]) -> Option<f32> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    Some(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

/// Disjoint sets with path halving.
pub(crate) struct Groups(Vec<u32>);

impl Groups {
    pub(crate) fn new(count: usize) -> Self {
        Groups((0..count as u32).collect())
    }

    pub(crate) fn root(&mut self, mut of: usize) -> usize {
        while let Some(parent) = self.0.get(of).map(|p| *p as usize) {
            if parent == of {
                break;
            }
            let grandparent = self.0.get(parent).copied().unwrap_or(parent as u32);
            if let Some(slot) = self.0.get_mut(of) {
                *slot = grandparent;
            }
            of = grandparent as usize;
        }
        of
    }

    pub(crate) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b) as u32;
        }
    }
}
