//! Server-sent events the way the foreign servers send them: `data:` and one value a frame, nothing else.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use mortise_domain::Json;
use std::convert::Infallible;

/// A frame holding one JSON value, without a blank after the colon.
pub(crate) fn frame(value: &Json) -> Bytes {
    Bytes::from(format!("data:{value}\n\n"))
}

/// A frame holding a bare word, such as `[DONE]`.
pub(crate) fn word(word: &str) -> Bytes {
    Bytes::from(format!("data:{word}\n\n"))
}

/// A stream of frames. Dropping the connection drops the stream.
pub(crate) fn response(frames: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream; charset=utf-8"),
        (CACHE_CONTROL.as_str(), "no-cache"),
        (CONNECTION.as_str(), "keep-alive"),
        ("x-accel-buffering", "no"),
    ];
    (headers, Body::from_stream(frames.map(Ok::<_, Infallible>))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn frames_have_no_blank_and_no_escapes() {
        assert_eq!(frame(&json!({"answer": "é\n"})), "data:{\"answer\":\"é\\n\"}\n\n");
        let response = response(futures_util::stream::iter([frame(&json!(true)), word("[DONE]")]));
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let bytes = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(bytes, "data:true\n\ndata:[DONE]\n\n");
    }
}
