//! The chunk method of questions and answers: one chunk for each pair.
//!
//! How pairs are told in a document depends on what it is (`survey`): rows of a sheet, two cells of a line, a heading
//! and the text below it, numbered questions, lines that ask. What is in no pair is kept as packed text.
//!
//! # Where it differs from the reference
//! - a role word is taken off only before a colon or a tab, so that an answer keeps its article (its defect C20);
//! - zeros are answers, questions without an answer and cells beside the pair are kept (C21);
//! - numbering is chosen by how often it occurs (C22);
//! - a header row such as `question,answer` is no pair; columns of these names are found wherever they are;
//! - an answer that is too long goes on in further chunks that repeat the question; tables in answers stay there;
//! - answers are text, not rendered HTML, but for their tables.

mod collect;
mod config;
mod language;
mod numbering;
mod outline;
mod pair;
mod prefix;
mod sheet;
mod survey;

pub use config::QaConfig;

use collect::Collector;
use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::host::Progress;
use mortise_sdk::{Description, Result};
use mortise_shared_general::{Walk, in_order};
use survey::Survey;

/// The plugin.
pub struct Qa;

impl Chunker for Qa {
    type Config = QaConfig;

    fn describe() -> Description {
        Description::new("qa", env!("CARGO_PKG_VERSION"), "Questions and answers: one chunk for each pair")
    }

    fn split(blocks: &Blocks<'_>, config: QaConfig) -> Result<Chunks> {
        let summary = blocks.summary();
        let progress = Progress::new("chunking");
        let survey = Survey::of(blocks, &summary, &progress.part(0.0, 0.4));
        let labels = language::labels(config.lang.as_deref(), survey.is_east_asian());
        let settings = config.settings();
        let walk = Walk::new(&summary, &settings).telling(progress.part(0.4, 1.0));
        let mut collector = Collector::new(walk, labels, settings.limit);
        survey.strategy(&summary).collect(blocks, &summary, &mut collector);
        let (drafts, notes) = collector.finish();
        if notes.unanswered > 0 {
            mortise_sdk::info!("{} questions have no answer; they are kept as text", notes.unanswered);
        }
        Ok(in_order(drafts))
    }
}

mortise_sdk::export_chunker!(Qa);

/// Parts that tests look at one by one.
#[doc(hidden)]
pub mod parts {
    pub use crate::numbering::{family, ordinal};
    pub use crate::prefix::strip;
}
