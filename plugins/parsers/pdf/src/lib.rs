//! The PDF parser: pages are interpreted by `hayro`, every glyph is collected with its place and font, and
//! `mortise-shared-layout` makes lines, columns, tables and headings of them.
//!
//! Nothing is rendered and no image is decoded. A page without text is a warning; scans are for another parser.

mod collect;
mod face;
mod guard;
mod metadata;
mod unicode;

use collect::Collector;
use face::Faces;
use guard::{Guard, Verdict};
use hayro_interpret::{Context, InterpreterCache, InterpreterSettings, TransformExt, interpret_page, kurbo};
use hayro_syntax::page::Page;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use mortise_sdk::document::{Block, BlockKind, Cell, Place, Rect, Style, Table, Value};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, Result, host};
use mortise_shared_layout as layout;

/// The parser of PDF files.
pub struct PdfParser;

/// Settings of the PDF parser.
#[derive(Clone, Debug, Default, mortise_sdk::serde::Deserialize, mortise_sdk::schemars::JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
#[schemars(crate = "mortise_sdk::schemars")]
pub struct PdfConfig {
    /// Which PDF parser the dataset uses; chosen by the host, and of no effect here.
    pub layout_recognize: Option<LayoutRecognize>,
}

/// The name of a parser, or whether to look for a layout at all.
#[derive(Clone, Debug, mortise_sdk::serde::Deserialize, mortise_sdk::schemars::JsonSchema)]
#[serde(crate = "mortise_sdk::serde", untagged)]
#[schemars(crate = "mortise_sdk::schemars")]
pub enum LayoutRecognize {
    /// On or off.
    Switch(bool),
    /// A parser's name.
    Name(String),
}

/// Warnings about single pages that are given out; the rest is summed up in one.
const MOST_PAGE_WARNINGS: u32 = 100;

impl Parser for PdfParser {
    type Config = PdfConfig;

    fn describe() -> Description {
        Description::new(
            "pdf",
            env!("CARGO_PKG_VERSION"),
            "Reads the text layer of PDF files: columns, headings, lists, tables, running heads",
        )
    }

    fn accepts() -> Accepts {
        accepts(&["application/pdf"], &["pdf"])
    }

    fn parse(file: &File<'_>, _config: PdfConfig, out: &mut Output) -> Result<()> {
        let pdf = open(file.read_all())?;
        let pages = pdf.pages();
        let count = pages.len() as u32;
        if count == 0 {
            return Err(Error::InvalidInput("the PDF has no pages".into()));
        }
        out.pages(count);
        out.metadata(&metadata::fields(&pdf));
        let mut reader = Reader::new(&pdf);
        let mut layouts = Vec::with_capacity(pages.len());
        for (index, page) in pages.iter().enumerate() {
            layouts.push(reader.page(page, index as u32 + 1, out));
            // Reading is most of the work; the rest is for putting the pages together.
            host::progress(0.95 * (index + 1) as f32 / count as f32, &format!("page {} of {count}", index + 1));
        }
        reader.summary(out);
        for block in layout::blocks(&layouts) {
            out.emit(convert(block));
        }
        host::progress(1.0, "");
        Ok(())
    }
}

mortise_sdk::export_parser!(PdfParser);

fn open(bytes: Vec<u8>) -> Result<Pdf> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::InvalidInput("the file is empty".into()));
    }
    let looks_like_pdf = bytes.get(..bytes.len().min(2048)).is_some_and(|head| guard::find(head, b"%PDF").is_some());
    Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Error::Unsupported("encrypted PDF: a password is needed".into())
        }
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            Error::Unsupported("encrypted PDF: its kind of encryption is not supported".into())
        }
        LoadPdfError::Decryption(_) => Error::InvalidInput("encrypted PDF: the encryption entry is damaged".into()),
        LoadPdfError::Invalid if looks_like_pdf => {
            Error::InvalidInput("the PDF is damaged: no pages could be found in it".into())
        }
        LoadPdfError::Invalid => Error::InvalidInput("this is not a PDF file".into()),
    })
}

/// What is kept from page to page.
struct Reader<'a> {
    pdf: &'a Pdf,
    cache: InterpreterCache<'a>,
    settings: InterpreterSettings,
    guard: Guard,
    faces: Faces<'a>,
    warnings: u32,
    /// Pages beyond the warnings that were given out.
    more: u32,
}

impl<'a> Reader<'a> {
    fn new(pdf: &'a Pdf) -> Self {
        Self {
            pdf,
            cache: InterpreterCache::new(),
            settings: InterpreterSettings::default(),
            guard: Guard::default(),
            faces: Faces::default(),
            warnings: 0,
            more: 0,
        }
    }

    fn page(&mut self, page: &Page<'a>, number: u32, out: &mut Output) -> layout::PageLayout {
        let (width, height) = page.render_dimensions();
        let empty = layout::PageInput { number, width, height, ..Default::default() };
        match self.guard.judge(page) {
            Verdict::Fine => {}
            Verdict::TooLarge => {
                self.warn(out, number, "is left out: its content unpacks to more than any page needs");
                return layout::page(&empty, &[]);
            }
            Verdict::TooDeep => {
                self.warn(out, number, "is left out: it draws its parts over and over");
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
            self.warn(out, number, "has more characters than can be laid out; the rest of it is left out");
        }
        if layout.is_empty() {
            let why = match (collected.unreadable, collected.images) {
                (0, 0) => "is empty",
                (0, _) => "has no text layer",
                _ => "has no readable text: its fonts do not say which characters they show",
            };
            self.warn(out, number, why);
        } else if collected.unreadable * 5 > collected.input.glyphs.len() as u32 {
            self.warn(
                out,
                number,
                "has text in fonts that do not say which characters they show; that text is missing",
            );
        }
        layout
    }

    fn warn(&mut self, out: &mut Output, number: u32, what: &str) {
        self.warnings += 1;
        if self.warnings <= MOST_PAGE_WARNINGS {
            out.warn(Some(Place { page: number, rect: None }), &format!("page {number} {what}"));
        } else {
            self.more += 1;
        }
    }

    fn summary(&self, out: &mut Output) {
        if self.more > 0 {
            out.warn(None, &format!("{} more pages have no text layer or could not be read", self.more));
        }
    }
}

fn convert(block: layout::Block) -> Block {
    use layout::Kind;
    let kind = match block.kind {
        Kind::Title => BlockKind::Title,
        Kind::Heading => BlockKind::Heading,
        Kind::Paragraph => BlockKind::Paragraph,
        Kind::ListItem => BlockKind::ListItem,
        Kind::Table => BlockKind::Table,
        Kind::Caption => BlockKind::Caption,
        Kind::Code => BlockKind::Code,
        Kind::Footnote => BlockKind::Footnote,
        Kind::PageHeader => BlockKind::PageHeader,
        Kind::PageFooter => BlockKind::PageFooter,
        Kind::PageNumber => BlockKind::PageNumber,
        Kind::TocEntry => BlockKind::TocEntry,
    };
    let places = block.places.iter().map(|place| Place {
        page: place.page,
        rect: Some(Rect {
            left: place.rect.left,
            top: place.rect.top,
            right: place.rect.right,
            bottom: place.rect.bottom,
        }),
    });
    Block {
        level: block.level,
        places: places.collect(),
        style: Some(Style {
            font_size: block.size,
            bold: block.bold,
            italic: block.italic,
            monospace: block.monospace,
        }),
        table: block.table.map(convert_table),
        ..Block::new(0, kind, block.text)
    }
}

fn convert_table(table: layout::Table) -> Table {
    let cells = table.cells.into_iter().map(|cell| Cell {
        row: cell.row,
        column: cell.column,
        row_span: cell.row_span,
        column_span: cell.column_span,
        header: cell.header,
        text: cell.text,
        value: Value::None,
    });
    Table { rows: table.rows, columns: table.columns, cells: cells.collect() }
}
