//! How a component is named: a file or a place in a registry, and the digest it must have.
//!
//! | text | means |
//! |---|---|
//! | `./x.wasm`, `../x.wasm`, `/opt/x.wasm`, `x.wasm` | a file |
//! | `file:///opt/x.wasm`, `file:./x.wasm` | a file, percent-encoded |
//! | `oci://registry[:port]/repository[:tag][@sha256:…]` | an artifact; `@` names the digest of its *manifest* |
//! | any of these and `#sha256:…` | the same, and the *component's* bytes must have this digest |

mod oci;

pub use oci::OciReference;

use crate::digest::{Digest, DigestError};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a component is, and the digest it must have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Where it is.
    pub source: Source,
    /// Digest that the component's bytes must have.
    pub pin: Option<Digest>,
}

/// Where a component is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A file, as a path that begins with `/`, `./` or `../`.
    File(PathBuf),
    /// An artifact in an OCI registry.
    Oci(OciReference),
}

impl Reference {
    /// A file without a pin.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self { source: Source::File(rooted(path.as_ref())), pin: None }
    }

    /// The same, with the digest that the component must have.
    #[must_use]
    pub fn pinned(mut self, pin: Digest) -> Self {
        self.pin = Some(pin);
        self
    }
}

/// A text that names no component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} does not name a component: {fault}")]
pub struct ReferenceError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub fault: ReferenceFault,
}

/// What is wrong with a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceFault {
    /// Nothing there.
    #[error("it is empty; write ./x.wasm for a file or oci://registry/repository:tag")]
    Empty,
    /// A line break, a NUL or the like.
    #[error("it holds a control character")]
    Control,
    /// Neither a path nor a known scheme.
    #[error("write ./{text} for a file or oci://{text} for a registry")]
    Unclear {
        /// The text once more.
        text: String,
    },
    /// `https://…` and others.
    #[error("{scheme}:// is not supported; download the component and name the file, or use oci://")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// `file://host/…`.
    #[error("a file URL names no other machine: write file:///path or ./path")]
    RemoteFile,
    /// Bad percent-encoding.
    #[error("after decoding %-signs the path is not UTF-8")]
    Encoding,
    /// `./x.wasm@sha256:…`.
    #[error("a file has no manifest to name after \"@\"; pin the component with \"#sha256:…\"")]
    FileManifest,
    /// The part after `#`.
    #[error("the pin after \"#\" is wrong: {0}")]
    Pin(DigestError),
    /// The part after `@`.
    #[error("the manifest's digest after \"@\" is wrong: {0}")]
    ManifestDigest(DigestError),
    /// The registry's name.
    #[error("the registry {registry:?} is not a host name or address, with :port where needed")]
    Registry {
        /// The part before the first slash.
        registry: String,
    },
    /// No slash after the registry.
    #[error("the repository is missing: write oci://{registry}/repository:tag")]
    NoRepository {
        /// The registry.
        registry: String,
    },
    /// The repository's name.
    #[error("the repository {repository:?} may hold lower-case letters, digits, single . _ - between them, and /")]
    Repository {
        /// The repository.
        repository: String,
    },
    /// The tag.
    #[error("the tag {tag:?} may hold letters, digits, . _ -, at most 128, and does not begin with . or -")]
    Tag {
        /// The tag.
        tag: String,
    },
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        parse(text).map_err(|fault| ReferenceError { text: text.to_owned(), fault })
    }
}

fn parse(text: &str) -> Result<Reference, ReferenceFault> {
    if text.trim().is_empty() {
        return Err(ReferenceFault::Empty);
    }
    if text.chars().any(char::is_control) {
        return Err(ReferenceFault::Control);
    }
    let (place, pin) = match text.rsplit_once("#sha256:") {
        Some((place, digits)) => (place, Some(format!("sha256:{digits}").parse().map_err(ReferenceFault::Pin)?)),
        None => (text, None),
    };
    Ok(Reference { source: source(place)?, pin })
}

fn source(text: &str) -> Result<Source, ReferenceFault> {
    if text.is_empty() {
        return Err(ReferenceFault::Empty);
    }
    if let Some(rest) = text.strip_prefix("oci://") {
        return rest.parse().map(Source::Oci);
    }
    if let Some(rest) = text.strip_prefix("file:") {
        return file_url(rest).map(Source::File);
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(ReferenceFault::Scheme { scheme: scheme.to_owned() });
    }
    if text.rsplit_once('@').is_some_and(|(_, digest)| digest.starts_with("sha256:")) {
        return Err(ReferenceFault::FileManifest);
    }
    let bare = text.ends_with(".wasm") && !text.contains(':');
    if bare || ["/", "./", "../"].iter().any(|start| text.starts_with(start)) {
        return Ok(Source::File(rooted(Path::new(text))));
    }
    Err(ReferenceFault::Unclear { text: text.to_owned() })
}

fn file_url(rest: &str) -> Result<PathBuf, ReferenceFault> {
    let path = match rest.strip_prefix("//") {
        // Between the slashes would be a host.
        Some(rest) if rest.starts_with('/') => rest,
        Some(rest) => {
            rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).ok_or(ReferenceFault::RemoteFile)?
        }
        None => rest,
    };
    let path = percent_decode_str(path).decode_utf8().map_err(|_| ReferenceFault::Encoding)?;
    if path.is_empty() {
        return Err(ReferenceFault::Empty);
    }
    if path.chars().any(char::is_control) {
        return Err(ReferenceFault::Control);
    }
    Ok(rooted(Path::new(&*path)))
}

/// The path, with `./` in front where nothing else says that it is one.
fn rooted(path: &Path) -> PathBuf {
    let clear = path.has_root() || path.starts_with(".") || path.starts_with("..");
    if clear { path.to_owned() } else { Path::new(".").join(path) }
}

/// What a `file:` reference writes as `%XX`: whatever would be read as something else.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b'#').add(b'@').add(b'?').add(b' ');

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        self.pin.iter().try_for_each(|pin| write!(f, "#{pin}"))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oci(reference) => write!(f, "{reference}"),
            Self::File(path) => {
                let plain = path.to_string_lossy();
                let clear = parse(&plain).is_ok_and(|read| read.pin.is_none() && read.source == *self);
                if clear { f.write_str(&plain) } else { write!(f, "file:{}", utf8_percent_encode(&plain, ENCODED)) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
