//! Tables, in two kinds: ruled ones from the grid of their lines, and aligned ones from rows whose pieces stand in
//! the same columns.

use serde::{Deserialize, Serialize};

/// Tables found by alignment alone.
pub(crate) mod aligned;
/// Tables found by their ruling lines.
pub(crate) mod ruled;

/// A table in reading order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Number of rows.
    pub rows: u32,
    /// Number of columns.
    pub columns: u32,
    /// In row order; a cell covered by a span is not listed again.
    pub cells: Vec<Cell>,
}

/// A cell of a [`Table`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// 0-based.
    pub row: u32,
    /// 0-based.
    pub column: u32,
    /// At least 1.
    pub row_span: u32,
    /// At least 1.
    pub column_span: u32,
    /// In a header row.
    pub header: bool,
    /// Lines joined; may be empty.
    pub text: String,
}

impl Table {
    /// Takes the first row as header if it has no numbers while later rows have.
    pub(crate) fn guess_header(&mut self) {
        let numeric = |text: &str| {
            let (mut digits, mut letters) = (0, 0);
            for c in text.chars() {
                digits += usize::from(c.is_ascii_digit());
                letters += usize::from(c.is_alphabetic());
            }
            digits > letters
        };
        let first_is_words = self.cells.iter().filter(|c| c.row == 0).all(|c| !numeric(&c.text));
        let later_has_numbers = self.cells.iter().any(|c| c.row > 0 && numeric(&c.text));
        if first_is_words && later_has_numbers {
            for cell in self.cells.iter_mut().filter(|c| c.row == 0) {
                cell.header = true;
            }
        }
    }

    /// Cells by tab, rows by newline.
    pub fn plain_text(&self) -> String {
        let mut text = String::new();
        let (mut row, mut column) = (0, 0);
        for cell in &self.cells {
            while row < cell.row {
                text.push('\n');
                row += 1;
                column = 0;
            }
            while column < cell.column {
                text.push('\t');
                column += 1;
            }
            text.push_str(&cell.text);
        }
        text
    }
}
