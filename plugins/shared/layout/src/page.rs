//! One page: glyphs in, regions of lines and tables in reading order out. What needs other pages (running heads, the
//! size of body text, paragraphs that go on) is left to [`crate::document`].

use crate::compose::Composer;
use crate::figure::figures;
use crate::frame::{Frame, Placed, frames};
use crate::glyph::{Face, PageInput, Rect};
use crate::line::{Line, Look, is_rtl_text, line};
use crate::order::{Item, regions};
use crate::script::{indic, is_rtl};
use crate::segment::{Segment, segments};
use crate::table::{Table, aligned, ruled};
use crate::words::Words;
use serde::{Deserialize, Serialize};

/// A page laid out by itself. Give all pages of a document to [`crate::document::blocks`]. It can be kept or sent by
/// any format of `serde`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PageLayout {
    pub(crate) number: u32,
    pub(crate) height: f32,
    pub(crate) regions: Vec<Region>,
}

impl PageLayout {
    /// True if the page shows no text.
    pub fn is_empty(&self) -> bool {
        !self.elements().any(|e| !matches!(e, Element::Figure(figure) if figure.text.is_empty()))
    }

    /// True if words begin with signs that no word can begin with: the fonts' character maps are wrong, and the text
    /// is not what the page shows.
    pub fn is_garbled(&self) -> bool {
        let (mut words, mut impossible) = (0, 0);
        for element in self.elements() {
            let Element::Line(line) = element else { continue };
            for first in line.text.split_whitespace().filter_map(|word| word.chars().next()) {
                if let Some(sign) = indic(first) {
                    words += 1;
                    impossible += usize::from(sign);
                }
            }
        }
        words >= 20 && impossible * 20 > words
    }

    /// 1-based.
    pub fn number(&self) -> u32 {
        self.number
    }

    fn elements(&self) -> impl Iterator<Item = &Element> {
        self.regions.iter().flat_map(|r| &r.elements)
    }
}

/// A part of the page that is read from top to bottom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Region {
    /// Runs in the page's usual direction.
    pub(crate) upright: bool,
    /// In the frame's coordinates.
    pub(crate) bounds: Rect,
    pub(crate) elements: Vec<Element>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Element {
    Line(TextLine),
    Table(Table, Rect),
    Figure(Figure),
}

/// A picture or a drawing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// On the page.
    pub(crate) place: Rect,
    /// Words within, line by line.
    pub(crate) text: String,
}

impl Element {
    /// Where it stands on the page.
    pub(crate) fn place(&self) -> Rect {
        match self {
            Element::Line(line) => line.place,
            Element::Table(_, place) => *place,
            Element::Figure(figure) => figure.place,
        }
    }
}

/// A line as the document stage sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TextLine {
    pub(crate) text: String,
    /// In the frame's coordinates: indents and gaps are measured here.
    pub(crate) rect: Rect,
    /// On the page.
    pub(crate) place: Rect,
    pub(crate) baseline: f32,
    pub(crate) size: f32,
    pub(crate) look: Look,
    pub(crate) rtl: bool,
    /// Visible characters.
    pub(crate) count: u32,
    /// Pieces set apart by wide gaps.
    pub(crate) pieces: u32,
}

/// Lays out one page. `faces` are those of the document; glyphs with an unknown face count as regular text.
pub fn page(input: &PageInput, faces: &[Face]) -> PageLayout {
    let mut layout = PageLayout { number: input.number, height: input.height, regions: Vec::new() };
    for (n, (frame, placed)) in frames(&input.glyphs).into_iter().enumerate() {
        let blanks = placed.iter().filter(|p| p.blank).count();
        let composer = Composer {
            glyphs: &input.glyphs,
            faces,
            placed: &placed,
            // One word in thirty characters: far below any language that has blanks, far above stray ones.
            spaced: blanks * 30 > placed.len(),
        };
        layout.lay_out(input, &frame, &composer, n == 0);
    }
    if layout.is_empty() {
        layout.show_whole(input);
    }
    layout
}

impl PageLayout {
    fn lay_out(&mut self, input: &PageInput, frame: &Frame, composer: &Composer<'_>, main: bool) {
        let placed = composer.placed;
        let paper = Rect { left: 0.0, top: 0.0, right: input.width, bottom: input.height };
        let mut free: Vec<u32> = (0..placed.len() as u32).collect();
        let mut solids: Vec<Solid> = Vec::new();
        if main {
            solids.extend(ruled_tables(input, frame, composer, &mut free, paper));
            let tables: Vec<Rect> = solids.iter().map(|s| frame.leave(s.rect)).collect();
            for figure in figures(input, &tables) {
                let rect = frame.enter_rect(figure.rect);
                let text = if figure.takes_text { take_text(composer, &mut free, rect) } else { String::new() };
                let place = figure.rect.clamp_to(paper);
                solids.push(Solid { rect, element: Element::Figure(Figure { place, text }) });
            }
        }
        let segments = segments(placed, &free);
        let mut items: Vec<Item> = segments.iter().map(|s| item(composer, s)).collect();
        for solid in &solids {
            let rect = solid.rect;
            let sequence = first_glyph_below(placed, &rect);
            items.push(Item { rect, baseline: rect.top + 1.0, size: 10.0, sequence, solid: true, numeric: false });
        }
        let mut solids: Vec<Option<Element>> = solids.into_iter().map(|s| Some(s.element)).collect();
        let rtl = mostly_rtl(composer);
        for region in regions(&items, rtl) {
            let mut lines: Vec<(Option<Element>, Option<Line>)> = Vec::with_capacity(region.rows.len());
            for row in &region.rows {
                let solid = row.iter().find_map(|i| i.checked_sub(segments.len()));
                let parts: Vec<&Segment> = row.iter().filter_map(|i| segments.get(*i)).collect();
                lines.push((solid.and_then(|s| solids.get_mut(s)?.take()), line(composer, &parts)));
            }
            let elements = elements(frame, lines, paper);
            if !elements.is_empty() {
                self.regions.push(Region { upright: frame.is_upright() || main, bounds: region.bounds, elements });
            }
        }
    }

    /// Makes the page one figure if it shows anything at all.
    fn show_whole(&mut self, input: &PageInput) {
        let place = Rect { left: 0.0, top: 0.0, right: input.width, bottom: input.height };
        self.regions.clear();
        if input.unreadable || !input.pictures.is_empty() {
            let figure = Figure { place, text: String::new() };
            self.regions.push(Region { upright: true, bounds: place, elements: vec![Element::Figure(figure)] });
        }
    }
}

/// Read as a whole, and placed in the frame's coordinates.
struct Solid {
    rect: Rect,
    element: Element,
}

/// The tables that the page's ruling lines make. Their glyphs are no longer `free`.
fn ruled_tables(
    input: &PageInput,
    frame: &Frame,
    composer: &Composer<'_>,
    free: &mut Vec<u32>,
    paper: Rect,
) -> Vec<Solid> {
    let placed = composer.placed;
    let is_digit = |i: u32| {
        input
            .glyphs
            .get(i as usize)
            .is_some_and(|g| matches!(g.text.first(), '0'..='9' | '.' | ',' | '-' | '–' | '*' | '%'))
    };
    let mut found = Vec::new();
    for grid in ruled::grids(&input.rules, frame, paper) {
        let (inside, outside): (Vec<u32>, Vec<u32>) =
            free.iter().partition(|i| placed.get(**i as usize).is_some_and(|g| in_grid(g, &grid.rect)));
        if let Some(table) = grid.table(placed, &inside, is_digit, |glyphs| cell_text(composer, glyphs)) {
            let place = frame.leave(grid.rect).clamp_to(paper);
            found.push(Solid { rect: grid.rect, element: Element::Table(table, place) });
            *free = outside;
        }
    }
    found
}

/// The words within a drawing, line by line. Their glyphs are no longer `free`.
fn take_text(composer: &Composer<'_>, free: &mut Vec<u32>, rect: Rect) -> String {
    let (inside, outside): (Vec<u32>, Vec<u32>) =
        free.iter().partition(|i| composer.placed.get(**i as usize).is_some_and(|g| in_grid(g, &rect)));
    *free = outside;
    lines_of(composer, &inside).join("\n")
}

/// Turns lines, tables and figures of a region into elements, and aligned lines into tables.
fn elements(frame: &Frame, lines: Vec<(Option<Element>, Option<Line>)>, paper: Rect) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut run: Vec<Line> = Vec::new();
    for (solid, line) in lines {
        run.extend(line);
        if let Some(solid) = solid {
            flush(frame, &mut run, &mut elements, paper);
            elements.push(solid);
        }
    }
    flush(frame, &mut run, &mut elements, paper);
    elements
}

fn flush(frame: &Frame, run: &mut Vec<Line>, elements: &mut Vec<Element>, paper: Rect) {
    let in_margin = |line: &Line| {
        let place = frame.leave(line.rect);
        place.bottom < 0.07 * paper.bottom || place.top > 0.93 * paper.bottom
    };
    let mut found = aligned::tables(run, in_margin).into_iter().peekable();
    let mut lines = std::mem::take(run).into_iter().enumerate();
    while let Some((n, line)) = lines.next() {
        if let Some(table) = found.next_if(|t| t.lines.start == n) {
            let mut rect = line.rect;
            for _ in table.lines.start + 1..table.lines.end {
                if let Some((_, line)) = lines.next() {
                    rect = rect.union(line.rect);
                }
            }
            elements.push(Element::Table(table.table, frame.leave(rect).clamp_to(paper)));
            continue;
        }
        let rtl = line.text.chars().any(is_rtl) && is_rtl_text(&line.text);
        elements.push(Element::Line(TextLine {
            text: line.text,
            rect: line.rect,
            place: frame.leave(line.rect).clamp_to(paper),
            baseline: line.baseline,
            size: line.size,
            look: line.look,
            rtl,
            count: line.count,
            pieces: line.cells.len() as u32,
        }));
    }
}

fn item(composer: &Composer<'_>, segment: &Segment) -> Item {
    let (mut digits, mut letters) = (0, 0);
    for index in &segment.glyphs {
        let glyph = composer.placed.get(*index as usize).and_then(|p| composer.glyphs.get(p.glyph as usize));
        let c = glyph.map_or(' ', |g| g.text.first());
        digits += usize::from(c.is_ascii_digit());
        letters += usize::from(c.is_alphabetic());
    }
    Item {
        rect: segment.rect,
        baseline: segment.baseline,
        size: segment.size,
        sequence: segment.sequence,
        solid: false,
        numeric: digits > letters,
    }
}

fn in_grid(g: &Placed, rect: &Rect) -> bool {
    rect.contains((g.left + g.right) / 2.0, g.baseline - 0.3 * g.size)
}

/// Lines of a cell, joined as a paragraph would be.
fn cell_text(composer: &Composer<'_>, glyphs: &[u32]) -> String {
    let mut text = String::new();
    for line in lines_of(composer, glyphs) {
        crate::text::append_line(&mut text, &line, &Words::default());
    }
    text
}

fn lines_of(composer: &Composer<'_>, glyphs: &[u32]) -> Vec<String> {
    let segments = segments(composer.placed, glyphs);
    let items: Vec<Item> = segments.iter().map(|s| item(composer, s)).collect();
    let mut lines = Vec::new();
    for row in crate::order::rows(&items) {
        let parts: Vec<&Segment> = row.iter().filter_map(|i| segments.get(*i)).collect();
        lines.extend(line(composer, &parts).map(|l| l.text));
    }
    lines
}

fn first_glyph_below(placed: &[Placed], rect: &Rect) -> u32 {
    placed.iter().filter(|g| in_grid(g, rect)).map(|g| g.glyph).min().unwrap_or(0)
}

fn mostly_rtl(composer: &Composer<'_>) -> bool {
    let (mut rtl, mut letters) = (0usize, 0usize);
    for glyph in composer.glyphs {
        let c = glyph.text.first();
        if c.is_alphabetic() {
            letters += 1;
            rtl += usize::from(is_rtl(c));
        }
    }
    rtl * 2 > letters
}
