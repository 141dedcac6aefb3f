//! The laws chunk method: statutes, contracts and standards as a tree of numbered headings.
//!
//! A chunk is an article, or a chapter that is small enough, below the headings above it, which are repeated at the top of
//! every chunk: so that each can be read, and found, alone.
//!
//! # Where it differs from the reference
//! - The text below a heading stays below it, whether the heading is styled or numbered (its defect C28).
//! - Decimal numbers are levels by their depth (C44); numbers inside of sentences are no headings.
//! - No chunk has more than `chunk_token_num` tokens (C29): a section that is larger falls apart at the next deeper
//!   heading, and only then within its text.
//! - Text without any numbering is packed to the limit; there it is a chunk a line.
//! - A contents list goes only where its end can be told; its heading may be written in any case (C24).
//! - Tables and pictures are chunks of their own, in their place.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_structure::detect::Headings;
use mortise_shared_structure::document::Document;
use mortise_shared_structure::emit::{Emitter, Path};
use mortise_shared_structure::method::{Sizes, Teller, drop_contents};
use mortise_shared_structure::tree::{self, Section};
use schemars::JsonSchema;
use serde::Deserialize;

/// Of the levels that occur, the one at which chunks begin.
const DEPTH: usize = 2;

/// The plugin.
pub struct Laws;

/// Settings of the laws chunk method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LawsConfig {
    /// Most tokens of a chunk, the repeated headings included.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
}

impl Default for LawsConfig {
    fn default() -> Self {
        Self { chunk_token_num: 512 }
    }
}

impl Chunker for Laws {
    type Config = LawsConfig;

    fn describe() -> Description {
        Description::new(
            "laws",
            env!("CARGO_PKG_VERSION"),
            "Laws and contracts: a chunk for every article or small section, below the headings above it",
        )
    }

    fn split(blocks: &Blocks<'_>, config: LawsConfig) -> Result<Chunks> {
        let progress = Progress::new("chunking");
        let mut document = Document::read(blocks, &progress.part(0.0, 0.4));
        drop_contents(&mut document);
        let found = Headings::detect_legal(&mut document);
        document.count(&progress.part(0.4, 0.6));
        let sections = sections(&document, &found, config.chunk_token_num);
        let mut emitter = Emitter::new(config.chunk_token_num, Path::Repeated("\n"));
        Teller::new(document, &found).tell(&sections, &mut emitter, &progress.part(0.6, 1.0));
        Ok(emitter.finish())
    }
}

mortise_sdk::export_chunker!(Laws);

/// Sections at the second level that occurs, those that are too large cut at deeper ones. Enumerations within an article
/// are not cut apart from it.
fn sections(document: &Document, found: &Headings, limit: u32) -> Vec<Section> {
    let sizes = Sizes::of(document);
    let too_large = |section: &Section| sizes.section(section) > u64::from(limit);
    let divides = |level: u32| !found.enumerations.contains(&level);
    let target = tree::target(&found.levels, DEPTH).unwrap_or(0);
    let sections = tree::sections(&found.levels, target).into_iter();
    sections.flat_map(|section| tree::divide(&found.levels, section, &too_large, &divides)).collect()
}
