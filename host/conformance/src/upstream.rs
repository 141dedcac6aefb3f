//! The remote service behind an adapter, scripted: says what a check wants it to say, and remembers what it was asked.

use bytes::Bytes;
use mortise_domain::Json;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the service does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// Sends these bytes piece by piece, each in a packet of its own, and closes the connection.
    Say(Vec<Bytes>),
    /// Takes the request and never answers.
    Hang,
    /// Refuses with this status and repeats the request, headers and all, in its answer.
    Mirror(u16),
}

impl Script {
    /// An answer made of a status, headers and a body.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(body);
        Self::Say(vec![bytes.into()])
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Whether `text` is somewhere in the body: within a text of its JSON, or as it is.
    pub(crate) fn says(&self, text: &str) -> bool {
        let json = serde_json::from_slice::<Json>(&self.body);
        let within = json.is_ok_and(|json| any(&json, &|value| value.as_str().is_some_and(|told| told.contains(text))));
        within || String::from_utf8_lossy(&self.body).contains(text)
    }

    /// Whether a number of the body's JSON is this one.
    pub(crate) fn has_number(&self, number: f64) -> bool {
        let json = serde_json::from_slice::<Json>(&self.body);
        json.is_ok_and(|json| any(&json, &|value| value.as_f64().is_some_and(|told| (told - number).abs() < 1e-6)))
    }
}

fn any(json: &Json, holds: &impl Fn(&Json) -> bool) -> bool {
    holds(json)
        || match json {
            Json::Array(items) => items.iter().any(|item| any(item, holds)),
            Json::Object(fields) => fields.values().any(|field| any(field, holds)),
            _ => false,
        }
}

/// A service on a port of its own, which ends with this value.
pub(crate) struct Upstream {
    port: u16,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    script: Mutex<Script>,
    requests: Mutex<Vec<Request>>,
}

impl Upstream {
    pub(crate) async fn start(script: Script) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State { script: Mutex::new(script), requests: Mutex::default() });
        let shared = state.clone();
        let task = tokio::spawn(async move {
            // Connections end with the service: its task owns them.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, shared.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, state, task })
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn script(&self, script: Script) {
        *self.state.script.lock() = script;
    }

    /// From now on nobody listens at its address.
    pub(crate) async fn close(&self) {
        self.task.abort();
        while !self.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// What came since the start or the last call, in order.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.requests.lock())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Between two pieces: enough for the reader to have taken the first.
const PAUSE: Duration = Duration::from_millis(2);

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let Some(request) = receive(&mut stream).await else { return };
    let script = state.script.lock().clone();
    let mirrored = [request.head.as_bytes(), &request.body].concat();
    state.requests.lock().push(request);
    let pieces = match script {
        Script::Say(pieces) => pieces,
        Script::Hang => {
            // Until the client gives up.
            while !matches!(stream.read(&mut [0; 256]).await, Ok(0) | Err(_)) {}
            return;
        }
        Script::Mirror(status) => match Script::answer(status, &[("content-type", "text/plain")], &mirrored) {
            Script::Say(pieces) => pieces,
            _ => Vec::new(),
        },
    };
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if stream.write_all(piece).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Reads one request, whatever says how long its body is.
async fn receive(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        if let Some(request) = whole(&bytes) {
            return Some(request);
        }
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&piece[..read]),
            _ => return None,
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Request> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end..];
    if header(&head, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Some(Request { body: dechunked(body)?, head });
    }
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    Some(Request { body: body.get(..length)?.to_vec(), head })
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A chunked body, once it is complete.
fn dechunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..line]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        let start = line + 2;
        let end = start.checked_add(size)?;
        body.extend_from_slice(rest.get(start..end)?);
        rest = rest.get(end..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some(body);
        }
    }
}

/// An answer of the real service, recorded by the author.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    head: Vec<u8>,
    body: Bytes,
}

impl Recorded {
    /// Reads a raw HTTP response. Lines of the head may end as an editor left them, and the length of the body is
    /// what it is now, whatever the head says.
    pub(crate) fn parse(raw: &Bytes) -> Result<Self, String> {
        let wrong = |what: &str| format!("the recorded answer {what}; it is to be a raw HTTP response");
        if !raw.starts_with(b"HTTP/1.") {
            return Err(wrong("does not begin with HTTP/1.1"));
        }
        let after = |end: &[u8]| raw.windows(end.len()).position(|window| window == end).map(|at| (at, at + end.len()));
        let ends = [after(b"\r\n\r\n"), after(b"\n\n")].into_iter().flatten();
        let (head, body) = ends.min().ok_or_else(|| wrong("has no empty line after its head"))?;
        let text = std::str::from_utf8(&raw[..head]).map_err(|_| wrong("has a head that is no text"))?;
        let chunked = header(text, "transfer-encoding").is_some();
        let body = raw.slice(body..);
        let dropped = ["content-length", "connection", "keep-alive"];
        let kept = text.lines().filter(|line| {
            line.split_once(':').is_none_or(|(name, _)| !dropped.iter().any(|drop| name.eq_ignore_ascii_case(drop)))
        });
        let mut lines: Vec<String> = kept.map(str::to_owned).collect();
        lines.push("connection: close".into());
        if !chunked {
            lines.push(format!("content-length: {}", body.len()));
        }
        Ok(Self { head: (lines.join("\r\n") + "\r\n\r\n").into_bytes(), body })
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The whole answer at once.
    pub(crate) fn whole(&self) -> Script {
        Script::Say(vec![[&self.head, &self.body[..]].concat().into()])
    }

    /// The answer with its body in pieces that end at the given places.
    pub(crate) fn pieces(&self, ends: impl IntoIterator<Item = usize>) -> Script {
        let mut start = 0;
        let ends = ends.into_iter().chain([self.body.len()]);
        let mut pieces: Vec<Bytes> = ends.map(|end| self.body.slice(std::mem::replace(&mut start, end)..end)).collect();
        if let Some(first) = pieces.first_mut() {
            *first = [&self.head, &first[..]].concat().into();
        }
        Script::Say(pieces)
    }

    /// The answer broken off after so many bytes of its body.
    pub(crate) fn truncated(&self, length: usize) -> Script {
        Script::Say(vec![[&self.head, &self.body[..length.min(self.body.len())]].concat().into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_whole_when_their_length_says_so() {
        assert!(whole(b"POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nabc").is_none());
        assert_eq!(whole(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd").unwrap().body, b"abcd");
        let head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        assert!(whole(&[&head[..], b"3\r\nabc\r\n"].concat()).is_none());
        assert_eq!(whole(&[&head[..], b"3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n"].concat()).unwrap().body, b"abcd");
    }

    #[test]
    fn requests_are_searched_as_json_and_as_text() {
        let request = Request { head: String::new(), body: br#"{"a": [{"b": "caf\u00e9 x"}], "n": 0.25}"#.to_vec() };
        assert!(request.says("café") && request.says("caf\\u00e9") && !request.says("tea"));
        assert!(request.has_number(0.25) && !request.has_number(25.0));
    }

    #[test]
    fn recorded_answers_are_put_in_order() {
        let raw = "HTTP/1.1 200 OK\ncontent-type: text/plain\nConnection: keep-alive\nContent-Length: 99\n\nabc";
        let recorded = Recorded::parse(&Bytes::from_static(raw.as_bytes())).unwrap();
        let Script::Say(pieces) = recorded.pieces([1]) else { panic!() };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 3\r\n\r\n";
        assert_eq!(pieces, [format!("{head}a"), "bc".into()]);
        assert!(Recorded::parse(&Bytes::from_static(b"{}")).is_err());
        assert!(Recorded::parse(&Bytes::from_static(b"HTTP/1.1 200 OK\r\n")).is_err());
    }
}
