//! Spreadsheets (`xlsx`, `xlsm`, `xls`, `ods`): see `README.md` for the rules.
//!
//! Which format a file has is told by its bytes, not its name. Every format has a module that reads its rows one by one
//! into the writer of `mortise_shared_grid`, so that a sheet never stands in memory whole.

mod ods;
mod xls;
mod xlsx;

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Error, Result, host};
use mortise_shared_grid::read_delimited;
use mortise_shared_ole::Ole;
use mortise_shared_packed::{Limits, Package};

/// The parser.
pub struct Sheet;

/// Settings of the parser.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Settings {
    /// Read sheets that their author has hidden, too.
    pub hidden_sheets: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { hidden_sheets: true }
    }
}

/// Sheets of a workbook at most.
const MOST_SHEETS: usize = 4_000;

impl Parser for Sheet {
    type Config = Settings;

    fn describe() -> Description {
        Description::new("sheet", env!("CARGO_PKG_VERSION"), "Spreadsheets of Excel and OpenDocument, row by row")
    }

    fn accepts() -> Accepts {
        let media_types = &[
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
            "application/vnd.ms-excel",
            "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-excel.template.macroenabled.12",
            "application/vnd.oasis.opendocument.spreadsheet",
            "application/vnd.oasis.opendocument.spreadsheet-template",
        ];
        accepts(media_types, &["xlsx", "xlsm", "xltx", "xltm", "xls", "xlt", "ods", "ots"])
    }

    fn parse(file: &File<'_>, config: Settings, out: &mut Output) -> Result<()> {
        let head = file.read(0, 8);
        if head.is_empty() {
            return Err(Error::invalid_input("the file is empty"));
        }
        if Ole::is_compound(file) {
            return Ok(xls::parse(file, &config, out)?);
        }
        if head.starts_with(b"PK") {
            // Rows are streamed: what a regular sheet of a million equal rows unpacks to does no harm.
            let limits = Limits { ratio: 2_000, part_bytes: 1 << 30, total_bytes: 2 << 30, ..Limits::default() };
            let package = Package::open_with(file, limits)?;
            return if ods::is_one(&package) {
                Ok(ods::parse(&package, &config, out)?)
            } else if package.contains("xl/workbook.bin") {
                Err(Error::unsupported("a binary Excel workbook (xlsb); save it as xlsx"))
            } else {
                Ok(xlsx::parse(&package, &config, out)?)
            };
        }
        // What other programs export under the name of a workbook is often delimited text.
        match text_kind(&file.read(0, 1024)) {
            Text::Rows => read_delimited(file, '\t', None, out),
            Text::Markup(what) => Err(Error::unsupported(format!("this is {what} under the name of a spreadsheet"))),
            Text::Biff => Err(Error::unsupported("a workbook of Excel 4 or older; save it in a current format")),
            Text::None => Err(Error::invalid_input("damaged or not a spreadsheet")),
        }
    }
}

/// How far the workbook is read. How many rows a sheet has is not known before its end: the share of a sheet rises ever
/// slower, but it rises, which tells the host that the parser is at work.
pub(crate) struct Rising {
    sheets: f32,
    sheet: f32,
    rows: u32,
    note: String,
}

impl Rising {
    pub(crate) fn new(sheets: usize) -> Self {
        Self { sheets: sheets.max(1) as f32, sheet: 0.0, rows: 0, note: String::new() }
    }

    pub(crate) fn sheet(&mut self, index: usize, name: &str) {
        (self.sheet, self.rows, self.note) = (index as f32, 0, format!("reading sheet {name}"));
        host::progress(self.sheet / self.sheets, &self.note);
    }

    pub(crate) fn row(&mut self) {
        self.rows = self.rows.saturating_add(1);
        if self.rows.is_multiple_of(2_000) {
            let share = 1.0 - 1.0 / (1.0 + self.rows as f32 / 100_000.0);
            host::progress((self.sheet + share) / self.sheets, &self.note);
        }
    }
}

enum Text {
    Rows,
    Markup(&'static str),
    Biff,
    None,
}

fn text_kind(head: &[u8]) -> Text {
    let start = head.trim_ascii_start();
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let begins = |word: &[u8]| start.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    match head {
        [9, 0 | 2 | 4, 4 | 6 | 8, 0, ..] => Text::Biff,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Text::Rows,
        _ if begins(b"<?xml") => Text::Markup("an XML file"),
        _ if begins(b"<html") || begins(b"<!doctype") || begins(b"<table") || begins(b"<meta") => {
            Text::Markup("an HTML page")
        }
        _ if head.iter().any(|b| matches!(b, 0..=8 | 0x0E..=0x1A | 0x7F)) || !in_columns(head) => Text::None,
        _ => Text::Rows,
    }
}

/// Text of a table: its first two lines both have the same delimiter. A message in place of the file has not.
fn in_columns(head: &[u8]) -> bool {
    let mut lines = head.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let (Some(first), Some(second)) = (lines.next(), lines.next()) else { return false };
    b"\t;,".iter().any(|delimiter| first.contains(delimiter) && second.contains(delimiter))
}

mortise_sdk::export_parser!(Sheet);
