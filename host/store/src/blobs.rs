//! Stored bytes, named by their content: the same bytes are kept once, and what was stored never changes.
//!
//! Bytes are written to a temporary file, synced, and renamed to `blobs/ab/abcd…`. A blob is in use while a document or
//! a chunk names it; [`Blobs::sweep`] removes the others.

use crate::column::list;
use crate::engine::{Engine, all};
use crate::error::file;
use mortise_domain::source::ByteSource;
use mortise_domain::{BlobId, Error, Result};
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::io::AsyncWriteExt;

/// Unused blobs are kept this long: an upload is stored before the document that names it.
const GRACE: Duration = Duration::from_secs(60 * 60);

/// Blobs asked for in one query of a sweep.
const BATCH: usize = 500;

/// All stored bytes. Clones share them.
#[derive(Clone)]
pub struct Blobs {
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    engine: Arc<Engine>,
    writers: AtomicU64,
    /// Held while a blob is published or removed, so that a sweep never removes what was just stored again.
    moving: Mutex<()>,
}

impl Blobs {
    pub(crate) fn at(root: &Path, engine: Arc<Engine>) -> Result<Self> {
        let temporary = root.join("tmp");
        // What an earlier process left half-written is of no use; nobody else has the folder open.
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(temporary)(error)),
            _ => {}
        }
        fs::create_dir_all(&temporary).map_err(file(&temporary))?;
        let shared = Shared { root: root.into(), engine, writers: AtomicU64::new(0), moving: Mutex::new(()) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Begins to store bytes.
    ///
    /// # Errors
    /// `Internal` when the disk fails.
    pub async fn begin(&self) -> Result<BlobWriter> {
        let number = self.shared.writers.fetch_add(1, Ordering::Relaxed);
        let path = self.shared.root.join("tmp").join(number.to_string());
        let out = tokio::fs::File::create_new(&path).await.map_err(file(&path))?;
        let temporary = Temporary(path);
        Ok(BlobWriter { shared: self.shared.clone(), out, temporary, hasher: Sha256::new(), size: 0 })
    }

    /// Opens stored bytes. Reading them blocks the thread.
    ///
    /// # Errors
    /// `Internal` when they are gone or the disk fails.
    pub async fn open(&self, id: &BlobId) -> Result<Arc<dyn ByteSource>> {
        let path = self.shared.path(id).ok_or_else(|| Error::internal(format!("{id:?} names no stored bytes")))?;
        let opened = tokio::task::spawn_blocking(move || {
            let bytes = File::open(&path).map_err(file(&path))?;
            let size = bytes.metadata().map_err(file(&path))?.len();
            Ok(Arc::new(BlobSource { bytes, size }) as Arc<dyn ByteSource>)
        });
        opened.await.map_err(Error::internal)?
    }

    /// Removes bytes that nothing names and that were stored more than an hour ago; says how many blobs went.
    ///
    /// # Errors
    /// `Internal` when the disk or the database fails.
    pub async fn sweep(&self) -> Result<usize> {
        let shared = self.shared.clone();
        let old = tokio::task::spawn_blocking(move || shared.old()).await.map_err(Error::internal)??;
        let mut removed = 0;
        for batch in old.chunks(BATCH) {
            let select = sqlx::query(
                "SELECT b.value FROM json_each($1) b \
                 WHERE NOT EXISTS (SELECT 1 FROM document WHERE blob = b.value) \
                   AND NOT EXISTS (SELECT 1 FROM chunk WHERE image = b.value)",
            );
            let select = select.bind(list(batch.iter().map(BlobId::as_str))?);
            let unused: Vec<String> = all(&mut *self.shared.engine.read().await?, select, |r| r.try_get(0)).await?;
            let shared = self.shared.clone();
            let remove = move || unused.into_iter().filter(|id| shared.remove_old(&BlobId::new(id.as_str()))).count();
            removed += tokio::task::spawn_blocking(remove).await.map_err(Error::internal)?;
        }
        if removed > 0 {
            tracing::info!(removed, "unused blobs removed");
        }
        Ok(removed)
    }
}

impl Shared {
    /// `None` for what is no id, which no caller can make: a path must never come from outside.
    fn path(&self, id: &BlobId) -> Option<PathBuf> {
        let name = id.as_str();
        let valid = name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| self.root.join(&name[..2]).join(name))
    }

    /// Gives a synced temporary file its name.
    fn publish(&self, temporary: Temporary, id: &BlobId, size: u64) -> io::Result<()> {
        let path = self.path(id).ok_or(io::ErrorKind::InvalidInput)?;
        let Some(folder) = path.parent() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let new_folder = !folder.exists();
        if new_folder {
            fs::create_dir_all(folder)?;
        }
        {
            let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
            match fs::metadata(&path) {
                Ok(there) if there.len() == size => {
                    // Young again: whoever stores it anew has not named it yet.
                    File::options().append(true).open(&path)?.set_modified(SystemTime::now())?;
                }
                _ => temporary.rename(&path)?,
            }
        }
        sync_folder(folder)?;
        if new_folder {
            sync_folder(&self.root)?;
        }
        Ok(())
    }

    /// Blobs stored before the grace period.
    fn old(&self) -> Result<Vec<BlobId>> {
        let mut old = Vec::new();
        for folder in fs::read_dir(&self.root).map_err(file(&self.root))? {
            let folder = folder.map_err(file(&self.root))?.path();
            if !folder.is_dir() || folder.ends_with("tmp") {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(file(&folder))? {
                let entry = entry.map_err(file(&folder))?;
                let id = BlobId::new(entry.file_name().to_string_lossy());
                if self.path(&id).is_some_and(|path| is_old(&path)) {
                    old.push(id);
                }
            }
        }
        Ok(old)
    }

    fn remove_old(&self, id: &BlobId) -> bool {
        let Some(path) = self.path(id) else { return false };
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        is_old(&path) && fs::remove_file(path).is_ok()
    }
}

/// Takes the bytes of one blob. Dropped unfinished, it leaves nothing.
pub struct BlobWriter {
    shared: Arc<Shared>,
    out: tokio::fs::File,
    temporary: Temporary,
    hasher: Sha256,
    size: u64,
}

impl BlobWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// `Internal` when the disk fails.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.out.write_all(bytes).await.map_err(file(&self.temporary.0))
    }

    /// Bytes taken so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the bytes durable and says their name and size.
    ///
    /// # Errors
    /// `Internal` when the disk fails.
    pub async fn finish(self) -> Result<(BlobId, u64)> {
        let Self { shared, mut out, temporary, hasher, size } = self;
        let path = temporary.0.clone();
        out.flush().await.map_err(file(&path))?;
        let out = out.into_std().await;
        let id = BlobId::new(hex::encode(hasher.finalize()));
        let named = id.clone();
        let publish = move || {
            out.sync_all()?;
            shared.publish(temporary, &named, size)
        };
        tokio::task::spawn_blocking(publish).await.map_err(Error::internal)?.map_err(file(path))?;
        Ok((id, size))
    }
}

/// Stored bytes, open.
struct BlobSource {
    bytes: File,
    size: u64,
}

impl ByteSource for BlobSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(left)];
        let mut done = 0;
        while done < bytes.len() {
            match read_once(&self.bytes, &mut bytes[done..], offset + done as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()), // blobs never shrink
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }
}

#[cfg(unix)]
fn read_once(from: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(from, into, offset)
}

#[cfg(windows)]
fn read_once(from: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(from, into, offset)
}

/// A file that is removed when dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn rename(self, to: &Path) -> io::Result<()> {
        // Once renamed there is nothing left for the drop to remove.
        fs::rename(&self.0, to)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn is_old(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > GRACE))
}

/// Makes a rename survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}
