//! Compound files (OLE, MS-CFB): the container of Word, Excel and PowerPoint 97–2003, of Outlook messages, and of
//! encrypted documents of any age.
//!
//! [`Ole`] reads the tables of a container from the host by range; [`Stream`] reads one stream of it, wherever its sectors
//! stand. Nothing is trusted: chains that loop or leave the file end there, and what is short is told by [`Stream::is_cut`],
//! so that a damaged document gives what it still has. [`summary`] reads the title, author and dates; [`encoding_of`] and
//! [`decode`] are about the code pages of old text.

mod code_page;
mod compound;
mod error;
mod stream;
mod summary;

pub use code_page::{decode, encoding_of};
pub use compound::{Entry, Kind, Ole};
pub use error::Error;
pub use stream::Stream;
pub use summary::summary;
