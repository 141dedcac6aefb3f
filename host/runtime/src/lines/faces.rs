//! What the host asks of a component, in the domain's words: one face per role, which every line puts before its worlds.
//!
//! A call is one box, whatever it carries; blocks, vectors and texts cross as they are.

use crate::imports::blocks_in::Reader;
use crate::imports::source::File;
use crate::instance::State;
use async_trait::async_trait;
use mortise_domain::block::Image;
use mortise_domain::chat::{ChatAbilities, ChatEvent, ChatRequest};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{InputKind, PageView, RawChunks, Space};
use std::ops::Range;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

/// How a call ended: without an answer, with the plugin's own error, or well.
pub(crate) type Called<T> = wasmtime::Result<Result<T, FaultReason>>;

/// What a component says of itself, unchecked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    /// JSON text.
    pub(crate) config_schema: String,
    /// What HTTP is asked for.
    pub(crate) http: Vec<String>,
    /// Local models asked for.
    pub(crate) inference: Vec<String>,
    /// Parsers only.
    pub(crate) media_types: Vec<String>,
    /// Parsers only.
    pub(crate) extensions: Vec<String>,
}

/// A linked component of any role.
#[async_trait]
pub(crate) trait Describes: Send + Sync {
    /// Asks a new instance who it is.
    async fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<Described>;
}

/// A linked parser.
#[async_trait]
pub(crate) trait ParserWorld: Describes {
    /// Reads one file in a new instance; the blocks go to the store's collector.
    async fn parse(&self, store: &mut Store<State>, file: File, config: &str) -> Called<()>;
    /// Its pages, where it can read and draw them one by one.
    fn pages(&self) -> Option<&dyn PagesWorld> {
        None
    }
}

/// The pages of a linked parser. Every call is made in a new instance.
#[async_trait]
pub(crate) trait PagesWorld: Send + Sync {
    /// How many pages the file has.
    async fn count(&self, store: &mut Store<State>, file: File, config: &str) -> Called<u32>;
    /// A window of pages, as only the same component understands it.
    async fn read(&self, store: &mut Store<State>, file: File, config: &str, pages: Range<u32>) -> Called<Vec<u8>>;
    /// Puts all windows together; the blocks go to the store's collector.
    async fn compose(&self, store: &mut Store<State>, file: File, config: &str, windows: &[Vec<u8>]) -> Called<()>;
    /// Draws a page, counted from 1, or a part of it.
    async fn render(&self, store: &mut Store<State>, file: File, config: &str, view: PageView) -> Called<Image>;
}

/// A linked chunker.
#[async_trait]
pub(crate) trait ChunkerWorld: Describes {
    /// Cuts one document in a new instance.
    async fn split(&self, store: &mut Store<State>, document: Reader, config: &str) -> Called<RawChunks>;
}

/// A linked component of a model role.
#[async_trait]
pub(crate) trait ModelWorld<Open: ?Sized>: Describes {
    /// Opens a model in a new instance, which lives in the store as long as the store is kept.
    async fn open(&self, store: &mut Store<State>, config: &str) -> Called<Box<Open>>;
}

/// A linked embedder.
pub(crate) type EmbedderWorld = dyn ModelWorld<dyn OpenEmbedder>;
/// A linked reranker.
pub(crate) type RerankerWorld = dyn ModelWorld<dyn OpenReranker>;
/// A linked chat model.
pub(crate) type ChatModelWorld = dyn ModelWorld<dyn OpenChatModel>;

/// Vectors as an embedder gives them, unchecked.
#[derive(Clone, Debug)]
pub(crate) struct Vectors {
    pub(crate) dimensions: u32,
    /// Row after row.
    pub(crate) values: Vec<f32>,
}

/// An embedding model, open in a store.
#[async_trait]
pub(crate) trait OpenEmbedder: Send + Sync {
    async fn space(&self, store: &mut Store<State>) -> wasmtime::Result<Space>;
    async fn embed(&self, store: &mut Store<State>, texts: &[String], kind: InputKind) -> Called<Vectors>;
}

/// A reranking model, open in a store.
#[async_trait]
pub(crate) trait OpenReranker: Send + Sync {
    async fn score(&self, store: &mut Store<State>, query: &str, texts: &[String]) -> Called<Vec<f32>>;
}

/// A chat model, open in a store.
#[async_trait]
pub(crate) trait OpenChatModel: Send + Sync {
    async fn abilities(&self, store: &mut Store<State>) -> wasmtime::Result<ChatAbilities>;
    /// Begins an answer, which the guest holds.
    async fn complete(&self, store: &mut Store<State>, request: ChatRequest) -> Called<ResourceAny>;
    /// The next event of an answer.
    async fn next(&self, store: &mut Store<State>, answer: ResourceAny) -> Called<Option<ChatEvent>>;
}
