//! Word documents of 1997 to 2003 (`doc`, `dot`): see `README.md` for the rules.
//!
//! A compound file with two streams: characters in pieces, and tables that say where the pieces stand and what is in force
//! where. `fib` finds those tables, `pieces` the characters, `properties` what is in force, `styles` what styles
//! mean, `lists` the labels of list items; `walk` goes through the text.

mod fib;
mod lists;
mod pieces;
mod properties;
mod styles;
mod walk;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result};
use mortise_shared_ole::Ole;

/// The parser.
pub struct Doc;

impl Parser for Doc {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new(
            "doc",
            env!("CARGO_PKG_VERSION"),
            "Word documents of 1997 to 2003: headings, lists, tables, notes",
        )
    }

    fn accepts() -> Accepts {
        accepts(&["application/msword"], &["doc", "dot"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        if !Ole::is_compound(file) {
            let head = file.read(0, 8);
            return Err(match head.as_slice() {
                [] => Error::invalid_input("the file is empty"),
                [b'P', b'K', ..] => Error::invalid_input("this is a Word document of the current format; name it docx"),
                [b'{', b'\\', b'r', b't', b'f', ..] => Error::invalid_input("this is an RTF document; name it rtf"),
                _ => Error::invalid_input("damaged or not a Word document"),
            });
        }
        let ole = Ole::open(file)?;
        ole.refuse_encrypted()?;
        walk::read(&ole, out)
    }
}

mortise_sdk::export_parser!(Doc);
