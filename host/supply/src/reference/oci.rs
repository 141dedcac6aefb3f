//! Names of artifacts in OCI registries, by the grammar of the distribution specification, and no defaults: the registry
//! is always written out.

use super::ReferenceFault;
use crate::digest::Digest;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An artifact in an OCI registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OciReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl OciReference {
    /// `host` or `host:port`, in lower case.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The registry's host without the port and without brackets.
    pub fn host(&self) -> &str {
        host_and_port(&self.registry).0
    }

    /// Path within the registry.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, where one is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the manifest, where one is written; it wins over the tag.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same artifact, named by its manifest's digest too.
    #[must_use]
    pub fn with_digest(mut self, digest: Digest) -> Self {
        self.digest = Some(digest);
        self
    }

    /// What a registry calls «reference»: the digest, else the tag, else `latest`.
    pub fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl FromStr for OciReference {
    type Err = ReferenceFault;

    /// Reads what follows `oci://`.
    fn from_str(text: &str) -> Result<Self, ReferenceFault> {
        let (place, digest) = match text.split_once('@') {
            Some((place, digest)) => (place, Some(manifest_digest(digest)?)),
            None => (text, None),
        };
        let Some((registry, path)) = place.split_once('/') else {
            return Err(match is_registry(place) {
                true => ReferenceFault::NoRepository { registry: place.to_owned() },
                false => ReferenceFault::Registry { registry: place.to_owned() },
            });
        };
        let registry = registry.to_ascii_lowercase();
        if !is_registry(&registry) {
            return Err(ReferenceFault::Registry { registry });
        }
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag.to_owned())),
            None => (path, None),
        };
        if repository.is_empty() {
            return Err(ReferenceFault::NoRepository { registry });
        }
        if repository.len() > 255 || !repository.split('/').all(is_component) {
            return Err(ReferenceFault::Repository { repository: repository.to_owned() });
        }
        if let Some(tag) = tag.as_ref().filter(|tag| !is_tag(tag)) {
            return Err(ReferenceFault::Tag { tag: tag.clone() });
        }
        Ok(Self { registry, repository: repository.to_owned(), tag, digest })
    }
}

/// The algorithm must be written here: a registry has others, too.
fn manifest_digest(text: &str) -> Result<Digest, ReferenceFault> {
    let text = if text.contains(':') { text.to_owned() } else { format!("none:{text}") };
    text.parse().map_err(ReferenceFault::ManifestDigest)
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.registry, self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// `host:port` → both; an IPv6 address stands in brackets.
fn host_and_port(registry: &str) -> (&str, Option<&str>) {
    if let Some((host, rest)) = registry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':'));
    }
    match registry.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (registry, None),
    }
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = host_and_port(registry);
    let port_fine = port.is_none_or(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0)
    });
    let bracketed = registry.starts_with('[');
    let whole = match (bracketed, port) {
        (true, None) => format!("[{host}]"),
        (true, Some(port)) => format!("[{host}]:{port}"),
        (false, None) => host.to_owned(),
        (false, Some(port)) => format!("{host}:{port}"),
    };
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(inner) && !label.starts_with('-')
    };
    let host_fine = match bracketed {
        true => matches!(host.parse(), Ok(IpAddr::V6(_))),
        // A URL would read a host of numbers as an address, e.g. `0x7f.1`: only its usual form may mean one.
        false if host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit())) => {
            matches!(host.parse(), Ok(IpAddr::V4(_)))
        }
        false => host.len() <= 253 && host.split('.').all(label),
    };
    port_fine && host_fine && whole == registry
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(component: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = component.split(alphanumeric).filter(|separator| !separator.is_empty());
    let fine = |separator: &str| matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-');
    component.starts_with(alphanumeric) && component.ends_with(alphanumeric) && separators.into_iter().all(fine)
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
fn is_tag(tag: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=128).contains(&tag.len()) && tag.bytes().all(inner) && !tag.starts_with(['.', '-'])
}
