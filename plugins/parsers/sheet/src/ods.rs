//! OpenDocument spreadsheets.

use crate::Settings;
use mortise_sdk::parser::Output;
use mortise_shared_packed::{Error, Package};

pub(crate) fn is_one(package: &Package<'_>) -> bool {
    package.contains("content.xml") && !package.contains("xl/workbook.xml")
}

pub(crate) fn parse(_package: &Package<'_>, _config: &Settings, _out: &mut Output) -> Result<(), Error> {
    Err(Error::MissingPart("ods".into()))
}
