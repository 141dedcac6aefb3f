//! The paper chunk method: research papers, the abstract apart, then section by section.
//!
//! # Where it differs from the reference
//! - The abstract keeps its case, in any of a dozen languages; title, authors and references stay (its defect C30).
//! - Every chunk is bounded (C29); the headings above it are its context.
//! - Any file is taken, not PDF alone.

mod summary;

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_structure::detect::Headings;
use mortise_shared_structure::document::Document;
use mortise_shared_structure::emit::{Emitter, Path};
use mortise_shared_structure::method::Teller;
use mortise_shared_structure::tree;
use schemars::JsonSchema;
use serde::Deserialize;

/// Words by which an abstract is found whatever it says.
const KEYWORDS: [&str; 5] = ["abstract", "总结", "概括", "summary", "summarize"];

/// The plugin.
pub struct Paper;

/// Settings of the paper chunk method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PaperConfig {
    /// Most tokens of a chunk.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
}

impl Default for PaperConfig {
    fn default() -> Self {
        Self { chunk_token_num: 512 }
    }
}

impl Chunker for Paper {
    type Config = PaperConfig;

    fn describe() -> Description {
        Description::new(
            "paper",
            env!("CARGO_PKG_VERSION"),
            "Research papers: the abstract as a chunk of its own, then a chunk or more for every section",
        )
    }

    fn split(blocks: &Blocks<'_>, config: PaperConfig) -> Result<Chunks> {
        let progress = Progress::new("chunking");
        let mut document = Document::read(blocks, &progress.part(0.0, 0.4));
        let found = Headings::detect(&mut document);
        document.count(&progress.part(0.4, 0.6));
        let progress = progress.part(0.6, 1.0);
        let pivot = tree::most_frequent(&found.levels).unwrap_or(0);
        let mut sections = tree::sections(&found.levels, pivot);
        let summary = summary::find(&document.items, &found.levels);
        if let Some(range) = &summary {
            sections = tree::cut_at(tree::cut_at(sections, range.start), range.end);
        }
        let begins_at = summary.map(|range| range.start);
        let mut emitter = Emitter::new(config.chunk_token_num, Path::Context);
        let mut teller = Teller::new(document, &found);
        for (number, section) in sections.iter().enumerate() {
            progress.at(number + 1, sections.len());
            if !section.speaks() {
                continue;
            }
            let (above, own) = (teller.above(&section.path), teller.own(section));
            let chunks = emitter.section(&above, own.as_ref(), teller.take(section.body.clone()));
            if begins_at == Some(section.heading.unwrap_or(section.body.start)) {
                chunks.iter_mut().for_each(|chunk| chunk.keywords.extend(KEYWORDS.map(str::to_owned)));
            }
        }
        progress.at(1, 1);
        Ok(emitter.finish())
    }
}

mortise_sdk::export_chunker!(Paper);
