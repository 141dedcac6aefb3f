//! Rows in, `table` blocks out: windows of a thousand rows at most.

use crate::header::header_rows;
use crate::merges::{Merges, Range};
use mortise_sdk::document::{Block, BlockKind, Cell, Place, Table, Value};
use mortise_sdk::parser::Output;

/// Rows of a block at most.
const ROWS: u32 = 1_000;
/// Row numbers beyond this are damage; delimited text may well have more rows than any workbook.
const LAST_ROW: u32 = u32::MAX - 1_000_000;
/// Columns of a table at most: what the largest spreadsheets have.
const COLUMNS: u32 = 16_384;
/// Cells of a block at most, empty ones counted, unless a single row has more.
const CELLS: usize = 60_000;
/// Bytes of text of a block, about.
const BYTES: usize = 4 << 20;
/// Text of one cell of a workbook, characters: what Excel allows.
const LONGEST: usize = 32_767;
/// What all tables of a document may cost, in bytes as the host counts them: cells with their texts and values, and the
/// rendering. The host refuses the whole document beyond 256 MiB; a table with fewer rows and a warning is better.
const ALL: u64 = 224 << 20;
/// What a cell costs beside its text, and empty cells too.
const CELL: u64 = 64;
/// Empty cells that are listed in a grid; further ones are left out, so that a few cells far apart do no harm.
const EMPTY: usize = 2_000_000;
/// A merged range that reaches this far makes a table larger; one that goes on to the end of the sheet does not.
const REACH: u32 = 64;

/// A filled cell of a row.
#[derive(Clone, Debug)]
pub struct Entry {
    /// 0-based.
    pub column: u32,
    /// What a person sees.
    pub text: String,
    /// What it is.
    pub value: Value,
    /// Set in bold, which says something about headers.
    pub bold: bool,
}

/// What a sheet says of its rows.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// First and last header row, 0-based, where the sheet says so; else they are recognised by what they hold.
    pub header: Option<(u32, u32)>,
    /// Characters of a cell at most; none for what workbooks allow.
    pub longest: Option<usize>,
    /// What earlier grids of the document have cost: [`Written::spent`] of the one before.
    pub spent: u64,
}

/// What became of a grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows with anything in them.
    pub rows: u64,
    /// Filled cells.
    pub cells: u64,
    /// Empty cells had to be left out of the tables.
    pub sparse: bool,
    /// Texts of cells were longer than a sheet allows, and were cut.
    pub cut: u64,
    /// Rows were left out, as the grid holds more text than any real one.
    pub lost: u64,
    /// Cells were left out, as they stand further right than any spreadsheet reaches.
    pub beyond: u64,
    /// What this grid and the ones before it have cost.
    pub spent: u64,
}

impl Written {
    /// What the owner of the document should know.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let sparse = self.sparse.then(|| "empty cells were left out of the tables".to_string());
        let cut = (self.cut > 0).then(|| format!("the texts of {} cells were too long and were cut", self.cut));
        let lost = (self.lost > 0).then(|| format!("{} rows were left out: the document is too large", self.lost));
        let beyond = (self.beyond > 0).then(|| format!("{} cells beyond column {COLUMNS} were left out", self.beyond));
        [sparse, cut, lost, beyond].into_iter().flatten()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) column: u32,
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) text: String,
    pub(crate) value: Value,
    pub(crate) bold: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    row: u32,
    pub(crate) cells: Vec<Held>,
    /// Columns under cells that begin further left or above.
    covered: Vec<(u32, u32)>,
}

/// Makes the table blocks of one grid.
pub struct Writer {
    part: u32,
    page: u32,
    hints: Hints,
    merges: Merges,
    lines: Vec<Line>,
    /// Merged cells that go on below the current window, with what they show.
    open: Vec<(Range, String, Value)>,
    width: u32,
    bytes: usize,
    first: Option<u32>,
    header_done: bool,
    last: Option<u32>,
    empty: usize,
    written: Written,
}

impl Writer {
    /// For the part of that number, which is that page.
    pub fn new(part: u32, page: u32, hints: Hints, merges: Merges) -> Self {
        let written = Written { spent: hints.spent, ..Written::default() };
        Self {
            part,
            page,
            hints,
            merges,
            lines: Vec::new(),
            open: Vec::new(),
            width: 0,
            bytes: 0,
            first: None,
            header_done: false,
            last: None,
            empty: EMPTY,
            written,
        }
    }

    /// Adds a row. Cells that a merged range covers are dropped, as nobody sees them; rows must rise, and one that does
    /// not is put below the last. Empty cells may be left out.
    pub fn row(&mut self, number: u32, mut entries: Vec<Entry>, out: &mut Output) {
        let number = match self.last {
            Some(last) if number <= last => last.saturating_add(1),
            _ => number,
        };
        entries.retain(|e| !e.text.trim().is_empty());
        let all = entries.len();
        entries.retain(|e| e.column < COLUMNS);
        self.written.beyond += (all - entries.len()) as u64;
        if entries.is_empty() {
            return;
        }
        if self.written.spent > ALL || number > LAST_ROW {
            self.written.lost += 1;
            return;
        }
        let longest = self.hints.longest.unwrap_or(LONGEST);
        for entry in &mut entries {
            if entry.text.len() > longest
                && let Some((end, _)) = entry.text.char_indices().nth(longest)
            {
                entry.text.truncate(end);
                if matches!(entry.value, Value::Text(_)) {
                    entry.value = Value::Text(entry.text.clone());
                }
                self.written.cut += 1;
            }
        }
        entries.sort_by_key(|e| e.column);
        entries.dedup_by_key(|e| e.column);
        self.last = Some(number);
        self.merges.enter(number);
        self.open.retain(|(range, ..)| range.bottom >= number);
        if self.must_cut(number) {
            self.close(out);
        }
        let begins = self.lines.is_empty();
        let mut line = Line { row: number, cells: Vec::with_capacity(entries.len()), covered: Vec::new() };
        for range in self.merges.active() {
            let columns = range.right - range.left + 1;
            if range.top < number {
                line.covered.push((range.left, columns));
                // A cell that began in the window before is told again, as the part of it that stands here.
                if begins && let Some((_, text, value)) = self.open.iter().find(|(open, ..)| open == range) {
                    line.covered.pop();
                    let rows = range.bottom - number + 1;
                    line.cells.push(Held {
                        column: range.left,
                        rows,
                        columns,
                        text: text.clone(),
                        value: value.clone(),
                        bold: false,
                    });
                }
            }
        }
        for entry in entries {
            let around = self.merges.around(entry.column);
            let (rows, columns) = match around {
                Some(range) if range.top == number && range.left == entry.column => {
                    if range.bottom > number {
                        self.open.push((range, entry.text.clone(), entry.value.clone()));
                    }
                    (range.bottom - range.top + 1, range.right - range.left + 1)
                }
                Some(_) => continue,
                None => (1, 1),
            };
            self.written.cells += 1;
            self.bytes += entry.text.len();
            let Entry { column, text, value, bold } = entry;
            line.cells.push(Held { column, rows, columns, text, value, bold });
        }
        if line.cells.is_empty() {
            return;
        }
        line.cells.sort_by_key(|c| c.column);
        for cell in &line.cells {
            let reach = if cell.columns <= REACH { cell.columns } else { 1 };
            self.width = self.width.max(cell.column.saturating_add(reach));
        }
        self.written.rows += 1;
        self.lines.push(line);
    }

    /// True where the window would grow too large, or where a header begins that the sheet tells of.
    fn must_cut(&self, number: u32) -> bool {
        let Some(first) = self.lines.first() else { return false };
        let grid = self.lines.len().saturating_mul(self.width as usize);
        number - first.row >= ROWS
            || grid >= CELLS
            || self.bytes >= BYTES
            || (!self.header_done && self.hints.header.is_some_and(|(top, _)| first.row < top && number >= top))
    }

    /// Ends the grid.
    pub fn finish(mut self, out: &mut Output) -> Written {
        self.close(out);
        self.written
    }

    fn close(&mut self, out: &mut Output) {
        let lines = std::mem::take(&mut self.lines);
        let (Some(top), Some(bottom)) = (lines.first().map(|l| l.row), lines.last().map(|l| l.row)) else { return };
        let headers = self.headers(&lines, top, bottom);
        let width = std::mem::take(&mut self.width);
        self.bytes = 0;
        let reach = |l: &Line| l.cells.iter().map(|c| if c.rows <= REACH { l.row + c.rows } else { l.row + 1 }).max();
        // Rows that only the lower part of a merged cell fills count at the end of the sheet, not of a window.
        let rows = lines.iter().filter_map(reach).max().unwrap_or(bottom + 1).min(top.saturating_add(ROWS)) - top;
        let mut cells = Vec::with_capacity(lines.iter().map(|l| l.cells.len()).sum());
        for line in lines {
            let row = line.row - top;
            let header = row < headers;
            let mut covered = line.covered.into_iter().peekable();
            let mut column = 0;
            let empty = |from: u32, to: u32, cells: &mut Vec<Cell>, left: &mut usize| {
                for column in from..to {
                    if *left == 0 {
                        return false;
                    }
                    *left -= 1;
                    let (text, value) = (String::new(), Value::None);
                    cells.push(Cell { row, column, row_span: 1, column_span: 1, header, text, value });
                }
                true
            };
            for held in line.cells {
                while let Some((left, columns)) = covered.next_if(|(left, _)| *left < held.column) {
                    self.written.sparse |= !empty(column, left, &mut cells, &mut self.empty);
                    column = column.max(left.saturating_add(columns));
                }
                self.written.sparse |= !empty(column, held.column, &mut cells, &mut self.empty);
                let column_span = held.columns.min(width.saturating_sub(held.column)).max(1);
                column = held.column.saturating_add(column_span);
                let row_span = held.rows.min(rows - row).max(1);
                let Held { text, value, .. } = held;
                cells.push(Cell { row, column: held.column, row_span, column_span, header, text, value });
            }
            for (left, columns) in covered {
                self.written.sparse |= !empty(column, left.min(width), &mut cells, &mut self.empty);
                column = column.max(left.saturating_add(columns));
            }
            self.written.sparse |= !empty(column, width, &mut cells, &mut self.empty);
        }
        let table = Table { rows, columns: width, cells };
        let text = table.plain_text();
        let value = |cell: &Cell| if matches!(cell.value, Value::Text(_)) { cell.text.len() } else { 8 };
        let texts: usize = table.cells.iter().map(|cell| cell.text.len() + value(cell)).sum();
        self.written.spent += table.cells.len() as u64 * CELL + (texts + text.len()) as u64;
        let places = vec![Place { page: self.page, rect: None }];
        let id = out.emit(Block {
            table: Some(table),
            part: self.part,
            parent: self.first,
            places,
            ..Block::new(0, BlockKind::Table, text)
        });
        // Rows above the header are a table of their own, and the one below it begins anew.
        let preface = self.hints.header.is_some_and(|(header, _)| !self.header_done && bottom < header);
        if !preface {
            self.header_done = true;
            self.first.get_or_insert(id);
        }
        out.flush();
    }

    /// Header rows of the window that begins at `top`.
    fn headers(&self, lines: &[Line], top: u32, bottom: u32) -> u32 {
        if self.header_done {
            return 0;
        }
        match self.hints.header {
            Some((first, last)) if (first..=last).contains(&top) && last < bottom => last - top + 1,
            Some((first, _)) if bottom < first => 0,
            // Consecutive lines only: a gap ends a header.
            _ => match header_rows(lines) as u32 {
                n if n > 0 && lines.get(n as usize - 1).is_some_and(|l| l.row == top + n - 1) => n,
                _ => 0,
            },
        }
    }
}
