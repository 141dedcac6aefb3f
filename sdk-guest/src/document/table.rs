//! Tables as readers see them: rows under a header, and pieces that fit a chunk.

use super::{Cell, Table};
use crate::text;
use std::collections::BTreeMap;

/// One row of a table.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// 0-based.
    pub number: u32,
    /// All its cells are header cells.
    pub header: bool,
    /// The cells that begin in it, by column.
    pub cells: Vec<&'a Cell>,
}

impl<'a> Row<'a> {
    fn new(number: u32, mut cells: Vec<&'a Cell>) -> Self {
        cells.sort_by_key(|cell| cell.column);
        Self { number, header: cells.iter().all(|cell| cell.header), cells }
    }

    /// The plain rendering: cells by tab, line breaks inside a cell as blanks.
    pub fn text(&self) -> String {
        let mut line = String::new();
        let mut column = 0;
        for cell in &self.cells {
            while column < cell.column {
                line.push('\t');
                column += 1;
            }
            for (i, part) in cell.text.lines().enumerate() {
                if i > 0 {
                    line.push(' ');
                }
                line.push_str(part.trim());
            }
        }
        line
    }
}

impl Table {
    /// The rows in order. Rows without cells of their own are not among them.
    ///
    /// ```
    /// use mortise_sdk::document::Block;
    ///
    /// let rows = [["wood", "weight"], ["oak", "720"]].map(|row| row.map(String::from).to_vec());
    /// let table = Block::table(&rows, 1).table.unwrap();
    /// let told: Vec<_> = table.rows().iter().map(|row| (row.header, row.text())).collect();
    /// assert_eq!(told, [(true, "wood\tweight".to_owned()), (false, "oak\t720".to_owned())]);
    /// ```
    pub fn rows(&self) -> Vec<Row<'_>> {
        let mut rows: BTreeMap<u32, Vec<&Cell>> = BTreeMap::new();
        for cell in &self.cells {
            rows.entry(cell.row).or_default().push(cell);
        }
        rows.into_iter().map(|(number, cells)| Row::new(number, cells)).collect()
    }

    /// How many rows at the top are header rows.
    pub fn header_rows(&self) -> usize {
        self.rows().iter().take_while(|row| row.header).count()
    }

    /// What stands over each column: the texts of the header cells above it, from the top, joined by blanks. Empty where
    /// there is no header.
    pub fn headers(&self) -> Vec<String> {
        let mut headers = vec![String::new(); self.columns as usize];
        for row in self.rows().iter().take_while(|row| row.header) {
            for cell in &row.cells {
                let text = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
                let from = (cell.column as usize).min(headers.len());
                let to = from.saturating_add(cell.column_span.max(1) as usize).min(headers.len());
                for header in headers[from..to].iter_mut().filter(|_| !text.is_empty()) {
                    if !header.is_empty() {
                        header.push(' ');
                    }
                    header.push_str(&text);
                }
            }
        }
        headers
    }

    /// The rows below the header as pairs of header and cell: what a question asks for.
    ///
    /// ```
    /// use mortise_sdk::document::Block;
    ///
    /// let rows = [["wood", "weight"], ["oak", "720"], ["pine", "510"]].map(|row| row.map(String::from).to_vec());
    /// let table = Block::table(&rows, 1).table.unwrap();
    /// let (name, cell) = &table.records()[1][1];
    /// assert_eq!((name.as_str(), cell.text.as_str()), ("weight", "510"));
    /// ```
    pub fn records(&self) -> Vec<Vec<(String, &Cell)>> {
        let headers = self.headers();
        let named = |cell: &&'_ Cell| headers.get(cell.column as usize).cloned().unwrap_or_default();
        let rows = self.rows();
        let below = rows.iter().skip_while(|row| row.header);
        below.map(|row| row.cells.iter().map(|cell| (named(cell), *cell)).collect()).collect()
    }

    /// The plain rendering in pieces of at most `limit` tokens, cut between rows, each with the header rows above it.
    ///
    /// Rows that share a cell stay together where they fit. A row that is too long for one piece is cut like text, and
    /// so is everything when the header alone takes more than half of a piece: then it stands in the first one only.
    ///
    /// ```
    /// use mortise_sdk::document::Block;
    ///
    /// let rows = [["wood", "weight"], ["oak", "720"], ["pine", "510"]].map(|row| row.map(String::from).to_vec());
    /// let table = Block::table(&rows, 1).table.unwrap();
    /// assert_eq!(table.pieces(100), ["wood\tweight\noak\t720\npine\t510"]);
    /// assert_eq!(table.pieces(9), ["wood\tweight\noak\t720", "wood\tweight\npine\t510"]);
    /// ```
    pub fn pieces(&self, limit: u32) -> Vec<String> {
        let rows = self.rows();
        let header = self.header_rows();
        let texts = |rows: &[Row<'_>]| rows.iter().map(Row::text).collect::<Vec<_>>().join("\n");
        let (mut above, mut below) = (texts(&rows[..header]), &rows[header..]);
        if below.is_empty() || text::count(&above) > limit / 2 {
            (above, below) = (String::new(), &rows[..]);
        }
        let over = |body: &str| if above.is_empty() { body.to_owned() } else { format!("{above}\n{body}") };
        let mut pieces: Vec<String> = Vec::new();
        let mut open = String::new();
        for group in self.groups(below) {
            let body = texts(group);
            let grown = if open.is_empty() { over(&body) } else { format!("{open}\n{body}") };
            if text::count(&grown) <= limit {
                open = grown;
                continue;
            }
            pieces.extend((!open.is_empty()).then(|| std::mem::take(&mut open)));
            let alone = over(&body);
            if text::count(&alone) <= limit {
                open = alone;
            } else {
                pieces.extend(text::pieces(&alone, limit).into_iter().map(|piece| piece.trim().to_owned()));
            }
        }
        pieces.push(open);
        pieces.retain(|piece| !piece.trim().is_empty());
        pieces
    }

    /// Runs of rows that no cell spans out of.
    fn groups<'a, 'b>(&self, rows: &'b [Row<'a>]) -> impl Iterator<Item = &'b [Row<'a>]> {
        let mut end = 0;
        rows.chunk_by(move |row, next| {
            let reach = row.cells.iter().map(|cell| row.number.saturating_add(cell.row_span.max(1))).max().unwrap_or(0);
            end = end.max(reach);
            next.number < end
        })
    }

    /// Cells by tab, rows by newline; line breaks inside a cell become blanks.
    pub fn plain_text(&self) -> String {
        let mut text = String::new();
        let mut number = 0;
        for row in self.rows() {
            while number < row.number {
                text.push('\n');
                number += 1;
            }
            text.push_str(&row.text());
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

#[cfg(test)]
mod tests {
    use crate::document::{Block, Cell, Table};

    fn table(rows: &[&[&str]], header: usize) -> Table {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        Block::table(&rows, header).table.unwrap()
    }

    #[test]
    fn plain_text_keeps_the_place_of_cells() {
        let mut table = table(&[&["a", "b\n c"], &["", "d"]], 0);
        assert_eq!(table.plain_text(), "a\tb c\n\td");
        table.cells.retain(|cell| cell.row == 1);
        assert_eq!(table.plain_text(), "\n\td");
    }

    #[test]
    fn headers_of_two_rows_and_spans() {
        let mut table = table(&[&["", "price", ""], &["wood", "net", "gross"], &["oak", "1", "2"]], 2);
        table.cells.retain(|cell| !(cell.row == 0 && cell.column == 2));
        table.cells[1].column_span = 2;
        assert_eq!(table.headers(), ["wood", "price net", "price gross"]);
        assert_eq!(table.records()[0][2].0, "price gross");
        table.cells[1].column_span = 99;
        assert_eq!(table.headers().len(), 3, "a span that is too wide does no harm");
    }

    #[test]
    fn pieces_repeat_the_header_and_lose_no_row() {
        let rows: Vec<Vec<String>> =
            (0..40)
                .map(|row| {
                    if row == 0 {
                        vec!["id".into(), "name".into()]
                    } else {
                        vec![row.to_string(), format!("ship{row}")]
                    }
                })
                .collect();
        let table = Block::table(&rows, 1).table.unwrap();
        for limit in [12, 30, 64, 1000] {
            let pieces = table.pieces(limit);
            let mut found = Vec::new();
            for piece in &pieces {
                assert!(crate::text::count(piece) <= limit, "{piece}");
                let mut lines = piece.lines();
                assert_eq!(lines.next(), Some("id\tname"));
                found.extend(lines.map(|line| line.split('\t').next().unwrap().parse::<u32>().unwrap()));
            }
            assert_eq!(found, (1..40).collect::<Vec<_>>(), "limit {limit}");
        }
    }

    #[test]
    fn a_header_that_is_too_large_and_rows_that_are_too_long_are_cut() {
        let long = "word ".repeat(60);
        let table = table(&[&[&long, "b"], &["x", &long]], 1);
        let pieces = table.pieces(20);
        assert!(pieces.iter().all(|piece| crate::text::count(piece) <= 20));
        assert_eq!(pieces.iter().map(|p| p.matches("word").count()).sum::<usize>(), 120);
    }

    #[test]
    fn rows_that_share_a_cell_stay_together() {
        let mut table = table(&[&["a", "1"], &["", "2"], &["b", "3"]], 0);
        table.cells[0].row_span = 2;
        table.cells.remove(2);
        assert_eq!(table.pieces(8), ["a\t1\n\t2", "b\t3"]);
    }

    #[test]
    fn headers_alone_and_nothing_at_all() {
        assert_eq!(table(&[&["a", "b"]], 1).pieces(50), ["a\tb"]);
        assert!(Table { rows: 0, columns: 0, cells: Vec::<Cell>::new() }.pieces(50).is_empty());
        assert!(table(&[&["", " "]], 0).pieces(50).is_empty());
    }
}
