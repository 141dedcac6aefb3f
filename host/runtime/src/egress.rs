//! The only way out: outgoing HTTP of plugins.
//!
//! Every request is checked by name (`grants.rs`), stripped of what a guest may not set, given the secret it asks for if
//! that is bound to its target, and sent on a pooled client whose resolver drops addresses out of reach, so that a
//! granted name cannot be made to point inside. Redirects are answers like any other: following one is a new request.

use crate::grants::{Grants, Target};
use crate::limits::Limits;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions};
use wasmtime_wasi_http::{WasiBody, WasiHttpHooks};

/// By which a request names the secret it wants; never sent.
const MARKER: HeaderName = HeaderName::from_static("x-mortise-secret");
/// Longest wait for a connection, whatever the guest allows.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest head of a request, names and values together.
const HEAD: usize = 32 << 10;

/// The clients that all plugins share: one that reaches public addresses only, one that reaches private ones too.
/// Built when first needed, since reading the system's certificates takes longer than starting everything else.
#[derive(Default)]
pub(crate) struct Clients {
    public: OnceLock<reqwest::Client>,
    private: OnceLock<reqwest::Client>,
}

impl Clients {
    fn of(&self, grants: &Grants) -> Result<&reqwest::Client, reqwest::Error> {
        let slot = if grants.allow_private { &self.private } else { &self.public };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = client(grants.allow_private)?;
        Ok(slot.get_or_init(|| client))
    }
}

fn client(allow_private: bool) -> Result<reqwest::Client, reqwest::Error> {
    // Already chosen is as good: whoever came first chose the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .dns_resolver(Resolver { grants: Grants { allow_private, ..Default::default() } })
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // A proxy would resolve names for us, past the check of addresses.
        .no_proxy()
        // Answers pass as they are; the guest sees what it asked for.
        .no_gzip()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(16)
        .user_agent(concat!("mortise/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Names to addresses within reach.
struct Resolver {
    grants: Grants,
}

/// All addresses of a name are out of reach.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OutOfReach(&'static str);

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("no address for the name: {0}")]
struct UnknownHost(std::io::Error);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let grants = self.grants.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(UnknownHost)?;
            let within: Vec<SocketAddr> = found.filter(|found| grants.reaches(found.ip())).collect();
            if within.is_empty() {
                return Err(OutOfReach(grants.why()).into());
            }
            Ok(Box::new(within.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// The outgoing HTTP of one instance.
pub(crate) struct Egress {
    grants: Arc<Grants>,
    clients: Arc<Clients>,
    /// Bytes of one request body, and of one answer.
    body_bytes: u64,
    timeout: Duration,
    denied: Denied,
    in_flight: Arc<Semaphore>,
}

/// Requests of one instance at the same time; further ones wait, until their answers are read or dropped.
const IN_FLIGHT: usize = 16;

/// The last refusal, told in the fault if the call fails.
type Denied = Arc<Mutex<Option<String>>>;

impl Egress {
    pub(crate) fn new(grants: Arc<Grants>, clients: Arc<Clients>, limits: &Limits) -> Self {
        Self {
            grants,
            clients,
            body_bytes: limits.output_bytes,
            timeout: limits.call_timeout,
            denied: Denied::default(),
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
        }
    }

    /// What was refused since the last [`Egress::forget`].
    pub(crate) fn denied(&self) -> Option<String> {
        self.denied.lock().clone()
    }

    /// Begins another call of a warm instance.
    pub(crate) fn forget(&mut self) {
        // Requests of the last call that still wait may not speak in this one.
        self.denied = Denied::default();
    }

    fn outgoing(&self, request: http::Request<WasiBody>) -> Result<(reqwest::Request, Target), Refused> {
        let (head, body) = request.into_parts();
        let url =
            url::Url::parse(&head.uri.to_string()).map_err(|_| Refused::Malformed(Error::HttpRequestUriInvalid))?;
        let target = Target::of(&url).ok_or_else(|| {
            Refused::Denied(format!("http to {:?} is not granted", url.host_str().unwrap_or_default()))
        })?;
        self.grants.http(&target).map_err(Refused::Denied)?;
        if matches!(head.method, http::Method::CONNECT | http::Method::TRACE) {
            return Err(Refused::Denied(format!("http method {} is not granted", head.method)));
        }
        let headers = self.headers(head.headers, &target)?;
        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = headers;
        if !body.is_end_stream() {
            *request.body_mut() = Some(reqwest::Body::wrap(Outgoing { body: Mutex::new(body), left: self.body_bytes }));
        }
        Ok((request, target))
    }

    fn headers(&self, mut headers: HeaderMap, target: &Target) -> Result<HeaderMap, Refused> {
        let marker = headers.remove(MARKER);
        // Guests cannot set these in the first place, except `host`, which the client sets itself.
        for name in FORBIDDEN.iter().chain(&DEFAULT_FORBIDDEN_HEADERS) {
            headers.remove(name);
        }
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if size > HEAD {
            return Err(Refused::Malformed(Error::HttpRequestHeaderSectionSize(u32::try_from(size).ok())));
        }
        if let Some(marker) = marker {
            let name = marker.to_str().unwrap_or_default();
            let missing = || Refused::Denied(format!("secret {name:?} is not bound to {target}"));
            let binding = self.grants.secret(name, target).ok_or_else(missing)?;
            let unfit = || Refused::Denied(format!("secret {name:?} holds characters that a header cannot carry"));
            headers.insert(binding.header.clone(), binding.value().ok_or_else(unfit)?);
        }
        Ok(headers)
    }
}

/// Why a request is not sent.
enum Refused {
    Denied(String),
    Malformed(Error),
}

/// Headers that carry authority, and are therefore the host's to set.
const FORBIDDEN: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
];

type Answer = (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for Egress {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        (self.forbidden_header_filter())(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| {
            FORBIDDEN.contains(name) || DEFAULT_FORBIDDEN_HEADERS.contains(name) || name.as_str().starts_with("proxy-")
        })
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        let denied = self.denied.clone();
        let deny = move |what: String| {
            tracing::warn!(target: "plugin", "denied: {what}");
            *denied.lock() = Some(what);
            Error::HttpRequestDenied
        };
        let (request, target) = match self.outgoing(request) {
            Ok(outgoing) => outgoing,
            Err(refused) => {
                let error = match refused {
                    Refused::Denied(what) => deny(what),
                    Refused::Malformed(error) => error,
                };
                return Box::new(std::future::ready(Err(error)));
            }
        };
        let (grants, clients, in_flight) = (self.grants.clone(), self.clients.clone(), self.in_flight.clone());
        let (limit, longest) = (self.body_bytes, self.timeout);
        let wait = move |wish: Option<Duration>| wish.unwrap_or(longest).min(longest);
        let options = options.unwrap_or_default();
        Box::new(async move {
            let slot = in_flight.acquire_owned().await.map_err(|_| Error::ConnectionLimitReached)?;
            let client = clients.of(&grants).map_err(|error| Error::InternalError(Some(error.to_string())))?;
            let first = wait(options.first_byte_timeout);
            let answer = tokio::time::timeout(first, client.execute(request)).await;
            let answer = answer.map_err(|_| Error::HttpResponseTimeout)?.map_err(|error| {
                if find::<OutOfReach>(&error).is_some() {
                    deny(format!("http to {target} is not granted: {}", grants.why()));
                    return Error::DestinationIpProhibited;
                }
                failure(&error)
            })?;
            let answer = http::Response::from(answer);
            let pause = wait(options.between_bytes_timeout);
            let body = |body| Incoming { body, left: limit, limit, pause, timer: None, _slot: slot };
            let done: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(std::future::ready(Ok(())));
            Ok((answer.map(|inner| body(inner).boxed_unsync()), done))
        })
    }
}

/// Finds an error among the causes of another.
fn find<'a, E: std::error::Error + 'static>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What the guest is told; the log has the rest.
fn failure(error: &reqwest::Error) -> Error {
    tracing::debug!(target: "plugin", ?error, "outgoing request failed");
    if let Some(Error::HttpRequestBodySize(limit)) = find::<Error>(error) {
        return Error::HttpRequestBodySize(*limit);
    }
    if error.is_timeout() {
        return if error.is_connect() { Error::ConnectionTimeout } else { Error::HttpResponseTimeout };
    }
    if find::<rustls::Error>(error).is_some() {
        return Error::TlsCertificateError;
    }
    if error.is_connect() {
        let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
        return if find::<UnknownHost>(error).is_some() {
            Error::DnsError { rcode: None, info_code: None }
        } else if find::<std::io::Error>(error).is_some_and(refused) {
            Error::ConnectionRefused
        } else {
            Error::DestinationUnavailable
        };
    }
    if error.is_body() || error.is_decode() { Error::ConnectionTerminated } else { Error::HttpProtocolError }
}

/// The body of a request, counted. The lock is never contended: the client wants a body that can be shared, and
/// shares it with nobody.
struct Outgoing {
    body: Mutex<WasiBody>,
    left: u64,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(self.body.get_mut()).poll_frame(context));
        let size = frame.as_ref().and_then(|f| f.as_ref().ok()).and_then(Frame::data_ref).map_or(0, Bytes::len);
        match self.left.checked_sub(size as u64) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None)))),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.lock().size_hint()
    }
}

/// The body of an answer, counted, with a longest pause between two pieces.
struct Incoming {
    body: reqwest::Body,
    left: u64,
    limit: u64,
    pause: Duration,
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
    _slot: OwnedSemaphorePermit,
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            let pause = this.pause;
            let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            ready!(timer.as_mut().poll(context));
            return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
        };
        this.timer = None;
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(failure(&error)))),
            Some(Ok(frame)) => frame,
        };
        let size = frame.data_ref().map_or(0, Bytes::len) as u64;
        match this.left.checked_sub(size) {
            Some(left) => this.left = left,
            None => return Poll::Ready(Some(Err(Error::HttpResponseBodySize(Some(this.limit))))),
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::SecretBinding;
    use mortise_domain::Role;

    fn egress(grants: Grants) -> Egress {
        Egress::new(Arc::new(grants), Arc::default(), &Limits::for_role(Role::ChatModel))
    }

    fn request(url: &str) -> http::request::Builder {
        http::Request::builder().uri(url)
    }

    fn empty() -> WasiBody {
        http_body_util::Empty::new().map_err(Error::from).boxed_unsync()
    }

    #[test]
    fn the_marker_becomes_the_secret_of_the_bound_host_only() {
        let mut grants = Grants {
            http_hosts: vec!["a.example".parse().unwrap(), "b.example".parse().unwrap()],
            ..Default::default()
        };
        grants.secrets = vec![SecretBinding::bearer("key", "a.example".parse().unwrap(), "s3cret")];
        let egress = egress(grants);
        let marked = |url: &str| request(url).header(MARKER, "key").header("x-own", "1").body(empty()).unwrap();
        let Ok((sent, _)) = egress.outgoing(marked("https://a.example/v1")) else { panic!("refused") };
        assert_eq!(sent.headers()["authorization"], "Bearer s3cret");
        assert!(sent.headers()["authorization"].is_sensitive());
        assert_eq!(sent.headers()["x-own"], "1");
        assert!(!sent.headers().contains_key(MARKER));
        let Err(Refused::Denied(what)) = egress.outgoing(marked("https://b.example/")) else { panic!("sent") };
        assert!(what.contains("\"key\"") && what.contains("b.example"), "{what}");
    }

    #[test]
    fn guests_set_no_authority_themselves() {
        let mut egress = egress(Grants { http_hosts: vec!["a.example".parse().unwrap()], ..Default::default() });
        for name in ["authorization", "cookie", "proxy-authorization", "proxy-x", "host", "forwarded"] {
            assert!(egress.is_forbidden_header(&HeaderName::from_static(name)), "{name}");
        }
        assert!(!egress.is_forbidden_header(&HeaderName::from_static("content-type")));
        let own = request("https://a.example/").header("authorization", "Bearer stolen").body(empty()).unwrap();
        let Ok((sent, _)) = egress.outgoing(own) else { panic!("refused") };
        assert!(sent.headers().is_empty());
    }
}
