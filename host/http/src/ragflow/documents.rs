//! Documents: list, update, delete.

use super::body::{self, Params, RawBody, Wanted, distinct};
use super::envelope::{OrRefuse, Refusal, Reply, batch, data};
use super::python_text::{self, path_suffix};
use super::retrieval::condition;
use super::{Key, Surface, parser_config, wire};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use mortise_domain::{
    Caller, DatasetId, Document, DocumentFilter, DocumentId, DocumentPatch, DocumentType, Json, JsonMap,
    MetadataCondition, PageRequest, RunState,
};
use mortise_service::Service;
use serde_json::json;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new()
        .route("/datasets/{dataset}/documents", get(list).delete(delete))
        .route("/datasets/{dataset}/documents/{document}", put(update))
}

/// Most bytes of a name.
pub(super) const MAX_NAME: usize = 255;

/// What lists, deletions and metadata say of a dataset that is not the caller's; the blank at the end belongs to it.
pub(super) fn foreign_dataset(id: &DatasetId) -> Refusal {
    Refusal::data(format!("You don't own the dataset {id}. "))
}

async fn list(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, params: Params) -> Reply {
    let service = &surface.service;
    let dataset = DatasetId::new(id);
    service.get_dataset(&caller, &dataset).await.or_refuse(|| foreign_dataset(&dataset))?;

    let not_owned = |what: &str| Refusal::data(format!("You don't own the document {what}."));
    let id = params.non_empty("id");
    if let Some(id) = id {
        let document = service.get_document(&caller, &dataset, &DocumentId::new(id)).await;
        document.or_refuse(|| not_owned(id))?;
    }
    let name = params.non_empty("name");
    if let Some(name) = name {
        let filter = DocumentFilter { name: Some(name.into()), ..DocumentFilter::default() };
        let one = PageRequest { size: Some(1), ..PageRequest::all() };
        if service.list_documents(&caller, &dataset, &filter, &one).await?.total == 0 {
            return Err(not_owned(name));
        }
    }

    let descending = !params.get("desc").is_some_and(|text| text.eq_ignore_ascii_case("false"));
    let page = params.page(descending)?;
    let (from, to) = (params.int("create_time_from", 0)?, params.int("create_time_to", 0)?);
    let filter = DocumentFilter {
        id: id.map(DocumentId::from),
        name: name.map(str::to_owned),
        keywords: params.non_empty("keywords").map(str::to_owned),
        suffixes: params.all("suffix").into_iter().filter(|s| !s.is_empty()).map(str::to_lowercase).collect(),
        runs: runs(&params)?,
        metadata: query_condition(&params)?,
    };
    let found = service.list_documents(&caller, &dataset, &filter, &page).await?;
    let in_time = |d: &&Document| (from == 0 || d.created >= from) && (to == 0 || d.created <= to);
    let documents: Vec<_> = found.items.iter().filter(in_time).map(wire::listed_document).collect();
    data(json!({"total": found.total, "docs": documents}))
}

fn runs(params: &Params) -> Result<Vec<RunState>, Refusal> {
    let wanted = params.all("run");
    let unknown: Vec<_> = wanted.iter().filter(|text| RunState::parse(text).is_none()).copied().collect();
    if !unknown.is_empty() {
        return Err(Refusal::data(format!("Invalid filter run status condition: {}", unknown.join(", "))));
    }
    Ok(wanted.into_iter().filter_map(RunState::parse).collect())
}

fn query_condition(params: &Params) -> Result<Option<MetadataCondition>, Refusal> {
    let Some(text) = params.non_empty("metadata_condition") else { return Ok(None) };
    match serde_json::from_str(text) {
        Ok(Json::Object(fields)) => condition(&fields),
        Ok(_) => Err(Refusal::data("metadata_condition must be an object.")),
        Err(_) => Err(Refusal::data("metadata_condition must be valid JSON.")),
    }
}

async fn update(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((dataset, id)): Path<(String, String)>,
    body: RawBody,
) -> Reply {
    let service = &surface.service;
    let (dataset, id) = (DatasetId::new(dataset), DocumentId::new(id));
    let body = body.lenient()?;
    let owned = service.get_dataset(&caller, &dataset).await;
    owned.or_refuse(|| Refusal::data("You don't own the dataset."))?;
    let missing = || Refusal::data("The dataset doesn't own the document.");
    let mut document = service.get_document(&caller, &dataset, &id).await.or_refuse(missing)?;

    // Effects come before a later check fails, so what was collected until then is kept.
    let mut patch = DocumentPatch::default();
    let fault = collect(service, &caller, &document, &body, &mut patch).await.err();
    if !is_empty(&patch) {
        document = service.update_document(&caller, &dataset, &id, patch).await.or_refuse(missing)?;
    }
    match fault {
        Some(fault) => Err(fault),
        None => data(wire::document(&document)),
    }
}

fn is_empty(patch: &DocumentPatch) -> bool {
    let DocumentPatch { name, meta_fields, parser_config, chunk_method, drop_chunks, enabled } = patch;
    name.is_none()
        && meta_fields.is_none()
        && parser_config.is_none()
        && chunk_method.is_none()
        && !drop_chunks
        && enabled.is_none()
}

/// Collects what the body changes, in the order in which RAGFlow looks at its fields, up to the first fault.
async fn collect(
    service: &Service,
    caller: &Caller,
    document: &Document,
    body: &JsonMap,
    patch: &mut DocumentPatch,
) -> Result<(), Refusal> {
    let present = [
        ("chunk_count", document.chunk_count as f64),
        ("token_count", document.token_count as f64),
        ("progress", document.progress),
    ];
    for (field, value) in present {
        if body.get(field).is_some_and(|sent| as_number(sent) != Some(value)) {
            return Err(Refusal::data(format!("Can't change `{field}`.")));
        }
    }
    match body.get("meta_fields") {
        Some(Json::Object(fields)) => patch.meta_fields = Some(fields.clone()),
        Some(_) => return Err(Refusal::data("meta_fields must be a dictionary")),
        None => {}
    }
    if let Some(name) = body.get("name") {
        patch.name = new_name(service, caller, document, name).await?;
    }
    let config = match body.get("parser_config") {
        Some(Json::Object(config)) if !config.is_empty() => Some(config),
        Some(other) if python_text::truthy(other) => {
            let kind = python_text::type_name(other);
            return Err(Refusal::exception("AttributeError", &format!("'{kind}' object has no attribute 'get'")));
        }
        _ => None,
    };
    if let Some(config) = config {
        // An unknown method is told below, in its own words.
        let asked = body.get("chunk_method").and_then(Json::as_str);
        let asked = asked.filter(|method| parser_config::is_document_method(service, caller, method));
        let method = asked.unwrap_or(&document.chunk_method);
        let mut merged = parser_config::base(&document.parser_config, &document.chunk_method, method);
        parser_config::merge_into_document(&mut merged, config.clone());
        parser_config::check_third_party(service, caller, method, &merged)?;
        patch.parser_config = Some(merged);
    }
    if let Some(method) = body.get("chunk_method") {
        new_method(service, caller, document, method, patch)?;
    }
    if let Some(enabled) = body.get("enabled") {
        patch.enabled = Some(body::to_integer(enabled)? != 0);
    }
    Ok(())
}

/// A number as Python compares it: `false == 0`.
fn as_number(value: &Json) -> Option<f64> {
    match value {
        Json::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.as_f64(),
    }
}

/// The new name; `None` when it is the present one.
async fn new_name(
    service: &Service,
    caller: &Caller,
    document: &Document,
    name: &Json,
) -> Result<Option<String>, Refusal> {
    let Json::String(name) = name else {
        let kind = python_text::type_name(name);
        return Err(Refusal::exception("AttributeError", &format!("'{kind}' object has no attribute 'encode'")));
    };
    if *name == document.name {
        return Ok(None);
    }
    if name.len() > MAX_NAME {
        return Err(Refusal::argument(format!("File name must be {MAX_NAME} bytes or less.")));
    }
    if path_suffix(name).to_lowercase() != path_suffix(&document.name).to_lowercase() {
        return Err(Refusal::argument("The extension of file can't be changed"));
    }
    let taken = service.find_document(caller, &document.dataset, name).await?;
    if taken.is_some_and(|other| other.id != document.id) {
        return Err(Refusal::data("Duplicated document name in the same dataset."));
    }
    Ok(Some(name.clone()))
}

fn new_method(
    service: &Service,
    caller: &Caller,
    document: &Document,
    method: &Json,
    patch: &mut DocumentPatch,
) -> Result<(), Refusal> {
    let method = python_text::str(method);
    if !parser_config::is_document_method(service, caller, &method) {
        return Err(Refusal::data(format!("`chunk_method` {method} doesn't exist")));
    }
    let slides = [".ppt", ".pptx", ".pages"].iter().any(|suffix| document.name.ends_with(suffix));
    if document.kind == DocumentType::Visual || slides {
        return Err(Refusal::data("Not supported yet!"));
    }
    if method != document.chunk_method {
        if patch.parser_config.is_none() {
            let mut merged = parser_config::base(&document.parser_config, &document.chunk_method, &method);
            parser_config::merge_into_document(&mut merged, parser_config::defaults(&method));
            parser_config::check_third_party(service, caller, &method, &merged)?;
            patch.parser_config = Some(merged);
        }
        patch.chunk_method = Some(method);
    }
    patch.drop_chunks = document.token_count > 0;
    Ok(())
}

async fn delete(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let dataset = DatasetId::new(id);
    let body = body.lenient()?;
    service.get_dataset(&caller, &dataset).await.or_refuse(|| foreign_dataset(&dataset))?;
    let (ids, duplicates, unknown) = match Wanted::read(&body, "ids")? {
        Wanted::All => {
            let all =
                service.list_documents(&caller, &dataset, &DocumentFilter::default(), &PageRequest::all()).await?;
            (all.items.into_iter().map(|document| document.id).collect(), vec![], vec![])
        }
        Wanted::Ids(ids) if ids.is_empty() => {
            return Err(Refusal::data("Either `ids` or `delete_all` is required."));
        }
        Wanted::Ids(ids) => {
            let (ids, duplicates) = distinct(ids, "document");
            let (known, unknown) = known_documents(service, &caller, &dataset, ids).await?;
            (known.into_iter().map(|document| document.id).collect::<Vec<_>>(), duplicates, unknown)
        }
    };
    service.delete_documents(&caller, &dataset, &ids).await?;
    if !unknown.is_empty() {
        return Err(not_found(&unknown));
    }
    batch(ids.len(), &duplicates)
}

/// `Documents not found: ['a', 'b']`.
pub(super) fn not_found(ids: &[String]) -> Refusal {
    Refusal::data(format!("Documents not found: {}", python_text::repr_list(ids)))
}

/// Documents of a dataset by id, and the ids that are none of its.
pub(super) async fn known_documents(
    service: &Service,
    caller: &Caller,
    dataset: &DatasetId,
    ids: Vec<String>,
) -> Result<(Vec<Document>, Vec<String>), Refusal> {
    let (mut known, mut unknown) = (vec![], vec![]);
    for id in ids {
        match service.get_document(caller, dataset, &DocumentId::new(id.as_str())).await.found()? {
            Some(document) => known.push(document),
            None => unknown.push(id),
        }
    }
    Ok((known, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_compare_as_in_python() {
        assert_eq!(as_number(&json!(false)), Some(0.0));
        assert_eq!(as_number(&json!(0)), as_number(&json!(0.0)));
        assert_eq!(as_number(&json!("0")), None);
        assert_eq!(as_number(&Json::Null), None);
    }

    #[test]
    fn messages() {
        assert_eq!(not_found(&["a".into(), "b".into()]).message, "Documents not found: ['a', 'b']");
        assert_eq!(foreign_dataset(&DatasetId::new("x")).message, "You don't own the dataset x. ");
    }

    #[test]
    fn runs_come_by_name_or_number() {
        let params = |values: &[&str]| Params(values.iter().map(|v| ("run".to_owned(), (*v).to_owned())).collect());
        assert_eq!(runs(&params(&["DONE", "4"])).unwrap(), [RunState::Done, RunState::Failed]);
        assert_eq!(runs(&params(&["DONE", "x"])).unwrap_err().code, 102);
    }
}
