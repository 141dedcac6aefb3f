//! `Read + Seek` over the host's file, and the readers that guard what comes out of it.

use crate::error::Error;
use crate::package::Limits;
use mortise_sdk::parser::File;
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// The file as a seekable stream, fetched from the host in windows.
#[derive(Clone)]
pub(crate) struct FileReader<'f> {
    file: &'f File<'f>,
    position: u64,
    window: Vec<u8>,
    window_start: u64,
}

const WINDOW: u32 = 64 << 10;

impl<'f> FileReader<'f> {
    pub(crate) fn new(file: &'f File<'f>, position: u64) -> Self {
        Self { file, position, window: Vec::new(), window_start: 0 }
    }
}

impl Read for FileReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let inside = self.position >= self.window_start && self.position < self.window_start + self.window.len() as u64;
        if !inside {
            self.window = self.file.read(self.position, WINDOW);
            self.window_start = self.position;
        }
        let from = (self.position - self.window_start) as usize;
        let have = self.window.get(from..).unwrap_or_default();
        let count = have.len().min(out.len());
        out[..count].copy_from_slice(&have[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for FileReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.file.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or_else(|| io::Error::other("seek before the start"))?;
        Ok(self.position)
    }
}

/// Counts what an inflater really gives, and stops it at the limits: declared sizes in an archive may lie.
pub(crate) struct Guarded<R> {
    inner: R,
    part: String,
    packed: u64,
    given: u64,
    total: Rc<Cell<u64>>,
    limits: Limits,
}

impl<R> Guarded<R> {
    pub(crate) fn new(inner: R, part: &str, packed: u64, total: Rc<Cell<u64>>, limits: Limits) -> Self {
        Self { inner, part: part.into(), packed: packed.max(1), given: 0, total, limits }
    }

    fn check(&self) -> Result<(), Error> {
        let Limits { part_bytes, total_bytes, ratio, ratio_from, .. } = self.limits;
        let part = &self.part;
        if self.given > part_bytes {
            return Err(Error::Limit(format!("{part} is larger than {} MiB", part_bytes >> 20)));
        }
        if self.total.get() > total_bytes {
            return Err(Error::Limit(format!("the file unpacks to more than {} MiB", total_bytes >> 20)));
        }
        if self.given > ratio_from && self.given / self.packed > ratio {
            return Err(Error::Limit(format!("{part} unpacks to more than {ratio} times its size (a zip bomb)")));
        }
        Ok(())
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.given += count as u64;
        self.total.set(self.total.get() + count as u64);
        self.check().map_err(io::Error::other)?;
        Ok(count)
    }
}

/// Finds our own error again after a trip through `io::Error`.
pub(crate) fn unwrap_io(error: &io::Error) -> Option<Error> {
    match error.get_ref()?.downcast_ref::<Error>()? {
        Error::Limit(text) => Some(Error::Limit(text.clone())),
        _ => None,
    }
}

/// UTF-16 (or any other encoding) → UTF-8, piece by piece.
pub(crate) struct Transcoded<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    ready: Vec<u8>,
    taken: usize,
    done: bool,
}

impl<R> Transcoded<R> {
    pub(crate) fn new(inner: R, encoding: &'static encoding_rs::Encoding) -> Self {
        Self { inner, decoder: encoding.new_decoder(), ready: Vec::new(), taken: 0, done: false }
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() && !self.done {
            let mut raw = [0; 8192];
            let count = self.inner.read(&mut raw)?;
            self.done = count == 0;
            let room = self.decoder.max_utf8_buffer_length(count).unwrap_or(count * 3 + 16);
            self.ready.resize(room, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&raw[..count], &mut self.ready, self.done);
            self.ready.truncate(written);
            self.taken = 0;
        }
        let have = &self.ready[self.taken..];
        let count = have.len().min(out.len());
        out[..count].copy_from_slice(&have[..count]);
        self.taken += count;
        Ok(count)
    }
}
