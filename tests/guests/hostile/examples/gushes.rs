//! A parser that gives blocks, or anything else that it may give, without end. The host must stop it and keep none of it.

use mortise_sdk::document::{Block, BlockKind, Place, Rect};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result, host, serde_json};

pub struct Gushes;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// What to give.
    gush: Gush,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
pub enum Gush {
    /// Blocks.
    #[default]
    Blocks,
    /// Parts of the file.
    Parts,
    /// Pictures.
    Images,
    /// Files within the file.
    Attachments,
    /// Metadata.
    Metadata,
    /// Warnings.
    Warnings,
    /// How far it is.
    Progress,
    /// One block on page 0, and no end to it.
    PageZero,
    /// One block that is inside out.
    InsideOut,
    /// One block at a place that is no number.
    Nowhere,
}

impl Parser for Gushes {
    type Config = Config;

    fn describe() -> Description {
        Description::new("gushes", env!("CARGO_PKG_VERSION"), "Emits blocks without end")
    }

    fn accepts() -> Accepts {
        accepts(&["application/x-gush"], &["gush"])
    }

    fn parse(_file: &File<'_>, config: Config, out: &mut Output) -> Result<()> {
        let bytes = [0; 1000];
        let place = |page, left| {
            let mut block = Block::new(0, BlockKind::Paragraph, "somewhere");
            block.places = vec![Place { page, rect: Some(Rect { left, top: 0.0, right: 10.0, bottom: 10.0 }) }];
            block
        };
        loop {
            match config.gush {
                Gush::Blocks => drop(out.emit(Block::new(0, BlockKind::Paragraph, "and another thing"))),
                Gush::Parts => drop(out.start_part("another", "text/plain")),
                Gush::Images => drop(out.put_image("image/png", &bytes)),
                Gush::Attachments => out.attach("another", "text/plain", &bytes),
                Gush::Metadata => out.metadata(&serde_json::json!({"another": "thing"})),
                Gush::Warnings => out.warn(None, "and another thing"),
                Gush::Progress => host::progress(0.5, "and another thing"),
                Gush::PageZero => drop(out.emit(place(0, 0.0))),
                Gush::InsideOut => drop(out.emit(place(1, 20.0))),
                Gush::Nowhere => drop(out.emit(place(1, f32::NAN))),
            }
        }
    }
}

mortise_sdk::export_parser!(Gushes);
