//! RAGFlow's HTTP API of early 2026 (the dialect of `ragflow-sdk` 0.13 to 0.24) under `/api/v1`.
//!
//! The wording of messages, the order of checks and the odd codes are RAGFlow's: its clients and tests compare them.
//! Which routes there are is told in `COMPAT.md`.

mod body;
mod chats;
mod chats_openai;
mod chunks;
mod completions;
mod datasets;
mod documents;
mod envelope;
mod graph;
mod images;
mod metadata;
mod parser_config;
mod parsing;
mod python_text;
mod retrieval;
mod sessions;
mod uploads;
mod validate;
mod wire;

use crate::auth::{self, KeyFault};
use crate::{AskedPath, SurfaceOptions};
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use envelope::Refusal;
use mortise_domain::{Caller, Json};
use mortise_service::Service;
use std::any::Any;

/// What handlers need.
#[derive(Clone)]
struct Surface {
    service: Service,
    legacy_stream: bool,
    max_body: u64,
}

/// All routes, and the answers to unknown paths and wrong methods.
pub(crate) fn router(service: Service, options: &SurfaceOptions) -> Router {
    let surface = Surface { service, legacy_stream: options.legacy_stream, max_body: options.max_body };
    let routes = Router::new()
        .merge(datasets::router())
        .merge(graph::router())
        .merge(documents::router())
        .merge(metadata::router())
        .merge(uploads::router())
        .merge(parsing::router())
        .merge(chunks::router())
        .merge(retrieval::router())
        .merge(chats::router())
        .merge(sessions::router())
        .merge(completions::router())
        .merge(chats_openai::router())
        .with_state(surface.clone());
    let images = images::router().with_state(surface);
    Router::new()
        .nest("/api/v1", routes.merge(images.clone()))
        // Where the original's own pages look for pictures.
        .nest("/v1", images)
        .fallback(unknown_path)
        .method_not_allowed_fallback(async || Refusal::wrong_method())
}

async fn unknown_path(request: Request) -> Response {
    let asked = request.extensions().get::<AskedPath>().map(|asked| asked.0.clone());
    Refusal::unknown_path(&asked.unwrap_or_else(|| request.uri().path().to_owned()))
}

/// What a client sees of a panic.
pub(crate) fn panic_answer(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = text, "a handler panicked");
    Refusal::raw_exception("internal error").into_response()
}

/// The caller, known from the key before anything else of the request is looked at.
struct Key(Caller);

impl FromRequestParts<Surface> for Key {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, surface: &Surface) -> Result<Self, Refusal> {
        authenticate(surface, &parts.headers).await.map(Self)
    }
}

/// The caller, for routes that look at the body first.
async fn authenticate(surface: &Surface, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let without_key = |message: &str| Refusal::with_data(0, message, Json::Bool(false));
    auth::caller(&surface.service, headers).await.map_err(|fault| match fault {
        KeyFault::Missing => without_key("`Authorization` can't be empty"),
        KeyFault::Malformed => without_key("Please check your authorization format."),
        KeyFault::Unknown => Refusal::from(mortise_domain::Error::Unauthenticated),
        KeyFault::Failed(error) => error.into(),
    })
}
