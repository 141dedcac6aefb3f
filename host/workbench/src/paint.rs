//! Text for a terminal: colours where they are wanted, columns that line up, and nothing that a document could do to the
//! terminal it is shown on.

use unicode_width::UnicodeWidthStr;

/// Whether to colour. The binary knows: a terminal, and no `NO_COLOR`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint {
    /// Colours are wanted.
    pub colour: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(crate) fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
}

/// Text from a plugin or a document, with control characters made visible: what is shown must not move the cursor.
pub(crate) fn safe(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        '\u{7f}' => '\u{2421}',
        c if c < ' ' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        // C1 controls, and what turns the direction of a line around or hides text.
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// As [`safe`], on one line and no longer than `characters`.
pub(crate) fn line(text: &str, characters: usize) -> String {
    let line = safe(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// Rows as aligned columns, two blanks apart; `numeric` columns stand to the right. Widths are those of a terminal, so
/// that East Asian text lines up too.
pub(crate) fn columns(rows: &[Vec<String>], numeric: &[usize]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let blank = " ".repeat(widths[column].saturating_sub(cell.width()));
            if numeric.contains(&column) { blank + cell } else { cell.clone() + &blank }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(row).collect()
}

/// `1.2 MB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `1 chunk`, `2 chunks`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_text() {
        assert_eq!(safe("a\x1b[2Jb\r\u{9b}c\u{202e}\n\td\0"), "a␛[2Jb␍\u{fffd}c\u{fffd}\n\td␀");
        assert_eq!(line(" a \n b\tc ", 3), "a b…");
    }

    #[test]
    fn colours_only_when_wanted() {
        assert_eq!(Paint { colour: true }.red("x"), "\x1b[31mx\x1b[0m");
        assert_eq!(Paint { colour: false }.red("x"), "x");
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let rows = [["a", "1", "x"], ["你好", "23", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows, &[1]), ["a      1  x", "你好  23"]);
    }

    #[test]
    fn sizes() {
        assert_eq!([size(7), size(1500), size(2_340_000)], ["7 B", "1.5 kB", "2.3 MB"]);
        assert_eq!([count(1, "chunk"), count(2, "chunk")], ["1 chunk", "2 chunks"]);
    }
}
