//! Errors by what they mean, and which of them may pass by themselves.

use crate::{Error, FieldError, UpstreamError};

impl Error {
    /// The settings do not fit. `field` is the dotted path of the setting.
    ///
    /// ```
    /// use mortise_sdk::{Error, Result};
    ///
    /// fn check(model: &str) -> Result<()> {
    ///     if model.is_empty() {
    ///         return Err(Error::invalid_config("model", "name the model to ask for"));
    ///     }
    ///     Ok(())
    /// }
    /// assert!(matches!(check(""), Err(Error::InvalidConfig(error)) if error.field == "model"));
    /// ```
    pub fn invalid_config(field: impl Into<String>, message: impl Into<String>) -> Self {
        Error::InvalidConfig(FieldError { field: field.into(), message: message.into() })
    }

    /// The input is damaged, or not what it claims to be. The owner of the document reads the text.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Error::InvalidInput(message.into())
    }

    /// Understood, but not supported.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Error::Unsupported(message.into())
    }

    /// A bug in the plugin that it noticed itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::Internal(message.into())
    }

    /// A remote service failed with this HTTP status. [`Response::error_for_status`](crate::http::Response::error_for_status)
    /// makes such errors with what the service says.
    ///
    /// ```
    /// use mortise_sdk::Error;
    ///
    /// assert!(Error::upstream_status(503, "overloaded").is_transient());
    /// assert!(!Error::upstream_status(401, "no such key").is_transient());
    /// ```
    pub fn upstream_status(status: u16, message: impl Into<String>) -> Self {
        Error::Upstream(UpstreamError { status: Some(status), retry_after: None, message: message.into() })
    }

    /// True where the same request may succeed a little later: the connection failed, or the service was busy (408, 425,
    /// 429) or broken (5xx, but not 501 and 505, which stay).
    pub fn is_transient(&self) -> bool {
        let Error::Upstream(error) = self else { return false };
        error.status.is_none_or(is_transient)
    }

    /// What it says, for a log line.
    ///
    /// ```
    /// use mortise_sdk::Error;
    ///
    /// assert_eq!(Error::upstream_status(429, "slow down").text(), "status 429: slow down");
    /// assert_eq!(Error::invalid_config("model", "is missing").text(), "setting \"model\": is missing");
    /// ```
    pub fn text(&self) -> String {
        match self {
            Error::InvalidConfig(error) => format!("setting {:?}: {}", error.field, error.message),
            Error::InvalidInput(message) | Error::Unsupported(message) | Error::Internal(message) => message.clone(),
            Error::Upstream(UpstreamError { status: Some(status), message, .. }) => {
                format!("status {status}: {message}")
            }
            Error::Upstream(error) => error.message.clone(),
            Error::Cancelled => "cancelled".into(),
        }
    }
}

/// Whether an answer of this status may be another one a little later.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429) || (status >= 500 && !matches!(status, 501 | 505))
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::InvalidInput(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass() {
        for status in [408, 425, 429, 500, 502, 503, 504, 529] {
            assert!(Error::upstream_status(status, "").is_transient(), "{status}");
        }
        for status in [200, 400, 401, 403, 404, 413, 422, 501, 505] {
            assert!(!Error::upstream_status(status, "").is_transient(), "{status}");
        }
        assert!(crate::http::upstream("connection refused").is_transient());
        assert!(!Error::internal("").is_transient() && !Error::Cancelled.is_transient());
    }
}
