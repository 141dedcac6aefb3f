//! Records: a number, a length, and up to some kilobytes.

use mortise_shared_ole::Stream;

/// Bytes asked for at a time.
const WINDOW: usize = 256 << 10;

/// The records of a stream, from any place on.
pub(crate) struct Records<'o, 'f> {
    stream: Stream<'o, 'f>,
    position: u64,
    window: Vec<u8>,
    start: u64,
}

/// One record.
pub(crate) struct Record {
    pub(crate) kind: u16,
    pub(crate) data: Vec<u8>,
}

impl<'o, 'f> Records<'o, 'f> {
    pub(crate) fn new(stream: Stream<'o, 'f>) -> Self {
        Self { stream, position: 0, window: Vec::new(), start: 0 }
    }

    /// Goes on at a place of the stream.
    pub(crate) fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// The next record; none at the end, and where a record is cut.
    pub(crate) fn next(&mut self) -> Option<Record> {
        let head = self.bytes(self.position, 4)?;
        let (kind, length) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        let data = self.bytes(self.position + 4, length)?.to_vec();
        self.position += 4 + length as u64;
        Some(Record { kind, data })
    }

    /// The kind of the next record, without taking it.
    pub(crate) fn peek(&mut self) -> Option<u16> {
        self.bytes(self.position, 4).map(|head| u16_at(head, 0))
    }

    fn bytes(&mut self, at: u64, count: usize) -> Option<&[u8]> {
        let inside = at >= self.start && at + count as u64 <= self.start + self.window.len() as u64;
        if !inside {
            self.window = self.stream.read_at(at, WINDOW.max(count));
            self.start = at;
        }
        let from = (at - self.start) as usize;
        self.window.get(from..from + count)
    }
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

/// Little-endian; 0 past the end.
pub(crate) fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_bits(u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at.saturating_add(4))) << 32)
}
