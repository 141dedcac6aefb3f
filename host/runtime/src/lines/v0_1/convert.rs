//! The shared types of 0.1 and the domain's, field by field. No rule lives here.

use super::bindings::host::mortise::plugin::{document as wit, types};
use crate::lines::Described;
use mortise_domain::block as own;
use mortise_domain::plugin::FaultReason;

macro_rules! same_variants {
    ($from:path => $to:path: $($variant:ident),* $(,)?) => {
        impl From<$from> for $to {
            fn from(kind: $from) -> Self {
                match kind { $(<$from>::$variant => <$to>::$variant),* }
            }
        }
    };
}

type WitKind = wit::BlockKind;
type OwnKind = own::BlockKind;
same_variants!(WitKind => OwnKind: Title, Heading, Paragraph, ListItem, Table, Figure, Caption, Code, Formula, Quote,
    Footnote, PageHeader, PageFooter, PageNumber, TocEntry, Question, Answer, KeyValue, Separator, Note);
same_variants!(OwnKind => WitKind: Title, Heading, Paragraph, ListItem, Table, Figure, Caption, Code, Formula, Quote,
    Footnote, PageHeader, PageFooter, PageNumber, TocEntry, Question, Answer, KeyValue, Separator, Note);

macro_rules! both_ways {
    ($wit:ident, $own:ident: $value:ident => { $($field:ident: $convert:expr),* $(,)? }) => {
        impl From<wit::$wit> for own::$own {
            fn from($value: wit::$wit) -> Self {
                own::$own { $($field: $convert),* }
            }
        }
        impl From<own::$own> for wit::$wit {
            fn from($value: own::$own) -> Self {
                wit::$wit { $($field: $convert),* }
            }
        }
    };
}

both_ways!(Rect, Rect: v => { left: v.left, top: v.top, right: v.right, bottom: v.bottom });
both_ways!(Place, Place: v => { page: v.page, rect: v.rect.map(Into::into) });
both_ways!(Style, Style: v => { font_size: v.font_size, bold: v.bold, italic: v.italic, monospace: v.monospace });
both_ways!(Part, Part: v => { name: v.name, media_type: v.media_type });
both_ways!(Cell, Cell: v => {
    row: v.row, column: v.column, row_span: v.row_span, column_span: v.column_span, header: v.header, text: v.text,
    value: v.value.into(),
});
both_ways!(Table, Table: v => {
    rows: v.rows, columns: v.columns, cells: v.cells.into_iter().map(Into::into).collect(),
});
both_ways!(Block, Block: v => {
    id: v.id, kind: v.kind.into(), text: v.text, level: v.level,
    places: v.places.into_iter().map(Into::into).collect(), part: v.part, style: v.style.map(Into::into),
    table: v.table.map(Into::into), image: v.image, language: v.language, parent: v.parent,
});

impl From<wit::Value> for own::Value {
    fn from(value: wit::Value) -> Self {
        match value {
            wit::Value::None => Self::None,
            wit::Value::Text(text) => Self::Text(text),
            wit::Value::Integer(number) => Self::Integer(number),
            wit::Value::Number(number) => Self::Number(number),
            wit::Value::Boolean(truth) => Self::Boolean(truth),
            wit::Value::Time(time) => Self::Time(time),
        }
    }
}

impl From<own::Value> for wit::Value {
    fn from(value: own::Value) -> Self {
        match value {
            own::Value::None => Self::None,
            own::Value::Text(text) => Self::Text(text),
            own::Value::Integer(number) => Self::Integer(number),
            own::Value::Number(number) => Self::Number(number),
            own::Value::Boolean(truth) => Self::Boolean(truth),
            own::Value::Time(time) => Self::Time(time),
        }
    }
}

impl From<types::Error> for FaultReason {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::InvalidConfig(error) => Self::Config { field: error.field, message: error.message },
            types::Error::InvalidInput(text) => Self::Refused(text),
            types::Error::Unsupported(text) => Self::Unsupported(text),
            types::Error::Upstream(error) => {
                Self::Upstream { status: error.status, retry_after_ms: error.retry_after, message: error.message }
            }
            types::Error::Cancelled => Self::Cancelled,
            types::Error::Internal(text) => Self::Internal(text),
        }
    }
}

impl From<types::Descriptor> for Described {
    fn from(given: types::Descriptor) -> Self {
        let (mut http, mut inference) = (Vec::new(), Vec::new());
        for capability in given.capabilities {
            match capability {
                types::Capability::Http(why) => http.push(why),
                types::Capability::Inference(model) => inference.push(model),
            }
        }
        Self {
            name: given.name,
            version: given.version,
            summary: given.summary,
            config_schema: given.config_schema,
            http,
            inference,
            ..Self::default()
        }
    }
}
