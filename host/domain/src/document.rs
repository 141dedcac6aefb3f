//! Documents.

use crate::{BlobId, DatasetId, DocumentId, JsonMap, MetadataCondition, Millis, TenantId};

/// One uploaded file.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// The dataset it is in.
    pub dataset: DatasetId,
    /// The owner.
    pub tenant: TenantId,
    /// File name, unique in the dataset.
    pub name: String,
    /// Where clients believe it is stored; the name at upload.
    pub location: String,
    /// Lower-case extension without the dot.
    pub suffix: String,
    /// Coarse type by extension.
    pub kind: DocumentType,
    /// Bytes.
    pub size: i64,
    /// The bytes.
    pub blob: BlobId,
    /// A data URL or a name of a stored picture, or empty.
    pub thumbnail: String,
    /// Name of the chunker plugin.
    pub chunk_method: String,
    /// Id of an ingestion pipeline.
    pub pipeline_id: Option<String>,
    /// Settings for parser and chunker.
    pub parser_config: JsonMap,
    /// Chunks as clients count them: parsed ones plus every call that added one.
    pub chunk_count: i64,
    /// `cl100k_base` tokens of its chunks.
    pub token_count: i64,
    /// −1 failed, 0 not begun, up to 1 done.
    pub progress: f64,
    /// Lines `HH:MM:SS …` for the owner.
    pub progress_msg: String,
    /// When the last run began.
    pub process_begin: Option<Millis>,
    /// Seconds the last run took.
    pub process_duration: f64,
    /// Metadata given by the owner: text, number, or list of texts.
    pub meta_fields: JsonMap,
    /// Where the run is.
    pub run: RunState,
    /// False: not found by searches.
    pub enabled: bool,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// Coarse type of a document, by extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// PDF.
    Pdf,
    /// Text, office, markup, code, mail.
    Doc,
    /// Pictures and video.
    Visual,
    /// Sound.
    Aural,
    /// Made without a file.
    Virtual,
    /// What only a third party's parser knows.
    Other,
}

impl DocumentType {
    /// `pdf`, `doc`, …
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Doc => "doc",
            Self::Visual => "visual",
            Self::Aural => "aural",
            Self::Virtual => "virtual",
            Self::Other => "other",
        }
    }

    /// The inverse of [`Self::as_str`]; anything else is `Other`.
    pub fn parse(text: &str) -> Self {
        match text {
            "pdf" => Self::Pdf,
            "doc" => Self::Doc,
            "visual" => Self::Visual,
            "aural" => Self::Aural,
            "virtual" => Self::Virtual,
            _ => Self::Other,
        }
    }
}

/// State of a document's last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// Never started, or reset.
    Unstarted,
    /// Queued or being worked on.
    Running,
    /// Stopped by its owner.
    Cancelled,
    /// Finished.
    Done,
    /// Failed; the reason is in `progress_msg`.
    Failed,
}

impl RunState {
    /// `UNSTART`, `RUNNING`, `CANCEL`, `DONE`, `FAIL`: as stored and as shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unstarted => "UNSTART",
            Self::Running => "RUNNING",
            Self::Cancelled => "CANCEL",
            Self::Done => "DONE",
            Self::Failed => "FAIL",
        }
    }

    /// The inverse of [`Self::as_str`]; also takes `0`..`4`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "UNSTART" | "0" => Self::Unstarted,
            "RUNNING" | "1" => Self::Running,
            "CANCEL" | "2" => Self::Cancelled,
            "DONE" | "3" => Self::Done,
            "FAIL" | "4" => Self::Failed,
            _ => return None,
        })
    }
}

/// What is needed to make a document; the bytes are stored already.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// Wanted name; `(1)`, `(2)`, … is put before the extension when it is taken.
    pub name: String,
    /// Coarse type.
    pub kind: DocumentType,
    /// Bytes.
    pub size: i64,
    /// The stored bytes.
    pub blob: BlobId,
    /// `None`: the dataset's.
    pub chunk_method: Option<String>,
}

/// Changes to a document: `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct DocumentPatch {
    /// New name.
    pub name: Option<String>,
    /// New metadata, replacing the old.
    pub meta_fields: Option<JsonMap>,
    /// New settings, replacing the old ones whole.
    pub parser_config: Option<JsonMap>,
    /// New chunk method. Resets run and progress.
    pub chunk_method: Option<String>,
    /// Also drop chunks and counters.
    pub drop_chunks: bool,
    /// Found by searches or not.
    pub enabled: Option<bool>,
}

/// Which documents to list.
#[derive(Clone, Debug, Default)]
pub struct DocumentFilter {
    /// Exactly this one.
    pub id: Option<DocumentId>,
    /// Exactly this name, ignoring case.
    pub name: Option<String>,
    /// Part of the name, ignoring case.
    pub keywords: Option<String>,
    /// One of these extensions; empty = any.
    pub suffixes: Vec<String>,
    /// In one of these states; empty = any.
    pub runs: Vec<RunState>,
    /// Metadata that must hold.
    pub metadata: Option<MetadataCondition>,
}
