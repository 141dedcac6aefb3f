//! A server that answers as a script says and remembers what it was asked.

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GET /v2/…?…`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
}

impl Asked {
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(|value| value.to_str().unwrap())
    }
}

/// A server that answers as a script says; gone when its test ends.
pub(crate) struct Scripted {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    pub(crate) async fn start(script: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static) -> Self {
        Self::start_knowing(|_| script).await
    }

    /// One whose script knows its own `127.0.0.1:port`.
    pub(crate) async fn start_knowing<S>(script: impl FnOnce(String) -> S) -> Self
    where
        S: Fn(&Asked) -> Response<Body> + Send + Sync + 'static,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(script(format!("127.0.0.1:{port}")));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let memory = asked.clone();
        let answer = move |request: Request<Body>| {
            let asked =
                Asked { line: format!("{} {}", request.method(), request.uri()), headers: request.headers().clone() };
            memory.lock().unwrap().push(asked.clone());
            let script = script.clone();
            async move {
                // Whoever answers without reading would break the connection of whoever still writes.
                let _ = axum::body::to_bytes(request.into_body(), usize::MAX).await;
                script(&asked)
            }
        };
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
        Self { port, asked }
    }

    /// `127.0.0.1:port`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

/// A response with this status and body.
pub(crate) fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

/// A response with this status and header.
pub(crate) fn with_header(status: u16, name: &str, value: &str) -> Response<Body> {
    Response::builder().status(status).header(name, value).body(Body::empty()).unwrap()
}

/// A body that never ends.
pub(crate) fn endless() -> Response<Body> {
    let part = Bytes::from(vec![b'x'; 64 << 10]);
    let parts = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(part.clone()));
    answer(200, Body::from_stream(parts))
}

/// A body that stops and does not end.
pub(crate) fn stalled() -> Response<Body> {
    answer(200, Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>()))
}

/// The manifest of this component, as JSON to be falsified.
pub(crate) fn manifest(component: &[u8]) -> Value {
    let digest = mortise_supply::Digest::of;
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.wasm.config.v0+json",
            "digest": digest(b"{}").to_string(),
            "size": 2,
        },
        "layers": [{
            "mediaType": "application/wasm",
            "digest": digest(component).to_string(),
            "size": component.len(),
        }],
    })
}
