//! PowerPoint 97–2003.

use mortise_sdk::parser::{File, Output};
use mortise_shared_ole::{Error, Ole};

pub(crate) fn parse(file: &File<'_>, _out: &mut Output) -> Result<(), Error> {
    Ole::open(file)?.refuse_encrypted()
}
