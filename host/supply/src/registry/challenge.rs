//! How a registry says that it wants to know who asks: `WWW-Authenticate`.

use http_auth::parser::ChallengeParser;
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from its token service.
    Bearer {
        /// The service's address.
        realm: String,
        /// For which service.
        service: Option<String>,
    },
    /// User and password with every request.
    Basic,
}

impl Challenge {
    /// The challenge that can be answered best.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let mut basic = None;
        for challenge in values.flat_map(ChallengeParser::new).flatten() {
            let parameter = |name: &str| {
                let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = parameter("realm")
            {
                return Some(Self::Bearer { realm, service: parameter("service") });
            }
            if challenge.scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            }
        }
        basic
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, reqwest::header::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Challenge::read(&headers)
    }

    #[test]
    fn challenges() {
        let bearer = Challenge::Bearer { realm: "https://a/t".to_owned(), service: Some("r".to_owned()) };
        assert_eq!(
            read(&[r#"Bearer realm="https://a/t",service="r",scope="repository:x:pull""#]),
            Some(bearer.clone())
        );
        assert_eq!(read(&[r#"Basic realm="x""#, r#"bearer service="r", REALM="https://a/t""#]), Some(bearer));
        assert_eq!(read(&[r#"Basic realm="x""#]), Some(Challenge::Basic));
        for useless in [&[][..], &["Bearer"], &["Negotiate"], &["\"\"\""], &["Bearer realm"], &["Bearer service=\"x\""]]
        {
            assert_eq!(read(useless), None, "{useless:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_answered(value in "[\\x20-\\x7e\\u{80}-\\u{ff}]{0,60}") {
            read(&[&value]);
            read(&[&format!("Bearer {value}")]);
        }
    }
}
