//! A remote service that always gives the same recorded answer, for cases of plugins that reach the network.

use crate::{Error, Result};
use bytes::Bytes;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The service; gone when it is dropped.
pub(crate) struct Upstream {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

/// Largest request that is read.
const LONGEST: usize = 64 << 20;

impl Upstream {
    /// Answers every request with these bytes: an HTTP response from its status line on, as `curl --include` shows it.
    pub(crate) async fn start(answer: Bytes) -> Result<Self> {
        let bound = TcpListener::bind("127.0.0.1:0").await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(Error::file("127.0.0.1"))?;
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    // Whoever hangs up early has what it wanted.
                    if let Err(error) = serve(connection, &answer).await {
                        tracing::debug!(%error, "the recorded answer was not read to its end");
                    }
                });
            }
        });
        Ok(Self { address, serving })
    }

    /// A setting or a host with `{upstream}` and `{upstream_host}` filled in.
    pub(crate) fn fill(&self, text: &str) -> String {
        let host = self.address.to_string();
        text.replace("{upstream_host}", &host).replace("{upstream}", &format!("http://{host}"))
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Reads one request to its end, answers, and closes: a recording need not say how long it is.
async fn serve(mut connection: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !whole(&request) && request.len() < LONGEST && connection.read_buf(&mut request).await? > 0 {}
    connection.write_all(answer).await?;
    connection.shutdown().await
}

/// Whether a request has arrived whole.
fn whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let (head, body) = request.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    match header("content-length").map(str::parse::<usize>) {
        Some(length) => length.is_ok_and(|length| body.len() >= length),
        None if header("transfer-encoding").is_some() => body.ends_with(b"0\r\n\r\n"),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_to_their_end() {
        let check = |request: &str, end: bool| assert_eq!(whole(request.as_bytes()), end, "{request}");
        check("GET / HTTP/1.1\r\nHost: x\r\n", false);
        check("GET / HTTP/1.1\r\nHost: x\r\n\r\n", true);
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", false);
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", true);
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", false);
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true);
    }

    #[tokio::test]
    async fn every_request_gets_the_recorded_answer() {
        let upstream = Upstream::start(Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\nhello")).await.unwrap();
        assert_eq!(upstream.fill("{upstream}/v1"), format!("http://{}/v1", upstream.host()));
        for _ in 0..2 {
            let mut connection = TcpStream::connect(upstream.host()).await.unwrap();
            connection.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("hello"), "{answer}");
        }
    }
}
