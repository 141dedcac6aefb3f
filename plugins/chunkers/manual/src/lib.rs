//! The manual chunk method: product manuals and handbooks, a chunk for every section.
//!
//! Files of fixed layout (PDF) fall apart at the headings of the most frequent level and those above; a section of a few
//! words stays with the next. Everything else falls apart at every heading, with the path of headings at the top of the
//! chunk.
//!
//! # Where it differs from the reference
//! - Tables are told once, in their place (its defect C31).
//! - A heading stays with the text below it. There, a heading may end the chunk before when that is small.
//! - Any file with headings or numbered lines is taken, not PDF and DOCX alone.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_structure::detect::Headings;
use mortise_shared_structure::document::{Document, ItemKind};
use mortise_shared_structure::emit::{Emitter, Path};
use mortise_shared_structure::method::{Sizes, Teller};
use mortise_shared_structure::outline::OutlineEntries;
use mortise_shared_structure::tree::{self, Section};
use schemars::JsonSchema;
use serde::Deserialize;

/// A section with fewer tokens stays with the next.
const FEW: u64 = 32;

/// The plugin.
pub struct Manual;

/// Settings of the manual chunk method.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ManualConfig {
    /// Most tokens of a chunk, the repeated headings included.
    #[schemars(range(min = 1, max = 2048))]
    pub chunk_token_num: u32,
}

impl Default for ManualConfig {
    fn default() -> Self {
        Self { chunk_token_num: 1024 }
    }
}

impl Chunker for Manual {
    type Config = ManualConfig;

    fn describe() -> Description {
        Description::new(
            "manual",
            env!("CARGO_PKG_VERSION"),
            "Manuals and handbooks: a chunk for every section, with the headings above it",
        )
    }

    fn split(blocks: &Blocks<'_>, config: ManualConfig) -> Result<Chunks> {
        let progress = Progress::new("chunking");
        let mut document = Document::read(blocks, &progress.part(0.0, 0.4));
        let found = by_outline(&document).unwrap_or_else(|| Headings::detect(&mut document));
        document.count(&progress.part(0.4, 0.6));
        let progress = progress.part(0.6, 1.0);
        if document.fixed_layout {
            Ok(by_pivot(document, &found, config.chunk_token_num, &progress))
        } else {
            let target = found.levels.iter().flatten().max().copied().unwrap_or(0);
            let sections = tree::join_lone(tree::sections(&found.levels, target));
            let mut emitter = Emitter::new(config.chunk_token_num, Path::Repeated("\n\n"));
            Teller::new(document, &found).tell(&sections, &mut emitter, &progress);
            Ok(emitter.finish())
        }
    }
}

mortise_sdk::export_chunker!(Manual);

/// Sections at the most frequent level and above; small ones with the next.
fn by_pivot(document: Document, found: &Headings, limit: u32, progress: &Progress) -> Chunks {
    let sizes = Sizes::of(&document);
    let pivot = tree::most_frequent(&found.levels).unwrap_or(0);
    let mut groups: Vec<(Section, u64)> = Vec::new();
    for section in tree::sections(&found.levels, pivot) {
        let tokens = sizes.section(&section);
        match groups.last_mut() {
            Some((group, sum)) if *sum < FEW => {
                group.body.end = section.body.end;
                *sum += tokens;
            }
            _ => groups.push((section, tokens)),
        }
    }
    let mut emitter = Emitter::new(limit, Path::Context);
    let mut teller = Teller::new(document, found);
    for (number, (section, _)) in groups.iter().enumerate() {
        progress.at(number + 1, groups.len());
        let (above, own) = (teller.above(&section.path), teller.own(section));
        emitter.section(&above, own.as_ref(), teller.take(section.body.clone()));
    }
    progress.at(1, 1);
    emitter.finish()
}

/// Headings by the outline that the file gives in its metadata (`outline`: pairs of title and level), where it marks none.
fn by_outline(document: &Document) -> Option<Headings> {
    #[derive(Deserialize)]
    struct Metadata {
        outline: Vec<(String, u32)>,
    }
    if document.items.iter().any(|item| matches!(item.kind, ItemKind::Heading(1..))) {
        return None;
    }
    let outline = mortise_sdk::serde_json::from_str::<Metadata>(&document.metadata).ok()?.outline;
    let entries = OutlineEntries::new(outline.iter().map(|(title, level)| (title.as_str(), *level)));
    if !entries.suffices(document.items.len()) {
        return None;
    }
    let level = |item: &_| match item {
        mortise_shared_structure::document::Item { kind: ItemKind::Heading(0), .. } => Some(0),
        item if item.is_media() => None,
        item => entries.level_of(&item.text).map(|level| level.saturating_add(1)),
    };
    Some(Headings { levels: document.items.iter().map(level).collect(), ..Headings::default() })
}
