//! `blocks-in`: the parsed document, as a chunker reads it.

use mortise_domain::block::{Block, Parsed};
use mortise_domain::source::SourceFile;
use std::sync::Arc;

/// What a guest's handle of the document stands for.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Reader {
    pub(crate) file: SourceFile,
    pub(crate) parsed: Arc<Parsed>,
}

impl Reader {
    /// At most `count` blocks from position `first`; fewer only at the end.
    pub(crate) fn blocks(&self, first: u32, count: u32) -> &[Block] {
        let blocks = &self.parsed.blocks;
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX).min(blocks.len());
        &blocks[place(first)..place(first.saturating_add(count))]
    }
}
