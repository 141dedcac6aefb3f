//! From positioned glyphs to a document: lines, columns, reading order, paragraphs, headings, tables, running heads.
//!
//! Values in, values out; nothing here knows PDF or the plugin contract. A page interpreter gives [`PageInput`]s,
//! [`page`] lays each out by itself, and [`blocks`] looks at all pages together:
//!
//! ```text
//! glyphs ─ frame (upright) ─ segment ─ order (columns) ─ line (words, logical order) ─ table ─▶ PageLayout
//! PageLayout* ─ furniture ─ paragraph ─ heading ─ document (joins over breaks) ─▶ Block*
//! ```
//!
//! Distances are judged in em of the text at hand, never in points, so that a slide and a footnote get the same rules.

mod caption;
mod compose;
mod document;
mod figure;
mod frame;
mod furniture;
mod glyph;
mod hangul;
mod heading;
mod line;
mod marker;
mod order;
mod page;
mod paragraph;
mod script;
mod segment;
mod table;
mod text;
mod words;

pub use document::{Block, Kind, Place, blocks};
pub use glyph::{Face, Glyph, GlyphText, PageInput, Picture, Rect, Rule};
pub use page::{PageLayout, page};
pub use table::{Cell, Table};
