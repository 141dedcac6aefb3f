//! The characters: pieces of the main stream, in one byte or two each.

use crate::fib::{u16_at, u32_at};
use mortise_shared_ole::{Stream, decode};

/// A run of characters that stand together.
#[derive(Clone, Copy, Debug)]
struct Piece {
    first: u32,
    end: u32,
    /// Place in the stream.
    from: u32,
    wide: bool,
}

/// All pieces in the order of the text.
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
}

/// Characters read at a time.
const WINDOW: u32 = 16 << 10;

impl Pieces {
    /// Of the table of pieces (`Clx`): changes of properties, then the pieces.
    pub(crate) fn new(clx: &[u8]) -> Self {
        let mut at = 0;
        while clx.get(at) == Some(&1) {
            at += 3 + usize::from(u16_at(clx, at + 1));
        }
        let mut pieces = Vec::new();
        if clx.get(at) == Some(&2) {
            let table = clx.get(at + 5..).unwrap_or_default();
            let length = (u32_at(clx, at + 1) as usize).min(table.len());
            let count = length.saturating_sub(4) / 12;
            for i in 0..count {
                let (first, end) = (u32_at(table, i * 4), u32_at(table, i * 4 + 4));
                let place = u32_at(table, (count + 1) * 4 + i * 8 + 2);
                let wide = place & 0x4000_0000 == 0;
                let from = if wide { place & 0x3FFF_FFFF } else { (place & 0x3FFF_FFFF) / 2 };
                if first < end {
                    pieces.push(Piece { first, end, from, wide });
                }
            }
        }
        Self { pieces }
    }

    /// Gives every character from `first` to `end` with its number and its place in the stream.
    pub(crate) fn each(&self, stream: &Stream<'_, '_>, first: u32, end: u32, mut take: impl FnMut(u32, u32, char)) {
        for piece in self.pieces.iter().filter(|p| p.first < end && p.end > first) {
            let mut at = piece.first.max(first);
            let stop = piece.end.min(end);
            let width = if piece.wide { 2 } else { 1 };
            while at < stop {
                let count = (stop - at).min(WINDOW);
                let from = piece.from.saturating_add((at - piece.first).saturating_mul(width));
                let bytes = stream.read_at(u64::from(from), (count * width) as usize);
                if piece.wide {
                    let units = bytes.chunks_exact(2).map(|b| u16_at(b, 0));
                    let mut number = 0;
                    for decoded in char::decode_utf16(units) {
                        let c = decoded.unwrap_or('\u{FFFD}');
                        take(at + number, from + number * 2, c);
                        number += c.len_utf16() as u32;
                    }
                } else {
                    for (number, byte) in bytes.iter().enumerate() {
                        let c = match byte {
                            0x80..=0x9F => decode(&[*byte], 1252).chars().next().unwrap_or(' '),
                            byte => char::from(*byte),
                        };
                        take(at + number as u32, from + number as u32, c);
                    }
                }
                if bytes.len() < (count * width) as usize {
                    break;
                }
                at += count;
            }
        }
    }
}
