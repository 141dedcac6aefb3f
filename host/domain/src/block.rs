//! The document model between parsers and chunkers: a flat list of blocks in reading order. The public description
//! of every field is `wit/document.wit`.
#![allow(missing_docs, reason = "field by field the same as wit/document.wit, which documents them")]

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockKind {
    Title,
    Heading,
    Paragraph,
    ListItem,
    Table,
    Figure,
    Caption,
    Code,
    Formula,
    Quote,
    Footnote,
    PageHeader,
    PageFooter,
    PageNumber,
    TocEntry,
    Question,
    Answer,
    KeyValue,
    Separator,
    Note,
}

/// Points, origin top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

/// A 1-based page and, where the format has a layout, a rectangle on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub page: u32,
    pub rect: Option<Rect>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub font_size: f32,
    pub bold: bool,
    pub italic: bool,
    pub monospace: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    None,
    Text(String),
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Time(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub row: u32,
    pub column: u32,
    pub row_span: u32,
    pub column_span: u32,
    pub header: bool,
    pub text: String,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub rows: u32,
    pub columns: u32,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    pub media_type: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub id: u32,
    pub kind: BlockKind,
    pub text: String,
    pub level: u32,
    pub places: Vec<Place>,
    pub part: u32,
    pub style: Option<Style>,
    pub table: Option<Table>,
    pub image: Option<u32>,
    pub language: Option<String>,
    pub parent: Option<u32>,
}

/// Something a parser could not read.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    pub at: Option<Place>,
    pub message: String,
}

/// A picture a parser kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// A contained file.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// All that a parser made of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    pub blocks: Vec<Block>,
    pub parts: Vec<Part>,
    pub images: Vec<Image>,
    pub metadata: crate::JsonMap,
    /// 0 for formats without pages.
    pub pages: u32,
    pub warnings: Vec<Warning>,
    pub attachments: Vec<Attachment>,
}
