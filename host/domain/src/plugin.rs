//! Installed plugins and how they fail.

use crate::{Json, Millis, TenantId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Bytes of one file → blocks.
    Parser,
    /// Blocks → chunks.
    Chunker,
    /// Texts → vectors.
    Embedder,
    /// Query + texts → scores.
    Reranker,
    /// Messages → a stream of deltas.
    ChatModel,
}

impl Role {
    /// `parser`, `chunker`, `embedder`, `reranker`, `chat-model`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Chunker => "chunker",
            Self::Embedder => "embedder",
            Self::Reranker => "reranker",
            Self::ChatModel => "chat-model",
        }
    }

    /// All roles.
    pub const ALL: [Role; 5] = [Self::Parser, Self::Chunker, Self::Embedder, Self::Reranker, Self::ChatModel];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the host knows of an installed plugin. A clone shares the long parts.
#[derive(Clone, Debug)]
pub struct PluginInfo {
    /// Name under which it is offered.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// What it does.
    pub role: Role,
    /// Whose it is; everybody's when absent.
    pub tenant: Option<TenantId>,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    /// JSON Schema of its settings.
    pub config_schema: Arc<Json>,
    /// `http: why`, `inference: model`: what it asks for.
    pub requests: Arc<[String]>,
    /// Lower-case extensions (parsers only).
    pub extensions: Arc<[String]>,
    /// Media types (parsers only).
    pub media_types: Arc<[String]>,
    /// Reads and draws pages one by one (parsers only).
    pub pages: bool,
    /// Part of the binary, not named by the operator.
    pub built_in: bool,
}

impl PluginInfo {
    /// Whether it asks for a power: `http` or `inference`.
    pub fn asks_for(&self, power: &str) -> bool {
        self.requests.iter().any(|request| request.split(':').next() == Some(power))
    }
}

/// How a plugin failed, as the host saw it. Costs exactly one call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("plugin {plugin} {version}: {reason}")]
pub struct PluginFault {
    /// Name under which the plugin is offered.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// What happened.
    pub reason: FaultReason,
}

/// Kinds of plugin faults.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FaultReason {
    /// The plugin says that the input is bad.
    #[error("{0}")]
    Refused(String),
    /// The plugin says that it does not support this.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The settings do not fit.
    #[error("setting {field:?}: {message}")]
    Config {
        /// Dotted path.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// The remote service behind it failed.
    #[error("the remote service failed{}: {message}", status.map(|s| format!(" with status {s}")).unwrap_or_default())]
    Upstream {
        /// HTTP status, where there was an answer.
        status: Option<u16>,
        /// Milliseconds the service asked to wait.
        retry_after_ms: Option<u32>,
        /// In its words.
        message: String,
    },
    /// It used a capability without a grant.
    #[error("capability denied: {0}")]
    Denied(String),
    /// It ran past its deadline.
    #[error("timed out after {0} ms")]
    TimedOut(u64),
    /// It took too long for one page.
    #[error("timed out after {ms} ms on page {page}")]
    PageTimedOut {
        /// The page it had begun, counted from 1.
        page: u32,
        /// The limit.
        ms: u64,
    },
    /// It asked for more memory than granted.
    #[error("out of memory: the limit is {0} bytes")]
    OutOfMemory(u64),
    /// It gave more than allowed.
    #[error("too much output: {0}")]
    OutputTooLarge(String),
    /// It gave something that breaks the contract.
    #[error("invalid output: {0}")]
    InvalidOutput(String),
    /// It trapped; the text says how.
    #[error("trapped: {0}")]
    Trapped(String),
    /// A bug that it noticed itself.
    #[error("internal error: {0}")]
    Internal(String),
    /// Stopped because the host asked.
    #[error("cancelled")]
    Cancelled,
}

impl FaultReason {
    /// The kind in one word, as metrics and lists show it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Unsupported(_) => "unsupported",
            Self::Config { .. } => "config",
            Self::Upstream { .. } => "upstream",
            Self::Denied(_) => "denied",
            Self::TimedOut(_) | Self::PageTimedOut { .. } => "timed-out",
            Self::OutOfMemory(_) => "out-of-memory",
            Self::OutputTooLarge(_) => "output-too-large",
            Self::InvalidOutput(_) => "invalid-output",
            Self::Trapped(_) => "trapped",
            Self::Internal(_) => "internal",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What the host has seen of one installed plugin since it was installed in this process.
#[derive(Clone, Debug, Default)]
pub struct PluginStats {
    /// Calls that ended, well or not.
    pub calls: u64,
    /// Calls that ended in a fault, by [`FaultReason::kind`].
    pub faults: BTreeMap<&'static str, u64>,
    /// How long calls took, from the start of their instance's work to their end.
    pub seconds: Histogram,
    /// Largest linear memory that any instance had.
    pub peak_memory_bytes: u64,
    /// Calls under way.
    pub running: u64,
    /// Calls that wait for a slot.
    pub waiting: u64,
    /// Warm instances that nobody uses now.
    pub warm: u64,
    /// Instances made.
    pub instances: u64,
    /// Units of fuel burnt, about one an instruction; 0 unless the runtime meters fuel.
    pub fuel: u64,
    /// The newest fault.
    pub last_fault: Option<LastFault>,
}

/// A fault to show to an operator.
#[derive(Clone, Debug)]
pub struct LastFault {
    /// When.
    pub at: Millis,
    /// [`FaultReason::kind`].
    pub kind: &'static str,
    /// In words.
    pub reason: String,
}

/// Upper bounds of the buckets of [`Histogram`], in seconds; a last bucket takes the rest.
pub const SECONDS: [f64; 12] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0];

/// Durations by size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many fell in each bucket of [`SECONDS`], and beyond the last.
    pub buckets: [u64; SECONDS.len() + 1],
    /// All together, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Counts one duration.
    pub fn add(&mut self, seconds: f64) {
        let bucket = SECONDS.iter().position(|bound| seconds <= *bound).unwrap_or(SECONDS.len());
        self.buckets[bucket] += 1;
        self.sum += seconds;
    }
}

impl PluginFault {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match &self.reason {
            FaultReason::Upstream { status, .. } => status.is_none_or(|s| s == 408 || s == 425 || s == 429 || s >= 500),
            _ => false,
        }
    }

    /// Stopped because the host asked, not because anything is wrong.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.reason, FaultReason::Cancelled)
    }
}
