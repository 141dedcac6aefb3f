//! The chunk method of pictures: what the picture shows, as words were found in it or told of it, is one image chunk.
//!
//! The words come from the host, which asks the configured OCR plugin or vision model before the chunker sees the
//! picture (in the reference it is more than 32 characters of OCR that keep the vision model from being asked, its
//! defect C35; that choice is the host's here). A file of several pictures, a scanned TIFF, gives a chunk for each. The
//! text of one that is larger than the limit goes on in further chunks: the reference has no limit.

use mortise_sdk::chunker::{Blocks, ChunkKind, Chunker, Chunks};
use mortise_sdk::{Description, Result};
use mortise_shared_general::{Bounds, Walk, in_order};

/// The plugin.
pub struct Picture;

impl Chunker for Picture {
    type Config = Bounds;

    fn describe() -> Description {
        Description::new(
            "picture",
            env!("CARGO_PKG_VERSION"),
            "Pictures: the words found in a picture or told of it as one image chunk",
        )
    }

    fn split(blocks: &Blocks<'_>, config: Bounds) -> Result<Chunks> {
        let settings = config.settings();
        let mut walk = Walk::new(&blocks.summary(), &settings);
        let mut page = None;
        for block in blocks.iter() {
            // Text beside the pictures of a file is packed, but not over the edge of a picture.
            if block.page() != page {
                walk.boundary();
                page = block.page();
            }
            walk.push(block);
        }
        let drafts = walk.finish().into_iter().map(|mut draft| {
            if draft.chunk.kind == ChunkKind::Text {
                draft.chunk.kind = ChunkKind::Image;
            }
            draft
        });
        Ok(in_order(drafts))
    }
}

mortise_sdk::export_chunker!(Picture);
