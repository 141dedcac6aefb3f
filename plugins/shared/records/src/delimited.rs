//! Lines of separated cells, as text files have them.

use mortise_sdk::document::{Block, BlockKind, Cell, Table, Value};

/// Lines counted by how many cells they have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Survey {
    /// Lines with text.
    pub lines: u64,
    /// Lines with a tab.
    pub tabbed: u64,
    /// Lines with exactly one tab.
    pub one_tab: u64,
    /// Lines with exactly one comma.
    pub one_comma: u64,
}

impl Survey {
    /// Counts the lines of a text.
    pub fn count(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let tabs = line.matches('\t').count();
            self.lines += 1;
            self.tabbed += u64::from(tabs > 0);
            self.one_tab += u64::from(tabs == 1);
            self.one_comma += u64::from(line.matches(',').count() == 1);
        }
    }

    /// A tab, if as many lines have exactly one as have exactly one comma; else a comma.
    pub fn delimiter(&self) -> char {
        if self.one_tab >= self.one_comma { '\t' } else { ',' }
    }

    /// How many lines fall into two at [`Survey::delimiter`].
    pub fn pairs(&self) -> u64 {
        self.one_tab.max(self.one_comma)
    }
}

/// A block of text as a table, a row for each line with text.
pub fn table(block: &Block, delimiter: char) -> Block {
    let mut cells = Vec::new();
    let mut rows = 0;
    let mut columns = 0;
    for line in block.text.lines().filter(|line| !line.trim().is_empty()) {
        for (column, text) in (0..).zip(line.split(delimiter)) {
            columns = columns.max(column + 1);
            let text = text.trim().to_owned();
            cells.push(Cell {
                row: rows,
                column,
                row_span: 1,
                column_span: 1,
                header: false,
                text,
                value: Value::None,
            });
        }
        rows += 1;
    }
    Block { kind: BlockKind::Table, table: Some(Table { rows, columns, cells }), ..block.clone() }
}
