//! Reading requests the two ways RAGFlow does: strictly for datasets, leniently elsewhere; and query strings.

use super::Surface;
use super::envelope::Refusal;
use super::python_text;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use mortise_domain::{Json, JsonMap, Order, OrderBy, PageRequest};
use std::convert::Infallible;

/// JSON bodies above this are refused, whatever the limit for uploads: they are held in memory whole.
const MAX_JSON: u64 = 64 << 20;

/// A body as it came.
pub(super) struct RawBody {
    content_type: Option<String>,
    bytes: Bytes,
}

impl FromRequest<Surface> for RawBody {
    type Rejection = Refusal;

    async fn from_request(request: Request<Body>, surface: &Surface) -> Result<Self, Refusal> {
        let content_type = request.headers().get(CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()).into());
        let limit = surface.max_body.min(MAX_JSON);
        let bytes =
            axum::body::to_bytes(request.into_body(), usize::try_from(limit).unwrap_or(usize::MAX)).await.map_err(
                |error| Refusal::argument(format!("The request body cannot be read (limit: {limit} bytes): {error}")),
            )?;
        Ok(Self { content_type, bytes })
    }
}

impl RawBody {
    fn media_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// The strict way: a JSON object, or a refusal with code 101.
    pub(super) fn strict(&self) -> Result<JsonMap, Refusal> {
        if !self.media_type().eq_ignore_ascii_case("application/json") {
            let sent = self.content_type.as_deref().unwrap_or("None");
            return Err(Refusal::argument(format!("Unsupported content type: Expected application/json, got {sent}")));
        }
        match serde_json::from_slice(&self.bytes) {
            Ok(Json::Object(fields)) => Ok(fields),
            Ok(other) if !python_text::truthy(&other) => Ok(JsonMap::new()),
            Ok(other) => {
                let kind = python_text::type_name(&other);
                Err(Refusal::argument(format!("Invalid request payload: expected object, got {kind}")))
            }
            Err(_) => Err(Refusal::argument("Malformed JSON syntax: Missing commas/brackets or invalid encoding")),
        }
    }

    /// The lenient way: an object or a form; nothing is an empty object.
    pub(super) fn lenient(&self) -> Result<JsonMap, Refusal> {
        if self.bytes.is_empty() {
            return Ok(JsonMap::new());
        }
        let media_type = self.media_type().to_ascii_lowercase();
        if media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
        {
            return match serde_json::from_slice(&self.bytes) {
                Ok(Json::Object(fields)) => Ok(fields),
                Ok(Json::String(_)) => Err(Refusal::exception("AttributeError", "'str' object has no attribute 'get'")),
                Ok(_) => Err(Refusal::exception("TypeError", "JSON payload must be an object.")),
                Err(_) => Err(Refusal::raw_exception("<BadRequest '400: Bad Request'>")),
            };
        }
        if media_type == "application/x-www-form-urlencoded" {
            let fields: JsonMap = form_urlencoded::parse(&self.bytes)
                .map(|(key, value)| (key.into_owned(), Json::String(value.into_owned())))
                .collect();
            return Ok(fields);
        }
        Err(Refusal::exception("TypeError", "Request body is not a valid form payload."))
    }
}

/// Query parameters in the order sent.
pub(super) struct Params(pub(super) Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs).unwrap_or_default()))
    }
}

impl Params {
    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter, unless it is empty.
    pub(super) fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// An integer as Python reads it.
    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64, Refusal> {
        self.get(name).map_or(Ok(default), |text| python_text::int(text).map_err(Refusal::raw_exception))
    }

    /// `page`, `page_size`, `orderby` and a direction, in the loose form of all lists but the one of datasets.
    pub(super) fn page(&self, descending: bool) -> Result<PageRequest, Refusal> {
        let page = u32::try_from(self.int("page", 1)?.max(1)).unwrap_or(u32::MAX);
        let size = u32::try_from(self.int("page_size", 30)?.max(0)).unwrap_or(u32::MAX);
        let by = match self.get("orderby") {
            Some("update_time" | "update_date") => OrderBy::Updated,
            Some("name") => OrderBy::Name,
            _ => OrderBy::Created,
        };
        let order = if descending { Order::Descending } else { Order::Ascending };
        Ok(PageRequest { page, size: Some(size), by, order })
    }
}

/// Which objects a DELETE body means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All there are: no ids, null, or an empty list.
    All,
    /// These; may be empty when the client says `delete_all: false`, as newer clients do.
    Ids(Vec<String>),
}

impl Wanted {
    /// Reads the ids under `field`.
    pub(super) fn read(body: &JsonMap, field: &str) -> Result<Self, Refusal> {
        let ids = match body.get(field) {
            None | Some(Json::Null) => vec![],
            Some(Json::Array(items)) => items.iter().map(python_text::str).collect(),
            Some(_) => return Err(Refusal::argument(format!("`{field}` should be a list"))),
        };
        Ok(match body.get("delete_all") {
            Some(flag) if python_text::truthy(flag) => Self::All,
            Some(_) => Self::Ids(ids),
            None if ids.is_empty() => Self::All,
            None => Self::Ids(ids),
        })
    }
}

/// Ids without repetition, in the order sent, and a message `Duplicate <noun> ids: <id>` for each repeated one.
pub(super) fn distinct(ids: Vec<String>, noun: &str) -> (Vec<String>, Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    let mut reported = std::collections::HashSet::new();
    let mut duplicates = vec![];
    let ids = ids
        .into_iter()
        .filter(|id| {
            let first = seen.insert(id.clone());
            if !first && reported.insert(id.clone()) {
                duplicates.push(format!("Duplicate {noun} ids: {id}"));
            }
            first
        })
        .collect();
    (ids, duplicates)
}

/// Whether `desc` as chats and sessions read it: false only for `False` and `false`.
pub(super) fn descending(params: &Params) -> bool {
    !matches!(params.get("desc"), Some("False" | "false"))
}

/// A flag of a JSON body by Python's rules of truth.
pub(super) fn flag(body: &JsonMap, name: &str, default: bool) -> bool {
    body.get(name).map_or(default, python_text::truthy)
}

/// A text of a JSON body; null and absent are `None`, anything else becomes text.
pub(super) fn text(body: &JsonMap, name: &str) -> Option<String> {
    body.get(name).filter(|value| !value.is_null()).map(python_text::str)
}

/// A number, also from numeric text, as Python's `float()` takes it.
pub(super) fn number(body: &JsonMap, name: &str, default: f64) -> Result<f64, Refusal> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(default),
        Some(Json::Number(number)) => Ok(number.as_f64().unwrap_or(default)),
        Some(Json::Bool(flag)) => Ok(f64::from(u8::from(*flag))),
        Some(Json::String(text)) => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(Refusal::exception(
                "ValueError",
                &format!("could not convert string to float: {}", python_text::quoted(text)),
            )),
        },
        Some(other) => Err(Refusal::exception(
            "TypeError",
            &format!("float() argument must be a string or a real number, not '{}'", python_text::type_name(other)),
        )),
    }
}

/// An integer, also from numeric text, as Python's `int()` takes it.
pub(super) fn integer(body: &JsonMap, name: &str, default: i64) -> Result<i64, Refusal> {
    match body.get(name) {
        None => Ok(default),
        Some(value) => to_integer(value),
    }
}

/// A JSON value as Python's `int()` takes it.
pub(super) fn to_integer(value: &Json) -> Result<i64, Refusal> {
    match value {
        Json::Number(number) => Ok(number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or_default() as i64)),
        Json::Bool(flag) => Ok(i64::from(*flag)),
        Json::String(text) => python_text::int(text).map_err(Refusal::raw_exception),
        other => Err(Refusal::exception(
            "TypeError",
            &format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                python_text::type_name(other)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(content_type: Option<&str>, text: &str) -> RawBody {
        RawBody { content_type: content_type.map(Into::into), bytes: Bytes::copy_from_slice(text.as_bytes()) }
    }

    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    #[test]
    fn strict_bodies() {
        let message = |content_type, text| body(content_type, text).strict().unwrap_err().message;
        assert_eq!(
            message(Some("text/xml"), "{}"),
            "Unsupported content type: Expected application/json, got text/xml"
        );
        assert_eq!(message(None, "{}"), "Unsupported content type: Expected application/json, got None");
        let malformed = "Malformed JSON syntax: Missing commas/brackets or invalid encoding";
        assert_eq!(message(JSON, "a"), malformed);
        assert_eq!(message(JSON, ""), malformed);
        assert_eq!(message(JSON, "\"a\""), "Invalid request payload: expected object, got str");
        assert_eq!(message(JSON, "[1]"), "Invalid request payload: expected object, got list");
        for falsy in ["[]", "null", "0", "\"\"", "false", "{}"] {
            assert!(body(JSON, falsy).strict().unwrap().is_empty(), "{falsy}");
        }
    }

    #[test]
    fn lenient_bodies() {
        let message = |content_type, text| body(content_type, text).lenient().unwrap_err().message;
        assert!(body(None, "").lenient().unwrap().is_empty());
        assert_eq!(body(JSON, r#"{"a":1}"#).lenient().unwrap()["a"], 1);
        assert_eq!(message(JSON, "\"x\""), "AttributeError(\"'str' object has no attribute 'get'\")");
        assert_eq!(message(JSON, "[]"), "TypeError('JSON payload must be an object.')");
        assert_eq!(message(JSON, "{"), "<BadRequest '400: Bad Request'>");
        assert_eq!(message(Some("text/plain"), "x"), "TypeError('Request body is not a valid form payload.')");
        let form = body(Some("application/x-www-form-urlencoded"), "name=a+b&n=1").lenient().unwrap();
        assert_eq!(Json::Object(form), json!({"name": "a b", "n": "1"}));
    }

    #[test]
    fn what_a_delete_means() {
        let read = |body: Json| Wanted::read(body.as_object().unwrap(), "ids").unwrap();
        assert_eq!(read(json!({})), Wanted::All);
        assert_eq!(read(json!({"ids": null})), Wanted::All);
        assert_eq!(read(json!({"ids": []})), Wanted::All);
        assert_eq!(read(json!({"ids": ["a"]})), Wanted::Ids(vec!["a".into()]));
        assert_eq!(read(json!({"ids": null, "delete_all": false})), Wanted::Ids(vec![]));
        assert_eq!(read(json!({"delete_all": true})), Wanted::All);
    }

    #[test]
    fn repeated_ids_are_reported_once() {
        let (ids, errors) = distinct(["a", "b", "a", "a"].map(String::from).to_vec(), "document");
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(errors, ["Duplicate document ids: a"]);
    }

    #[test]
    fn pages() {
        let params = |text: &str| {
            Params(form_urlencoded::parse(text.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
        };
        let page = params("page=0&page_size=0&orderby=update_time").page(false).unwrap();
        assert_eq!((page.page, page.size, page.by, page.order), (1, Some(0), OrderBy::Updated, Order::Ascending));
        let page = params("").page(true).unwrap();
        assert_eq!((page.page, page.size, page.by, page.order), (1, Some(30), OrderBy::Created, Order::Descending));
        let refusal = params("page=a").page(true).unwrap_err();
        assert_eq!(refusal.message, "ValueError(\"invalid literal for int() with base 10: 'a'\")");
    }

    #[test]
    fn numbers_also_come_as_text() {
        let body = json!({"a": "2", "b": 3.5, "c": "x", "d": []});
        let body = body.as_object().unwrap();
        assert_eq!(integer(body, "a", 0).unwrap(), 2);
        assert_eq!(number(body, "b", 0.0).unwrap(), 3.5);
        assert_eq!(number(body, "missing", 0.25).unwrap(), 0.25);
        assert_eq!(
            number(body, "c", 0.0).unwrap_err().message,
            "ValueError(\"could not convert string to float: 'x'\")"
        );
        assert_eq!(integer(body, "d", 0).unwrap_err().code, 100);
    }
}
