//! One stream of a container as a file of its own.

use crate::compound::{Entry, Ole};
use std::io::{self, Read, Seek, SeekFrom};

/// A stream; reads go to the host by range, neighbouring sectors in one go.
pub struct Stream<'o, 'f> {
    ole: &'o Ole<'f>,
    chain: Vec<u32>,
    mini: bool,
    len: u64,
    cut: bool,
    position: u64,
}

impl<'o, 'f> Stream<'o, 'f> {
    pub(crate) fn new(ole: &'o Ole<'f>, entry: &Entry) -> Self {
        let mini = entry.size < ole.cutoff;
        let chain = if mini { ole.mini_chain(entry.start) } else { ole.chain(entry.start) };
        let shift = if mini { ole.mini_shift } else { ole.shift };
        let room = (chain.len() as u64) << shift;
        Self { ole, chain, mini, len: entry.size.min(room), cut: entry.size > room, position: 0 }
    }

    /// Bytes that can be read.
    #[allow(clippy::len_without_is_empty, reason = "a stream is a file, not a collection")]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if the stream claims to be longer than its sectors are.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// At most `length` bytes from `offset`; fewer at the end of the stream or of the file.
    pub fn read_at(&self, offset: u64, length: usize) -> Vec<u8> {
        let end = offset.saturating_add(length as u64).min(self.len);
        let mut bytes = Vec::new();
        let mut at = offset;
        while at < end {
            let piece = self.piece(at, end - at);
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        bytes
    }

    /// What stands in one piece from `at`.
    fn piece(&self, at: u64, want: u64) -> Vec<u8> {
        if self.mini {
            let shift = self.ole.mini_shift;
            let inside = at & ((1 << shift) - 1);
            let Some(number) = self.chain.get((at >> shift) as usize) else { return Vec::new() };
            let place = (u64::from(*number) << shift) + inside;
            let Some(sector) = self.ole.mini.get((place >> self.ole.shift) as usize) else { return Vec::new() };
            let rest = place & ((1 << self.ole.shift) - 1);
            let count = want.min((1 << shift) - inside);
            return self.ole.file.read(((u64::from(*sector) + 1) << self.ole.shift) + rest, count as u32);
        }
        let shift = self.ole.shift;
        let index = (at >> shift) as usize;
        let inside = at & ((1 << shift) - 1);
        let Some(first) = self.chain.get(index) else { return Vec::new() };
        let run = self.chain[index..].iter().zip(*first..).take_while(|(have, next)| **have == *next).count() as u64;
        let count = want.min((run << shift) - inside).min(1 << 20);
        self.ole.file.read(((u64::from(*first) + 1) << shift) + inside, count as u32)
    }
}

impl Read for Stream<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.read_at(self.position, out.len());
        out[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for Stream<'_, '_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| io::Error::other("seek before the start"))?;
        Ok(self.position)
    }
}
