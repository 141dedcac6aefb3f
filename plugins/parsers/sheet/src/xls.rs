//! Workbooks of Excel 5 to 2003 (BIFF5, BIFF8): a stream of records within a compound file.

mod globals;
mod records;
mod rows;
mod text;

use crate::Settings;
use globals::Globals;
use mortise_sdk::document::Place;
use mortise_sdk::parser::{File, Output};
use mortise_shared_ole::{Error, Ole, summary};
use records::Records;

pub(crate) fn parse(file: &File<'_>, config: &Settings, out: &mut Output) -> Result<(), Error> {
    let ole = Ole::open(file)?;
    ole.refuse_encrypted()?;
    let name = if ole.find("Workbook").is_some() { "Workbook" } else { "Book" };
    let stream = ole.stream(name)?;
    let cut = stream.is_cut();
    let mut records = Records::new(stream);
    let globals = Globals::read(&mut records)?;
    out.metadata(&summary(&ole).into());
    out.pages(globals.sheets.len() as u32);
    if cut {
        out.warn(None, "the file is cut short; what is missing was left out");
    }
    let mut progress = crate::Rising::new(globals.sheets.len());
    let mut spent = 0;
    for (index, sheet) in globals.sheets.iter().enumerate() {
        if sheet.hidden && !config.hidden_sheets {
            continue;
        }
        let page = index as u32 + 1;
        progress.sheet(index, &sheet.name);
        let part = out.start_part(&sheet.name, "application/vnd.ms-excel");
        for warning in rows::read(&mut records, &globals, sheet, part, page, (&mut spent, &mut progress), out) {
            out.warn(Some(Place { page, rect: None }), &warning);
        }
    }
    Ok(())
}
