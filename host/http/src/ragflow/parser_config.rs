//! Chunk methods and their settings as RAGFlow's clients know them: names, the accepted fields with their defaults, the
//! defaults of each method, and how new settings are merged over old ones.
//!
//! RAGFlow's own methods keep its strict table. A third party's chunker is a chunk method too; its settings are checked
//! against the plugin's own schema instead, which the service knows.

use super::envelope::Refusal;
use super::validate::{Fault, Field, Kind, refusal};
use mortise_domain::{Caller, Error, Json, JsonMap};
use mortise_service::Service;
use serde_json::json;

/// Chunk methods of datasets, in the order in which messages name them.
const DATASET_METHODS: [&str; 12] =
    ["naive", "book", "email", "laws", "manual", "one", "paper", "picture", "presentation", "qa", "table", "tag"];

/// Methods that only documents have.
const DOCUMENT_METHODS: [&str; 1] = ["knowledge_graph"];

/// Methods that documents get by their kind of file, but that nobody may ask for.
const STORED_METHODS: [&str; 2] = ["audio", "resume"];

/// The summary prompt of RAPTOR.
const RAPTOR_PROMPT: &str = "Please summarize the following paragraphs. Be careful with the numbers, do not make things up. Paragraphs as following:\n      {cluster_content}\nThe above is the content you need to summarize.";

/// Most characters of a configuration as JSON.
const MAX_SIZE: usize = 65_535;

/// Settings that Mortise or RAGFlow keeps in every configuration; no plugin is asked about them.
const KEPT: [&str; 5] = ["table_context_size", "image_context_size", "llm_id", "raptor", "graphrag"];

/// All chunk methods a dataset may name: RAGFlow's, then installed ones of third parties.
pub(super) fn dataset_methods(service: &Service, caller: &Caller) -> Vec<String> {
    let own = DATASET_METHODS.iter().map(|name| (*name).to_owned());
    own.chain(service.chunk_methods(caller).into_iter().filter(|name| is_third_party(name))).collect()
}

/// Whether a document may be given this method.
pub(super) fn is_document_method(service: &Service, caller: &Caller, method: &str) -> bool {
    DATASET_METHODS.contains(&method)
        || DOCUMENT_METHODS.contains(&method)
        || (is_third_party(method) && service.chunk_methods(caller).iter().any(|name| name == method))
}

/// Whether RAGFlow does not know the method. The empty name means "by a pipeline" and is RAGFlow's.
pub(super) fn is_third_party(method: &str) -> bool {
    !method.is_empty()
        && !DATASET_METHODS.contains(&method)
        && !DOCUMENT_METHODS.contains(&method)
        && !STORED_METHODS.contains(&method)
}

/// The field `parser_config` of a dataset, for a dataset with this method.
pub(super) fn field(method: &str) -> Field {
    let kind = if is_third_party(method) {
        Kind::AnyObject { model: "ParserConfig" }
    } else {
        Kind::Object { model: "ParserConfig", fields: fields() }
    };
    Field::new("parser_config", kind).nullable().check(within_size)
}

fn fields() -> Vec<Field> {
    let graphrag = vec![
        Field::new("use_graphrag", Kind::Boolean).default(json!(false)),
        Field::new("entity_types", Kind::texts()).default(entity_types()),
        Field::new("method", Kind::one_of(&["light", "general"])).default(json!("light")),
        Field::new("community", Kind::Boolean).default(json!(false)),
        Field::new("resolution", Kind::Boolean).default(json!(false)),
    ];
    let raptor = vec![
        Field::new("use_raptor", Kind::Boolean).default(json!(false)),
        Field::new("prompt", Kind::Text { trim: true, min: 1, max: usize::MAX }).default(json!(RAPTOR_PROMPT)),
        Field::new("max_token", Kind::Integer { min: 1, max: 2048 }).default(json!(256)),
        Field::new("threshold", Kind::Number { min: 0.0, max: 1.0 }).default(json!(0.1)),
        Field::new("max_cluster", Kind::Integer { min: 1, max: 1024 }).default(json!(64)),
        Field::new("random_seed", Kind::Integer { min: 0, max: i64::MAX }).default(json!(0)),
        Field::new("auto_disable_for_structured_data", Kind::Boolean).default(json!(true)),
    ];
    let integers = Kind::Integer { min: i64::MIN, max: i64::MAX };
    vec![
        Field::new("auto_keywords", Kind::Integer { min: 0, max: 32 }).default(json!(0)),
        Field::new("auto_questions", Kind::Integer { min: 0, max: 10 }).default(json!(0)),
        Field::new("chunk_token_num", Kind::Integer { min: 1, max: 2048 }).default(json!(512)),
        Field::new("delimiter", Kind::Text { trim: false, min: 1, max: usize::MAX }).default(json!("\\n")),
        Field::new("graphrag", Kind::Object { model: "GraphragConfig", fields: graphrag }),
        Field::new("html4excel", Kind::Boolean).default(json!(false)),
        Field::new("layout_recognize", Kind::any_text()).default(json!("DeepDOC")),
        Field::new("raptor", Kind::Object { model: "RaptorConfig", fields: raptor }),
        Field::new("tag_kb_ids", Kind::texts()).default(json!([])),
        Field::new("topn_tags", Kind::Integer { min: 1, max: 10 }).default(json!(1)),
        Field::new("filename_embd_weight", Kind::Number { min: 0.0, max: 1.0 }).nullable().default(json!(0.1)),
        Field::new("task_page_size", Kind::Integer { min: 1, max: i64::MAX }).nullable(),
        Field::new("pages", Kind::List(Box::new(Kind::List(Box::new(integers))))).nullable(),
    ]
}

fn entity_types() -> Json {
    json!(["organization", "person", "geo", "event", "category"])
}

fn within_size(config: Json) -> Result<Json, String> {
    let size = config.to_string().chars().count();
    if size > MAX_SIZE {
        return Err(format!("Parser config exceeds size limit (max 65,535 characters). Current size: {size}"));
    }
    Ok(config)
}

/// The configuration that a client sent in a dataset body, `None` when it sent none worth the name (`{}` and null count
/// as none). `asked` is the body as sent, `clean` the validated one: only what was asked for by name decides.
pub(super) fn given(asked: &JsonMap, clean: &JsonMap) -> Option<JsonMap> {
    match (asked.get("parser_config"), clean.get("parser_config")) {
        (Some(Json::Object(sent)), Some(Json::Object(filled))) if !sent.is_empty() => Some(filled.clone()),
        _ => None,
    }
}

/// Settings of a method without any from a client.
pub(super) fn defaults(method: &str) -> JsonMap {
    let added = match method {
        "naive" => json!({
            "layout_recognize": "DeepDOC",
            "chunk_token_num": 512,
            "delimiter": "\n",
            "auto_keywords": 0,
            "auto_questions": 0,
            "html4excel": false,
            "topn_tags": 3,
            "raptor": {
                "use_raptor": true, "prompt": RAPTOR_PROMPT, "max_token": 256, "threshold": 0.1, "max_cluster": 64,
                "random_seed": 0,
            },
            "graphrag": {"use_graphrag": true, "entity_types": entity_types(), "method": "light"},
        }),
        "qa" | "manual" | "paper" | "book" | "laws" | "presentation" => json!({
            "raptor": {"use_raptor": false},
            "graphrag": {"use_graphrag": false},
        }),
        "knowledge_graph" => json!({
            "chunk_token_num": 8192,
            "delimiter": "\\n",
            "entity_types": ["organization", "person", "location", "event", "time"],
            "raptor": {"use_raptor": false},
            "graphrag": {"use_graphrag": false},
        }),
        _ => json!({}),
    };
    let mut config = JsonMap::new();
    config.insert("table_context_size".into(), json!(0));
    config.insert("image_context_size".into(), json!(0));
    if let Json::Object(added) = added {
        config.extend(added);
    }
    config
}

/// Merges key by key at every level; anything but two objects replaces.
pub(super) fn merge(base: &mut JsonMap, new: JsonMap) {
    for (key, value) in new {
        match (base.get_mut(&key), value) {
            (Some(Json::Object(old)), Json::Object(new)) => merge(old, new),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Merges settings over those of a document: RAPTOR's go when the new settings do not name it.
pub(super) fn merge_into_document(stored: &mut JsonMap, new: JsonMap) {
    if !new.get("raptor").is_some_and(super::python_text::truthy) {
        stored.remove("raptor");
    }
    merge(stored, new);
}

/// What new settings are merged over when the method goes from `old` to `new`: the stored ones, unless either is a
/// third party's, whose settings mean nothing to another method.
pub(super) fn base(stored: &JsonMap, old: &str, new: &str) -> JsonMap {
    if old == new || !(is_third_party(old) || is_third_party(new)) {
        return stored.clone();
    }
    let mut base = defaults(new);
    base.extend(stored.get("llm_id").map(|model| ("llm_id".to_owned(), model.clone())));
    base
}

/// Asks a third party's chunker about its settings; RAGFlow's own methods pass, installed or not.
pub(super) fn check_third_party(
    service: &Service,
    caller: &Caller,
    method: &str,
    config: &JsonMap,
) -> Result<(), Refusal> {
    if !is_third_party(method) {
        return Ok(());
    }
    let own = config.iter().filter(|(name, _)| !KEPT.contains(&name.as_str()));
    let own: JsonMap = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    match service.check_parser_config(caller, method, &own) {
        Err(Error::Invalid { field, reason }) => {
            let value = field.split('.').try_fold(&Json::Object(own.clone()), |at, key| at.get(key)).cloned();
            let path = if field.is_empty() { "parser_config".into() } else { format!("parser_config.{field}") };
            Err(refusal(&[Fault { path, message: reason, value: value.unwrap_or(Json::Null) }]))
        }
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ragflow::validate::validate;

    fn check(method: &str, config: Json) -> Result<JsonMap, String> {
        let body = json!({"parser_config": config});
        let body = body.as_object().unwrap();
        match validate(&[field(method)], body) {
            Ok(clean) => Ok(given(body, &clean).unwrap_or_default()),
            Err(faults) => Err(faults.iter().map(Fault::line).collect::<Vec<_>>().join("\n")),
        }
    }

    #[test]
    fn any_setting_fills_in_the_table() {
        let filled = check("naive", json!({"auto_keywords": 1})).unwrap();
        assert_eq!(filled["auto_keywords"], 1);
        assert_eq!(filled["delimiter"], "\\n");
        assert_eq!(filled["topn_tags"], 1);
        assert_eq!(filled["raptor"]["use_raptor"], false);
        let mut config = defaults("naive");
        merge(&mut config, filled);
        assert_eq!(config["graphrag"]["use_graphrag"], false);
        assert_eq!(config["table_context_size"], 0);
    }

    #[test]
    fn empty_and_null_count_as_none() {
        assert!(check("naive", json!({})).unwrap().is_empty());
        assert!(check("naive", json!(null)).unwrap().is_empty());
    }

    #[test]
    fn ranges_types_and_unknown_keys() {
        let cases = [
            (json!({"auto_keywords": -1}), "auto_keywords", "Input should be greater than or equal to 0", "-1"),
            (json!({"auto_keywords": 33}), "auto_keywords", "Input should be less than or equal to 32", "33"),
            (json!({"auto_keywords": 2.5}), "auto_keywords", "Input should be a valid integer", "2.5"),
            (json!({"auto_keywords": "a"}), "auto_keywords", "Input should be a valid integer", "a"),
            (json!({"delimiter": ""}), "delimiter", "String should have at least 1 character", ""),
            (json!({"html4excel": "a"}), "html4excel", "Input should be a valid boolean", "a"),
            (json!({"graphrag": {"method": "x"}}), "graphrag.method", "Input should be 'light' or 'general'", "x"),
            (
                json!({"graphrag": {"entity_types": ["a", 1]}}),
                "graphrag.entity_types.1",
                "Input should be a valid string",
                "1",
            ),
            (
                json!({"raptor": {"threshold": 1.1}}),
                "raptor.threshold",
                "Input should be less than or equal to 1",
                "1.1",
            ),
            (json!({"raptor": {"prompt": " "}}), "raptor.prompt", "String should have at least 1 character", " "),
            (json!({"unknown": "x"}), "unknown", "Extra inputs are not permitted", "x"),
        ];
        for (config, path, message, value) in cases {
            let line = format!("Field: <parser_config.{path}> - Message: <{message}> - Value: <{value}>");
            assert_eq!(check("naive", config).unwrap_err(), line);
        }
        let line = "Field: <parser_config> - Message: <Input should be a valid dictionary or instance of ParserConfig> - Value: <a>";
        assert_eq!(check("naive", json!("a")).unwrap_err(), line);
    }

    #[test]
    fn the_size_is_that_of_the_filled_configuration() {
        let error = check("naive", json!({"delimiter": "a".repeat(65_536)})).unwrap_err();
        assert!(
            error.contains("Parser config exceeds size limit (max 65,535 characters). Current size: 66245"),
            "{error}"
        );
    }

    #[test]
    fn third_parties_settings_are_not_held_to_the_table() {
        let config = check("acme-legal", json!({"clause_depth": 3, "delimiter": ["§"]})).unwrap();
        assert_eq!(Json::Object(config), json!({"clause_depth": 3, "delimiter": ["§"]}));
        assert!(check("acme-legal", json!([])).is_err());
        assert!(is_third_party("acme-legal") && !is_third_party("audio") && !is_third_party(""));
    }

    #[test]
    fn defaults_of_methods() {
        let base = json!({"table_context_size": 0, "image_context_size": 0});
        for method in ["tag", "table", "one", "email", "picture", "resume", "acme-legal"] {
            assert_eq!(Json::Object(defaults(method)), base);
        }
        let expected = json!({
            "raptor": {"use_raptor": false}, "graphrag": {"use_graphrag": false},
            "image_context_size": 0, "table_context_size": 0,
        });
        assert_eq!(Json::Object(defaults("qa")), expected);
        assert_eq!(defaults("naive")["delimiter"], "\n");
        assert_eq!(defaults("knowledge_graph")["delimiter"], "\\n");
    }

    #[test]
    fn settings_do_not_leak_to_or_from_third_parties() {
        let stored = json!({"llm_id": "m", "chunk_token_num": 64}).as_object().unwrap().clone();
        assert_eq!(base(&stored, "naive", "qa"), stored);
        assert_eq!(base(&stored, "acme-legal", "acme-legal"), stored);
        let fresh = json!({"table_context_size": 0, "image_context_size": 0, "llm_id": "m"});
        assert_eq!(Json::Object(base(&stored, "naive", "acme-legal")), fresh);
        assert_eq!(base(&stored, "acme-legal", "naive")["chunk_token_num"], 512);
    }

    #[test]
    fn documents_lose_raptor_unless_it_is_named() {
        let mut stored = defaults("naive");
        merge_into_document(&mut stored, json!({"chunk_token_num": 64}).as_object().unwrap().clone());
        assert!(!stored.contains_key("raptor"));
        assert_eq!(stored["chunk_token_num"], 64);
        let mut stored = defaults("naive");
        let new = json!({"raptor": {"use_raptor": false}, "html4excel": {"odd": 1}});
        merge_into_document(&mut stored, new.as_object().unwrap().clone());
        assert_eq!(stored["raptor"]["max_token"], 256);
        assert_eq!(stored["raptor"]["use_raptor"], false);
        assert_eq!(stored["html4excel"], json!({"odd": 1}));
    }
}
