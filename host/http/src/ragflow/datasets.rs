//! Datasets: create, list, update, delete. The strict routes: bodies and queries are validated field by field.

use super::body::{Params, RawBody, Wanted};
use super::envelope::{CODE_PERMISSION, OrRefuse, Refusal, Reply, data, done};
use super::validate::{Fault, Field, Kind, refusal, validate};
use super::{Key, Surface, parser_config, python_text, wire};
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, put};
use axum::{Json as JsonBody, Router};
use mortise_domain::id::parse_uuid1;
use mortise_domain::{
    Caller, Dataset, DatasetFilter, DatasetId, DatasetPatch, Json, JsonMap, ModelKind, ModelStatus, NewDataset, Order,
    OrderBy, PageRequest,
};
use serde_json::json;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/datasets", get(list).post(create).delete(delete)).route("/datasets/{dataset}", put(update))
}

/// Most bytes of a name.
const MAX_NAME: usize = 128;

async fn create(State(surface): State<Surface>, Key(caller): Key, body: RawBody) -> Reply {
    let service = &surface.service;
    let body = body.strict()?;
    let method = body.get("chunk_method").and_then(Json::as_str).unwrap_or("naive").to_owned();
    let clean = checked(fields(&surface, &caller, &method, true), &body)?;
    let text = |name: &str| clean.get(name).and_then(Json::as_str).map(str::to_owned);

    let name = text("name").unwrap_or_default();
    if name.len() > MAX_NAME {
        let length = name.chars().count();
        return Err(Refusal::data(format!("Dataset name length is {length} which is large than {MAX_NAME}")));
    }
    let pipeline_id = text("pipeline_id");
    let chunk_method = if pipeline_id.is_some() { String::new() } else { method };
    let given = parser_config::given(&body, &clean);
    parser_config::check_third_party(service, &caller, &chunk_method, given.as_ref().unwrap_or(&JsonMap::new()))?;
    let embedding_model = text("embedding_model");
    if let Some(model) = &embedding_model {
        check_embedder(&surface, &caller, model)?;
    }

    let mut config = parser_config::defaults(&chunk_method);
    parser_config::merge(&mut config, given.unwrap_or_default());
    let tenant = service.tenant(&caller).await?;
    config.insert("llm_id".into(), json!(tenant.chat_model));
    let new = NewDataset {
        name,
        avatar: text("avatar"),
        description: text("description"),
        permission: text("permission").unwrap_or_else(|| "me".into()),
        embedding_model,
        chunk_method,
        pipeline_id,
        parser_config: config,
    };
    let dataset = service.create_dataset(&caller, new).await?;
    data(wire::dataset(&dataset))
}

async fn update(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let body = body.strict()?;
    let known = match parse_uuid1(&id) {
        Some(id) => service.get_dataset(&caller, &DatasetId::new(id)).await.found()?,
        None => None,
    };
    let method = body.get("chunk_method").and_then(Json::as_str);
    let method = method.or(known.as_ref().map(|d| d.chunk_method.as_str())).unwrap_or("naive").to_owned();
    let mut fields = fields(&surface, &caller, &method, false);
    fields.push(Field::new("dataset_id", Kind::any_text()).check(uuid1));
    fields.push(Field::new("pagerank", Kind::Integer { min: 0, max: 100 }));
    let mut sent = body.clone();
    sent.insert("dataset_id".into(), json!(id));
    let clean = checked(fields, &sent)?;
    if body.is_empty() {
        return Err(Refusal::argument("No properties were modified"));
    }
    let Some(dataset) = known else { return Err(no_permission(&caller, "dataset", &id_text(&id))) };
    let patch = patch(&surface, &caller, &dataset, &body, &clean).await?;
    let updated = service.update_dataset(&caller, &dataset.id, patch).await;
    data(wire::dataset(&updated.or_refuse(|| no_permission(&caller, "dataset", dataset.id.as_str()))?))
}

/// What a validated update changes.
async fn patch(
    surface: &Surface,
    caller: &Caller,
    dataset: &Dataset,
    body: &JsonMap,
    clean: &JsonMap,
) -> Result<DatasetPatch, Refusal> {
    let text = |name: &str| clean.get(name).and_then(Json::as_str).map(str::to_owned);
    let nullable = |name: &str| clean.get(name).map(|value| value.as_str().map(str::to_owned));

    let name = text("name");
    if let Some(name) = name.as_ref().filter(|name| name.to_lowercase() != dataset.name.to_lowercase())
        && surface.service.find_dataset(caller, name).await?.is_some()
    {
        return Err(Refusal::data(format!("Dataset name '{name}' already exists")));
    }
    let embedding_model = text("embedding_model").filter(|model| *model != dataset.embedding_model);
    if let Some(model) = &embedding_model {
        if dataset.chunk_count > 0 {
            let (count, present) = (dataset.chunk_count, &dataset.embedding_model);
            return Err(Refusal::data(format!("When chunk_num ({count}) > 0, embedding_model must remain {present}")));
        }
        check_embedder(surface, caller, model)?;
    }

    let pipeline_id = nullable("pipeline_id");
    let by_pipeline = pipeline_id.as_ref().is_some_and(Option::is_some);
    let chunk_method = if by_pipeline { Some(String::new()) } else { text("chunk_method") };
    let chunk_method = chunk_method.filter(|method| *method != dataset.chunk_method);
    let given = parser_config::given(body, clean);
    let parser_config = match (given, &chunk_method) {
        (Some(given), _) => {
            let method = chunk_method.as_ref().unwrap_or(&dataset.chunk_method);
            let mut config = parser_config::base(&dataset.parser_config, &dataset.chunk_method, method);
            parser_config::merge(&mut config, given);
            Some(config)
        }
        (None, Some(method)) => Some(parser_config::defaults(method)),
        (None, None) => None,
    };
    if let Some(config) = &parser_config {
        let method = chunk_method.as_ref().unwrap_or(&dataset.chunk_method);
        parser_config::check_third_party(&surface.service, caller, method, config)?;
    }
    Ok(DatasetPatch {
        name,
        avatar: nullable("avatar"),
        description: nullable("description"),
        permission: text("permission"),
        embedding_model,
        chunk_method,
        pipeline_id,
        parser_config,
        pagerank: clean.get("pagerank").and_then(Json::as_i64),
    })
}

async fn delete(State(surface): State<Surface>, Key(caller): Key, body: RawBody) -> Reply {
    let service = &surface.service;
    let body = body.strict()?;
    // Newer clients say what "no ids" means; they are known by this key.
    let newer = body.contains_key("delete_all");
    let ids = Field::new("ids", Kind::texts()).nullable().check(uuid1_list);
    let fields =
        if newer { vec![ids, Field::new("delete_all", Kind::Boolean).nullable()] } else { vec![ids.required()] };
    let clean = checked(fields, &body)?;
    let wanted = match clean.get("ids") {
        _ if newer => Wanted::read(&clean, "ids")?,
        Some(Json::Null) => Wanted::All,
        ids => Wanted::Ids(ids.and_then(Json::as_array).into_iter().flatten().map(python_text::str).collect()),
    };
    let ids = match wanted {
        Wanted::All => {
            let all = service.list_datasets(&caller, &DatasetFilter::default(), &PageRequest::all()).await?;
            all.items.into_iter().map(|dataset| dataset.id).collect()
        }
        Wanted::Ids(ids) => {
            let ids: Vec<DatasetId> = ids.into_iter().map(DatasetId::from).collect();
            let mut foreign = vec![];
            for id in &ids {
                if service.get_dataset(&caller, id).await.found()?.is_none() {
                    foreign.push(id.as_str());
                }
            }
            if !foreign.is_empty() {
                return Err(no_permission(&caller, "datasets:", &foreign.join(", ")));
            }
            ids
        }
    };
    service.delete_datasets(&caller, &ids).await?;
    done()
}

async fn list(State(surface): State<Surface>, Key(caller): Key, params: Params) -> Reply {
    let service = &surface.service;
    let query = ListQuery::read(&params).map_err(|faults| refusal(&faults))?;
    let mut found: Vec<Dataset> = vec![];
    if let Some(id) = &query.id {
        let dataset = service.get_dataset(&caller, id).await;
        found.push(dataset.or_refuse(|| no_permission(&caller, "dataset", id.as_str()))?);
    }
    if let Some(name) = &query.name {
        let dataset = service.find_dataset(&caller, name).await?;
        found.push(dataset.ok_or_else(|| no_permission(&caller, "dataset", name))?);
    }
    let (items, total) = if let [first, second] = found.as_slice()
        && first.id != second.id
    {
        (vec![], 0)
    } else {
        let filter = DatasetFilter { id: query.id, name: query.name };
        let page = service.list_datasets(&caller, &filter, &query.page).await?;
        (page.items, page.total)
    };
    let items: Vec<_> = items.iter().map(wire::dataset).collect();
    Ok(JsonBody(json!({"code": 0, "data": items, "total_datasets": total})).into_response())
}

/// The strict query of the list.
struct ListQuery {
    id: Option<DatasetId>,
    name: Option<String>,
    page: PageRequest,
}

impl ListQuery {
    const KNOWN: [&str; 6] = ["id", "name", "page", "page_size", "orderby", "desc"];

    fn read(params: &Params) -> Result<Self, Vec<Fault>> {
        let mut faults = vec![];
        let mut fault = |path: &str, message: &str, value: &str| {
            faults.push(Fault { path: path.into(), message: message.into(), value: json!(value) });
        };
        let id = params.get("id").and_then(|text| {
            let id = parse_uuid1(text);
            if id.is_none() {
                fault("id", INVALID_UUID1, text);
            }
            id.map(DatasetId::from)
        });
        let mut positive = |name: &str, default: u32| match params.get(name) {
            None => default,
            Some(text) => match whole_number(text) {
                None => {
                    fault(name, "Input should be a valid integer, unable to parse string as an integer", text);
                    default
                }
                Some(number) if number < 1 => {
                    fault(name, "Input should be greater than or equal to 1", text);
                    default
                }
                Some(number) => u32::try_from(number).unwrap_or(u32::MAX),
            },
        };
        let page = positive("page", 1);
        let size = positive("page_size", 30);
        let by = match params.get("orderby") {
            None | Some("create_time") => OrderBy::Created,
            Some("update_time") => OrderBy::Updated,
            Some(other) => {
                fault("orderby", "Input should be 'create_time' or 'update_time'", other);
                OrderBy::Created
            }
        };
        let order = match params.get("desc").map(str::to_lowercase).as_deref() {
            None | Some("true" | "1" | "yes" | "y" | "t" | "on") => Order::Descending,
            Some("false" | "0" | "no" | "n" | "f" | "off") => Order::Ascending,
            Some(_) => {
                let text = params.get("desc").unwrap_or_default();
                fault("desc", "Input should be a valid boolean, unable to interpret input", text);
                Order::Descending
            }
        };
        for (name, value) in &params.0 {
            if !Self::KNOWN.contains(&name.as_str()) {
                fault(name, "Extra inputs are not permitted", value);
            }
        }
        let name = params.non_empty("name").map(str::to_owned);
        if faults.is_empty() {
            Ok(Self { id, name, page: PageRequest { page, size: Some(size), by, order } })
        } else {
            Err(faults)
        }
    }
}

/// An integer from text: blanks around it and a fraction of zeros are fine.
fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    };
    text.parse().ok()
}

/// The fields of a body that makes (`whole`) or changes a dataset.
fn fields(surface: &Surface, caller: &Caller, method: &str, whole: bool) -> Vec<Field> {
    const LONG: usize = 65_535;
    let name = Field::new("name", Kind::Text { trim: true, min: 1, max: 128 });
    let text = |name, max, trim| Field::new(name, Kind::Text { trim, min: 0, max }).nullable();
    vec![
        if whole { name.required() } else { name },
        text("avatar", LONG, false).check(avatar),
        text("description", LONG, false),
        text("embedding_model", 255, true).check(embedder_name),
        Field::new("permission", Kind::one_of(&["me", "team"])),
        Field::new("chunk_method", Kind::OneOf(parser_config::dataset_methods(&surface.service, caller))),
        Field::new("parse_type", Kind::Integer { min: 0, max: 64 }).nullable(),
        Field::new("pipeline_id", Kind::Text { trim: false, min: 32, max: 32 }).nullable().check(hex),
        parser_config::field(method),
    ]
}

/// Validates a body, then the rules across its fields.
fn checked(fields: Vec<Field>, body: &JsonMap) -> Result<JsonMap, Refusal> {
    let clean = validate(&fields, body).map_err(|faults| refusal(&faults))?;
    match across(&clean) {
        None => Ok(clean),
        Some(message) => Err(refusal(&[Fault { path: String::new(), message, value: Json::Object(body.clone()) }])),
    }
}

/// A dataset is cut up either by a chunk method or by a pipeline.
fn across(clean: &JsonMap) -> Option<String> {
    let (present, missing): (Vec<&str>, Vec<&str>) =
        ["parse_type", "pipeline_id"].into_iter().partition(|name| clean.get(*name).is_some_and(|v| !v.is_null()));
    if clean.contains_key("chunk_method") {
        let fields = present.join(", ");
        (!present.is_empty()).then(|| format!("parser_id provided → disallowed fields present: {fields}"))
    } else {
        let fields = missing.join(", ");
        (present.len() == 1).then(|| format!("parser_id omitted → required fields missing: {fields}"))
    }
}

const INVALID_UUID1: &str = "Invalid UUID1 format";

fn uuid1(value: Json) -> Result<Json, String> {
    value.as_str().and_then(parse_uuid1).map(Json::from).ok_or_else(|| INVALID_UUID1.into())
}

fn uuid1_list(value: Json) -> Result<Json, String> {
    let Json::Array(items) = value else { return Ok(value) };
    let ids: Option<Vec<String>> = items.iter().map(|item| item.as_str().and_then(parse_uuid1)).collect();
    let ids = ids.ok_or(INVALID_UUID1)?;
    let mut seen = std::collections::HashSet::new();
    let mut repeated: Vec<&str> = vec![];
    for id in &ids {
        if !seen.insert(id) && !repeated.contains(&id.as_str()) {
            repeated.push(id);
        }
    }
    if repeated.is_empty() { Ok(json!(ids)) } else { Err(format!("Duplicate ids: '{}'", repeated.join(", "))) }
}

fn hex(value: Json) -> Result<Json, String> {
    match value.as_str() {
        Some(text) if text.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(text.to_ascii_lowercase().into()),
        _ => Err("String should match pattern '^[0-9a-fA-F]{32}$'".into()),
    }
}

fn avatar(value: Json) -> Result<Json, String> {
    const ALLOWED: [&str; 2] = ["image/jpeg", "image/png"];
    let Some((prefix, _)) = value.as_str().and_then(|text| text.split_once(',')) else {
        return Err("Missing MIME prefix. Expected format: data:<mime>;base64,<data>".into());
    };
    let Some(mime) = prefix.strip_prefix("data:") else {
        return Err("Invalid MIME prefix format. Must start with 'data:'".into());
    };
    if !ALLOWED.contains(&mime.split(';').next().unwrap_or_default()) {
        return Err(format!("Unsupported MIME type. Allowed: {}", python_text::repr_list(&ALLOWED)));
    }
    Ok(value)
}

fn embedder_name(value: Json) -> Result<Json, String> {
    let text = value.as_str().unwrap_or_default();
    let Some((name, provider)) = text.rsplit_once('@') else {
        return Err("Embedding model identifier must follow <model_name>@<provider> format".into());
    };
    if name.is_empty() || provider.is_empty() {
        return Err("Both model_name and provider must be non-empty strings".into());
    }
    if name.trim().is_empty() || provider.trim().is_empty() {
        return Err("Model name and provider cannot be whitespace-only strings".into());
    }
    Ok(value)
}

/// Whether the tenant may use the model. Models of the provider `Builtin` always pass.
fn check_embedder(surface: &Surface, caller: &Caller, model: &str) -> Result<(), Refusal> {
    if model.rsplit_once('@').is_some_and(|(_, provider)| provider == "Builtin") {
        return Ok(());
    }
    match surface.service.model_status(caller, ModelKind::Embedding, model) {
        ModelStatus::Granted => Ok(()),
        ModelStatus::Known => Err(Refusal::argument(format!("Unauthorized model: <{model}>"))),
        ModelStatus::Unknown => Err(Refusal::argument(format!("Unsupported model: <{model}>"))),
    }
}

fn id_text(id: &str) -> String {
    parse_uuid1(id).unwrap_or_else(|| id.to_owned())
}

/// `which` is `dataset` or `datasets:`.
fn no_permission(caller: &Caller, which: &str, what: &str) -> Refusal {
    let tenant = &caller.tenant;
    Refusal::new(CODE_PERMISSION, format!("User '{tenant}' lacks permission for {which} '{what}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::TenantId;

    fn params(text: &str) -> Params {
        Params(form_urlencoded::parse(text.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
    }

    fn query_fault(text: &str) -> String {
        let faults = ListQuery::read(&params(text)).err().unwrap();
        faults.iter().map(Fault::line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn list_queries() {
        let query = ListQuery::read(&params("page=+1+&page_size=1.0&desc=oFF&orderby=update_time&name=")).ok().unwrap();
        assert_eq!((query.page.page, query.page.size), (1, Some(1)));
        assert_eq!((query.page.by, query.page.order), (OrderBy::Updated, Order::Ascending));
        assert!(query.name.is_none());
        assert_eq!(query_fault("id="), "Field: <id> - Message: <Invalid UUID1 format> - Value: <>");
        assert_eq!(
            query_fault("page=a"),
            "Field: <page> - Message: <Input should be a valid integer, unable to parse string as an integer> - Value: <a>"
        );
        assert_eq!(
            query_fault("page_size=0"),
            "Field: <page_size> - Message: <Input should be greater than or equal to 1> - Value: <0>"
        );
        assert_eq!(
            query_fault("orderby=CREATE_TIME"),
            "Field: <orderby> - Message: <Input should be 'create_time' or 'update_time'> - Value: <CREATE_TIME>"
        );
        assert_eq!(
            query_fault("desc=unknown"),
            "Field: <desc> - Message: <Input should be a valid boolean, unable to interpret input> - Value: <unknown>"
        );
        assert_eq!(query_fault("a=b"), "Field: <a> - Message: <Extra inputs are not permitted> - Value: <b>");
    }

    #[test]
    fn ids_are_version_1_and_not_repeated() {
        let id = mortise_domain::id::new_uuid1();
        assert_eq!(uuid1_list(json!([id.to_uppercase()])), Ok(json!([id])));
        assert_eq!(uuid1_list(json!(["not_uuid"])), Err(INVALID_UUID1.into()));
        assert_eq!(uuid1_list(json!([mortise_domain::id::new_uuid4()])), Err(INVALID_UUID1.into()));
        assert_eq!(uuid1_list(json!([id, id, id])), Err(format!("Duplicate ids: '{id}'")));
        let line = Fault { path: "ids".into(), message: INVALID_UUID1.into(), value: json!(["not_uuid"]) }.line();
        assert_eq!(line, "Field: <ids> - Message: <Invalid UUID1 format> - Value: <['not_uuid']>");
    }

    #[test]
    fn avatars_and_models() {
        assert!(avatar(json!("data:image/png;base64,AAAA")).is_ok());
        assert_eq!(
            avatar(json!("AAAA")).unwrap_err(),
            "Missing MIME prefix. Expected format: data:<mime>;base64,<data>"
        );
        assert_eq!(
            avatar(json!("image/png;base64,A")).unwrap_err(),
            "Invalid MIME prefix format. Must start with 'data:'"
        );
        assert_eq!(
            avatar(json!("data:image/gif;base64,A")).unwrap_err(),
            "Unsupported MIME type. Allowed: ['image/jpeg', 'image/png']"
        );
        assert!(embedder_name(json!("a@b@c")).is_ok());
        assert_eq!(
            embedder_name(json!("a")).unwrap_err(),
            "Embedding model identifier must follow <model_name>@<provider> format"
        );
        assert_eq!(embedder_name(json!("a@")).unwrap_err(), "Both model_name and provider must be non-empty strings");
        assert_eq!(
            embedder_name(json!("a@ ")).unwrap_err(),
            "Model name and provider cannot be whitespace-only strings"
        );
    }

    #[test]
    fn methods_and_pipelines_exclude_each_other() {
        let across = |body: Json| super::across(body.as_object().unwrap());
        assert_eq!(across(json!({"name": "a"})), None);
        assert_eq!(across(json!({"parse_type": 1, "pipeline_id": "x"})), None);
        assert_eq!(
            across(json!({"parse_type": 1})).unwrap(),
            "parser_id omitted → required fields missing: pipeline_id"
        );
        assert_eq!(
            across(json!({"chunk_method": "qa", "parse_type": 1, "pipeline_id": "x"})).unwrap(),
            "parser_id provided → disallowed fields present: parse_type, pipeline_id"
        );
    }

    #[test]
    fn refusals_name_the_tenant() {
        let caller = Caller { tenant: TenantId::new("t") };
        assert_eq!(no_permission(&caller, "dataset", "x").message, "User 't' lacks permission for dataset 'x'");
        assert_eq!(
            no_permission(&caller, "datasets:", "x, y").message,
            "User 't' lacks permission for datasets: 'x, y'"
        );
    }
}
