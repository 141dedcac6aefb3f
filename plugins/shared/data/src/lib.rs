//! Data → blocks: what JSON, YAML and XML have in common once their syntax is read.
//!
//! [`Tree`] takes the events of a nested document (objects, lists, scalars) and tells them as records:
//!
//! | data | block |
//! |---|---|
//! | a scalar | `key-value`: `path.to.key: value` |
//! | short scalars of one list | one `key-value`: `path.to.key: a, b, c` |
//! | the end of a record | an empty `separator` before the next |
//! | null, an empty text, an empty list or object | nothing |
//!
//! Records are the elements of the outermost list, those of lists right below the outermost object, and the objects
//! right below it; what names them (an index) is no part of the path. Elsewhere a list of objects counts from 0:
//! `orders.0.price: 5`. From the 200,000th block on, lines are packed into blocks of about a kilobyte: a host takes only
//! so many blocks.
//!
//! [`Records`] is the layer below, for formats with an order of their own.

mod records;
mod tree;

pub use records::{LONGEST, Records};
pub use tree::{DEEPEST, Tree};
