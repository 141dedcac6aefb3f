//! Outgoing HTTP for adapters of remote models, and for parsers that ask a remote service: blocking requests over
//! `wasi:http`, and a reader of event streams.
//!
//! A plugin that asks for it ([`Description::needs_http`](crate::Description::needs_http)) reaches the hosts that the
//! operator granted, and no others. It never sees a key: [`Request::secret`] names one, and the host puts the real
//! header in its place on the way out. Redirects are not followed.
//!
//! ```no_run
//! use mortise_sdk::http::{Request, SseReader};
//! # fn f() -> mortise_sdk::Result<()> {
//! let response = Request::post("https://api.example.com/v1/chat/completions")
//!     .secret("example")
//!     .json(&mortise_sdk::serde_json::json!({"model": "m", "stream": true, "messages": []}))
//!     .send()?
//!     .error_for_status()?;
//! for event in SseReader::new(response) {
//!     let data = event?.data;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | need | take |
//! |---|---|
//! | one JSON answer | [`Request::send_json`] |
//! | an answer as it arrives | [`Response::read`], [`SseReader`] |
//! | busy services, `Retry-After` | [`Request::retry`], [`Retry`] |
//! | the service's own words as an error | [`Response::error_for_status`] |
//!
//! Outside of wasm nothing is sent: [`testing::Upstream`](crate::testing::Upstream) answers from a script, without it
//! [`Request::send`] is `unsupported`. [`Response::from_parts`] makes single answers.

mod headers;
mod request;
mod response;
mod retry;
mod sse;
mod url;
#[cfg(target_family = "wasm")]
mod wasi;

pub use request::{DEFAULT_TIMEOUT, Method, Request, SECRET_HEADER};
pub use response::Response;
pub use retry::{Retry, pause};
pub use sse::{SseDecoder, SseEvent, SseReader};
pub use url::{InvalidUrl, Url};

use crate::{Error, UpstreamError};

/// An error of the remote service itself, without an HTTP status: broken connections, answers that make no sense.
pub fn upstream(message: impl Into<String>) -> Error {
    Error::Upstream(UpstreamError { status: None, retry_after: None, message: message.into() })
}
