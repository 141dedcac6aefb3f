//! The change sequence that derived state follows.

use crate::{DatasetId, DocumentId, Result, TenantId};
use async_trait::async_trait;

/// What happened to one chunk, stamped with the store's sequence number.
#[derive(Clone, Debug)]
pub struct Change {
    /// The sequence number of the transaction. Several changes share one.
    pub seq: u64,
    /// Row of the chunk; never used again.
    pub row: i64,
    /// The chunk's new state; `None` = it is gone.
    pub chunk: Option<IndexedChunk>,
}

/// What an index needs to know of a chunk. Indexes keep rows and derived terms, never the text.
#[derive(Clone, Debug)]
pub struct IndexedChunk {
    /// Its owner.
    pub tenant: TenantId,
    /// Its dataset.
    pub dataset: DatasetId,
    /// Its document.
    pub document: DocumentId,
    /// Its text.
    pub text: String,
    /// Path of headings above it.
    pub context: Vec<String>,
    /// Name of its document; `None` for hand-made chunks, which are not found by it.
    pub title: Option<String>,
    /// Important keywords.
    pub keywords: Vec<String>,
    /// Questions it answers.
    pub questions: Vec<String>,
    /// The chunk is available and its document enabled.
    pub available: bool,
    /// Its vectors, by the identity of the embedder that made them.
    pub vectors: Vec<(String, Vec<f32>)>,
}

/// Where changes come from.
#[async_trait]
pub trait ChangeSource: Send + Sync {
    /// The newest sequence number.
    async fn latest(&self) -> Result<u64>;
    /// Changes with `seq > after` in ascending order: all changes of every transaction it begins, so possibly a few
    /// more than `limit`. Only the newest state of a chunk that changed several times is given.
    async fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<Change>>;
    /// Waits until there may be something newer than `after`, or a while has passed.
    async fn changed(&self, after: u64);
}
