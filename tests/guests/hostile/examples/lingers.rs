//! A parser that never gets past the second page. The host must say on which page it stood.

use mortise_sdk::document::{Block, BlockKind, Place};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result};

pub struct Lingers;

impl Parser for Lingers {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("lingers", env!("CARGO_PKG_VERSION"), "Never gets past the second page")
    }

    fn accepts() -> Accepts {
        accepts(&["application/x-linger"], &["linger"])
    }

    fn parse(_file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        out.pages(3);
        for page in 1..=2 {
            let place = Place { page, rect: None };
            out.emit(Block { places: vec![place], ..Block::new(0, BlockKind::Paragraph, "so far so good") });
            out.flush();
        }
        loop {
            std::hint::black_box(());
        }
    }
}

mortise_sdk::export_parser!(Lingers);
