//! Parsed documents as JSON, there and back.

use mortise_domain::block::{Block, BlockKind, Cell, Parsed, Part, Place, Rect, Style, Table, Value};
use mortise_domain::{Json, JsonMap};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Kinds of blocks in the contract's words.
const KINDS: [(BlockKind, &str); 20] = [
    (BlockKind::Title, "title"),
    (BlockKind::Heading, "heading"),
    (BlockKind::Paragraph, "paragraph"),
    (BlockKind::ListItem, "list-item"),
    (BlockKind::Table, "table"),
    (BlockKind::Figure, "figure"),
    (BlockKind::Caption, "caption"),
    (BlockKind::Code, "code"),
    (BlockKind::Formula, "formula"),
    (BlockKind::Quote, "quote"),
    (BlockKind::Footnote, "footnote"),
    (BlockKind::PageHeader, "page-header"),
    (BlockKind::PageFooter, "page-footer"),
    (BlockKind::PageNumber, "page-number"),
    (BlockKind::TocEntry, "toc-entry"),
    (BlockKind::Question, "question"),
    (BlockKind::Answer, "answer"),
    (BlockKind::KeyValue, "key-value"),
    (BlockKind::Separator, "separator"),
    (BlockKind::Note, "note"),
];

/// A kind in the contract's word.
pub(crate) fn kind_name(kind: BlockKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("block", |(_, name)| name)
}

/// A document. Pictures and attachments are told by their type and size.
pub(super) fn write(parsed: &Parsed) -> Json {
    let mut json = json!({});
    if parsed.pages > 0 {
        json["pages"] = parsed.pages.into();
    }
    let list = |json: &mut Json, name: &str, list: Vec<Json>| {
        if !list.is_empty() {
            json[name] = list.into();
        }
    };
    let part = |part: &Part| json!({ "name": part.name, "media_type": part.media_type });
    list(&mut json, "parts", parsed.parts.iter().map(part).collect());
    if !parsed.metadata.is_empty() {
        json["metadata"] = Json::Object(parsed.metadata.clone());
    }
    json["blocks"] = parsed.blocks.iter().map(block).collect();
    let image =
        |image: &mortise_domain::block::Image| json!({ "media_type": image.media_type, "bytes": image.bytes.len() });
    list(&mut json, "images", parsed.images.iter().map(image).collect());
    let warning = |warning: &mortise_domain::block::Warning| match &warning.at {
        Some(at) => json!({ "at": place(at), "message": warning.message }),
        None => json!({ "message": warning.message }),
    };
    list(&mut json, "warnings", parsed.warnings.iter().map(warning).collect());
    let attachment = |attachment: &mortise_domain::block::Attachment| json!({ "name": attachment.name, "media_type": attachment.media_type, "bytes": attachment.bytes.len() });
    list(&mut json, "attachments", parsed.attachments.iter().map(attachment).collect());
    json
}

/// A place: `{"page": 1}`, with `"rect": [left, top, right, bottom]` where there is one.
pub(super) fn place(place: &Place) -> Json {
    let place = PlaceForm { page: place.page, rect: place.rect.map(|r| [r.left, r.top, r.right, r.bottom]) };
    serde_json::to_value(place).unwrap_or_default()
}

/// A typed value: plain JSON, but `{"time": …}` for times.
pub(super) fn value(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Number(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Time(time) => json!({ "time": time }),
    }
}

fn read_value(json: Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(truth) => Value::Boolean(truth),
        Json::String(text) => Value::Text(text),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Number(number.as_f64().unwrap_or_default()),
        },
        Json::Object(fields) => match fields.get("time").and_then(Json::as_str) {
            Some(time) => Value::Time(time.into()),
            None => Value::Text(Json::Object(fields).to_string()),
        },
        list @ Json::Array(_) => Value::Text(list.to_string()),
    }
}

/// A document from JSON: as [`write`] gives it, or its list of blocks alone. Block ids are their places in the list
/// unless they are given.
pub(crate) fn read_document(text: &str) -> Result<Parsed, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let form: DocumentForm = match json {
        blocks @ Json::Array(_) => {
            serde_json::from_value(blocks).map(|blocks| DocumentForm { blocks, ..Default::default() })
        }
        document => serde_json::from_value(document),
    }
    .map_err(|error| format!("it is neither a document nor a list of blocks: {error}"))?;
    let blocks = form.blocks.into_iter().zip(0..).map(|(block, place)| block.read(place));
    Ok(Parsed {
        blocks: blocks.collect::<Result<_, _>>()?,
        parts: form.parts.into_iter().map(|part| Part { name: part.name, media_type: part.media_type }).collect(),
        metadata: form.metadata,
        pages: form.pages,
        ..Parsed::default()
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DocumentForm {
    pages: u32,
    parts: Vec<PartForm>,
    metadata: JsonMap,
    blocks: Vec<BlockForm>,
}

#[derive(Deserialize)]
struct PartForm {
    name: String,
    #[serde(default)]
    media_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceForm {
    page: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rect: Option<[f32; 4]>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(default = "paragraph")]
    kind: String,
    #[serde(default, skip_serializing_if = "is_default")]
    level: u32,
    text: String,
    #[serde(default, skip_serializing_if = "is_default")]
    places: Vec<PlaceForm>,
    #[serde(default, skip_serializing_if = "is_default")]
    part: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style: Option<StyleForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<TableForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StyleForm {
    font_size: f32,
    #[serde(default, skip_serializing_if = "is_default")]
    bold: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    italic: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    monospace: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableForm {
    rows: u32,
    columns: u32,
    cells: Vec<CellForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CellForm {
    row: u32,
    column: u32,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    row_span: u32,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    column_span: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    header: bool,
    text: String,
    #[serde(default, skip_serializing_if = "Json::is_null")]
    value: Json,
}

fn paragraph() -> String {
    "paragraph".into()
}

fn one() -> u32 {
    1
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

fn is_default<T: IsDefault>(value: &T) -> bool {
    value.is_default()
}

/// What golden files leave out.
trait IsDefault {
    fn is_default(&self) -> bool;
}

impl IsDefault for u32 {
    fn is_default(&self) -> bool {
        *self == 0
    }
}

impl IsDefault for bool {
    fn is_default(&self) -> bool {
        !*self
    }
}

impl IsDefault for Vec<PlaceForm> {
    fn is_default(&self) -> bool {
        self.is_empty()
    }
}

fn block(block: &Block) -> Json {
    let places = block.places.iter();
    let cell = |cell: &Cell| CellForm {
        row: cell.row,
        column: cell.column,
        row_span: cell.row_span,
        column_span: cell.column_span,
        header: cell.header,
        text: cell.text.clone(),
        value: value(&cell.value),
    };
    let form = BlockForm {
        id: Some(block.id),
        kind: kind_name(block.kind).into(),
        level: block.level,
        text: block.text.clone(),
        places: places
            .map(|p| PlaceForm { page: p.page, rect: p.rect.map(|r| [r.left, r.top, r.right, r.bottom]) })
            .collect(),
        part: block.part,
        style: block.style.map(|s| StyleForm {
            font_size: s.font_size,
            bold: s.bold,
            italic: s.italic,
            monospace: s.monospace,
        }),
        table: block.table.as_ref().map(|t| TableForm {
            rows: t.rows,
            columns: t.columns,
            cells: t.cells.iter().map(cell).collect(),
        }),
        image: block.image,
        language: block.language.clone(),
        parent: block.parent,
    };
    serde_json::to_value(form).unwrap_or_default()
}

impl BlockForm {
    fn read(self, place: u32) -> Result<Block, String> {
        let kind = KINDS.iter().find(|(_, name)| *name == self.kind).map(|(kind, _)| *kind).ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|(_, name)| *name).collect();
            format!("{:?} is no kind of block; there are {}", self.kind, names.join(", "))
        })?;
        let rect = |[left, top, right, bottom]: [f32; 4]| Rect { left, top, right, bottom };
        let cell = |cell: CellForm| Cell {
            row: cell.row,
            column: cell.column,
            row_span: cell.row_span,
            column_span: cell.column_span,
            header: cell.header,
            text: cell.text,
            value: read_value(cell.value),
        };
        Ok(Block {
            id: self.id.unwrap_or(place),
            kind,
            text: self.text,
            level: self.level,
            places: self.places.into_iter().map(|p| Place { page: p.page, rect: p.rect.map(rect) }).collect(),
            part: self.part,
            style: self.style.map(|s| Style {
                font_size: s.font_size,
                bold: s.bold,
                italic: s.italic,
                monospace: s.monospace,
            }),
            table: self.table.map(|t| Table {
                rows: t.rows,
                columns: t.columns,
                cells: t.cells.into_iter().map(cell).collect(),
            }),
            image: self.image,
            language: self.language,
            parent: self.parent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Parsed {
        let values = [
            Value::None,
            Value::Text("x".into()),
            Value::Integer(-3),
            Value::Number(0.5),
            Value::Boolean(true),
            Value::Time("2026-01-31".into()),
        ];
        let cells = values.into_iter().zip(0..).map(|(value, column)| Cell {
            row: 0,
            column,
            row_span: 1,
            column_span: 1,
            header: column == 0,
            text: "c".into(),
            value,
        });
        let table = Table { rows: 2, columns: 6, cells: cells.collect() };
        let rect = Rect { left: 1.5, top: 2.0, right: 3.0, bottom: 4.0 };
        let block = Block {
            id: 7,
            kind: BlockKind::Table,
            text: "c\tc".into(),
            level: 2,
            places: vec![Place { page: 1, rect: Some(rect) }, Place { page: 2, rect: None }],
            part: 1,
            style: Some(Style { font_size: 9.5, bold: true, italic: false, monospace: true }),
            table: Some(table),
            image: Some(0),
            language: Some("de".into()),
            parent: Some(3),
        };
        let part = |name: &str| Part { name: name.into(), media_type: "text/csv".into() };
        let metadata = json!({"title": "T"}).as_object().unwrap().clone();
        Parsed { blocks: vec![block], parts: vec![part("a"), part("b")], metadata, pages: 2, ..Parsed::default() }
    }

    #[test]
    fn documents_come_back_as_they_were_written() {
        assert_eq!(read_document(&write(&whole()).to_string()).unwrap(), whole());
    }

    #[test]
    fn blocks_are_quickly_written_by_hand() {
        let parsed = read_document(r#"[{"text": "a"}, {"kind": "list-item", "text": "b"}]"#).unwrap();
        let found: Vec<_> = parsed.blocks.iter().map(|b| (b.id, b.kind, b.text.as_str())).collect();
        assert_eq!(found, [(0, BlockKind::Paragraph, "a"), (1, BlockKind::ListItem, "b")]);
        assert!(read_document(r#"[{"kind": "poem", "text": ""}]"#).unwrap_err().contains("there are title, heading"));
        assert!(read_document(r#"[{"txt": ""}]"#).unwrap_err().contains("txt"));
        assert!(read_document("7").is_err());
    }
}
