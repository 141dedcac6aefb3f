//! The book chunk method: long books, cut along the hierarchy of their headings.
//!
//! What stands below a heading is a chunk, or as many as the limit asks for, with the headings above it at the top.
//!
//! # Where it differs from the reference
//! - Chunks come in document order; headings without text are kept, and no heading is repeated for every line below it
//!   (its defect C26).
//! - The numbering is found by all lines, not by a random sample (C27), and by depth (C44).
//! - `chunk_token_num` bounds every chunk (C3, C29).
//! - A contents list goes only where its end can be told; its heading may be written in any case (C24).
//! - Tables and pictures are chunks of their own, in their place.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_structure::detect::Headings;
use mortise_shared_structure::document::Document;
use mortise_shared_structure::emit::{Emitter, Path};
use mortise_shared_structure::method::{Teller, drop_contents};
use mortise_shared_structure::tree;
use schemars::JsonSchema;
use serde::Deserialize;

/// Levels of headings at which a book is cut; deeper ones are part of the text.
const DEPTH: usize = 5;

/// The plugin.
pub struct Book;

/// Settings of the book chunk method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BookConfig {
    /// Most tokens of a chunk, the repeated headings included.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
}

impl Default for BookConfig {
    fn default() -> Self {
        Self { chunk_token_num: 512 }
    }
}

impl Chunker for Book {
    type Config = BookConfig;

    fn describe() -> Description {
        Description::new(
            "book",
            env!("CARGO_PKG_VERSION"),
            "Books: the contents list removed, a chunk or more for every section, below its chapter",
        )
    }

    fn split(blocks: &Blocks<'_>, config: BookConfig) -> Result<Chunks> {
        let progress = Progress::new("chunking");
        let mut document = Document::read(blocks, &progress.part(0.0, 0.4));
        drop_contents(&mut document);
        let found = Headings::detect(&mut document);
        document.count(&progress.part(0.4, 0.6));
        let target = tree::deepest(&found.levels, DEPTH).unwrap_or(0);
        let sections = tree::join_lone(tree::sections(&found.levels, target));
        let mut emitter = Emitter::new(config.chunk_token_num, Path::Repeated("\n"));
        Teller::new(document, &found).tell(&sections, &mut emitter, &progress.part(0.6, 1.0));
        Ok(emitter.finish())
    }
}

mortise_sdk::export_chunker!(Book);
