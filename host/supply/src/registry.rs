//! One repository in one registry: the few requests of the distribution protocol that components need, over a transport
//! that trusts no answer.
//!
//! Why not `oci-client`, which the tests use as the judge: it reads manifests and tokens into memory without a bound,
//! follows redirects, layers' `urls` and token realms to any address (with the password, over plain HTTP too), and its HTTP
//! client can be neither given nor guarded. A registry is somebody else's machine; so here every body has a bound, every
//! step a deadline, and whatever the registry points to must be itself, or be on the internet and encrypted.

pub(crate) mod challenge;
pub(crate) mod reach;

use crate::credentials::Credentials;
use crate::digest::Digest;
use crate::error::Error;
use crate::layout::{INDEXES, MANIFEST};
use crate::reference::OciReference;
use bytes::Bytes;
use challenge::Challenge;
use reach::{OutOfReach, Reach};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;
use url::{Host, Url};

/// Longest manifest; registries refuse longer ones.
const MANIFEST_BYTES: u64 = 4 << 20;
/// Longest answer of a token service, and longest error text.
const TOKEN_BYTES: u64 = 64 << 10;
/// Redirects followed for one request.
const REDIRECTS: usize = 5;
/// Longest text of a registry that is repeated.
const SAYS: usize = 300;

/// How registries are reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who asks, by registry as it stands in references: `host` or `host:port`.
    pub credentials: BTreeMap<String, Credentials>,
    /// `host` or `host:port` that may be spoken to over plain HTTP, and to which registries may point even though its
    /// address is private. Loopback needs no entry to be spoken to.
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

impl Access {
    fn lists(&self, host: &str, port: Option<u16>) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let with_port = port.map(|port| format!("{host}:{port}"));
        self.insecure.iter().any(|listed| listed == host || listed == bare || Some(listed) == with_port.as_ref())
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
    access: &'a Access,
    action: Action,
    base: Url,
    home: Reach,
    clients: Mutex<BTreeMap<Reach, reqwest::Client>>,
    authorization: Mutex<Option<HeaderValue>>,
}

/// One request.
struct Ask {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Ask {
    fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    fn header(mut self, name: reqwest::header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl<'a> Registry<'a> {
    pub(crate) fn open(reference: &'a OciReference, access: &'a Access, action: Action) -> Result<Self, Error> {
        // The one registry whose API has another name than its references.
        let host = match reference.registry() {
            "docker.io" => "registry-1.docker.io",
            registry => registry,
        };
        let loopback = match reference.host().parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => reference.host() == "localhost",
        };
        let listed = access.insecure.contains(reference.registry()) || access.insecure.contains(reference.host());
        let scheme = if loopback || listed { "http" } else { "https" };
        let garbled = |why: String| Error::Garbled { host: host.to_owned(), why };
        let base = format!("{scheme}://{host}/v2/{}/", reference.repository());
        let base = Url::parse(&base).map_err(|error| garbled(error.to_string()))?;
        let home = if loopback && !listed { Reach::Loopback } else { Reach::Named };
        let authorization = match access.credentials.get(reference.registry()) {
            Some(Credentials::Token(token)) => {
                Some(secret(&format!("Bearer {}", token.as_str())).ok_or_else(|| {
                    let says = "the token holds characters that no token has".to_owned();
                    Error::Unauthorized { registry: reference.registry().to_owned(), given: true, says }
                })?)
            }
            _ => None,
        };
        let (clients, authorization) = (Mutex::default(), Mutex::new(authorization));
        Ok(Self { reference, access, action, base, home, clients, authorization })
    }

    /// Name of the registry, for messages.
    fn name(&self) -> String {
        self.reference.registry().to_owned()
    }

    /// The manifest's bytes and digest; `None` if there is none.
    pub(crate) async fn manifest(&self, wanted: &str) -> Result<Option<(Bytes, Digest)>, Error> {
        let accepted = format!("{MANIFEST}, {}", INDEXES.join(", "));
        let accepted = HeaderValue::from_str(&accepted).unwrap_or(HeaderValue::from_static(MANIFEST));
        let ask = Ask::new(Method::GET, self.url(&format!("manifests/{wanted}"))?).header(ACCEPT, accepted);
        let response = self.send(ask).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.success(response).await?;
        let told = digest_header(&response);
        let what = || format!("the manifest of {}", self.reference);
        let bytes = self.body(response, MANIFEST_BYTES, what).await?;
        let actual = Digest::of(&bytes);
        match told.filter(|told| *told != actual) {
            Some(expected) => Err(Error::WrongDigest { what: what(), expected, actual }),
            None => Ok(Some((bytes, actual))),
        }
    }

    /// A blob that must have this digest and size.
    pub(crate) async fn blob(&self, digest: &Digest, size: u64) -> Result<Bytes, Error> {
        let what = || format!("blob {digest} of {}", self.reference);
        let response = self.send(Ask::new(Method::GET, self.url(&format!("blobs/{digest}"))?)).await?;
        let response = self.success(response).await?;
        let bytes = self.body(response, size, what).await?;
        let actual = Digest::of(&bytes);
        if actual == *digest { Ok(bytes) } else { Err(Error::WrongDigest { what: what(), expected: *digest, actual }) }
    }

    /// Puts a blob where it is not there yet.
    pub(crate) async fn put_blob(&self, digest: &Digest, bytes: Bytes) -> Result<(), Error> {
        let there = self.send(Ask::new(Method::HEAD, self.url(&format!("blobs/{digest}"))?)).await?;
        if there.status().is_success() {
            tracing::debug!(%digest, "the registry has this blob");
            return Ok(());
        }
        let begun = self.send(Ask::new(Method::POST, self.url("blobs/uploads/")?)).await?;
        let begun = self.success(begun).await?;
        let location = begun.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(mut place) = location.and_then(|location| begun.url().join(location).ok()) else {
            let why = "it takes an upload and names no place for it".to_owned();
            return Err(Error::Garbled { host: self.name(), why });
        };
        place.query_pairs_mut().append_pair("digest", &digest.to_string());
        let octets = HeaderValue::from_static("application/octet-stream");
        let ask = Ask { body: bytes, ..Ask::new(Method::PUT, place).header(CONTENT_TYPE, octets) };
        let done = self.send(ask).await?;
        self.success(done).await.map(drop)
    }

    /// Puts a manifest under a tag.
    pub(crate) async fn put_manifest(&self, tag: &str, bytes: Bytes) -> Result<Digest, Error> {
        let expected = Digest::of(&bytes);
        let kind = HeaderValue::from_static(MANIFEST);
        let ask = Ask::new(Method::PUT, self.url(&format!("manifests/{tag}"))?).header(CONTENT_TYPE, kind);
        let response = self.send(Ask { body: bytes, ..ask }).await?;
        let response = self.success(response).await?;
        match digest_header(&response).filter(|told| *told != expected) {
            Some(actual) => {
                let what = format!("the manifest that the registry keeps for {}", self.reference);
                Err(Error::WrongDigest { what, expected, actual })
            }
            None => Ok(expected),
        }
    }

    fn url(&self, path: &str) -> Result<Url, Error> {
        // A path that is relative and holds only tags and digests always fits.
        self.base
            .join(&format!("./{path}"))
            .map_err(|error| Error::Garbled { host: self.name(), why: error.to_string() })
    }

    /// Asks, and once more with what the registry wants to see.
    async fn send(&self, ask: Ask) -> Result<Response, Error> {
        let (response, at_home) = self.follow(&ask).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !at_home {
            return Ok(response);
        }
        let authorization = match Challenge::read(response.headers()) {
            // Given to be sent as it is, and refused.
            _ if matches!(self.credentials(), Some(Credentials::Token(_))) => None,
            Some(Challenge::Bearer { realm, service }) => self.token(&realm, service.as_deref()).await?,
            Some(Challenge::Basic) => self.basic(),
            None => None,
        };
        let Some(authorization) = authorization else { return Err(self.unauthorized(says(response).await)) };
        self.set_authorization(authorization);
        let (response, at_home) = self.follow(&ask).await?;
        if response.status() == StatusCode::UNAUTHORIZED && at_home {
            return Err(self.unauthorized(says(response).await));
        }
        Ok(response)
    }

    fn unauthorized(&self, says: String) -> Error {
        Error::Unauthorized { registry: self.name(), given: self.credentials().is_some(), says }
    }

    fn credentials(&self) -> Option<&Credentials> {
        self.access.credentials.get(self.reference.registry())
    }

    fn basic(&self) -> Option<HeaderValue> {
        secret(&self.credentials()?.basic()?)
    }

    fn set_authorization(&self, value: HeaderValue) {
        *self.authorization.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(value);
    }

    fn authorization(&self) -> Option<HeaderValue> {
        self.authorization.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// A token for this repository from the registry's token service.
    async fn token(&self, realm: &str, service: Option<&str>) -> Result<Option<HeaderValue>, Error> {
        let garbled = |why: String| Error::Garbled { host: self.name(), why };
        let mut url = self.base.join(realm).map_err(|_| garbled(format!("its token service is {realm:?}")))?;
        let actions = match self.action {
            Action::Pull => "pull",
            Action::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", self.reference.repository());
        url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service))).append_pair("scope", &scope);
        let reach = self.reach(&url)?;
        let mut request = reqwest::Request::new(Method::GET, url);
        if let Some(basic) = self.basic() {
            request.headers_mut().insert(AUTHORIZATION, basic);
        }
        let response = self.execute(reach, request).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.unauthorized(says(response).await));
            }
            status => {
                let says = says(response).await;
                return Err(Error::Refused { registry: self.name(), status: status.as_u16(), says });
            }
        }
        let body = self.body(response, TOKEN_BYTES, || format!("the token for {}", self.reference)).await?;
        let token =
            serde_json::from_slice::<Token>(&body).map_err(|_| garbled("its token service gives no token".into()))?;
        let token =
            token.token.or(token.access_token).ok_or_else(|| garbled("its token service gives no token".into()))?;
        let value = secret(&format!("Bearer {token}"));
        value.map(Some).ok_or_else(|| garbled("its token service gives something that is no token".into()))
    }

    /// Asks, and follows redirects of reads as far as they may be followed. Says whether the answer is the registry's own.
    async fn follow(&self, ask: &Ask) -> Result<(Response, bool), Error> {
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS {
            let reach = self.reach(&url)?;
            let at_home = self.is_home(&url);
            let mut request = reqwest::Request::new(ask.method.clone(), url.clone());
            request.headers_mut().clone_from(&ask.headers);
            if let Some(authorization) = self.authorization().filter(|_| at_home) {
                request.headers_mut().insert(AUTHORIZATION, authorization);
            }
            if !matches!(ask.method, Method::GET | Method::HEAD) {
                *request.body_mut() = Some(ask.body.clone().into());
            }
            let response = self.execute(reach, request).await?;
            let read = matches!(ask.method, Method::GET | Method::HEAD);
            let location = response.headers().get(LOCATION).filter(|_| read && response.status().is_redirection());
            let Some(location) = location else { return Ok((response, at_home)) };
            let target = location.to_str().ok().and_then(|location| url.join(location).ok());
            url = target.ok_or_else(|| Error::Garbled {
                host: self.name(),
                why: "it redirects to something that is no address".to_owned(),
            })?;
            tracing::debug!(host = url.host_str(), "the registry redirects");
        }
        let why = format!("there are more than {REDIRECTS} redirects");
        Err(Error::NotFollowed { registry: self.name(), target: shown(&url), why })
    }

    /// Whether this is the registry that the reference names.
    fn is_home(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Which addresses a URL may lead to, if it may be followed at all.
    fn reach(&self, url: &Url) -> Result<Reach, Error> {
        let refused = |why: &str| Error::NotFollowed { registry: self.name(), target: shown(url), why: why.to_owned() };
        let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
            return Err(refused("only http and https are"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it holds a user or a password"));
        }
        let listed = self.access.lists(&host.to_string(), url.port_or_known_default());
        let reach = match (self.is_home(url), listed) {
            (true, _) => self.home,
            (false, true) => Reach::Named,
            (false, false) if url.scheme() == "https" => Reach::Public,
            (false, false) => return Err(refused("it is not encrypted, and its host is not listed as insecure")),
        };
        // The resolver never sees an address.
        let address = match host {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        match address.is_none_or(|address| reach.covers(address)) {
            true => Ok(reach),
            false => Err(refused(&OutOfReach.to_string())),
        }
    }

    fn client(&self, reach: Reach) -> Result<reqwest::Client, reqwest::Error> {
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(client) = clients.get(&reach) {
            return Ok(client.clone());
        }
        // Already chosen is as good: whoever came first chose the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .dns_resolver(reach)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // A proxy would resolve names for us, past the check of addresses.
            .no_proxy()
            // A digest is one of the bytes as they are; and nothing unpacks to more than it seems.
            .no_gzip()
            .connect_timeout(self.access.connect_timeout)
            .read_timeout(self.access.idle_timeout)
            .user_agent(concat!("mortise/", env!("CARGO_PKG_VERSION")))
            .build()?;
        clients.insert(reach, client.clone());
        Ok(client)
    }

    async fn execute(&self, reach: Reach, request: reqwest::Request) -> Result<Response, Error> {
        let url = request.url().clone();
        tracing::debug!(method = %request.method(), url = shown(&url), "asking the registry");
        let sent = match self.client(reach) {
            Ok(client) => client.execute(request).await,
            Err(error) => Err(error),
        };
        sent.map_err(|error| self.broken(&url, &error))
    }

    /// What a failed connection means.
    fn broken(&self, url: &Url, error: &reqwest::Error) -> Error {
        let host = url.host_str().unwrap_or_default().to_owned();
        let causes = || std::iter::successors(std::error::Error::source(error), |error| error.source());
        if causes().any(|cause| cause.is::<OutOfReach>()) {
            let why = OutOfReach.to_string();
            return Error::NotFollowed { registry: self.name(), target: shown(url), why };
        }
        if error.is_timeout() {
            let allowed = if error.is_connect() { self.access.connect_timeout } else { self.access.idle_timeout };
            return Error::TimedOut { host, allowed };
        }
        let why = causes().last().map_or_else(|| error.to_string(), ToString::to_string);
        if error.is_connect() || error.is_request() {
            return Error::Unreachable { host, why };
        }
        Error::Garbled { host, why }
    }

    /// The whole body, if it is not longer than `limit`.
    async fn body(&self, mut response: Response, limit: u64, what: impl Fn() -> String) -> Result<Bytes, Error> {
        let too_large = || Error::TooLarge { what: what(), limit };
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let url = response.url().clone();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.broken(&url, &error))? {
            if (body.len() + part.len()) as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&part);
        }
        Ok(body.into())
    }

    /// The response, unless it says no.
    async fn success(&self, response: Response) -> Result<Response, Error> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let says = says(response).await;
        Err(match status {
            StatusCode::NOT_FOUND => Error::NotFound { reference: self.reference.to_string() },
            // Of another host that the registry points to: its own were answered.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.unauthorized(says),
            status => Error::Refused { registry: self.name(), status: status.as_u16(), says },
        })
    }
}

#[derive(serde::Deserialize)]
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

/// A URL without what may be secret in it: signed storage addresses carry their key in the query.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// The registry's own words about an error, in one short line.
async fn says(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() as u64 > TOKEN_BYTES {
            break;
        }
    }
    #[derive(serde::Deserialize)]
    struct Errors {
        errors: Vec<OneError>,
    }
    #[derive(serde::Deserialize)]
    struct OneError {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    // Anything but the protocol's own errors is a page for people, or worse.
    let Ok(Errors { errors }) = serde_json::from_slice(&body) else { return String::new() };
    let all = errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect::<Vec<_>>().join("; ");
    all.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAYS).collect()
}
