//! The vectors' journal: what changed since the last manifest, batch by batch.
//!
//! A batch is `length u32 · reserved u32 · upto u64 · xxHash64 u64 · payload`, the hash being over `upto` and payload.
//! Reading stops at the first batch that is not whole, which is where a crash cut the writing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use xxhash_rust::xxh64::Xxh64;

const HEADER: usize = 24;

/// One change to a set of vectors.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    /// A set begins to exist.
    Define { set: u32, tenant: String, dataset: String, space: String, dims: u32 },
    /// A row has this unit vector.
    Put { set: u32, row: i64, document: String, available: bool, unit: Vec<f32> },
    /// A row has none.
    Delete { set: u32, row: i64 },
    /// A row is available or not.
    Show { set: u32, row: i64, available: bool },
}

/// The open journal, appended to only.
pub(super) struct Journal {
    file: File,
    /// Bytes of whole batches; writing starts here, so that a failed write leaves nothing behind.
    len: u64,
    /// Something was written since the last sync.
    dirty: bool,
}

impl Journal {
    /// Starts an empty journal, durably.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).truncate(true).read(true).write(true).open(path)?;
        file.sync_all()?;
        Ok(Self { file, len: 0, dirty: false })
    }

    /// Opens a journal and gives its whole batches to `take`, each with its `upto`. What follows them is cut off.
    pub(super) fn open(path: &Path, mut take: impl FnMut(u64, Vec<Op>)) -> io::Result<Self> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut at = 0;
        while let Some((upto, ops, end)) = batch(&bytes, at) {
            take(upto, ops);
            at = end;
        }
        if at < bytes.len() {
            tracing::warn!(file = %path.display(), bytes = bytes.len() - at, "unfinished journal batch dropped");
            file.set_len(at as u64)?;
        }
        Ok(Self { file, len: at as u64, dirty: false })
    }

    /// Bytes of all batches.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends a batch; [`Self::sync`] makes it durable.
    pub(super) fn append(&mut self, upto: u64, ops: &[Op]) -> io::Result<()> {
        let mut payload = Vec::new();
        for op in ops {
            encode(op, &mut payload);
        }
        let length = u32::try_from(payload.len()).map_err(|_| io::Error::other("journal batch over 4 GiB"))?;
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend(length.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(upto.to_le_bytes());
        bytes.extend(hash(upto, &payload).to_le_bytes());
        bytes.append(&mut payload);
        self.file.seek(SeekFrom::Start(self.len))?;
        self.file.write_all(&bytes)?;
        self.len += bytes.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// Makes everything appended durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.dirty {
            self.file.set_len(self.len)?;
            self.file.sync_data()?;
            self.dirty = false;
        }
        Ok(())
    }
}

fn hash(upto: u64, payload: &[u8]) -> u64 {
    let mut hash = Xxh64::new(0);
    hash.update(&upto.to_le_bytes());
    hash.update(payload);
    hash.digest()
}

/// The batch at an offset: its `upto`, its operations and where it ends.
fn batch(bytes: &[u8], at: usize) -> Option<(u64, Vec<Op>, usize)> {
    let mut header = Reader(bytes.get(at..at + HEADER)?);
    let (length, _, upto, expected) = (header.u32()?, header.u32()?, header.u64()?, header.u64()?);
    let end = (at + HEADER).checked_add(length as usize)?;
    let payload = bytes.get(at + HEADER..end)?;
    if hash(upto, payload) != expected {
        return None;
    }
    let mut reader = Reader(payload);
    let mut ops = Vec::new();
    while !reader.0.is_empty() {
        ops.push(decode(&mut reader)?);
    }
    Some((upto, ops, end))
}

fn encode(op: &Op, out: &mut Vec<u8>) {
    let text = |text: &str, out: &mut Vec<u8>| {
        out.extend((text.len() as u32).to_le_bytes());
        out.extend(text.as_bytes());
    };
    match op {
        Op::Define { set, tenant, dataset, space, dims } => {
            out.push(0);
            out.extend(set.to_le_bytes());
            out.extend(dims.to_le_bytes());
            for part in [tenant, dataset, space] {
                text(part, out);
            }
        }
        Op::Put { set, row, document, available, unit } => {
            out.push(1);
            out.extend(set.to_le_bytes());
            out.extend(row.to_le_bytes());
            out.push(u8::from(*available));
            text(document, out);
            out.extend((unit.len() as u32).to_le_bytes());
            out.extend(unit.iter().flat_map(|x| x.to_le_bytes()));
        }
        Op::Delete { set, row } => {
            out.push(2);
            out.extend(set.to_le_bytes());
            out.extend(row.to_le_bytes());
        }
        Op::Show { set, row, available } => {
            out.push(3);
            out.extend(set.to_le_bytes());
            out.extend(row.to_le_bytes());
            out.push(u8::from(*available));
        }
    }
}

fn decode(reader: &mut Reader<'_>) -> Option<Op> {
    let tag = reader.u8()?;
    let set = reader.u32()?;
    Some(match tag {
        0 => {
            let dims = reader.u32()?;
            let (tenant, dataset, space) = (reader.text()?, reader.text()?, reader.text()?);
            Op::Define { set, tenant, dataset, space, dims }
        }
        1 => {
            let (row, available, document) = (reader.i64()?, reader.u8()? != 0, reader.text()?);
            let length = (reader.u32()? as usize).checked_mul(4)?;
            let bytes = reader.take(length)?.chunks_exact(4);
            let unit = bytes.map(|b| f32::from_le_bytes(b.try_into().unwrap_or_default())).collect();
            Op::Put { set, row, document, available, unit }
        }
        2 => Op::Delete { set, row: reader.i64()? },
        3 => Op::Show { set, row: reader.i64()?, available: reader.u8()? != 0 },
        _ => return None,
    })
}

/// Takes values off the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops() -> Vec<Op> {
        vec![
            Op::Define { set: 3, tenant: "t".into(), dataset: "d".into(), space: "s".into(), dims: 2 },
            Op::Put { set: 3, row: -5, document: "é".into(), available: true, unit: vec![0.6, 0.8] },
            Op::Show { set: 3, row: -5, available: false },
            Op::Delete { set: 3, row: i64::MAX },
        ]
    }

    fn read(path: &Path) -> Vec<(u64, Vec<Op>)> {
        let mut seen = Vec::new();
        Journal::open(path, |upto, ops| seen.push((upto, ops))).unwrap();
        seen
    }

    #[test]
    fn gives_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::create(&path).unwrap();
        journal.append(7, &ops()).unwrap();
        journal.append(9, &[]).unwrap();
        journal.sync().unwrap();
        assert_eq!(read(&path), [(7, ops()), (9, vec![])]);
    }

    #[test]
    fn every_cut_and_flip_leaves_whole_batches() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::create(&path).unwrap();
        journal.append(7, &ops()).unwrap();
        let first = journal.len() as usize;
        journal.append(9, &ops()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(read(&path).len(), usize::from(cut >= first), "cut at {cut}");
            assert_eq!(std::fs::metadata(&path).unwrap().len() as usize, if cut >= first { first } else { 0 });
        }
        for flip in (first..whole.len()).filter(|at| !(first + 4..first + 8).contains(at)) {
            let mut bytes = whole.clone();
            bytes[flip] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(read(&path).len(), 1, "flip at {flip}");
        }
    }
}
