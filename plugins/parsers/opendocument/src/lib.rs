//! OpenDocument texts (`odt`, `ott`): see `README.md` for the rules.
//!
//! `styles` reads what styles mean, `numbering` the labels of lists and headings; `read` walks over the text, and
//! `table` over its tables.

mod numbering;
mod read;
mod styles;
mod table;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result};
use mortise_shared_opendocument::refuse_encrypted;
use mortise_shared_packed::Package;

/// The parser.
pub struct OpenDocument;

impl Parser for OpenDocument {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new(
            "opendocument",
            env!("CARGO_PKG_VERSION"),
            "OpenDocument texts: headings, lists, tables, notes",
        )
    }

    fn accepts() -> Accepts {
        let media_types = &[
            "application/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.text-template",
            "application/vnd.oasis.opendocument.text-master",
        ];
        accepts(media_types, &["odt", "ott", "odm"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let package = Package::open(file)?;
        refuse_encrypted(&package)?;
        Ok(read::read(&package, out)?)
    }
}

mortise_sdk::export_parser!(OpenDocument);
