//! Which files of the folder count.

use super::set::Key;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh64::xxh64;

/// What the folder holds, up to its journal.
#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Segments are complete up to here.
    pub(super) applied: u64,
    /// Number of the journal with everything later.
    pub(super) journal: u64,
    /// The lowest number never given to a file.
    pub(super) next_file: u64,
    pub(super) sets: Vec<ManifestSet>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ManifestSet {
    pub(super) id: u32,
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) segments: Vec<ManifestSegment>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ManifestSegment {
    /// Number of the segment's file.
    pub(super) file: u64,
    pub(super) rows: usize,
    /// Lowest row.
    pub(super) first: i64,
    /// Highest row.
    pub(super) last: i64,
    /// Number of the file with its dead and hidden places, if it has any.
    pub(super) bits: Option<u64>,
}

impl Manifest {
    /// Reads the manifest of a folder; `None` when there is none.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        let text = match std::fs::read_to_string(folder.join("manifest")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "wrong manifest");
        let (hash, json) = text.split_once('\n').ok_or_else(bad)?;
        if hash != format!("{:016x}", xxh64(json.as_bytes(), 0)) {
            return Err(bad());
        }
        Ok(Some(serde_json::from_str(json)?))
    }

    /// Puts this manifest in place of the folder's, in one durable step.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let json = serde_json::to_string(self)?;
        sync_folder(folder)?; // the files it names must be there when it is
        let next = folder.join("manifest.new");
        let mut file = File::create(&next)?;
        write!(file, "{:016x}\n{json}", xxh64(json.as_bytes(), 0))?;
        file.sync_all()?;
        std::fs::rename(&next, folder.join("manifest"))?;
        sync_folder(folder)
    }

    /// Removes files that this manifest does not name.
    pub(super) fn sweep(&self, folder: &Path) {
        let segments = || self.sets.iter().flat_map(|set| &set.segments);
        let mut named: HashSet<u64> = segments().map(|segment| segment.file).collect();
        named.extend(segments().filter_map(|segment| segment.bits));
        named.insert(self.journal);
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if number_of(&path).is_some_and(|number| !named.contains(&number))
                && let Err(error) = std::fs::remove_file(&path)
            {
                tracing::warn!(file = %path.display(), %error, "could not remove an old vector file");
            }
        }
    }
}

/// Path of a numbered file.
pub(super) fn file_path(folder: &Path, number: u64, kind: &str) -> PathBuf {
    folder.join(format!("{number}.{kind}"))
}

/// A number above those of all files in the folder.
pub(super) fn unused_number(folder: &Path) -> io::Result<u64> {
    let used = std::fs::read_dir(folder)?.filter_map(|entry| number_of(&entry.ok()?.path()));
    Ok(used.max().map_or(0, |last| last + 1))
}

/// Makes renamed and new files of a folder durable, where the system knows how.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}
