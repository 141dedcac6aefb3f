//! What the host does for guests: one file per kind of thing, in the domain's words. Each line of the contract calls
//! these from its own imports.

pub(crate) mod blocks_in;
pub(crate) mod blocks_out;
pub(crate) mod inference;
pub(crate) mod log;
pub(crate) mod source;
pub(crate) mod tokens;
