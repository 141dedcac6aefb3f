//! What the host does for guests: one file per WIT interface.

pub(crate) mod blocks_in;
pub(crate) mod blocks_out;
pub(crate) mod inference;
pub(crate) mod log;
pub(crate) mod source;
pub(crate) mod tokens;
