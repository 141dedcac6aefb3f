//! Grids of cells: what spreadsheets and delimited text have in common.
//!
//! Rows go into a [`Writer`] as they are read; it makes `table` blocks of at most a thousand rows of them, in the form that
//! chunkers rely on, and never holds more than one such window. [`Merges`] are the merged ranges of a sheet. [`Format`] is
//! a number format of Excel and OpenDocument, which makes the text that a person sees; [`Calendar`] turns day numbers into
//! dates; [`typed`] finds the value that a piece of text stands for; [`Records`] reads delimited text, and
//! [`read_delimited`] a whole file of it.

mod calendar;
mod delimited;
mod file;
mod format;
mod header;
mod merges;
mod typed;
mod writer;

pub use calendar::{Calendar, Moment};
pub use delimited::{Dialect, Records, sniff};
pub use file::read_delimited;
pub use format::{Format, Shown};
pub use merges::{Merges, Range};
pub use typed::typed;
pub use writer::{Entry, Hints, Writer, Written};
