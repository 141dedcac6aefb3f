//! The chunk method of CVs: what is said of the person as one chunk of `label: value` lines with fields, then the text,
//! section by section.
//!
//! The reference sends the file to a private service (its defect C37: nobody else has it). Here rules for English and
//! Chinese CVs find what stands there plainly; what they do not find is left out, and nothing is made up. All of the
//! text follows, so that a question can be answered from it all the same.

mod dates;
mod facts;
mod lines;
mod person;
mod sections;
mod vocabulary;

use facts::Facts;
use lines::Line;
use mortise_sdk::chunker::{Blocks, Chunk, ChunkKind, Chunker, Chunks, Field};
use mortise_sdk::{Description, Result};
use mortise_shared_general::pieces::headed;
use mortise_shared_general::{Bounds, Draft, Walk, in_order};

/// The plugin.
pub struct Resume;

impl Chunker for Resume {
    type Config = Bounds;

    fn describe() -> Description {
        Description::new(
            "resume",
            env!("CARGO_PKG_VERSION"),
            "CVs: what is said of the person as fields, then the text section by section",
        )
    }

    fn split(blocks: &Blocks<'_>, config: Bounds) -> Result<Chunks> {
        let settings = config.settings();
        let mut walk = Walk::new(&blocks.summary(), &settings);
        let mut lines: Vec<Line> = Vec::new();
        for block in blocks.iter() {
            let first = lines.len();
            lines::read(&block, &mut lines);
            // A section of a CV is not merged with the next.
            if lines[first..].iter().any(|line| line.section.is_some()) {
                walk.boundary();
            }
            walk.push(block);
        }
        let facts = facts::find(&lines);
        let mut drafts = summary(&facts, settings.limit);
        drafts.extend(walk.finish());
        Ok(in_order(drafts))
    }
}

mortise_sdk::export_chunker!(Resume);

/// The chunk of what was found: a line for each label, and a field for each line.
fn summary(facts: &Facts, limit: u32) -> Vec<Draft> {
    let lines: Vec<String> = facts.iter().map(|fact| format!("{}: {}", fact.label, fact.text())).collect();
    // One or two facts are found in any text; a CV says more of its person.
    if facts.len() < LEAST {
        return vec![];
    }
    let mut blocks: Vec<u32> = facts.iter().flat_map(|fact| fact.blocks.iter().copied()).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let mut fields: Vec<Field> =
        facts.iter().map(|fact| Field { name: fact.field.into(), value: fact.value.clone() }).collect();
    let texts = headed("", &lines.join("\n"), limit);
    let chunks = texts.into_iter().map(|text| Chunk {
        kind: ChunkKind::Summary,
        fields: std::mem::take(&mut fields),
        ..Chunk::text(text, blocks.clone())
    });
    chunks.map(|chunk| Draft::new(0, chunk)).collect()
}

/// Facts that make a CV.
const LEAST: usize = 3;
