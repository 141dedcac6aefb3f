//! Upstreams that take their time: whatever a remote server does, the call ends at its deadline or before, and the next
//! call works.

use super::network::{answer, granted, ok};
use super::*;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server whose first connection gets `misbehave`, and every later one a sound answer.
async fn once<F: Future<Output = std::io::Result<()>> + Send>(
    misbehave: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let _ = stream.read(&mut [0; 4096]).await?;
        let bad = misbehave(stream);
        let good = async {
            loop {
                let (mut stream, _) = listener.accept().await?;
                let _ = stream.read(&mut [0; 4096]).await?;
                stream.write_all(ok("sound").as_bytes()).await?;
            }
            #[allow(unreachable_code, reason = "names the type")]
            std::io::Result::Ok(())
        };
        // Ends when the bad one is hung up on, and the test is over.
        let _ = tokio::join!(bad, good);
        std::io::Result::Ok(())
    });
    port
}

/// Writes `piece` for ever, with pauses.
async fn drip(mut stream: TcpStream, head: &str, piece: &[u8], pause: Duration) -> std::io::Result<()> {
    stream.write_all(head.as_bytes()).await?;
    loop {
        stream.write_all(piece).await?;
        tokio::time::sleep(pause).await;
    }
}

const BYTE_PAUSE: Duration = Duration::from_millis(100);

/// The call ends with one of `kinds`, costs its instance, and the next one works.
async fn costs_one_call(port: u16, kinds: &[&'static str]) {
    let runtime = runtime();
    let limits = LimitOverrides { call_timeout: Some(Duration::from_secs(1)), output_bytes: Some(1 << 20), ..quick() };
    let config = json!({"url": format!("http://localhost:{port}/")});
    install_with(&runtime, "reaches", config, granted(port), limits).await.unwrap();
    let reason = answer(&runtime).await.unwrap_err();
    assert!(kinds.contains(&reason.kind()), "{reason}");
    let stats = seen(&runtime, Role::ChatModel, "reaches");
    assert_eq!((stats.calls, stats.instances), (1, 1));
    lost(&runtime, Role::ChatModel, "reaches", &[(reason.kind(), 1)]).await;
    assert_eq!(answer(&runtime).await.unwrap(), "200 sound");
    let stats = seen(&runtime, Role::ChatModel, "reaches");
    assert_eq!((stats.calls, stats.instances, stats.warm), (2, 2, 1), "the first instance was dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_for_ever() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    let port = once(move |stream| drip(stream, head, b"x", BYTE_PAUSE)).await;
    costs_one_call(port, &["timed-out"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let port = once(move |stream| drip(stream, head, b"", Duration::from_secs(3600))).await;
    costs_one_call(port, &["timed-out", "upstream"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_drip_for_ever() {
    let port = once(move |stream| drip(stream, "HTTP/1.1 200 OK\r\n", b"x-a: b\r\n", BYTE_PAUSE)).await;
    costs_one_call(port, &["timed-out", "upstream"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_pour_for_ever() {
    let piece = b"x-a: b\r\n".repeat(1000);
    let port = once(async move |stream| drip(stream, "HTTP/1.1 200 OK\r\n", &piece, Duration::ZERO).await).await;
    costs_one_call(port, &["upstream"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_pours_for_ever() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let piece = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let port = once(async move |stream| drip(stream, head, &piece, Duration::ZERO).await).await;
    costs_one_call(port, &["upstream", "output-too-large"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_hanging_up() {
    let port =
        once(async |mut stream: TcpStream| stream.write_all(b"\x16\x03\x01 not HTTP at all\r\n\r\n").await).await;
    costs_one_call(port, &["upstream"]).await;
    let port = once(async |stream: TcpStream| {
        drop(stream);
        Ok(())
    })
    .await;
    costs_one_call(port, &["upstream"]).await;
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";
    let port = once(async |mut stream: TcpStream| stream.write_all(head).await).await;
    costs_one_call(port, &["upstream"]).await;
}
