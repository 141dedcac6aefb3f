//! Rich Text Format (`rtf`): see `README.md` for the rules.
//!
//! `lexer` cuts the bytes into control words, groups and text, streamed; `reader` keeps what is in force in each group
//! and `destination` where its text goes. Paragraphs and rows become blocks in `mortise_shared_flow`.

mod charsets;
mod destination;
mod lexer;
mod reader;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result};

/// The parser.
pub struct Rtf;

impl Parser for Rtf {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("rtf", env!("CARGO_PKG_VERSION"), "Rich Text Format: headings, lists, tables, notes, pictures")
    }

    fn accepts() -> Accepts {
        accepts(&["application/rtf", "text/rtf"], &["rtf"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let head = file.read(0, 64);
        if head.is_empty() {
            return Err(Error::invalid_input("the file is empty"));
        }
        let start = head.iter().position(|b| *b == b'{').unwrap_or(0);
        if !head[start..].starts_with(b"{\\rtf") {
            return Err(Error::invalid_input("damaged or not an RTF document: it does not begin with {\\rtf"));
        }
        reader::read(file, start as u64, out);
        Ok(())
    }
}

mortise_sdk::export_parser!(Rtf);
