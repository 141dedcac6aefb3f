//! The PDF parser: pages are interpreted by `hayro`, every glyph is collected with its place and font, and
//! `mortise-shared-layout` makes lines, columns, tables, figures and headings of them.
//!
//! Two pure steps, so that windows of a file can be read side by side: [`read`] takes pages to a [`Window`],
//! [`compose()`] takes windows to blocks. [`render()`] draws a page or a part of it; figures and pages without text are
//! kept as such pictures.

mod collect;
mod compose;
mod effort;
mod emit;
mod face;
mod guard;
mod lone;
mod metadata;
mod outline;
mod pages;
mod picture;
mod render;
mod unicode;
mod window;

pub use compose::compose;
pub use mortise_shared_layout as layout;
pub use render::{Raster, render};
pub use window::{Window, read};

use emit::Emitter;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, Result, host};
use window::Reader;

/// The parser of PDF files.
pub struct PdfParser;

/// Settings of the PDF parser.
#[derive(Clone, Debug, mortise_sdk::serde::Deserialize, mortise_sdk::schemars::JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
#[schemars(crate = "mortise_sdk::schemars")]
pub struct PdfConfig {
    /// Which PDF parser the dataset uses; chosen by the host, and of no effect here.
    pub layout_recognize: Option<LayoutRecognize>,
    /// Keep figures, and pages without text, as pictures.
    pub figures: bool,
    /// Pixels per inch of those pictures.
    #[schemars(range(min = 36, max = 300))]
    pub dpi: u32,
}

impl Default for PdfConfig {
    fn default() -> Self {
        PdfConfig { layout_recognize: None, figures: true, dpi: 150 }
    }
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

    fn parse(file: &File<'_>, config: PdfConfig, out: &mut Output) -> Result<()> {
        let pdf = open(file.read_all())?;
        let count = pdf.pages().len() as u32;
        out.pages(count);
        // Reading is most of the work; the rest is for putting the pages together and for pictures.
        let window = Reader::new(&pdf).window(0, count, |page| {
            host::progress(0.7 * page as f32 / count as f32, &format!("page {page} of {count}"));
        });
        put_together(&pdf, config, vec![window], out);
        Ok(())
    }
}

/// Hands out the whole document from all its windows in order.
fn put_together(pdf: &Pdf, config: PdfConfig, windows: Vec<Window>, out: &mut Output) {
    let outline = windows.first().map(|window| window.outline.as_slice()).unwrap_or_default();
    out.metadata(&metadata::fields(pdf, outline));
    let mut emitter = Emitter::new(pdf, config);
    windows.iter().for_each(|window| emitter.warnings(&window.warnings, out));
    emitter.blocks(compose(windows), out);
    emitter.attachments(out);
    emitter.finish(out);
    host::progress(1.0, "");
}

mortise_sdk::export_parser!(PdfParser);

fn open(bytes: Vec<u8>) -> Result<Pdf> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::InvalidInput("the file is empty".into()));
    }
    let looks_like_pdf = bytes.get(..bytes.len().min(2048)).is_some_and(|head| guard::find(head, b"%PDF").is_some());
    let pdf = Pdf::new(bytes).map_err(|error| match error {
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
    })?;
    if pdf.pages().is_empty() {
        return Err(Error::InvalidInput("the PDF has no pages".into()));
    }
    Ok(pdf)
}
