//! Tables and pictures: chunks of their own, with captions and, if asked for, the text around them.

use crate::pieces::pieces;
use crate::walk::Walk;
use crate::{Draft, HostTokens, Settings};
use mortise_sdk::chunker::{Chunk, ChunkKind};
use mortise_sdk::document::{Block, BlockKind};
use mortise_shared_tables::parts;
use mortise_shared_text::TokenCounter;
use mortise_shared_text::context::{Crossing, above, below};

/// Chunks of all tables and pictures that have something to read.
pub(crate) fn chunks(document: &Walk<'_>, settings: &Settings) -> Vec<Draft> {
    document.media.iter().flat_map(|(index, block)| of_block(document, *index, block, settings)).collect()
}

fn of_block(document: &Walk<'_>, index: usize, block: &Block, settings: &Settings) -> Vec<Draft> {
    let captions = document.captions.iter().filter(|(owner, ..)| *owner == index);
    let mut blocks = vec![block.id];
    blocks.extend(captions.clone().map(|(_, _, id)| *id));
    blocks.sort_unstable();
    let mut caption = captions.map(|(_, text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
    let limit = settings.limit.max(1);
    let (kind, context_size, texts) = match (&block.table, block.kind) {
        (Some(table), BlockKind::Table) => {
            if settings.sheets && caption.is_empty() {
                caption = document.parts.get(block.part as usize).cloned().unwrap_or_default();
            }
            let texts = parts(table, &caption, settings.table_rows, limit, &HostTokens);
            (ChunkKind::Table, settings.table_context, texts)
        }
        _ => {
            let text = [caption.as_str(), block.text.trim()].join("\n").trim().to_owned();
            (ChunkKind::Image, settings.image_context, pieces(&text, limit))
        }
    };
    let texts = texts.into_iter().filter(|text| !text.trim().is_empty());
    let drafts = texts.map(|text| {
        let text = surrounded(text, document, index, context_size, limit);
        let mut chunk = Chunk::text(text, blocks.clone());
        chunk.kind = kind;
        chunk.context = document.path(index);
        Draft { position: index, chunk, spans: vec![] }
    });
    drafts.collect()
}

/// `text` with up to `size` tokens of the document's text above and below, as far as the limit leaves room.
fn surrounded(text: String, document: &Walk<'_>, index: usize, size: u32, limit: u32) -> String {
    if size == 0 {
        return text;
    }
    let room = limit.saturating_sub(HostTokens.count_one(&text) + 2);
    let split = document.texts.partition_point(|(at, _)| *at < index);
    // Enough sections for any budget, and no more: every section has a token.
    let reach = size.min(room) as usize;
    let near = |texts: &'_ [(usize, String)]| texts.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
    let before = near(&document.texts[split.saturating_sub(reach)..split]);
    let after = near(&document.texts[split..(split + reach).min(document.texts.len())]);
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let mut budget = size;
    // The sentence that crosses the budget is taken, as the reference does, while the chunk stays within its limit.
    for crossing in [Crossing::Taken, Crossing::LeftOut, Crossing::LeftOut] {
        let (above, below) =
            (above(&before, budget, crossing, &HostTokens), below(&after, budget, crossing, &HostTokens));
        let parts = [above.trim(), text.as_str(), below.trim()];
        let whole = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
        if HostTokens.count_one(&whole) <= limit {
            return whole;
        }
        if crossing == Crossing::LeftOut {
            budget = room / 2;
        }
    }
    text
}
