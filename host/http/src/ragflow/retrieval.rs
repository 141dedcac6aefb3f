//! Searching datasets.

use super::body::{self, RawBody};
use super::envelope::{OrRefuse, Refusal, Reply, data};
use super::{Key, Surface, python_text, wire};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use mortise_domain::retrieval::{Condition, Operator};
use mortise_domain::{
    Caller, Dataset, DatasetId, DocumentId, Json, JsonMap, MetadataCondition, ModelKind, ModelStatus, Query,
};
use mortise_service::Service;
use serde_json::json;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/retrieval", post(retrieve))
}

async fn retrieve(State(surface): State<Surface>, Key(caller): Key, body: RawBody) -> Reply {
    let service = &surface.service;
    let body = body.lenient()?;
    let datasets = datasets(service, &caller, &body).await?;
    let Some(question) = body.get("question") else { return Err(Refusal::data("`question` is required.")) };
    let ids: Vec<DatasetId> = datasets.into_iter().map(|dataset| dataset.id).collect();
    let mut documents = documents(service, &caller, &ids, &body).await?;
    let top_k = body::integer(&body, "top_k", 1024)?;
    if top_k <= 0 {
        return Err(Refusal::exception("ValueError", "`top_k` must be greater than 0"));
    }
    if documents.is_none()
        && let Some(Json::Object(fields)) = body.get("metadata_condition")
        && let Some(condition) = condition(fields)?
    {
        let matching = service.matching_documents(&caller, &ids, &condition).await?;
        if matching.is_empty() {
            return data(json!({"total": 0, "chunks": [], "doc_aggs": {}}));
        }
        documents = Some(matching);
    }
    let reranker = body::text(&body, "rerank_id").filter(|name| !name.is_empty());
    if let Some(name) = &reranker
        && service.model_status(&caller, ModelKind::Rerank, name) != ModelStatus::Granted
    {
        return Err(Refusal::exception("LookupError", &format!("Model({name}) not authorized")));
    }
    let at_least = |number: i64, least: i64| u32::try_from(number.max(least)).unwrap_or(u32::MAX);
    let highlight = highlighted(&body);
    let query = Query {
        documents,
        page: at_least(body::integer(&body, "page", 1)?, 1),
        page_size: at_least(body::integer(&body, "page_size", 30)?, 0),
        similarity_threshold: body::number(&body, "similarity_threshold", 0.2)?,
        vector_weight: body::number(&body, "vector_similarity_weight", 0.3)?,
        top_k: at_least(top_k, 1),
        reranker,
        highlight,
        ..Query::new(ids, python_text::str(question))
    };
    let found = service.retrieve(&caller, &query).await?;
    data(json!({
        "total": found.total,
        "chunks": found.hits.iter().map(|hit| wire::hit(hit, highlight)).collect::<Vec<_>>(),
        "doc_aggs": wire::doc_aggs(&found.documents),
    }))
}

/// Only the texts `False` and `false` switch highlighting off; the JSON value does not.
fn highlighted(body: &JsonMap) -> bool {
    !matches!(body.get("highlight").and_then(Json::as_str), Some("False" | "false"))
}

/// The datasets asked for: the caller's, and all with one embedder.
async fn datasets(service: &Service, caller: &Caller, body: &JsonMap) -> Result<Vec<Dataset>, Refusal> {
    let ids = match body.get("dataset_ids") {
        Some(Json::Array(ids)) if !ids.is_empty() => ids,
        Some(other) if python_text::truthy(other) => return Err(Refusal::data("`dataset_ids` should be a list")),
        _ => return Err(Refusal::data("`dataset_ids` is required.")),
    };
    let mut datasets: Vec<Dataset> = vec![];
    for id in ids {
        let id = DatasetId::new(python_text::str(id));
        if datasets.iter().any(|known| known.id == id) {
            continue;
        }
        let dataset = service.get_dataset(caller, &id).await;
        datasets.push(dataset.or_refuse(|| Refusal::data(format!("You don't own the dataset {id}.")))?);
    }
    if !one_embedder(&datasets) {
        return Err(Refusal::data(DIFFERENT_EMBEDDERS));
    }
    Ok(datasets)
}

/// The double quote at its end belongs to it.
pub(super) const DIFFERENT_EMBEDDERS: &str = "Datasets use different embedding models.\"";

/// Whether all datasets name the same embedder, whoever provides it.
pub(super) fn one_embedder(datasets: &[Dataset]) -> bool {
    let name = |dataset: &Dataset| {
        let model = &dataset.embedding_model;
        model.rsplit_once('@').map_or(model.clone(), |(name, _)| name.to_owned())
    };
    datasets.windows(2).all(|pair| name(&pair[0]) == name(&pair[1]))
}

/// The documents asked for, all in these datasets; `None` when none are named.
async fn documents(
    service: &Service,
    caller: &Caller,
    datasets: &[DatasetId],
    body: &JsonMap,
) -> Result<Option<Vec<DocumentId>>, Refusal> {
    let ids = match body.get("document_ids") {
        None => return Ok(None),
        Some(Json::Array(ids)) => ids,
        Some(_) => return Err(Refusal::data("`documents` should be a list")),
    };
    let mut documents = vec![];
    for id in ids.iter().filter(|id| python_text::truthy(id)) {
        let id = DocumentId::new(python_text::str(id));
        let mut owned = false;
        for dataset in datasets {
            owned = service.get_document(caller, dataset, &id).await.found()?.is_some();
            if owned {
                break;
            }
        }
        if !owned {
            return Err(Refusal::data(format!("The datasets don't own the document {id}")));
        }
        documents.push(id);
    }
    Ok(Some(documents).filter(|documents| !documents.is_empty()))
}

/// Conditions on metadata; `None` when there are none.
pub(super) fn condition(fields: &JsonMap) -> Result<Option<MetadataCondition>, Refusal> {
    let items = match fields.get("conditions") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Array(items)) => items,
        Some(_) => return Err(Refusal::data("metadata_condition.conditions must be a list.")),
    };
    let conditions: Result<Vec<_>, Refusal> = items.iter().map(one_condition).collect();
    let conditions = conditions?;
    let any = fields.get("logic").and_then(Json::as_str).is_some_and(|logic| logic.eq_ignore_ascii_case("or"));
    Ok(Some(MetadataCondition { any, conditions }).filter(|condition| !condition.conditions.is_empty()))
}

fn one_condition(item: &Json) -> Result<Condition, Refusal> {
    // `key` and `op` are what some clients and newer servers say.
    let text = |name: &str, other: &str| item.get(name).or_else(|| item.get(other)).and_then(Json::as_str);
    let name = text("name", "key").ok_or_else(|| Refusal::data("Each condition requires name."))?;
    let operator = text("comparison_operator", "op").unwrap_or("is");
    let operator =
        Operator::parse(operator).ok_or_else(|| Refusal::data(format!("Unknown comparison_operator: {operator}")))?;
    Ok(Condition { name: name.into(), operator, value: item.get("value").cloned().unwrap_or(Json::Null) })
}

/// The `metadata_condition` of a question: absent and empty are none.
pub(super) fn question_condition(body: &JsonMap) -> Result<Option<MetadataCondition>, Refusal> {
    match body.get("metadata_condition") {
        Some(Json::Object(fields)) => condition(fields),
        Some(other) if python_text::truthy(other) => Err(Refusal::data("metadata_condition must be an object.")),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_texts_switch_highlighting_off() {
        let on = |body: Json| highlighted(body.as_object().unwrap());
        assert!(on(json!({})) && on(json!({"highlight": false})) && on(json!({"highlight": "FALSE"})));
        assert!(!on(json!({"highlight": "False"})) && !on(json!({"highlight": "false"})));
    }

    #[test]
    fn conditions() {
        let read = |body: Json| condition(body.as_object().unwrap());
        assert!(read(json!({})).unwrap().is_none());
        assert!(read(json!({"conditions": []})).unwrap().is_none());
        let body = json!({"logic": "or", "conditions": [{"name": "a", "comparison_operator": "≥", "value": 1}]});
        let condition = read(body).unwrap().unwrap();
        assert!(condition.any);
        assert_eq!(condition.conditions[0].operator, Operator::AtLeast);
        let body = json!({"conditions": [{"name": "a", "comparison_operator": "resembles"}]});
        assert_eq!(read(body).unwrap_err().message, "Unknown comparison_operator: resembles");
        assert_eq!(read(json!({"conditions": ["a"]})).unwrap_err().code, 102);
    }

    #[test]
    fn conditions_of_questions_are_objects() {
        let read = |body: Json| question_condition(body.as_object().unwrap());
        assert_eq!(
            read(json!({"metadata_condition": "x"})).unwrap_err().message,
            "metadata_condition must be an object."
        );
        assert!(read(json!({"metadata_condition": null})).unwrap().is_none());
    }
}
