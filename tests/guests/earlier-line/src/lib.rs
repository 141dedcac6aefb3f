//! A chunker of `mortise:plugin@0.0.5`, a line of the contract that only a host under test serves. It cuts as
//! `third-party` does, a few sentences to a chunk, through records, imports and a signature that are all different.

mod bindings {
    #![allow(missing_docs, clippy::all, reason = "generated code")]
    wit_bindgen::generate!({ path: "wit", world: "chunker-plugin", pub_export_macro: true });
}

use bindings::exports::mortise::plugin::chunker::{About, Guest, Marks, Piece};
use bindings::mortise::plugin::log::line;
use bindings::mortise::plugin::paragraphs::Walk;

pub struct EarlierLine;

impl Guest for EarlierLine {
    fn describe() -> About {
        About { name: "earlier".into(), version: env!("CARGO_PKG_VERSION").into() }
    }

    fn split(input: &Walk, sentences: u16) -> Vec<Piece> {
        line(3, &format!("cutting {}", input.title()));
        let mut pieces = Pieces { per_piece: usize::from(sentences), ..Pieces::default() };
        input.rewind();
        while let Some(paragraph) = input.next() {
            if paragraph.heading > 0 {
                pieces.flush();
                pieces.headings.retain(|(level, _)| *level < paragraph.heading);
                pieces.headings.push((paragraph.heading, paragraph.text));
            } else {
                for sentence in sentences_of(&paragraph.text) {
                    pieces.add(sentence, paragraph.number);
                }
            }
        }
        pieces.flush();
        pieces.done
    }
}

/// Pieces made so far, and the one that is growing.
#[derive(Default)]
struct Pieces {
    per_piece: usize,
    done: Vec<Piece>,
    sentences: Vec<String>,
    /// First and last paragraph of the growing piece.
    span: Option<(u32, u32)>,
    headings: Vec<(u8, String)>,
}

impl Pieces {
    fn add(&mut self, sentence: &str, paragraph: u32) {
        self.sentences.push(sentence.to_owned());
        self.span = Some((self.span.map_or(paragraph, |(first, _)| first), paragraph));
        if self.sentences.len() == self.per_piece {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let Some((first, last)) = self.span.take() else { return };
        let text = std::mem::take(&mut self.sentences).join(" ");
        let headings = self.headings.iter().map(|(_, text)| text.clone()).collect();
        let marks = if first == last { Marks::LONE } else { Marks::empty() };
        self.done.push(Piece { text, first, last, headings, marks });
    }
}

/// Cuts after `.`, `!` or `?` before a blank.
fn sentences_of(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.match_indices(['.', '!', '?']).map(|(at, _)| at + 1);
    let mut cuts: Vec<usize> = ends.filter(|&end| text[end..].starts_with(' ')).collect();
    cuts.push(text.len());
    let mut start = 0;
    cuts.into_iter().filter_map(move |end| {
        let sentence = text[start..end].trim();
        start = end;
        (!sentence.is_empty()).then_some(sentence)
    })
}

#[cfg(target_family = "wasm")]
bindings::export!(EarlierLine with_types_in bindings);
