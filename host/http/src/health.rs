//! What operators and their tools ask: does it live, is it ready, which version is it.

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells `/readyz` whether requests should be sent here.
pub type ReadyHandle = Arc<AtomicBool>;

/// `/livez`, `/readyz`, `/version`.
pub(crate) fn router(version: String, ready: ReadyHandle) -> Router {
    let readiness = move || async move {
        if ready.load(Ordering::Acquire) {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready")
        }
    };
    Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readiness))
        .route("/version", get(move || async move { Json(json!({"version": version})) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    #[tokio::test]
    async fn readiness_follows_the_handle() {
        let ready = ReadyHandle::default();
        let router = router("1.2.3".into(), ready.clone());
        let status = |path: &'static str| {
            let router = router.clone();
            async move { router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status() }
        };
        assert_eq!(status("/livez").await, StatusCode::OK);
        assert_eq!(status("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        ready.store(true, Ordering::Release);
        assert_eq!(status("/readyz").await, StatusCode::OK);
        assert_eq!(status("/version").await, StatusCode::OK);
    }
}
