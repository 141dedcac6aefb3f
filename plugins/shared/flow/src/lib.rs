//! Running text → blocks, for formats that come as characters with marks between them (RTF, Word 97–2003).
//!
//! A [`Flow`] takes text, ends of paragraphs, cells and rows, and makes blocks of them; [`table`](make) finds the columns of
//! rows by their borders, with spans; [`role`] tells what a style's name means.

mod flow;
mod roles;
mod table;

pub use flow::{Flow, Look, Properties};
pub use roles::role;
pub use table::{Border, Row, make};
