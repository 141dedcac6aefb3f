//! Who asks a registry. Read from nowhere: the caller gives them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// What a registry wants to see.
#[derive(Clone)]
pub enum Credentials {
    /// A user, or a token's name, and the password.
    Password {
        /// User.
        user: String,
        /// Password.
        password: Zeroizing<String>,
    },
    /// A bearer token, sent as it is.
    Token(Zeroizing<String>),
}

/// Not a docker `config.json`.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Not its JSON.
    #[error("this is not docker's config.json: {0}")]
    Form(#[from] serde_json::Error),
    /// An entry is damaged.
    #[error("auths.{0:?}.auth is not base64 of user:password; log in again")]
    Entry(String),
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    registrytoken: Option<String>,
}

impl Credentials {
    /// A user and a password.
    pub fn password(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { user: user.into(), password: Zeroizing::new(password.into()) }
    }

    /// A bearer token.
    pub fn token(token: impl Into<String>) -> Self {
        Self::Token(Zeroizing::new(token.into()))
    }

    /// Credentials by registry from the text of docker's `config.json`. What a credential helper keeps is not in it.
    pub fn from_docker_config(text: &str) -> Result<BTreeMap<String, Self>, CredentialsError> {
        let config: Config = serde_json::from_str(text)?;
        let mut found = BTreeMap::new();
        for (key, entry) in config.auths {
            if let Some(credentials) = entry.credentials().ok_or_else(|| CredentialsError::Entry(key.clone()))? {
                found.insert(registry(&key), credentials);
            }
        }
        Ok(found)
    }

    /// The value of `Authorization: Basic`, where there is a password.
    pub(crate) fn basic(&self) -> Option<Zeroizing<String>> {
        let Self::Password { user, password } = self else { return None };
        let pair = Zeroizing::new(format!("{user}:{}", password.as_str()));
        Some(Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes()))))
    }
}

impl Entry {
    /// `None`: damaged. `Some(None)`: kept elsewhere.
    fn credentials(self) -> Option<Option<Credentials>> {
        if let Some(token) = self.registrytoken.filter(|token| !token.is_empty()) {
            return Some(Some(Credentials::token(token)));
        }
        if let (Some(user), Some(password)) = (self.username, self.password) {
            return Some(Some(Credentials::password(user, password)));
        }
        let Some(auth) = self.auth.filter(|auth| !auth.is_empty()) else { return Some(None) };
        let pair = String::from_utf8(BASE64_STANDARD.decode(auth).ok()?).ok()?;
        let (user, password) = pair.split_once(':')?;
        Some(Some(Credentials::password(user, password)))
    }
}

/// `https://index.docker.io/v1/` → `docker.io`; others lose scheme and path.
fn registry(key: &str) -> String {
    let host = key.split_once("://").map_or(key, |(_, rest)| rest);
    match host.split('/').next().unwrap_or(host) {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        host => host.to_ascii_lowercase(),
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password({user}, …)"),
            Self::Token(_) => f.write_str("Token(…)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_config() {
        let text = r#"{
            "auths": {
                "https://index.docker.io/v1/": {"auth": "YW5uYTpzZTpjcmV0"},
                "GHCR.io": {"username": "b", "password": "p"},
                "127.0.0.1:5000": {"registrytoken": "t"},
                "helped.example": {}
            },
            "credsStore": "desktop"
        }"#;
        let found = Credentials::from_docker_config(text).unwrap();
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["127.0.0.1:5000", "docker.io", "ghcr.io"]);
        assert_eq!(found["docker.io"].basic().unwrap().as_str(), "Basic YW5uYTpzZTpjcmV0");
        assert!(found["127.0.0.1:5000"].basic().is_none());
    }

    #[test]
    fn damaged_docker_config() {
        assert!(matches!(Credentials::from_docker_config("["), Err(CredentialsError::Form(_))));
        for auth in ["%", "bm9jb2xvbg==", "/w=="] {
            let text = format!(r#"{{"auths": {{"h": {{"auth": "{auth}"}}}}}}"#);
            assert!(matches!(Credentials::from_docker_config(&text), Err(CredentialsError::Entry(_))), "{auth}");
        }
    }

    #[test]
    fn never_shown() {
        let shown = format!("{:?} {:?}", Credentials::password("anna", "se-cret"), Credentials::token("to-ken"));
        assert!(!shown.contains("se-cret") && !shown.contains("to-ken"), "{shown}");
    }
}
