//! Blocks, pictures, warnings and attached files as the host takes them.

use crate::PdfConfig;
use crate::guard;
use crate::outline::attachments;
use crate::render::Painter;
use hayro_syntax::Pdf;
use mortise_sdk::document::{Block, BlockKind, Cell, Place, Rect, Style, Table, Value};
use mortise_sdk::parser::Output;
use mortise_sdk::{Error, host};
use mortise_shared_layout as layout;

/// Warnings about single pages that are given out; the rest is summed up in one.
const MOST_WARNINGS: u32 = 100;
/// Pictures of one document, and their bytes.
const MOST_PICTURES: u32 = 2000;
const MOST_BYTES: usize = 128 << 20;
/// Bytes of all attached files.
const MOST_ATTACHED: usize = 64 << 20;

/// Hands out what was found.
pub(crate) struct Emitter<'a> {
    pdf: &'a Pdf,
    painter: Painter<'a>,
    config: PdfConfig,
    pictures: u32,
    bytes: usize,
    warnings: u32,
    /// Warnings beyond those that were given out.
    more: u32,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(pdf: &'a Pdf, config: PdfConfig) -> Self {
        Emitter { pdf, painter: Painter::new(pdf), config, pictures: 0, bytes: 0, warnings: 0, more: 0 }
    }

    /// Warnings from reading the pages.
    pub(crate) fn warnings(&mut self, warnings: &[(u32, String)], out: &mut Output) {
        for (page, what) in warnings {
            self.warn(*page, what, out);
        }
    }

    /// All blocks; their ids are their places in the list.
    pub(crate) fn blocks(&mut self, blocks: Vec<layout::Block>, out: &mut Output) {
        let count = blocks.len().max(1);
        for (n, block) in blocks.into_iter().enumerate() {
            let figure = block.kind == layout::Kind::Figure;
            let image = if figure && self.config.figures { self.picture(&block, out) } else { None };
            if figure {
                host::progress(0.7 + 0.3 * n as f32 / count as f32, "");
            }
            out.emit(Block { image, ..convert(block) });
        }
    }

    fn picture(&mut self, block: &layout::Block, out: &mut Output) -> Option<u32> {
        let place = block.places.first()?;
        if self.pictures >= MOST_PICTURES || self.bytes >= MOST_BYTES {
            self.warn(place.page, "has a figure whose picture is left out: the document has too many", out);
            return None;
        }
        match self.painter.file(place.page, Some(place.rect), self.config.dpi.clamp(36, 300) as f32) {
            Ok((media_type, bytes)) => {
                self.pictures += 1;
                self.bytes += bytes.len();
                Some(out.put_image(media_type, &bytes))
            }
            Err(error) => {
                let why = match error {
                    Error::Unsupported(why) | Error::InvalidInput(why) | Error::Internal(why) => why,
                    other => other.to_string(),
                };
                self.warn(place.page, &format!("has a figure whose picture is left out: {why}"), out);
                None
            }
        }
    }

    /// Files attached to the document.
    pub(crate) fn attachments(&mut self, out: &mut Output) {
        let mut left = MOST_ATTACHED;
        for (name, stream) in attachments(self.pdf) {
            let data = if guard::is_small(&stream) { stream.decoded_data().ok() } else { None };
            match data.filter(|d| d.len() <= left) {
                Some(data) => {
                    left -= data.len();
                    out.attach(&name, media_type(&name), &data);
                }
                None => out.warn(None, &format!("the attached file {name} is damaged or too large, and is left out")),
            }
        }
    }

    /// What is left to say.
    pub(crate) fn finish(&self, out: &mut Output) {
        if self.more > 0 {
            out.warn(None, &format!("{} more warnings of this kind are left out", self.more));
        }
    }

    fn warn(&mut self, number: u32, what: &str, out: &mut Output) {
        self.warnings += 1;
        if self.warnings <= MOST_WARNINGS {
            out.warn(Some(Place { page: number, rect: None }), &format!("page {number} {what}"));
        } else {
            self.more += 1;
        }
    }
}

/// By the name's ending, for the few kinds that documents carry; the host looks at the bytes for the rest.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "pdf" => "application/pdf",
        "xml" => "application/xml",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "md" => "text/markdown",
        "json" => "application/json",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
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
        Kind::Figure => BlockKind::Figure,
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
    let style = Style { font_size: block.size, bold: block.bold, italic: block.italic, monospace: block.monospace };
    Block {
        level: block.level,
        places: places.collect(),
        style: (kind != BlockKind::Figure).then_some(style),
        table: block.table.map(convert_table),
        parent: block.parent.map(|p| p as u32),
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
