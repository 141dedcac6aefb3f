//! Why a container could not be read, in words for the owner of the document.

/// What can go wrong in a container. Converts into the SDK's error: damage and hostility are `invalid-input`,
/// encryption and unknown compression are `unsupported`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// An encrypted office document: an OLE container with an `EncryptedPackage` stream, or an encrypted zip entry.
    #[error("encrypted document: a password is needed")]
    Encrypted,
    /// An OLE container: a document of Office 97–2003.
    #[error("this is an old binary Office file (Office 97-2003) under a new name; save it in the current format")]
    Legacy,
    /// Not a zip archive, or one that is cut short.
    #[error("damaged or not an Office file: {0}")]
    Archive(String),
    /// An office document of another kind.
    #[error("this is {found}, not {expected}")]
    WrongKind {
        /// E.g. `a Word document`.
        expected: &'static str,
        /// E.g. `a spreadsheet`.
        found: &'static str,
    },
    /// A part that must be there is not.
    #[error("damaged file: {0} is missing")]
    MissingPart(String),
    /// A part that cannot be inflated.
    #[error("damaged file: {part}: {reason}")]
    Part {
        /// Name of the part.
        part: String,
        /// What the inflater said.
        reason: String,
    },
    /// A compression method other than stored and deflate.
    #[error("{part} uses compression method {method}, which is not supported")]
    Compression {
        /// Name of the part.
        part: String,
        /// Number of the method in the zip specification.
        method: String,
    },
    /// More than [`Limits`](crate::Limits) allow; says which limit.
    #[error("refused: {0}")]
    Limit(String),
    /// A document type or entity, which office formats never need.
    #[error("refused: {part} {what}")]
    Forbidden {
        /// Name of the part.
        part: String,
        /// E.g. `declares a document type (DOCTYPE)`.
        what: String,
    },
    /// Not well-formed.
    #[error("damaged file: {part}: XML error at byte {position}: {reason}")]
    Xml {
        /// Name of the part.
        part: String,
        /// Bytes from the start of the part.
        position: u64,
        /// What the XML reader said.
        reason: String,
    },
}

impl Error {
    /// True where going on with the rest of the document makes no sense: limits and forbidden constructs are signs of
    /// an attack, while damage is worth a warning.
    pub fn is_hostile(&self) -> bool {
        matches!(self, Error::Limit(_) | Error::Forbidden { .. })
    }
}

impl From<Error> for mortise_sdk::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Encrypted | Error::Compression { .. } => mortise_sdk::Error::Unsupported(error.to_string()),
            _ => mortise_sdk::Error::InvalidInput(error.to_string()),
        }
    }
}
