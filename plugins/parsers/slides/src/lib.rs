//! Presentations (`pptx`, `pptm`, `ppsx`, `potx`, `ppt`, `pps`, `odp`): see `README.md` for the rules.
//!
//! Which format a file has is told by its bytes, not its name. Slides are read one by one: a format's module makes
//! `shape::Shape`s of a slide, `order` puts them into reading order, and `emit` makes blocks of them.

mod emit;
mod odp;
mod order;
mod ppt;
mod pptx;
mod shape;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result};
use mortise_shared_ole::Ole;
use mortise_shared_packed::Package;

/// The parser.
pub struct Slides;

/// Slides of a presentation at most.
const MOST_SLIDES: usize = 20_000;

impl Parser for Slides {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new(
            "slides",
            env!("CARGO_PKG_VERSION"),
            "Presentations: slides in reading order, tables, charts, notes",
        )
    }

    fn accepts() -> Accepts {
        let media_types = &[
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
            "application/vnd.openxmlformats-officedocument.presentationml.template",
            "application/vnd.ms-powerpoint",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
            "application/vnd.oasis.opendocument.presentation",
            "application/vnd.oasis.opendocument.presentation-template",
        ];
        accepts(media_types, &["pptx", "pptm", "ppsx", "ppsm", "potx", "potm", "ppt", "pps", "pot", "odp", "otp"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        if Ole::is_compound(file) {
            return Ok(ppt::parse(file, out)?);
        }
        let package = Package::open(file)?;
        if odp::is_one(&package) {
            return Ok(odp::parse(&package, out)?);
        }
        Ok(pptx::parse(&package, out)?)
    }
}

mortise_sdk::export_parser!(Slides);
