//! Sealed vectors in a file that is mapped, never read whole.
//!
//! ```text
//! 0    magic "MRTVEC01" · dims u32 · sections u32 · rows u64 · reserved u64                         32 bytes
//! 32   sections × { kind u32 · reserved u32 · offset u64 · length u64 · xxHash64 u64 }              32 bytes each
//! …    xxHash64 of everything before                                                                8 bytes
//! …    the sections, each at a multiple of 64
//! ```
//!
//! Everything is little-endian. Rows ascend. Kinds 7 and 8 are kept for the base and the upper layers of a neighbour
//! graph over the same places; a file without them is searched by scanning, which is exact and, up to some ten
//! thousand vectors a set, as fast.

use super::rows::{Bits, Rows, code_stride, float_stride};
use super::scan::Mapped;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh64::{Xxh64, xxh64};

#[cfg(target_endian = "big")]
compile_error!("segment files are little-endian and used as they are");

const MAGIC: &[u8; 8] = b"MRTVEC01";
/// Marks a file of bits.
const BITS_MAGIC: u64 = u64::from_le_bytes(*b"MRTBIT01");

/// What a section holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `i64` each.
    Rows = 1,
    /// `u32` each: place in the names.
    Documents = 2,
    /// Ids of documents in ascending order, each a `u32` length and its bytes.
    Names = 3,
    /// `i8` each, [`code_stride`] apart.
    Codes = 4,
    /// Step and residual, two `f32` each.
    Scales = 5,
    /// `f32` each, [`float_stride`] apart.
    Floats = 6,
}

const KINDS: [Kind; 6] = [Kind::Rows, Kind::Documents, Kind::Names, Kind::Codes, Kind::Scales, Kind::Floats];
const ENTRY: usize = 32;

/// A sealed file and what has changed since about its places.
pub(super) struct Segment {
    path: PathBuf,
    number: u64,
    dims: usize,
    len: usize,
    first: i64,
    last: i64,
    opened: OnceLock<Option<Opened>>,
    dead: Bits,
    hidden: Bits,
    /// Number of the file that holds the bits as they are; 0 when none does.
    bits_file: AtomicU64,
}

struct Opened {
    map: Mapped,
    sections: [(usize, usize); 6],
    names: Vec<String>,
}

/// What the manifest knows of a segment without opening it.
pub(super) struct Outline {
    pub(super) number: u64,
    pub(super) dims: usize,
    pub(super) len: usize,
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Segment {
    /// A segment that is opened when it is first needed.
    pub(super) fn new(path: PathBuf, outline: Outline) -> Self {
        let Outline { number, dims, len, first, last } = outline;
        let (dead, hidden, bits_file) = Default::default();
        Self { path, number, dims, len, first, last, opened: OnceLock::new(), dead, hidden, bits_file }
    }

    /// Number of its file.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// A place holds nothing any more.
    pub(super) fn delete(&mut self, at: usize) {
        self.dead.set(at, true);
        *self.bits_file.get_mut() = 0;
    }

    /// The chunk of a place is available or not.
    pub(super) fn show(&mut self, at: usize, available: bool) {
        self.hidden.set(at, !available);
        *self.bits_file.get_mut() = 0;
    }

    /// Whether there is anything for [`Self::write_bits`] to write.
    pub(super) fn has_bits(&self) -> bool {
        self.dead.count() + self.hidden.count() > 0
    }

    /// The file that holds the dead and hidden places as they are now.
    pub(super) fn bits_file(&self) -> Option<u64> {
        Some(self.bits_file.load(Ordering::Relaxed)).filter(|&number| number > 0)
    }

    /// Number of places, dead ones too.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Number of vectors.
    pub(super) fn live(&self) -> usize {
        self.len - self.dead.count()
    }

    /// The lowest and the highest row.
    pub(super) fn range(&self) -> (i64, i64) {
        (self.first, self.last)
    }

    /// The vectors; `None` when the file is damaged or gone.
    pub(super) fn view(&self) -> Option<Rows<'_>> {
        let opened = self.opened()?;
        Some(Rows {
            rows: opened.section(Kind::Rows)?,
            documents: opened.section(Kind::Documents)?,
            codes: opened.section(Kind::Codes)?,
            scales: opened.section(Kind::Scales)?,
            floats: opened.section(Kind::Floats)?,
            dead: &self.dead,
            hidden: &self.hidden,
        })
    }

    /// Names of documents by number, ascending.
    pub(super) fn names(&self) -> &[String] {
        self.opened().map_or(&[], |opened| &opened.names)
    }

    pub(super) fn number_of(&self, document: &str) -> Option<usize> {
        self.names().binary_search_by(|name| name.as_str().cmp(document)).ok()
    }

    /// Where a row lies, if it is here and not dead. `Err` when the file is damaged.
    pub(super) fn place(&self, row: i64) -> Result<Option<usize>, ()> {
        if row < self.first || row > self.last {
            return Ok(None);
        }
        let opened = self.opened().ok_or(())?;
        let rows: &[i64] = opened.section(Kind::Rows).ok_or(())?;
        Ok(rows.binary_search(&row).ok().filter(|&at| !self.dead.get(at)))
    }

    /// Writes the dead and the hidden places to a file of this number, durably.
    pub(super) fn write_bits(&self, path: &Path, number: u64) -> io::Result<()> {
        let mut words = vec![BITS_MAGIC, self.dead.words().len() as u64];
        words.extend(self.dead.words());
        words.extend(self.hidden.words());
        words.push(xxh64(bytemuck::cast_slice(&words), 0));
        let mut file = File::create(path)?;
        file.write_all(bytemuck::cast_slice(&words))?;
        file.sync_all()?;
        self.bits_file.store(number, Ordering::Relaxed);
        Ok(())
    }

    /// Reads what [`Self::write_bits`] wrote.
    pub(super) fn read_bits(&mut self, path: &Path, number: u64) -> io::Result<()> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "wrong bits");
        let bytes = std::fs::read(path)?;
        let words: Vec<u64> =
            bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default())).collect();
        let (&hash, words) = words.split_last().ok_or_else(bad)?;
        let [magic, dead, body @ ..] = words else { return Err(bad()) };
        if xxh64(bytemuck::cast_slice(words), 0) != hash || *magic != BITS_MAGIC || !bytes.len().is_multiple_of(8) {
            return Err(bad());
        }
        let (dead, hidden) = body.split_at_checked(*dead as usize).ok_or_else(bad)?;
        (self.dead, self.hidden) = (Bits::from_words(dead.to_vec()), Bits::from_words(hidden.to_vec()));
        *self.bits_file.get_mut() = number;
        Ok(())
    }

    fn opened(&self) -> Option<&Opened> {
        let open = || match Opened::read(&self.path, self.dims, self.len) {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::error!(file = %self.path.display(), %error, "vector segment is damaged");
                None
            }
        };
        self.opened.get_or_init(open).as_ref()
    }
}

impl Opened {
    /// Maps a file and checks all of it but the floats, whose place in the file is checked here and whose values are
    /// checked against their byte forms whenever they are used.
    fn read(path: &Path, dims: usize, len: usize) -> io::Result<Self> {
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let map = Mapped::open(&File::open(path)?)?;
        let bytes = map.bytes();
        let u64_at = |at: usize| bytes.get(at..at + 8).map(|b| u64::from_le_bytes(b.try_into().unwrap_or_default()));
        let u32_at = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes(b.try_into().unwrap_or_default()));
        let count = u32_at(12).unwrap_or(0) as usize;
        let header = ENTRY + count.min(64) * ENTRY;
        let intact = bytes.starts_with(MAGIC)
            && u64_at(header) == bytes.get(..header).map(|header| xxh64(header, 0))
            && u32_at(8) == u32::try_from(dims).ok()
            && u64_at(16) == Some(len as u64);
        if !intact {
            return Err(bad("wrong header"));
        }
        let mut sections = [(0, 0); 6];
        let mut found = 0;
        for entry in (0..count).map(|index| ENTRY + index * ENTRY) {
            let kind = u32_at(entry).unwrap_or(0);
            let Some(slot) = KINDS.iter().position(|known| *known as u32 == kind) else { continue };
            let (Some(offset), Some(length), Some(hash)) = (u64_at(entry + 8), u64_at(entry + 16), u64_at(entry + 24))
            else {
                return Err(bad("wrong header"));
            };
            let (offset, length) = (offset as usize, length as usize);
            let end = offset.checked_add(length).ok_or_else(|| bad("wrong header"))?;
            let section = bytes.get(offset..end).ok_or_else(|| bad("cut off"))?;
            if KINDS[slot] != Kind::Floats && xxh64(section, 0) != hash {
                return Err(bad("wrong checksum"));
            }
            sections[slot] = (offset, end);
            found += 1;
        }
        let sizes = [len * 8, len * 4, sections[2].1 - sections[2].0, len * code_stride(dims), len * 8, {
            len * float_stride(dims) * 4
        }];
        if found != KINDS.len() || sections.iter().zip(sizes).any(|(section, size)| section.1 - section.0 != size) {
            return Err(bad("wrong sections"));
        }
        let names = names(&bytes[sections[2].0..sections[2].1]).ok_or_else(|| bad("wrong names"))?;
        Ok(Self { map, sections, names })
    }

    fn section<T: bytemuck::AnyBitPattern>(&self, kind: Kind) -> Option<&[T]> {
        let (start, end) = self.sections[KINDS.iter().position(|known| *known == kind)?];
        bytemuck::try_cast_slice(self.map.bytes().get(start..end)?).ok()
    }
}

fn names(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        names.push(std::str::from_utf8(name).ok()?.to_owned());
        bytes = rest;
    }
    bytes.is_empty().then_some(names)
}

/// Vectors to be sealed: blocks with the names of their documents.
pub(super) struct Source<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) names: &'a [String],
}

/// Writes all live vectors of the sources to a new file, durably, and gives the segment; `None` when there are none.
/// No row may be live in two sources.
pub(super) fn seal(path: PathBuf, number: u64, dims: usize, sources: &[Source<'_>]) -> io::Result<Option<Segment>> {
    let mut places: Vec<(i64, usize, usize)> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let live = source.rows.rows.iter().enumerate().filter(|(at, _)| !source.rows.dead.get(*at));
        places.extend(live.map(|(at, &row)| (row, index, at)));
    }
    places.sort_unstable();
    let (Some(&(first, ..)), Some(&(last, ..))) = (places.first(), places.last()) else { return Ok(None) };
    let mut names: Vec<&str> = sources.iter().flat_map(|source| source.names.iter().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let number_of = |index: usize, at: usize| -> u32 {
        let rows = &sources[index].rows;
        let name = rows.documents.get(at).and_then(|&number| sources[index].names.get(number as usize));
        name.and_then(|name| names.binary_search(&name.as_str()).ok()).unwrap_or(usize::MAX) as u32
    };
    let (codes, floats) = (code_stride(dims), float_stride(dims));

    let mut file = Sections::create(&path)?;
    file.section(Kind::Rows, places.iter().map(|place| place.0.to_le_bytes()))?;
    file.section(Kind::Documents, places.iter().map(|&(_, index, at)| number_of(index, at).to_le_bytes()))?;
    file.section(Kind::Names, names.iter().map(|name| [&(name.len() as u32).to_le_bytes(), name.as_bytes()].concat()))?;
    let code_rows = places.iter().map(|&(_, index, at)| {
        let all = sources[index].rows.codes;
        bytemuck::cast_slice::<i8, u8>(all.get(at * codes..(at + 1) * codes).unwrap_or(&[]))
    });
    file.section(Kind::Codes, code_rows)?;
    let scales = places.iter().map(|&(_, index, at)| sources[index].rows.scales.get(at).copied().unwrap_or_default());
    file.section(Kind::Scales, scales.map(bytemuck::cast::<[f32; 2], [u8; 8]>))?;
    let float_rows = places.iter().map(|&(_, index, at)| {
        let all = sources[index].rows.floats;
        bytemuck::cast_slice::<f32, u8>(all.get(at * floats..(at + 1) * floats).unwrap_or(&[]))
    });
    file.section(Kind::Floats, float_rows)?;
    file.finish(dims, places.len())?;

    let mut segment = Segment::new(path, Outline { number, dims, len: places.len(), first, last });
    for (new, &(_, index, at)) in places.iter().enumerate() {
        segment.hidden.set(new, sources[index].rows.hidden.get(at));
    }
    Ok(Some(segment))
}

/// Writes sections one after the other and the header last.
struct Sections {
    file: BufWriter<File>,
    at: u64,
    /// Kind, offset, length, hash.
    entries: Vec<(Kind, u64, u64, u64)>,
}

impl Sections {
    fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
        let at = (ENTRY + KINDS.len() * ENTRY + 8).next_multiple_of(64) as u64;
        file.write_all(&vec![0; at as usize])?;
        Ok(Self { file, at, entries: Vec::new() })
    }

    fn section<T: AsRef<[u8]>>(&mut self, kind: Kind, parts: impl Iterator<Item = T>) -> io::Result<()> {
        let mut hash = Xxh64::new(0);
        let mut length = 0;
        for part in parts {
            hash.update(part.as_ref());
            self.file.write_all(part.as_ref())?;
            length += part.as_ref().len() as u64;
        }
        self.entries.push((kind, self.at, length, hash.digest()));
        let padded = length.next_multiple_of(64);
        self.file.write_all(&vec![0; (padded - length) as usize])?;
        self.at += padded;
        Ok(())
    }

    fn finish(mut self, dims: usize, rows: usize) -> io::Result<()> {
        let mut header = MAGIC.to_vec();
        header.extend((dims as u32).to_le_bytes());
        header.extend((self.entries.len() as u32).to_le_bytes());
        header.extend((rows as u64).to_le_bytes());
        header.extend(0u64.to_le_bytes());
        for (kind, offset, length, hash) in self.entries {
            header.extend((kind as u32).to_le_bytes());
            header.extend(0u32.to_le_bytes());
            for value in [offset, length, hash] {
                header.extend(value.to_le_bytes());
            }
        }
        header.extend(xxh64(&header, 0).to_le_bytes());
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    }
}
