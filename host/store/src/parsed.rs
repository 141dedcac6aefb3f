//! The cache of parsed blocks, so that a document is parsed once however often it is cut into chunks.
//!
//! One file per key: a header with format and checksum, then the blocks (`parsed/format.rs`). What cannot be read is a
//! miss; what is old goes when the cache grows over its limit.

mod format;

use crate::error::file;
use mortise_domain::block::Parsed;
use mortise_domain::{Error, Result};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Bytes kept.
pub(crate) const DEFAULT_LIMIT: u64 = 2 << 30;

/// Format of the files; another one is a miss. To be raised whenever `format.rs` or the block model changes.
const MAGIC: [u8; 8] = *b"mrtsblk1";
const CHECKSUM: usize = 32;

/// Blocks of parsed documents by key. Clones share them.
#[derive(Clone)]
pub struct ParsedCache {
    shared: Arc<Shared>,
}

struct Shared {
    root: PathBuf,
    limit: u64,
    writers: AtomicU64,
    /// Bytes of all files.
    total: Mutex<u64>,
}

impl ParsedCache {
    /// Opens or makes a cache of at most `limit` bytes.
    ///
    /// # Errors
    /// `Internal` when the disk fails.
    pub(crate) fn at(root: &Path, limit: u64) -> Result<Self> {
        fs::create_dir_all(root).map_err(file(root))?;
        let mut total = 0;
        for entry in entries(root).map_err(file(root))? {
            if entry.path.extension().is_some() {
                let _ = fs::remove_file(entry.path); // half-written by an earlier process
            } else {
                total += entry.size;
            }
        }
        let shared = Shared { root: root.into(), limit, writers: AtomicU64::new(0), total: Mutex::new(total) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The blocks under a key, if they are there and whole.
    ///
    /// # Errors
    /// `Internal` when a worker thread fails; a file that cannot be read is a miss.
    pub async fn get(&self, key: &str) -> Result<Option<Parsed>> {
        let (shared, path) = (self.shared.clone(), self.shared.path(key));
        tokio::task::spawn_blocking(move || shared.get(&path)).await.map_err(Error::internal)
    }

    /// Keeps blocks under a key; removes the least recently used ones when there is too much.
    ///
    /// # Errors
    /// `Internal` when the disk fails.
    pub async fn put(&self, key: &str, parsed: &Parsed) -> Result<()> {
        let encoded = format::encode(parsed)?;
        let (shared, path) = (self.shared.clone(), self.shared.path(key));
        let put = move || shared.put(&path, &encoded).map_err(file(path));
        tokio::task::spawn_blocking(put).await.map_err(Error::internal)?
    }
}

impl Shared {
    fn path(&self, key: &str) -> PathBuf {
        self.root.join(hex::encode(Sha256::digest(key)))
    }

    fn get(&self, path: &Path) -> Option<Parsed> {
        let bytes = fs::read(path).ok()?;
        let parsed = read(&bytes);
        if parsed.is_none() {
            tracing::warn!(path = %path.display(), "unreadable blocks; the document is parsed again");
            return None;
        }
        // Used just now: the last to go.
        if let Ok(file) = fs::File::options().append(true).open(path) {
            let _ = file.set_modified(SystemTime::now());
        }
        parsed
    }

    fn put(&self, path: &Path, encoded: &[u8]) -> io::Result<()> {
        let size = (MAGIC.len() + CHECKSUM + encoded.len()) as u64;
        if size > self.limit {
            return Ok(());
        }
        let number = self.writers.fetch_add(1, Ordering::Relaxed);
        let temporary = self.root.join(format!("{number}.tmp"));
        let checksum = Sha256::digest(encoded);
        let written = fs::File::create(&temporary).and_then(|mut file| {
            use io::Write;
            // Not synced: after a power cut the checksum tells.
            file.write_all(&MAGIC)?;
            file.write_all(&checksum)?;
            file.write_all(encoded)
        });
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = fs::metadata(path).map(|old| old.len()).unwrap_or(0);
        if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        *total = (*total + size).saturating_sub(replaced);
        if *total > self.limit {
            *total = self.shrink(path)?;
        }
        Ok(())
    }

    /// Removes the oldest files, but not `newest`, until a tenth of the limit is free; says how much is left.
    fn shrink(&self, newest: &Path) -> io::Result<u64> {
        let mut entries = entries(&self.root)?;
        entries.retain(|entry| entry.path.extension().is_none());
        entries.sort_by_key(|entry| entry.modified);
        let mut total = entries.iter().map(|entry| entry.size).sum();
        let enough = self.limit - self.limit / 10;
        for entry in entries.iter().filter(|entry| entry.path != newest) {
            if total <= enough {
                break;
            }
            if fs::remove_file(&entry.path).is_ok() {
                total -= entry.size;
            }
        }
        Ok(total)
    }
}

struct Entry {
    path: PathBuf,
    size: u64,
    modified: SystemTime,
}

fn entries(root: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            found.push(Entry { path: entry.path(), size: metadata.len(), modified: metadata.modified()? });
        }
    }
    Ok(found)
}

fn read(bytes: &[u8]) -> Option<Parsed> {
    let (checksum, encoded) = bytes.strip_prefix(&MAGIC)?.split_at_checked(CHECKSUM)?;
    if Sha256::digest(encoded)[..] != *checksum {
        return None;
    }
    format::decode(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::block::*;

    fn sample() -> Parsed {
        let place = Place { page: 2, rect: Some(Rect { left: 1.5, top: 2.0, right: 3.0, bottom: 4.25 }) };
        let values = [
            Value::None,
            Value::Text("x".into()),
            Value::Integer(-7),
            Value::Number(0.5),
            Value::Boolean(true),
            Value::Time("2025-03-14".into()),
        ];
        let cells = values.into_iter().enumerate().map(|(row, value)| Cell {
            row: row as u32,
            column: 0,
            row_span: 1,
            column_span: 2,
            header: row == 0,
            text: format!("cell {row}"),
            value,
        });
        let block = |id, kind| Block {
            id,
            kind,
            text: format!("Grüße {id}"),
            level: 1,
            places: vec![place, Place { page: 3, rect: None }],
            part: 0,
            style: Some(Style { font_size: 9.5, bold: true, italic: false, monospace: true }),
            table: None,
            image: Some(0),
            language: Some("de".into()),
            parent: id.checked_sub(1),
        };
        let mut blocks: Vec<Block> = format::KINDS.into_iter().zip(0..).map(|(kind, id)| block(id, kind)).collect();
        blocks[4].table = Some(Table { rows: 6, columns: 1, cells: cells.collect() });
        blocks[5].style = None;
        let metadata = serde_json::json!({"author": "Ada", "n": [1, 2.5, null]});
        Parsed {
            blocks,
            parts: vec![Part { name: "a.eml".into(), media_type: "text/plain".into() }],
            images: vec![Image { media_type: "image/png".into(), bytes: (0..=255).collect() }],
            metadata: metadata.as_object().unwrap().clone(),
            pages: 3,
            warnings: vec![
                Warning { at: Some(place), message: "odd".into() },
                Warning { at: None, message: "odder".into() },
            ],
            attachments: vec![Attachment { name: "b".into(), media_type: "c".into(), bytes: vec![0, 1] }],
        }
    }

    fn only_file(root: &Path) -> PathBuf {
        let mut files = entries(root).unwrap();
        assert_eq!(files.len(), 1);
        files.pop().unwrap().path
    }

    #[tokio::test]
    async fn blocks_come_back_as_they_went_also_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ParsedCache::at(dir.path(), DEFAULT_LIMIT).unwrap();
        assert_eq!(cache.get("k").await.unwrap(), None);
        cache.put("k", &sample()).await.unwrap();
        cache.put("k", &sample()).await.unwrap();
        assert_eq!(cache.get("k").await.unwrap(), Some(sample()));
        assert_eq!(cache.get("../k").await.unwrap(), None);
        let reopened = ParsedCache::at(dir.path(), DEFAULT_LIMIT).unwrap();
        assert_eq!(reopened.get("k").await.unwrap(), Some(sample()));
        let size = fs::metadata(only_file(dir.path())).unwrap().len();
        assert_eq!(*cache.shared.total.lock().unwrap(), size);
        assert_eq!(*reopened.shared.total.lock().unwrap(), size);
    }

    #[tokio::test]
    async fn damaged_files_are_misses() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ParsedCache::at(dir.path(), DEFAULT_LIMIT).unwrap();
        cache.put("k", &sample()).await.unwrap();
        let path = only_file(dir.path());
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.get("k").await.unwrap(), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.get("k").await.unwrap(), None, "cut at {at}");
        }
        fs::write(&path, &whole).unwrap();
        assert!(cache.get("k").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn the_least_recently_used_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let parsed =
            Parsed { images: vec![Image { media_type: String::new(), bytes: vec![1; 1000] }], ..Parsed::default() };
        let cache = ParsedCache::at(dir.path(), 5_500).unwrap();
        for n in 0..5 {
            cache.put(&n.to_string(), &parsed).await.unwrap();
            let age = SystemTime::now() - std::time::Duration::from_secs(100 - n);
            let file = fs::File::options().append(true).open(cache.shared.path(&n.to_string())).unwrap();
            file.set_modified(age).unwrap();
        }
        assert!(cache.get("0").await.unwrap().is_some()); // used: young again
        cache.put("5", &parsed).await.unwrap();
        for (key, there) in [("0", true), ("1", false), ("2", false), ("4", true), ("5", true)] {
            assert_eq!(cache.get(key).await.unwrap().is_some(), there, "{key}");
        }
        let total: u64 = entries(dir.path()).unwrap().iter().map(|e| e.size).sum();
        assert_eq!(*cache.shared.total.lock().unwrap(), total);
        let huge = Parsed {
            attachments: vec![],
            images: vec![Image { media_type: String::new(), bytes: vec![1; 9000] }],
            ..Parsed::default()
        };
        cache.put("huge", &huge).await.unwrap();
        assert!(cache.get("huge").await.unwrap().is_none());
        assert!(cache.get("5").await.unwrap().is_some(), "what is too large pushes nothing out");
    }
}
