//! What all sheets share: their names, strings and number formats.

use super::records::{Records, u16_at, u32_at};
use super::text::{Pieces, bytes, unicode};
use mortise_shared_grid::{Calendar, Format};
use mortise_shared_ole::Error;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Bytes of all shared strings together.
const MOST_TEXT: usize = 96 << 20;

/// A sheet, and where its records begin.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) start: u64,
    pub(crate) hidden: bool,
}

#[derive(Default)]
pub(crate) struct Globals {
    /// BIFF8, whose strings are Unicode; else BIFF5.
    pub(crate) unicode: bool,
    pub(crate) code_page: u16,
    pub(crate) calendar: Calendar,
    pub(crate) sheets: Vec<Named>,
    pub(crate) strings: Vec<String>,
    formats: Vec<Rc<Format>>,
    bold: Vec<bool>,
}

impl Globals {
    pub(crate) fn read(records: &mut Records<'_, '_>) -> Result<Self, Error> {
        let damaged = || Error::Damaged("the workbook has no records (is the upload complete?)".into());
        let begin = records.next().ok_or_else(damaged)?;
        if begin.kind != 0x0809 {
            return Err(damaged());
        }
        let mut globals = Self { unicode: u16_at(&begin.data, 0) >= 0x0600, code_page: 1252, ..Self::default() };
        let mut codes: BTreeMap<u16, Rc<Format>> = BTreeMap::new();
        let mut fonts: Vec<bool> = Vec::new();
        while let Some(record) = records.next() {
            let data = &record.data;
            match record.kind {
                // FILEPASS
                0x002F => return Err(Error::Encrypted),
                // CODEPAGE
                0x0042 => globals.code_page = u16_at(data, 0),
                // DATEMODE
                0x0022 if u16_at(data, 0) == 1 => globals.calendar = Calendar::From1904,
                // BOUNDSHEET; kinds other than sheets of cells are charts and macros.
                0x0085
                    if data.get(5).is_some_and(|kind| kind & 0x0F == 0)
                        && globals.sheets.len() < crate::MOST_SHEETS =>
                {
                    let name = globals.string(data, 6, false).unwrap_or_default();
                    let hidden = data.get(4).is_some_and(|state| state & 3 != 0);
                    globals.sheets.push(Named { name, start: u64::from(u32_at(data, 0)), hidden });
                }
                // FONT
                0x0031 => {
                    // There is no font number 4.
                    if fonts.len() == 4 {
                        fonts.push(false);
                    }
                    fonts.push(u16_at(data, 6) >= 700);
                }
                // FORMAT
                0x041E => {
                    if let Some(code) = globals.string(data, 2, globals.unicode) {
                        codes.insert(u16_at(data, 0), Rc::new(Format::parse(&code)));
                    }
                }
                // XF
                0x00E0 => {
                    let id = u16_at(data, 2);
                    let format = codes.entry(id).or_insert_with(|| Rc::new(Format::built_in(u32::from(id))));
                    globals.formats.push(Rc::clone(format));
                    globals.bold.push(fonts.get(usize::from(u16_at(data, 0))).copied().unwrap_or(false));
                }
                // SST
                0x00FC => globals.shared_strings(record.data, records)?,
                // EOF
                0x000A => break,
                _ => {}
            }
        }
        if globals.sheets.is_empty() && !globals.unicode {
            // A single sheet without a workbook around it.
            globals.sheets.push(Named { name: "Sheet1".into(), start: 0, hidden: false });
        }
        Ok(globals)
    }

    fn shared_strings(&mut self, first: Vec<u8>, records: &mut Records<'_, '_>) -> Result<(), Error> {
        let count = u32_at(&first, 4) as usize;
        let mut pieces = vec![first];
        let mut size = 0;
        while records.peek() == Some(0x003C) {
            let Some(record) = records.next() else { break };
            size += record.data.len();
            if size > MOST_TEXT {
                return Err(Error::Limit(format!("its shared strings are larger than {} MiB", MOST_TEXT >> 20)));
            }
            pieces.push(record.data);
        }
        let mut cursor = Pieces::new(&pieces, 8);
        while self.strings.len() < count {
            let Some(text) = cursor.string() else { break };
            self.strings.push(text);
        }
        Ok(())
    }

    /// A string of this version of the format.
    pub(crate) fn string(&self, data: &[u8], at: usize, wide_length: bool) -> Option<String> {
        if self.unicode { unicode(data, at, wide_length) } else { bytes(data, at, wide_length, self.code_page) }
    }

    /// Format and weight of a cell style.
    pub(crate) fn style(&self, number: u16) -> (Option<&Format>, bool) {
        let number = usize::from(number);
        (self.formats.get(number).map(|f| f.as_ref()), self.bold.get(number).copied().unwrap_or(false))
    }
}
