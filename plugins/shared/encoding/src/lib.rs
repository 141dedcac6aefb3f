//! Bytes of unknown encoding → text.
//!
//! [`TextReader`] gives the text of a file window by window, whatever its size; [`decode`] takes bytes in memory.
//! The encoding is found in this order: byte order mark; a declaration (HTML, XML) that the bytes do not contradict;
//! UTF-16 without a mark; UTF-8, also where a few bytes of it are broken; own rules for short East Asian texts
//! (module `east_asian`); a statistical detector. What is not text at all is refused by [`binary_reason`].

mod binary;
mod detect;
mod east_asian;
mod read;
mod transfer;

pub use binary::binary_reason;
pub use detect::{Detected, detect};
pub use encoding_rs::Encoding;
pub use read::{Decoded, TextReader, decode};
pub use transfer::{base64, quoted_printable};
