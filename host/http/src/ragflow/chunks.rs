//! Chunks of a document: list, add, update, delete.

use super::body::{self, Params, RawBody, Wanted, distinct};
use super::envelope::{CODE_NOT_FOUND, OrRefuse, Refusal, Reply, batch, data, done};
use super::{Key, Surface, python_text, wire};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use mortise_domain::{
    Caller, ChunkFilter, ChunkId, ChunkPatch, DatasetId, Document, DocumentId, Json, JsonMap, NewChunk, Position,
};
use serde_json::json;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new()
        .route("/datasets/{dataset}/documents/{document}/chunks", get(list).post(add).delete(delete))
        .route("/datasets/{dataset}/documents/{document}/chunks/{chunk}", put(update))
}

/// The document of a path, once dataset and document are the caller's.
async fn owned(surface: &Surface, caller: &Caller, dataset: &DatasetId, id: &DocumentId) -> Result<Document, Refusal> {
    own_dataset(surface, caller, dataset).await?;
    let document = surface.service.get_document(caller, dataset, id).await;
    document.or_refuse(|| Refusal::data(format!("You don't own the document {id}.")))
}

async fn own_dataset(surface: &Surface, caller: &Caller, dataset: &DatasetId) -> Result<(), Refusal> {
    let owned = surface.service.get_dataset(caller, dataset).await;
    owned.or_refuse(|| Refusal::data(format!("You don't own the dataset {dataset}."))).map(|_| ())
}

async fn list(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((dataset, id)): Path<(String, String)>,
    params: Params,
) -> Reply {
    let service = &surface.service;
    let (dataset, id) = (DatasetId::new(dataset), DocumentId::new(id));
    let document = owned(&surface, &caller, &dataset, &id).await?;
    let page = params.page(true)?;
    let (total, chunks) = if let Some(chunk) = params.non_empty("id") {
        let found = service.get_chunk(&caller, &dataset, &id, &ChunkId::new(chunk)).await;
        let missing = || Refusal::new(CODE_NOT_FOUND, format!("Chunk not found: {dataset}/{chunk}"));
        let chunk = found.or_refuse(missing)?;
        (1, vec![wire::listed_chunk(&chunk, &chunk.text, &document.name)])
    } else {
        let filter = ChunkFilter { keywords: params.non_empty("keywords").map(str::to_owned) };
        let found = service.list_chunks(&caller, &dataset, &id, &filter, &page).await?;
        let chunks = found.items.iter().map(|listed| {
            let shown = listed.highlight.as_ref().unwrap_or(&listed.chunk.text);
            wire::listed_chunk(&listed.chunk, shown, &document.name)
        });
        (found.total, chunks.collect())
    };
    data(json!({"total": total, "chunks": chunks, "doc": wire::document(&document)}))
}

async fn add(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((dataset, id)): Path<(String, String)>,
    body: RawBody,
) -> Reply {
    let (dataset, id) = (DatasetId::new(dataset), DocumentId::new(id));
    let body = body.lenient()?;
    owned(&surface, &caller, &dataset, &id).await?;
    let new = new_chunk(&body)?;
    let chunk = surface.service.add_chunk(&caller, &dataset, &id, new).await;
    let chunk = chunk.or_refuse(|| Refusal::data(format!("You don't own the document {id}.")))?;
    data(json!({"chunk": wire::added_chunk(&chunk)}))
}

fn new_chunk(body: &JsonMap) -> Result<NewChunk, Refusal> {
    let text = match body.get("content") {
        Some(Json::String(text)) if !text.trim().is_empty() => text.clone(),
        None | Some(Json::String(_)) => return Err(Refusal::data("`content` is required")),
        Some(Json::Array(_)) => {
            return Err(Refusal::exception("TypeError", "can only concatenate list (not \"str\") to list"));
        }
        Some(other) => {
            let kind = python_text::type_name(other);
            let text = format!("unsupported operand type(s) for +: '{kind}' and 'str'");
            return Err(Refusal::exception("TypeError", &text));
        }
    };
    let list = |name: &str| texts(body, name, "is required to be a list");
    Ok(NewChunk {
        text,
        keywords: list("important_keywords")?.unwrap_or_default(),
        questions: list("questions")?.map(tidy).unwrap_or_default(),
    })
}

/// Questions without blanks at their ends and without blank ones.
fn tidy(questions: Vec<String>) -> Vec<String> {
    questions.iter().map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()).collect()
}

/// A list of texts; `None` when it is absent.
fn texts(body: &JsonMap, name: &str, complaint: &str) -> Result<Option<Vec<String>>, Refusal> {
    let items = match body.get(name) {
        None => return Ok(None),
        Some(Json::Array(items)) => items,
        Some(_) => return Err(Refusal::data(format!("`{name}` {complaint}"))),
    };
    let texts = items.iter().enumerate().map(|(position, item)| match item {
        Json::String(text) => Ok(text.clone()),
        other => {
            let kind = python_text::type_name(other);
            let text = format!("sequence item {position}: expected str instance, {kind} found");
            Err(Refusal::exception("TypeError", &text))
        }
    });
    texts.collect::<Result<_, _>>().map(Some)
}

async fn update(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((dataset, id, chunk)): Path<(String, String, String)>,
    body: RawBody,
) -> Reply {
    let service = &surface.service;
    let (dataset, id, chunk) = (DatasetId::new(dataset), DocumentId::new(id), ChunkId::new(chunk));
    let body = body.lenient()?;
    let document = owned(&surface, &caller, &dataset, &id).await?;
    let missing = || Refusal::data(format!("Can't find this chunk {chunk}"));
    service.get_chunk(&caller, &dataset, &id, &chunk).await.or_refuse(missing)?;
    let patch = chunk_patch(&body, &document.chunk_method)?;
    service.update_chunk(&caller, &dataset, &id, &chunk, patch).await.or_refuse(missing)?;
    done()
}

fn chunk_patch(body: &JsonMap, method: &str) -> Result<ChunkPatch, Refusal> {
    let text = match body.get("content") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(other) => {
            let kind = python_text::type_name(other);
            let text = format!("expected string or bytes-like object, got '{kind}'");
            return Err(Refusal::exception("TypeError", &text));
        }
    };
    let list = |name: &str| texts(body, name, "should be a list");
    let (keywords, questions) = (list("important_keywords")?, list("questions")?.map(tidy));
    let available = body.get("available").map(|value| body::to_integer(value).map(|number| number != 0)).transpose()?;
    let positions = positions(body)?;
    if method == "qa"
        && let Some(text) = &text
        && text.split(['\t', '\n']).filter(|part| !part.trim().is_empty()).count() != 2
    {
        return Err(Refusal::data("Q&A must be separated by TAB/ENTER key."));
    }
    Ok(ChunkPatch { text, keywords, questions, positions, available })
}

fn positions(body: &JsonMap) -> Result<Option<Vec<Position>>, Refusal> {
    let items = match body.get("positions") {
        None => return Ok(None),
        Some(Json::Array(items)) => items,
        Some(_) => return Err(Refusal::data("`positions` should be a list")),
    };
    let number = |value: &Json| value.as_f64().map(|number| number as i32);
    let position = |item: &Json| {
        let numbers: Option<Vec<i32>> = item.as_array()?.iter().map(number).collect();
        Position::try_from(numbers?).ok()
    };
    let positions: Option<Vec<_>> = items.iter().map(position).collect();
    positions.map(Some).ok_or_else(|| Refusal::data("Each of `positions` should be a list of five numbers"))
}

async fn delete(
    State(surface): State<Surface>,
    Key(caller): Key,
    Path((dataset, id)): Path<(String, String)>,
    body: RawBody,
) -> Reply {
    let service = &surface.service;
    let (dataset, id) = (DatasetId::new(dataset), DocumentId::new(id));
    let body = body.lenient()?;
    own_dataset(&surface, &caller, &dataset).await?;
    let missing = || Refusal::exception("LookupError", &format!("Can't find the document with ID {id}!"));
    service.get_document(&caller, &dataset, &id).await.or_refuse(missing)?;
    let (ids, duplicates) = match Wanted::read(&body, "chunk_ids")? {
        Wanted::All => {
            service.delete_chunks(&caller, &dataset, &id, None).await?;
            return done();
        }
        Wanted::Ids(ids) => distinct(ids, "chunk"),
    };
    let ids: Vec<ChunkId> = ids.into_iter().map(ChunkId::from).collect();
    let deleted = service.delete_chunks(&caller, &dataset, &id, Some(&ids)).await?;
    if deleted != ids.len() {
        return Err(Refusal::data(format!("rm_chunk deleted chunks {deleted}, expect {}", ids.len())));
    }
    batch(deleted, &duplicates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Json) -> JsonMap {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn new_chunks() {
        let fault = |body: Json| new_chunk(&map(body)).err().unwrap().message;
        for body in [json!({}), json!({"content": ""}), json!({"content": " \n"})] {
            assert_eq!(fault(body), "`content` is required");
        }
        assert_eq!(
            fault(json!({"content": null})),
            "TypeError(\"unsupported operand type(s) for +: 'NoneType' and 'str'\")"
        );
        assert_eq!(fault(json!({"content": 1})), "TypeError(\"unsupported operand type(s) for +: 'int' and 'str'\")");
        assert_eq!(
            fault(json!({"content": "a", "important_keywords": "abc"})),
            "`important_keywords` is required to be a list"
        );
        assert_eq!(
            fault(json!({"content": "a", "important_keywords": ["a", 1]})),
            "TypeError('sequence item 1: expected str instance, int found')"
        );
        assert_eq!(fault(json!({"content": "a", "questions": 123})), "`questions` is required to be a list");
        let new = new_chunk(&map(json!({"content": " a ", "questions": [" b ", " "]}))).unwrap();
        assert_eq!((new.text.as_str(), new.questions), (" a ", vec!["b".to_owned()]));
    }

    #[test]
    fn chunk_patches() {
        let fault = |body: Json| chunk_patch(&map(body), "naive").err().unwrap().message;
        assert_eq!(fault(json!({"important_keywords": "abc"})), "`important_keywords` should be a list");
        assert_eq!(fault(json!({"questions": [1]})), "TypeError('sequence item 0: expected str instance, int found')");
        assert_eq!(fault(json!({"positions": 1})), "`positions` should be a list");
        assert_eq!(fault(json!({"positions": [[1, 2]]})), "Each of `positions` should be a list of five numbers");
        let body = json!({"content": null, "available": 0, "positions": [[1, 2.0, 3, 4, 5]]});
        let patch = chunk_patch(&map(body), "naive").unwrap();
        assert_eq!((patch.text, patch.available), (None, Some(false)));
        assert_eq!(patch.positions.unwrap(), [[1, 2, 3, 4, 5]]);
        assert_eq!(chunk_patch(&map(json!({"content": ""})), "naive").unwrap().text.as_deref(), Some(""));
    }

    #[test]
    fn questions_and_answers_have_two_parts() {
        let patch = |text: &str| chunk_patch(&map(json!({"content": text})), "qa");
        assert!(patch("q\ta").is_ok() && patch("q\na").is_ok());
        assert_eq!(patch("q a").unwrap_err().message, "Q&A must be separated by TAB/ENTER key.");
        assert!(chunk_patch(&map(json!({"available": true})), "qa").is_ok());
    }
}
