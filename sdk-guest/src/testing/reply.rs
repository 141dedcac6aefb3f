//! What a scripted service answers.

use crate::http::{Response, upstream};
use crate::{Error, Result};

/// One answer in the script of an [`Upstream`](super::Upstream).
#[derive(Clone, Debug)]
pub struct Reply(Result<Answer, Failure>);

#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Bytes that arrive at a time.
    piece: usize,
    /// The connection breaks after the body.
    broken: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
enum Failure {
    Refused,
    Denied,
    Silent,
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self(Ok(Answer { status, headers: vec![], body: vec![], piece: usize::MAX, broken: false }))
    }

    /// `200` with JSON.
    pub fn json(value: &serde_json::Value) -> Self {
        Self::status(200).header("content-type", "application/json").body(value.to_string())
    }

    /// `200` with a stream of events, each with this data.
    ///
    /// ```
    /// use mortise_sdk::http::{Request, SseReader};
    /// use mortise_sdk::testing::{Reply, Upstream};
    ///
    /// let _upstream = Upstream::new([Reply::events(["one", "[DONE]"]).in_pieces_of(3)]);
    /// let answer = Request::get("http://localhost/stream").send().unwrap();
    /// let data: Vec<_> = SseReader::new(answer).map(|event| event.unwrap().data).collect();
    /// assert_eq!(data, ["one", "[DONE]"]);
    /// ```
    pub fn events(data: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let event = |data: &str| data.split('\n').map(|line| format!("data: {line}\n")).collect::<String>() + "\n";
        let body: String = data.into_iter().map(|data| event(data.as_ref())).collect();
        Self::status(200).header("content-type", "text/event-stream").body(body)
    }

    /// A recorded response, raw: status line, headers, an empty line, the body. The same file serves as the kit's `answer`
    /// in `plugin.toml`. A body in chunks is joined.
    ///
    /// ```
    /// use mortise_sdk::http::Request;
    /// use mortise_sdk::testing::{Reply, Upstream};
    ///
    /// let raw = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\n\r\n{\"error\": \"slow down\"}";
    /// let _upstream = Upstream::new([Reply::recorded(raw)]);
    /// let answer = Request::get("http://localhost/").send().unwrap();
    /// assert_eq!((answer.status(), answer.retry_after()), (429, Some(2000)));
    /// ```
    ///
    /// # Panics
    /// Without a status line: the file is none of that kind.
    pub fn recorded(raw: &[u8]) -> Self {
        let ends = [b"\r\n\r\n".as_slice(), b"\n\n"].into_iter();
        let end = ends.filter_map(|end| Some((raw.windows(end.len()).position(|at| at == end)?, end.len()))).min();
        let (head, body) = end.map_or((raw, &[][..]), |(at, length)| (&raw[..at], &raw[at + length..]));
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        assert!(status.is_some(), "no recorded HTTP response: it does not begin with a status line");
        let mut reply = Self::status(status.unwrap_or_default());
        let mut chunked = false;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked");
            reply = reply.header(name.trim(), value);
        }
        reply.body(if chunked { joined(body) } else { body.to_vec() })
    }

    /// No answer: the connection is refused.
    pub fn refused() -> Self {
        Self(Err(Failure::Refused))
    }

    /// No answer within the request's timeout.
    pub fn silent() -> Self {
        Self(Err(Failure::Silent))
    }

    /// No request: the operator granted no such host.
    pub fn denied() -> Self {
        Self(Err(Failure::Denied))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.changed(|answer| answer.headers.push((name.into(), value.into())))
    }

    /// Answers with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.changed(|answer| answer.status = status)
    }

    /// Answers with this body.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.changed(|answer| answer.body = body.into())
    }

    /// The body arrives in pieces of so many bytes, as networks cut it: within events, within characters.
    #[must_use]
    pub fn in_pieces_of(self, bytes: usize) -> Self {
        self.changed(|answer| answer.piece = bytes.max(1))
    }

    /// The connection breaks behind the body.
    #[must_use]
    pub fn then_breaks(self) -> Self {
        self.changed(|answer| answer.broken = true)
    }

    fn changed(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        if let Ok(answer) = &mut self.0 {
            change(answer);
        }
        self
    }

    pub(super) fn into_response(self, authority: &str) -> Result<Response> {
        let answer = self.0.map_err(|failure| match failure {
            Failure::Refused => upstream(format!("no answer from {authority}: the connection was refused")),
            Failure::Silent => upstream("nothing came in time"),
            Failure::Denied => Error::unsupported(format!("HTTP to {authority} is not granted")),
        })?;
        let headers: Vec<(&str, &str)> = answer.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let pieces = answer.body.chunks(answer.piece).map(|piece| Ok(piece.to_vec()));
        let broken = answer.broken.then(|| Err(upstream("the answer broke off: the connection was closed")));
        Ok(Response::from_parts(answer.status, &headers, pieces.chain(broken)))
    }
}

/// The body of a transfer in chunks; what is cut short counts as far as it goes.
fn joined(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|at| at == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]);
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).unwrap_or(0);
        let from = end + 2;
        let to = from.saturating_add(size).min(rest.len());
        body.extend_from_slice(&rest[from..to]);
        if size == 0 {
            break;
        }
        rest = rest.get(to + 2..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(reply: Reply) -> Vec<u8> {
        reply.into_response("h").unwrap().bytes().unwrap()
    }

    #[test]
    fn recorded_answers() {
        let raw = b"HTTP/1.1 200 OK\nContent-Type: text/plain\n\nline\n\nline";
        assert_eq!(body(Reply::recorded(raw)), b"line\n\nline");
        let raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\n";
        assert_eq!(body(Reply::recorded(raw)), b"Wikipedia ");
        assert_eq!(Reply::recorded(b"HTTP/2 204").into_response("h").unwrap().status(), 204);
    }

    #[test]
    #[should_panic(expected = "status line")]
    fn something_else_is_no_recorded_answer() {
        let _ = Reply::recorded(b"{}");
    }

    #[test]
    fn pieces_and_broken_connections() {
        let reply = Reply::events(["žluťoučký\nkůň"]).in_pieces_of(1).then_breaks();
        let mut response = reply.into_response("h").unwrap();
        let mut read = Vec::new();
        let error = loop {
            match response.read() {
                Ok(Some(piece)) => read.extend(piece),
                other => break other,
            }
        };
        assert_eq!(String::from_utf8(read).unwrap(), "data: žluťoučký\ndata: kůň\n\n");
        assert!(error.is_err());
    }

    #[test]
    fn failures() {
        assert!(Reply::refused().into_response("h").unwrap_err().is_transient());
        assert!(Reply::silent().into_response("h").unwrap_err().is_transient());
        let denied = Reply::denied().header("a", "b").into_response("h:1").unwrap_err();
        assert!(matches!(denied, Error::Unsupported(text) if text.contains("h:1")));
        assert_eq!(Reply::json(&serde_json::json!({})).with_status(500).into_response("h").unwrap().status(), 500);
    }
}
