//! What goes in: glyphs and ruling lines of one page, as a page interpreter draws them.

use serde::{Deserialize, Serialize};

/// A rectangle in points, origin top left, `left <= right` and `top <= bottom`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
}

impl Rect {
    /// The rectangle that contains nothing; the neutral element of [`Rect::union`].
    pub const EMPTY: Rect =
        Rect { left: f32::INFINITY, top: f32::INFINITY, right: f32::NEG_INFINITY, bottom: f32::NEG_INFINITY };

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(self, other: Rect) -> Rect {
        Rect {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Width in points, never negative.
    pub fn width(&self) -> f32 {
        (self.right - self.left).max(0.0)
    }

    /// Height in points, never negative.
    pub fn height(&self) -> f32 {
        (self.bottom - self.top).max(0.0)
    }

    /// True if the point lies inside or on an edge.
    pub fn contains(&self, x: f32, y: f32) -> bool {
        x >= self.left && x <= self.right && y >= self.top && y <= self.bottom
    }

    /// Cut to `outer`; stays a valid rectangle even where the two do not meet.
    #[must_use]
    pub fn clamp_to(self, outer: Rect) -> Rect {
        let left = self.left.clamp(outer.left, outer.right);
        let top = self.top.clamp(outer.top, outer.bottom);
        Rect {
            left,
            top,
            right: self.right.clamp(left, outer.right.max(left)),
            bottom: self.bottom.clamp(top, outer.bottom.max(top)),
        }
    }
}

/// How the glyphs of a font look. Glyphs refer to faces by index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Face {
    /// PostScript name without the subset prefix; may be empty.
    pub name: String,
    /// Heavier than the regular weight.
    pub bold: bool,
    /// Italic or oblique.
    pub italic: bool,
    /// All glyphs are equally wide.
    pub monospace: bool,
}

/// The text of one glyph: nearly always one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GlyphText {
    /// One character.
    Char(char),
    /// A ligature or another sequence, in logical order.
    Str(Box<str>),
}

impl GlyphText {
    /// True if there is nothing to see: white space only, or nothing at all.
    pub fn is_blank(&self) -> bool {
        match self {
            GlyphText::Char(c) => is_blank(*c),
            GlyphText::Str(s) => s.chars().all(is_blank),
        }
    }

    /// The first character, NUL for an empty text.
    pub fn first(&self) -> char {
        match self {
            GlyphText::Char(c) => *c,
            GlyphText::Str(s) => s.chars().next().unwrap_or('\0'),
        }
    }

    /// Appends the text as it is.
    pub fn push_to(&self, text: &mut String) {
        match self {
            GlyphText::Char(c) => text.push(*c),
            GlyphText::Str(s) => text.push_str(s),
        }
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}')
}

/// One glyph on a page.
#[derive(Clone, Debug)]
pub struct Glyph {
    /// What it says.
    pub text: GlyphText,
    /// Left end of its baseline: points from the left edge of the page.
    pub x: f32,
    /// Left end of its baseline: points from the top edge of the page, growing downwards.
    pub y: f32,
    /// Unit vector along the baseline, in the direction of writing; `[1, 0]` for upright text.
    pub axis: [f32; 2],
    /// Width along the axis in points.
    pub advance: f32,
    /// Height of the em in points.
    pub size: f32,
    /// Index into the faces.
    pub face: u16,
    /// Marked by the producer as page decoration, not content.
    pub artifact: bool,
}

/// A straight, axis-parallel ruling line (or a thin filled rectangle, which producers use in place of one).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Where it runs; one of width and height is (nearly) zero.
    pub rect: Rect,
}

impl Rule {
    /// True if it runs from left to right.
    pub fn is_horizontal(&self) -> bool {
        self.rect.width() >= self.rect.height()
    }
}

/// Something drawn that is neither text nor a ruling line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// Where it stands, as far as it is seen.
    pub rect: Rect,
    /// Made of pixels.
    pub raster: bool,
    /// A drawing with slanted or curved lines, not only rectangles.
    pub shaped: bool,
}

/// Everything that layout needs of one page.
#[derive(Clone, Debug, Default)]
pub struct PageInput {
    /// 1-based.
    pub number: u32,
    /// Width in points, after rotation.
    pub width: f32,
    /// Height in points, after rotation.
    pub height: f32,
    /// In drawing order.
    pub glyphs: Vec<Glyph>,
    /// In any order.
    pub rules: Vec<Rule>,
    /// In any order.
    pub pictures: Vec<Picture>,
    /// Characters are drawn of which nobody says what they mean.
    pub unreadable: bool,
}
