//! Metadata of all documents of a dataset: a summary of the values in use, and changes to many at once.

use super::body::{Params, RawBody};
use super::documents::foreign_dataset;
use super::envelope::{OrRefuse, Refusal, Reply, data};
use super::retrieval::condition;
use super::{Key, Surface, python_text};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use mortise_domain::{Caller, DatasetId, Document, DocumentFilter, DocumentPatch, Json, JsonMap, PageRequest};
use mortise_service::Service;
use serde_json::json;
use std::collections::BTreeMap;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new()
        .route("/datasets/{dataset}/metadata/summary", get(summary))
        .route("/datasets/{dataset}/metadata/update", post(update))
}

async fn summary(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path(id): Path<String>,
    params: Params,
    body: RawBody,
) -> Reply {
    let dataset = DatasetId::new(id);
    let documents = all_documents(&surface.service, &caller, &dataset).await?;
    let body = body.lenient()?;
    let mut wanted = ids(body.get("doc_ids"));
    wanted.extend(params.get("doc_ids").unwrap_or_default().split(',').filter(|id| !id.is_empty()).map(Into::into));
    let chosen = documents.iter().filter(|d| wanted.is_empty() || wanted.iter().any(|id| id == d.id.as_str()));
    data(json!({"summary": summarise(chosen.map(|document| &document.meta_fields))}))
}

async fn all_documents(service: &Service, caller: &Caller, dataset: &DatasetId) -> Result<Vec<Document>, Refusal> {
    service.get_dataset(caller, dataset).await.or_refuse(|| foreign_dataset(dataset))?;
    Ok(service.list_documents(caller, dataset, &DocumentFilter::default(), &PageRequest::all()).await?.items)
}

fn ids(value: Option<&Json>) -> Vec<String> {
    value.and_then(Json::as_array).into_iter().flatten().map(python_text::str).collect()
}

/// How often each type and each value of a field occurs.
#[derive(Default)]
struct Counts {
    types: BTreeMap<&'static str, usize>,
    values: BTreeMap<String, usize>,
}

/// Per field its usual type and how often each value occurs, most frequent first.
fn summarise<'a>(metadata: impl Iterator<Item = &'a JsonMap>) -> Json {
    let mut fields: BTreeMap<&str, Counts> = BTreeMap::new();
    for (name, value) in metadata.flatten() {
        let items: Vec<&Json> = match value {
            Json::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        let texts: Vec<_> =
            items.into_iter().filter(|i| !i.is_null()).map(python_text::str).filter(|t| !t.is_empty()).collect();
        if texts.is_empty() {
            continue;
        }
        let counts = fields.entry(name).or_default();
        *counts.types.entry(value_type(value)).or_default() += 1;
        texts.into_iter().for_each(|text| *counts.values.entry(text).or_default() += 1);
    }
    let summary = fields.into_iter().map(|(name, Counts { types, values })| {
        let kind = types.into_iter().max_by_key(|(_, count)| *count).map_or("string", |(kind, _)| kind);
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by(|(_, a), (_, b)| b.cmp(a));
        (name.to_owned(), json!({"type": kind, "values": values}))
    });
    Json::Object(summary.collect())
}

fn value_type(value: &Json) -> &'static str {
    match value {
        Json::Array(_) => "list",
        Json::Number(_) => "number",
        Json::String(text) if is_time(text) => "time",
        _ => "string",
    }
}

/// Whether a text starts like `2025-03-14T08:00:00`.
fn is_time(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let text = text.as_bytes();
    text.len() >= FORM.len()
        && FORM.iter().zip(text).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte })
}

async fn update(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let dataset = DatasetId::new(id);
    let body = body.lenient()?;
    let documents = all_documents(service, &caller, &dataset).await?;
    let edit = Edit::read(&body)?;
    let selected = select(&dataset, documents, &body)?;
    let matched = selected.len();
    let mut updated = 0;
    for document in selected {
        let mut fields = document.meta_fields.clone();
        edit.apply(&mut fields);
        if fields != document.meta_fields {
            let patch = DocumentPatch { meta_fields: Some(fields), ..DocumentPatch::default() };
            service.update_document(&caller, &dataset, &document.id, patch).await?;
            updated += 1;
        }
    }
    data(json!({"updated": updated, "matched_docs": matched}))
}

/// The documents that the selector means: ids and condition together; neither means all.
fn select(dataset: &DatasetId, documents: Vec<Document>, body: &JsonMap) -> Result<Vec<Document>, Refusal> {
    let none = JsonMap::new();
    let selector = match body.get("selector") {
        None | Some(Json::Null) => &none,
        Some(Json::Object(selector)) => selector,
        Some(_) => return Err(Refusal::data("selector must be an object.")),
    };
    let condition = match selector.get("metadata_condition") {
        None | Some(Json::Null) => None,
        Some(Json::Object(fields)) => condition(fields)?,
        Some(_) => return Err(Refusal::data("metadata_condition must be an object.")),
    };
    let wanted = match selector.get("document_ids") {
        None | Some(Json::Null) => vec![],
        Some(Json::Array(_)) => ids(selector.get("document_ids")),
        Some(_) => return Err(Refusal::data("document_ids must be a list.")),
    };
    let known = |id: &&String| documents.iter().any(|document| document.id.as_str() == id.as_str());
    let foreign: Vec<_> = wanted.iter().filter(|id| !known(id)).map(String::as_str).collect();
    if !foreign.is_empty() {
        let foreign = foreign.join(", ");
        return Err(Refusal::data(format!("These documents do not belong to dataset {dataset}: {foreign}")));
    }
    let chosen = documents.into_iter().filter(|document| {
        (wanted.is_empty() || wanted.iter().any(|id| id == document.id.as_str()))
            && condition.as_ref().is_none_or(|condition| condition.matches(&document.meta_fields))
    });
    Ok(chosen.collect())
}

/// What is to be done to each document's metadata.
struct Edit {
    /// Field, new value, and the value to replace where only that one is meant.
    updates: Vec<(String, Json, Option<String>)>,
    /// Field, and the value where only that one is meant.
    deletes: Vec<(String, Option<String>)>,
}

impl Edit {
    fn read(body: &JsonMap) -> Result<Self, Refusal> {
        let list = |name: &str| match body.get(name) {
            None | Some(Json::Null) => Ok(vec![]),
            Some(Json::Array(items)) => Ok(items.clone()),
            Some(_) => Err(Refusal::data("updates and deletes must be lists.")),
        };
        let key = |item: &Json| item.get("key").filter(|key| python_text::truthy(key)).map(python_text::str);
        let given = |item: &Json, name: &str| item.get(name).filter(|v| !v.is_null()).map(python_text::str);
        let (updates, deletes) = (list("updates")?, list("deletes")?);
        let updates = updates.iter().map(|item| match (key(item), item.get("value")) {
            (Some(key), Some(value)) => Ok((key, value.clone(), given(item, "match"))),
            _ => Err(Refusal::data("Each update requires key and value.")),
        });
        let updates: Result<_, Refusal> = updates.collect();
        let deletes = deletes.iter().map(|item| match key(item) {
            Some(key) => Ok((key, given(item, "value"))),
            None => Err(Refusal::data("Each delete requires key.")),
        });
        let deletes: Result<_, Refusal> = deletes.collect();
        Ok(Self { updates: updates?, deletes: deletes? })
    }

    fn apply(&self, fields: &mut JsonMap) {
        for (key, value, only) in &self.updates {
            match (only, fields.get_mut(key)) {
                (None, _) => {
                    fields.insert(key.clone(), value.clone());
                }
                (Some(only), Some(Json::Array(items))) => {
                    items.iter_mut().filter(|i| python_text::str(i) == *only).for_each(|i| *i = value.clone());
                }
                (Some(only), Some(present)) if python_text::str(present) == *only => *present = value.clone(),
                (Some(_), _) => {}
            }
        }
        for (key, only) in &self.deletes {
            let gone = match (only, fields.get_mut(key)) {
                (None, _) => true,
                (Some(only), Some(Json::Array(items))) => {
                    items.retain(|item| python_text::str(item) != *only);
                    items.is_empty()
                }
                (Some(only), Some(present)) => python_text::str(present) == *only,
                (Some(_), None) => false,
            };
            if gone {
                fields.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Json) -> JsonMap {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn summaries_count_values() {
        let metadata = [
            map(json!({"author": "Ada", "tags": ["a", "b"], "at": "2025-03-14T08:00:00Z", "year": 2024, "none": ""})),
            map(json!({"author": "Bo", "tags": ["a"], "year": 2024})),
            map(json!({"author": "Ada"})),
        ];
        let expected = json!({
            "at": {"type": "time", "values": [["2025-03-14T08:00:00Z", 1]]},
            "author": {"type": "string", "values": [["Ada", 2], ["Bo", 1]]},
            "tags": {"type": "list", "values": [["a", 2], ["b", 1]]},
            "year": {"type": "number", "values": [["2024", 2]]},
        });
        assert_eq!(summarise(metadata.iter()), expected);
    }

    #[test]
    fn edits_set_replace_and_remove() {
        let edit = Edit::read(&map(json!({
            "updates": [
                {"key": "author", "value": "Ada L.", "match": "Ada"},
                {"key": "tags", "value": "new", "match": "old"},
                {"key": "year", "value": 2025},
            ],
            "deletes": [{"key": "draft"}, {"key": "tags", "value": "gone"}, {"key": "author", "value": "nobody"}],
        })))
        .unwrap();
        let mut fields = map(json!({"author": "Ada", "tags": ["old", "gone"], "draft": true}));
        edit.apply(&mut fields);
        assert_eq!(Json::Object(fields), json!({"author": "Ada L.", "tags": ["new"], "year": 2025}));
    }

    #[test]
    fn faults() {
        let fault = |body: Json| Edit::read(&map(body)).err().unwrap().message;
        assert_eq!(fault(json!({"updates": {}})), "updates and deletes must be lists.");
        assert_eq!(fault(json!({"updates": [{"key": "a"}]})), "Each update requires key and value.");
        assert_eq!(fault(json!({"deletes": [{}]})), "Each delete requires key.");
    }

    #[test]
    fn selectors_refuse_wrong_types_and_foreign_documents() {
        let fault = |body: Json| select(&DatasetId::new("d"), vec![], &map(body)).err().unwrap().message;
        assert_eq!(fault(json!({"selector": []})), "selector must be an object.");
        assert_eq!(fault(json!({"selector": {"document_ids": "a"}})), "document_ids must be a list.");
        assert_eq!(fault(json!({"selector": {"metadata_condition": []}})), "metadata_condition must be an object.");
        assert_eq!(
            fault(json!({"selector": {"document_ids": ["a", "b"]}})),
            "These documents do not belong to dataset d: a, b"
        );
    }
}
