//! Errors as operators' tools read them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mortise_domain::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// `invalid`, `unauthenticated`, `denied`, `not-found`, `conflict`, `too-large`, `unsupported`, `busy`, `plugin`,
    /// `internal`.
    code: &'static str,
    /// Dotted path of what does not fit, e.g. `config.base_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    message: String,
}

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = match &self.0 {
            Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Error::Denied { .. } => (StatusCode::FORBIDDEN, "denied"),
            Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not-found"),
            Error::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Error::Unsupported { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "unsupported"),
            Error::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Error::Plugin(_) => (StatusCode::BAD_GATEWAY, "plugin"),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let (field, message) = match self.0 {
            Error::Invalid { field, reason } => (Some(field).filter(|field| !field.is_empty()), reason),
            Error::Internal(why) => {
                tracing::error!(why, "an administration call failed");
                (None, "internal error; the server's log says more".into())
            }
            other => (None, other.to_string()),
        };
        (status, Json(ErrorBody { error: ErrorDetail { code, field, message } })).into_response()
    }
}
