//! The device that a page is drawn on: it keeps glyphs with their places and straight lines, and paints nothing.

use crate::face::Faces;
use crate::unicode::{Characters, readable};
use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterSettings, Paint, SoftMask,
};
use hayro_syntax::object::{Dict, String as PdfString};
use mortise_shared_layout as layout;

/// Glyphs kept of one page; a page of dense print has about 10 000.
const MOST_GLYPHS: usize = 150_000;
/// Ruling lines kept of one page.
const MOST_RULES: usize = 20_000;
/// Thicker than this (points) is a bar or a background, not a ruling line.
const RULE_WIDTH: f64 = 3.0;
/// Shorter than this (points) is a dash or part of a drawing.
const RULE_LENGTH: f64 = 6.0;
/// Pieces of drawings kept of one page; more than these are drawn by a map or a plan, which is one figure anyway.
const MOST_PICTURES: usize = 20_000;
/// Clips within clips that are followed.
const MOST_CLIPS: usize = 10_000;
/// Text this far outside the page (points) is not seen.
const BLEED: f32 = 2.0;

/// Collects one page.
pub(crate) struct Collector<'f, 'a> {
    page: layout::PageInput,
    faces: &'f mut Faces<'a>,
    settings: &'f InterpreterSettings,
    unreadable: u32,
    images: u32,
    cut: bool,
    /// What can be seen through the open clips, each cut to the one before.
    clips: Vec<Rect>,
    /// Open clips beyond those.
    more_clips: u64,
    marked: Vec<Marked>,
    artifacts: u32,
    /// The run before, to tell a stroke around letters from more letters.
    last_fill: Option<(usize, Point)>,
}

/// What a page turned out to hold.
pub(crate) struct Collected {
    pub(crate) input: layout::PageInput,
    /// Glyphs of which nobody says what they mean.
    pub(crate) unreadable: u32,
    pub(crate) images: u32,
    /// There were more glyphs than are kept.
    pub(crate) cut: bool,
}

/// A marked-content sequence that is open.
enum Marked {
    Plain,
    Artifact,
    /// Replaces the text of the glyphs from this index on.
    ActualText(String, usize),
}

impl<'f, 'a> Collector<'f, 'a> {
    pub(crate) fn new(page: layout::PageInput, faces: &'f mut Faces<'a>, settings: &'f InterpreterSettings) -> Self {
        Self {
            page,
            faces,
            settings,
            unreadable: 0,
            images: 0,
            cut: false,
            clips: Vec::new(),
            more_clips: 0,
            marked: Vec::new(),
            artifacts: 0,
            last_fill: None,
        }
    }

    pub(crate) fn finish(mut self) -> Collected {
        while !self.marked.is_empty() {
            self.end_marked_content();
        }
        self.page.unreadable = self.unreadable > 0;
        Collected { input: self.page, unreadable: self.unreadable, images: self.images, cut: self.cut }
    }

    fn rule(&mut self, rect: Rect) {
        let rect = rect.abs();
        if self.page.rules.len() >= MOST_RULES || !rect.is_finite() {
            return;
        }
        if rect.width().min(rect.height()) <= RULE_WIDTH && rect.width().max(rect.height()) >= RULE_LENGTH {
            let rect = layout::Rect {
                left: rect.x0 as f32,
                top: rect.y0 as f32,
                right: rect.x1 as f32,
                bottom: rect.y1 as f32,
            };
            self.page.rules.push(layout::Rule { rect });
        }
    }

    /// Notes a piece of a drawing, as far as the open clip shows it.
    fn picture(&mut self, rect: Rect, raster: bool, shaped: bool) {
        let mut rect = rect.abs();
        if let Some(clip) = self.clips.last() {
            rect = rect.intersect(*clip);
        }
        rect = rect.intersect(Rect::new(0.0, 0.0, f64::from(self.page.width), f64::from(self.page.height)));
        let seen =
            rect.is_finite() && rect.width() >= 0.0 && rect.height() >= 0.0 && rect.width() + rect.height() > 0.5;
        if !seen || self.artifacts > 0 && !raster {
            return;
        }
        let rect =
            layout::Rect { left: rect.x0 as f32, top: rect.y0 as f32, right: rect.x1 as f32, bottom: rect.y1 as f32 };
        let piece = layout::Picture { rect, raster, shaped };
        if self.page.pictures.len() < MOST_PICTURES {
            self.page.pictures.push(piece);
        } else if let Some(last) = self.page.pictures.last_mut().filter(|_| raster) {
            *last = piece;
        }
    }

    fn clip(&mut self, rect: Rect) {
        if self.clips.len() < MOST_CLIPS {
            let rect = self.clips.last().map_or(rect, |outer| rect.intersect(*outer));
            self.clips.push(rect);
        } else {
            self.more_clips += 1;
        }
    }

    fn outline(&mut self, rect: Rect) {
        self.rule(Rect::new(rect.x0, rect.y0, rect.x1, rect.y0));
        self.rule(Rect::new(rect.x0, rect.y1, rect.x1, rect.y1));
        self.rule(Rect::new(rect.x0, rect.y0, rect.x0, rect.y1));
        self.rule(Rect::new(rect.x1, rect.y0, rect.x1, rect.y1));
    }

    /// A stroke from one place to another; only axis-parallel ones rule anything.
    fn rule_between(&mut self, from: Point, to: Point) {
        let rect = Rect::from_points(from, to);
        if rect.width().min(rect.height()) < 0.5 {
            self.rule(rect);
        }
    }

    fn outside(&self, x: f32, y: f32) -> bool {
        let inside =
            (-BLEED..=self.page.width + BLEED).contains(&x) && (-BLEED..=self.page.height + BLEED).contains(&y);
        !inside
    }

    fn run(&mut self, run: &GlyphRun<'_, 'a>, transform: Affine) {
        let vertical = run.writing_mode() == WritingMode::Vertical;
        let face = run.glyphs().first().map(|g| self.faces.of(g, self.settings)).unwrap_or_default();
        let placed: Vec<Placed> = run.glyphs().iter().map(|g| Placed::new(transform * g.transform(), g)).collect();
        let stretched = substituted(&placed);
        let em = type3_em(run, &placed);
        for (glyph, at) in run.glyphs().iter().zip(&placed) {
            if self.page.glyphs.len() >= MOST_GLYPHS {
                self.cut = true;
                return;
            }
            if !at.is_finite() {
                continue;
            }
            let text = match self.text(glyph) {
                Some(text) => text,
                None => {
                    self.unreadable += 1;
                    continue;
                }
            };
            let size = em.unwrap_or(at.height);
            let mut placed = layout::Glyph {
                text,
                x: at.origin.x as f32,
                y: at.origin.y as f32,
                axis: at.axis,
                advance: (at.units * if stretched { at.height } else { at.width } / 1000.0) as f32,
                size: size as f32,
                face,
                artifact: self.artifacts > 0,
            };
            if vertical {
                at.stand_upright(&mut placed);
            }
            if !self.outside(placed.x, placed.y) {
                self.page.glyphs.push(placed);
            }
        }
    }

    fn text(&mut self, glyph: &Glyph<'a>) -> Option<layout::GlyphText> {
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => Characters::Char(c),
            Some(BfString::String(s)) => Characters::Str(s),
            None => Characters::None,
        };
        let text = match readable(text) {
            Some(text) => text,
            None => readable(self.faces.characters(glyph, self.settings))?,
        };
        Some(match text {
            Characters::Char(c) => layout::GlyphText::Char(c),
            Characters::Str(s) => layout::GlyphText::Str(s.into()),
            Characters::None => return None,
        })
    }
}

/// Geometry of one glyph on the page.
struct Placed {
    matrix: Affine,
    origin: Point,
    axis: [f32; 2],
    /// Page length of 1000 units along the baseline, and of the em across it.
    width: f64,
    height: f64,
    /// Advance in 1/1000 em.
    units: f64,
}

impl Placed {
    fn new(matrix: Affine, glyph: &Glyph<'_>) -> Self {
        let [a, b, c, d, e, f] = matrix.as_coeffs();
        let width = a.hypot(b) * 1000.0;
        let height = if width > 0.0 { (a * d - b * c).abs() * 1e6 / width } else { c.hypot(d) * 1000.0 };
        let axis = if width > 0.0 { [(a * 1000.0 / width) as f32, (b * 1000.0 / width) as f32] } else { [1.0, 0.0] };
        let units = match glyph {
            Glyph::Outline(g) => g.advance_width(),
            Glyph::Type3(g) => g.advance_width(),
        };
        let units = f64::from(units.unwrap_or(500.0)).abs();
        Placed { matrix, origin: Point::new(e, f), axis, width, height, units }
    }

    /// Text set from top to bottom is text turned by a quarter whose letters stand upright: the line runs down, and
    /// the letters are centred on it.
    fn stand_upright(&self, glyph: &mut layout::Glyph) {
        // The interpreter moved the origin to the lower left of the letter; the line runs through its top centre.
        let top = self.matrix * Point::new(500.0, 880.0);
        let foot = self.matrix * Point::new(500.0, 0.0);
        let down = foot - top;
        let length = down.hypot();
        if length > 0.0 {
            glyph.axis = [(down.x / length) as f32, (down.y / length) as f32];
        }
        // Left of the line by 0.3 em, so that the em box (0.8 above the baseline) is centred on it.
        let [right_x, right_y] = [-glyph.axis[1], glyph.axis[0]];
        glyph.x = top.x as f32 + 0.3 * glyph.size * right_x;
        glyph.y = top.y as f32 + 0.3 * glyph.size * right_y;
        glyph.advance = glyph.size;
    }

    fn is_finite(&self) -> bool {
        self.origin.is_finite() && self.width.is_finite() && self.height.is_finite() && self.height > 0.01
    }
}

/// True if the glyphs come from a substitute font that is squeezed to the widths of the real one. Their horizontal
/// scale then belongs to the drawing, not to the advance; which of the two it is shows in the distance to the next.
fn substituted(placed: &[Placed]) -> bool {
    let mut votes = 0i32;
    for pair in placed.windows(2) {
        let [this, next] = pair else { continue };
        if (this.width / this.height - 1.0).abs() < 0.02 {
            continue;
        }
        let step = (next.origin - this.origin).hypot();
        let (drawn, plain) = (this.units * this.width / 1000.0, this.units * this.height / 1000.0);
        votes += if (step - plain).abs() < (step - drawn).abs() { 1 } else { -1 };
    }
    votes > 0
}

/// The em of Type 3 glyphs, whose units are the font's own: letters are about half an em wide. `None` where the
/// nominal size is plausible.
fn type3_em(run: &GlyphRun<'_, '_>, placed: &[Placed]) -> Option<f64> {
    if !matches!(&**run.glyphs().first()?, Glyph::Type3(_)) {
        return None;
    }
    let advances: Vec<f64> = placed.iter().map(|p| p.units * p.width / 1000.0).filter(|a| *a > 0.0).collect();
    let mean = advances.iter().sum::<f64>() / advances.len().max(1) as f64;
    let nominal = placed.first()?.height;
    (mean > 1.2 * nominal || mean < 0.12 * nominal).then_some((2.0 * mean).max(0.1))
}

/// Puts the text that the producer gives for some glyphs in their place.
fn replace(glyphs: &mut Vec<layout::Glyph>, from: usize, text: &str) {
    let text = text.trim_matches(['\u{ad}', '\u{feff}', '\0']);
    let count = glyphs.len().saturating_sub(from);
    let Some(first) = glyphs.get(from) else { return };
    // Whole lines and paragraphs are read from their glyphs: an alternative for them is a description, not a spelling.
    let one_line = glyphs.iter().skip(from).all(|g| (g.y - first.y).abs() < first.size && g.axis == first.axis);
    if text.is_empty() || count > 32 || !one_line || text.chars().count() > 64 {
        return;
    }
    if text.chars().count() == count {
        for (glyph, c) in glyphs.iter_mut().skip(from).zip(text.chars()) {
            glyph.text = layout::GlyphText::Char(c);
        }
        return;
    }
    let (x, y) = (first.x, first.y);
    let axis = first.axis;
    let end =
        glyphs.iter().skip(from).map(|g| (g.x - x) * axis[0] + (g.y - y) * axis[1] + g.advance).fold(0.0f32, f32::max);
    glyphs.truncate(from + 1);
    if let Some(first) = glyphs.get_mut(from) {
        first.text = layout::GlyphText::Str(text.into());
        first.advance = end;
    }
}

/// True for white and for what is not there: producers blank out the paper with it.
fn is_unseen(paint: &Paint<'_>) -> bool {
    let Paint::Color(color) = paint else { return false };
    let [r, g, b, alpha] = color.to_rgba().components();
    alpha < 0.02 || r.min(g).min(b) > 0.985
}

impl<'a> Device<'a> for Collector<'_, 'a> {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, draw_mode: &DrawMode) {
        let stroked = matches!(draw_mode, DrawMode::Stroke(_));
        let unseen = is_unseen(&props.paint);
        let mut start = Point::ZERO;
        let mut at = Point::ZERO;
        let mut bounds: Option<Rect> = None;
        let mut straight = true;
        // Lines along the axes only, which rule tables and frame boxes.
        let mut along_axes = true;
        let mut whole: Option<Rect> = None;
        for element in path.elements() {
            let before = at;
            match *element {
                PathEl::MoveTo(p) => {
                    if let Some(b) = bounds.take().filter(|_| !stroked && straight) {
                        self.rule(b);
                    }
                    straight = true;
                    at = props.transform * p;
                    start = at;
                    bounds = Some(Rect::from_points(at, at));
                }
                PathEl::LineTo(p) => {
                    let p = props.transform * p;
                    if stroked {
                        self.rule_between(at, p);
                    }
                    bounds = bounds.map(|b| b.union_pt(p));
                    at = p;
                }
                PathEl::QuadTo(a, p) | PathEl::CurveTo(a, _, p) => {
                    straight = false;
                    along_axes = false;
                    let b = if let PathEl::CurveTo(_, b, _) = element { *b } else { a };
                    let [a, b] = [props.transform * a, props.transform * b];
                    at = props.transform * p;
                    bounds = bounds.map(|bounds| bounds.union_pt(at));
                    // The middle of the curve: its ends alone say nothing of how far it bulges.
                    let middle = |from: f64, a: f64, b: f64, to: f64| (from + 3.0 * a + 3.0 * b + to) / 8.0;
                    let bulge = Point::new(middle(before.x, a.x, b.x, at.x), middle(before.y, a.y, b.y, at.y));
                    whole = whole.map(|w| w.union_pt(bulge));
                }
                PathEl::ClosePath => {
                    if stroked {
                        self.rule_between(at, start);
                    }
                    at = start;
                }
            }
            if !matches!(element, PathEl::MoveTo(_)) {
                along_axes &= (at.x - before.x).abs().min((at.y - before.y).abs()) < 0.5;
            }
            whole = Some(whole.map_or(Rect::from_points(at, at), |w| w.union_pt(at)));
        }
        if let Some(b) = bounds.filter(|_| !stroked && straight) {
            self.rule(b);
        }
        // Ruling lines are looked at as such.
        let thin = |w: &Rect| along_axes && w.width().min(w.height()) <= RULE_WIDTH;
        if let Some(whole) = whole.filter(|w| !thin(w) && !unseen) {
            self.picture(whole, false, !along_axes);
        }
    }

    fn draw_rect(&mut self, rect: &Rect, props: DrawProps<'a>, draw_mode: &DrawMode) {
        let rect = props.transform.transform_rect_bbox(*rect);
        let wide = rect.width().min(rect.height()) > RULE_WIDTH;
        let unseen = is_unseen(&props.paint);
        if matches!(draw_mode, DrawMode::Stroke(_)) && wide {
            self.outline(rect);
        } else {
            self.rule(rect);
        }
        if wide && !unseen {
            self.picture(rect, false, false);
        }
    }

    fn draw_glyph_run(&mut self, glyph_run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, draw_mode: &DrawMode) {
        let glyphs = glyph_run.glyphs();
        let Some(first) = glyphs.first() else { return };
        let at = (props.transform * first.transform()) * Point::ZERO;
        let this = (glyphs.len(), at);
        let stroked = matches!(draw_mode, DrawMode::Stroke(_));
        if stroked && self.last_fill == Some(this) {
            return;
        }
        self.last_fill = (!stroked).then_some(this);
        self.run(glyph_run, props.transform);
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        self.images += 1;
        let size = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
        let rect = props.transform.transform_rect_bbox(size);
        // A stretched pixel is a coloured bar, or a rule.
        let pixels = image.width().min(image.height());
        if pixels <= 2 { self.rule(rect) } else { self.picture(rect, true, false) }
    }

    fn begin_marked_content(&mut self, tag: &[u8], properties: Option<&Dict<'_>>) {
        let actual = properties
            .and_then(|p| p.get::<PdfString<'_>>(b"ActualText"))
            .map(|text| crate::metadata::text_string(text.as_bytes()));
        let marked = match actual {
            Some(text) => Marked::ActualText(text, self.page.glyphs.len()),
            None if tag == b"Artifact" => {
                self.artifacts += 1;
                Marked::Artifact
            }
            None => Marked::Plain,
        };
        self.marked.push(marked);
    }

    fn end_marked_content(&mut self) {
        match self.marked.pop() {
            Some(Marked::Artifact) => self.artifacts = self.artifacts.saturating_sub(1),
            Some(Marked::ActualText(text, from)) => replace(&mut self.page.glyphs, from, &text),
            Some(Marked::Plain) | None => {}
        }
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.clip(clip.path.control_box());
    }
    fn push_clip_rect(&mut self, rect: &Rect) {
        self.clip(*rect);
    }
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {
        if self.more_clips > 0 {
            self.more_clips -= 1;
        } else {
            self.clips.pop();
        }
    }
    fn pop_transparency_group(&mut self) {}
}
