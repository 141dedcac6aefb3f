//! Outgoing HTTP through a real guest and a real server: grants, secrets, addresses, redirects, sizes, warm instances.

use super::*;
use crate::grants::SecretBinding;
use futures_util::StreamExt;
use mortise_domain::chat::{ChatEvent, ChatRequest};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers every request with `answer(head)` and counts connections by handing them over.
async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                let mut piece = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut piece).await {
                    head.extend_from_slice(&piece[..read]);
                    if head.ends_with(b"\r\n\r\n") {
                        let told = answer(&String::from_utf8_lossy(&head));
                        stream.write_all(told.as_bytes()).await.unwrap();
                        head.clear();
                    }
                }
            });
        }
    });
    port
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn granted(port: u16) -> Grants {
    Grants { http_hosts: vec![format!("localhost:{port}").parse().unwrap()], allow_private: true, ..Grants::default() }
}

async fn ask(runtime: &Runtime, config: serde_json::Value, grants: Grants) -> Result<String, FaultReason> {
    ask_within(runtime, config, grants, quick()).await
}

async fn ask_within(
    runtime: &Runtime,
    config: serde_json::Value,
    grants: Grants,
    limits: LimitOverrides,
) -> Result<String, FaultReason> {
    install_with(runtime, "reaches", config, grants, limits).await.unwrap();
    answer(runtime).await
}

async fn answer(runtime: &Runtime) -> Result<String, FaultReason> {
    let model = runtime.chat_model("reaches").unwrap();
    let mut events = model.complete(ChatRequest::default()).await.map_err(|fault| fault.reason)?;
    let mut text = String::new();
    while let Some(event) = events.next().await {
        if let ChatEvent::Text(piece) = event.map_err(|fault| fault.reason)? {
            text.push_str(&piece);
        }
    }
    Ok(text)
}

fn denied(result: Result<String, FaultReason>) -> String {
    match result {
        Err(FaultReason::Denied(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_reached_without_a_grant() {
    let runtime = runtime();
    let port = serve(|_| ok("reached")).await;
    let url = format!("http://localhost:{port}/v1");
    let config = json!({"url": url});
    let what = denied(ask(&runtime, config.clone(), Grants::default()).await);
    assert!(what.contains(&format!("http://localhost:{port}")), "{what}");
    assert_eq!(ask(&runtime, config.clone(), granted(port)).await.unwrap(), "200 reached");
    // Granted by name, but the name stands for this machine.
    let public = Grants { allow_private: false, ..granted(port) };
    let what = denied(ask(&runtime, config, public.clone()).await);
    assert!(what.contains("not public"), "{what}");
    // The address itself, in a spelling that only the client resolves.
    let grants = Grants { http_hosts: vec![format!("127.0.0.1:{port}").parse().unwrap()], ..public };
    denied(ask(&runtime, json!({"url": format!("http://127.0.0.1:{port}/")}), grants).await);
    let metadata = Grants { http_hosts: vec!["169.254.169.254:80".parse().unwrap()], ..granted(port) };
    let what = denied(ask(&runtime, json!({"url": "http://169.254.169.254/latest"}), metadata).await);
    assert!(what.contains("never reached"), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_added_for_their_host_and_never_seen() {
    let runtime = runtime();
    let port = serve(|head| ok(&head.to_lowercase())).await;
    let (home, url) = (format!("localhost:{port}"), format!("http://localhost:{port}/"));
    let bound = |host: &str| Grants {
        secrets: vec![SecretBinding::bearer("key", host.parse().unwrap(), "s3cret")],
        ..granted(port)
    };
    let sent = ask(&runtime, json!({"url": url, "secret": "key"}), bound(&home)).await.unwrap();
    assert!(sent.contains("authorization: bearer s3cret"), "{sent}");
    assert!(!sent.contains("x-mortise-secret"), "{sent}");
    assert_eq!(sent.matches("\nhost:").count(), 1, "{sent}");
    let without = ask(&runtime, json!({"url": url}), bound(&home)).await.unwrap();
    assert!(!without.contains("s3cret"), "{without}");
    let what = denied(ask(&runtime, json!({"url": url, "secret": "key"}), bound("other.example")).await);
    assert!(what.contains("\"key\" is not bound"), "{what}");
    for header in ["Authorization", "cookie", "Host", "proxy-authorization", "connection"] {
        let config = json!({"url": url, "headers": [[header, "Bearer stolen"]]});
        let result = ask(&runtime, config, bound(&home)).await;
        assert!(result.as_ref().map_or(true, |sent| !sent.contains("stolen")), "{header}: {result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_new_requests() {
    let runtime = runtime();
    let inside = serve(|_| ok("inside")).await;
    let port = serve(move |_| {
        format!("HTTP/1.1 302 Found\r\nlocation: http://localhost:{inside}/\r\ncontent-length: 4\r\n\r\ngone")
    })
    .await;
    let url = format!("http://localhost:{port}/");
    assert_eq!(ask(&runtime, json!({"url": url}), granted(port)).await.unwrap(), "302 gone");
    let what = denied(ask(&runtime, json!({"url": url, "follow": true}), granted(port)).await);
    assert!(what.contains(&inside.to_string()), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_bounded_in_size_and_time() {
    let runtime = runtime();
    let port = serve(|_| ok(&"x".repeat(100_000))).await;
    let config = json!({"url": format!("http://localhost:{port}/")});
    let small = LimitOverrides { output_bytes: Some(50_000), ..quick() };
    let result = ask_within(&runtime, config, granted(port), small).await;
    assert!(matches!(result, Err(FaultReason::Upstream { .. } | FaultReason::OutputTooLarge(_))), "{result:?}");

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let config = json!({"url": format!("http://localhost:{port}/")});
    let hurried = LimitOverrides { call_timeout: Some(Duration::from_millis(300)), ..quick() };
    let began = std::time::Instant::now();
    let result = ask_within(&runtime, config, granted(port), hurried).await;
    assert!(matches!(result, Err(FaultReason::TimedOut(300) | FaultReason::Upstream { .. })), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(10));

    let nobody = json!({"url": "http://localhost:1/"});
    let result = ask(&runtime, nobody, granted(1)).await;
    assert!(matches!(&result, Err(FaultReason::Upstream { status: None, .. })), "{result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_call_ends_its_request() {
    let runtime = runtime();
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let config = json!({"url": format!("http://localhost:{port}/")});
    install_with(&runtime, "reaches", config, granted(port), quick()).await.unwrap();
    let model = runtime.chat_model("reaches").unwrap();
    let call = tokio::spawn(async move { model.complete(ChatRequest::default()).await.map(|_| ()) });
    let (mut stream, _) = server.accept().await.unwrap();
    let mut head = [0; 4096];
    assert!(stream.read(&mut head).await.unwrap() > 0);
    call.abort();
    let end = async { while !matches!(stream.read(&mut head).await, Ok(0) | Err(_)) {} };
    tokio::time::timeout(Duration::from_secs(1), end).await.expect("the connection ends with the call");
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_kept_warm_and_replaced() {
    use crate::registry::Installed;
    let runtime = runtime();
    let port = serve(|head| ok(head.lines().next().unwrap_or_default())).await;
    let config = json!({"url": format!("http://localhost:{port}/")});
    let limits = LimitOverrides { recycle_calls: Some(3), ..quick() };
    install_with(&runtime, "reaches", config, granted(port), limits).await.unwrap();
    let idle = || match runtime.registry.read().lookup(None, mortise_domain::Role::ChatModel, "reaches") {
        Some(Installed::ChatModel(model)) => model.idle(),
        _ => panic!("not installed"),
    };
    for expected in [1, 1, 0, 1] {
        answer(&runtime).await.unwrap();
        assert_eq!(idle(), expected);
    }
    // Left in the middle: the instance goes with the stream.
    let model = runtime.chat_model("reaches").unwrap();
    let mut events = model.complete(ChatRequest::default()).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    drop(events);
    assert_eq!(idle(), 0);
}
