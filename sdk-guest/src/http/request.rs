//! Requests: a builder whose mistakes are reported by `send`.

use super::{Response, Retry, Url, pause};
use crate::{Error, Result};
use std::time::Duration;

/// The marker by which a request names its secret. The host removes it and adds the real header, for the host name
/// to which the operator bound the secret.
pub const SECRET_HEADER: &str = "x-mortise-secret";

/// How long a request waits when it does not say otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What is asked of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
}

/// An HTTP request.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    pub(super) method: Method,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) timeout: Duration,
    retry: Option<Retry>,
    /// The first mistake made while building waits here for `send`.
    url: Result<Url>,
}

/// A request whose parts are known to be sound.
#[derive(Debug)]
pub(super) struct Sound {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) timeout: Duration,
}

impl Request {
    /// A `GET` of an absolute `http` or `https` address.
    pub fn get(url: impl AsRef<str>) -> Self {
        Self::new(Method::Get, url.as_ref())
    }

    /// A `POST` to an absolute `http` or `https` address.
    pub fn post(url: impl AsRef<str>) -> Self {
        Self::new(Method::Post, url.as_ref())
    }

    fn new(method: Method, url: &str) -> Self {
        let url = Url::parse(url).map_err(Error::from);
        Self { method, headers: Vec::new(), body: Vec::new(), timeout: DEFAULT_TIMEOUT, retry: None, url }
    }

    /// Adds a header. The host sets `host`, `connection` and the like, and refuses `authorization`: use
    /// [`Request::secret`].
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Lets the host add the secret of this name; an empty name adds nothing. The operator decides which header it
    /// becomes, and for which host names.
    pub fn secret(self, name: &str) -> Self {
        if name.is_empty() { self } else { self.header(SECRET_HEADER, name) }
    }

    /// Sends these bytes. Name their type with a `content-type` header.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Sends a value as JSON, with its `content-type`.
    pub fn json(mut self, value: &(impl serde::Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body(bytes).header("content-type", "application/json"),
            Err(error) => {
                self.url =
                    self.url.and(Err(Error::Internal(format!("the request cannot be written as JSON: {error}"))));
                self
            }
        }
    }

    /// The longest wait for a connection, for the first byte of the answer, and then between any two bytes: not a
    /// limit on the whole of a long answer. [`DEFAULT_TIMEOUT`] unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends the request again while the failure may pass: no connection, or an answer that says so (408, 425, 429, 5xx).
    /// Only for requests that may be sent twice.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Sends the request and waits for status and headers of the answer; every status counts as an answer
    /// ([`Response::error_for_status`] tells them apart).
    ///
    /// # Errors
    /// `invalid-config` for an unusable address, `unsupported` for a host that was not granted (and everywhere outside
    /// of a component, unless [`testing::Upstream`](crate::testing::Upstream) answers), `upstream` without a status when
    /// there was no answer.
    pub fn send(mut self) -> Result<Response> {
        let retry = self.retry.take();
        let request = self.sound()?;
        let mut used = 1;
        loop {
            let answer = request.send();
            let (passing, asked, told) = match &answer {
                Ok(answer) => {
                    let status = answer.status();
                    (crate::error::is_transient(status), answer.retry_after(), format!("status {status}"))
                }
                Err(error) => (error.is_transient(), None, error.text()),
            };
            let wait = retry.as_ref().filter(|_| passing).and_then(|retry| retry.wait(used, asked));
            let Some(wait) = wait else { return answer };
            // The connection is given back before the wait.
            drop(answer);
            crate::warn!("trying again in {} ms: {}: {told}", wait.as_millis(), request.url.authority());
            pause(wait);
            used += 1;
        }
    }

    /// Sends the request and reads the answer as JSON: [`Request::send`], [`Response::error_for_status`] and
    /// [`Response::json`] in one.
    ///
    /// ```no_run
    /// use mortise_sdk::http::{Request, Retry};
    /// use mortise_sdk::serde_json::{Value, json};
    ///
    /// # fn f() -> mortise_sdk::Result<()> {
    /// let answer: Value = Request::post("https://api.example.com/v1/embeddings")
    ///     .secret("example")
    ///     .json(&json!({"model": "m", "input": ["a text"]}))
    ///     .retry(Retry::default())
    ///     .send_json()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As those, all of which say what the service said.
    pub fn send_json<T: serde::de::DeserializeOwned>(self) -> Result<T> {
        self.send()?.error_for_status()?.json()
    }

    /// Checks the address and completes the headers.
    fn sound(mut self) -> Result<Sound> {
        let url = self.url?;
        // Without a length the request would go out in chunks, which some services refuse.
        if self.method != Method::Get && !self.headers.iter().any(|(name, _)| name == "content-length") {
            self.headers.push(("content-length".into(), self.body.len().to_string()));
        }
        Ok(Sound { method: self.method, url, headers: self.headers, body: self.body, timeout: self.timeout })
    }
}

impl Sound {
    #[cfg(target_family = "wasm")]
    fn send(&self) -> Result<Response> {
        super::wasi::send(self)
    }

    #[cfg(not(target_family = "wasm"))]
    fn send(&self) -> Result<Response> {
        let sent = crate::testing::Sent {
            method: self.method,
            url: self.url.to_string(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            timeout: self.timeout,
        };
        let authority = self.url.authority();
        crate::testing::upstream::send(sent, authority).unwrap_or_else(|| {
            let hint = "in tests, `mortise_sdk::testing::Upstream` answers";
            Err(Error::unsupported(format!("HTTP to {authority} from outside of a component; {hint}")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_request_has_type_length_and_marker() {
        let sound = Request::post("https://api.example.com/v1")
            .secret("main")
            .json(&serde_json::json!({"a": "ü"}))
            .sound()
            .unwrap();
        let header = |name: &str| sound.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(header("content-type"), Some("application/json"));
        assert_eq!(header("content-length"), Some("10"));
        assert_eq!(header(SECRET_HEADER), Some("main"));
        assert_eq!(sound.body, "{\"a\":\"ü\"}".as_bytes());
    }

    #[test]
    fn no_secret_no_marker_and_no_length_on_get() {
        let sound = Request::get("http://localhost:1/").secret("").sound().unwrap();
        assert!(sound.headers.is_empty(), "{:?}", sound.headers);
    }

    #[test]
    fn mistakes_come_out_of_send() {
        assert!(matches!(Request::get("ftp://x/").send(), Err(Error::InvalidConfig(f)) if f.field == "url"));
        let unwritable = std::collections::HashMap::from([(vec![1u8], 1)]);
        assert!(matches!(Request::post("http://x/").json(&unwritable).send(), Err(Error::Internal(_))));
        assert!(matches!(Request::get("http://x/").send(), Err(Error::Unsupported(m)) if m.contains("x")));
    }
}
