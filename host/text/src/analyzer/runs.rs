//! Cuts a text into runs of one script and hands each to the rules of its script.

use super::fold::{Class, Join, class, fold, is_ignorable, join};
use super::{Kind, Token, han, word};

/// A folded character and where it stands in the original text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    pub(super) ch: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Takes the tokens of a text as the rules of the scripts find them.
pub(super) struct Sink {
    tokens: Vec<Token>,
    /// Position of the next run.
    pub(super) position: usize,
    /// The text is a question, not a chunk.
    pub(super) query: bool,
}

impl Sink {
    /// Adds a term made of `characters`, `offset` positions into the run.
    pub(super) fn push(&mut self, term: String, characters: &[Folded], offset: usize, kind: Kind) {
        if let (Some(first), Some(last)) = (characters.first(), characters.last()) {
            let position = self.position + offset;
            self.tokens.push(Token { term, start: first.start, end: last.end, position, kind });
        }
    }

    /// Adds a term spelled as `characters` are.
    pub(super) fn push_as_is(&mut self, characters: &[Folded], offset: usize, kind: Kind) {
        self.push(spell(characters), characters, offset, kind);
    }
}

/// The characters as text.
pub(super) fn spell(characters: &[Folded]) -> String {
    characters.iter().map(|c| c.ch).collect()
}

/// All tokens of a text, by position.
pub(super) fn tokens(text: &str, query: bool) -> Vec<Token> {
    let mut runs = Runs {
        run: Vec::new(),
        joint: None,
        sink: Sink { tokens: Vec::with_capacity(text.len() / 5), position: 0, query },
    };
    for (start, c) in text.char_indices() {
        if !is_ignorable(c) {
            let end = start + c.len_utf8();
            fold(c, |ch| runs.take(Folded { ch, start, end }));
        }
    }
    runs.flush();
    runs.sink.tokens
}

struct Runs {
    /// Characters of scripts that belong together.
    run: Vec<Folded>,
    /// A point, comma or apostrophe inside a number or word, if the next character goes on with it.
    joint: Option<Folded>,
    sink: Sink,
}

impl Runs {
    fn take(&mut self, next: Folded) {
        if let Some(joint) = self.joint.take() {
            let goes_on = if joint.ch == '\'' { next.ch.is_alphabetic() } else { next.ch.is_ascii_digit() };
            if goes_on && class(next.ch) == Class::Word {
                return self.run.extend([joint, next]);
            }
            self.flush();
        }
        let Some(last) = self.run.last_mut() else {
            if class(next.ch) != Class::Break && !starts_nothing(next.ch) {
                self.run.push(next);
            }
            return;
        };
        match join(last.ch, next.ch) {
            Join::Separate => {}
            Join::Into(composed) => {
                last.ch = composed;
                last.end = next.end;
                return;
            }
            Join::Dropped => {
                last.end = next.end;
                return;
            }
        }
        let (before, now) = (class(last.ch), class(next.ch));
        let digit = last.ch.is_ascii_digit();
        match next.ch {
            '.' | ',' if digit => self.joint = Some(next),
            '\'' if before == Class::Word && !digit => self.joint = Some(next),
            _ if now == Class::Break => self.flush(),
            _ if group(before) == group(now) => self.run.push(next),
            _ => {
                self.flush();
                self.run.push(next);
            }
        }
    }

    fn flush(&mut self) {
        let Some(first) = self.run.first() else { return };
        let sink = &mut self.sink;
        let from = sink.tokens.len();
        let length = match group(class(first.ch)) {
            Class::Han => han::split(&self.run, sink),
            Class::Hangul => pairs(&self.run, sink),
            Class::Unspaced => triples(&self.run, sink),
            _ => word::split(&self.run, sink),
        };
        sink.position += length;
        // Words, their parts and pairs are found one after the other and may be the same.
        sink.tokens[from..].sort_by_key(|token| token.position);
        let mut kept = from;
        for at in from..sink.tokens.len() {
            let (done, rest) = sink.tokens.split_at(at);
            let same = |t: &Token| t.position == rest[0].position && t.end == rest[0].end && t.term == rest[0].term;
            let near = done[from..kept].iter().rev().take_while(|t| t.position == rest[0].position);
            if !near.into_iter().any(same) {
                sink.tokens.swap(kept, at);
                kept += 1;
            }
        }
        sink.tokens.truncate(kept);
        self.run.clear();
    }
}

/// Combining marks without a letter before them.
fn starts_nothing(c: char) -> bool {
    class(c) == Class::Word && !c.is_alphanumeric()
}

/// Japanese mixes Kana and Chinese characters within words, so both form one run.
fn group(class: Class) -> Class {
    if class == Class::Kana { Class::Han } else { class }
}

fn pairs(run: &[Folded], sink: &mut Sink) -> usize {
    for (at, pair) in run.windows(2).enumerate() {
        sink.push_as_is(pair, at, Kind::Word);
    }
    let kind = if run.len() == 1 { Kind::Word } else { Kind::Character };
    if run.len() == 1 || !sink.query {
        for (at, single) in run.chunks(1).enumerate() {
            sink.push_as_is(single, at, kind);
        }
    }
    run.len()
}

fn triples(run: &[Folded], sink: &mut Sink) -> usize {
    if run.len() < 3 {
        sink.push_as_is(run, 0, Kind::Word);
    }
    for (at, triple) in run.windows(3).enumerate() {
        sink.push_as_is(triple, at, Kind::Word);
    }
    run.len()
}
