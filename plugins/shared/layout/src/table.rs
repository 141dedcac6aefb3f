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

    /// Appends the rows of a table that goes on with this one; header rows that come again are left out.
    pub(crate) fn append(&mut self, next: &Table) {
        let row = |table: &Table, row: u32| -> Vec<(u32, u32, String)> {
            let cells = table.cells.iter().filter(|c| c.row == row);
            cells.map(|c| (c.column, c.column_span, c.text.clone())).collect()
        };
        let most = 3.min(self.rows).min(next.rows.saturating_sub(1));
        let mut repeated = (0..most).take_while(|r| row(self, *r) == row(next, *r)).count() as u32;
        // A row that other rows reach into cannot be taken away alone.
        while repeated > 0 && next.cells.iter().any(|c| c.row < repeated && c.row + c.row_span > repeated) {
            repeated -= 1;
        }
        let rows = self.rows;
        let header = |c: &Cell| c.header && repeated == 0 && !self.cells.iter().any(|own| own.header);
        let cells: Vec<Cell> = next
            .cells
            .iter()
            .filter(|c| c.row >= repeated)
            .map(|c| Cell { row: c.row - repeated + rows, header: header(c), ..c.clone() })
            .collect();
        self.cells.extend(cells);
        self.rows += next.rows - repeated;
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
