//! Lines → blocks.

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::Output;

/// What lines are worth in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A line is a paragraph; blanks around it mean nothing, blank lines between paragraphs do.
    Prose,
    /// Lines belong together until a blank one.
    Code,
}

/// Characters of one block at most.
const LONGEST: usize = 16_384;

/// From this many blocks on, lines are packed into blocks of about [`PACK`] bytes: a host takes only so many blocks,
/// and a log of millions of lines is better read so than refused.
const PACK_FROM: usize = 200_000;

/// See [`PACK_FROM`].
const PACK: usize = 1_024;

/// Cuts a text that comes in windows into lines and emits blocks.
pub(crate) struct Lines {
    layout: Layout,
    /// A blank line was seen since the last block.
    blank: bool,
    emitted: usize,
    /// Lines that wait for those which belong to them.
    group: String,
    group_length: usize,
}

impl Lines {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, blank: false, emitted: 0, group: String::new(), group_length: 0 }
    }

    /// Emits what is complete in `text`, and says how many bytes that was: whole lines, and beginnings of a line so
    /// long that it is cut anyway.
    pub(crate) fn take(&mut self, text: &str, out: &mut Output) -> usize {
        let mut used = 0;
        while let Some((line, length)) = next_line(&text[used..]) {
            self.line(line, out);
            used += length;
        }
        // A character is at most four bytes, so this many hold more than a block.
        while text.len() - used > 8 * LONGEST {
            let cut = cut_point(&text[used..]);
            self.line(&text[used..used + cut], out);
            used += cut;
        }
        used
    }

    /// Emits the last line, which has no end.
    pub(crate) fn finish(&mut self, rest: &str, out: &mut Output) {
        let used = self.take(rest, out);
        // `take` leaves a carriage return that might have been the first half of a line end.
        self.line(rest[used..].trim_end_matches(['\r', '\n']), out);
        self.end_group(out);
    }

    fn line(&mut self, line: &str, out: &mut Output) {
        let line = if self.layout == Layout::Prose { line.trim() } else { line.trim_end() };
        let packed = self.emitted >= PACK_FROM;
        if line.is_empty() {
            self.blank = true;
            if packed && !self.group.is_empty() {
                self.group.push('\n');
            } else {
                self.end_group(out);
            }
            return;
        }
        if self.layout == Layout::Prose && self.blank && self.emitted > 0 && !packed {
            out.emit(Block::new(0, BlockKind::Separator, ""));
        }
        self.blank = false;
        let mut rest = line;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cut_point(rest));
            let piece = if self.layout == Layout::Prose { piece.trim() } else { piece.trim_end() };
            if !piece.is_empty() {
                self.group_line(piece, out);
            }
            let whole = if packed { self.group.len() >= PACK } else { self.layout != Layout::Code };
            if whole {
                self.end_group(out);
            }
            rest = after;
        }
    }

    fn group_line(&mut self, line: &str, out: &mut Output) {
        let length = line.chars().count() + 1;
        if self.group_length + length > LONGEST {
            self.end_group(out);
        }
        if !self.group.is_empty() {
            self.group.push('\n');
        }
        self.group.push_str(line);
        self.group_length += length;
    }

    fn end_group(&mut self, out: &mut Output) {
        self.group_length = 0;
        let text = std::mem::take(&mut self.group);
        let text = text.trim_end_matches('\n');
        if !text.is_empty() {
            let kind = if self.layout == Layout::Code { BlockKind::Code } else { BlockKind::Paragraph };
            out.emit(Block::new(0, kind, text));
            self.emitted += 1;
        }
    }
}

/// The first complete line and its length with its end (`\n`, `\r\n`, `\r`, U+0085, U+2028, U+2029). A carriage return
/// at the very end is not complete: its line feed may come with the next window.
fn next_line(text: &str) -> Option<(&str, usize)> {
    let (at, end) = text.char_indices().find(|(_, c)| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))?;
    let length = match end {
        '\r' if text.len() == at + 1 => return None,
        '\r' if text.as_bytes().get(at + 1) == Some(&b'\n') => 2,
        end => end.len_utf8(),
    };
    Some((&text[..at], at + length))
}

/// Where to cut a text that is too long for one block; its length if it is not. Looks for the last end of a sentence,
/// then for the last blank, in the second half of what fits.
fn cut_point(text: &str) -> usize {
    let Some((most, _)) = text.char_indices().nth(LONGEST) else { return text.len() };
    let half = text.floor_char_boundary(most / 2);
    let mut sentence = None;
    let mut word = None;
    let mut before = ' ';
    for (i, c) in text[half..most].char_indices() {
        let end = half + i + c.len_utf8();
        if matches!(c, '。' | '！' | '？' | '；' | '…' | '।' | '؟')
            || (c.is_whitespace() && matches!(before, '.' | '!' | '?' | ';'))
        {
            sentence = Some(end);
        } else if c.is_whitespace() {
            word = Some(end);
        }
        before = c;
    }
    sentence.or(word).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_sentences_then_words_then_anywhere() {
        let sentences = "The pump draws water. ".repeat(1000);
        let cut = cut_point(&sentences);
        assert!(cut <= LONGEST && sentences[..cut].ends_with("water. "));
        let words = "harbour ".repeat(4000);
        let cut = cut_point(&words);
        assert!(cut <= LONGEST && words[..cut].ends_with(' '));
        let glued = "港".repeat(20_000);
        assert_eq!(cut_point(&glued), LONGEST * 3);
        assert_eq!(cut_point("short"), 5);
    }

    #[test]
    fn millions_of_lines_are_packed() {
        let mut lines = Lines::new(Layout::Prose);
        let mut out = Output::default();
        let window = "a\n\n".repeat(100_000);
        for _ in 0..10 {
            assert_eq!(lines.take(&window, &mut out), window.len());
        }
        lines.finish("end", &mut out);
        let kept = out.into_kept();
        assert!(kept.blocks.len() < 2 * PACK_FROM + 4_000, "{}", kept.blocks.len());
        let letters: usize = kept.blocks.iter().map(|b| b.text.matches('a').count()).sum();
        assert_eq!(letters, 1_000_000);
        assert!(kept.blocks.last().is_some_and(|b| b.text.ends_with("a\n\nend")));
    }

    #[test]
    fn all_line_ends_count_once() {
        let ends = "a\nb\r\nc\rd\u{2028}e\u{85}f";
        let mut lines = Lines::new(Layout::Prose);
        let mut out = Output::default();
        let used = lines.take(ends, &mut out);
        lines.finish(&ends[used..], &mut out);
        let kept = out.into_kept();
        let texts: Vec<_> = kept.blocks.iter().map(|b| b.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c", "d", "e", "f"]);
    }
}
