//! Strings of BIFF, which may be broken over several records.

use super::records::u16_at;
use mortise_shared_ole::decode;

/// A cursor over the pieces of a record and its continuations.
pub(crate) struct Pieces<'a> {
    pieces: &'a [Vec<u8>],
    piece: usize,
    at: usize,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(pieces: &'a [Vec<u8>], at: usize) -> Self {
        Self { pieces, piece: 0, at }
    }

    fn byte(&mut self) -> Option<u8> {
        loop {
            let piece = self.pieces.get(self.piece)?;
            if let Some(byte) = piece.get(self.at) {
                self.at += 1;
                return Some(*byte);
            }
            self.piece += 1;
            self.at = 0;
        }
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, mut count: usize) {
        while count > 0 {
            let Some(piece) = self.pieces.get(self.piece) else { return };
            let step = count.min(piece.len().saturating_sub(self.at));
            self.at += step;
            count -= step;
            if count > 0 {
                self.piece += 1;
                self.at = 0;
            }
        }
    }

    /// A string of BIFF8 with its length before it (`XLUnicodeRichExtendedString`). Where it is broken, the next piece
    /// says anew whether its characters have one byte or two.
    pub(crate) fn string(&mut self) -> Option<String> {
        let count = usize::from(self.word()?);
        self.characters(count)
    }

    pub(crate) fn characters(&mut self, count: usize) -> Option<String> {
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { usize::from(self.word()?) } else { 0 };
        let extra = if flags & 4 != 0 { usize::from(self.word()?) | usize::from(self.word()?) << 16 } else { 0 };
        let mut wide = flags & 1 != 0;
        let mut units = Vec::with_capacity(count.min(1 << 16));
        while units.len() < count {
            let Some(piece) = self.pieces.get(self.piece) else { break };
            if self.at >= piece.len() {
                self.piece += 1;
                self.at = 1;
                wide = self.pieces.get(self.piece)?.first()? & 1 != 0;
                continue;
            }
            let rest = &piece[self.at..];
            let want = count - units.len();
            if wide {
                let take = want.min(rest.len() / 2);
                units.extend(rest.chunks_exact(2).take(take).map(|b| u16::from_le_bytes([b[0], b[1]])));
                self.at += take * 2;
                if take == 0 {
                    // Half a character at the end of a piece is damage.
                    self.at = piece.len();
                }
            } else {
                let take = want.min(rest.len());
                units.extend(rest.iter().take(take).map(|b| u16::from(*b)));
                self.at += take;
            }
        }
        self.skip(runs * 4 + extra);
        Some(clean(&String::from_utf16_lossy(&units)))
    }
}

/// A string of BIFF8 within one record; `wide_length` if its length takes two bytes.
pub(crate) fn unicode(data: &[u8], at: usize, wide_length: bool) -> Option<String> {
    let (count, start) =
        if wide_length { (usize::from(u16_at(data, at)), at + 2) } else { (usize::from(*data.get(at)?), at + 1) };
    let piece = [data.get(start..)?.to_vec()];
    Pieces::new(&piece, 0).characters(count)
}

/// A string of BIFF5.
pub(crate) fn bytes(data: &[u8], at: usize, wide_length: bool, code_page: u16) -> Option<String> {
    let (count, start) =
        if wide_length { (usize::from(u16_at(data, at)), at + 2) } else { (usize::from(*data.get(at)?), at + 1) };
    let end = (start + count).min(data.len());
    Some(clean(&decode(data.get(start..end)?, code_page)))
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
