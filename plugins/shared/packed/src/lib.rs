//! Zip + XML containers of office formats (docx, xlsx, pptx, odt, epub), read safely.
//!
//! Three rooms: [`Package`] finds parts in the archive and inflates them under [`Limits`], [`Xml`] pulls tokens out of
//! a part without ever expanding an entity, and [`Relationships`] follows the links between parts. Parts are streamed:
//! nothing here holds a whole document unless it is asked to ([`Package::read`]).
//!
//! ```no_run
//! # fn f(file: &mortise_sdk::parser::File<'_>) -> Result<(), mortise_shared_packed::Error> {
//! use mortise_shared_packed::{Package, Token};
//! let package = Package::open(file)?;
//! let main = package.main_part()?;
//! let mut xml = package.xml(&main)?;
//! while let Some(token) = xml.next()? {
//!     if let Token::Text(text) = token {
//!         println!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod error;
mod package;
mod properties;
mod reader;
mod relationships;
mod xml;

pub use error::Error;
pub use package::{Limits, Package, Part};
pub use properties::core_properties;
pub use relationships::{Relationship, Relationships};
pub use xml::{Namespace, Tag, Token, Xml};
