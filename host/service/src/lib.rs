//! What Mortise can do: one verb per thing, the one door for every surface.
//!
//! A surface authenticates a key once, gets a [`Caller`], and passes it to every verb; another tenant's objects look
//! exactly like missing ones. Foreign dialects (names, codes, message texts) stay in the surfaces.
#![warn(missing_docs)]

mod answer;
mod assistants;
mod chunks;
mod datasets;
mod documents;
mod ingest;
mod models;
mod retrieve;
mod sessions;
mod tenants;

pub use answer::{AnswerEvent, AnswerRequest, AnswerStream, Reference, ReferenceChunk};
pub use documents::OpenDocument;
pub use models::ModelSettings;

use mortise_domain::role::Plugins;
use mortise_index::Index;
use mortise_store::Store;
use std::sync::Arc;

/// Everything Mortise can do. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}
