//! The container's own tables: which sectors follow each other, and which stream begins where.

use crate::error::Error;
use crate::stream::Stream;
use mortise_sdk::parser::File;

const MAGIC: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
/// Sector numbers from here on have a meaning of their own (free, end of chain, tables).
const SPECIAL: u32 = 0xFFFF_FFFA;
/// Directory entries at most; a message with thousands of recipients has some tens of thousands.
const MAX_ENTRIES: usize = 200_000;

/// What a directory entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Storage,
    /// A file.
    Stream,
    /// The root folder.
    Root,
}

/// A directory entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without folders.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes that it claims to have.
    pub size: u64,
    pub(crate) start: u32,
    left: u32,
    right: u32,
    child: u32,
}

/// An open container.
pub struct Ole<'f> {
    pub(crate) file: &'f File<'f>,
    /// Bytes of a sector, as a power of two.
    pub(crate) shift: u32,
    pub(crate) mini_shift: u32,
    /// Streams shorter than this stand in the mini stream.
    pub(crate) cutoff: u64,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    /// Sectors of the mini stream.
    pub(crate) mini: Vec<u32>,
    entries: Vec<Option<Entry>>,
}

impl<'f> Ole<'f> {
    /// True for files that begin as compound files do.
    pub fn is_compound(file: &File<'_>) -> bool {
        file.read(0, 8) == MAGIC
    }

    /// Reads the tables of a container.
    ///
    /// # Errors
    /// Empty, another kind of file, or too damaged to find anything in it.
    pub fn open(file: &'f File<'f>) -> Result<Self, Error> {
        let head = file.read(0, 512);
        if head.is_empty() {
            return Err(Error::Empty);
        }
        if !head.starts_with(&MAGIC) {
            return Err(Error::NotCompound);
        }
        if head.len() < 512 {
            return Err(Error::Damaged("it ends within its header (is the upload complete?)".into()));
        }
        let shift = u32::from(u16_at(&head, 30));
        let mini_shift = u32::from(u16_at(&head, 32));
        if !(7..=16).contains(&shift) || mini_shift >= shift {
            return Err(Error::Damaged(format!("sectors of 2^{shift} bytes")));
        }
        let mut ole = Self {
            file,
            shift,
            mini_shift,
            cutoff: u64::from(u32_at(&head, 56)),
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini: Vec::new(),
            entries: Vec::new(),
        };
        ole.read_fat(&head);
        let mini_fat = ole.chain(u32_at(&head, 60));
        ole.mini_fat = ole.words(&mini_fat);
        ole.read_directory(u32_at(&head, 48));
        let Some(root) = ole.entries.first().and_then(Option::as_ref) else {
            return Err(Error::Damaged("it has no directory (is the upload complete?)".into()));
        };
        ole.mini = ole.chain(root.start);
        Ok(ole)
    }

    /// Sectors that the file has room for.
    fn sectors(&self) -> usize {
        ((self.file.size() >> self.shift) as usize).saturating_add(1)
    }

    fn sector(&self, number: u32) -> Vec<u8> {
        self.file.read((u64::from(number) + 1) << self.shift, 1 << self.shift)
    }

    fn words(&self, sectors: &[u32]) -> Vec<u32> {
        let mut words = Vec::new();
        for number in sectors {
            words.extend(self.sector(*number).chunks_exact(4).map(|b| u32_at(b, 0)));
        }
        words
    }

    fn read_fat(&mut self, head: &[u8]) {
        let sectors = self.sectors();
        let mut tables: Vec<u32> = (0..109).map(|i| u32_at(head, 76 + i * 4)).filter(|s| *s < SPECIAL).collect();
        let mut next = u32_at(head, 68);
        let mut seen = 0;
        // A list of lists: each sector of it ends with the number of the next.
        while next < SPECIAL && (next as usize) < sectors && seen < sectors {
            let mut words: Vec<u32> = self.sector(next).chunks_exact(4).map(|b| u32_at(b, 0)).collect();
            next = words.pop().unwrap_or(u32::MAX);
            tables.extend(words.into_iter().filter(|s| *s < SPECIAL));
            seen += 1;
        }
        // Every table sector describes many sectors of the file: more of them than the file could need are a lie.
        let per_table = (1usize << self.shift) / 4;
        tables.truncate(sectors / per_table + 2);
        tables.retain(|s| (*s as usize) < sectors);
        self.fat = self.words(&tables);
    }

    /// The sectors that follow each other from `start`; a chain that loops or leads nowhere ends there.
    pub(crate) fn chain(&self, start: u32) -> Vec<u32> {
        follow(start, &self.fat, self.sectors())
    }

    /// The same within the mini stream.
    pub(crate) fn mini_chain(&self, start: u32) -> Vec<u32> {
        follow(start, &self.mini_fat, self.mini_fat.len())
    }

    fn read_directory(&mut self, start: u32) {
        let wide = self.shift >= 12;
        for number in self.chain(start) {
            for raw in self.sector(number).chunks_exact(128) {
                if self.entries.len() >= MAX_ENTRIES {
                    return;
                }
                self.entries.push(entry(raw, wide));
            }
        }
    }

    /// All entries of the folder `parent` (0 is the root), in the order of the file: their numbers and what they are.
    pub fn children(&self, parent: usize) -> Vec<(usize, &Entry)> {
        let mut found = Vec::new();
        let mut waiting: Vec<u32> = self.entry(parent).map(|e| e.child).into_iter().collect();
        let mut seen = vec![false; self.entries.len()];
        while let Some(number) = waiting.pop() {
            let index = number as usize;
            let Some(entry) = self.entry(index) else { continue };
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            found.push((index, entry));
            waiting.extend([entry.left, entry.right]);
        }
        found.sort_by_key(|(index, _)| *index);
        found
    }

    /// An entry by number.
    pub fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number)?.as_ref()
    }

    /// The number of an entry by its path from the root (`ObjectPool/_123/CONTENTS`), whatever the case.
    pub fn find(&self, path: &str) -> Option<usize> {
        path.split('/').try_fold(0, |folder, name| {
            let children = self.children(folder);
            children.iter().find(|(_, e)| e.name.eq_ignore_ascii_case(name)).map(|(index, _)| *index)
        })
    }

    /// Opens a stream by path. A damaged folder tree does not hide a stream whose name is the only one of its kind.
    ///
    /// # Errors
    /// No such stream.
    pub fn stream(&self, path: &str) -> Result<Stream<'_, 'f>, Error> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let lost = || {
            self.entries
                .iter()
                .position(|e| e.as_ref().is_some_and(|e| e.kind == Kind::Stream && e.name.eq_ignore_ascii_case(name)))
        };
        let number = self.find(path).or_else(|| if path.contains('/') { None } else { lost() });
        number.and_then(|n| self.stream_of(n)).ok_or_else(|| Error::Missing(path.into()))
    }

    /// Opens a stream by the number of its entry.
    pub fn stream_of(&self, number: usize) -> Option<Stream<'_, 'f>> {
        let entry = self.entry(number).filter(|e| e.kind == Kind::Stream)?;
        Some(Stream::new(self, entry))
    }

    /// A whole stream, at most `limit` bytes of it.
    ///
    /// # Errors
    /// No such stream, or more bytes than `limit`.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let stream = self.stream(path)?;
        if stream.len() > limit {
            return Err(Error::Limit(format!("the stream {path} is larger than {} MiB", limit >> 20)));
        }
        Ok(stream.read_at(0, stream.len() as usize))
    }

    /// Refuses the containers that encrypted documents of the zip formats are kept in.
    ///
    /// # Errors
    /// [`Error::Encrypted`].
    pub fn refuse_encrypted(&self) -> Result<(), Error> {
        let found = self.entries.iter().flatten().any(|e| e.name == "EncryptedPackage" || e.name == "EncryptionInfo");
        if found { Err(Error::Encrypted) } else { Ok(()) }
    }
}

fn follow(start: u32, table: &[u32], most: usize) -> Vec<u32> {
    let mut chain = Vec::new();
    let mut next = start;
    while next < SPECIAL && (next as usize) < most && chain.len() < most {
        chain.push(next);
        next = table.get(next as usize).copied().unwrap_or(u32::MAX);
    }
    chain
}

fn entry(raw: &[u8], wide: bool) -> Option<Entry> {
    let kind = match raw.get(66)? {
        1 => Kind::Storage,
        2 => Kind::Stream,
        5 => Kind::Root,
        _ => return None,
    };
    let length = usize::from(u16_at(raw, 64)).min(64) / 2;
    let units: Vec<u16> = (0..length).map(|i| u16_at(raw, i * 2)).take_while(|u| *u != 0).collect();
    let high = if wide { u64::from(u32_at(raw, 124)) } else { 0 };
    Some(Entry {
        name: String::from_utf16_lossy(&units),
        kind,
        size: u64::from(u32_at(raw, 120)) | high << 32,
        start: u32_at(raw, 116),
        left: u32_at(raw, 68),
        right: u32_at(raw, 72),
        child: u32_at(raw, 76),
    })
}

/// Little-endian; 0 past the end.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let byte = |i: usize| bytes.get(at.saturating_add(i)).copied().unwrap_or(0);
    u16::from_le_bytes([byte(0), byte(1)])
}

/// Little-endian; 0 past the end.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at.saturating_add(2))) << 16
}
