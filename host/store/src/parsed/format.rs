//! The rows of the cache's files: the block model in postcard's encoding, borrowed where it can be.

use mortise_domain::block::*;
use mortise_domain::{Error, Result};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// All kinds of blocks; a kind is stored as its place here. New kinds go to the end.
pub(super) const KINDS: [BlockKind; 20] = [
    BlockKind::Title,
    BlockKind::Heading,
    BlockKind::Paragraph,
    BlockKind::ListItem,
    BlockKind::Table,
    BlockKind::Figure,
    BlockKind::Caption,
    BlockKind::Code,
    BlockKind::Formula,
    BlockKind::Quote,
    BlockKind::Footnote,
    BlockKind::PageHeader,
    BlockKind::PageFooter,
    BlockKind::PageNumber,
    BlockKind::TocEntry,
    BlockKind::Question,
    BlockKind::Answer,
    BlockKind::KeyValue,
    BlockKind::Separator,
    BlockKind::Note,
];

pub(super) fn encode(parsed: &Parsed) -> Result<Vec<u8>> {
    postcard::to_stdvec(&ParsedRow::from(parsed)).map_err(Error::internal)
}

/// `None` when the bytes are no blocks.
pub(super) fn decode(bytes: &[u8]) -> Option<Parsed> {
    let (row, rest) = postcard::take_from_bytes::<ParsedRow<'_>>(bytes).ok()?;
    if !rest.is_empty() {
        return None;
    }
    row.into_parsed()
}

#[derive(Serialize, Deserialize)]
struct ParsedRow<'a> {
    #[serde(borrow)]
    blocks: Vec<BlockRow<'a>>,
    #[serde(borrow)]
    parts: Vec<PartRow<'a>>,
    #[serde(borrow)]
    images: Vec<FileRow<'a>>,
    /// JSON text: postcard knows no values of unknown shape.
    metadata: String,
    pages: u32,
    #[serde(borrow)]
    warnings: Vec<(Option<PlaceRow>, Cow<'a, str>)>,
    #[serde(borrow)]
    attachments: Vec<FileRow<'a>>,
}

#[derive(Serialize, Deserialize)]
struct BlockRow<'a> {
    id: u32,
    kind: u8,
    #[serde(borrow)]
    text: Cow<'a, str>,
    level: u32,
    places: Vec<PlaceRow>,
    part: u32,
    style: Option<(f32, bool, bool, bool)>,
    #[serde(borrow)]
    table: Option<TableRow<'a>>,
    image: Option<u32>,
    language: Option<String>,
    parent: Option<u32>,
}

/// Page, and left, top, right, bottom.
type PlaceRow = (u32, Option<[f32; 4]>);

#[derive(Serialize, Deserialize)]
struct TableRow<'a> {
    rows: u32,
    columns: u32,
    #[serde(borrow)]
    cells: Vec<CellRow<'a>>,
}

#[derive(Serialize, Deserialize)]
struct CellRow<'a> {
    row: u32,
    column: u32,
    row_span: u32,
    column_span: u32,
    header: bool,
    #[serde(borrow)]
    text: Cow<'a, str>,
    value: ValueRow,
}

#[derive(Serialize, Deserialize)]
enum ValueRow {
    None,
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Time(String),
}

#[derive(Serialize, Deserialize)]
struct PartRow<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    media_type: Cow<'a, str>,
}

/// A picture (without a name) or an attachment.
#[derive(Serialize, Deserialize)]
struct FileRow<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    media_type: Cow<'a, str>,
    #[serde(borrow, serialize_with = "in_one_piece")]
    bytes: Cow<'a, [u8]>,
}

/// The same encoding as byte by byte, only faster.
fn in_one_piece<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl<'a> From<&'a Parsed> for ParsedRow<'a> {
    fn from(parsed: &'a Parsed) -> Self {
        Self {
            blocks: parsed.blocks.iter().map(BlockRow::from).collect(),
            parts: parsed.parts.iter().map(PartRow::from).collect(),
            images: parsed.images.iter().map(|i| file("", &i.media_type, &i.bytes)).collect(),
            metadata: serde_json::Value::Object(parsed.metadata.clone()).to_string(),
            pages: parsed.pages,
            warnings: parsed.warnings.iter().map(|w| (w.at.map(place), Cow::from(&w.message))).collect(),
            attachments: parsed.attachments.iter().map(|a| file(&a.name, &a.media_type, &a.bytes)).collect(),
        }
    }
}

impl ParsedRow<'_> {
    fn into_parsed(self) -> Option<Parsed> {
        let image = |row: FileRow<'_>| Image { media_type: row.media_type.into_owned(), bytes: row.bytes.into_owned() };
        let attachment = |row: FileRow<'_>| Attachment {
            name: row.name.into_owned(),
            media_type: row.media_type.into_owned(),
            bytes: row.bytes.into_owned(),
        };
        let part = |row: PartRow<'_>| Part { name: row.name.into_owned(), media_type: row.media_type.into_owned() };
        let warning = |(at, message): (Option<PlaceRow>, Cow<'_, str>)| Warning {
            at: at.map(to_place),
            message: message.into_owned(),
        };
        Some(Parsed {
            blocks: self.blocks.into_iter().map(BlockRow::into_block).collect::<Option<_>>()?,
            parts: self.parts.into_iter().map(part).collect(),
            images: self.images.into_iter().map(image).collect(),
            metadata: serde_json::from_str(&self.metadata).ok()?,
            pages: self.pages,
            warnings: self.warnings.into_iter().map(warning).collect(),
            attachments: self.attachments.into_iter().map(attachment).collect(),
        })
    }
}

impl<'a> From<&'a Block> for BlockRow<'a> {
    fn from(block: &'a Block) -> Self {
        Self {
            id: block.id,
            kind: KINDS.iter().position(|kind| *kind == block.kind).map_or(u8::MAX, |at| at as u8),
            text: Cow::from(&block.text),
            level: block.level,
            places: block.places.iter().copied().map(place).collect(),
            part: block.part,
            style: block.style.map(|s| (s.font_size, s.bold, s.italic, s.monospace)),
            table: block.table.as_ref().map(TableRow::from),
            image: block.image,
            language: block.language.clone(),
            parent: block.parent,
        }
    }
}

impl BlockRow<'_> {
    fn into_block(self) -> Option<Block> {
        let style = |(font_size, bold, italic, monospace)| Style { font_size, bold, italic, monospace };
        Some(Block {
            id: self.id,
            kind: *KINDS.get(usize::from(self.kind))?,
            text: self.text.into_owned(),
            level: self.level,
            places: self.places.into_iter().map(to_place).collect(),
            part: self.part,
            style: self.style.map(style),
            table: self.table.map(TableRow::into_table),
            image: self.image,
            language: self.language,
            parent: self.parent,
        })
    }
}

impl<'a> From<&'a Table> for TableRow<'a> {
    fn from(table: &'a Table) -> Self {
        let cell = |cell: &'a Cell| CellRow {
            row: cell.row,
            column: cell.column,
            row_span: cell.row_span,
            column_span: cell.column_span,
            header: cell.header,
            text: Cow::from(&cell.text),
            value: match &cell.value {
                Value::None => ValueRow::None,
                Value::Text(text) => ValueRow::Text(text.clone()),
                Value::Integer(n) => ValueRow::Integer(*n),
                Value::Number(x) => ValueRow::Number(*x),
                Value::Boolean(b) => ValueRow::Boolean(*b),
                Value::Time(text) => ValueRow::Time(text.clone()),
            },
        };
        Self { rows: table.rows, columns: table.columns, cells: table.cells.iter().map(cell).collect() }
    }
}

impl TableRow<'_> {
    fn into_table(self) -> Table {
        let cell = |cell: CellRow<'_>| Cell {
            row: cell.row,
            column: cell.column,
            row_span: cell.row_span,
            column_span: cell.column_span,
            header: cell.header,
            text: cell.text.into_owned(),
            value: match cell.value {
                ValueRow::None => Value::None,
                ValueRow::Text(text) => Value::Text(text),
                ValueRow::Integer(n) => Value::Integer(n),
                ValueRow::Number(x) => Value::Number(x),
                ValueRow::Boolean(b) => Value::Boolean(b),
                ValueRow::Time(text) => Value::Time(text),
            },
        };
        Table { rows: self.rows, columns: self.columns, cells: self.cells.into_iter().map(cell).collect() }
    }
}

impl<'a> From<&'a Part> for PartRow<'a> {
    fn from(part: &'a Part) -> Self {
        Self { name: Cow::from(&part.name), media_type: Cow::from(&part.media_type) }
    }
}

fn file<'a>(name: &'a str, media_type: &'a str, bytes: &'a [u8]) -> FileRow<'a> {
    FileRow { name: Cow::from(name), media_type: Cow::from(media_type), bytes: Cow::from(bytes) }
}

fn place(place: Place) -> PlaceRow {
    (place.page, place.rect.map(|r| [r.left, r.top, r.right, r.bottom]))
}

fn to_place((page, rect): PlaceRow) -> Place {
    Place { page, rect: rect.map(|[left, top, right, bottom]| Rect { left, top, right, bottom }) }
}
