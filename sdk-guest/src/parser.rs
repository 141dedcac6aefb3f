//! Bytes of one file → blocks.
//!
//! A format is a type that implements [`Parser`]: it reads a [`File`] by range, and emits blocks into an [`Output`] as
//! they come, so that neither the file nor the document need stand in memory whole.
//!
//! ```
//! use mortise_sdk::document::{Block, BlockKind};
//! use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
//! use mortise_sdk::{Description, Error, NoConfig, Result};
//!
//! /// `name = value` under `[section]`s.
//! struct Ini;
//!
//! impl Parser for Ini {
//!     type Config = NoConfig;
//!
//!     fn describe() -> Description {
//!         Description::new("ini", env!("CARGO_PKG_VERSION"), "Settings files with sections")
//!     }
//!
//!     fn accepts() -> Accepts {
//!         accepts(&["text/x-ini"], &["ini", "cfg"])
//!     }
//!
//!     fn parse(file: &File<'_>, _: NoConfig, out: &mut Output) -> Result<()> {
//!         let text = String::from_utf8(file.read_all()).map_err(|_| Error::invalid_input("not UTF-8 text"))?;
//!         for (number, line) in text.lines().map(str::trim).enumerate() {
//!             if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
//!                 out.emit(Block::heading(1, name));
//!             } else if line.contains('=') {
//!                 out.emit(Block::new(0, BlockKind::KeyValue, line));
//!             } else if !line.is_empty() {
//!                 out.warn(None, &format!("line {} is no setting", number + 1));
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! mortise_sdk::export_parser!(Ini);
//! # fn main() {
//! use mortise_sdk::serde_json::json;
//!
//! let parsed = mortise_sdk::testing::parse::<Ini>("a.ini", b"[crane]\nload = 5 t\n???", json!({})).unwrap();
//! assert_eq!(parsed.texts(), ["crane", "load = 5 t"]);
//! assert_eq!(parsed.kept.warnings[0].1, "line 3 is no setting");
//! # }
//! ```

use crate::bindings::host::mortise::plugin::source;
pub use crate::bindings::parser::exports::mortise::plugin::parser::Accepts;
use crate::document::{Block, Part, Place};
use crate::{Config, Description, Result};

/// A file format. Export it with [`export_parser!`](crate::export_parser).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a parser",
    label = "`Parser` is not implemented for `{Self}`",
    note = "`export_parser!` takes the type that implements `mortise_sdk::parser::Parser`",
    note = "other roles have macros of their own: export_chunker!, export_embedder!, export_reranker!, export_chat_model!"
)]
pub trait Parser {
    /// Settings, taken out of the dataset's `parser_config`. Other keys may be present and are ignored.
    type Config: Config;
    /// Name, version, summary. Must always be the same.
    fn describe() -> Description;
    /// Media types and extensions that the parser reads.
    fn accepts() -> Accepts;
    /// Reads the file and emits its blocks. What cannot be read is a warning; an error means that nothing could.
    /// A fresh instance serves every document.
    ///
    /// # Errors
    /// What it returns is shown to the owner of the document.
    fn parse(file: &File<'_>, config: Self::Config, out: &mut Output) -> Result<()>;
}

/// `Accepts` from two lists.
pub fn accepts(media_types: &[&str], extensions: &[&str]) -> Accepts {
    let own = |list: &[&str]| list.iter().map(|s| s.to_string()).collect();
    Accepts { media_types: own(media_types), extensions: own(extensions) }
}

/// The file to parse: the host's, or bytes in memory in tests.
pub struct File<'a>(Bytes<'a>);

enum Bytes<'a> {
    Host(&'a source::File),
    Memory { name: String, media_type: String, bytes: &'a [u8] },
}

/// How many bytes [`File::read_all`] asks for at a time.
const READ: u32 = 1 << 20;

impl<'a> File<'a> {
    #[doc(hidden)]
    pub fn from_host(file: &'a source::File) -> Self {
        File(Bytes::Host(file))
    }

    /// A file for tests.
    pub fn from_bytes(name: &str, media_type: &str, bytes: &'a [u8]) -> Self {
        File(Bytes::Memory { name: name.into(), media_type: media_type.into(), bytes })
    }

    /// The file's name as uploaded.
    pub fn name(&self) -> String {
        match &self.0 {
            Bytes::Host(file) => file.name(),
            Bytes::Memory { name, .. } => name.clone(),
        }
    }

    /// Lower-case extension without the dot; empty without one.
    pub fn extension(&self) -> String {
        self.name().rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default()
    }

    /// Media type by extension and leading bytes.
    pub fn media_type(&self) -> String {
        match &self.0 {
            Bytes::Host(file) => file.media_type(),
            Bytes::Memory { media_type, .. } => media_type.clone(),
        }
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Bytes::Host(file) => file.size(),
            Bytes::Memory { bytes, .. } => bytes.len() as u64,
        }
    }

    /// At most `length` bytes from `offset`; fewer only at the end of the file.
    pub fn read(&self, offset: u64, length: u32) -> Vec<u8> {
        match &self.0 {
            Bytes::Host(file) => file.read(offset, length),
            Bytes::Memory { bytes, .. } => {
                let start = (offset as usize).min(bytes.len());
                bytes[start..start.saturating_add(length as usize).min(bytes.len())].to_vec()
            }
        }
    }

    /// The whole file. Only for formats that need it whole; it counts against the plugin's memory.
    pub fn read_all(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.size() as usize);
        loop {
            let piece = self.read(all.len() as u64, READ);
            if piece.is_empty() {
                return all;
            }
            all.extend_from_slice(&piece);
        }
    }
}

/// Where a parser puts its blocks. In tests it keeps them for inspection.
#[derive(Default)]
pub struct Output {
    next_id: u32,
    window: Vec<Block>,
    kept: Kept,
}

/// What a parser gave, as tests see it.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// All blocks in order.
    pub blocks: Vec<Block>,
    /// Parts in order.
    pub parts: Vec<Part>,
    /// Pictures in order: media type and bytes.
    pub images: Vec<(String, Vec<u8>)>,
    /// The file's metadata.
    pub metadata: serde_json::Value,
    /// Pages, 0 for formats without.
    pub pages: u32,
    /// Warnings in order.
    pub warnings: Vec<(Option<Place>, String)>,
    /// Contained files: name, media type, bytes.
    pub attachments: Vec<(String, String, Vec<u8>)>,
}

/// Blocks handed to the host at a time.
const WINDOW: usize = 128;

#[cfg(target_family = "wasm")]
use crate::bindings::host::mortise::plugin::blocks_out as sink;

#[cfg_attr(target_family = "wasm", allow(unused_mut, reason = "outside of wasm the output is kept"))]
impl Output {
    /// Adds a block, numbers it, and gives its id.
    pub fn emit(&mut self, mut block: Block) -> u32 {
        block.id = self.next_id;
        self.next_id += 1;
        self.window.push(block);
        if self.window.len() >= WINDOW {
            self.flush();
        }
        self.next_id - 1
    }

    /// Hands what is waiting to the host.
    pub fn flush(&mut self) {
        let window = std::mem::take(&mut self.window);
        #[cfg(target_family = "wasm")]
        sink::emit(&window);
        #[cfg(not(target_family = "wasm"))]
        self.kept.blocks.extend(window);
    }

    /// Begins a part (a sheet, a slide, a chapter file); its number goes into [`Block::part`].
    pub fn start_part(&mut self, name: &str, media_type: &str) -> u32 {
        let part = Part { name: name.into(), media_type: media_type.into() };
        #[cfg(target_family = "wasm")]
        return sink::start_part(&part);
        #[cfg(not(target_family = "wasm"))]
        {
            self.kept.parts.push(part);
            self.kept.parts.len() as u32 - 1
        }
    }

    /// Keeps a picture; its number goes into [`Block::image`].
    pub fn put_image(&mut self, media_type: &str, bytes: &[u8]) -> u32 {
        #[cfg(target_family = "wasm")]
        return sink::put_image(media_type, bytes);
        #[cfg(not(target_family = "wasm"))]
        {
            self.kept.images.push((media_type.into(), bytes.to_vec()));
            self.kept.images.len() as u32 - 1
        }
    }

    /// Metadata of the file: a JSON object.
    pub fn metadata(&mut self, fields: &serde_json::Value) {
        #[cfg(target_family = "wasm")]
        sink::metadata(&fields.to_string());
        #[cfg(not(target_family = "wasm"))]
        self.kept.metadata.clone_from(fields);
    }

    /// How many pages the file has.
    pub fn pages(&mut self, count: u32) {
        #[cfg(target_family = "wasm")]
        sink::pages(count);
        #[cfg(not(target_family = "wasm"))]
        {
            self.kept.pages = count;
        }
    }

    /// Something that could not be read; the document still counts as parsed.
    pub fn warn(&mut self, at: Option<Place>, message: &str) {
        #[cfg(target_family = "wasm")]
        sink::warn(at, message);
        #[cfg(not(target_family = "wasm"))]
        self.kept.warnings.push((at, message.into()));
    }

    /// A contained file, to be parsed by the plugin of its kind.
    pub fn attach(&mut self, name: &str, media_type: &str, bytes: &[u8]) {
        #[cfg(target_family = "wasm")]
        sink::attach(name, media_type, bytes);
        #[cfg(not(target_family = "wasm"))]
        self.kept.attachments.push((name.into(), media_type.into(), bytes.to_vec()));
    }

    /// What was given, for tests.
    pub fn into_kept(mut self) -> Kept {
        self.flush();
        self.kept
    }
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);

impl<T: Parser> crate::bindings::parser::exports::mortise::plugin::parser::Guest for Adapter<T> {
    fn describe() -> (crate::bindings::host::mortise::plugin::types::Descriptor, Accepts) {
        (T::describe().into_descriptor::<T::Config>(), T::accepts())
    }
    fn parse(input: &source::File, config: String) -> Result<()> {
        let mut out = Output::default();
        let result = T::parse(&File::from_host(input), T::Config::from_json(&config)?, &mut out);
        out.flush();
        result
    }
}

/// Makes the component of a [`Parser`](crate::parser::Parser): `mortise_sdk::export_parser!(MyParser);`
///
/// Once in a crate, at its top level. Outside of wasm it only checks that the type is a parser.
#[macro_export]
macro_rules! export_parser {
    ($plugin:ty $(,)?) => {
        $crate::__one_plugin_per_crate!();
        const _: () = {
            const fn is_a_parser<T: $crate::parser::Parser>() {}
            is_a_parser::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::parser::Adapter<$plugin>;
    $crate::bindings::parser::__export_parser_world!(Component with_types_in $crate::bindings::parser);
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("name the one type that implements `Parser`: export_parser!(MyParser);");
    };
}
