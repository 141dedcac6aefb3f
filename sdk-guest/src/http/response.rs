//! Answers: status, headers, a body read piece by piece, and what a refusal means.

use super::headers::{Headers, retry_after_ms};
use crate::{Error, Result, UpstreamError};
use std::collections::VecDeque;

/// How much of an error's body is read for its message, in bytes.
const ERROR_BODY: usize = 64 << 10;

/// The answer to a [`Request`](super::Request): status and headers, then the body as it arrives.
///
/// ```
/// use mortise_sdk::http::Response;
/// use mortise_sdk::Error;
///
/// let busy = Response::from_parts(429, &[("retry-after", "2")], [Ok(br#"{"error": {"message": "slow down"}}"#.to_vec())]);
/// let Err(Error::Upstream(error)) = busy.error_for_status() else { panic!() };
/// assert_eq!((error.status, error.retry_after, error.message.as_str()), (Some(429), Some(2000), "slow down"));
/// ```
pub struct Response {
    status: u16,
    headers: Headers,
    body: Body,
}

pub(super) enum Body {
    #[cfg(target_family = "wasm")]
    Wasi(super::wasi::Body),
    Memory(VecDeque<Result<Vec<u8>>>),
}

impl Response {
    pub(super) fn new(status: u16, headers: Vec<(String, String)>, body: Body) -> Self {
        Self { status, headers: Headers::new(headers), body }
    }

    /// An answer for tests: its body arrives in the given pieces, and an error among them is a broken connection.
    pub fn from_parts(
        status: u16,
        headers: &[(&str, &str)],
        pieces: impl IntoIterator<Item = Result<Vec<u8>>>,
    ) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::new(status, headers, Body::Memory(pieces.into_iter().collect()))
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The media type without parameters, in lower case; empty when the service did not name one.
    pub fn media_type(&self) -> String {
        let named = self.header("content-type").unwrap_or_default();
        named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// How long the service asks to wait before the next try, in milliseconds: `Retry-After` in seconds, or as a date
    /// compared with the answer's own `Date`.
    pub fn retry_after(&self) -> Option<u32> {
        retry_after_ms(self.header("retry-after")?, self.header("date"))
    }

    /// The next piece of the body as soon as there is one, never empty; `None` at its end.
    ///
    /// # Errors
    /// `upstream` when the connection breaks or stays silent for longer than the request's timeout.
    pub fn read(&mut self) -> Result<Option<Vec<u8>>> {
        match &mut self.body {
            #[cfg(target_family = "wasm")]
            Body::Wasi(body) => body.read(),
            Body::Memory(pieces) => loop {
                match pieces.pop_front().transpose()? {
                    Some(piece) if piece.is_empty() => {}
                    piece => return Ok(piece),
                }
            },
        }
    }

    /// The whole rest of the body; bounded by the memory granted to the plugin.
    ///
    /// # Errors
    /// As [`Response::read`].
    pub fn bytes(mut self) -> Result<Vec<u8>> {
        self.read_up_to(usize::MAX)
    }

    /// The whole body as JSON.
    ///
    /// # Errors
    /// `upstream` with the answer's status and beginning when it is something else.
    pub fn json<T: serde::de::DeserializeOwned>(mut self) -> Result<T> {
        let bytes = self.read_up_to(usize::MAX)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("the answer is not the expected JSON ({error}): {}", beginning(&bytes));
            Error::Upstream(UpstreamError { status: Some(self.status), retry_after: None, message })
        })
    }

    /// The answer itself if its status is 2xx.
    ///
    /// # Errors
    /// `upstream` with the status, the wait that the service asked for, and what it says in its body.
    pub fn error_for_status(self) -> Result<Self> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.into_error()) }
    }

    /// The answer as an error, whatever its status.
    pub fn into_error(mut self) -> Error {
        let message = if (300..400).contains(&self.status) {
            let target = self.header("location").unwrap_or("nowhere");
            format!("redirects are not followed; the service points to {target}")
        } else {
            // A body that cannot be read takes nothing away from the status.
            let body = self.read_up_to(ERROR_BODY).unwrap_or_default();
            error_message(&body)
        };
        Error::Upstream(UpstreamError { status: Some(self.status), retry_after: self.retry_after(), message })
    }

    fn read_up_to(&mut self, limit: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while all.len() < limit {
            let Some(piece) = self.read()? else { break };
            all.extend_from_slice(&piece);
        }
        all.truncate(limit);
        Ok(all)
    }
}

/// What a service says of its error: the usual JSON shapes (`error.message` with its `code`, `error`, `message`,
/// `detail`), else the text itself, cut.
fn error_message(body: &[u8]) -> String {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) else {
        return if body.is_empty() { "no explanation given".into() } else { beginning(body) };
    };
    let texts = [&json["error"]["message"], &json["error"], &json["message"], &json["detail"]];
    let Some(text) = texts.iter().find_map(|v| v.as_str()) else { return beginning(body) };
    match json["error"]["code"].as_str() {
        Some(code) if !text.contains(code) => format!("{} ({code})", beginning(text.as_bytes())),
        _ => beginning(text.as_bytes()),
    }
}

/// Up to 300 characters for a message, on one line.
fn beginning(bytes: &[u8]) -> String {
    const SHOWN: usize = 300;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response").field("status", &self.status).field("headers", &self.headers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response::from_parts(status, headers, [Ok(body.as_bytes().to_vec())])
    }

    fn refused(response: Response) -> UpstreamError {
        let Err(Error::Upstream(error)) = response.error_for_status() else { panic!("not an upstream error") };
        error
    }

    #[test]
    fn the_body_is_joined_and_empty_pieces_are_skipped() {
        let pieces = [Ok(vec![]), Ok(b"{\"a\"".to_vec()), Ok(vec![]), Ok(b":1}".to_vec())];
        let mut response = Response::from_parts(200, &[("Content-Type", "Application/JSON; charset=utf-8")], pieces);
        assert_eq!(response.media_type(), "application/json");
        assert_eq!(response.header("CONTENT-TYPE"), Some("Application/JSON; charset=utf-8"));
        assert_eq!(response.read().unwrap().unwrap(), b"{\"a\"");
        assert_eq!(response.bytes().unwrap(), b":1}");
    }

    #[test]
    fn openai_errors_keep_status_message_code_and_wait() {
        let body = r#"{"error":{"message":"You exceeded your current quota","type":"x","code":"insufficient_quota"}}"#;
        let error = refused(answer(429, &[("retry-after", "2")], body));
        assert_eq!((error.status, error.retry_after), (Some(429), Some(2000)));
        assert_eq!(error.message, "You exceeded your current quota (insufficient_quota)");
    }

    #[test]
    fn other_error_shapes_are_read() {
        assert_eq!(refused(answer(400, &[], r#"{"error":"model not found"}"#)).message, "model not found");
        assert_eq!(refused(answer(422, &[], r#"{"detail":"bad"}"#)).message, "bad");
        assert_eq!(refused(answer(500, &[], r#"{"message":"boom","error":{"code":7}}"#)).message, "boom");
        assert_eq!(refused(answer(404, &[], r#"{"detail":[{"loc":["x"]}]}"#)).message, r#"{"detail":[{"loc":["x"]}]}"#);
        assert_eq!(refused(answer(502, &[], "<html>\n <b>Bad   Gateway")).message, "<html> <b>Bad Gateway");
        assert_eq!(refused(answer(503, &[], "")).message, "no explanation given");
    }

    #[test]
    fn long_error_pages_are_cut_between_characters() {
        let message = refused(answer(500, &[], &"ü".repeat(5000))).message;
        assert_eq!(message.chars().count(), 301);
    }

    #[test]
    fn redirects_are_errors_that_name_the_target() {
        let error = refused(answer(302, &[("location", "http://169.254.169.254/")], ""));
        assert!(error.message.contains("http://169.254.169.254/"), "{}", error.message);
    }

    #[test]
    fn a_broken_body_does_not_hide_the_status() {
        let response = Response::from_parts(500, &[], [Err(crate::http::upstream("reset"))]);
        assert_eq!(refused(response).status, Some(500));
    }

    #[test]
    fn wrong_json_is_an_upstream_error_with_its_beginning() {
        let Err(Error::Upstream(error)) = answer(200, &[], "<!doctype html>").json::<serde_json::Value>() else {
            panic!("accepted")
        };
        assert_eq!(error.status, Some(200));
        assert!(error.message.contains("<!doctype html>"), "{}", error.message);
    }
}
