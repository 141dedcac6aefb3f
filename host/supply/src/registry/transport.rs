//! HTTP to a registry, and to nowhere that the operator has not named, except encrypted places on the internet.

use super::Access;
use super::reach::{OutOfReach, Reach};
use crate::error::Error;
use crate::reference::OciReference;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use url::{Host, Url};

/// Redirects followed for one request.
const REDIRECTS: usize = 5;
/// Longest error text that is read.
const ERROR_BYTES: usize = 64 << 10;
/// Longest text of a registry that is repeated.
const SAYS: usize = 300;

/// One request.
pub(super) struct Ask {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Ask {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        // Only media types come here, which are all fit for it.
        self.headers.extend(HeaderValue::from_str(value).map(|value| (name, value)));
        self
    }

    pub(super) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) response: Response,
    /// Whether it is the registry's own, and not that of a place it points to.
    pub(super) at_home: bool,
}

/// The way to one registry.
pub(super) struct Transport<'a> {
    registry: &'a str,
    access: &'a Access,
    /// `https://registry/v2/repository/`.
    pub(super) base: Url,
    /// Where the registry itself may be.
    home: Reach,
    clients: BTreeMap<Reach, reqwest::Client>,
}

impl<'a> Transport<'a> {
    pub(super) fn to(reference: &'a OciReference, access: &'a Access) -> Result<Self, Error> {
        let registry = reference.registry();
        // The one registry whose API has another name than its references.
        let host = if registry == "docker.io" { "registry-1.docker.io" } else { registry };
        let loopback = match reference.host().parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => reference.host() == "localhost",
        };
        let listed = access.insecure.contains(registry) || access.insecure.contains(reference.host());
        let scheme = if loopback || listed { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/v2/{}/", reference.repository()));
        let base = base.map_err(|error| Error::Garbled { host: host.to_owned(), why: error.to_string() })?;
        let home = if loopback && !listed { Reach::Loopback } else { Reach::Named };
        Ok(Self { registry, access, base, home, clients: BTreeMap::new() })
    }

    /// Asks, and follows redirects of reads as far as they may be followed. Only the registry itself is shown who asks.
    pub(super) async fn follow(&mut self, ask: &Ask, authorization: Option<&HeaderValue>) -> Result<Answer, Error> {
        let reads = matches!(ask.method, Method::GET | Method::HEAD);
        let mut url = ask.url.clone();
        for _ in 0..=REDIRECTS {
            let at_home = self.is_home(&url);
            let mut request = reqwest::Request::new(ask.method.clone(), url.clone());
            request.headers_mut().clone_from(&ask.headers);
            request.headers_mut().extend(authorization.filter(|_| at_home).map(|value| (AUTHORIZATION, value.clone())));
            if !reads {
                *request.body_mut() = Some(ask.body.clone().into());
            }
            let response = self.execute(request).await?;
            let location = response.headers().get(LOCATION).filter(|_| reads && response.status().is_redirection());
            let Some(location) = location else { return Ok(Answer { response, at_home }) };
            let target = location.to_str().ok().and_then(|location| url.join(location).ok());
            let why = "it redirects to something that is no address";
            url = target.ok_or_else(|| Error::Garbled { host: self.registry.to_owned(), why: why.to_owned() })?;
            tracing::debug!(host = url.host_str(), "the registry redirects");
        }
        Err(self.not_followed(&url, format!("there are more than {REDIRECTS} redirects")))
    }

    /// Asks the service that the registry names for tokens, which may be another host and is told who asks.
    pub(super) async fn ask_token_service(&mut self, url: Url, who: Option<HeaderValue>) -> Result<Response, Error> {
        let mut request = reqwest::Request::new(Method::GET, url);
        request.headers_mut().extend(who.map(|who| (AUTHORIZATION, who)));
        self.execute(request).await
    }

    async fn execute(&mut self, request: reqwest::Request) -> Result<Response, Error> {
        let url = request.url().clone();
        let reach = self.reach(&url)?;
        tracing::debug!(method = %request.method(), url = shown(&url), "asking the registry");
        let sent = match self.client(reach) {
            Ok(client) => client.execute(request).await,
            Err(error) => Err(error),
        };
        sent.map_err(|error| self.broken(&url, &error))
    }

    /// Whether this is the registry that the reference names.
    fn is_home(&self, url: &Url) -> bool {
        url.origin() == self.base.origin()
    }

    /// Which addresses a URL may lead to, if it may be asked at all.
    fn reach(&self, url: &Url) -> Result<Reach, Error> {
        let refused = |why: &str| self.not_followed(url, why.to_owned());
        let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
            return Err(refused("it is neither http nor https"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it holds a user or a password"));
        }
        let reach = match self.is_home(url) {
            true => self.home,
            false if self.is_listed(&host, url) => Reach::Named,
            false if url.scheme() == "https" => Reach::Public,
            false => return Err(refused("it is not encrypted, and its host is not listed as insecure")),
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

    fn is_listed(&self, host: &Host<&str>, url: &Url) -> bool {
        let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
        let listed = |name: &str| self.access.insecure.contains(name);
        listed(&host.to_string()) || with_port.is_some_and(|name| listed(&name))
    }

    fn client(&mut self, reach: Reach) -> Result<reqwest::Client, reqwest::Error> {
        if let Some(client) = self.clients.get(&reach) {
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
        self.clients.insert(reach, client.clone());
        Ok(client)
    }

    fn not_followed(&self, url: &Url, why: String) -> Error {
        Error::NotFollowed { registry: self.registry.to_owned(), target: shown(url), why }
    }

    /// What a failed connection means.
    fn broken(&self, url: &Url, error: &reqwest::Error) -> Error {
        let host = url.host_str().unwrap_or_default().to_owned();
        let causes = || std::iter::successors(std::error::Error::source(error), |error| error.source());
        if causes().any(|cause| cause.is::<OutOfReach>()) {
            return self.not_followed(url, OutOfReach.to_string());
        }
        if error.is_timeout() {
            let allowed = if error.is_connect() { self.access.connect_timeout } else { self.access.idle_timeout };
            return Error::TimedOut { host, allowed };
        }
        let why = causes().last().map_or_else(|| error.to_string(), ToString::to_string);
        match error.is_connect() || error.is_request() {
            true => Error::Unreachable { host, why },
            false => Error::Garbled { host, why },
        }
    }
}

/// The whole body, if it is not longer than `limit`.
pub(super) async fn read(
    mut response: Response,
    limit: u64,
    what: impl Fn() -> String,
    transport: &Transport<'_>,
) -> Result<Bytes, Error> {
    let too_large = || Error::TooLarge { what: what(), limit };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let url = response.url().clone();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| transport.broken(&url, &error))? {
        if (body.len() + part.len()) as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&part);
    }
    Ok(body.into())
}

/// The registry's own words about an error, in one short line.
pub(super) async fn says(mut response: Response) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<OneError>,
    }
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct OneError {
        code: String,
        message: String,
    }
    let mut body = Vec::new();
    while body.len() < ERROR_BYTES
        && let Ok(Some(part)) = response.chunk().await
    {
        body.extend_from_slice(&part);
    }
    // Anything but the protocol's own errors is a page for people, or worse.
    let Ok(Errors { errors }) = serde_json::from_slice(&body) else { return String::new() };
    let all = errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect::<Vec<_>>().join("; ");
    all.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAYS).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn transport<T>(registry: &str, insecure: &[&str], look: impl FnOnce(&Transport<'_>) -> T) -> T {
        let reference: OciReference = format!("{registry}/acme/laws:1").parse().unwrap();
        let insecure = insecure.iter().map(|&host| host.to_owned()).collect();
        let access = Access { insecure, ..Default::default() };
        look(&Transport::to(&reference, &access).unwrap())
    }

    #[test]
    fn only_loopback_and_listed_hosts_are_spoken_to_in_clear() {
        for (registry, insecure, base, home) in [
            ("ghcr.io", &[][..], "https://ghcr.io/v2/acme/laws/", Reach::Named),
            ("docker.io", &[], "https://registry-1.docker.io/v2/acme/laws/", Reach::Named),
            ("127.0.0.1:5000", &[], "http://127.0.0.1:5000/v2/acme/laws/", Reach::Loopback),
            ("localhost", &[], "http://localhost/v2/acme/laws/", Reach::Loopback),
            ("[::1]:5000", &[], "http://[::1]:5000/v2/acme/laws/", Reach::Loopback),
            ("localhost.example.com", &[], "https://localhost.example.com/v2/acme/laws/", Reach::Named),
            ("10.0.0.9:5000", &[], "https://10.0.0.9:5000/v2/acme/laws/", Reach::Named),
            ("10.0.0.9:5000", &["10.0.0.9"], "http://10.0.0.9:5000/v2/acme/laws/", Reach::Named),
            ("nas:5000", &["nas:5000"], "http://nas:5000/v2/acme/laws/", Reach::Named),
            ("nas:5001", &["nas:5000"], "https://nas:5001/v2/acme/laws/", Reach::Named),
        ] {
            let found = transport(registry, insecure, |transport| (transport.base.to_string(), transport.home));
            assert_eq!(found, (base.to_owned(), home), "{registry}");
        }
    }

    #[test]
    fn what_a_registry_may_point_to() {
        let check = |target: &str, expected: Option<Reach>| {
            let found = transport("ghcr.io", &["nas:5000", "[fd12::1]"], |transport| {
                transport.reach(&Url::parse(target).unwrap()).ok()
            });
            assert_eq!(found, expected, "{target}");
        };
        check("https://ghcr.io/other", Some(Reach::Named));
        check("https://ghcr.io:443/other", Some(Reach::Named));
        check("http://ghcr.io/other", None);
        check("https://ghcr.io:8443/", Some(Reach::Public));
        check("https://storage.example.com/?key=1", Some(Reach::Public));
        check("https://1.1.1.1/", Some(Reach::Public));
        check("http://1.1.1.1/", None);
        check("https://10.0.0.1/", None);
        check("http://nas:5000/", Some(Reach::Named));
        check("https://nas:5000/", Some(Reach::Named));
        check("http://nas:5001/", None);
        check("http://[fd12::1]:80/", Some(Reach::Named));
        check("https://u@storage.example.com/", None);
    }

    #[test]
    fn keys_in_addresses_are_not_shown() {
        let url = Url::parse("https://u:p@storage.example.com/blob?X-Amz-Signature=1#2").unwrap();
        assert_eq!(shown(&url), "https://storage.example.com/blob");
    }
}
