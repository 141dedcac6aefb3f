//! The text of one line: word spaces, accents, ligatures, logical order.

use crate::frame::Placed;
use crate::glyph::{Face, Glyph, GlyphText};
use crate::script::{
    combining_form, is_digit, is_ideographic, is_ltr, is_mark, is_presentation_form, is_rtl, mirrored,
};
use crate::segment::median;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// What a line needs to know of its page.
pub(crate) struct Composer<'a> {
    pub(crate) glyphs: &'a [Glyph],
    pub(crate) faces: &'a [Face],
    pub(crate) placed: &'a [Placed],
    /// The page's text carries blanks of its own; gaps count as word spaces only when they are wide.
    pub(crate) spaced: bool,
}

/// Text and look of a line or a cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Composed {
    pub(crate) text: String,
    /// Visible characters, and how many of them are bold, italic, monospaced, decoration.
    pub(crate) count: u32,
    pub(crate) bold: u32,
    pub(crate) italic: u32,
    pub(crate) monospace: u32,
    pub(crate) artifact: u32,
}

/// Gap in em that is a word space in text without blanks of its own. Justified Latin text goes down to 0.17 em,
/// kerning up to about 0.08 em.
const SPACE: f32 = 0.15;
/// The same for text that has blanks: only what a blank would not fill, such as a tabulator.
const SPACE_BESIDE_BLANKS: f32 = 0.27;
/// The same beside ideographs, which producers set apart by up to half an em to justify a line.
const SPACE_BESIDE_IDEOGRAPHS: f32 = 0.7;

/// One glyph of the line in visual order.
struct Piece<'a> {
    text: &'a GlyphText,
    /// Replaces `text` where an accent was joined to its letter, or marks were attached.
    joined: Option<String>,
    space_before: bool,
    left: f32,
    right: f32,
    baseline: f32,
    size: f32,
    first: char,
}

impl Composer<'_> {
    /// Text of glyphs sorted from left to right.
    pub(crate) fn compose(&self, order: impl Iterator<Item = u32>) -> Composed {
        let mut out = Composed::default();
        let mut pieces = self.pieces(order, &mut out);
        self.word_spaces(&mut pieces);
        let (mut rtl, mut ltr) = (0, 0);
        for piece in &pieces {
            rtl += u32::from(is_rtl(piece.first));
            ltr += u32::from(is_ltr(piece.first));
        }
        if rtl > 0 {
            logical_order(&mut pieces, rtl > ltr);
        }
        let mut text = String::with_capacity(pieces.len() + 8);
        for piece in &pieces {
            if piece.space_before && !text.is_empty() {
                text.push(' ');
            }
            match &piece.joined {
                Some(joined) => push_clean(&mut text, joined.chars()),
                None => match piece.text {
                    GlyphText::Char(c) => push_clean(&mut text, std::iter::once(*c)),
                    GlyphText::Str(s) => push_clean(&mut text, s.chars()),
                },
            }
        }
        if rtl > 0 {
            text = mirror_unbalanced(text);
        }
        text.truncate(text.trim_end().len());
        out.text = text;
        out
    }

    fn pieces(&self, order: impl Iterator<Item = u32>, out: &mut Composed) -> Vec<Piece<'_>> {
        let mut pieces: Vec<Piece<'_>> = Vec::new();
        let mut blank = None;
        for index in order {
            let Some(placed) = self.placed.get(index as usize) else { continue };
            let Some(glyph) = self.glyphs.get(placed.glyph as usize) else { continue };
            if placed.blank {
                blank = Some(placed);
                continue;
            }
            let first = direction_sign(&glyph.text);
            if let Some(last) = pieces.last_mut() {
                if overprinted(last, placed, &glyph.text) {
                    continue;
                }
                if blank.is_none() && attach(last, placed, &glyph.text) {
                    out.count += 1;
                    continue;
                }
            }
            out.count += 1;
            if let Some(face) = self.faces.get(usize::from(glyph.face)) {
                out.bold += u32::from(face.bold);
                out.italic += u32::from(face.italic);
                out.monospace += u32::from(face.monospace);
            }
            out.artifact += u32::from(glyph.artifact);
            let space_before = blank.take().is_some()
                && pieces.last().is_none_or(|last| {
                    // Some producers put a blank between ideographs and draw it away again.
                    !(is_ideographic(last.first) && is_ideographic(first))
                        || placed.left - last.right > 0.15 * placed.size
                });
            pieces.push(Piece {
                text: &glyph.text,
                joined: None,
                space_before,
                left: placed.left,
                right: placed.right,
                baseline: placed.baseline,
                size: placed.size,
                first,
            });
        }
        pieces
    }

    /// Marks the gaps that are word spaces.
    fn word_spaces(&self, pieces: &mut [Piece<'_>]) {
        let mut gaps: Vec<f32> = pieces
            .windows(2)
            .filter(|w| !w[1].space_before && !is_ideographic(w[1].first))
            .map(|w| (w[1].left - w[0].right) / w[0].size.max(w[1].size))
            .collect();
        let tracking = tracking(&mut gaps);
        let usual = tracking + if self.spaced { SPACE_BESIDE_BLANKS } else { SPACE };
        for i in 1..pieces.len() {
            let (before, after) = pieces.split_at_mut(i);
            let (Some(last), Some(next)) = (before.last(), after.first_mut()) else { continue };
            if next.space_before {
                continue;
            }
            let em = last.size.min(next.size).max(0.6 * last.size.max(next.size));
            let gap = (next.left - last.right) / em;
            let limit = match (is_ideographic(last.first), is_ideographic(next.first)) {
                (false, false) => usual,
                (true, true) => SPACE_BESIDE_IDEOGRAPHS + tracking,
                _ => SPACE_BESIDE_IDEOGRAPHS.min(0.45 + tracking),
            };
            // A raised figure behind a word is the number of a note, not part of the word.
            let note = is_digit(next.first)
                && next.size < 0.85 * last.size
                && next.baseline < last.baseline - 0.2 * last.size
                && last.first.is_alphabetic()
                && before.iter().rev().take(3).filter(|p| p.first.is_alphabetic() && !p.space_before).count() == 3;
            next.space_before = gap > limit || note;
        }
    }
}

/// The character that tells how a glyph is ordered: its first, unless it is a sequence that mixes directions, which
/// stays as the producer wrote it.
fn direction_sign(text: &GlyphText) -> char {
    match text {
        GlyphText::Char(c) => *c,
        GlyphText::Str(s) => s.chars().find(|c| is_ltr(*c)).unwrap_or_else(|| text.first()),
    }
}

/// Letter spacing of a line in em: the usual gap, if most gaps agree that there is one.
fn tracking(gaps: &mut [f32]) -> f32 {
    if gaps.len() < 6 {
        return 0.0;
    }
    let Some(middle) = median(gaps) else { return 0.0 };
    let quarter = gaps.len() / 4;
    let low = *gaps.select_nth_unstable_by(quarter, f32::total_cmp).1;
    if low > 0.05 && middle - low < 0.08 { middle.min(1.0) } else { middle.clamp(-0.05, 0.03) }
}

/// The same character drawn again (almost) in place: imitated bold or a shadow.
fn overprinted(last: &Piece<'_>, next: &Placed, text: &GlyphText) -> bool {
    let width = (last.right - last.left).max(0.05 * last.size);
    next.left - last.left < 0.2 * width.min(last.size)
        && (next.size - last.size).abs() < 0.05 * last.size
        && next.right - next.left > 0.0
        && last.joined.is_none()
        && last.text == text
}

/// Joins accents and marks to the letter they stand on. True if `next` is now part of `last`.
fn attach(last: &mut Piece<'_>, next: &Placed, text: &GlyphText) -> bool {
    let GlyphText::Char(c) = text else { return false };
    let over = |left: f32, right: f32, centre: f32| centre >= left - 0.05 && centre <= right + 0.05;
    let centre = (next.left + next.right) / 2.0;
    let last_centre = (last.left + last.right) / 2.0;
    let own = |last: &Piece<'_>| {
        let mut own = last.joined.clone().unwrap_or_default();
        if last.joined.is_none() {
            last.text.push_to(&mut own);
        }
        own
    };
    if is_mark(*c) && over(last.left - 0.15 * last.size, last.right + 0.15 * last.size, centre) {
        let mut text = own(last);
        text.push(*c);
        last.joined = Some(text.nfc().collect());
        return true;
    }
    if let Some(mark) = combining_form(*c)
        && last.first.is_alphabetic()
        && over(last.left, last.right, centre)
        && let Some(composed) = compose(last.first, mark)
        && last.joined.is_none()
    {
        last.joined = Some(composed.into());
        return true;
    }
    if let GlyphText::Char(accent) = last.text
        && let Some(mark) = combining_form(*accent).or(is_mark(*accent).then_some(*accent))
        && last.joined.is_none()
        && over(next.left, next.right, last_centre)
        && next.right > next.left
    {
        let letter = if *c == 'ı' { 'i' } else { *c };
        let composed = compose(letter, mark);
        if composed.is_none() && !is_mark(*accent) {
            return false;
        }
        last.joined = Some(composed.map_or_else(|| [letter, mark].iter().collect(), String::from));
        last.first = letter;
        last.left = last.left.min(next.left);
        last.right = last.right.max(next.right);
        last.size = last.size.max(next.size);
        return true;
    }
    false
}

/// Appends characters, with ligatures and presentation forms resolved and control characters left out.
fn push_clean(text: &mut String, chars: impl Iterator<Item = char>) {
    for c in chars {
        if (' '..='\u{2fff}').contains(&c)
            && c != '\u{7f}'
            && c != '\u{ad}'
            && !(('\u{2e80}'..='\u{2fff}').contains(&c))
        {
            text.push(c);
        } else if c.is_whitespace() {
            text.push(' ');
        } else if is_presentation_form(c) {
            text.extend(std::iter::once(c).nfkc());
        } else if c == '\u{ad}' {
            // Drawn, so it is a hyphen at the end of a line.
            text.push('-');
        } else if !c.is_control() && c != '\u{feff}' {
            text.push(c);
        }
    }
}

/// Visual → logical order, with the spaces between words kept in place.
fn logical_order(pieces: &mut Vec<Piece<'_>>, base_is_rtl: bool) {
    #[derive(Clone, Copy, PartialEq)]
    enum Way {
        Right,
        Left,
        Neutral,
    }
    let raw: Vec<Way> = pieces
        .iter()
        .map(|p| {
            if is_rtl(p.first) || is_mark(p.first) {
                Way::Right
            } else if is_ltr(p.first) || is_digit(p.first) || is_ideographic(p.first) {
                Way::Left
            } else {
                Way::Neutral
            }
        })
        .collect();
    // A neutral between two of a kind is of that kind; else it follows the line.
    let base = if base_is_rtl { Way::Right } else { Way::Left };
    let mut ways = raw.clone();
    let mut previous = base;
    for i in 0..ways.len() {
        if raw[i] == Way::Neutral {
            let next = raw[i..].iter().copied().find(|w| *w != Way::Neutral).unwrap_or(base);
            ways[i] = if next == previous { next } else { base };
        } else {
            previous = raw[i];
        }
    }
    // Digits at the edge of a left-to-right word keep percent and currency signs beside them; that is covered by the
    // rule above for separators, which always stand between digits.
    let mut runs: Vec<(Way, std::ops::Range<usize>)> = Vec::new();
    for (i, way) in ways.iter().enumerate() {
        match runs.last_mut() {
            Some((w, range)) if w == way => range.end = i + 1,
            _ => runs.push((*way, i..i + 1)),
        }
    }
    if base_is_rtl {
        runs.reverse();
    }
    let spaces: Vec<bool> = pieces.iter().map(|p| p.space_before).chain(std::iter::once(false)).collect();
    // A space stands between two visual neighbours; find it again between the logical ones.
    let mut order: Vec<(usize, bool)> = Vec::with_capacity(pieces.len());
    let mut previous_start = None;
    for (way, range) in runs {
        let seam = previous_start.is_some_and(|p: usize| spaces[p.max(range.start)]);
        previous_start = Some(range.start);
        let first = order.len();
        if way == Way::Right {
            order.extend(range.rev().map(|i| (i, spaces[i + 1])));
        } else {
            order.extend(range.map(|i| (i, spaces[i])));
        }
        if let Some((_, space)) = order.get_mut(first) {
            *space = seam;
        }
    }
    let mut taken: Vec<Option<Piece<'_>>> = std::mem::take(pieces).into_iter().map(Some).collect();
    for (index, space) in order {
        if let Some(mut piece) = taken.get_mut(index).and_then(Option::take) {
            piece.space_before = space;
            pieces.push(piece);
        }
    }
}

/// Producers disagree on whether a bracket in right-to-left text is stored as it looks or as it is meant. A line whose
/// first bracket closes what was never opened is stored as it looks.
fn mirror_unbalanced(text: String) -> String {
    let first = text.chars().find(|c| mirrored(*c).is_some());
    let closing = matches!(first, Some(')' | ']' | '}' | '»'));
    let opens_later = first.and_then(mirrored).is_some_and(|m| text.contains(m));
    if closing && opens_later { text.chars().map(|c| mirrored(c).unwrap_or(c)).collect() } else { text }
}
