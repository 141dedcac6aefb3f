//! The five roles as the layers above the sandbox see them, and where they come from.

use crate::block::{Image, Parsed, Rect, Value};
use crate::chat::{ChatAbilities, ChatEvent, ChatRequest};
use crate::source::SourceFile;
use crate::{Cancel, ChunkKind, JsonMap, PluginFault, PluginInfo, Result, Role};
use async_trait::async_trait;
use std::sync::Arc;

/// Receives progress of a call: 0..1 and a note.
pub type OnProgress = Arc<dyn Fn(f32, &str) + Send + Sync>;

/// What accompanies a call of a parser or chunker.
#[derive(Clone, Default)]
pub struct CallContext {
    /// Raised to stop the call; the plugin is stopped within a second.
    pub cancel: Cancel,
    /// Told how far the call is.
    pub progress: Option<OnProgress>,
}

/// A chunk as a chunker gives it.
#[derive(Clone, Debug)]
pub struct RawChunk {
    /// The text.
    pub text: String,
    /// What it holds.
    pub kind: ChunkKind,
    /// Ids of the blocks it was made of.
    pub blocks: Vec<u32>,
    /// Only where the blocks' own places are too wide.
    pub places: Vec<crate::block::Place>,
    /// Path of headings above it.
    pub context: Vec<String>,
    /// Important keywords.
    pub keywords: Vec<String>,
    /// Questions it answers.
    pub questions: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Typed columns.
    pub fields: Vec<(String, Value)>,
    /// Index into [`RawChunks::parents`].
    pub parent: Option<u32>,
}

/// What a chunker gives.
#[derive(Clone, Debug, Default)]
pub struct RawChunks {
    /// In reading order.
    pub chunks: Vec<RawChunk>,
    /// Texts of parents.
    pub parents: Vec<String>,
}

/// What a text is embedded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// To be stored.
    Passage,
    /// To be looked up.
    Query,
}

/// An embedder's vector space.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Numbers per vector.
    pub dimensions: u32,
    /// Longest input in the model's own tokens.
    pub max_tokens: u32,
    /// Every vector has length 1 or 0.
    pub normalised: bool,
    /// BCP 47; empty = any.
    pub languages: Vec<String>,
}

/// What of a page is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageView {
    /// Counted from 1.
    pub page: u32,
    /// Part of the page, in points; all of it when absent.
    pub area: Option<Rect>,
    /// Pixels an inch; fewer where the picture would be too large.
    pub dpi: f32,
}

/// Bytes of one file → blocks.
#[async_trait]
pub trait Parser: Send + Sync {
    /// The plugin behind it.
    fn info(&self) -> &PluginInfo;
    /// Reads one file in a fresh instance.
    async fn parse(&self, file: SourceFile, config: &JsonMap, context: CallContext) -> Result<Parsed, PluginFault>;
    /// Draws a page of a file; `None` when the plugin draws no pages.
    async fn render(
        &self,
        file: SourceFile,
        config: &JsonMap,
        view: PageView,
        cancel: Cancel,
    ) -> Result<Option<Image>, PluginFault>;
}

/// Blocks → chunks.
#[async_trait]
pub trait Chunker: Send + Sync {
    /// The plugin behind it.
    fn info(&self) -> &PluginInfo;
    /// Checks settings against the plugin's schema; `Error::Invalid` names the field.
    fn check_config(&self, config: &JsonMap) -> Result<()>;
    /// Cuts one document in a fresh instance.
    async fn split(
        &self,
        file: SourceFile,
        parsed: Arc<Parsed>,
        config: &JsonMap,
        context: CallContext,
    ) -> Result<RawChunks, PluginFault>;
}

/// Texts → vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The plugin behind it.
    fn info(&self) -> &PluginInfo;
    /// Digest of plugin and settings: two embedders with one identity give the same vectors.
    fn identity(&self) -> &str;
    /// The vector space.
    async fn space(&self) -> Result<Space, PluginFault>;
    /// One vector per text, in order; all finite and of the space's length.
    async fn embed(&self, texts: Vec<String>, kind: InputKind) -> Result<Vec<Vec<f32>>, PluginFault>;
}

/// Query + texts → scores.
#[async_trait]
pub trait Reranker: Send + Sync {
    /// The plugin behind it.
    fn info(&self) -> &PluginInfo;
    /// One score in 0..1 per text, in order.
    async fn score(&self, query: &str, texts: Vec<String>) -> Result<Vec<f32>, PluginFault>;
}

/// The events of one answer.
pub type ChatStream = futures_util::stream::BoxStream<'static, Result<ChatEvent, PluginFault>>;

/// Messages → a stream of deltas.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The plugin behind it.
    fn info(&self) -> &PluginInfo;
    /// What it can do.
    async fn abilities(&self) -> Result<ChatAbilities, PluginFault>;
    /// Begins an answer. Dropping the stream cancels it.
    async fn complete(&self, request: ChatRequest) -> Result<ChatStream, PluginFault>;
}

/// Hands out installed plugins by the names that clients and operators use.
///
/// A name is looked up whole first, then without its `@provider` suffix.
pub trait Plugins: Send + Sync {
    /// Everything installed, by role and name.
    fn list(&self) -> Vec<PluginInfo>;
    /// Whether `name` can be used in that role.
    fn has(&self, role: Role, name: &str) -> bool;
    /// The parser for a file, by media type and extension.
    fn parser_for(&self, name: &str, media_type: &str) -> Option<Arc<dyn Parser>>;
    /// A parser by the name of its plugin.
    fn parser(&self, name: &str) -> Result<Arc<dyn Parser>>;
    /// A chunker by chunk method.
    fn chunker(&self, method: &str) -> Result<Arc<dyn Chunker>>;
    /// An embedder by model name.
    fn embedder(&self, name: &str) -> Result<Arc<dyn Embedder>>;
    /// A reranker by model name.
    fn reranker(&self, name: &str) -> Result<Arc<dyn Reranker>>;
    /// A chat model by model name.
    fn chat_model(&self, name: &str) -> Result<Arc<dyn ChatModel>>;
}
