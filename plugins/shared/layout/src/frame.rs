//! Upright frames: text of every direction is turned until it runs from left to right, so that everything after this
//! stage knows only one direction.
//!
//! A page can hold text in several directions (a table turned by a quarter, a stamp along the margin, a watermark).
//! Each gets a frame of its own; the frame with the most glyphs comes first.

use crate::glyph::{Glyph, Rect};

/// A rotation of the page: `u` runs along the text, `v` downwards across the lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    cos: f32,
    sin: f32,
}

/// A glyph seen from its frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// Index into the page's glyphs.
    pub(crate) glyph: u32,
    pub(crate) left: f32,
    pub(crate) right: f32,
    pub(crate) baseline: f32,
    pub(crate) size: f32,
    pub(crate) blank: bool,
}

impl Placed {
    /// Upper edge of a usual capital letter with some air.
    pub(crate) fn top(&self) -> f32 {
        self.baseline - ASCENT * self.size
    }
    /// Lower edge of a usual descender.
    pub(crate) fn bottom(&self) -> f32 {
        self.baseline + DESCENT * self.size
    }
}

/// Share of the em above the baseline that glyphs usually fill.
pub(crate) const ASCENT: f32 = 0.8;
/// Share of the em below the baseline that glyphs usually fill.
pub(crate) const DESCENT: f32 = 0.2;

/// Angles closer than this (degrees) share a frame: skewed scans drift a little from line to line.
const SAME_ANGLE: f32 = 4.0;
/// Directions beyond this number are laid out in the last frame, in whatever shape they come.
const MOST_FRAMES: usize = 6;

impl Frame {
    fn new(degrees: f32) -> Self {
        let quarter = (degrees / 90.0).round();
        if (degrees - quarter * 90.0).abs() < 0.05 {
            let (sin, cos) = match quarter.rem_euclid(4.0) as i32 {
                0 => (0.0, 1.0),
                1 => (1.0, 0.0),
                2 => (0.0, -1.0),
                _ => (-1.0, 0.0),
            };
            return Frame { cos, sin };
        }
        let (sin, cos) = degrees.to_radians().sin_cos();
        Frame { cos, sin }
    }

    pub(crate) fn is_upright(&self) -> bool {
        self.cos > 0.99
    }

    /// Page → frame.
    pub(crate) fn enter(&self, x: f32, y: f32) -> (f32, f32) {
        (x * self.cos + y * self.sin, y * self.cos - x * self.sin)
    }

    /// A rectangle of the page as seen from the frame.
    pub(crate) fn enter_rect(&self, rect: Rect) -> Rect {
        corners(rect, |x, y| self.enter(x, y))
    }

    /// A rectangle of the frame as it lies on the page.
    pub(crate) fn leave(&self, rect: Rect) -> Rect {
        corners(rect, |u, v| (u * self.cos - v * self.sin, u * self.sin + v * self.cos))
    }
}

fn corners(rect: Rect, turn: impl Fn(f32, f32) -> (f32, f32)) -> Rect {
    [(rect.left, rect.top), (rect.right, rect.top), (rect.left, rect.bottom), (rect.right, rect.bottom)]
        .into_iter()
        .map(|(x, y)| {
            let (x, y) = turn(x, y);
            Rect { left: x, top: y, right: x, bottom: y }
        })
        .fold(Rect::EMPTY, Rect::union)
}

/// Sorts the glyphs of a page into frames, the most frequent direction first, each in drawing order.
pub(crate) fn frames(glyphs: &[Glyph]) -> Vec<(Frame, Vec<Placed>)> {
    let angles: Vec<f32> = glyphs.iter().map(|g| g.axis[1].atan2(g.axis[0]).to_degrees()).collect();
    let mut histogram = [0u32; 720];
    for (glyph, angle) in glyphs.iter().zip(&angles) {
        if !glyph.text.is_blank() {
            histogram[bucket(*angle)] += 1;
        }
    }
    let mut peaks: Vec<f32> = Vec::new();
    while peaks.len() < MOST_FRAMES {
        let Some((at, count)) = histogram.iter().enumerate().max_by_key(|(i, n)| (**n, usize::MAX - i)) else { break };
        if *count == 0 {
            break;
        }
        let peak = exact_peak(&angles, at);
        peaks.push(peak);
        for (i, n) in histogram.iter_mut().enumerate() {
            if turn_between(i as f32 / 2.0, peak) <= SAME_ANGLE {
                *n = 0;
            }
        }
    }
    let mut result: Vec<(Frame, Vec<Placed>)> = peaks.iter().map(|p| (Frame::new(*p), Vec::new())).collect();
    for (i, (glyph, angle)) in glyphs.iter().zip(&angles).enumerate() {
        let nearest = peaks
            .iter()
            .enumerate()
            .min_by(|a, b| turn_between(*a.1, *angle).total_cmp(&turn_between(*b.1, *angle)))
            .map(|(i, _)| i);
        let Some((frame, placed)) = nearest.and_then(|n| result.get_mut(n)) else { continue };
        let (left, baseline) = frame.enter(glyph.x, glyph.y);
        placed.push(Placed {
            glyph: i as u32,
            left,
            right: left + glyph.advance.max(0.0),
            baseline,
            size: glyph.size.max(0.1),
            blank: glyph.text.is_blank(),
        });
    }
    result
}

fn bucket(degrees: f32) -> usize {
    ((degrees * 2.0).round() as i32).rem_euclid(720) as usize
}

/// The median angle within a bucket: a skew of 0.3 degrees already moves the end of a line by half its height.
fn exact_peak(angles: &[f32], at: usize) -> f32 {
    let mut near: Vec<f32> = angles.iter().copied().filter(|a| bucket(*a) == at).collect();
    let middle = near.len() / 2;
    if near.is_empty() {
        return at as f32 / 2.0;
    }
    let (_, median, _) = near.select_nth_unstable_by(middle, f32::total_cmp);
    *median
}

fn turn_between(a: f32, b: f32) -> f32 {
    let d = (a - b).rem_euclid(360.0);
    d.min(360.0 - d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glyph::GlyphText;

    fn glyph(axis: [f32; 2]) -> Glyph {
        Glyph { text: GlyphText::Char('a'), x: 10.0, y: 20.0, axis, advance: 5.0, size: 10.0, face: 0, artifact: false }
    }

    #[test]
    fn quarter_turns_come_back() {
        for (axis, back) in [([0.0, 1.0], (20.0, -10.0)), ([-1.0, 0.0], (-10.0, -20.0)), ([0.0, -1.0], (-20.0, 10.0))] {
            let frames = frames(&[glyph(axis)]);
            let (frame, placed) = &frames[0];
            assert_eq!((placed[0].left, placed[0].baseline), back);
            let rect = Rect { left: 1.0, top: 2.0, right: 3.0, bottom: 4.0 };
            assert_eq!(frame.leave(frame.enter_rect(rect)), rect);
        }
    }

    #[test]
    fn the_most_frequent_direction_comes_first() {
        let frames = frames(&[glyph([0.0, 1.0]), glyph([1.0, 0.0]), glyph([1.0, 0.0])]);
        assert_eq!(frames.len(), 2);
        assert!(frames[0].0.is_upright());
        assert_eq!(frames[0].1.len(), 2);
    }
}
