//! What Mortise can do: one verb per thing, the one door for every surface.
//!
//! A surface authenticates a key once, gets a [`Caller`], and passes it to every verb; another
//! tenant's objects look exactly like missing ones. Foreign dialects (names, codes, message texts) stay in the
//! surfaces.

mod answer;
mod assistants;
mod chunks;
mod citations;
mod clock;
mod datasets;
mod documents;
mod images;
mod ingest;
mod models;
mod plugins;
mod prompt;
mod quote;
mod retrieve;
mod scoring;
mod sessions;
mod tenants;

pub use answer::{AnswerEvent, AnswerRequest, AnswerStream, FinalAnswer, Reference, ReferenceChunk};
pub use chunks::ListedChunk;
pub use documents::OpenDocument;
pub use ingest::{IngestSettings, PictureSettings, Workers};
pub use models::ModelSettings;
pub use mortise_store::BlobWriter;
pub use plugins::{ComponentFrom, DeclaredPlugin, GrantChange, ListedPlugin, NewPlugin};
pub use quote::best_sentence;
pub use tenants::key_hash;

use mortise_domain::role::Plugins;
use mortise_domain::{Caller, Cancel, DocumentId, PluginHost, Result, Supply, TenantId};
use mortise_index::{Follower, Index};
use mortise_store::{Store, TenantStore};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Everything Mortise can do. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    store: Store,
    index: Arc<dyn Index>,
    follower: Arc<Follower>,
    plugins: Arc<dyn PluginHost>,
    supply: Arc<dyn Supply>,
    installing: Arc<plugins::Installing>,
    models: Arc<ModelSettings>,
    ingest: Arc<IngestSettings>,
    /// Raised to stop the run of a document on this process.
    running: Arc<Mutex<HashMap<DocumentId, Cancel>>>,
}

/// How long a call that changed something waits for the index, so that its caller finds what it wrote.
const READ_YOUR_WRITES: Duration = Duration::from_secs(5);

impl Service {
    /// Puts the parts together.
    pub fn new(
        store: Store,
        index: Arc<dyn Index>,
        follower: Arc<Follower>,
        plugins: Arc<dyn PluginHost>,
        supply: Arc<dyn Supply>,
        models: ModelSettings,
        ingest: IngestSettings,
    ) -> Self {
        Self {
            store,
            index,
            follower,
            plugins,
            supply,
            installing: Arc::default(),
            models: Arc::new(models),
            ingest: Arc::new(ingest),
            running: Arc::default(),
        }
    }

    /// `cl100k_base` tokens of a text.
    pub fn count_tokens(&self, text: &str) -> usize {
        mortise_text::tokens::count(text)
    }

    /// The plugins that a tenant sees.
    fn plugins_of(&self, tenant: &TenantId) -> Arc<dyn Plugins> {
        Arc::clone(&self.plugins).for_tenant(tenant)
    }

    /// The caller's own data.
    fn own(&self, caller: &Caller) -> TenantStore {
        self.store.tenant(&caller.tenant)
    }

    /// Waits (bounded) until the index shows everything that was written before.
    async fn index_caught_up(&self) -> Result<()> {
        use mortise_domain::ChangeSource;
        let latest = self.store.latest().await?;
        if !self.follower.wait_for(latest, READ_YOUR_WRITES).await {
            tracing::warn!(latest, applied = self.follower.applied(), "the index is behind; a change shows later");
        }
        Ok(())
    }
}
