//! What can go wrong in here, and how the layers above see it.

use mortise_domain::Error;
use std::path::PathBuf;

/// A failure of the database, the disk, or of what was found on it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("the data was written by a newer version (schema {found}, this version knows {known})")]
    TooNew { found: i64, known: i64 },
    #[error("cannot write {what} as JSON: {error}")]
    Json { what: &'static str, error: serde_json::Error },
    #[error("vectors of {0} and {1} numbers in one document")]
    MixedVectors(usize, usize),
}

/// Unique constraints that callers can run into, by the columns SQLite names in its message.
const NAMED: [(&str, &str, &str); 5] = [
    ("tenant.id", "tenant", "the id is taken"),
    ("dataset.tenant, dataset.name_fold", "dataset", "the name is taken"),
    ("document.dataset, document.name", "document", "the name is taken"),
    ("assistant.tenant, assistant.name_fold", "assistant", "the name is taken"),
    ("api_key.hash", "API key", "it exists already"),
];

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match &fault {
            // All writers queue for one connection: a wait of a minute means overload, not damage.
            Fault::Database(sqlx::Error::PoolTimedOut) => return Error::Busy { retry_after_ms: 1000 },
            Fault::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                let named = NAMED.iter().find(|(columns, ..)| error.message().ends_with(columns));
                if let Some((_, noun, reason)) = named {
                    return Error::Conflict { noun, reason: (*reason).into() };
                }
            }
            _ => {}
        }
        Error::internal(fault)
    }
}

/// For `map_err` on file operations.
pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.into();
    |error| Fault::File { path, error }.into()
}

/// For `map_err` on database operations.
pub(crate) fn database(error: sqlx::Error) -> Error {
    Fault::Database(error).into()
}
