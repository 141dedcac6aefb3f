//! Pages: what a parser of a format with pages may offer beside [`Parser`], so that the host reads windows of a large file
//! side by side, and draws pages for thumbnails and crops.
//!
//! ```no_run
//! # use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
//! # use mortise_sdk::{Description, NoConfig, Result};
//! # struct Slides;
//! # impl Parser for Slides {
//! #     type Config = NoConfig;
//! #     fn describe() -> Description { Description::new("slides", "1.0.0", "Slides") }
//! #     fn accepts() -> Accepts { accepts(&[], &["sld"]) }
//! #     fn parse(_: &File<'_>, _: NoConfig, _: &mut Output) -> Result<()> { Ok(()) }
//! # }
//! use mortise_sdk::pages::{Pages, Picture};
//! use mortise_sdk::document::Rect;
//!
//! impl Pages for Slides {
//!     fn count(file: &File<'_>, _: NoConfig) -> Result<u32> {
//!         Ok((file.size() / 4096) as u32)
//!     }
//!     fn read(file: &File<'_>, _: NoConfig, first: u32, count: u32, done: &mut dyn FnMut(u32)) -> Result<Vec<u8>> {
//!         let window = file.read(u64::from(first) * 4096, count * 4096);
//!         done(count);
//!         Ok(window)
//!     }
//!     fn compose(_: &File<'_>, _: NoConfig, windows: Vec<Vec<u8>>, out: &mut Output) -> Result<()> {
//!         for line in windows.concat().split(|byte| *byte == b'\n') {
//!             out.emit(mortise_sdk::document::Block::new(
//!                 0,
//!                 mortise_sdk::document::BlockKind::Paragraph,
//!                 String::from_utf8_lossy(line),
//!             ));
//!         }
//!         Ok(())
//!     }
//!     fn render(_: &File<'_>, _: NoConfig, _page: u32, _area: Option<Rect>, _dpi: f32) -> Result<Picture> {
//!         Err(mortise_sdk::Error::Unsupported("drawing slides".into()))
//!     }
//! }
//!
//! mortise_sdk::export_parser!(Slides);
//! mortise_sdk::export_pages!(Slides);
//! # fn main() {}
//! ```

use crate::bindings::host::mortise::plugin::source;
use crate::bindings::pages::exports::mortise::pages::pages as wit;
pub use crate::bindings::pages::exports::mortise::pages::pages::Picture;
use crate::document::Rect;
use crate::parser::{File, Output, Parser};
use crate::{Config, Result, host};

/// A format with pages. Export it with [`export_pages!`](crate::export_pages), beside
/// [`export_parser!`](crate::export_parser). Every call is made in a fresh instance.
pub trait Pages: Parser {
    /// How many pages the file has.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    fn count(file: &File<'_>, config: Self::Config) -> Result<u32>;
    /// Reads `count` pages from page `first` (0-based) on, fewer at the end of the file, and calls `done` with how many of
    /// them are read. What it gives reaches [`Pages::compose`] of the same component as it is.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    fn read(
        file: &File<'_>,
        config: Self::Config,
        first: u32,
        count: u32,
        done: &mut dyn FnMut(u32),
    ) -> Result<Vec<u8>>;
    /// Emits what [`Parser::parse`] would, from all windows of the file in order.
    ///
    /// # Errors
    /// As [`Parser::parse`].
    fn compose(file: &File<'_>, config: Self::Config, windows: Vec<Vec<u8>>, out: &mut Output) -> Result<()>;
    /// Draws a page (1-based), or what is within `area` of it (points, origin top left), at `dpi` pixels an inch; at less
    /// where that would be too large.
    ///
    /// # Errors
    /// `invalid-input` for a page that is not there, `unsupported` for one that cannot be drawn.
    fn render(file: &File<'_>, config: Self::Config, page: u32, area: Option<Rect>, dpi: f32) -> Result<Picture>;
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);

impl<T: Pages> wit::Guest for Adapter<T> {
    fn count(input: &source::File, config: String) -> Result<u32> {
        T::count(&File::from_host(input), T::Config::from_json(&config)?)
    }
    fn read(input: &source::File, config: String, first: u32, count: u32) -> Result<Vec<u8>> {
        let mut done = |pages: u32| host::progress(pages as f32 / count.max(1) as f32, "");
        T::read(&File::from_host(input), T::Config::from_json(&config)?, first, count, &mut done)
    }
    fn compose(input: &source::File, config: String, windows: Vec<Vec<u8>>) -> Result<()> {
        let mut out = Output::default();
        let result = T::compose(&File::from_host(input), T::Config::from_json(&config)?, windows, &mut out);
        out.flush();
        result
    }
    fn render(input: &source::File, config: String, page: u32, area: Option<Rect>, dpi: f32) -> Result<Picture> {
        T::render(&File::from_host(input), T::Config::from_json(&config)?, page, area, dpi)
    }
}

/// Adds pages to the component of a parser: `mortise_sdk::export_pages!(MyParser);`, beside `export_parser!`.
///
/// Outside of wasm it only checks that the type has pages.
#[macro_export]
macro_rules! export_pages {
    ($plugin:ty $(,)?) => {
        const _: () = {
            const fn has_pages<T: $crate::pages::Pages>() {}
            has_pages::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::pages::Adapter<$plugin>;
    $crate::bindings::pages::__export_pages_world!(Component with_types_in $crate::bindings::pages);
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("name the one type that implements `Pages`: export_pages!(MyParser);");
    };
}
