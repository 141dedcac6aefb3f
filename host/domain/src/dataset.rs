//! Datasets.

use crate::{DatasetId, JsonMap, Millis, TenantId};

/// A named collection of documents with a chunk method and one embedder in use.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Its owner.
    pub tenant: TenantId,
    /// Unique in the tenant, ignoring case.
    pub name: String,
    /// A data URL, or none.
    pub avatar: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// `English`, `Chinese`, …
    pub language: String,
    /// `me` or `team`.
    pub permission: String,
    /// Name under which the embedder was chosen.
    pub embedding_model: String,
    /// Name of the chunker plugin for documents that name none.
    pub chunk_method: String,
    /// Id of an ingestion pipeline, kept for clients.
    pub pipeline_id: Option<String>,
    /// Settings for parser and chunker.
    pub parser_config: JsonMap,
    /// Documents in it.
    pub document_count: i64,
    /// Chunks in it, as clients count them.
    pub chunk_count: i64,
    /// `cl100k_base` tokens of its chunks.
    pub token_count: i64,
    /// Default threshold of searches in it, 0..1.
    pub similarity_threshold: f64,
    /// Default vector weight of searches in it, 0..1.
    pub vector_similarity_weight: f64,
    /// Boost of its chunks among other datasets, 0..100.
    pub pagerank: i64,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// What is needed to make a dataset.
#[derive(Clone, Debug)]
pub struct NewDataset {
    /// Wanted name; `(1)`, `(2)`, … is appended when it is taken.
    pub name: String,
    /// A data URL, or none.
    pub avatar: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// `me` or `team`.
    pub permission: String,
    /// `None`: the tenant's.
    pub embedding_model: Option<String>,
    /// Name of the chunker plugin.
    pub chunk_method: String,
    /// Id of an ingestion pipeline.
    pub pipeline_id: Option<String>,
    /// Settings for parser and chunker.
    pub parser_config: JsonMap,
}

/// Changes to a dataset: `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct DatasetPatch {
    /// New name.
    pub name: Option<String>,
    /// New avatar; `Some(None)` removes it.
    pub avatar: Option<Option<String>>,
    /// New description; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// New permission.
    pub permission: Option<String>,
    /// New embedder; only while there are no chunks.
    pub embedding_model: Option<String>,
    /// New chunk method.
    pub chunk_method: Option<String>,
    /// New pipeline id.
    pub pipeline_id: Option<Option<String>>,
    /// New settings, replacing the old ones whole.
    pub parser_config: Option<JsonMap>,
    /// New boost.
    pub pagerank: Option<i64>,
}

/// Which datasets to list.
#[derive(Clone, Debug, Default)]
pub struct DatasetFilter {
    /// Exactly this one.
    pub id: Option<DatasetId>,
    /// Exactly this name, ignoring case.
    pub name: Option<String>,
}
