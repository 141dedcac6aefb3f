//! The nouns of Mortise and the rules that need no I/O.
//!
//! | noun | means |
//! |---|---|
//! | [`Tenant`] | the owner of everything below; the unit of isolation |
//! | [`Dataset`] | a named collection with a chunk method and one embedder in use |
//! | [`Document`] | one uploaded file |
//! | [`Block`](block::Block) | a piece of a parsed document |
//! | [`Chunk`] | a retrievable passage of a document |
//! | [`Assistant`] | datasets + prompt + models + retrieval settings |
//! | [`Session`] | one conversation with an assistant |
//! | [`Task`] | one piece of background work on one document |
//! | [`PluginInfo`] | an installed component with its description and grants |
//!
//! Nothing here serialises, waits or names a framework: whoever speaks a format owns its types and converts.
#![warn(missing_docs)]

pub mod assistant;
pub mod block;
pub mod cancel;
pub mod change;
pub mod chat;
pub mod chunk;
pub mod dataset;
pub mod document;
pub mod error;
pub mod id;
pub mod install;
pub mod media_type;
mod metadata;
pub mod page;
pub mod plugin;
pub mod retrieval;
pub mod role;
pub mod session;
pub mod source;
pub mod task;
pub mod tenant;

pub use assistant::{Assistant, AssistantFilter, AssistantPatch, NewAssistant};
pub use cancel::Cancel;
pub use change::{Change, ChangeSource, IndexedChunk};
pub use chunk::{Chunk, ChunkDraft, ChunkFilter, ChunkKind, ChunkPatch, KeptChunk, NewChunk, Position};
pub use dataset::{Dataset, DatasetFilter, DatasetPatch, NewDataset};
pub use document::{Document, DocumentFilter, DocumentPatch, DocumentType, NewDocument, RunState};
pub use error::{Error, Result};
pub use id::{AssistantId, BlobId, ChunkId, DatasetId, DocumentId, SessionId, TaskId, TenantId};
pub use install::{
    FetchedComponent, Observee, PluginGeneration, PluginGrants, PluginHost, PluginLimits, PluginSecret, PluginSource,
    PluginSpec, Supply, Trust,
};
pub use page::{Order, OrderBy, Page, PageRequest};
pub use plugin::{PluginFault, PluginInfo, PluginStats, Role};
pub use retrieval::{DocumentCount, Hit, MetadataCondition, Query, Retrieval};
pub use session::{Message, MessageRole, NewSession, Session, SessionFilter, SessionPatch};
pub use task::{Task, TaskState};
pub use tenant::{ApiKey, Caller, ModelKind, ModelStatus, Tenant};

/// JSON as data: plugin settings and free metadata, which Mortise keeps but does not interpret.
pub type Json = serde_json::Value;
/// A JSON object.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
/// Milliseconds since 1970, UTC.
pub type Millis = i64;
