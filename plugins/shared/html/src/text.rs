//! Text of a line as a reader sees it: blanks collapsed, breaks kept.

use mortise_shared_numerals::roman;

/// Collects the text between two block boundaries.
#[derive(Default)]
pub(crate) struct Inline {
    text: String,
    blank: bool,
    /// Text other than that of pictures.
    words: bool,
    pictures: bool,
}

impl Inline {
    /// Adds text of the page; runs of blanks become one.
    pub(crate) fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                ' ' | '\t' | '\n' | '\r' | '\x0C' | '\u{A0}' => self.blank = true,
                // A soft hyphen is shown only where a line is broken.
                '\u{AD}' => {}
                c => {
                    self.settle();
                    self.text.push(c);
                    self.words = true;
                }
            }
        }
    }

    /// Adds text in which blanks count (`pre`).
    pub(crate) fn push_raw(&mut self, text: &str) {
        self.text.push_str(text);
        self.words |= !text.trim().is_empty();
    }

    /// Adds the alternative text of a picture, set off from its neighbours.
    pub(crate) fn push_picture(&mut self, alt: &str) {
        let alt = alt.trim();
        if !alt.is_empty() {
            let words = self.words;
            self.blank = true;
            self.push(alt);
            self.blank = true;
            (self.words, self.pictures) = (words, true);
        }
    }

    /// Nothing but blanks so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// A line break; true if there was one just before, which ends a paragraph.
    pub(crate) fn line_break(&mut self) -> bool {
        self.blank = false;
        if self.text.is_empty() {
            return false;
        }
        if self.text.ends_with('\n') {
            return true;
        }
        self.text.push('\n');
        false
    }

    /// A boundary between cells or blocks inside of a cell.
    pub(crate) fn boundary(&mut self, mark: char) {
        self.blank = false;
        if !self.text.is_empty() && !self.text.ends_with(['\n', '\t']) {
            self.text.push(mark);
        } else if mark == '\n' && self.text.ends_with('\t') {
            self.text.pop();
            self.text.push('\n');
        }
    }

    fn settle(&mut self) {
        if self.blank && !self.text.is_empty() && !self.text.ends_with(['\n', '\t']) {
            self.text.push(' ');
        }
        self.blank = false;
    }

    /// The text so far, and whether it is only of pictures; begins anew.
    pub(crate) fn take(&mut self) -> (String, bool) {
        let Self { mut text, words, pictures, .. } = std::mem::take(self);
        text.truncate(text.trim_end().len());
        (text, pictures && !words)
    }
}

/// The number of a list item in the style of HTML's `type` (`1`, `a`, `A`, `i`, `I`).
pub(crate) fn item_number(number: i64, style: &str) -> String {
    let label = match (style, number) {
        ("a", 1..) => letters(number),
        ("A", 1..) => letters(number).to_uppercase(),
        ("i", 1..=3999) => roman(number as u32).to_lowercase(),
        ("I", 1..=3999) => roman(number as u32),
        _ => number.to_string(),
    };
    format!("{label}. ")
}

fn letters(mut number: i64) -> String {
    let mut label = Vec::new();
    while number > 0 {
        label.push(b'a' + ((number - 1) % 26) as u8);
        number = (number - 1) / 26;
    }
    label.iter().rev().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_numbered_as_browsers_show_them() {
        let label = |n, s| item_number(n, s);
        assert_eq!(
            [label(7, ""), label(28, "a"), label(3, "A"), label(14, "i"), label(0, "a")],
            ["7. ", "ab. ", "C. ", "xiv. ", "0. "]
        );
    }
}
