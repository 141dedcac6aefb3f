//! The cells of one sheet. Records come in blocks of rows, within which cells of a row follow each other; rows of a block
//! are put in order before they are written.

use super::globals::{Globals, Named};
use super::records::{Record, Records, f64_at, u16_at, u32_at};
use mortise_sdk::document::{Block, BlockKind, Place, Value};
use mortise_sdk::parser::Output;
use mortise_shared_grid::{Entry, Format, Hints, Merges, Range, Writer};

/// Rows that are held until they are written: blocks have 32.
const HELD: usize = 64;

struct Rows<'g> {
    globals: &'g Globals,
    held: std::collections::BTreeMap<u32, Vec<Entry>>,
    /// The cell of a formula whose text comes in the next record.
    waiting: Option<(u32, u32, u16)>,
    writer: Writer,
}

/// Reads a sheet; gives warnings.
pub(crate) fn read(
    records: &mut Records<'_, '_>,
    globals: &Globals,
    sheet: &Named,
    part: u32,
    page: u32,
    (spent, progress): (&mut u64, &mut crate::Rising),
    out: &mut Output,
) -> Vec<String> {
    let (hints, merges, comments) = outlook(records, sheet);
    records.seek(sheet.start);
    if records.peek().is_none_or(|kind| kind != 0x0809) {
        return vec![format!("the sheet {} is missing", sheet.name)];
    }
    let writer = Writer::new(part, page, Hints { spent: *spent, ..hints }, merges);
    let mut rows = Rows { globals, held: Default::default(), waiting: None, writer };
    let mut depth = 0u32;
    let mut complete = false;
    while let Some(record) = records.next() {
        match record.kind {
            // BOF and EOF: charts within the sheet are streams of their own.
            0x0809 => depth += 1,
            0x000A => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    complete = true;
                    break;
                }
            }
            _ if depth == 1 => rows.record(&record),
            _ => {}
        }
        while rows.held.len() > HELD {
            rows.write_first(out);
            progress.row();
        }
    }
    while !rows.held.is_empty() {
        rows.write_first(out);
    }
    let written = rows.writer.finish(out);
    *spent = written.spent;
    for text in comments {
        out.emit(Block { part, places: vec![Place { page, rect: None }], ..Block::new(0, BlockKind::Note, text) });
    }
    let cut = (!complete).then(|| format!("the sheet {} is cut short", sheet.name));
    written.warnings().chain(cut).collect()
}

/// Merged ranges, frozen rows and comments, which stand behind the cells.
fn outlook(records: &mut Records<'_, '_>, sheet: &Named) -> (Hints, Merges, Vec<String>) {
    records.seek(sheet.start);
    let mut ranges = Vec::new();
    let mut frozen = None;
    let mut window = 0;
    let mut depth = 0u32;
    let mut text: Option<usize> = None;
    let mut comments = Vec::new();
    while let Some(Record { kind, data }) = records.next() {
        match kind {
            0x0809 => depth += 1,
            0x000A if depth <= 1 => break,
            0x000A => depth -= 1,
            // MERGECELLS
            0x00E5 => {
                let count = usize::from(u16_at(&data, 0)).min(data.len() / 8);
                ranges.extend((0..count).map(|i| {
                    let field = |n: usize| u32::from(u16_at(&data, 2 + i * 8 + n * 2));
                    Range {
                        top: field(0),
                        bottom: field(1).max(field(0)),
                        left: field(2),
                        right: field(3).max(field(2)),
                    }
                }));
            }
            // WINDOW2: bit 3 says that panes are frozen.
            0x023E => window = u16_at(&data, 0),
            // PANE
            0x0041 if window & 8 != 0 => frozen = Some(u32::from(u16_at(&data, 2))),
            // TXO: the text of a comment or a shape is in the record that follows.
            0x01B6 => text = Some(usize::from(u16_at(&data, 10))),
            0x003C => {
                if let Some(count) = text.take().filter(|n| *n > 0) {
                    let piece = [data];
                    let found = super::text::Pieces::new(&piece, 0).characters(count).unwrap_or_default();
                    if !found.trim().is_empty() && comments.len() < 10_000 {
                        comments.push(found.trim().to_string());
                    }
                }
            }
            _ => {}
        }
    }
    let header = frozen.filter(|rows| (1..=5).contains(rows)).map(|rows| (0, rows - 1));
    (Hints { header, ..Hints::default() }, Merges::new(ranges), comments)
}

impl Rows<'_> {
    fn write_first(&mut self, out: &mut Output) {
        if let Some((row, entries)) = self.held.pop_first() {
            self.writer.row(row, entries, out);
        }
    }

    fn record(&mut self, record: &Record) {
        let data = record.data.as_slice();
        let (row, column, style) = (u32::from(u16_at(data, 0)), u32::from(u16_at(data, 2)), u16_at(data, 4));
        match record.kind {
            // LABELSST
            0x00FD => {
                let text = self.globals.strings.get(u32_at(data, 6) as usize).cloned();
                self.text(row, column, style, text.unwrap_or_default());
            }
            // LABEL, RSTRING
            0x0204 | 0x00D6 => {
                let text = self.globals.string(data, 6, true).unwrap_or_default();
                self.text(row, column, style, text);
            }
            // NUMBER
            0x0203 => self.number(row, column, style, f64_at(data, 6)),
            // RK
            0x027E => self.number(row, column, style, rk(u32_at(data, 6))),
            // MULRK: the last two bytes are the last column.
            0x00BD => {
                let count = data.len().saturating_sub(6) / 6;
                for i in 0..count {
                    let at = 4 + i * 6;
                    self.number(row, column + i as u32, u16_at(data, at), rk(u32_at(data, at + 2)));
                }
            }
            // BOOLERR
            0x0205 => self.truth(row, column, style, data.get(6).copied().unwrap_or(0), data.get(7) == Some(&1)),
            // FORMULA: its last result.
            0x0006 | 0x0206 | 0x0406 => match (data.get(6), u16_at(data, 12)) {
                (Some(0), 0xFFFF) => self.waiting = Some((row, column, style)),
                (Some(1), 0xFFFF) => self.truth(row, column, style, data.get(8).copied().unwrap_or(0), false),
                (Some(2), 0xFFFF) => self.truth(row, column, style, data.get(8).copied().unwrap_or(0), true),
                (_, 0xFFFF) => {}
                _ => self.number(row, column, style, f64_at(data, 6)),
            },
            // STRING: the text of the formula before it.
            0x0207 => {
                if let Some((row, column, style)) = self.waiting.take() {
                    let text = self.globals.string(data, 0, true).unwrap_or_default();
                    self.text(row, column, style, text);
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, row: u32, entry: Entry) {
        self.held.entry(row).or_default().push(entry);
    }

    fn text(&mut self, row: u32, column: u32, style: u16, text: String) {
        let text = text.trim().to_string();
        if text.is_empty() {
            return;
        }
        let bold = self.globals.style(style).1;
        self.put(row, Entry { column, value: Value::Text(text.clone()), text, bold });
    }

    fn number(&mut self, row: u32, column: u32, style: u16, number: f64) {
        if !number.is_finite() {
            return;
        }
        let (format, bold) = self.globals.style(style);
        let shown = format.unwrap_or(&Format::General).show(number, self.globals.calendar);
        self.put(row, Entry { column, text: shown.text, value: shown.value, bold });
    }

    fn truth(&mut self, row: u32, column: u32, style: u16, value: u8, error: bool) {
        if error {
            let name = match value {
                0x00 => "#NULL!",
                0x07 => "#DIV/0!",
                0x0F => "#VALUE!",
                0x17 => "#REF!",
                0x1D => "#NAME?",
                0x24 => "#NUM!",
                _ => "#N/A",
            };
            return self.text(row, column, style, name.into());
        }
        let (text, value) = if value != 0 { ("TRUE", true) } else { ("FALSE", false) };
        let bold = self.globals.style(style).1;
        self.put(row, Entry { column, text: text.into(), value: Value::Boolean(value), bold });
    }
}

/// A number in 30 bits: a whole number or the upper part of a double, maybe times a hundred.
fn rk(raw: u32) -> f64 {
    let number = if raw & 2 != 0 { f64::from(raw as i32 >> 2) } else { f64::from_bits(u64::from(raw & !3) << 32) };
    if raw & 1 != 0 { number / 100.0 } else { number }
}

#[cfg(test)]
mod tests {
    use super::rk;

    #[test]
    fn short_numbers() {
        assert_eq!(rk(0x3FF0_0000), 1.0);
        assert_eq!(rk((1234 << 2) | 3), 12.34);
        assert_eq!(rk(((-5i32 << 2) as u32) | 2), -5.0);
    }
}
