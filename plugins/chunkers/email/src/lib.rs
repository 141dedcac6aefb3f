//! The chunk method of mails: what a reader sees of the headers, then the body, then each attachment for itself.
//!
//! # Where it differs from the reference
//! - The reference packs all transport headers, and both the plain and the HTML body (its defect C33): here the mail's
//!   blocks are what its parser gives, the headers a reader sees and one body.
//! - Delimiters stay in the text (C1), and `chunk_token_num` is a hard cap instead of 128 that may be exceeded (C3).
//! - An attachment that cannot be read is told by the host, not swallowed; one that can has its name in the context of
//!   its chunks, so that a question may name the file.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::{Description, Result};
use mortise_shared_general::{Bounds, Walk, in_order, one_line};
use std::collections::BTreeMap;

/// The plugin.
pub struct Email;

impl Chunker for Email {
    type Config = Bounds;

    fn describe() -> Description {
        Description::new(
            "email",
            env!("CARGO_PKG_VERSION"),
            "Mails: headers and body packed to a number of tokens, then every attachment for itself",
        )
    }

    fn split(blocks: &Blocks<'_>, config: Bounds) -> Result<Chunks> {
        let summary = blocks.summary();
        let settings = config.settings();
        let mut walk = Walk::new(&summary, &settings);
        // Positions at which a part begins.
        let mut begins: BTreeMap<usize, u32> = BTreeMap::new();
        let mut mail = None;
        let mut part = None;
        for block in blocks.iter() {
            if part.is_some_and(|part| part != block.part) {
                walk.part();
            }
            let (changed, this) = (part != Some(block.part), block.part);
            mail.get_or_insert(this);
            part = Some(this);
            let position = walk.push(block);
            if changed {
                begins.insert(position, this);
            }
        }
        let name = |part: u32| summary.parts.get(part as usize).map(|part| one_line(&part.name));
        let drafts = walk.finish().into_iter().map(|mut draft| {
            let part = begins.range(..=draft.position).next_back().map(|(_, part)| *part);
            // The part that the document begins with is the mail itself.
            if let Some(name) = part.filter(|part| Some(*part) != mail).and_then(name).filter(|name| !name.is_empty()) {
                draft.chunk.context.insert(0, name);
            }
            draft
        });
        Ok(in_order(drafts))
    }
}

mortise_sdk::export_chunker!(Email);
