//! Why a compound file could not be read.

/// What can go wrong. Converts into the SDK's error: encryption is `unsupported`, everything else `invalid-input`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Another kind of file.
    #[error("not a compound file (OLE)")]
    NotCompound,
    /// Its tables make no sense.
    #[error("damaged file: {0}")]
    Damaged(String),
    /// A password is needed.
    #[error("encrypted document: a password is needed")]
    Encrypted,
    /// A stream that must be there is not.
    #[error("damaged file, or one of another kind: there is no stream {0}")]
    Missing(String),
    /// More than a reader takes.
    #[error("refused: {0}")]
    Limit(String),
}

impl From<Error> for mortise_sdk::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Encrypted => mortise_sdk::Error::unsupported(error.to_string()),
            _ => mortise_sdk::Error::invalid_input(error.to_string()),
        }
    }
}
