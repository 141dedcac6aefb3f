//! Starting and stopping the parsing of documents.

use super::body::{RawBody, distinct};
use super::documents::{known_documents, not_found};
use super::envelope::{OrRefuse, Refusal, Reply, batch};
use super::{Key, Surface, python_text};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::post;
use mortise_domain::{DatasetId, Json, JsonMap};

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/datasets/{dataset}/chunks", post(start).delete(stop))
}

async fn start(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let dataset = DatasetId::new(id);
    let body = body.lenient()?;
    service.get_dataset(&caller, &dataset).await.or_refuse(|| not_owned(&dataset))?;
    let (ids, duplicates) = distinct(document_ids(&body)?, "document");
    let (documents, unknown) = known_documents(service, &caller, &dataset, ids).await?;

    // A document that is being worked on ends the list; those before it are started all the same.
    let under_way = documents.iter().position(|d| d.progress > 0.0 && d.progress < 1.0);
    let ids: Vec<_> = documents.into_iter().take(under_way.unwrap_or(usize::MAX)).map(|d| d.id).collect();
    if !ids.is_empty() {
        service.start_parsing(&caller, &dataset, &ids).await?;
    }
    if under_way.is_some() {
        return Err(Refusal::data("Can't parse document that is currently being processed"));
    }
    if !unknown.is_empty() {
        return Err(not_found(&unknown));
    }
    batch(ids.len(), &duplicates)
}

async fn stop(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let dataset = DatasetId::new(id);
    let body = body.lenient()?;
    service.get_dataset(&caller, &dataset).await.or_refuse(|| not_owned(&dataset))?;
    let (wanted, duplicates) = distinct(document_ids(&body)?, "document");
    let mut ids = vec![];
    let mut fault = None;
    for id in wanted {
        let (mut documents, _) = known_documents(service, &caller, &dataset, vec![id.clone()]).await?;
        match documents.pop() {
            None => fault = Some(Refusal::data(format!("You don't own the document {id}."))),
            Some(document) if document.progress == 0.0 || document.progress == 1.0 => {
                fault = Some(Refusal::data("Can't stop parsing document with progress at 0 or 1"));
            }
            Some(document) => ids.push(document.id),
        }
        if fault.is_some() {
            break;
        }
    }
    if !ids.is_empty() {
        service.stop_parsing(&caller, &dataset, &ids).await?;
    }
    fault.map_or_else(|| batch(ids.len(), &duplicates), Err)
}

fn not_owned(dataset: &DatasetId) -> Refusal {
    Refusal::data(format!("You don't own the dataset {dataset}."))
}

fn document_ids(body: &JsonMap) -> Result<Vec<String>, Refusal> {
    match body.get("document_ids") {
        Some(Json::Array(ids)) if !ids.is_empty() => Ok(ids.iter().map(python_text::str).collect()),
        Some(other) if !other.is_array() && python_text::truthy(other) => {
            Err(Refusal::argument("`document_ids` should be a list"))
        }
        _ => Err(Refusal::data("`document_ids` is required")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_required() {
        let read = |body: Json| document_ids(body.as_object().unwrap());
        for body in [json!({}), json!({"document_ids": []}), json!({"document_ids": null})] {
            assert_eq!(read(body).unwrap_err().message, "`document_ids` is required");
        }
        assert_eq!(read(json!({"document_ids": ["a"]})).unwrap(), ["a"]);
    }
}
