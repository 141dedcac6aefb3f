//! Questions to the index and what is found.

use crate::{Chunk, DatasetId, DocumentId, Json};

/// Conditions on documents' metadata.
#[derive(Clone, Debug, Default)]
pub struct MetadataCondition {
    /// True: one condition is enough. False: all must hold.
    pub any: bool,
    /// The conditions; none = everything matches.
    pub conditions: Vec<Condition>,
}

/// One condition on one metadata field.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The field.
    pub name: String,
    /// How to compare.
    pub operator: Operator,
    /// With what.
    pub value: Json,
}

/// How a condition compares. Text compares ignoring case; a document without the field matches no condition but
/// [`Operator::Empty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Is,
    /// Not equal.
    IsNot,
    /// Greater, as numbers or dates when both read so.
    Greater,
    /// Less.
    Less,
    /// Greater or equal.
    AtLeast,
    /// Less or equal.
    AtMost,
    /// The document's value contains the condition's.
    Contains,
    /// It does not.
    NotContains,
    /// The document's value is one of the condition's list (or a part of its text).
    In,
    /// It is not.
    NotIn,
    /// The document's value starts with the condition's.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// The document has no such value.
    Empty,
    /// It has one.
    NotEmpty,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Query {
    /// Where to search; all the caller's.
    pub datasets: Vec<DatasetId>,
    /// Only these documents; `None` = all. An empty list finds nothing.
    pub documents: Option<Vec<DocumentId>>,
    /// What to look for.
    pub question: String,
    /// 1-based.
    pub page: u32,
    /// Hits a page.
    pub page_size: u32,
    /// Hits below are dropped, 0..1.
    pub similarity_threshold: f64,
    /// similarity = (1 − w)·term + w·vector.
    pub vector_weight: f64,
    /// Candidates taken from each side.
    pub top_k: u32,
    /// Reranker by name.
    pub reranker: Option<String>,
    /// Mark matches with `<em>`.
    pub highlight: bool,
    /// Conditions on the documents' metadata.
    pub metadata: Option<MetadataCondition>,
}

impl Query {
    /// A search with RAGFlow's defaults: page 1 of 30, threshold 0.2, vector weight 0.3, 1024 candidates.
    pub fn new(datasets: Vec<DatasetId>, question: impl Into<String>) -> Self {
        Self {
            datasets,
            documents: None,
            question: question.into(),
            page: 1,
            page_size: 30,
            similarity_threshold: 0.2,
            vector_weight: 0.3,
            top_k: 1024,
            reranker: None,
            highlight: false,
            metadata: None,
        }
    }
}

/// A chunk found for a query.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The chunk.
    pub chunk: Chunk,
    /// Name of its document.
    pub document_name: String,
    /// The fused score, 0..1.
    pub similarity: f64,
    /// Share of the question's term weight found in the chunk, 0..1.
    pub term_similarity: f64,
    /// Cosine of the vectors, or the reranker's score.
    pub vector_similarity: f64,
    /// The text with matches in `<em>`; `None` when nothing was marked or not asked for.
    pub highlight: Option<String>,
}

/// How often a document was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentCount {
    /// Its id.
    pub id: DocumentId,
    /// Its name.
    pub name: String,
    /// Hits in it.
    pub count: i64,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, Default)]
pub struct Retrieval {
    /// Hits of this page, best first.
    pub hits: Vec<Hit>,
    /// Hits on all pages.
    pub total: i64,
    /// Documents of all hits, most hits first.
    pub documents: Vec<DocumentCount>,
}
