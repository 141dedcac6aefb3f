//! The truth: SQLite through sqlx, and content-addressed blobs beside it.
//!
//! Everything lives in one folder, which one process at a time may open:
//!
//! ```text
//! mortise.db     tenants, datasets, documents, chunks and vectors, tasks, assistants, sessions, installed plugins
//! mortise.lock   held while the folder is open
//! blobs/ab/ab…   uploaded bytes, named by their SHA-256
//! parsed/        blocks of parsed documents: a cache, safe to delete
//! ```
//!
//! [`Store::tenant`] gives the only handle with queries about datasets, documents, chunks, assistants and sessions: a
//! query without a tenant does not compile. One file per noun holds all SQL about it. Workers use [`Store`] itself
//! (`tasks.rs`); indexes follow its change sequence (`changes.rs`). What was acknowledged survives a power cut.
#![warn(missing_docs)]

mod assistants;
mod blobs;
mod changes;
mod chunks;
mod column;
mod datasets;
mod documents;
mod engine;
mod error;
mod fields;
mod kept;
mod name;
mod parsed;
mod parsing;
mod plugins;
mod sessions;
mod tasks;
mod tenants;

pub use blobs::{BlobWriter, Blobs};
pub use kept::Embedding;
pub use parsed::ParsedCache;
pub use plugins::PluginKey;
pub use tasks::MAX_ATTEMPTS;

use engine::{Engine, Write};
use mortise_domain::{Error, Result, TenantId};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

/// An open data folder. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<Engine>,
    blobs: Blobs,
    parsed: ParsedCache,
    /// Locked as long as the folder is open; the system unlocks it when the process dies.
    lock: File,
}

impl Store {
    /// Opens a data folder, making it and its database where they are missing.
    ///
    /// # Errors
    /// `Conflict` when another process has it open; `Internal` when the disk fails or a newer version wrote the data.
    pub async fn open(dir: &Path) -> Result<Self> {
        make_private(dir).map_err(error::file(dir))?;
        let lock = lock(dir)?;
        let engine = Arc::new(Engine::open(&dir.join("mortise.db")).await?);
        let blobs = Blobs::at(&dir.join("blobs"), engine.clone())?;
        let parsed = ParsedCache::at(&dir.join("parsed"), parsed::DEFAULT_LIMIT)?;
        tracing::info!(dir = %dir.display(), "store open");
        Ok(Self { inner: Arc::new(Inner { engine, blobs, parsed, lock }) })
    }

    /// The data of one tenant.
    pub fn tenant(&self, id: &TenantId) -> TenantStore {
        TenantStore { store: self.clone(), tenant: id.clone() }
    }

    /// Stored bytes.
    pub fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    /// The cache of parsed blocks.
    pub fn parsed(&self) -> &ParsedCache {
        &self.inner.parsed
    }

    /// Moves the write-ahead log into the database file, which makes a copy of the file alone complete.
    ///
    /// # Errors
    /// `Internal` when the disk fails.
    pub async fn checkpoint(&self) -> Result<()> {
        self.engine().checkpoint().await
    }

    /// Ends a clean shutdown: waits for calls under way, empties the write-ahead log and lets go of the folder. Later
    /// calls fail.
    ///
    /// # Errors
    /// `Internal` when the disk fails; nothing acknowledged is lost by that.
    pub async fn close(&self) -> Result<()> {
        let checkpointed = self.checkpoint().await;
        self.engine().close().await;
        self.inner.lock.unlock().map_err(Error::internal)?;
        checkpointed
    }

    fn engine(&self) -> &Engine {
        &self.inner.engine
    }
}

/// The data of one tenant: other tenants' ids find nothing here. Its methods are in the files of their nouns.
#[derive(Clone)]
pub struct TenantStore {
    store: Store,
    tenant: TenantId,
}

impl TenantStore {
    fn id(&self) -> &str {
        self.tenant.as_str()
    }

    fn engine(&self) -> &Engine {
        self.store.engine()
    }

    async fn write(&self) -> Result<Write> {
        self.engine().write().await
    }
}

fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("mortise.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(error::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Conflict {
            noun: "data folder",
            reason: format!("{} is in use by another process", dir.display()),
        }),
        Err(TryLockError::Error(error)) => Err(error::file(path)(error)),
    }
}

/// Makes a folder that only this user can read: it holds everybody's documents.
fn make_private(dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}
