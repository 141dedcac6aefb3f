//! A paragraph while it is read.

use crate::numbering::ListRef;
use crate::styles::Look;
use crate::symbols::symbol;
use mortise_sdk::document::{Block, Style};
use mortise_shared_packed::Tag;

/// Size of text that nothing says the size of, points.
const DEFAULT_SIZE: f32 = 10.0;

#[derive(Debug, Default)]
pub(crate) struct Paragraph {
    pub(crate) text: String,
    pub(crate) style: Option<String>,
    pub(crate) list: Option<ListRef>,
    /// Its own outline level, 0-based; 9 is body text.
    pub(crate) outline: Option<i64>,
    /// Page on which its text begins.
    pub(crate) page: Option<u32>,
    /// Its mark was deleted: it goes on in the next paragraph.
    pub(crate) joined: bool,
    pub(crate) figures: Vec<Block>,
    /// Blocks of text boxes anchored here; parents are places in this list.
    pub(crate) boxes: Vec<Block>,
    pub(crate) notes: Vec<Block>,
    run: Look,
    font: String,
    runs: Vec<(Look, bool, usize)>,
    words: bool,
    formulas: bool,
}

impl Paragraph {
    /// What is left of a paragraph whose mark was deleted; it takes the properties of the next one.
    pub(crate) fn carried(self) -> Self {
        Self { style: None, list: None, outline: None, joined: false, ..self }
    }

    pub(crate) fn start_run(&mut self) {
        self.run = Look::default();
        self.font.clear();
    }

    /// Takes in a property of the run; `style` is the look of its character style.
    pub(crate) fn run_property(&mut self, tag: &Tag<'_>, style: Option<Look>) {
        if let Some(style) = style {
            self.run = self.run.over(style);
        }
        self.run.read(tag);
        if tag.name() == "rFonts" {
            self.font = tag.attr("ascii").or_else(|| tag.attr("hAnsi")).unwrap_or_default();
        }
    }

    /// Adds text of a run, unless the run is hidden.
    pub(crate) fn push(&mut self, text: &str, page: Option<u32>) {
        if self.run.hidden == Some(true) {
            return;
        }
        let mut letters = 0;
        for c in text.chars() {
            let c = match c {
                // Line ends in the XML are blanks; breaks are elements.
                '\r' | '\u{A0}' | '\u{3000}' => ' ',
                '\n' if text.len() > 1 => ' ',
                '\u{AD}' | '\u{FEFF}' => continue,
                '\u{F000}'..='\u{F0FF}' => match symbol(&self.font, c as u32) {
                    Some(c) => c,
                    None => continue,
                },
                c if c.is_control() && !matches!(c, '\t' | '\n') => continue,
                c => c,
            };
            letters += usize::from(!c.is_whitespace());
            self.text.push(c);
        }
        if letters > 0 {
            self.page = self.page.or(page);
            self.words = true;
            let monospace =
                ["courier", "consolas", "mono", "menlo"].iter().any(|f| self.font.to_lowercase().contains(f));
            self.runs.push((self.run, monospace, letters));
        }
    }

    /// Adds a formula; one that stands for itself gets a line of its own.
    pub(crate) fn push_formula(&mut self, latex: &str, display: bool, page: Option<u32>) {
        if latex.is_empty() {
            return;
        }
        self.page = self.page.or(page);
        self.formulas = true;
        let mark = if display { "$$" } else { "$" };
        if display && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(&format!("{mark}{latex}{mark}"));
        if display {
            self.text.push('\n');
        }
    }

    /// True if there is nothing but formulas.
    pub(crate) fn is_formula(&self) -> bool {
        self.formulas && !self.words
    }

    /// The look of most of its letters, over that of its style.
    pub(crate) fn look(&self, style: Look) -> Option<Style> {
        let all: usize = self.runs.iter().map(|r| r.2).sum();
        if all == 0 {
            return None;
        }
        let most = |is: &dyn Fn(Look, bool) -> bool| {
            let count: usize = self.runs.iter().filter(|r| is(r.0.over(style), r.1)).map(|r| r.2).sum();
            count * 10 >= all * 9
        };
        let size = |look: Look| look.over(style).size.unwrap_or(DEFAULT_SIZE);
        let main = self.runs.iter().map(|r| size(r.0)).max_by_key(|s| {
            let letters: usize = self.runs.iter().filter(|r| size(r.0) == *s).map(|r| r.2).sum();
            letters
        });
        Some(Style {
            font_size: main.unwrap_or(DEFAULT_SIZE),
            bold: most(&|look, _| look.bold == Some(true)),
            italic: most(&|look, _| look.italic == Some(true)),
            monospace: most(&|_, monospace| monospace),
        })
    }
}
