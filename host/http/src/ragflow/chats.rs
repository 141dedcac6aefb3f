//! Chat assistants: create, update, list, delete.
//!
//! Clients speak of `llm` and `prompt`; the stored form (`llm_id`, `prompt_config`, …) may be sent as well. Reading either
//! into settings is the work of this file's `Draft`.

use super::body::{self, Params, RawBody, Wanted, descending, distinct};
use super::envelope::{CODE_AUTHENTICATION, OrRefuse, Refusal, Reply, batch, data, done};
use super::retrieval::{DIFFERENT_EMBEDDERS, one_embedder};
use super::{Key, Surface, python_text, wire};
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, put};
use mortise_domain::{
    Assistant, AssistantFilter, AssistantId, Caller, Dataset, DatasetId, Json, JsonMap, ModelKind, ModelStatus,
    NewAssistant, PageRequest,
};
use mortise_service::Service;
use serde_json::json;
use std::collections::HashMap;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/chats", get(list).post(create).delete(delete)).route("/chats/{chat}", put(update))
}

/// What the model is told when a client gives no prompt.
const SYSTEM: &str = "You are an intelligent assistant. Please summarize the content of the dataset to answer the question. Please list the data in the dataset and answer in detail. When all dataset content is irrelevant to the question, your answer must include the sentence \"The answer you are looking for is not found in the dataset!\" Answers need to consider chat history.\n      Here is the knowledge base:\n      {knowledge}\n      The above is the knowledge base.";

/// Rerankers that RAGFlow lets everyone name.
const FREE_RERANKERS: [&str; 2] = ["BAAI/bge-reranker-v2-m3", "maidalun1020/bce-reranker-base_v1"];

/// Top-level keys of a chat that a client may send back without an effect.
const IGNORED: [&str; 8] =
    ["id", "tenant_id", "status", "created_by", "create_time", "create_date", "update_time", "update_date"];

async fn create(State(surface): State<Surface>, Key(caller): Key, body: RawBody) -> Reply {
    let service = &surface.service;
    let body = body.lenient()?;
    let datasets = datasets(service, &caller, body.get("dataset_ids")).await?;
    let mut draft = Draft(new_settings(service.tenant(&caller).await?.chat_model));
    draft.0.datasets = datasets;
    let llm = object(&body, "llm")?;
    let prompt = object(&body, "prompt")?;
    draft.take_stored_form(&body)?;
    if !llm.is_empty() {
        draft.0.llm_setting = JsonMap::new();
        draft.take_llm(service, &caller, llm)?;
    }
    draft.take_prompt(&prompt)?;
    draft.fill_prompt();
    check_reranker(service, &caller, &draft.0.rerank_id)?;
    draft.0.name = body.get("name").filter(|name| python_text::truthy(name)).map(python_text::str).unwrap_or_default();
    if draft.0.name.is_empty() {
        return Err(Refusal::data("`name` is required."));
    }
    if service.find_assistant(&caller, &draft.0.name).await?.is_some() {
        return Err(Refusal::data("Duplicated chat name in creating chat."));
    }
    if body.get("tenant_id").is_some_and(python_text::truthy) {
        return Err(Refusal::data("`tenant_id` must not be provided."));
    }
    check_variables(&draft.0.prompt_config)?;
    let assistant = service.create_assistant(&caller, draft.0).await?;
    let mut shown = wire::assistant(&assistant);
    shown["dataset_ids"] = body.get("dataset_ids").filter(|ids| ids.is_array()).cloned().unwrap_or_else(|| json!([]));
    data(shown)
}

async fn update(State(surface): State<Surface>, Key(caller): Key, Path(id): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let id = AssistantId::new(id);
    let body = body.lenient()?;
    let missing = || Refusal::data("You do not own the chat");
    let assistant = service.get_assistant(&caller, &id).await.or_refuse(missing)?;
    let present = assistant.settings.name.clone();
    let mut draft = Draft(assistant.settings);
    draft.0.datasets = datasets(service, &caller, body.get("dataset_ids")).await?;
    let llm = object(&body, "llm")?;
    let prompt = object(&body, "prompt")?;
    draft.take_llm(service, &caller, llm)?;
    draft.take_prompt(&prompt)?;
    if !prompt.is_empty() {
        check_variables(&draft.0.prompt_config)?;
        check_reranker(service, &caller, &draft.0.rerank_id)?;
    }
    if let Some(name) = body.get("name") {
        if !python_text::truthy(name) {
            return Err(Refusal::data("`name` cannot be empty."));
        }
        let name = python_text::str(name);
        let renamed = name.to_lowercase() != present.to_lowercase();
        if renamed && service.find_assistant(&caller, &name).await?.is_some() {
            return Err(Refusal::data("Duplicated chat name in updating chat."));
        }
        draft.0.name = name;
    }
    if let Some(show) = body.get("show_quotation") {
        draft.0.do_refer = if python_text::truthy(show) { "1" } else { "0" }.into();
    }
    draft.take_stored_form(&body)?;
    if let Some(unknown) = unknown_key(&body) {
        return Err(unrecognized(unknown, &body));
    }
    service.update_assistant(&caller, &id, draft.0).await.or_refuse(missing)?;
    done()
}

/// A key that an update refuses: one that nothing knows, and empty `llm` and `prompt`.
fn unknown_key(body: &JsonMap) -> Option<&str> {
    const KNOWN: [&str; 6] = ["name", "dataset_ids", "avatar", "show_quotation", "kb_ids", "language"];
    body.iter().map(|(key, value)| (key.as_str(), value)).find_map(|(key, value)| {
        let known = match key {
            "llm" | "prompt" => python_text::truthy(value),
            _ => KNOWN.contains(&key) || Draft::STORED.contains(&key) || IGNORED.contains(&key),
        };
        (!known).then_some(key)
    })
}

/// What the original's store says of a column it does not have.
pub(super) fn unrecognized(key: &str, body: &JsonMap) -> Refusal {
    let text = format!("Unrecognized field name: \"{key}\" in {}.", python_text::repr(&Json::Object(body.clone())));
    Refusal::exception("ValueError", &text)
}

async fn list(State(surface): State<Surface>, Key(caller): Key, params: Params) -> Reply {
    let service = &surface.service;
    let page = params.page(descending(&params))?;
    let filter = AssistantFilter {
        id: params.non_empty("id").map(AssistantId::from),
        name: params.non_empty("name").map(str::to_owned),
    };
    if filter.id.is_some() || filter.name.is_some() {
        let one = PageRequest { size: Some(1), ..PageRequest::all() };
        if service.list_assistants(&caller, &filter, &one).await?.total == 0 {
            return Err(Refusal::data("The chat doesn't exist"));
        }
    }
    let found = service.list_assistants(&caller, &filter, &page).await?;
    let mut rows: HashMap<DatasetId, Option<Json>> = HashMap::new();
    let mut chats = vec![];
    for assistant in &found.items {
        let mut datasets = vec![];
        for id in &assistant.settings.datasets {
            if !rows.contains_key(id) {
                let dataset = service.get_dataset(&caller, id).await.found()?;
                rows.insert(id.clone(), dataset.as_ref().map(wire::dataset_row));
            }
            datasets.extend(rows.get(id).cloned().flatten());
        }
        chats.push(listed(assistant, datasets));
    }
    data(chats.into())
}

fn listed(assistant: &Assistant, datasets: Vec<Json>) -> Json {
    let mut shown = wire::assistant(assistant);
    shown["datasets"] = datasets.into();
    shown["prompt"]["top_k"] = json!(assistant.settings.top_k);
    shown
}

async fn delete(State(surface): State<Surface>, Key(caller): Key, body: RawBody) -> Reply {
    let service = &surface.service;
    let (ids, duplicates) = match Wanted::read(&body.lenient()?, "ids")? {
        Wanted::All => {
            let all = service.list_assistants(&caller, &AssistantFilter::default(), &PageRequest::all()).await?;
            let ids: Vec<_> = all.items.into_iter().map(|assistant| assistant.id).collect();
            service.delete_assistants(&caller, &ids).await?;
            return done();
        }
        Wanted::Ids(ids) => distinct(ids, "assistant"),
    };
    let (mut known, mut errors) = (vec![], vec![]);
    for id in ids {
        let id = AssistantId::new(id);
        match service.get_assistant(&caller, &id).await.found()? {
            Some(_) => known.push(id),
            None => errors.push(format!("Assistant({id}) not found.")),
        }
    }
    service.delete_assistants(&caller, &known).await?;
    if known.is_empty() && !errors.is_empty() {
        return Err(Refusal::data(errors.join("; ")));
    }
    errors.extend(duplicates);
    batch(known.len(), &errors)
}

/// The datasets of a chat: the caller's, each with something in it, all with one embedder. A text is walked letter by
/// letter, as the original does.
async fn datasets(service: &Service, caller: &Caller, sent: Option<&Json>) -> Result<Vec<DatasetId>, Refusal> {
    let ids: Vec<String> = match sent {
        Some(Json::Array(ids)) => ids.iter().filter(|id| python_text::truthy(id)).map(python_text::str).collect(),
        Some(Json::String(text)) => text.chars().map(String::from).collect(),
        _ => vec![],
    };
    let mut datasets: Vec<Dataset> = vec![];
    for id in ids {
        let id = DatasetId::new(id);
        let dataset = service.get_dataset(caller, &id).await;
        let dataset = dataset.or_refuse(|| Refusal::data(format!("You don't own the dataset {id}")))?;
        if dataset.chunk_count == 0 {
            return Err(Refusal::data(format!("The dataset {id} doesn't own parsed file")));
        }
        datasets.push(dataset);
    }
    if !one_embedder(&datasets) {
        return Err(Refusal::new(CODE_AUTHENTICATION, DIFFERENT_EMBEDDERS));
    }
    Ok(datasets.into_iter().map(|dataset| dataset.id).collect())
}

/// An object of the body; absent and null are empty.
fn object(body: &JsonMap, name: &str) -> Result<JsonMap, Refusal> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(JsonMap::new()),
        Some(Json::Object(fields)) => Ok(fields.clone()),
        Some(other) => {
            let kind = python_text::type_name(other);
            Err(Refusal::exception("AttributeError", &format!("'{kind}' object has no attribute 'get'")))
        }
    }
}

/// An assistant as RAGFlow makes one when nothing is said.
fn new_settings(chat_model: String) -> NewAssistant {
    let sampling = json!({
        "temperature": 0.1, "top_p": 0.3, "frequency_penalty": 0.7, "presence_penalty": 0.4, "max_tokens": 512,
    });
    NewAssistant {
        name: String::new(),
        description: "A helpful Assistant".into(),
        avatar: String::new(),
        language: "English".into(),
        datasets: vec![],
        llm_id: chat_model,
        llm_setting: sampling.as_object().cloned().unwrap_or_default(),
        prompt_config: JsonMap::new(),
        similarity_threshold: 0.2,
        vector_weight: 0.3,
        top_n: 6,
        top_k: 1024,
        rerank_id: String::new(),
        do_refer: "1".into(),
        prompt_type: "simple".into(),
        meta_data_filter: JsonMap::new(),
    }
}

/// Settings in the making.
struct Draft(NewAssistant);

impl Draft {
    /// Top-level keys of the stored form.
    const STORED: [&str; 15] = [
        "description",
        "icon",
        "avatar",
        "language",
        "llm_id",
        "llm_setting",
        "prompt_config",
        "prompt_type",
        "meta_data_filter",
        "similarity_threshold",
        "vector_similarity_weight",
        "top_n",
        "top_k",
        "do_refer",
        "rerank_id",
    ];

    /// Takes over what the body says in the stored form, and `avatar`, which is called `icon` there.
    fn take_stored_form(&mut self, body: &JsonMap) -> Result<(), Refusal> {
        let settings = &mut self.0;
        for (name, target) in [
            ("description", &mut settings.description),
            ("language", &mut settings.language),
            ("llm_id", &mut settings.llm_id),
            ("prompt_type", &mut settings.prompt_type),
            ("do_refer", &mut settings.do_refer),
            ("rerank_id", &mut settings.rerank_id),
        ] {
            if let Some(text) = body::text(body, name) {
                *target = text;
            }
        }
        if let Some(avatar) = body::text(body, "avatar").or_else(|| body::text(body, "icon")) {
            settings.avatar = avatar;
        }
        for (name, target) in [
            ("llm_setting", &mut settings.llm_setting),
            ("prompt_config", &mut settings.prompt_config),
            ("meta_data_filter", &mut settings.meta_data_filter),
        ] {
            if let Some(Json::Object(fields)) = body.get(name) {
                *target = fields.clone();
            }
        }
        settings.similarity_threshold = body::number(body, "similarity_threshold", settings.similarity_threshold)?;
        settings.vector_weight = body::number(body, "vector_similarity_weight", settings.vector_weight)?;
        settings.top_n = body::integer(body, "top_n", settings.top_n)?;
        settings.top_k = body::integer(body, "top_k", settings.top_k)?;
        Ok(())
    }

    /// Takes over `llm`: the model, and any sampling settings as they are.
    fn take_llm(&mut self, service: &Service, caller: &Caller, mut llm: JsonMap) -> Result<(), Refusal> {
        if let Some(model) = llm.remove("model_name").filter(python_text::truthy) {
            let model = python_text::str(&model);
            if service.model_status(caller, ModelKind::Chat, &model) != ModelStatus::Granted {
                return Err(Refusal::data(format!("`model_name` {model} doesn't exist")));
            }
            self.0.llm_id = model;
        }
        self.0.llm_setting.extend(llm);
        Ok(())
    }

    /// Takes over `prompt`: search settings to their places, the rest under its stored names.
    fn take_prompt(&mut self, prompt: &JsonMap) -> Result<(), Refusal> {
        let settings = &mut self.0;
        settings.similarity_threshold = body::number(prompt, "similarity_threshold", settings.similarity_threshold)?;
        // Sent as the weight of keywords, kept as the weight of vectors: RAGFlow's own oddity.
        settings.vector_weight = body::number(prompt, "keywords_similarity_weight", settings.vector_weight)?;
        settings.top_n = body::integer(prompt, "top_n", settings.top_n)?;
        settings.top_k = body::integer(prompt, "top_k", settings.top_k)?;
        if let Some(reranker) = prompt.get("rerank_model") {
            settings.rerank_id = if reranker.is_null() { String::new() } else { python_text::str(reranker) };
        }
        const PLACED: [&str; 5] =
            ["similarity_threshold", "keywords_similarity_weight", "top_n", "top_k", "rerank_model"];
        for (key, value) in prompt.iter().filter(|(key, _)| !PLACED.contains(&key.as_str())) {
            let stored = wire::PROMPT_KEYS.iter().find(|(shown, _)| shown == key).map_or(key.as_str(), |(_, s)| s);
            settings.prompt_config.insert(stored.to_owned(), value.clone());
        }
        Ok(())
    }

    /// Fills in what a new prompt lacks.
    fn fill_prompt(&mut self) {
        let config = &mut self.0.prompt_config;
        if !config.get("system").is_some_and(python_text::truthy) {
            config.insert("system".into(), json!(SYSTEM));
        }
        let defaults = [
            ("prologue", json!("Hi! I'm your assistant. What can I do for you?")),
            ("parameters", json!([{"key": "knowledge", "optional": false}])),
            ("empty_response", json!("Sorry! No relevant content was found in the knowledge base!")),
            ("quote", json!(true)),
            ("tts", json!(false)),
            ("refine_multiturn", json!(true)),
        ];
        for (key, value) in defaults {
            config.entry(key).or_insert(value);
        }
    }
}

/// Each variable that is not optional must occur in the prompt.
fn check_variables(config: &JsonMap) -> Result<(), Refusal> {
    let system = config.get("system").and_then(Json::as_str).unwrap_or_default();
    for variable in config.get("parameters").and_then(Json::as_array).into_iter().flatten() {
        let Some(key) = variable.get("key").map(python_text::str) else {
            return Err(Refusal::exception("KeyError", "key"));
        };
        let optional = variable.get("optional").is_some_and(python_text::truthy);
        if !optional && !system.contains(&format!("{{{key}}}")) {
            return Err(Refusal::data(format!("Parameter '{key}' is not used")));
        }
    }
    Ok(())
}

fn check_reranker(service: &Service, caller: &Caller, name: &str) -> Result<(), Refusal> {
    let free = name.is_empty() || FREE_RERANKERS.contains(&name);
    if free || service.model_status(caller, ModelKind::Rerank, name) == ModelStatus::Granted {
        return Ok(());
    }
    Err(Refusal::data(format!("`rerank_model` {name} doesn't exist")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Json) -> JsonMap {
        value.as_object().unwrap().clone()
    }

    fn prompted(prompt: Json) -> NewAssistant {
        let mut draft = Draft(new_settings("m@p".into()));
        draft.take_prompt(&map(prompt)).unwrap();
        draft.fill_prompt();
        draft.0
    }

    #[test]
    fn a_prompt_is_renamed_and_filled() {
        let settings = prompted(json!({
            "keywords_similarity_weight": 0.7, "top_n": 8, "prompt": "", "opener": "Hello", "empty_response": null,
            "rerank_model": null, "odd": 1,
        }));
        assert_eq!((settings.vector_weight, settings.top_n, settings.top_k), (0.7, 8, 1024));
        assert_eq!(settings.prompt_config["system"], SYSTEM);
        assert_eq!(settings.prompt_config["prologue"], "Hello");
        assert_eq!(settings.prompt_config["empty_response"], Json::Null);
        assert_eq!(settings.prompt_config["odd"], 1);
        assert_eq!(settings.prompt_config["parameters"], json!([{"key": "knowledge", "optional": false}]));
        assert_eq!(settings.rerank_id, "");
        assert!(!settings.prompt_config.contains_key("top_n"));
    }

    #[test]
    fn variables_must_be_used() {
        let fault = |prompt: Json| check_variables(&prompted(prompt).prompt_config).err().map(|fault| fault.message);
        assert_eq!(fault(json!({})), None);
        assert_eq!(fault(json!({"prompt": "Hello World"})).as_deref(), Some("Parameter 'knowledge' is not used"));
        assert_eq!(fault(json!({"prompt": "Hello World", "variables": []})), None);
        assert_eq!(fault(json!({"prompt": "x", "variables": [{"key": "knowledge", "optional": true}]})), None);
        assert_eq!(fault(json!({"variables": [{}]})).as_deref(), Some("KeyError('key')"));
    }

    #[test]
    fn the_stored_form_is_taken_over() {
        let mut draft = Draft(new_settings("m@p".into()));
        let body = json!({
            "icon": "data:", "llm_setting": {"temperature": 0.9}, "prompt_config": {"system": "s {knowledge}"},
            "top_n": 3, "vector_similarity_weight": 0.5,
        });
        draft.take_stored_form(&map(body)).unwrap();
        assert_eq!(draft.0.avatar, "data:");
        assert_eq!(Json::Object(draft.0.llm_setting), json!({"temperature": 0.9}));
        assert_eq!((draft.0.top_n, draft.0.vector_weight), (3, 0.5));
        assert_eq!(draft.0.prompt_config["system"], "s {knowledge}");
    }

    #[test]
    fn updates_refuse_what_nothing_knows() {
        let unknown = |body: Json| unknown_key(&map(body)).map(str::to_owned);
        assert_eq!(unknown(json!({"name": "a", "avatar": "", "llm": {"top_p": 1}, "icon": ""})), None);
        assert_eq!(unknown(json!({"prompt": {}})).as_deref(), Some("prompt"));
        assert_eq!(unknown(json!({"unknown": "x"})).as_deref(), Some("unknown"));
        let refusal = unrecognized("prompt", &map(json!({"prompt": {}})));
        assert_eq!(refusal.message, "ValueError('Unrecognized field name: \"prompt\" in {\\'prompt\\': {}}.')");
        assert_eq!(refusal.code, 100);
    }
}
