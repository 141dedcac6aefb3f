//! A window of pages: everything that the whole document needs of them, small enough to be kept and sent.
//!
//! Reading is nearly all of the work, and no page needs another one for it. So any number of instances can read windows
//! of one file side by side; [`compose`](crate::compose()) puts their windows together.

use crate::collect::Collector;
use crate::face::Faces;
use crate::guard::{Guard, Verdict};
use crate::outline::{Entry, outline};
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, TransformExt, interpret_page, kurbo};
use hayro_syntax::Pdf;
use hayro_syntax::page::Page;
use mortise_sdk::serde::{Deserialize, Serialize};
use mortise_sdk::{Error, Result};
use mortise_shared_layout as layout;

/// Pages that were read, laid out each by itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "mortise_sdk::serde")]
pub struct Window {
    /// The first of them, 0-based.
    pub first: u32,
    /// How many pages the file has.
    pub of: u32,
    pub(crate) pages: Vec<layout::PageLayout>,
    /// Page (1-based) and what is wrong with it, as a sentence that goes on after «page 3».
    pub(crate) warnings: Vec<(u32, String)>,
    /// Bookmarks of the file, in the window that begins with its first page.
    pub(crate) outline: Vec<Entry>,
}

impl Window {
    /// How many pages it holds.
    pub fn len(&self) -> usize {
        self.pages.len()
    }

    /// True if it holds no page.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// A compact form for another instance of the same version; a kilobyte or two a page.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        postcard::to_allocvec(self).map_err(|e| Error::Internal(format!("a window of pages could not be written: {e}")))
    }

    /// Back from [`Window::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        postcard::from_bytes(bytes).map_err(|e| Error::InvalidInput(format!("this is no window of pages: {e}")))
    }
}

/// Reads `count` pages of a file from page `first` (0-based) on; fewer at its end.
pub fn read(file: Vec<u8>, first: u32, count: u32) -> Result<Window> {
    let pdf = crate::open(file)?;
    Ok(Reader::new(&pdf).window(first, count, |_| ()))
}

/// Reads the pages of one document.
pub(crate) struct Reader<'a> {
    pdf: &'a Pdf,
    cache: InterpreterCache<'a>,
    settings: InterpreterSettings,
    guard: Guard,
    faces: Faces<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(pdf: &'a Pdf) -> Self {
        Self {
            pdf,
            cache: InterpreterCache::new(),
            settings: InterpreterSettings::default(),
            guard: Guard::default(),
            faces: Faces::default(),
        }
    }

    /// Reads pages, and tells after each its number (1-based).
    pub(crate) fn window(&mut self, first: u32, count: u32, mut progress: impl FnMut(u32)) -> Window {
        let pages = self.pdf.pages();
        let mut window = Window { first, of: pages.len() as u32, ..Window::default() };
        if first == 0 {
            window.outline = outline(self.pdf);
        }
        for (index, page) in pages.iter().enumerate().skip(first as usize).take(count as usize) {
            let number = index as u32 + 1;
            let page = self.page(page, number, &mut window.warnings);
            window.pages.push(page);
            progress(number);
        }
        window
    }

    fn page(&mut self, page: &Page<'a>, number: u32, warnings: &mut Vec<(u32, String)>) -> layout::PageLayout {
        let (width, height) = page.render_dimensions();
        let empty = layout::PageInput { number, width, height, ..Default::default() };
        let mut warn = |what: &str| warnings.push((number, what.into()));
        match self.guard.judge(page) {
            Verdict::Fine => {}
            Verdict::TooLarge => {
                warn("is left out: its content unpacks to more than any page needs");
                return layout::page(&empty, &[]);
            }
            Verdict::TooDeep => {
                warn("is left out: it draws its parts over and over");
                return layout::page(&empty, &[]);
            }
        }
        let transform = page.initial_transform(true).to_kurbo();
        let paper = kurbo::Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let mut context = Context::new(transform, paper, &self.cache, self.pdf.xref(), self.settings.clone());
        self.faces.begin_page(page);
        let mut collector = Collector::new(empty, &mut self.faces, &self.settings);
        interpret_page(page, &mut context, &mut collector);
        let collected = collector.finish();
        let layout = layout::page(&collected.input, self.faces.all());
        if collected.cut {
            warn("has more characters than can be laid out; the rest of it is left out");
        }
        if layout.is_empty() {
            warn(match (collected.unreadable, collected.images + collected.input.pictures.len() as u32) {
                (0, 0) => "is empty",
                (0, _) => "has no text layer",
                _ => "has no readable text: its fonts do not say which characters they show",
            });
        } else if collected.unreadable >= 20 && collected.unreadable * 25 > collected.input.glyphs.len() as u32 {
            warn("has text in fonts that do not say which characters they show; that text is missing");
        }
        if layout.is_garbled() {
            warn("has text that is not what it shows: its fonts name wrong characters");
        }
        layout
    }
}
