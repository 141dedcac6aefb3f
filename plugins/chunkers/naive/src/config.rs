//! The settings of the method: the keys of `parser_config` that concern it. Other keys are ignored.

use mortise_shared_general::Settings;
use mortise_shared_text::Delimiters;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// Rows of one HTML table of a spreadsheet.
const HTML_ROWS: usize = 12;

/// Settings of the naive chunk method.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NaiveConfig {
    /// Most tokens of a chunk.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
    /// Where to cut a section that is too long: single characters stay at the end of a piece; a string in backticks
    /// always ends a chunk and is dropped. `\n`, `\t` and `\r` may be written as two characters.
    pub delimiter: String,
    /// Percent of a chunk that is repeated at the start of the next; values outside of 0..90 are brought inside.
    pub overlapped_percent: f64,
    /// When not empty, chunks become parents, and the pieces between these delimiters are what is searched.
    #[serde(deserialize_with = "text_or_null")]
    #[schemars(with = "Option<String>")]
    pub children_delimiter: String,
    /// Tokens of text above and below that are added to a table.
    #[schemars(range(max = 2048))]
    pub table_context_size: u32,
    /// Tokens of text above and below that are added to a picture.
    #[schemars(range(max = 2048))]
    pub image_context_size: u32,
    /// Spreadsheets as HTML tables of twelve rows, instead of one line of text per row.
    pub html4excel: bool,
}

impl Default for NaiveConfig {
    fn default() -> Self {
        Self {
            chunk_token_num: 128,
            delimiter: "\n!?。；！？".into(),
            overlapped_percent: 0.0,
            children_delimiter: String::new(),
            table_context_size: 0,
            image_context_size: 0,
            html4excel: false,
        }
    }
}

impl NaiveConfig {
    /// As the settings of the walk. Sheets become HTML tables of twelve rows, if they do at all.
    pub(crate) fn settings(&self, sheets: bool) -> Settings {
        Settings {
            limit: self.chunk_token_num.max(1),
            delimiters: Delimiters::parse(&self.delimiter),
            overlap: self.overlapped_percent,
            table_context: self.table_context_size,
            image_context: self.image_context_size,
            table_rows: if sheets { HTML_ROWS } else { usize::MAX },
            sheets,
        }
    }

    /// Delimiters between child chunks, if the method makes any.
    pub(crate) fn children(&self) -> Option<Delimiters> {
        (!self.children_delimiter.is_empty()).then(|| Delimiters::parse(&self.children_delimiter))
    }
}

fn text_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::Config;

    #[test]
    fn unknown_keys_and_absent_ones() {
        let config =
            NaiveConfig::from_json(r#"{"raptor": {"use_raptor": false}, "overlapped_percent": 12.5}"#).unwrap();
        assert_eq!(config, NaiveConfig { overlapped_percent: 12.5, ..NaiveConfig::default() });
        let config = NaiveConfig::from_json(r#"{"children_delimiter": null, "overlapped_percent": 20}"#).unwrap();
        assert_eq!(config.overlapped_percent, 20.0);
        assert!(NaiveConfig::from_json(r#"{"chunk_token_num": "many"}"#).is_err());
    }
}
