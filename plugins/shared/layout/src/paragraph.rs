//! Lines of one region → paragraphs.

use crate::frame::ASCENT;
use crate::glyph::Rect;
use crate::marker::{Marker, is_toc_entry, list_marker};
use crate::page::TextLine;
use crate::script::{closes, ends_sentence, is_ideographic};

/// Consecutive lines of a region that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Paragraph<'a> {
    pub(crate) lines: Vec<&'a TextLine>,
    /// The lines stand in the middle of the column.
    pub(crate) centred: bool,
    /// Blank space above it is wider than between its lines.
    pub(crate) set_apart: bool,
    /// Its last line reaches the end of the column, so it may go on elsewhere.
    pub(crate) full: bool,
    /// Its first line begins where the column begins.
    pub(crate) flush: bool,
}

/// Edges of a column, seen in reading direction.
struct Column {
    /// Most of its lines read from right to left.
    rtl: bool,
    start: f32,
    end: f32,
    /// Usual distance of baselines, in em of the lines.
    leading: f32,
}

/// Start and end of a line in reading direction: left and right, or their negatives in a right-to-left column.
fn extent(line: &TextLine, rtl: bool) -> (f32, f32) {
    if rtl { (-line.rect.right, -line.rect.left) } else { (line.rect.left, line.rect.right) }
}

/// Cuts the lines of a region, from top to bottom, into paragraphs.
pub(crate) fn paragraphs<'a>(lines: &[&'a TextLine], bounds: Rect) -> Vec<Paragraph<'a>> {
    let column = Column::of(lines, bounds);
    let mut found: Vec<Paragraph<'a>> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let gap = i.checked_sub(1).and_then(|p| lines.get(p)).map_or(f32::INFINITY, |p| line.baseline - p.baseline);
        let apart = gap > 1.25 * column.leading * line.size;
        match found.last_mut() {
            Some(current) if !column.breaks(current, line, lines.get(i + 1).copied()) => current.lines.push(line),
            _ => {
                let (start, _) = extent(line, column.rtl);
                found.push(Paragraph {
                    lines: vec![line],
                    centred: column.is_centred(line),
                    set_apart: apart,
                    full: false,
                    flush: start - column.start < 0.8 * line.size,
                });
            }
        }
    }
    for paragraph in &mut found {
        paragraph.full = paragraph.lines.last().is_some_and(|l| column.end - extent(l, column.rtl).1 < 2.0 * l.size);
    }
    found
}

impl Column {
    fn of(lines: &[&TextLine], bounds: Rect) -> Column {
        let rtl = lines.iter().filter(|l| l.rtl).count() * 2 > lines.len();
        let (mut start, mut end) = if rtl { (-bounds.right, -bounds.left) } else { (bounds.left, bounds.right) };
        let mut starts: Vec<f32> = lines.iter().map(|l| extent(l, rtl).0).collect();
        let mut ends: Vec<f32> = lines.iter().map(|l| extent(l, rtl).1).collect();
        if lines.len() >= 5 {
            // A few lines may hang out; the edge is where many lines end.
            starts.sort_by(f32::total_cmp);
            ends.sort_by(f32::total_cmp);
            start = starts.get(lines.len() / 20).copied().unwrap_or(start);
            end = ends.get(lines.len() - 1 - lines.len() / 10).copied().unwrap_or(end);
        }
        let mut steps: Vec<f32> = lines
            .windows(2)
            .filter(|w| (w[0].size - w[1].size).abs() < 0.1 * w[0].size)
            .map(|w| (w[1].baseline - w[0].baseline) / w[1].size)
            .filter(|s| (0.8..3.0).contains(s))
            .collect();
        steps.sort_by(f32::total_cmp);
        // The lower third: paragraphs set apart must not pass for the distance of lines.
        let leading = steps.get(steps.len() / 3).copied().unwrap_or(1.25);
        Column { rtl, start, end, leading }
    }

    fn is_centred(&self, line: &TextLine) -> bool {
        let (start, end) = extent(line, self.rtl);
        let (before, after) = (start - self.start, self.end - end);
        before > 2.0 * line.size && (before - after).abs() < 0.1 * (before + after) + 0.5 * line.size
    }

    /// True if `line` begins a new paragraph after `current`.
    fn breaks(&self, current: &Paragraph<'_>, line: &TextLine, after: Option<&TextLine>) -> bool {
        let (Some(first), Some(last)) = (current.lines.first(), current.lines.last()) else { return true };
        let em = last.size.max(line.size);
        let step = line.baseline - last.baseline;
        // Lines as far apart as their neighbours are set that way; the column's usual distance may be that of a listing.
        let alike = |other: f32| (other - step).abs() < 0.05 * step;
        let before = current.lines.iter().rev().nth(1).is_some_and(|l| alike(last.baseline - l.baseline));
        let uniform = (before || after.is_some_and(|a| alike(a.baseline - line.baseline)))
            && step < 2.0 * em
            && !ends_with_sentence(&last.text);
        if (line.size / last.size - 1.0).abs() > 0.12
            || line.rtl != last.rtl && line.count > 8 && last.count > 8
            || step > 1.35 * self.leading * em && !uniform
            || step < 0.2 * em
        {
            return true;
        }
        if line.look.bold != last.look.bold || line.look.monospace != last.look.monospace {
            // A bold word at the end of a line does not begin a paragraph; a line of its own look does.
            let short = |l: &TextLine| l.count < 4;
            if !short(line) && !short(last) {
                return true;
            }
        }
        // Rows of a table that was not recognised as one.
        if line.pieces >= 3 && last.pieces >= 2 || last.pieces >= 3 && line.pieces >= 2 {
            return true;
        }
        if is_toc_entry(&last.text) || is_toc_entry(&line.text) {
            return true;
        }
        let ((start, end), (last_start, last_end), (first_start, _)) =
            (extent(line, self.rtl), extent(last, self.rtl), extent(first, self.rtl));
        let sentence_ended = ends_with_sentence(&last.text) || last.text.ends_with([':', '：', ';', '；']);
        let open = self.end - last_end;
        match list_marker(&line.text) {
            Some(Marker::Bullet) => return true,
            Some(Marker::Number)
                if sentence_ended
                    || open > 2.0 * em
                    || list_marker(&first.text).is_some() && start <= first_start + em =>
            {
                return true;
            }
            _ => {}
        }
        let centred = self.is_centred(line) && self.is_centred(last);
        if centred {
            return sentence_ended && open > 6.0 * em;
        }
        // The first word of this line would have fitted into the line before: somebody broke there on purpose.
        // But the lines of a list item that hang under its first are ragged often enough.
        let hangs = list_marker(&first.text).is_some()
            && start > first_start + 0.5 * em
            && (current.lines.len() == 1 || (start - last_start).abs() < 0.4 * em);
        let first_word = first_word_width(line, end - start);
        if open > first_word + 0.9 * em && (!hangs || sentence_ended || open > 8.0 * em) {
            return true;
        }
        let indent = start - last_start;
        if indent > 0.8 * em {
            // First lines are set in, or all lines but the first. If the next line goes on where this one begins, the
            // first line hangs out.
            let hanging = after.is_some_and(|a| (extent(a, self.rtl).0 - start).abs() < 0.4 * em)
                || (current.lines.len() == 1 && list_marker(&first.text).is_some());
            return !hanging && (sentence_ended || after.is_some_and(|a| extent(a, self.rtl).0 < start - 0.8 * em));
        }
        if indent < -0.8 * em {
            return current.lines.len() > 1;
        }
        false
    }
}

/// Width of the first word, estimated from the line's own characters.
fn first_word_width(line: &TextLine, width: f32) -> f32 {
    let total = line.text.chars().count().max(1) as f32;
    let first = line.text.chars().next();
    let word = if first.is_some_and(is_ideographic) {
        1
    } else {
        line.text.chars().take_while(|c| !c.is_whitespace() && !is_ideographic(*c)).count().max(1)
    };
    (word as f32 * width / total).max(ASCENT * 0.5 * line.size)
}

/// True if the text ends as a sentence does.
pub(crate) fn ends_with_sentence(text: &str) -> bool {
    text.trim_end().trim_end_matches(closes).chars().next_back().is_some_and(ends_sentence)
}
