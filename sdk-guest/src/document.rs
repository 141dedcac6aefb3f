//! The document model between parsers and chunkers: a flat list of blocks in reading order.

pub use crate::bindings::host::mortise::plugin::document::{
    Block, BlockKind, Cell, Part, Place, Rect, Style, Summary, Table, Value,
};

impl Block {
    /// A block with text and nothing else. `id` must ascend in reading order; parsers may leave it 0 and let
    /// [`crate::parser::Output::emit`] number it.
    pub fn new(id: u32, kind: BlockKind, text: impl Into<String>) -> Self {
        Block {
            id,
            kind,
            text: text.into(),
            level: 0,
            places: Vec::new(),
            part: 0,
            style: None,
            table: None,
            image: None,
            language: None,
            parent: None,
        }
    }

    /// A heading; level 1 is the highest.
    pub fn heading(level: u32, text: impl Into<String>) -> Self {
        Block { level, ..Block::new(0, BlockKind::Heading, text) }
    }

    /// A table from rows of cell texts; the first `header_rows` rows are headers. The block's text is the plain
    /// rendering: cells by tab, rows by newline.
    pub fn table(rows: &[Vec<String>], header_rows: usize) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = rows.iter().enumerate().flat_map(|(row, cells)| {
            cells.iter().enumerate().map(move |(column, text)| Cell {
                row: row as u32,
                column: column as u32,
                row_span: 1,
                column_span: 1,
                header: row < header_rows,
                text: text.clone(),
                value: Value::None,
            })
        });
        let table = Table { rows: rows.len() as u32, columns: columns as u32, cells: cells.collect() };
        let text = table.plain_text();
        Block { table: Some(table), ..Block::new(0, BlockKind::Table, text) }
    }

    /// True for a title or a heading.
    pub fn is_heading(&self) -> bool {
        matches!(self.kind, BlockKind::Title | BlockKind::Heading)
    }

    /// True for what repeats on every page (headers, footers, numbers) and for contents lists.
    pub fn is_furniture(&self) -> bool {
        matches!(self.kind, BlockKind::PageHeader | BlockKind::PageFooter | BlockKind::PageNumber | BlockKind::TocEntry)
    }
}

impl Table {
    /// Cells by tab, rows by newline; line breaks inside a cell become blanks.
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
            for (i, line) in cell.text.lines().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                text.push_str(line.trim());
            }
        }
        text
    }

    /// An HTML rendering: `<table>`, one `<tr>` a row, `<th>` for header cells, spans kept, text escaped.
    pub fn html(&self) -> String {
        let mut html = String::from("<table>");
        let mut open = None;
        for cell in &self.cells {
            if open != Some(cell.row) {
                html.push_str(if open.is_some() { "</tr><tr>" } else { "<tr>" });
                open = Some(cell.row);
            }
            let tag = if cell.header { "th" } else { "td" };
            html.push('<');
            html.push_str(tag);
            if cell.row_span > 1 {
                html.push_str(&format!(" rowspan=\"{}\"", cell.row_span));
            }
            if cell.column_span > 1 {
                html.push_str(&format!(" colspan=\"{}\"", cell.column_span));
            }
            html.push('>');
            for c in cell.text.chars() {
                match c {
                    '&' => html.push_str("&amp;"),
                    '<' => html.push_str("&lt;"),
                    '>' => html.push_str("&gt;"),
                    c => html.push(c),
                }
            }
            html.push_str("</");
            html.push_str(tag);
            html.push('>');
        }
        if open.is_some() {
            html.push_str("</tr>");
        }
        html.push_str("</table>");
        html
    }
}
