//! How a chunk falls into child chunks.

use crate::Delimiters;
use crate::delimiter::find_all;
use std::ops::Range;

/// The children of `text` as ranges: it is cut after every delimiter, soft or hard, each taken literally; the
/// delimiter stays at the end of the child before it. A delimiter with nothing but white space before it makes no
/// child. A text without any delimiter is its own only child.
pub fn children(text: &str, delimiters: &Delimiters) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut children = Vec::new();
    for found in find_all(text, delimiters.alternatives()) {
        if !text[start..found.start].trim().is_empty() {
            children.push(start..found.end);
        }
        start = found.end;
    }
    if !text[start..].trim().is_empty() {
        children.push(start..text.len());
    }
    children
}
