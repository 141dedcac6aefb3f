//! Pictures of chunks and thumbnails of documents, by the ids that chunks and documents carry: `<dataset>-<chunk>` and
//! `<dataset>-thumbnail_<document>.png`.

use super::envelope::{OrRefuse, Refusal, Reply, data};
use super::{Key, Surface};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use mortise_domain::block::Image;
use mortise_domain::{Caller, ChunkId, DatasetId, DocumentId, Json};
use std::collections::HashMap;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/document/image/{image}", get(image)).route("/document/thumbnails", get(thumbnails))
}

async fn image(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>) -> Reply {
    let none = || Refusal::data("Image not found.");
    let (dataset, name) = id.split_once('-').ok_or_else(none)?;
    let found = find(&surface, &caller, &DatasetId::new(dataset), name).await;
    let Image { media_type, bytes } = found.or_refuse(none)?;
    // A picture follows from its chunk or document, which may be edited or replaced: kept by browsers for a while, and
    // by nobody between.
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "private, max-age=300".to_owned())];
    Ok((headers, bytes).into_response())
}

async fn find(surface: &Surface, caller: &Caller, dataset: &DatasetId, name: &str) -> mortise_domain::Result<Image> {
    match name.strip_prefix("thumbnail_") {
        Some(document) => {
            let document = DocumentId::new(document.strip_suffix(".png").unwrap_or(document));
            surface.service.thumbnail(caller, dataset, &document).await
        }
        None => surface.service.chunk_image(caller, dataset, &ChunkId::new(name)).await,
    }
}

/// Addresses of the thumbnails of documents (`doc_ids`, comma separated), by document; those without have none.
async fn thumbnails(
    State(surface): State<Surface>,
    Key(caller): Key,
    Query(query): Query<HashMap<String, String>>,
) -> Reply {
    let ids = query.get("doc_ids").map(String::as_str).unwrap_or_default();
    let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Err(Refusal::data("Lack of \"Document ID\""));
    }
    let mut found = serde_json::Map::new();
    let ids: Vec<DocumentId> = ids.into_iter().map(DocumentId::new).collect();
    for document in surface.service.documents_by_ids(&caller, &ids).await? {
        if !document.thumbnail.is_empty() {
            let address = format!("/v1/document/image/{}-{}", document.dataset, document.thumbnail);
            found.insert(document.id.to_string(), Json::from(address));
        }
    }
    data(Json::Object(found))
}
