//! Exact vector search that survives crashes.
//!
//! There is one set of vectors for each dataset, embedder and length. A set is some sealed [`Segment`]s and a
//! [`Tail`] in memory. Changes go to one [`Journal`] for all sets and to the tails; when the journal has grown, the
//! tails are sealed and a new manifest names the files that count from then on:
//!
//! ```text
//! manifest      hash, then JSON: complete up to, journal, sets with their segments   replaced atomically
//! N.journal     what came since the manifest
//! N.segment     sealed vectors
//! N.bits        dead and hidden places of a segment, when it has any
//! ```
//!
//! A crash at any point leaves a manifest with the files it names. Files that it does not name are removed when the
//! folder is opened. A damaged segment costs its set, which then comes back from the store: [`Vectors::applied`]
//! falls to 0, and vectors that are still there are recognised and not written again.

mod manifest;
mod set;

use super::journal::{Journal, Op};
use super::rows::{Candidates, Damaged, Question, unit};
use super::segment::{Outline, Segment, Source, seal};
use super::tail::Tail;
use crate::{Filter, VectorHit};
use manifest::{Manifest, ManifestSegment, ManifestSet, file_path, unused_number};
use mortise_domain::{Change, IndexedChunk};
use parking_lot::{Mutex, RwLock};
use set::{Key, Set, perform};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

/// The journal's size at which tails are sealed: as much is read at start and kept in memory at most.
const JOURNAL_LIMIT: u64 = 4 << 20;
/// Segments above this many vectors are not merged with newer ones any more.
const MERGE_LIMIT: usize = 100_000;

/// All vectors of an index.
pub(super) struct Vectors {
    folder: PathBuf,
    journal_limit: u64,
    /// Taken before `sets` by whoever changes anything.
    writer: Mutex<Writer>,
    sets: RwLock<BTreeMap<u32, Set>>,
}

struct Writer {
    journal: Journal,
    /// Complete up to here, in memory.
    accepted: u64,
    /// Complete up to here, durably.
    committed: u64,
    next_file: u64,
    next_set: u32,
}

impl Vectors {
    /// Opens or creates the folder. What cannot be read is given up and must be applied again.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Self::open_with(folder, JOURNAL_LIMIT)
    }

    fn open_with(folder: &Path, journal_limit: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (writer, sets) = match load(folder) {
            Ok(Some(loaded)) => loaded,
            Ok(None) => start(folder)?,
            Err(error) => {
                tracing::error!(folder = %folder.display(), %error, "vectors are damaged and will be rebuilt");
                start(folder)?
            }
        };
        Ok(Self { folder: folder.to_owned(), journal_limit, writer: Mutex::new(writer), sets: RwLock::new(sets) })
    }

    /// The sequence number up to which everything is durable.
    pub(super) fn applied(&self) -> u64 {
        self.writer.lock().committed
    }

    /// Takes the changes between two sequence numbers in, in memory and in the journal.
    pub(super) fn apply(&self, changes: &[Change], after: u64, upto: u64) -> io::Result<()> {
        let mut writer = self.writer.lock();
        if after > writer.accepted {
            return Err(io::Error::other(format!("vectors are complete up to {} only", writer.accepted)));
        }
        let newest: HashMap<i64, usize> = changes.iter().enumerate().map(|(at, change)| (change.row, at)).collect();
        let fresh =
            changes.iter().enumerate().filter(|(at, c)| newest.get(&c.row) == Some(at) && c.seq > writer.accepted);
        let fresh: Vec<&Change> = fresh.map(|(_, change)| change).collect();
        let (ops, damaged) = self.plan(&fresh, writer.next_set);
        if !damaged.is_empty() {
            self.drop_sets(&mut writer, &damaged)?;
            return Err(io::Error::other("vectors were damaged and are complete up to 0 only"));
        }
        let accepted = upto.max(writer.accepted);
        if ops.is_empty() && accepted == writer.accepted {
            return Ok(());
        }
        writer.journal.append(accepted, &ops)?;
        let mut sets = self.sets.write();
        for op in ops {
            perform(&mut sets, op);
        }
        writer.next_set = sets.keys().next_back().map_or(0, |last| last + 1).max(writer.next_set);
        writer.accepted = accepted;
        Ok(())
    }

    /// Makes everything taken in durable.
    pub(super) fn commit(&self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        writer.journal.sync()?;
        writer.committed = writer.accepted;
        if writer.journal.len() >= self.journal_limit {
            self.checkpoint(&mut writer)?;
        }
        Ok(())
    }

    /// Forgets everything.
    pub(super) fn clear(&self) -> io::Result<()> {
        let mut writer = self.writer.lock();
        let mut sets = self.sets.write();
        (*writer, *sets) = start(&self.folder)?;
        Ok(())
    }

    /// The nearest vectors, see [`crate::Index::search_vectors`].
    pub(super) fn search(&self, space: &str, vector: &[f32], filter: &Filter, k: usize) -> io::Result<Vec<VectorHit>> {
        let Some(question) = Question::new(vector).filter(|_| !filter.is_empty() && k > 0) else {
            return Ok(Vec::new());
        };
        let damaged = match self.search_sets(&question, space, vector.len(), filter, k) {
            Ok(hits) => return Ok(hits),
            Err(damaged) => damaged,
        };
        self.repair(&damaged)?;
        self.search_sets(&question, space, vector.len(), filter, k)
            .map_err(|_| io::Error::other("vectors were damaged again"))
    }

    /// Cosines of rows, see [`crate::Index::cosines`].
    pub(super) fn cosines(
        &self,
        space: &str,
        vector: &[f32],
        filter: &Filter,
        rows: &[i64],
    ) -> io::Result<Vec<Option<f32>>> {
        let Some(question) = Question::new(vector) else { return Ok(vec![None; rows.len()]) };
        let mut damaged = HashSet::new();
        let cosines = {
            let sets = self.sets.read();
            let chosen: Vec<_> = chosen(&sets, space, vector.len(), filter).collect();
            let mut cosine = |&row: &i64| {
                chosen.iter().find_map(|&(id, set)| match set.vector(row) {
                    Ok(stored) => stored.map(|stored| question.cosine(stored)),
                    Err(()) => {
                        damaged.insert(id);
                        None
                    }
                })
            };
            rows.iter().map(&mut cosine).collect()
        };
        if !damaged.is_empty() {
            self.repair(&damaged)?;
        }
        Ok(cosines)
    }

    fn search_sets(
        &self,
        question: &Question,
        space: &str,
        dims: usize,
        filter: &Filter,
        k: usize,
    ) -> Result<Vec<VectorHit>, HashSet<u32>> {
        let sets = self.sets.read();
        let (mut owners, mut blocks, mut damaged) = (Vec::new(), Vec::new(), HashSet::new());
        let wanted = |count: usize, number: &dyn Fn(&str) -> Option<usize>| {
            filter.documents.as_ref().map(|documents| {
                let mut wanted = vec![false; count];
                for at in documents.iter().filter_map(|document| number(document.as_str())) {
                    wanted[at] = true;
                }
                wanted
            })
        };
        for (id, set) in chosen(&sets, space, dims, filter) {
            for segment in &set.segments {
                let Some(rows) = segment.view() else {
                    damaged.insert(id);
                    continue;
                };
                let documents = wanted(segment.names().len(), &|document| segment.number_of(document));
                blocks.push(Candidates { rows, documents, available_only: filter.available_only });
                owners.push(id);
            }
            let documents = wanted(set.tail.names().len(), &|document| set.tail.number(document));
            blocks.push(Candidates { rows: set.tail.view(), documents, available_only: filter.available_only });
            owners.push(id);
        }
        if !damaged.is_empty() {
            return Err(damaged);
        }
        question.nearest(&blocks, k).map_err(|Damaged(block)| {
            tracing::error!(set = owners[block], "a vector does not agree with its byte form");
            HashSet::from([owners[block]])
        })
    }

    /// What the changes do to the sets, and which sets turn out to be damaged.
    fn plan(&self, changes: &[&Change], mut next_set: u32) -> (Vec<Op>, HashSet<u32>) {
        let sets = self.sets.read();
        let (mut ops, mut damaged) = (Vec::new(), HashSet::new());
        let mut known: HashMap<Key, u32> = sets.iter().map(|(&id, set)| (set.key.clone(), id)).collect();
        for change in changes {
            let mut stays = HashSet::new();
            for (key, unit) in change.chunk.iter().flat_map(vectors_of) {
                let set = *known.entry(key.clone()).or_insert_with(|| {
                    let Key { tenant, dataset, space, dims } = key;
                    ops.push(Op::Define { set: next_set, tenant, dataset, space, dims: dims as u32 });
                    next_set += 1;
                    next_set - 1
                });
                let Some(chunk) = change.chunk.as_ref().filter(|_| stays.insert(set)) else { continue };
                match sets.get(&set).map_or(Ok(None), |found| found.state(change.row, chunk, &unit)) {
                    Ok(Some(available)) if available == chunk.available => {}
                    Ok(Some(_)) => ops.push(Op::Show { set, row: change.row, available: chunk.available }),
                    Ok(None) => ops.push(Op::Put {
                        set,
                        row: change.row,
                        document: chunk.document.as_str().to_owned(),
                        available: chunk.available,
                        unit,
                    }),
                    Err(()) => drop(damaged.insert(set)),
                }
            }
            for (&id, set) in sets.iter().filter(|(id, _)| !stays.contains(id)) {
                match set.place(change.row) {
                    Ok(Some(_)) => ops.push(Op::Delete { set: id, row: change.row }),
                    Ok(None) => {}
                    Err(()) => drop(damaged.insert(id)),
                }
            }
        }
        (ops, damaged)
    }

    fn repair(&self, damaged: &HashSet<u32>) -> io::Result<()> {
        self.drop_sets(&mut self.writer.lock(), damaged)
    }

    /// Forgets damaged sets; the others stay, but everything must be applied again.
    fn drop_sets(&self, writer: &mut Writer, damaged: &HashSet<u32>) -> io::Result<()> {
        tracing::error!(sets = damaged.len(), "damaged vector sets are dropped and will be rebuilt");
        self.sets.write().retain(|id, _| !damaged.contains(id));
        // At once, whatever becomes of the manifest: what comes next must not be taken for complete.
        (writer.accepted, writer.committed) = (0, 0);
        self.checkpoint(writer)
    }

    /// Seals tails, merges small and gappy segments, and makes a manifest of it with an empty journal.
    fn checkpoint(&self, writer: &mut Writer) -> io::Result<()> {
        // (set, segments that stay, new segment): what `sets` becomes once the manifest is there.
        let mut sealed: Vec<(u32, usize, Option<Segment>)> = Vec::new();
        let mut outlines = Vec::new();
        let mut damaged = HashSet::new();
        for (&id, set) in self.sets.read().iter() {
            let Some((kept, segment)) = self.seal_set(set, &mut writer.next_file)? else {
                damaged.insert(id);
                continue;
            };
            let mut segments = Vec::new();
            for segment in set.segments[..kept].iter().chain(segment.as_ref()) {
                segments.push(self.outline(segment, &mut writer.next_file)?);
            }
            if !segments.is_empty() {
                outlines.push(ManifestSet { id, key: set.key.clone(), segments });
            }
            sealed.push((id, kept, segment));
        }
        if !damaged.is_empty() {
            tracing::error!(sets = damaged.len(), "damaged vector sets are dropped and will be rebuilt");
            (writer.accepted, writer.committed) = (0, 0);
        }
        let journal = Journal::create(&self.path(writer.next_file, "journal"))?;
        let manifest = Manifest {
            applied: writer.committed,
            journal: writer.next_file,
            next_file: writer.next_file + 1,
            sets: outlines,
        };
        writer.next_file += 1;
        manifest.write(&self.folder)?;
        writer.journal = journal;
        let mut sets = self.sets.write();
        sets.retain(|id, _| !damaged.contains(id));
        for (id, kept, segment) in sealed {
            let Some(set) = sets.get_mut(&id) else { continue };
            set.segments.truncate(kept);
            set.segments.extend(segment);
            set.tail = Tail::new(set.key.dims);
            if set.segments.is_empty() {
                sets.remove(&id);
            }
        }
        drop(sets);
        manifest.sweep(&self.folder);
        Ok(())
    }

    /// Seals a set's tail together with those of its segments that are due. Gives how many segments stay (the first
    /// ones) and the new one. `None` when a segment is damaged.
    fn seal_set(&self, set: &Set, next_file: &mut u64) -> io::Result<Option<(usize, Option<Segment>)>> {
        let gappy = |segment: &Segment| (segment.len() - segment.live()) * 4 > segment.len();
        // Newest first: a segment joins as long as it is not much larger than what is newer, so that sizes grow
        // geometrically and each vector is copied a few times only.
        let mut kept = set.segments.len();
        let mut size = set.tail.live();
        while let Some(segment) = kept.checked_sub(1).and_then(|at| set.segments.get(at)) {
            let small = size > 0 && segment.live() <= size * 2 && segment.len() <= MERGE_LIMIT;
            if !small && !gappy(segment) {
                break;
            }
            size += segment.live();
            kept -= 1;
        }
        // A gappy one further down takes everything newer with it.
        if let Some(at) = set.segments[..kept].iter().position(gappy) {
            kept = at;
        }
        if set.tail.len() == 0 && kept == set.segments.len() {
            return Ok(Some((kept, None)));
        }
        let mut sources = vec![Source { rows: set.tail.view(), names: set.tail.names() }];
        for segment in &set.segments[kept..] {
            let Some(rows) = segment.view() else { return Ok(None) };
            sources.push(Source { rows, names: segment.names() });
        }
        let number = *next_file;
        *next_file += 1;
        let path = self.path(number, "segment");
        let sealed = seal(path.clone(), number, set.key.dims, &sources);
        if sealed.is_err() {
            // On a full disk, tries must not pile up. There may be nothing to remove.
            let _ = std::fs::remove_file(path);
        }
        Ok(Some((kept, sealed?)))
    }

    fn outline(&self, segment: &Segment, next_file: &mut u64) -> io::Result<ManifestSegment> {
        if segment.has_bits() && segment.bits_file().is_none() {
            segment.write_bits(&self.path(*next_file, "bits"), *next_file)?;
            *next_file += 1;
        }
        let (first, last) = segment.range();
        let bits = segment.bits_file();
        Ok(ManifestSegment { file: segment.number(), rows: segment.len(), first, last, bits })
    }

    fn path(&self, number: u64, kind: &str) -> PathBuf {
        file_path(&self.folder, number, kind)
    }
}

/// The sets that a search concerns.
fn chosen<'a>(
    sets: &'a BTreeMap<u32, Set>,
    space: &'a str,
    dims: usize,
    filter: &'a Filter,
) -> impl Iterator<Item = (u32, &'a Set)> {
    let datasets: HashSet<&str> = filter.datasets.iter().map(|dataset| dataset.as_str()).collect();
    let concerns = move |key: &Key| {
        key.dims == dims
            && key.space == space
            && key.tenant == filter.tenant.as_str()
            && datasets.contains(key.dataset.as_str())
    };
    sets.iter().filter(move |(_, set)| concerns(&set.key)).map(|(&id, set)| (id, set))
}

/// A chunk's usable vectors, at length 1, with the sets they belong to.
fn vectors_of(chunk: &IndexedChunk) -> impl Iterator<Item = (Key, Vec<f32>)> {
    chunk.vectors.iter().filter_map(|(space, vector)| {
        let Some(unit) = unit(vector) else {
            tracing::warn!(document = %chunk.document, %space, "a vector without direction is not indexed");
            return None;
        };
        let key = Key {
            tenant: chunk.tenant.as_str().to_owned(),
            dataset: chunk.dataset.as_str().to_owned(),
            space: space.clone(),
            dims: vector.len(),
        };
        Some((key, unit))
    })
}

/// An empty manifest and journal in place of whatever is there.
fn start(folder: &Path) -> io::Result<(Writer, BTreeMap<u32, Set>)> {
    // Not a number in use: an old journal must not be taken for the new one if the manifest comes to be written late.
    let number = unused_number(folder)?;
    let journal = Journal::create(&file_path(folder, number, "journal"))?;
    let manifest = Manifest { applied: 0, journal: number, next_file: number + 1, sets: Vec::new() };
    manifest.write(folder)?;
    manifest.sweep(folder);
    let writer = Writer { journal, accepted: 0, committed: 0, next_file: manifest.next_file, next_set: 0 };
    Ok((writer, BTreeMap::new()))
}

/// Reads the manifest and the journal; `None` in an empty folder.
fn load(folder: &Path) -> io::Result<Option<(Writer, BTreeMap<u32, Set>)>> {
    let Some(manifest) = Manifest::read(folder)? else { return Ok(None) };
    manifest.sweep(folder);
    let mut sets = BTreeMap::new();
    for set in &manifest.sets {
        let mut loaded = Set::new(set.key.clone());
        for segment in &set.segments {
            let outline = Outline {
                number: segment.file,
                dims: set.key.dims,
                len: segment.rows,
                first: segment.first,
                last: segment.last,
            };
            let mut found = Segment::new(file_path(folder, segment.file, "segment"), outline);
            if let Some(number) = segment.bits {
                found.read_bits(&file_path(folder, number, "bits"), number)?;
            }
            loaded.segments.push(found);
        }
        sets.insert(set.id, loaded);
    }
    let mut applied = manifest.applied;
    let journal = Journal::open(&file_path(folder, manifest.journal, "journal"), |upto, ops| {
        ops.into_iter().for_each(|op| perform(&mut sets, op));
        applied = upto;
    })?;
    let writer = Writer {
        journal,
        accepted: applied,
        committed: applied,
        next_file: manifest.next_file,
        next_set: sets.keys().next_back().map_or(0, |last| last + 1),
    };
    Ok(Some((writer, sets)))
}

#[cfg(test)]
mod tests;
