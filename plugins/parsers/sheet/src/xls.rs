//! Workbooks of Excel 5 to 2003.

use crate::Settings;
use mortise_sdk::parser::{File, Output};
use mortise_shared_ole::{Error, Ole};

pub(crate) fn parse(file: &File<'_>, _config: &Settings, _out: &mut Output) -> Result<(), Error> {
    Ole::open(file)?.refuse_encrypted()
}
