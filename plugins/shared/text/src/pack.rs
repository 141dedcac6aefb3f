//! How sections become chunks that respect a token limit.
//!
//! Sections are packed in order. The rules, in the order in which they win:
//! 1. A hard boundary always ends a chunk; nothing is repeated across it.
//! 2. No chunk has more tokens than the limit, the repeated tail included. Only a single character with more tokens
//!    than the limit could make a larger one.
//! 3. A section that fits is not torn, unless the chunk before it would stay less than half full; a section marked
//!    [`Section::whole`] is torn only when it is larger than a chunk, or when only a heading stands before it.
//! 4. A heading goes with what follows it: it is never the last line of a chunk while text follows.
//! 5. With an overlap, a chunk begins with the end of the one before, from the start of a sentence or else a word.

use crate::cut::{self, Atom};
use crate::{Delimiters, TokenCounter, sentence};
use std::ops::Range;

/// One section of a document, with whatever the caller wants back: usually the number of a block.
#[derive(Clone, Debug)]
pub struct Section<T> {
    /// Trimmed text.
    pub text: String,
    /// Tokens of the text, counted alone.
    pub tokens: u32,
    /// A heading is kept with what follows.
    pub heading: bool,
    /// Code and the like: torn as late as possible, and between lines.
    pub whole: bool,
    /// A hard boundary stands before it.
    pub after_boundary: bool,
    /// Handed through to the spans.
    pub source: T,
}

/// A finished chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed<T> {
    /// Sections joined by newlines; trimmed at both ends.
    pub text: String,
    /// What each part was made of, ascending; the repeated tail of the chunk before is in no span.
    pub spans: Vec<Span<T>>,
}

/// A part of a chunk that comes from one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span<T> {
    /// Bytes of the chunk's text.
    pub range: Range<usize>,
    /// From the section.
    pub source: T,
}

/// Bounds of a chunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Most tokens of a chunk, at least 1.
    pub tokens: u32,
    /// Percent of the limit that the end of the chunk before may take, 0..=90.
    pub overlap: f64,
}

/// Packs sections as they come. Feed it with [`Packer::push`], take chunks with [`Packer::take`].
pub struct Packer<'a, T, C> {
    delimiters: &'a Delimiters,
    counter: C,
    limit: u32,
    overlap: f64,
    /// End of the chunk before, repeated; and its tokens.
    repeated: (String, u32),
    /// The chunk before ended in white space that was trimmed off.
    spaced: bool,
    parts: Vec<Part<T>>,
    /// Tokens of the parts and the newlines before them; kept, because it is asked for with every section.
    parts_sum: u32,
    done: Vec<Packed<T>>,
}

/// A section, or a torn-off part of one, in the open chunk.
struct Part<T> {
    text: String,
    tokens: u32,
    heading: bool,
    /// Goes on in the section of the part before: joined without a newline.
    continues: bool,
    source: T,
}

impl<T> Part<T> {
    fn cost(&self) -> u32 {
        self.tokens.saturating_add(u32::from(!self.continues))
    }
}

impl<'a, T: Copy + PartialEq, C: TokenCounter> Packer<'a, T, C> {
    /// An empty packer. A limit of 0 counts as 1.
    pub fn new(limits: Limits, delimiters: &'a Delimiters, counter: C) -> Self {
        let overlap = if limits.overlap.is_finite() { limits.overlap.clamp(0.0, 90.0) } else { 0.0 };
        Self {
            delimiters,
            counter,
            limit: limits.tokens.max(1),
            overlap,
            repeated: (String::new(), 0),
            spaced: false,
            parts: Vec::new(),
            parts_sum: 0,
            done: Vec::new(),
        }
    }

    /// Adds a section. Sections without text are ignored, but their hard boundary counts.
    pub fn push(&mut self, section: Section<T>) {
        if section.after_boundary {
            self.close(true);
        }
        if section.text.trim().is_empty() {
            return;
        }
        if self.fits(section.tokens, false) {
            return self.add(section.text, section.tokens, section.heading, false, section.source);
        }
        let bare = self.parts.iter().all(|part| part.heading);
        if bare && !self.repeated.0.is_empty() && section.tokens + self.sum() - self.repeated.1 <= self.limit {
            // The repeated tail gives way before a section is torn.
            self.repeated = (String::new(), 0);
            return self.add(section.text, section.tokens, section.heading, false, section.source);
        }
        let fresh = self.fresh();
        let half_empty = self.sum() < self.limit / 2;
        let tear = section.tokens > fresh || (bare && !self.parts.is_empty()) || (half_empty && !section.whole);
        if !tear {
            self.close(false);
            if self.fits(section.tokens, false) {
                return self.add(section.text, section.tokens, section.heading, false, section.source);
            }
        }
        self.tear(section);
    }

    /// Ends the last chunk.
    pub fn finish(&mut self) {
        self.close(true);
    }

    /// Takes the chunks that are finished.
    pub fn take(&mut self) -> Vec<Packed<T>> {
        std::mem::take(&mut self.done)
    }

    /// Tokens of new text in a chunk that begins with a full tail.
    fn fresh(&self) -> u32 {
        (self.limit - self.tail_budget()).max(1)
    }

    fn tail_budget(&self) -> u32 {
        (f64::from(self.limit) * self.overlap / 100.0) as u32
    }

    /// Tokens of the open chunk, each part counted alone, a newline as one.
    fn sum(&self) -> u32 {
        let first = u32::from(self.repeated.1 == 0 && self.parts_sum > 0);
        (self.parts_sum + self.repeated.1).saturating_sub(first)
    }

    /// After parts were taken away.
    fn sum_again(&mut self) {
        self.parts_sum = self.parts.iter().map(Part::cost).sum();
    }

    /// Whether `tokens` more fit; `continues` without a newline before them.
    fn fits(&self, tokens: u32, continues: bool) -> bool {
        let joint = u32::from(!continues && (!self.parts.is_empty() || self.repeated.1 > 0));
        self.sum().saturating_add(joint).saturating_add(tokens) <= self.limit
    }

    fn add(&mut self, text: String, tokens: u32, heading: bool, continues: bool, source: T) {
        let part = Part { text, tokens, heading, continues, source };
        self.parts_sum = self.parts_sum.saturating_add(part.cost());
        self.parts.push(part);
    }

    /// Adds a section in parts.
    fn tear(&mut self, section: Section<T>) {
        let fresh = self.fresh();
        let room = self.limit.saturating_sub(self.sum() + 1);
        // Small atoms when they are to fill what is left, large ones when they begin chunks.
        let most = if room * 2 >= fresh { room.min(fresh) } else { fresh };
        let lines = Delimiters::parse("\n");
        let delimiters = if section.whole { &lines } else { self.delimiters };
        let mut first = true;
        for Atom { range, tokens } in cut::atoms(&section.text, delimiters, most, &self.counter) {
            let text = &section.text[range];
            if !self.fits(tokens, !first) {
                let bare = self.parts.iter().all(|part| part.heading);
                if bare && !self.repeated.0.is_empty() {
                    self.repeated = (String::new(), 0);
                }
                if !self.fits(tokens, !first) {
                    self.close(false);
                    if !self.fits(tokens, !first) {
                        self.repeated = (String::new(), 0);
                    }
                }
            }
            let begins = self.parts.is_empty() && self.repeated.0.is_empty();
            let text = if begins { text.trim_start() } else { text };
            if text.trim().is_empty() && self.parts.is_empty() {
                self.spaced = true;
                continue;
            }
            self.add(text.to_owned(), tokens, section.heading, !first, section.source);
            first = false;
        }
    }

    /// Ends the open chunk, if it has text of its own. `hard`: nothing goes over to the next.
    fn close(&mut self, hard: bool) {
        let mut carried = Vec::new();
        self.carry_headings(hard, &mut carried);
        // Parts were counted alone; where the sum is near the limit, the joined text is counted before it goes out.
        let near = self.sum() + self.parts.len() as u32 > self.limit;
        let mut text = self.render();
        while near && self.counter.count_one(&text.0) > self.limit {
            if !self.repeated.0.is_empty() {
                self.repeated = (String::new(), 0);
            } else if self.parts.len() > 1 {
                carried.splice(0..0, self.parts.pop());
                self.sum_again();
                self.carry_headings(hard, &mut carried);
            } else {
                break;
            }
            text = self.render();
        }
        let parts = std::mem::take(&mut self.parts);
        self.parts_sum = 0;
        self.repeated = (String::new(), 0);
        if !parts.is_empty() {
            let (text, spans) = text;
            if !hard && self.overlap > 0.0 {
                self.repeated = self.tail(&text);
                self.spaced = parts.last().is_some_and(|part| part.text.ends_with(char::is_whitespace));
            }
            self.done.push(Packed { text, spans });
        }
        if let Some(first) = carried.first_mut() {
            first.continues = false;
            first.text.truncate(first.text.trim_end_matches('\n').len());
            let leading = first.text.len() - first.text.trim_start().len();
            first.text.drain(..leading);
        }
        for part in carried {
            if !self.fits(part.tokens, part.continues) {
                self.repeated = (String::new(), 0);
            }
            self.parts_sum = self.parts_sum.saturating_add(part.cost());
            self.parts.push(part);
        }
        if hard && !self.parts.is_empty() {
            self.close(true);
        }
    }

    /// Moves headings from the end of the open chunk to `carried`. A chunk of headings alone has nothing to leave behind,
    /// and before a hard boundary there is nothing for them to go to.
    fn carry_headings(&mut self, hard: bool, carried: &mut Vec<Part<T>>) {
        let body = self.parts.iter().rposition(|part| !part.heading).map_or(0, |i| i + 1);
        if body > 0 && (!hard || !carried.is_empty()) {
            carried.splice(0..0, self.parts.split_off(body));
            self.sum_again();
        }
    }

    /// The text of the open chunk and where its parts stand in it; parts of one section make one span.
    fn render(&self) -> (String, Vec<Span<T>>) {
        let mut text = self.repeated.0.clone();
        let mut spans: Vec<Span<T>> = Vec::new();
        for part in &self.parts {
            if !part.continues {
                text.truncate(text.trim_end().len());
                if !text.is_empty() {
                    text.push('\n');
                }
            } else if spans.is_empty() && !text.is_empty() {
                // Behind the repeated tail, whose white space is gone.
                text.push_str(if self.spaced { " " } else { "" });
            }
            text.push_str(&part.text);
            match spans.last_mut() {
                Some(span) if part.continues && span.source == part.source => span.range.end = text.len(),
                _ => {
                    let start = text.len() - part.text.trim_start().len();
                    spans.push(Span { range: start..text.len(), source: part.source });
                }
            }
        }
        text.truncate(text.trim_end().len());
        let leading = text.len() - text.trim_start().len();
        text.drain(..leading);
        for span in &mut spans {
            span.range.start = span.range.start.saturating_sub(leading).min(text.len());
            span.range.end = span.range.end.saturating_sub(leading).min(text.len());
        }
        spans.retain(|span| !span.range.is_empty());
        (text, spans)
    }

    /// The end of `text` to repeat: at most `overlap` percent of its characters and of the limit's tokens, from the
    /// start of a sentence if there is one in the first half of that stretch, else from the start of a word.
    fn tail(&self, text: &str) -> (String, u32) {
        let stretch = crate::merge::tail(text, self.overlap);
        let earliest = text.len() - stretch.len();
        let first_half = earliest..=earliest + stretch.len() / 2;
        let mut starts = sentence::sentences(text).into_iter().map(|range| range.start);
        let mut start = starts.find(|start| first_half.contains(start)).unwrap_or_else(|| word_start(text, earliest));
        let budget = self.tail_budget();
        loop {
            let tail = text[start..].trim();
            if tail.is_empty() {
                return (String::new(), 0);
            }
            let tokens = self.counter.count_one(tail);
            if tokens <= budget {
                return (tail.to_owned(), tokens);
            }
            // Drop about as much as is too much, and at least a character.
            let excess = (text.len() - start) * (tokens - budget) as usize / tokens as usize;
            let next = text[start..].char_indices().map(|(i, _)| start + i).find(|&i| i > start + excess.max(1));
            let Some(next) = next else { return (String::new(), 0) };
            start = word_start(text, next);
        }
    }
}

/// The first word that starts at `from` or after it; `from` itself in scripts without white space.
fn word_start(text: &str, from: usize) -> usize {
    let inside = text[..from].chars().next_back().is_some_and(|c| !c.is_whitespace());
    let first = text[from..].chars().next();
    if !inside || first.is_none_or(crate::word::is_unsegmented) {
        return from;
    }
    let next = text[from..].char_indices().skip_while(|(_, c)| !c.is_whitespace()).find(|(_, c)| !c.is_whitespace());
    next.map_or(from, |(i, _)| from + i)
}
