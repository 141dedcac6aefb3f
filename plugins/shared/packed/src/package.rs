//! The archive: parts by name, inflated under limits.

use crate::error::Error;
use crate::reader::{FileReader, Guarded, unwrap_io};
use crate::relationships::Relationships;
use crate::xml::Xml;
use flate2::read::DeflateDecoder;
use mortise_sdk::parser::File;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

/// What a container may cost. The defaults fit a plugin with 512 MiB of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries in the archive.
    pub entries: usize,
    /// Inflated bytes of one part.
    pub part_bytes: u64,
    /// Inflated bytes of all parts together, counted each time a part is read.
    pub total_bytes: u64,
    /// Inflated bytes per packed byte…
    pub ratio: u64,
    /// …looked at from this many inflated bytes on: small parts may well be very regular.
    pub ratio_from: u64,
    /// Open XML elements.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 20_000,
            part_bytes: 256 << 20,
            total_bytes: 1 << 30,
            // Deflate cannot do better than 1032; real sheets full of equal cells reach about 100.
            ratio: 300,
            ratio_from: 16 << 20,
            depth: 1_000,
        }
    }
}

#[derive(Clone, Copy)]
struct Entry {
    header: u64,
    packed: u64,
    size: u64,
    method: Method,
}

#[derive(Clone, Copy)]
enum Method {
    Stored,
    Deflated,
    Other(u16),
}

/// An open container.
pub struct Package<'f> {
    file: &'f File<'f>,
    /// By lower-case name with forward slashes: part names do not distinguish case, and some writers use backslashes.
    entries: BTreeMap<String, (String, Entry)>,
    inflated: Rc<Cell<u64>>,
    limits: Limits,
}

/// Bytes of one part, inflated as they are read.
pub struct Part<'f>(BufReader<Guarded<Box<dyn Read + 'f>>>);

impl Read for Part<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(out)
    }
}

impl std::io::BufRead for Part<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.0.fill_buf()
    }
    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

const OLE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

impl<'f> Package<'f> {
    /// Opens with the default [`Limits`].
    ///
    /// # Errors
    /// Empty, encrypted, old binary, cut short, or no archive at all.
    pub fn open(file: &'f File<'f>) -> Result<Self, Error> {
        Self::open_with(file, Limits::default())
    }

    /// Opens with limits of one's own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(file: &'f File<'f>, limits: Limits) -> Result<Self, Error> {
        let head = file.read(0, 8);
        if head.is_empty() {
            return Err(Error::Empty);
        }
        if head == OLE {
            return Err(if mentions_encryption(file) { Error::Encrypted } else { Error::Legacy });
        }
        let mut archive = zip::ZipArchive::new(FileReader::new(file, 0)).map_err(|e| {
            Error::Archive(match e {
                _ if !head.starts_with(b"PK") => "it is not a zip archive".into(),
                zip::result::ZipError::InvalidArchive(why) => format!("{why} (is the upload complete?)"),
                e => e.to_string(),
            })
        })?;
        if archive.len() > limits.entries {
            return Err(Error::Limit(format!("{} entries, more than {}", archive.len(), limits.entries)));
        }
        let mut entries = BTreeMap::new();
        for index in 0..archive.len() {
            // Entries that cannot be read are left out; if one of them is needed, it will be missed by name.
            let Ok(entry) = archive.by_index_raw(index) else { continue };
            if entry.encrypted() {
                return Err(Error::Encrypted);
            }
            let Ok(name) = entry.name() else { continue };
            let name = name.replace('\\', "/").trim_start_matches('/').to_string();
            let method = match entry.compression() {
                zip::CompressionMethod::Stored => Method::Stored,
                zip::CompressionMethod::Deflated => Method::Deflated,
                other => Method::Other(method_number(other)),
            };
            let found =
                Entry { header: entry.header_start(), packed: entry.compressed_size(), size: entry.size(), method };
            entries.entry(name.to_lowercase()).or_insert((name, found));
        }
        Ok(Self { file, entries, inflated: Rc::default(), limits })
    }

    /// Names of all parts, sorted without regard to case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.values().map(|(name, _)| name.as_str())
    }

    /// True if there is a part of that name; a leading slash and case do not matter.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(&key(name))
    }

    /// Inflated size of a part as the archive declares it, which may be a lie.
    pub fn declared_size(&self, name: &str) -> Option<u64> {
        self.entries.get(&key(name)).map(|(_, e)| e.size)
    }

    /// Streams a part.
    ///
    /// # Errors
    /// No such part, or a compression method that is not supported.
    pub fn part(&self, name: &str) -> Result<Part<'f>, Error> {
        let (name, entry) = self.entries.get(&key(name)).ok_or_else(|| Error::MissingPart(name.into()))?;
        let damaged = |reason: String| Error::Part { part: name.clone(), reason };
        let mut reader = FileReader::new(self.file, 0);
        // The local header repeats the name, and its extra field may be longer than that of the directory.
        let mut header = [0; 30];
        reader.seek(SeekFrom::Start(entry.header)).map_err(|e| damaged(e.to_string()))?;
        reader.read_exact(&mut header).map_err(|e| damaged(e.to_string()))?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(damaged("its header is not where the archive says".into()));
        }
        let skip = u64::from(u16::from_le_bytes([header[26], header[27]]))
            + u64::from(u16::from_le_bytes([header[28], header[29]]));
        reader.seek(SeekFrom::Start(entry.header + 30 + skip)).map_err(|e| damaged(e.to_string()))?;
        let packed = reader.take(entry.packed);
        let inner: Box<dyn Read + 'f> = match entry.method {
            Method::Stored => Box::new(packed),
            Method::Deflated => Box::new(DeflateDecoder::new(packed)),
            Method::Other(method) => {
                return Err(Error::Compression { part: name.clone(), method: method.to_string() });
            }
        };
        Ok(Part(BufReader::new(Guarded::new(inner, name, entry.packed, Rc::clone(&self.inflated), self.limits))))
    }

    /// A whole part, at most `limit` bytes.
    ///
    /// # Errors
    /// As [`part`](Self::part); damage; more than `limit` bytes.
    pub fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let read = self.part(name)?.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|e| unwrap_io(&e).unwrap_or_else(|| Error::Part { part: name.into(), reason: e.to_string() }))?;
        if bytes.len() as u64 > limit {
            return Err(Error::Limit(format!("{name} is larger than {} MiB", limit >> 20)));
        }
        Ok(bytes)
    }

    /// Tokens of an XML part.
    ///
    /// # Errors
    /// As [`part`](Self::part).
    pub fn xml(&self, name: &str) -> Result<Xml<'f>, Error> {
        Xml::new(self.part(name)?, name, self.limits.depth)
    }

    /// Links that start at `part` (`""` for those of the package). None where there is no such list or where it is
    /// damaged.
    ///
    /// # Errors
    /// Only what [`Error::is_hostile`] calls so.
    pub fn relationships(&self, part: &str) -> Result<Relationships, Error> {
        Relationships::read(self, part)
    }

    /// Name of the main part (`word/document.xml`, …), as the package's relationships tell.
    ///
    /// # Errors
    /// Where there is none.
    pub fn main_part(&self) -> Result<String, Error> {
        let links = self.relationships("")?;
        let main = links.of_kind("officeDocument").map(|r| r.target.clone()).find(|name| self.contains(name));
        main.ok_or_else(|| Error::MissingPart("the main part".into()))
    }
}

fn key(name: &str) -> String {
    name.trim_start_matches('/').to_lowercase()
}

fn method_number(method: zip::CompressionMethod) -> u16 {
    #[allow(deprecated, reason = "the only way to name a method that is not compiled in")]
    method.to_u16()
}

/// Looks for the directory entry `EncryptedPackage` (UTF-16) of MS-OFFCRYPTO. Directory sectors may stand anywhere, so
/// the whole file is looked through, in windows.
fn mentions_encryption(file: &File<'_>) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut offset = 0;
    loop {
        let window = file.read(offset, 1 << 20);
        if window.windows(name.len()).any(|w| w == name) {
            return true;
        }
        if window.len() <= name.len() {
            return false;
        }
        offset += (window.len() - name.len()) as u64;
    }
}
