//! All pages together: which lines are page furniture, what is a heading, where paragraphs go on over a break.

use crate::caption;
use crate::furniture::{self, Furniture};
use crate::glyph::Rect;
use crate::heading::{Headings, is_heading};
use crate::marker::{Marker, is_caption, is_toc_entry, list_marker};
use crate::page::{Element, Figure, PageLayout, Region, TextLine};
use crate::paragraph::{Paragraph, ends_with_sentence, paragraphs};
use crate::script::is_ideographic;
use crate::table::Table;
use crate::text::{append_line, is_hyphen};
use crate::words::Words;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The document's title.
    Title,
    /// A heading; [`Block::level`] 1 is the highest.
    Heading,
    /// Running text.
    Paragraph,
    /// An item of a list, with its marker.
    ListItem,
    /// A table; [`Block::table`] has the cells.
    Table,
    /// A picture or a drawing; its text is the words within.
    Figure,
    /// The caption of a figure or table.
    Caption,
    /// Lines set in a monospaced font; line breaks are kept.
    Code,
    /// A note at the foot of a page.
    Footnote,
    /// A running head.
    PageHeader,
    /// A running foot.
    PageFooter,
    /// A page number.
    PageNumber,
    /// A line of a table of contents.
    TocEntry,
}

/// A rectangle on a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// 1-based.
    pub page: u32,
    /// Points, origin top left.
    pub rect: Rect,
}

/// A piece of the document in reading order.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// Headings: 1 is the highest. List items: depth from 1. Otherwise 0.
    pub level: u32,
    /// In logical order, lines joined; tables: cells by tab, rows by newline.
    pub text: String,
    /// More than one where it goes on over a column or page break.
    pub places: Vec<Place>,
    /// Points.
    pub size: f32,
    /// (Nearly) all of it is bold.
    pub bold: bool,
    /// (Nearly) all of it is italic.
    pub italic: bool,
    /// (Nearly) all of it is monospaced.
    pub monospace: bool,
    /// The cells of a table.
    pub table: Option<Table>,
    /// Captions: index of the figure or table that they tell of.
    pub parent: Option<usize>,
}

/// Rows of a table that goes on over pages; beyond, another block begins.
const MOST_ROWS: u32 = 1000;

/// The blocks of a document from the layouts of its pages, in reading order.
pub fn blocks(pages: &[PageLayout]) -> Vec<Block> {
    let furniture = furniture::find(pages);
    let body = body(pages, &furniture);
    let mut flow = Flow { out: Vec::new(), looks: Vec::new(), open: Vec::new(), body, words: Words::of(pages) };
    for (p, page) in pages.iter().enumerate() {
        for (r, region) in page.regions.iter().enumerate() {
            flow.new_region();
            let mut run: Vec<&TextLine> = Vec::new();
            for (e, element) in region.elements.iter().enumerate() {
                match element {
                    Element::Line(line) => match furniture.get(&(p, r, e)) {
                        Some(kind) => flow.furniture(*kind, line, page.number),
                        None => run.push(line),
                    },
                    Element::Table(table, rect) => {
                        flow.text(&std::mem::take(&mut run), region, page);
                        flow.table(table, *rect, page.number);
                    }
                    Element::Figure(figure) if furniture.contains_key(&(p, r, e)) => {
                        flow.ornament(figure, page);
                    }
                    Element::Figure(figure) => {
                        flow.text(&std::mem::take(&mut run), region, page);
                        flow.figure(figure, page.number);
                    }
                }
            }
            flow.text(&run, region, page);
        }
    }
    flow.finish()
}

/// Look of the running text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    /// Points.
    pub(crate) size: f32,
    /// So much of the text is bold that bold says nothing.
    pub(crate) bold: bool,
    pub(crate) monospace: bool,
}

fn body(pages: &[PageLayout], furniture: &furniture::Found) -> Body {
    let mut sizes = std::collections::BTreeMap::<i32, u64>::new();
    let (mut bold, mut monospace, mut all) = (0u64, 0u64, 0u64);
    for (p, page) in pages.iter().enumerate() {
        for (r, region) in page.regions.iter().enumerate() {
            for (e, element) in region.elements.iter().enumerate() {
                let Element::Line(line) = element else { continue };
                if furniture.contains_key(&(p, r, e)) {
                    continue;
                }
                let count = u64::from(line.count);
                *sizes.entry((line.size * 2.0).round() as i32).or_default() += count;
                all += count;
                bold += if line.look.bold { count } else { 0 };
                monospace += if line.look.monospace { count } else { 0 };
            }
        }
    }
    let size = sizes.iter().max_by_key(|(_, count)| **count).map_or(10.0, |(size, _)| *size as f32 / 2.0);
    Body { size, bold: bold * 2 > all, monospace: monospace * 2 > all }
}

/// The blocks so far, and where the text could go on.
struct Flow {
    out: Vec<Block>,
    /// One per block: what joining and heading levels need to know.
    looks: Vec<Ending>,
    /// Blocks of the region before this one that could go on, the last first.
    open: Vec<usize>,
    body: Body,
    words: Words,
}

#[derive(Clone, Copy, Default)]
struct Ending {
    /// Its last line is full and ends no sentence.
    open: bool,
    /// Belongs to the current region.
    fresh: bool,
}

impl Flow {
    fn push(&mut self, block: Block, open: bool) {
        self.out.push(block);
        self.looks.push(Ending { open, fresh: true });
    }

    fn new_region(&mut self) {
        let fresh: Vec<usize> =
            self.looks.iter().enumerate().rev().take_while(|(_, l)| l.fresh).map(|(i, _)| i).collect();
        if !fresh.is_empty() {
            self.open = fresh.iter().copied().filter(|i| self.looks.get(*i).is_some_and(|l| l.open)).take(1).collect();
        }
        for i in fresh {
            if let Some(look) = self.looks.get_mut(i) {
                look.fresh = false;
            }
        }
    }

    fn furniture(&mut self, kind: Furniture, line: &TextLine, page: u32) {
        let kind = match kind {
            Furniture::Header => Kind::PageHeader,
            Furniture::Footer => Kind::PageFooter,
            Furniture::Number => Kind::PageNumber,
        };
        self.out.push(Block {
            kind,
            level: 0,
            text: line.text.clone(),
            places: vec![Place { page, rect: line.place }],
            size: line.size,
            bold: line.look.bold,
            italic: line.look.italic,
            monospace: line.look.monospace,
            table: None,
            parent: None,
        });
        // Furniture neither ends a region nor begins one.
        self.looks.push(Ending { open: false, fresh: self.looks.last().is_some_and(|l| l.fresh) });
    }

    /// A picture that comes back page after page is worth no more than its words.
    fn ornament(&mut self, figure: &Figure, page: &PageLayout) {
        if figure.text.is_empty() {
            return;
        }
        let low = figure.place.top > 0.5 * page.height;
        self.out.push(Block {
            kind: if low { Kind::PageFooter } else { Kind::PageHeader },
            level: 0,
            text: figure.text.clone(),
            places: vec![Place { page: page.number, rect: figure.place }],
            size: self.body.size,
            bold: false,
            italic: false,
            monospace: false,
            table: None,
            parent: None,
        });
        self.looks.push(Ending { open: false, fresh: self.looks.last().is_some_and(|l| l.fresh) });
    }

    fn table(&mut self, table: &Table, rect: Rect, page: u32) {
        if self.table_goes_on(table, rect, page) {
            return;
        }
        self.push(
            Block {
                kind: Kind::Table,
                level: 0,
                text: table.plain_text(),
                places: vec![Place { page, rect }],
                size: self.body.size,
                bold: false,
                italic: false,
                monospace: false,
                table: Some(table.clone()),
                parent: None,
            },
            false,
        );
    }

    /// Appends the table to the one that ended the page before, if it has the same columns.
    fn table_goes_on(&mut self, table: &Table, rect: Rect, page: u32) -> bool {
        let furniture = |b: &&mut Block| matches!(b.kind, Kind::PageHeader | Kind::PageFooter | Kind::PageNumber);
        let Some(before) = self.out.iter_mut().rev().find(|b| !furniture(b)) else { return false };
        let (Some(own), Some(last)) = (&mut before.table, before.places.last()) else { return false };
        let em = self.body.size.max(4.0);
        let fits = last.page + 1 == page
            && own.columns == table.columns
            && (last.rect.left - rect.left).abs() < em
            && (last.rect.right - rect.right).abs() < em
            && own.rows + table.rows <= MOST_ROWS;
        if fits {
            own.append(table);
            before.text = own.plain_text();
            before.places.push(Place { page, rect });
        }
        fits
    }

    fn figure(&mut self, figure: &Figure, page: u32) {
        let block = Block {
            kind: Kind::Figure,
            level: 0,
            text: figure.text.clone(),
            places: vec![Place { page, rect: figure.place }],
            size: self.body.size,
            bold: false,
            italic: false,
            monospace: false,
            table: None,
            parent: None,
        };
        self.push(block, false);
    }

    fn text(&mut self, lines: &[&TextLine], region: &Region, page: &PageLayout) {
        let found = paragraphs(lines, region.bounds);
        for (n, paragraph) in found.iter().enumerate() {
            let last = n + 1 == found.len();
            let block = self.block(paragraph, region.upright, page);
            if n == 0 && self.goes_on(&block, paragraph) {
                continue;
            }
            let running = matches!(block.kind, Kind::Paragraph | Kind::ListItem);
            let ended = ends_with_sentence(&block.text) || block.text.ends_with([':', '：']);
            // Behind the last paragraph of running text only smaller print may stand.
            let followed = found.iter().skip(n + 1).any(|p| is_running(p, &block));
            let open = running && !ended && (paragraph.full || block.text.ends_with(is_hyphen)) && (last || !followed);
            self.push(block, open);
        }
    }

    /// Appends the paragraph to the one before the break if it clearly goes on there.
    fn goes_on(&mut self, block: &Block, paragraph: &Paragraph<'_>) -> bool {
        let Some(before) = self.open.first().and_then(|i| self.out.get_mut(*i)) else { return false };
        let first = block.text.chars().next().unwrap_or(' ');
        let fits = block.kind == Kind::Paragraph
            && (block.size / before.size - 1.0).abs() < 0.06
            && block.bold == before.bold
            && block.monospace == before.monospace
            && !paragraph.centred
            && list_marker(&block.text).is_none()
            && (first.is_lowercase()
                || (paragraph.flush
                    && (first.is_alphanumeric() || is_ideographic(first) || "(“\"«「".contains(first))));
        if !fits {
            return false;
        }
        append_line(&mut before.text, &block.text, &self.words);
        before.places.extend(block.places.iter().copied());
        let ended = ends_with_sentence(&before.text);
        let index = self.open.remove(0);
        if !ended
            && paragraph.full
            && let Some(look) = self.looks.get_mut(index)
        {
            // Over a whole column: it may go on once more.
            *look = Ending { open: true, fresh: true };
            self.open.push(index);
        }
        true
    }

    fn block(&self, paragraph: &Paragraph<'_>, upright: bool, page: &PageLayout) -> Block {
        let lines = &paragraph.lines;
        let all = |what: fn(&TextLine) -> bool| lines.iter().all(|l| what(l));
        let monospace = all(|l| l.look.monospace);
        let code = monospace && !self.body.monospace && lines.len() > 1;
        let mut text = String::new();
        for line in lines {
            if code {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(&line.text);
            } else {
                append_line(&mut text, &line.text, &self.words);
            }
        }
        let rect = lines.iter().map(|l| l.place).fold(Rect::EMPTY, Rect::union);
        let weight: f32 = lines.iter().map(|l| l.count as f32).sum();
        let size = lines.iter().map(|l| l.size * l.count as f32).sum::<f32>() / weight.max(1.0);
        let marker = list_marker(&text);
        let note = size < 0.92 * self.body.size
            && rect.top > 0.6 * page.height
            && text
                .chars()
                .next()
                .is_some_and(|c| c.is_ascii_digit() || matches!(c, '*' | '†' | '‡' | '§' | '¹' | '²' | '³'));
        let kind = if code {
            Kind::Code
        } else if is_toc_entry(&text) {
            Kind::TocEntry
        } else if is_caption(&text) {
            Kind::Caption
        } else if upright && marker != Some(Marker::Bullet) && is_heading(paragraph, &text, &self.body) {
            Kind::Heading
        } else if note {
            Kind::Footnote
        } else if marker.is_some() {
            Kind::ListItem
        } else {
            Kind::Paragraph
        };
        Block {
            kind,
            level: u32::from(kind == Kind::ListItem),
            text,
            places: vec![Place { page: page.number, rect }],
            size,
            bold: all(|l| l.look.bold),
            italic: all(|l| l.look.italic),
            monospace,
            table: None,
            parent: None,
        }
    }

    fn finish(mut self) -> Vec<Block> {
        Headings::of(&self.out, &self.body).apply(&mut self.out);
        list_depths(&mut self.out);
        caption::assign(&mut self.out);
        self.out
    }
}

/// True if the paragraph is print of the same size, so that it would stand between the halves of a divided one.
fn is_running(paragraph: &Paragraph<'_>, block: &Block) -> bool {
    paragraph.lines.first().is_some_and(|l| l.size > 0.95 * block.size)
}

/// Depth of list items from how far they are set in from the leftmost of their column, within one run of items.
fn list_depths(blocks: &mut [Block]) {
    let starts = column_starts(blocks);
    let mut edges: Vec<f32> = Vec::new();
    for (block, start) in blocks.iter_mut().zip(starts) {
        match block.kind {
            Kind::ListItem => {
                let left = block.places.first().map_or(0.0, |p| p.rect.left) - start;
                while edges.last().is_some_and(|e| left < e - 4.0) {
                    edges.pop();
                }
                if edges.last().is_none_or(|e| left > e + 4.0) {
                    edges.push(left);
                }
                block.level = edges.len().clamp(1, 9) as u32;
            }
            Kind::PageHeader | Kind::PageFooter | Kind::PageNumber => {}
            _ => edges.clear(),
        }
    }
}

/// For every block, where the leftmost list item of its column begins. A column ends where the text jumps up or to
/// another page.
fn column_starts(blocks: &[Block]) -> Vec<f32> {
    let mut starts = Vec::with_capacity(blocks.len());
    let (mut at, mut left) = ((0, 0.0f32), f32::INFINITY);
    for block in blocks {
        let first = block.places.first().map_or((0, 0.0), |p| (p.page, p.rect.top));
        if first.0 != at.0 || first.1 < at.1 - 1.0 {
            let filled = starts.iter().rev().take_while(|s| **s == f32::NEG_INFINITY).count();
            let from = starts.len() - filled;
            starts.iter_mut().skip(from).for_each(|s| *s = left);
            left = f32::INFINITY;
        }
        at = first;
        if block.kind == Kind::ListItem {
            left = left.min(block.places.first().map_or(0.0, |p| p.rect.left));
        }
        starts.push(f32::NEG_INFINITY);
    }
    let filled = starts.iter().rev().take_while(|s| **s == f32::NEG_INFINITY).count();
    let from = starts.len() - filled;
    starts.iter_mut().skip(from).for_each(|s| *s = left);
    starts
}
