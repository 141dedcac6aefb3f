//! The surfaces: thin translations of foreign HTTP APIs into calls of [`mortise_service::Service`] and back.
//!
//! Each foreign API is one folder: its `router()`, its envelope and error rendering, one file per resource, and
//! `wire.rs` with its JSON shapes. Nothing here knows stores, indexes or plugins, and no surface uses another.
#![warn(missing_docs)]

mod admin;
mod auth;
mod health;
mod metrics;
mod ragflow;
mod sse;
mod upload;

pub use health::ReadyHandle;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use mortise_service::Service;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, AllowMethods, Any, CorsLayer};
use tracing::Instrument;

/// What an operator may choose about the surfaces.
#[derive(Clone, Debug)]
pub struct SurfaceOptions {
    /// Stream answers cumulatively, as RAGFlow did up to 0.23.1, unless a request says otherwise.
    pub legacy_stream: bool,
    /// Shown by `/version`.
    pub version: String,
    /// Bytes of a request body at most; RAGFlow's limit is 1 GiB.
    pub max_body: u64,
    /// The operator's key for `/admin/v1` and `/metrics`; without one they are closed.
    pub admin_key: Option<String>,
}

/// The path as the client asked for it, before slashes were merged.
#[derive(Clone)]
pub(crate) struct AskedPath(pub(crate) String);

/// Everything Mortise answers over HTTP.
pub fn app(service: Service, options: SurfaceOptions, ready: ReadyHandle) -> Router {
    let limit = usize::try_from(options.max_body).unwrap_or(usize::MAX);
    let health = health::router(options.version.clone(), ready);
    let admin = admin::router(service.clone(), options.admin_key.as_deref());
    let routes = health.merge(admin).merge(ragflow::router(service, &options)).layer(DefaultBodyLimit::max(limit));
    let routes = ServiceExt::<Request>::map_request(routes, merge_slashes as fn(Request) -> Request);
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any);
    Router::new()
        .fallback_service(routes)
        .layer(CatchPanicLayer::custom(ragflow::panic_answer))
        .layer(cors)
        .layer(from_fn(traced))
}

/// Gives a request an id and a span, and logs how it went.
async fn traced(request: Request, next: Next) -> Response {
    let id = mortise_domain::id::new_uuid4();
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    let started = std::time::Instant::now();
    let header = HeaderValue::from_str(&id);
    async move {
        let mut response = next.run(request).await;
        let elapsed_ms = started.elapsed().as_millis() as u64;
        tracing::debug!(status = response.status().as_u16(), elapsed_ms, "answered");
        if let Ok(header) = header {
            response.headers_mut().insert(HeaderName::from_static("x-request-id"), header);
        }
        response
    }
    .instrument(span)
    .await
}

/// Merges doubled slashes and drops a trailing one before routes are matched.
fn merge_slashes(mut request: Request) -> Request {
    let path = request.uri().path();
    let asked = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    if let Some(merged) = merged(path) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        if let Ok(path_and_query) = format!("{merged}{query}").parse() {
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request.extensions_mut().insert(AskedPath(asked));
    request
}

/// The path with single slashes and none at its end; `None` when it is so already.
fn merged(path: &str) -> Option<String> {
    if path == "/" || !(path.contains("//") || path.ends_with('/')) {
        return None;
    }
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    Some(format!("/{}", segments.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_merged() {
        assert_eq!(merged("/api/v1/datasets//documents").as_deref(), Some("/api/v1/datasets/documents"));
        assert_eq!(merged("/api/v1/datasets/").as_deref(), Some("/api/v1/datasets"));
        assert_eq!(merged("//").as_deref(), Some("/"));
        assert_eq!(merged("/api/v1/datasets"), None);
        assert_eq!(merged("/"), None);
    }

    #[test]
    fn the_query_survives_and_the_asked_path_is_kept() {
        let request = Request::get("/a//%C3%A9/?x=1").body(axum::body::Body::empty()).unwrap();
        let request = merge_slashes(request);
        assert_eq!(request.uri(), "/a/%C3%A9?x=1");
        assert_eq!(request.extensions().get::<AskedPath>().unwrap().0, "/a//é/");
    }
}
