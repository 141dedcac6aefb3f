//! Pages as pictures: whole or in part, at a resolution asked for, within bounds of pixels and of work.

use crate::effort::{Effort, LoneImage};
use crate::guard::{Guard, Verdict};
use crate::lone::Lone;
use crate::picture::Pixels;
use hayro::vello_cpu::color::{AlphaColor, Srgb};
use hayro::vello_cpu::peniko::ImageAlphaType;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings};
use hayro_interpret::kurbo::{Affine, Rect};
use hayro_interpret::{Context, Device, InterpreterCache, InterpreterSettings, TransformExt, interpret_page};
use hayro_syntax::Pdf;
use hayro_syntax::page::Page;
use mortise_sdk::{Error, Result};
use mortise_shared_layout as layout;

/// Pixels of one picture: a page of A3 at 200 dpi has 7.7 million.
const MOST_PIXELS: f32 = 10_000_000.0;
/// Pixels of one side.
const LONGEST_SIDE: f32 = 8000.0;
/// Resolutions that make sense.
const RESOLUTIONS: std::ops::RangeInclusive<f32> = 8.0..=600.0;
/// Work on one document, in pixels touched: some twenty seconds.
const MOST_WORK: u64 = 10_000_000_000;
/// Pages after which cached glyphs and images are dropped.
const CACHED_PAGES: u32 = 8;

/// A picture of a page or of a part of it.
#[derive(Clone, Debug)]
pub struct Raster {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Pixels per inch: what was asked for, or less where the page is too large for that.
    pub dpi: f32,
    /// Four bytes a pixel, rows from top to bottom, opaque.
    pub rgba: Vec<u8>,
}

impl Raster {
    /// As a PNG file: right for drawings.
    pub fn png(&self) -> Result<Vec<u8>> {
        self.pixels()?.png()
    }

    /// As a JPEG file of a quality from 1 to 100: right for photographs and scans.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>> {
        self.pixels()?.jpeg(quality)
    }

    /// As a file of the better kind for what it shows, with its media type.
    pub fn file(&self) -> Result<(&'static str, Vec<u8>)> {
        self.pixels()?.file()
    }

    fn pixels(&self) -> Result<Pixels> {
        Pixels::of_rgba(self.width, self.height, &self.rgba)
            .ok_or_else(|| Error::InvalidInput("the picture's size does not fit its pixels".into()))
    }
}

/// Renders a page (1-based) of a PDF, or the part of it within `rect` (points, origin top left), on white.
///
/// The picture never has more than ten million pixels; where `dpi` would make it larger, it is made smaller. A page
/// that would take too much work or memory is [`Error::Unsupported`].
pub fn render(file: Vec<u8>, page: u32, rect: Option<layout::Rect>, dpi: f32) -> Result<Raster> {
    let pdf = crate::open(file)?;
    let mut painter = Painter::new(&pdf);
    painter.paint(page, rect, dpi)
}

/// Renders pages of one document.
pub(crate) struct Painter<'a> {
    pdf: &'a Pdf,
    settings: InterpreterSettings,
    cache: RenderCache<'a>,
    guard: Guard,
    painted: u32,
    work: u64,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(pdf: &'a Pdf) -> Self {
        Painter {
            pdf,
            settings: InterpreterSettings::default(),
            cache: RenderCache::new(),
            guard: Guard::default(),
            painted: 0,
            work: 0,
        }
    }

    /// A picture of the page, or of a part of it.
    pub(crate) fn paint(&mut self, number: u32, rect: Option<layout::Rect>, dpi: f32) -> Result<Raster> {
        let (page, view) = self.view(number, rect, dpi)?;
        let effort = self.effort(page, &view)?;
        self.draw(page, &view, effort.work)
    }

    /// The same as a file with its media type; where nothing but one image is seen, that image.
    pub(crate) fn file(
        &mut self,
        number: u32,
        rect: Option<layout::Rect>,
        dpi: f32,
    ) -> Result<(&'static str, Vec<u8>)> {
        let (page, view) = self.view(number, rect, dpi)?;
        let effort = self.effort(page, &view)?;
        let work = effort.work;
        if let Some(image) = effort.lone_image().filter(|o| view.is_filled_by(o)) {
            let mut lone = Lone::new(&image, (u32::from(view.width), u32::from(view.height)));
            if let Some(jpeg) = image.jpeg {
                return Ok(("image/jpeg", jpeg));
            }
            self.interpret(page, &view, &mut lone);
            if let Some(pixels) = lone.pixels() {
                self.spend(work)?;
                return pixels.file();
            }
        }
        self.draw(page, &view, work)?.file()
    }

    fn view(&self, number: u32, rect: Option<layout::Rect>, dpi: f32) -> Result<(&'a Page<'a>, View)> {
        let page = (number as usize).checked_sub(1).and_then(|n| self.pdf.pages().get(n));
        let page = page.ok_or_else(|| Error::InvalidInput(format!("the PDF has no page {number}")))?;
        let (width, height) = page.render_dimensions();
        let whole = layout::Rect { left: 0.0, top: 0.0, right: width, bottom: height };
        let rect = rect.map_or(whole, |r| r.clamp_to(whole));
        View::new(rect, dpi, page)
            .map(|view| (page, view))
            .ok_or_else(|| Error::InvalidInput(format!("page {number} has no area to be shown")))
    }

    fn effort(&mut self, page: &Page<'a>, view: &View) -> Result<Effort> {
        let too_much = || Error::Unsupported("the page would take too much work to draw".into());
        if self.guard.judge(page) != Verdict::Fine {
            return Err(too_much());
        }
        let target = Rect::new(0.0, 0.0, f64::from(view.width), f64::from(view.height));
        let mut effort = Effort::new(target);
        self.interpret(page, view, &mut effort);
        if !effort.is_bearable() {
            return Err(too_much());
        }
        Ok(effort)
    }

    fn interpret(&self, page: &Page<'a>, view: &View, device: &mut impl Device<'a>) {
        let target = Rect::new(0.0, 0.0, f64::from(view.width), f64::from(view.height));
        let cache = InterpreterCache::new();
        let mut context = Context::new(view.transform, target, &cache, self.pdf.xref(), self.settings.clone());
        interpret_page(page, &mut context, device);
    }

    fn spend(&mut self, work: u64) -> Result<()> {
        self.work = self.work.saturating_add(work);
        if self.work > MOST_WORK {
            return Err(Error::Unsupported("the document has more pictures than can be drawn".into()));
        }
        Ok(())
    }

    fn draw(&mut self, page: &'a Page<'a>, view: &View, work: u64) -> Result<Raster> {
        self.spend(work)?;
        if self.painted >= CACHED_PAGES {
            self.cache = RenderCache::new();
            self.painted = 0;
        }
        self.painted += 1;
        let mut context = RenderContext::new(view.width, view.height);
        let settings = RenderSettings::default();
        hayro::render_into(page, &self.cache, &self.settings, &settings, &mut context, view.transform);
        context.flush();
        let mut pixmap = Pixmap::new(view.width, view.height);
        let white = AlphaColor::<Srgb>::new([1.0; 4]);
        context.render_with(
            &mut pixmap,
            &mut Resources::default(),
            RasterizerSettings { target_init: TargetInit::Clear(white), ..Default::default() },
        );
        let rgba = pixmap.take_rgba8(ImageAlphaType::Alpha);
        Ok(Raster { width: u32::from(view.width), height: u32::from(view.height), dpi: view.dpi, rgba })
    }
}

/// From points on the page to pixels of the picture.
struct View {
    width: u16,
    height: u16,
    dpi: f32,
    transform: Affine,
}

impl View {
    fn new(rect: layout::Rect, dpi: f32, page: &Page<'_>) -> Option<Self> {
        let (width, height) = (rect.width(), rect.height());
        if !(width > 0.0 && height > 0.0 && width.is_finite() && height.is_finite()) {
            return None;
        }
        let dpi = if dpi.is_finite() { dpi.clamp(*RESOLUTIONS.start(), *RESOLUTIONS.end()) } else { 72.0 };
        let fits = (MOST_PIXELS / (width * height)).sqrt().min(LONGEST_SIDE / width).min(LONGEST_SIDE / height);
        let scale = (dpi / 72.0).min(fits);
        let pixels = |points: f32| (points * scale).round().clamp(1.0, LONGEST_SIDE) as u16;
        let transform = Affine::scale(f64::from(scale))
            * Affine::translate((-f64::from(rect.left), -f64::from(rect.top)))
            * page.initial_transform(true).to_kurbo();
        Some(View { width: pixels(width), height: pixels(height), dpi: scale * 72.0, transform })
    }

    /// True if the image covers the view, edge to edge.
    fn is_filled_by(&self, image: &LoneImage) -> bool {
        let (width, height) = (f64::from(self.width), f64::from(self.height));
        let r = image.rect;
        let near = |a: f64, b: f64, side: f64| (a - b).abs() <= 0.025 * side;
        near(r.x0, 0.0, width) && near(r.x1, width, width) && near(r.y0, 0.0, height) && near(r.y1, height, height)
    }
}
