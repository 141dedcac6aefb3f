//! The file information block: sizes of the texts, and places of the tables.

use mortise_sdk::{Error, Result};
use mortise_shared_ole::{Ole, Stream};

/// A table is read up to this size, bytes.
const LARGEST: u32 = 32 << 20;

pub(crate) struct Fib {
    bytes: Vec<u8>,
    /// Characters of body, foot notes, headers, macros, comments, end notes, text boxes, text boxes of headers.
    pub(crate) lengths: [u32; 8],
    /// Which of the two table streams counts.
    pub(crate) table: &'static str,
}

/// Numbers of the tables.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Styles = 1,
    FootnoteMarks = 2,
    FootnoteTexts = 3,
    CommentMarks = 4,
    CommentTexts = 5,
    Headers = 11,
    CharacterPages = 12,
    ParagraphPages = 13,
    Pieces = 33,
    EndnoteMarks = 46,
    EndnoteTexts = 47,
    Lists = 73,
    ListUses = 74,
}

impl Fib {
    pub(crate) fn read(ole: &Ole<'_>) -> Result<Self> {
        let bytes = ole.stream("WordDocument")?.read_at(0, 2048);
        let (magic, version, flags) = (u16_at(&bytes, 0), u16_at(&bytes, 2), u16_at(&bytes, 10));
        if !matches!(magic, 0xA5EC | 0xA5DC) || bytes.len() < 0x1AA {
            return Err(Error::invalid_input("damaged file: it has no document (is the upload complete?)"));
        }
        if flags & 0x0100 != 0 {
            return Err(mortise_shared_ole::Error::Encrypted.into());
        }
        if magic == 0xA5DC || version < 101 {
            return Err(Error::unsupported("a document of Word 95 or older; save it in a current format"));
        }
        let length = |at| u32_at(&bytes, at).min(i32::MAX as u32);
        let lengths = [0x4C, 0x50, 0x54, 0x58, 0x5C, 0x60, 0x64, 0x68].map(length);
        Ok(Self { lengths, table: if flags & 0x0200 != 0 { "1Table" } else { "0Table" }, bytes })
    }

    /// A table out of the table stream; empty where there is none.
    pub(crate) fn table(&self, stream: &Stream<'_, '_>, place: Place) -> Vec<u8> {
        let at = 0x9A + place as usize * 8;
        let (from, length) = (u32_at(&self.bytes, at), u32_at(&self.bytes, at + 4));
        stream.read_at(u64::from(from), length.min(LARGEST) as usize)
    }

    /// The same with what follows it, up to so many bytes.
    pub(crate) fn table_and(&self, stream: &Stream<'_, '_>, place: Place, more: usize) -> Vec<u8> {
        let at = 0x9A + place as usize * 8;
        let (from, length) = (u32_at(&self.bytes, at), u32_at(&self.bytes, at + 4));
        if length == 0 { Vec::new() } else { stream.read_at(u64::from(from), length.min(LARGEST) as usize + more) }
    }

    /// First and last character of a text, counted over all texts.
    pub(crate) fn range(&self, text: usize) -> (u32, u32) {
        let start = self.lengths[..text].iter().fold(0u32, |sum, n| sum.saturating_add(*n));
        (start, start.saturating_add(self.lengths[text]))
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
