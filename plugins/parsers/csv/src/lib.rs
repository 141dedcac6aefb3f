//! Delimited text (`csv`, `tsv`) as a sheet of typed cells: see `README.md` for the rules.
//!
//! The file is streamed; memory goes to a window of a thousand rows. What is hard about the format is in
//! `mortise_shared_grid`: finding the delimiter, lenient quotes, typed values, the header row, table blocks.

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Error, Result};
use mortise_shared_grid::read_delimited;

/// The parser.
pub struct Csv;

/// Settings of the parser.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Settings {
    /// One character that parts fields; empty to find it out.
    pub csv_delimiter: String,
}

impl Parser for Csv {
    type Config = Settings;

    fn describe() -> Description {
        Description::new("csv", env!("CARGO_PKG_VERSION"), "Delimited text as rows of typed cells")
    }

    fn accepts() -> Accepts {
        accepts(&["text/csv", "text/tab-separated-values"], &["csv", "tsv", "tab"])
    }

    fn parse(file: &File<'_>, config: Settings, out: &mut Output) -> Result<()> {
        let mut characters = config.csv_delimiter.chars();
        let delimiter = characters.next();
        if characters.next().is_some() || delimiter.is_some_and(|c| matches!(c, '"' | '\n' | '\r')) {
            return Err(Error::invalid_config("csv_delimiter", "must be one character, no quote and no line end"));
        }
        let tabs = matches!(file.extension().as_str(), "tsv" | "tab") || file.media_type().contains("tab-separated");
        read_delimited(file, if tabs { '\t' } else { ',' }, delimiter, out)
    }
}

mortise_sdk::export_parser!(Csv);
