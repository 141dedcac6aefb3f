//! Addresses: as much of a URL as `wasi:http` wants, checked where the operator's setting is read.

use crate::{Error, FieldError};
use std::fmt;

/// An absolute `http` or `https` address. A fragment is dropped; user names and passwords are refused, since secrets
/// are the host's to add.
///
/// ```
/// use mortise_sdk::http::Url;
///
/// let base = Url::parse("https://api.example.com/v1?version=2")?;
/// assert_eq!(base.join("chat/completions").to_string(), "https://api.example.com/v1/chat/completions?version=2");
/// assert!(Url::parse("api.example.com").is_err());
/// # Ok::<(), mortise_sdk::http::InvalidUrl>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    https: bool,
    authority: String,
    path: String,
    /// With its `?`; empty without one.
    query: String,
}

/// Why a text is no address to send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidUrl {
    url: String,
    reason: &'static str,
}

impl Url {
    /// Reads an address. What may not stand in a path or query as it is (blanks, letters beyond ASCII) is
    /// percent-encoded.
    ///
    /// # Errors
    /// Another scheme, no host, a user name, a bad port, control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let fail = |reason| Err(InvalidUrl { url: text.to_owned(), reason });
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return fail("contains control characters");
        }
        let Some((scheme, rest)) = text.split_once("://") else { return fail("is not absolute") };
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return fail("is neither http nor https"),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?', '\\']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return fail("names a user; bind a secret to the host instead");
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        if port.is_some_and(|p| p.parse::<u16>().is_err() || !p.bytes().all(|b| b.is_ascii_digit())) {
            return fail("has a bad port");
        }
        if !is_host(host) {
            return fail("has a bad host name");
        }
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        Ok(Self {
            https,
            authority: authority.to_ascii_lowercase(),
            path: if path.is_empty() { "/".into() } else { encoded(path) },
            query: encoded(query),
        })
    }

    /// The address with `path` appended to its own path, before any query: `https://host/v1/` and `chat/completions`
    /// give `https://host/v1/chat/completions`.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let joined = format!("{}/{}", self.path.trim_end_matches('/'), encoded(path.trim_start_matches('/')));
        Self { path: joined, ..self.clone() }
    }

    /// Whether the scheme is `https`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and port in lower case, as written: `api.example.com`, `[::1]:8080`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query, beginning with `/`.
    pub fn path_and_query(&self) -> String {
        format!("{}{}", self.path, self.query)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}{}", self.authority, self.path, self.query)
    }
}

impl fmt::Display for InvalidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password in the address must not end up in a log.
        let shown = self.url.rsplit('@').next().unwrap_or_default();
        write!(f, "the address {shown:?} {}", self.reason)
    }
}

impl std::error::Error for InvalidUrl {}

impl From<InvalidUrl> for Error {
    fn from(error: InvalidUrl) -> Self {
        Error::InvalidConfig(FieldError { field: "url".into(), message: error.to_string() })
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|ip| ip.parse::<std::net::Ipv6Addr>().is_ok());
    }
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// Percent-encodes what may not stand in a request line; existing escapes stay.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x7f.. => {
                out.push_str(&format!("%{byte:02X}"));
            }
            byte => out.push(char::from(byte)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (bool, String, String) {
        let url = Url::parse(text).unwrap();
        (url.is_https(), url.authority().to_owned(), url.path_and_query())
    }

    #[test]
    fn addresses() {
        assert_eq!(parts("https://API.Example.com"), (true, "api.example.com".into(), "/".into()));
        assert_eq!(parts(" HTTP://localhost:8080/v1?a=b#c "), (false, "localhost:8080".into(), "/v1?a=b".into()));
        assert_eq!(parts("http://[::1]:80?x"), (false, "[::1]:80".into(), "/?x".into()));
        assert_eq!(parts("http://[::1]/"), (false, "[::1]".into(), "/".into()));
        assert_eq!(parts("http://h/a b/ü%20{}"), (false, "h".into(), "/a%20b/%C3%BC%20%7B%7D".into()));
    }

    #[test]
    fn refused() {
        for bad in [
            "",
            "api.example.com",
            "ftp://x",
            "http://",
            "http:///v1",
            "http://a b/",
            "http://h:99999/",
            "http://h:/",
            "http://h:+80/",
            "http://user:pw@h/",
            "http://h/\r\nx: y",
            "http://[zz]/",
            "http://ü.example/",
        ] {
            assert!(Url::parse(bad).is_err() || bad == "{bad:?}");
        }
        // A backslash ends the authority as browsers have it, so that no second host hides behind it.
        assert_eq!(parts("http://a\\@b/").1, "a");
    }

    #[test]
    fn messages_keep_passwords_to_themselves() {
        let message = Url::parse("http://user:hunter2@h/").unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn joining_keeps_the_query() {
        let base = Url::parse("https://h/openai/v1/?api-version=2").unwrap();
        assert_eq!(base.join("/chat/completions").to_string(), "https://h/openai/v1/chat/completions?api-version=2");
        assert_eq!(Url::parse("http://h").unwrap().join("v1").to_string(), "http://h/v1");
    }
}
