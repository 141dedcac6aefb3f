//! One repository in one registry: the few requests of the distribution protocol that components need.
//!
//! Why not `oci-client`, which the tests use as the judge: it reads manifests and tokens into memory without a bound,
//! follows redirects, layers' `urls` and token realms to any address (with the password, over plain HTTP too), and its HTTP
//! client can be neither given nor guarded. A registry is somebody else's machine; so here every body has a bound, every
//! step a deadline, and whatever the registry points to must be itself, or be on the internet and encrypted
//! (`transport.rs`).

mod challenge;
mod reach;
mod transport;

use crate::credentials::Credentials;
use crate::digest::Digest;
use crate::error::Error;
use crate::layout::{INDEXES, MANIFEST};
use crate::reference::OciReference;
use bytes::Bytes;
use challenge::Challenge;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use transport::{Answer, Ask, Transport, read, says};
use url::Url;

/// Longest manifest; registries refuse longer ones.
const MANIFEST_BYTES: u64 = 4 << 20;
/// Longest answer of a token service.
const TOKEN_BYTES: u64 = 64 << 10;

/// How registries are reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who asks, by registry as it stands in references: `host` or `host:port`.
    pub credentials: BTreeMap<String, Credentials>,
    /// `host` or `host:port` that is spoken to over plain HTTP, and to which registries may point even though its address
    /// is private. Loopback needs no entry to be spoken to.
    pub insecure: BTreeSet<String>,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest silence in the middle of an answer.
    pub idle_timeout: Duration,
    /// Longest time for everything together.
    pub timeout: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            credentials: BTreeMap::new(),
            insecure: BTreeSet::new(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            timeout: Duration::from_secs(600),
        }
    }
}

/// What is to be done, as token services name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Pull,
    Push,
}

/// One repository in one registry.
pub(crate) struct Registry<'a> {
    reference: &'a OciReference,
    credentials: Option<&'a Credentials>,
    action: Action,
    transport: Transport<'a>,
    /// What the registry is shown, once it has asked.
    authorization: Option<HeaderValue>,
}

impl<'a> Registry<'a> {
    pub(crate) fn open(reference: &'a OciReference, access: &'a Access, action: Action) -> Result<Self, Error> {
        let transport = Transport::to(reference, access)?;
        let credentials = access.credentials.get(reference.registry());
        let mut registry = Self { reference, credentials, action, transport, authorization: None };
        if let Some(Credentials::Token(token)) = credentials {
            let value = secret(&format!("Bearer {}", token.as_str()));
            let says = || "the token holds characters that no token has".to_owned();
            registry.authorization = Some(value.ok_or_else(|| registry.unauthorized(says()))?);
        }
        Ok(registry)
    }

    /// The manifest's bytes and digest; `None` if there is none.
    pub(crate) async fn manifest(&mut self, wanted: &str) -> Result<Option<(Bytes, Digest)>, Error> {
        let [index, list] = INDEXES;
        let ask = self.ask(Method::GET, &format!("manifests/{wanted}"))?;
        let response = self.send(ask.header(ACCEPT, &format!("{MANIFEST}, {index}, {list}"))).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.success(response).await?;
        let told = digest_header(&response);
        let what = || format!("the manifest of {}", self.reference);
        let bytes = read(response, MANIFEST_BYTES, what, &self.transport).await?;
        let actual = Digest::of(&bytes);
        match told.filter(|told| *told != actual) {
            Some(expected) => Err(Error::WrongDigest { what: what(), expected, actual }),
            None => Ok(Some((bytes, actual))),
        }
    }

    /// A blob that must have this digest and size.
    pub(crate) async fn blob(&mut self, digest: &Digest, size: u64) -> Result<Bytes, Error> {
        let response = self.send(self.ask(Method::GET, &format!("blobs/{digest}"))?).await?;
        let response = self.success(response).await?;
        let what = || format!("blob {digest} of {}", self.reference);
        let bytes = read(response, size, what, &self.transport).await?;
        let actual = Digest::of(&bytes);
        if actual == *digest { Ok(bytes) } else { Err(Error::WrongDigest { what: what(), expected: *digest, actual }) }
    }

    /// Puts a blob where it is not there yet.
    pub(crate) async fn put_blob(&mut self, digest: &Digest, bytes: Bytes) -> Result<(), Error> {
        let there = self.send(self.ask(Method::HEAD, &format!("blobs/{digest}"))?).await?;
        if there.status().is_success() {
            tracing::debug!(%digest, "the registry has this blob");
            return Ok(());
        }
        let begun = self.send(self.ask(Method::POST, "blobs/uploads/")?).await?;
        let begun = self.success(begun).await?;
        let location = begun.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let place = location.and_then(|location| begun.url().join(location).ok());
        let mut place = place.ok_or_else(|| self.garbled("it takes an upload and names no place for it"))?;
        place.query_pairs_mut().append_pair("digest", &digest.to_string());
        let ask = Ask::new(Method::PUT, place).header(CONTENT_TYPE, "application/octet-stream").body(bytes);
        let done = self.send(ask).await?;
        self.success(done).await.map(drop)
    }

    /// Puts a manifest under a tag.
    pub(crate) async fn put_manifest(&mut self, tag: &str, bytes: Bytes) -> Result<Digest, Error> {
        let expected = Digest::of(&bytes);
        let ask = self.ask(Method::PUT, &format!("manifests/{tag}"))?.header(CONTENT_TYPE, MANIFEST).body(bytes);
        let response = self.send(ask).await?;
        let response = self.success(response).await?;
        match digest_header(&response).filter(|told| *told != expected) {
            Some(actual) => {
                let what = format!("the manifest that the registry keeps for {}", self.reference);
                Err(Error::WrongDigest { what, expected, actual })
            }
            None => Ok(expected),
        }
    }

    fn ask(&self, method: Method, path: &str) -> Result<Ask, Error> {
        // The dot: before a colon, as in `blobs/sha256:…`, could stand a scheme.
        let url = self.transport.base.join(&format!("./{path}")).map_err(|error| self.garbled(&error.to_string()))?;
        Ok(Ask::new(method, url))
    }

    /// Asks, and once more with what the registry wants to see.
    async fn send(&mut self, ask: Ask) -> Result<Response, Error> {
        let Answer { response, at_home } = self.transport.follow(&ask, self.authorization.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !at_home {
            return Ok(response);
        }
        let authorization = match (self.credentials, Challenge::read(response.headers())) {
            // Sent as it is, and refused.
            (Some(Credentials::Token(_)), _) | (_, None) => None,
            (_, Some(Challenge::Bearer { realm, service })) => Some(self.token(&realm, service.as_deref()).await?),
            (_, Some(Challenge::Basic)) => self.basic(),
        };
        if authorization.is_none() {
            return Err(self.unauthorized(says(response).await));
        }
        self.authorization = authorization;
        let Answer { response, at_home } = self.transport.follow(&ask, self.authorization.as_ref()).await?;
        if response.status() == StatusCode::UNAUTHORIZED && at_home {
            return Err(self.unauthorized(says(response).await));
        }
        Ok(response)
    }

    fn basic(&self) -> Option<HeaderValue> {
        secret(&self.credentials?.basic()?)
    }

    /// A token for this repository from the registry's token service.
    async fn token(&mut self, realm: &str, service: Option<&str>) -> Result<HeaderValue, Error> {
        let url = Url::parse(realm);
        let mut url = url.map_err(|_| self.garbled("the address of its token service is none"))?;
        let actions = match self.action {
            Action::Pull => "pull",
            Action::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", self.reference.repository());
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service))).append_pair("scope", &scope);
        let response = self.transport.ask_token_service(url, self.basic()).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.unauthorized(says(response).await)),
            status => return Err(self.refused(status, says(response).await)),
        }
        let what = || format!("the token for {}", self.reference);
        let body = read(response, TOKEN_BYTES, what, &self.transport).await?;
        let token = serde_json::from_slice::<Token>(&body).ok().and_then(|token| token.token.or(token.access_token));
        let value = token.and_then(|token| secret(&format!("Bearer {token}")));
        value.ok_or_else(|| self.garbled("its token service gives no token"))
    }

    /// The response, unless it says no.
    async fn success(&self, response: Response) -> Result<Response, Error> {
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_FOUND => Err(Error::NotFound { reference: self.reference.to_string() }),
            // 401 of another host that the registry points to: its own were answered.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.unauthorized(says(response).await)),
            status => Err(self.refused(status, says(response).await)),
        }
    }

    fn unauthorized(&self, says: String) -> Error {
        let registry = self.reference.registry().to_owned();
        Error::Unauthorized { registry, given: self.credentials.is_some(), says }
    }

    fn refused(&self, status: StatusCode, says: String) -> Error {
        Error::Refused { registry: self.reference.registry().to_owned(), status: status.as_u16(), says }
    }

    fn garbled(&self, why: &str) -> Error {
        Error::Garbled { host: self.reference.registry().to_owned(), why: why.to_owned() }
    }
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What the registry says the digest is; it may say nothing.
fn digest_header(response: &Response) -> Option<Digest> {
    let value = response.headers().get("docker-content-digest")?.to_str().ok()?;
    value.starts_with("sha256:").then(|| value.parse().ok())?
}
