//! A parser that emits blocks without end. The host must stop it and keep none of them.

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Gushes;

impl Parser for Gushes {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("gushes", env!("CARGO_PKG_VERSION"), "Emits blocks without end")
    }

    fn accepts() -> Accepts {
        accepts(&["application/x-gush"], &["gush"])
    }

    fn parse(_file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        loop {
            out.emit(Block::new(0, BlockKind::Paragraph, "and another thing"));
        }
    }
}

mortise_sdk::export_parser!(Gushes);
