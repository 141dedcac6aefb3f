//! Blocks of one document → chunks.
//!
//! A chunk method is a type that implements [`Chunker`]: it is given the parsed document as [`Blocks`], and gives back
//! [`Chunks`]. What most methods need is here and in its neighbours:
//!
//! - [`Blocks::iter`], [`Blocks::sections`] and [`Blocks::pages`] read the document, window by window;
//! - [`text::Packer`](crate::text::Packer) packs text to a size, with overlap, headings and tables done right;
//! - [`document`](crate::document) knows rows of tables and headings above a block;
//! - [`host::Progress`](crate::host::Progress) tells how far the call is.
//!
//! ```
//! use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
//! use mortise_sdk::schemars::{self, JsonSchema};
//! use mortise_sdk::serde::Deserialize;
//! use mortise_sdk::text::Packer;
//! use mortise_sdk::{Description, Result};
//!
//! /// Neighbouring sentences, packed to a size.
//! struct Packed;
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "mortise_sdk::serde", default)]
//! struct Settings {
//!     /// Most tokens of a chunk.
//!     #[schemars(range(min = 8, max = 2048))]
//!     chunk_token_num: u32,
//! }
//!
//! impl Default for Settings {
//!     fn default() -> Self {
//!         Self { chunk_token_num: 512 }
//!     }
//! }
//!
//! impl Chunker for Packed {
//!     type Config = Settings;
//!
//!     fn describe() -> Description {
//!         Description::new("packed", env!("CARGO_PKG_VERSION"), "Neighbouring sentences, packed to a size")
//!     }
//!
//!     fn split(blocks: &Blocks<'_>, settings: Settings) -> Result<Chunks> {
//!         let mut packer = Packer::new(settings.chunk_token_num);
//!         blocks.iter().for_each(|block| packer.push(&block));
//!         Ok(packer.finish().into())
//!     }
//! }
//!
//! mortise_sdk::export_chunker!(Packed);
//! # fn main() {
//! // Tests run natively, against a document written by hand; see `mortise_sdk::testing`.
//! use mortise_sdk::serde_json::json;
//! use mortise_sdk::testing::{self, Document};
//!
//! let document = Document::new("joints.md").heading(1, "Joints").paragraph("One is here. Two is there. Three is gone.");
//! let split = testing::split::<Packed>(&document, json!({"chunk_token_num": 12})).unwrap();
//! assert_eq!(split.texts(), ["Joints\nOne is here. Two is there.", "Three is gone."]);
//! # }
//! ```

mod blocks;

pub use crate::bindings::chunker::exports::mortise::plugin::chunker::{Chunk, ChunkKind, Chunks, Field};
pub use blocks::{Blocks, Page, Section};

use crate::bindings::host::mortise::plugin::blocks_in::Reader;
use crate::document::Block;
use crate::{Config, Description, Result};

/// A chunk method. Export it with [`export_chunker!`](crate::export_chunker).
///
/// The contract, as the conformance kit checks it: chunks come in reading order; no text of the document is lost, save
/// what repeats on every page; where a setting bounds the size of a chunk, it is kept; a chunk names the blocks it was
/// made of; the same document and settings give the same chunks.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a chunk method",
    label = "`Chunker` is not implemented for `{Self}`",
    note = "`export_chunker!` takes the type that implements `mortise_sdk::chunker::Chunker`",
    note = "other roles have macros of their own: export_parser!, export_embedder!, export_reranker!, export_chat_model!"
)]
pub trait Chunker {
    /// Settings, taken out of the dataset's `parser_config`. Other keys may be present and are ignored.
    type Config: Config;
    /// Name, version, summary. Must always be the same.
    fn describe() -> Description;
    /// Cuts one document. A fresh instance serves every document.
    ///
    /// # Errors
    /// What it returns is shown to the owner of the document.
    fn split(blocks: &Blocks<'_>, config: Self::Config) -> Result<Chunks>;
}

impl Chunk {
    /// A text chunk made of the given blocks.
    ///
    /// ```
    /// use mortise_sdk::chunker::Chunk;
    ///
    /// let chunk = Chunk { context: vec!["Joints".into()], ..Chunk::text("A tongue that fits a hole.", vec![3]) };
    /// ```
    pub fn text(text: impl Into<String>, blocks: Vec<u32>) -> Self {
        Chunk {
            text: text.into(),
            kind: ChunkKind::Text,
            blocks,
            places: vec![],
            context: vec![],
            keywords: vec![],
            questions: vec![],
            tags: vec![],
            fields: vec![],
            parent: None,
        }
    }

    /// A text chunk with the text of one block.
    pub fn of_block(block: &Block) -> Self {
        Chunk::text(block.text.clone(), vec![block.id])
    }
}

impl FromIterator<Chunk> for Chunks {
    /// Chunks without parents.
    fn from_iter<I: IntoIterator<Item = Chunk>>(chunks: I) -> Self {
        Chunks { chunks: chunks.into_iter().collect(), parents: vec![] }
    }
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);

impl<T: Chunker> crate::bindings::chunker::exports::mortise::plugin::chunker::Guest for Adapter<T> {
    fn describe() -> crate::bindings::host::mortise::plugin::types::Descriptor {
        T::describe().into_descriptor::<T::Config>()
    }
    fn split(input: &Reader, config: String) -> Result<Chunks> {
        T::split(&Blocks::from_host(input), T::Config::from_json(&config)?)
    }
}

/// Makes the component of a [`Chunker`](crate::chunker::Chunker): `mortise_sdk::export_chunker!(MyChunker);`
///
/// Once in a crate, at its top level. Outside of wasm it only checks that the type is a chunk method.
#[macro_export]
macro_rules! export_chunker {
    ($plugin:ty $(,)?) => {
        $crate::__one_plugin_per_crate!();
        const _: () = {
            const fn is_a_chunk_method<T: $crate::chunker::Chunker>() {}
            is_a_chunk_method::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::chunker::Adapter<$plugin>;
    $crate::bindings::chunker::__export_chunker_world!(Component with_types_in $crate::bindings::chunker);
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("name the one type that implements `Chunker`: export_chunker!(MyChunker);");
    };
}
