//! RAGFlow's answer shapes and, in one place, how every failure is told.
//!
//! Shape R: `{"code":0,"data":…}` on success, `{"code":N,"message":…}` on failure. Shape J: always `code`, `message`
//! and `data`. Nearly every answer has HTTP status 200.

use super::python_text;
use axum::Json as JsonBody;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mortise_domain::{Error, Json};
use serde_json::json;

/// What a handler gives.
pub(super) type Reply = Result<Response, Refusal>;

/// A failure in RAGFlow's words.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The outcome, see the `CODE_…` constants.
    pub(super) code: i64,
    /// For the client, often compared letter by letter.
    pub(super) message: String,
    /// `Some`: shape J with this `data`; `None`: shape R.
    data: Option<Json>,
    status: StatusCode,
}

/// An exception that the original does not catch; the message is its Python text.
pub(super) const CODE_EXCEPTION: i64 = 100;
/// A wrong argument.
pub(super) const CODE_ARGUMENT: i64 = 101;
/// Most "you don't own", "not found", "duplicate".
pub(super) const CODE_DATA: i64 = 102;
/// No right to a dataset.
pub(super) const CODE_PERMISSION: i64 = 108;
/// A bad key.
pub(super) const CODE_AUTHENTICATION: i64 = 109;
/// Like HTTP 404, for chunks.
pub(super) const CODE_NOT_FOUND: i64 = 404;
/// Like HTTP 500, for uploads and streams.
pub(super) const CODE_SERVER: i64 = 500;

impl Refusal {
    /// Shape R with any code.
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None, status: StatusCode::OK }
    }

    /// Shape R, code 101.
    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self::new(CODE_ARGUMENT, message)
    }

    /// Shape R, code 102.
    pub(super) fn data(message: impl Into<String>) -> Self {
        Self::new(CODE_DATA, message)
    }

    /// Shape J, code 100: an exception of this class with this text.
    pub(super) fn exception(class: &str, text: &str) -> Self {
        Self::raw_exception(python_text::exception(class, text))
    }

    /// Shape J, code 100, with a message that is complete already.
    pub(super) fn raw_exception(message: impl Into<String>) -> Self {
        Self { data: Some(Json::Null), ..Self::new(CODE_EXCEPTION, message) }
    }

    /// Shape J with `data`.
    pub(super) fn with_data(code: i64, message: impl Into<String>, data: Json) -> Self {
        Self { data: Some(data), ..Self::new(code, message) }
    }

    /// A path that nothing answers: HTTP 404.
    pub(super) fn unknown_path(path: &str) -> Response {
        let body = json!({"code": 404, "message": format!("Not Found: {path}"), "data": null, "error": "Not Found"});
        (StatusCode::NOT_FOUND, JsonBody(body)).into_response()
    }

    /// A known path with a method it does not have.
    pub(super) fn wrong_method() -> Self {
        Self::raw_exception("<MethodNotAllowed '405: Method Not Allowed'>")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = match self.data {
            None => json!({"code": self.code, "message": self.message}),
            Some(data) => json!({"code": self.code, "message": self.message, "data": data}),
        };
        (self.status, JsonBody(body)).into_response()
    }
}

/// The one place where failures of the service become RAGFlow's answers. Handlers that owe a client a particular text
/// use [`OrRefuse`] first.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Invalid { .. } | Error::TooLarge { .. } => Self::argument(message),
            Error::Unauthenticated => {
                Self::with_data(CODE_AUTHENTICATION, "Authentication error: API key is invalid!", Json::Bool(false))
            }
            Error::Denied { .. } => Self::new(CODE_PERMISSION, message),
            Error::NotFound { .. } | Error::Conflict { .. } | Error::Unsupported { .. } => Self::data(message),
            Error::Busy { .. } | Error::Plugin(_) => Self::raw_exception(message),
            Error::Internal(reason) => {
                tracing::error!(reason, "internal error");
                Self::raw_exception("internal error")
            }
        }
    }
}

/// Gives a missing object the words a client expects.
pub(super) trait OrRefuse<T> {
    /// Replaces `NotFound`, and only that.
    fn or_refuse(self, refusal: impl FnOnce() -> Refusal) -> Result<T, Refusal>;
    /// `None` instead of `NotFound`.
    fn found(self) -> Result<Option<T>, Refusal>;
}

impl<T> OrRefuse<T> for mortise_domain::Result<T> {
    fn or_refuse(self, refusal: impl FnOnce() -> Refusal) -> Result<T, Refusal> {
        self.found()?.ok_or_else(refusal)
    }

    fn found(self) -> Result<Option<T>, Refusal> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// `{"code":0}`.
pub(super) fn done() -> Reply {
    Ok(JsonBody(json!({"code": 0})).into_response())
}

/// `{"code":0,"data":…}`.
pub(super) fn data(data: Json) -> Reply {
    Ok(JsonBody(json!({"code": 0, "data": data})).into_response())
}

/// A body without an envelope.
pub(super) fn bare(body: Json) -> Reply {
    Ok(JsonBody(body).into_response())
}

/// A batch of which `errors` went wrong: without errors plain success.
pub(super) fn batch(success_count: usize, errors: &[String]) -> Reply {
    if errors.is_empty() { done() } else { data(json!({"success_count": success_count, "errors": errors})) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(response: Response) -> (StatusCode, Json) {
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn errors_of_shape_r_have_two_keys() {
        let (status, answer) = body(Refusal::data("gone").into_response()).await;
        assert_eq!((status, answer), (StatusCode::OK, json!({"code": 102, "message": "gone"})));
    }

    #[tokio::test]
    async fn exceptions_are_written_as_python_does() {
        let (_, answer) = body(Refusal::exception("LookupError", "Can't find it!").into_response()).await;
        assert_eq!(answer, json!({"code": 100, "message": "LookupError(\"Can't find it!\")", "data": null}));
        let (_, answer) = body(Refusal::wrong_method().into_response()).await;
        assert_eq!(
            answer,
            json!({"code": 100, "message": "<MethodNotAllowed '405: Method Not Allowed'>", "data": null})
        );
    }

    #[tokio::test]
    async fn every_kind_of_error_has_a_code() {
        let cases = [
            (Error::invalid("name", "too long"), 101),
            (Error::TooLarge { limit: 1 }, 101),
            (Error::Unauthenticated, 109),
            (Error::Denied { what: "x".into() }, 108),
            (Error::not_found("dataset", "x"), 102),
            (Error::Conflict { noun: "dataset", reason: "taken".into() }, 102),
            (Error::Unsupported { what: "x".into() }, 102),
            (Error::Busy { retry_after_ms: 1 }, 100),
            (Error::internal("disk on fire"), 100),
        ];
        for (error, code) in cases {
            let refusal = Refusal::from(error);
            assert_eq!(refusal.code, code);
            assert!(!refusal.message.contains("disk on fire"));
        }
    }

    #[tokio::test]
    async fn unknown_paths_are_real_404s() {
        let (status, answer) = body(Refusal::unknown_path("/api/v1/x")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(answer, json!({"code": 404, "message": "Not Found: /api/v1/x", "data": null, "error": "Not Found"}));
    }

    #[test]
    fn only_missing_objects_are_reworded() {
        let missing: mortise_domain::Result<()> = Err(Error::not_found("dataset", "x"));
        assert_eq!(missing.or_refuse(|| Refusal::data("mine")).unwrap_err().message, "mine");
        let other: mortise_domain::Result<()> = Err(Error::invalid("", "bad"));
        assert_eq!(other.or_refuse(|| Refusal::data("mine")).unwrap_err().message, "bad");
    }
}
