//! Knowledge graphs and RAPTOR: nothing builds them here, so what was built is always empty.

use super::envelope::{CODE_AUTHENTICATION, OrRefuse, Refusal, Reply, data};
use super::{Key, Surface};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use mortise_domain::{Caller, DatasetId, Json};
use serde_json::json;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    let graph = || json!({"graph": {}, "mind_map": {}});
    Router::new()
        .route(
            "/datasets/{dataset}/knowledge_graph",
            get(async move |surface: State<Surface>, key: Key, id: Path<String>| {
                built(surface, key, id, graph()).await
            })
            .delete(async |surface: State<Surface>, key: Key, id: Path<String>| {
                built(surface, key, id, json!(true)).await
            }),
        )
        .route("/datasets/{dataset}/trace_graphrag", get(no_run))
        .route("/datasets/{dataset}/trace_raptor", get(no_run))
}

async fn no_run(surface: State<Surface>, key: Key, id: Path<String>) -> Reply {
    built(surface, key, id, json!({})).await
}

async fn built(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, what: Json) -> Reply {
    accessible(&surface, &caller, &DatasetId::new(id)).await?;
    data(what)
}

async fn accessible(surface: &Surface, caller: &Caller, id: &DatasetId) -> Result<(), Refusal> {
    let dataset = surface.service.get_dataset(caller, id).await;
    dataset.or_refuse(|| Refusal::new(CODE_AUTHENTICATION, "No authorization.")).map(|_| ())
}
