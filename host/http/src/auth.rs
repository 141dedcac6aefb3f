//! From the `Authorization` header to a caller. Each surface renders the refusals in its own words.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use mortise_domain::{Caller, Error};
use mortise_service::Service;

/// Why there is no caller.
pub(crate) enum KeyFault {
    /// No header, or an empty one.
    Missing,
    /// A header with fewer than two words.
    Malformed,
    /// A key nobody has.
    Unknown,
    /// The key could not be looked up.
    Failed(Error),
}

/// The caller of a request: the second word of the header is the key, the first one is not looked at.
pub(crate) async fn caller(service: &Service, headers: &HeaderMap) -> Result<Caller, KeyFault> {
    let key = key(headers)?;
    service.authenticate(key).await.map_err(|error| match error {
        Error::Unauthenticated => KeyFault::Unknown,
        other => KeyFault::Failed(other),
    })
}

fn key(headers: &HeaderMap) -> Result<&str, KeyFault> {
    let header = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
    if header.is_empty() {
        return Err(KeyFault::Missing);
    }
    let text = std::str::from_utf8(header).map_err(|_| KeyFault::Unknown)?;
    text.split_whitespace().nth(1).ok_or(KeyFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_word_is_the_key() {
        let headers = |text: &str| HeaderMap::from_iter([(AUTHORIZATION, text.parse().unwrap())]);
        assert!(matches!(key(&headers("Bearer ragflow-x")), Ok("ragflow-x")));
        assert!(matches!(key(&headers("anything ragflow-x more")), Ok("ragflow-x")));
        assert!(matches!(key(&headers("ragflow-x")), Err(KeyFault::Malformed)));
        assert!(matches!(key(&headers("")), Err(KeyFault::Missing)));
        assert!(matches!(key(&HeaderMap::new()), Err(KeyFault::Missing)));
    }
}
