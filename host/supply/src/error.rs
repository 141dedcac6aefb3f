//! What can go wrong between a reference and a component that may be trusted, and what to do about it.

use crate::digest::Digest;
use crate::reference::ReferenceError;
use crate::signature::SignatureError;
use std::path::PathBuf;
use std::time::Duration;

/// Why a component was not fetched or published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The reference names nothing.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Reading a file failed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder or a device.
    #[error("{} is not a file; name the component itself, the .wasm file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Over a limit.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What is.
        what: String,
        /// Bytes.
        limit: u64,
    },
    /// The bytes are no component.
    #[error("{origin} is not a component: {why}")]
    NotAComponent {
        /// Where it came from.
        origin: String,
        /// What it is instead.
        why: String,
    },
    /// The bytes are others than those asked for.
    #[error("{what} has the digest {actual}, not {expected}; if the change is intended, name the new digest")]
    WrongDigest {
        /// Component, manifest or blob, and where it came from.
        what: String,
        /// As asked for.
        expected: Digest,
        /// As received.
        actual: Digest,
    },
    /// Signatures that cannot be read.
    #[error("the signatures in {place} cannot be read: {source}; sign the component anew, or remove them")]
    Signatures {
        /// File or annotation.
        place: String,
        /// What is wrong with them.
        source: SignatureError,
    },
    /// No connection.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why not.
        why: String,
    },
    /// No answer in time.
    #[error("{host} did not answer in time ({} s allowed); try again, or allow more", allowed.as_secs_f32())]
    TimedOut {
        /// The host.
        host: String,
        /// What was allowed.
        allowed: Duration,
    },
    /// The registry wants to know who asks, or does not accept the answer.
    #[error("{registry} {}{}", match given {
        true => "does not accept the credentials given for it, or they do not cover this repository",
        false => "asks for credentials; give a user and a password, or a token, for it",
    }, quoted(says))]
    Unauthorized {
        /// The registry.
        registry: String,
        /// Whether credentials were given.
        given: bool,
        /// Its own words.
        says: String,
    },
    /// No such artifact.
    #[error("{reference} is not there; see that registry, repository and tag are right")]
    NotFound {
        /// What was asked for.
        reference: String,
    },
    /// The registry says no.
    #[error("{registry} refused with status {status}{}", quoted(says))]
    Refused {
        /// The registry.
        registry: String,
        /// HTTP status.
        status: u16,
        /// Its own words.
        says: String,
    },
    /// An answer that no registry would give.
    #[error("{host} does not answer as a registry does: {why}; see that the reference names an OCI registry")]
    Garbled {
        /// The host.
        host: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// An artifact, but not of a component.
    #[error("{reference} is not a WebAssembly component: {why}")]
    Layout {
        /// What was asked for.
        reference: String,
        /// What it is instead.
        why: String,
    },
    /// The registry points to where a registry must not point.
    #[error("{registry} points to {target}, which is not followed: {why}")]
    NotFollowed {
        /// The registry.
        registry: String,
        /// Where it points.
        target: String,
        /// Why that is not followed.
        why: String,
    },
    /// The tag names another artifact already.
    #[error("{reference} exists already as {existing} and holds something else; choose a new tag, or replace it")]
    Exists {
        /// What was to be published.
        reference: String,
        /// The manifest there.
        existing: Digest,
    },
    /// This cannot be published under this reference.
    #[error("{reference} cannot be published to: {why}")]
    Unpublishable {
        /// The reference.
        reference: String,
        /// Why not.
        why: String,
    },
}

fn quoted(says: &str) -> String {
    if says.is_empty() { String::new() } else { format!(" (it says: {says})") }
}

impl From<Error> for mortise_domain::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::TooLarge { limit, .. } => Self::TooLarge { limit },
            Error::NotFound { reference } => Self::not_found("component", reference),
            Error::Exists { .. } => Self::Conflict { noun: "component", reason: error.to_string() },
            Error::File { ref source, ref path } if source.kind() == std::io::ErrorKind::NotFound => {
                Self::not_found("component", path.display().to_string())
            }
            other => Self::invalid("component", other.to_string()),
        }
    }
}
