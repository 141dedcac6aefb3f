//! Records: a kind, a length, and data that may be records again.

/// One record.
#[derive(Clone, Copy)]
pub(crate) struct Record<'b> {
    pub(crate) kind: u16,
    pub(crate) instance: u16,
    /// Its data are records.
    pub(crate) container: bool,
    pub(crate) data: &'b [u8],
}

/// The record at a place; one that claims to be longer than there are bytes is cut.
pub(crate) fn record(bytes: &[u8], at: usize) -> Option<Record<'_>> {
    let head = bytes.get(at..at.checked_add(8)?)?;
    let first = u16_at(head, 0);
    let end = (at + 8).saturating_add(u32_at(head, 4) as usize).min(bytes.len());
    Some(Record {
        kind: u16_at(head, 2),
        instance: first >> 4,
        container: first & 0xF == 0xF,
        data: &bytes[at + 8..end],
    })
}

/// The records within some data.
pub(crate) fn children(data: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = record(data, at)?;
        at += 8 + found.data.len();
        Some(found)
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
