//! A whole file of delimited text → one grid.

use crate::Merges;
use crate::delimited::{Records, sniff};
use crate::typed::typed;
use crate::writer::{Entry, Hints, Writer};
use mortise_sdk::document::{Place, Value};
use mortise_sdk::parser::{File, Output};
use mortise_sdk::{Result, host};
use mortise_shared_encoding::TextReader;

/// Text that the delimiter is found by, bytes.
const SAMPLE: usize = 64 << 10;

/// A field may be as long as the reader's records.
const LONGEST: usize = 4 << 20;

/// Reads a file of delimited text as one sheet, streamed. `usual` is the delimiter that the file's name promises, and
/// `delimiter` one that is known. Rows whose number of fields differs from the first one's are kept, with one warning.
///
/// # Errors
/// `invalid-input` if the file is not text.
pub fn read_delimited(file: &File<'_>, usual: char, delimiter: Option<char>, out: &mut Output) -> Result<()> {
    let mut reader = TextReader::new(file, None);
    let mut text = String::new();
    let mut more = true;
    while more && text.len() < SAMPLE {
        more = reader.read(&mut text)?;
    }
    let mut dialect = sniff(&text, usual);
    if let Some(delimiter) = delimiter {
        dialect.delimiter = delimiter;
    }
    text.drain(..dialect.skip);
    let stem = file.name();
    let part = out.start_part(stem.rsplit_once('.').map_or(stem.as_str(), |(stem, _)| stem), "text/csv");
    out.pages(1);
    let mut rows = Rows {
        writer: Writer::new(part, 1, Hints { longest: Some(LONGEST), ..Hints::default() }, Merges::default()),
        number: 0,
        ragged: Ragged::default(),
    };
    let mut records = Records::new(dialect.delimiter);
    loop {
        records.feed(&text);
        text.clear();
        if !more {
            records.finish();
        }
        loop {
            let line = records.line();
            let Some(record) = records.next_record() else { break };
            rows.add(record, line, out);
        }
        if !more {
            break;
        }
        host::progress(reader.progress(), "reading rows");
        more = reader.read(&mut text)?;
    }
    let written = rows.writer.finish(out);
    let delimiter = dialect.delimiter.to_string();
    let metadata = serde_json::json!({"encoding": reader.encoding(), "delimiter": delimiter, "rows": written.rows});
    out.metadata(&metadata);
    let page = || Some(Place { page: 1, rect: None });
    let told = [
        reader.warning(),
        rows.ragged.warning(),
        records
            .unclosed()
            .map(|line| format!("a quote in line {line} never closes; it was read as an ordinary character")),
        (records.cut() > 0).then(|| format!("{} records were too long and were cut in two", records.cut())),
    ];
    for warning in told.into_iter().flatten().chain(written.warnings()) {
        out.warn(page(), &warning);
    }
    Ok(())
}

struct Rows {
    writer: Writer,
    number: u32,
    ragged: Ragged,
}

impl Rows {
    fn add(&mut self, record: Vec<String>, line: u64, out: &mut Output) {
        if record.iter().all(|f| f.trim().is_empty()) {
            return;
        }
        self.ragged.pass(record.len(), line);
        let entries = record.into_iter().enumerate().filter_map(|(column, text)| {
            let value = typed(&text);
            let text = if text.trim().len() == text.len() { text } else { text.trim().to_string() };
            (!matches!(value, Value::None)).then_some(Entry { column: column as u32, text, value, bold: false })
        });
        self.writer.row(self.number, entries.collect(), out);
        self.number = self.number.saturating_add(1);
    }
}

/// Rows that have another number of fields than the first.
#[derive(Default)]
struct Ragged {
    fields: Option<usize>,
    count: u64,
    first: u64,
}

impl Ragged {
    fn pass(&mut self, fields: usize, line: u64) {
        let usual = *self.fields.get_or_insert(fields);
        if fields != usual {
            self.count += 1;
            if self.count == 1 {
                self.first = line;
            }
        }
    }

    fn warning(&self) -> Option<String> {
        let (count, first, usual) = (self.count, self.first, self.fields.unwrap_or(0));
        let rows = if count == 1 { "row has" } else { "rows have" };
        (count > 0).then(|| format!("{count} {rows} other numbers of fields than the first, which has {usual}; the first such row is in line {first}"))
    }
}
