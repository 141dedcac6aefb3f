//! What Mortise knows about text: counting tokens and finding the terms that searches compare.
//!
//! Everything here is pure and works on borrowed text. The two large tables, the token vocabulary and the Chinese
//! dictionary, are loaded when they are first needed.

pub mod analyzer;
mod highlight;
pub mod tokens;

pub use highlight::highlight;
