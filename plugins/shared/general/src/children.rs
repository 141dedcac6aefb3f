//! Parents and children: text chunks that fall apart at the children's delimiters.

use crate::Draft;
use mortise_sdk::chunker::{Chunk, ChunkKind, Chunks};
use mortise_shared_text::Delimiters;
use mortise_shared_text::children::children;

/// The result: the chunks as they are, or with `delimiters` the children of every text chunk and the texts of their
/// parents. Tables and pictures have no children.
pub fn descend(drafts: Vec<Draft>, delimiters: Option<&Delimiters>) -> Chunks {
    let Some(delimiters) = delimiters else {
        return Chunks { chunks: drafts.into_iter().map(|draft| draft.chunk).collect(), parents: vec![] };
    };
    let mut result = Chunks { chunks: vec![], parents: vec![] };
    for Draft { chunk: parent, spans, .. } in drafts {
        if parent.kind != ChunkKind::Text {
            result.chunks.push(parent);
            continue;
        }
        let number = result.parents.len() as u32;
        for range in children(&parent.text, delimiters) {
            let touched = spans.iter().filter(|(span, _)| span.start < range.end && range.start < span.end);
            let mut blocks: Vec<u32> = touched.map(|(_, id)| *id).collect();
            blocks.dedup();
            if blocks.is_empty() {
                // Of the repeated tail alone: it stands right before the parent's first block.
                blocks.extend(parent.blocks.first());
            }
            let text = parent.text[range].to_owned();
            result.chunks.push(Chunk { text, blocks, parent: Some(number), ..parent.clone() });
        }
        result.parents.push(parent.text);
    }
    result
}
