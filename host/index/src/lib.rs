//! Finding chunks by their words and by their vectors.
//!
//! The store is the truth and an index is derived from it: it follows the store's change sequence ([`Follower`]),
//! catches up after a crash, and can be thrown away and rebuilt. [`Index`] is what the rest of Mortise sees;
//! [`EmbeddedIndex`] keeps everything in one folder of this machine. Analysis of questions, fusion,
//! highlighting and the final score stand above the trait, so that every implementation ranks alike.

mod embedded;
mod follow;

pub use embedded::EmbeddedIndex;
pub use follow::Follower;

use async_trait::async_trait;
use mortise_domain::{Change, DatasetId, DocumentId, Result, TenantId};
use mortise_text::analyzer::QueryTerm;

/// Which chunks may be found.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only this tenant's.
    pub tenant: TenantId,
    /// Only of these datasets; none = nothing is found.
    pub datasets: Vec<DatasetId>,
    /// Only of these documents; `None` = of all, an empty list = nothing is found.
    pub documents: Option<Vec<DocumentId>>,
    /// Leave out chunks that are switched off or whose document is.
    pub available_only: bool,
}

impl Filter {
    /// The available chunks of some datasets.
    pub fn new(tenant: TenantId, datasets: Vec<DatasetId>) -> Self {
        Self { tenant, datasets, documents: None, available_only: true }
    }

    /// Whether nothing can pass.
    pub fn is_empty(&self) -> bool {
        self.datasets.is_empty() || self.documents.as_ref().is_some_and(Vec::is_empty)
    }
}

/// A chunk found by its words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextHit {
    /// The chunk's row.
    pub row: i64,
    /// BM25 (k1 = 1.2, b = 0.75), above 0; comparable within one search only.
    pub score: f32,
    /// Bit `i` says that the chunk holds the question's term `i`; of the first 64 terms.
    pub matched: u64,
}

/// A chunk found by its vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorHit {
    /// The chunk's row.
    pub row: i64,
    /// Cosine of the chunk's vector and the question's, -1..1.
    pub cosine: f32,
}

/// How common terms are, over all chunks of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TermStats {
    /// Chunks in the index.
    pub chunks: u64,
    /// Chunks with the term, in the order of the question asked; chunks changed lately may be counted twice.
    pub frequencies: Vec<u64>,
}

/// An index over the chunks of all tenants.
///
/// Hits come best first, equal scores by row. Searches see what was committed, and vectors as soon as they were
/// applied. A lagging index may name rows that the store has deleted since; whoever shows chunks drops those.
#[async_trait]
pub trait Index: Send + Sync {
    /// Takes in all changes with `after < seq ≤ upto`; they may be lost in a crash until [`Self::commit`]. Changes that
    /// were applied before do no harm. Fails when the index is not complete up to `after`, because it lost
    /// something; whoever applies then goes on from [`Self::applied`].
    async fn apply(&self, changes: Vec<Change>, after: u64, upto: u64) -> Result<()>;

    /// Makes what was applied durable and found.
    async fn commit(&self) -> Result<()>;

    /// The sequence number up to which the index is complete, durably. It goes back when the index finds itself
    /// damaged: changes after it are to be applied again.
    async fn applied(&self) -> Result<u64>;

    /// Forgets everything: [`Self::applied`] is 0.
    async fn clear(&self) -> Result<()>;

    /// Lets go of what only applying needs. Called after a while without changes.
    async fn rest(&self) -> Result<()>;

    /// The `k` best chunks by their words. A chunk must have at least `min_match` (0..1, of the number of terms,
    /// rounded down, at least one) of the terms.
    async fn search_text(&self, terms: &[QueryTerm], filter: &Filter, min_match: f32, k: usize)
    -> Result<Vec<TextHit>>;

    /// The `k` chunks whose vectors of the embedder `space` are nearest to `vector`, exactly. Only vectors of the
    /// same length count.
    async fn search_vectors(&self, space: &str, vector: &[f32], filter: &Filter, k: usize) -> Result<Vec<VectorHit>>;

    /// The cosine for each of `rows`; `None` where the filter's datasets have no such vector. Documents and
    /// availability are not looked at.
    async fn cosines(&self, space: &str, vector: &[f32], filter: &Filter, rows: &[i64]) -> Result<Vec<Option<f32>>>;

    /// How common each of `terms` is.
    async fn term_stats(&self, terms: &[String]) -> Result<TermStats>;

    /// Number of chunks.
    async fn count(&self) -> Result<u64>;

    /// Rows of all chunks, ascending: for comparing the index with the store.
    async fn rows(&self) -> Result<Vec<i64>>;
}
