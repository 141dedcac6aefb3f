//! Write Mortise plugins: implement one trait, add one macro line, build for `wasm32-wasip2`.
//!
//! | role | trait | macro line | turns | into |
//! |---|---|---|---|---|
//! | parser | [`parser::Parser`] | `mortise_sdk::export_parser!(T)` | bytes of one file | blocks |
//! | chunker | [`chunker::Chunker`] | `mortise_sdk::export_chunker!(T)` | blocks | chunks |
//! | embedder | [`embedder::Embedder`] | `mortise_sdk::export_embedder!(T)` | texts | vectors |
//! | reranker | [`reranker::Reranker`] | `mortise_sdk::export_reranker!(T)` | query + texts | scores |
//! | chat model | [`chat_model::ChatModel`] | `mortise_sdk::export_chat_model!(T)` | messages | a stream of deltas |
//!
//! ```
//! use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
//! use mortise_sdk::{Description, NoConfig, Result};
//!
//! /// One chunk for every block that has text.
//! struct PerBlock;
//!
//! impl Chunker for PerBlock {
//!     type Config = NoConfig;
//!     fn describe() -> Description {
//!         Description::new("per-block", env!("CARGO_PKG_VERSION"), "One chunk for every block")
//!     }
//!     fn split(blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
//!         let chunks = blocks.iter().filter(|b| !b.text.trim().is_empty()).map(|b| Chunk::of_block(&b)).collect();
//!         Ok(Chunks { chunks, parents: vec![] })
//!     }
//! }
//!
//! mortise_sdk::export_chunker!(PerBlock);
//! # fn main() {
//! # use mortise_sdk::document::{Block, BlockKind};
//! let blocks = vec![Block::new(0, BlockKind::Paragraph, "Mortise and tenon.")];
//! let chunks = PerBlock::split(&Blocks::from_slice("joint.txt", &blocks), NoConfig::default()).unwrap();
//! assert_eq!(chunks.chunks[0].text, "Mortise and tenon.");
//! # }
//! ```
//!
//! The macro exports the component on wasm targets only; everywhere else a plugin is an ordinary library whose logic
//! is tested with `cargo test`, without a host: see [`testing`].
//!
//! # What is here
//!
//! | for | look at |
//! |---|---|
//! | settings as a struct, with a schema, checked by the host | [`Config`] |
//! | documents: blocks, tables, headings | [`document`], [`chunker::Blocks`] |
//! | cutting and packing text | [`text`] |
//! | tokens, log lines, progress, local models | [`host`], [`info!`] |
//! | remote services: requests, retries, event streams | [`http`] |
//! | a parser's pages, read side by side and drawn | [`pages`] |
//! | errors that tell the right person the right thing | [`Error`] |
//! | tests without a host, a document by hand, a scripted service | [`testing`] |
//!
//! Derives of `serde` and `schemars` find their crates here, so that their versions are the SDK's:
//! `#[serde(crate = "mortise_sdk::serde")]`, and `use mortise_sdk::schemars;`.

#[doc(hidden)]
pub mod bindings;
pub mod chat_model;
pub mod chunker;
mod describe;
pub mod document;
pub mod embedder;
mod error;
pub mod host;
pub mod http;
mod log;
pub mod pages;
pub mod parser;
pub mod reranker;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod text;

pub use bindings::host::mortise::plugin::types::{Capability, Error, FieldError, UpstreamError};
pub use describe::{Config, Description, NoConfig};
pub use {schemars, serde, serde_json};

/// What every plugin call gives back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Names the crate's one plugin, so that a second export is told at once.
#[doc(hidden)]
#[macro_export]
macro_rules! __one_plugin_per_crate {
    () => {
        #[doc(hidden)]
        #[allow(unused_macros, non_local_definitions)]
        #[macro_export]
        macro_rules! a_crate_exports_one_mortise_plugin {
            () => {};
        }
    };
}

/// The examples of the README, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
