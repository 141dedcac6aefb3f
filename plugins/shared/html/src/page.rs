//! What a page gives.

use mortise_sdk::document::Block;
use mortise_sdk::parser::Output;

/// A page that was read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// `<title>`, if it says something.
    pub title: Option<String>,
    /// `<html lang>`.
    pub language: Option<String>,
    /// Other things that the head tells: `description`, `author`, `keywords`, `published`.
    pub properties: Vec<(&'static str, String)>,
    /// Blocks in reading order; ids and parents are places in this list.
    pub blocks: Vec<Block>,
    /// Why the end of the page is missing, if it is.
    pub warning: Option<String>,
}

/// Emits blocks that refer to each other by their place in the list, in part `part` of the document. `first` is the
/// id that the first of them gets: how many blocks were emitted before. Gives the id that comes next.
pub fn emit(blocks: Vec<Block>, first: u32, part: u32, out: &mut Output) -> u32 {
    let mut next = first;
    for block in blocks {
        let parent = block.parent.map(|place| place + first);
        next = out.emit(Block { parent, part, ..block }) + 1;
    }
    next
}
