//! Chunks.

use crate::block::Value;
use crate::{BlobId, ChunkId, DatasetId, DocumentId};

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// Prose.
    Text,
    /// A table or rows of one.
    Table,
    /// A picture, told in words.
    Image,
    /// A question with its answer.
    QuestionAnswer,
    /// Made from other chunks.
    Summary,
}

impl ChunkKind {
    /// `text`, `table`, `image`, `question_answer`, `summary`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Table => "table",
            Self::Image => "image",
            Self::QuestionAnswer => "question_answer",
            Self::Summary => "summary",
        }
    }

    /// The inverse of [`Self::as_str`]; anything else is `Text`.
    pub fn parse(text: &str) -> Self {
        match text {
            "table" => Self::Table,
            "image" => Self::Image,
            "question_answer" => Self::QuestionAnswer,
            "summary" => Self::Summary,
            _ => Self::Text,
        }
    }
}

/// Where a piece of a chunk stands: `[page, left, right, top, bottom]`, page from 1, points from the top left corner.
pub type Position = [i32; 5];

/// A retrievable passage, as stored.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Number of the row in the store; never used again after deletion. Indexes refer to chunks by it.
    pub row: i64,
    /// Its public id.
    pub id: ChunkId,
    /// The document it comes from.
    pub document: DocumentId,
    /// The dataset of that document.
    pub dataset: DatasetId,
    /// The text as shown and as given to the model.
    pub text: String,
    /// What it holds.
    pub kind: ChunkKind,
    /// Path of headings above it.
    pub context: Vec<String>,
    /// Important keywords.
    pub keywords: Vec<String>,
    /// Questions it answers.
    pub questions: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Where it stands; empty without a layout.
    pub positions: Vec<Position>,
    /// Typed columns by name (the `table` method).
    pub fields: Vec<(String, Value)>,
    /// False: not found by searches.
    pub available: bool,
    /// Text of the parent chunk, shown to the model in its place.
    pub parent_text: Option<String>,
    /// Picture of the region.
    pub image: Option<BlobId>,
    /// `cl100k_base` tokens.
    pub tokens: i64,
    /// Place in the document's reading order; hand-made chunks come last.
    pub ordinal: i64,
    /// Added by hand, not by a parse.
    pub manual: bool,
    /// Seconds since 1970.
    pub created: f64,
}

impl Chunk {
    /// Name of the picture that shows it, `<dataset>-<chunk>`: a figure that was kept, or where it stands on its page.
    /// Empty without either.
    pub fn picture(&self) -> String {
        let shown = self.image.is_some() || !self.positions.is_empty();
        if shown { format!("{}-{}", self.dataset, self.id) } else { String::new() }
    }
}

/// A chunk that a parse made, before it is stored.
#[derive(Clone, Debug)]
pub struct ChunkDraft {
    /// Its public id.
    pub id: ChunkId,
    /// The text.
    pub text: String,
    /// What it holds.
    pub kind: ChunkKind,
    /// Path of headings above it.
    pub context: Vec<String>,
    /// Important keywords.
    pub keywords: Vec<String>,
    /// Questions it answers.
    pub questions: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Where it stands.
    pub positions: Vec<Position>,
    /// Typed columns by name.
    pub fields: Vec<(String, Value)>,
    /// False: not found by searches.
    pub available: bool,
    /// Its content is what somebody wrote by hand over what a parse had made.
    pub edited: bool,
    /// Text of the parent chunk.
    pub parent_text: Option<String>,
    /// Picture of the region.
    pub image: Option<BlobId>,
    /// `cl100k_base` tokens.
    pub tokens: i64,
    /// Embedding; all of one document have the same length.
    pub vector: Vec<f32>,
}

impl ChunkDraft {
    /// Takes over what a chunk of the same id had before the parse began.
    pub fn inherit(&mut self, kept: KeptChunk) {
        self.available = kept.available;
        let same = self.text == kept.text && self.questions == kept.questions;
        if kept.edited {
            self.edited = true;
            self.text = kept.text;
            self.keywords = kept.keywords;
            self.questions = kept.questions;
            self.positions = kept.positions;
            self.tokens = kept.tokens;
        }
        if let Some(vector) = kept.vector.filter(|_| same || kept.edited) {
            self.vector = vector;
        }
    }
}

/// What is kept of a chunk that was dropped for a new parse.
#[derive(Clone, Debug)]
pub struct KeptChunk {
    /// The text.
    pub text: String,
    /// Important keywords.
    pub keywords: Vec<String>,
    /// Questions it answers.
    pub questions: Vec<String>,
    /// Where it stood.
    pub positions: Vec<Position>,
    /// `cl100k_base` tokens.
    pub tokens: i64,
    /// False: not found by searches.
    pub available: bool,
    /// Its content was changed by hand.
    pub edited: bool,
    /// Its vector by the embedder in use, where it had one.
    pub vector: Option<Vec<f32>>,
}

/// A chunk that a user adds.
#[derive(Clone, Debug, Default)]
pub struct NewChunk {
    /// The text.
    pub text: String,
    /// Important keywords.
    pub keywords: Vec<String>,
    /// Questions it answers, trimmed, none blank.
    pub questions: Vec<String>,
}

/// Changes to a chunk: `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ChunkPatch {
    /// New text; the id stays.
    pub text: Option<String>,
    /// New keywords.
    pub keywords: Option<Vec<String>>,
    /// New questions.
    pub questions: Option<Vec<String>>,
    /// New positions.
    pub positions: Option<Vec<Position>>,
    /// Found by searches or not.
    pub available: Option<bool>,
}

/// Which chunks of a document to list.
#[derive(Clone, Debug, Default)]
pub struct ChunkFilter {
    /// Full-text search in text, keywords, questions and (parsed chunks) the document's name.
    pub keywords: Option<String>,
}
