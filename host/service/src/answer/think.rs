//! Models that write their thoughts into the answer as `<think>…</think>`: told apart piece by piece, wherever the
//! tags are cut.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A piece of a model's text.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Answer(String),
    Thought(String),
}

/// Splits a stream of deltas.
#[derive(Default)]
pub(super) struct Splitter {
    thinking: bool,
    /// The beginning of what may become a tag.
    held: String,
}

impl Splitter {
    /// Takes the next delta.
    pub(super) fn push(&mut self, delta: &str) -> Vec<Piece> {
        self.held.push_str(delta);
        let mut pieces = Vec::new();
        loop {
            let tag = if self.thinking { CLOSE } else { OPEN };
            if let Some(at) = self.held.find(tag) {
                let before = self.held[..at].to_owned();
                self.emit(before, &mut pieces);
                self.held.drain(..at + tag.len());
                self.thinking = !self.thinking;
            } else {
                // Keep back what may be the beginning of the tag.
                let keep = (1..tag.len()).rev().find(|&n| self.held.ends_with(&tag[..n])).unwrap_or(0);
                let ready = self.held.drain(..self.held.len() - keep).collect();
                self.emit(ready, &mut pieces);
                return pieces;
            }
        }
    }

    /// The end of the stream: what was held back was no tag.
    pub(super) fn finish(mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let held = std::mem::take(&mut self.held);
        self.emit(held, &mut pieces);
        pieces
    }

    fn emit(&self, text: String, pieces: &mut Vec<Piece>) {
        if !text.is_empty() {
            pieces.push(if self.thinking { Piece::Thought(text) } else { Piece::Answer(text) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the text is cut into deltas, answer and thoughts are the same.
    #[test]
    fn every_way_of_cutting_gives_the_same() {
        let text = "a<think>b < c</think>d</thin<think>e";
        for size in 1..text.len() {
            let mut splitter = Splitter::default();
            let mut pieces = Vec::new();
            for delta in text.as_bytes().chunks(size) {
                pieces.extend(splitter.push(std::str::from_utf8(delta).unwrap()));
            }
            pieces.extend(splitter.finish());
            let (mut answer, mut thought) = (String::new(), String::new());
            for piece in pieces {
                match piece {
                    Piece::Answer(text) => answer.push_str(&text),
                    Piece::Thought(text) => thought.push_str(&text),
                }
            }
            assert_eq!((answer.as_str(), thought.as_str()), ("ad</thin", "b < ce"), "size {size}");
        }
    }
}
