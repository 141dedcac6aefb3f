//! The index of a single machine: full text by tantivy, vectors by exact scans over mapped files.
//!
//! Both halves follow the same changes and each knows how far it has come; the index has come as far as the one that
//! is behind. Blocking work happens off the async threads.

mod journal;
mod keyword;
mod rows;
mod scan;
mod segment;
mod tail;
mod vectors;

use crate::{Filter, Index, TermStats, TextHit, VectorHit};
use async_trait::async_trait;
use keyword::Keyword;
use mortise_domain::{Change, Error, Result};
use mortise_text::analyzer::QueryTerm;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vectors::Vectors;

/// An index in a folder of its own. Deleting the folder loses nothing but the time to rebuild it.
#[derive(Clone)]
pub struct EmbeddedIndex {
    halves: Arc<Halves>,
}

struct Halves {
    keyword: Keyword,
    vectors: Vectors,
    /// Keeps other processes out as long as it is open.
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("full text: {0}")]
    Keyword(#[from] tantivy::TantivyError),
    #[error("vectors: {0}")]
    Vectors(#[from] std::io::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::internal(failure)
    }
}

impl EmbeddedIndex {
    /// Opens the index in a folder, or starts an empty one. Takes milliseconds whatever the size.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another process has the folder open; [`Error::Internal`] when it cannot be written.
    pub async fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        let halves = blocking(move || Halves::open(&folder)).await?;
        Ok(Self { halves: Arc::new(halves) })
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Halves) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        let halves = Arc::clone(&self.halves);
        blocking(move || Ok(work(&halves)?)).await
    }
}

impl Halves {
    fn open(folder: &Path) -> Result<Self> {
        let open = || -> Result<File, Failure> {
            std::fs::create_dir_all(folder)?;
            Ok(File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?)
        };
        let lock = open()?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                Error::Conflict { noun: "index", reason: format!("{} is in use", folder.display()) }
            }
            TryLockError::Error(error) => Error::internal(error),
        })?;
        let keyword = Keyword::open(folder).map_err(Failure::from)?;
        let vectors = Vectors::open(&folder.join("vectors")).map_err(Failure::from)?;
        Ok(Self { keyword, vectors, _lock: lock })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

#[async_trait]
impl Index for EmbeddedIndex {
    async fn apply(&self, changes: Vec<Change>, after: u64, upto: u64) -> Result<()> {
        self.with(move |halves| {
            halves.keyword.apply(&changes, after, upto)?;
            Ok(halves.vectors.apply(&changes, after, upto)?)
        })
        .await
    }

    async fn commit(&self) -> Result<()> {
        // Both wait for the disk, so they do it together.
        self.with(|halves| {
            let (keyword, vectors) = std::thread::scope(|scope| {
                let keyword = scope.spawn(|| halves.keyword.commit());
                let vectors = halves.vectors.commit();
                (keyword.join(), vectors)
            });
            keyword.unwrap_or_else(|_| Err(tantivy::TantivyError::SystemError("commit panicked".into())))?;
            Ok(vectors?)
        })
        .await
    }

    async fn applied(&self) -> Result<u64> {
        self.with(|halves| Ok(halves.keyword.applied().min(halves.vectors.applied()))).await
    }

    async fn clear(&self) -> Result<()> {
        self.with(|halves| {
            halves.keyword.clear()?;
            Ok(halves.vectors.clear()?)
        })
        .await
    }

    async fn rest(&self) -> Result<()> {
        self.with(|halves| Ok(halves.keyword.rest()?)).await
    }

    async fn search_text(
        &self,
        terms: &[QueryTerm],
        filter: &Filter,
        min_match: f32,
        k: usize,
    ) -> Result<Vec<TextHit>> {
        let (terms, filter) = (terms.to_vec(), filter.clone());
        self.with(move |halves| Ok(halves.keyword.search(&terms, &filter, min_match, k)?)).await
    }

    async fn search_vectors(&self, space: &str, vector: &[f32], filter: &Filter, k: usize) -> Result<Vec<VectorHit>> {
        let (space, vector, filter) = (space.to_owned(), vector.to_vec(), filter.clone());
        self.with(move |halves| Ok(halves.vectors.search(&space, &vector, &filter, k)?)).await
    }

    async fn cosines(&self, space: &str, vector: &[f32], filter: &Filter, rows: &[i64]) -> Result<Vec<Option<f32>>> {
        let (space, vector, filter, rows) = (space.to_owned(), vector.to_vec(), filter.clone(), rows.to_vec());
        self.with(move |halves| Ok(halves.vectors.cosines(&space, &vector, &filter, &rows)?)).await
    }

    async fn term_stats(&self, terms: &[String]) -> Result<TermStats> {
        let terms = terms.to_vec();
        self.with(move |halves| Ok(halves.keyword.term_stats(&terms)?)).await
    }

    async fn count(&self) -> Result<u64> {
        self.with(|halves| Ok(halves.keyword.count())).await
    }

    async fn rows(&self) -> Result<Vec<i64>> {
        self.with(|halves| Ok(halves.keyword.rows()?)).await
    }
}
