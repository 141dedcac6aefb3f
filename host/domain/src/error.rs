//! What can go wrong, in words that no transport owns.

use crate::PluginFault;

/// The result of everything Mortise does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Ten kinds of failure. A kind exists because some caller acts differently on it; every surface renders each kind
/// in its own dialect. Messages are lower-case sentences without a full stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's input is wrong. No retry.
    #[error("{}", if field.is_empty() { reason.clone() } else { format!("{field}: {reason}") })]
    Invalid {
        /// Dotted path of the field; empty when it is not about one.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No key, or not a key.
    #[error("authentication failed")]
    Unauthenticated,
    /// The key may not do this.
    #[error("not allowed: {what}")]
    Denied {
        /// What was refused.
        what: String,
    },
    /// Not there, or another tenant's, which looks the same.
    #[error("{noun} {id} not found")]
    NotFound {
        /// `dataset`, `document`, …
        noun: &'static str,
        /// The id or name asked for.
        id: String,
    },
    /// The name is taken, or the state forbids it.
    #[error("{noun}: {reason}")]
    Conflict {
        /// `dataset`, `document`, …
        noun: &'static str,
        /// Why.
        reason: String,
    },
    /// Over a configured limit.
    #[error("too large: the limit is {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// No plugin or method for this input.
    #[error("not supported: {what}")]
    Unsupported {
        /// What is not supported.
        what: String,
    },
    /// A queue or a rate limit is full. Try again.
    #[error("busy, try again in {retry_after_ms} ms")]
    Busy {
        /// When it makes sense to try again.
        retry_after_ms: u64,
    },
    /// A plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginFault),
    /// A bug or a broken environment. The text is for the log, not for callers.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// A wrong field.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// A missing object.
    pub fn not_found(noun: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { noun, id: id.into() }
    }

    /// A broken environment.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. } => true,
            Self::Plugin(fault) => fault.is_transient(),
            _ => false,
        }
    }
}
