//! RAGFlow's JSON shapes of our nouns: the only place that names its keys.

use mortise_domain::{
    Assistant, Chunk, ChunkKind, Dataset, Document, DocumentCount, Hit, Json, JsonMap, Message, MessageRole, Millis,
    Session,
};
use serde_json::json;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400;

/// `Fri, 14 Mar 2025 16:53:42 GMT`.
pub(super) fn http_date(at: Millis) -> String {
    let (days, seconds) = (at.div_euclid(DAY * 1000), at.div_euclid(1000).rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (weekday, month) = (DAYS[days.rem_euclid(7) as usize], MONTHS[month as usize - 1]);
    format!(
        "{weekday}, {day:02} {month} {year:04} {:02}:{:02}:{:02} GMT",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// `2025-03-14 16:53:42`, in UTC.
pub(super) fn plain_date(seconds: f64) -> String {
    let at = seconds.floor() as i64;
    let (year, month, day) = civil(at.div_euclid(DAY));
    let seconds = at.rem_euclid(DAY);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468; // from 0000-03-01 on, so that leap days end a year
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

/// Adds the four time keys that every object has.
fn with_times(mut object: Json, created: Millis, updated: Millis) -> Json {
    object["create_time"] = json!(created);
    object["create_date"] = json!(http_date(created));
    object["update_time"] = json!(updated);
    object["update_date"] = json!(http_date(updated));
    object
}

/// A dataset as the dataset routes show it.
pub(super) fn dataset(dataset: &Dataset) -> Json {
    renamed_dataset(dataset, ["embedding_model", "chunk_method", "document_count", "chunk_count"])
}

/// A dataset as the list of chats shows it: with the names of the store.
pub(super) fn dataset_row(dataset: &Dataset) -> Json {
    renamed_dataset(dataset, ["embd_id", "parser_id", "doc_num", "chunk_num"])
}

fn renamed_dataset(dataset: &Dataset, [embedder, method, documents, chunks]: [&str; 4]) -> Json {
    let object = json!({
        "id": dataset.id.as_str(),
        "tenant_id": dataset.tenant.as_str(),
        "created_by": dataset.tenant.as_str(),
        "name": dataset.name,
        "avatar": dataset.avatar,
        "description": dataset.description,
        "language": dataset.language,
        "permission": dataset.permission,
        embedder: dataset.embedding_model,
        method: dataset.chunk_method,
        "pipeline_id": dataset.pipeline_id,
        "parser_config": dataset.parser_config,
        documents: dataset.document_count,
        chunks: dataset.chunk_count,
        "token_num": dataset.token_count,
        "similarity_threshold": dataset.similarity_threshold,
        "vector_similarity_weight": dataset.vector_similarity_weight,
        "pagerank": dataset.pagerank,
        "graphrag_task_id": null,
        "graphrag_task_finish_at": null,
        "raptor_task_id": null,
        "raptor_task_finish_at": null,
        "mindmap_task_id": null,
        "mindmap_task_finish_at": null,
        "status": "1",
    });
    with_times(object, dataset.created, dataset.updated)
}

/// A document right after its upload.
pub(super) fn uploaded(document: &Document) -> Json {
    json!({
        "id": document.id.as_str(),
        "dataset_id": document.dataset.as_str(),
        "name": document.name,
        "location": document.location,
        "suffix": document.suffix,
        "type": document.kind.as_str(),
        "size": document.size,
        "source_type": "local",
        "created_by": document.tenant.as_str(),
        "thumbnail": document.thumbnail,
        "chunk_method": document.chunk_method,
        "pipeline_id": document.pipeline_id,
        "parser_config": document.parser_config,
        "run": document.run.as_str(),
    })
}

/// A document.
pub(super) fn document(document: &Document) -> Json {
    let mut object = uploaded(document);
    object["chunk_count"] = json!(document.chunk_count);
    object["token_count"] = json!(document.token_count);
    object["progress"] = json!(document.progress);
    object["progress_msg"] = json!(document.progress_msg);
    object["process_begin_at"] = json!(document.process_begin.map(http_date));
    object["process_duration"] = json!(document.process_duration);
    object["meta_fields"] = json!(document.meta_fields);
    object["status"] = json!(status(document.enabled));
    with_times(object, document.created, document.updated)
}

/// A document in a list.
pub(super) fn listed_document(listed: &Document) -> Json {
    let mut object = document(listed);
    object["title"] = Json::Null;
    object
}

fn status(enabled: bool) -> &'static str {
    if enabled { "1" } else { "0" }
}

/// A chunk in a list; `shown` is its text, with marks where it was searched.
pub(super) fn listed_chunk(chunk: &Chunk, shown: &str, document_name: &str) -> Json {
    json!({
        "id": chunk.id.as_str(),
        "content": shown,
        "document_id": chunk.document.as_str(),
        "docnm_kwd": document_name,
        "dataset_id": chunk.dataset.as_str(),
        "important_keywords": chunk.keywords,
        "questions": chunk.questions,
        "image_id": chunk.picture(),
        "available": chunk.available,
        "positions": chunk.positions,
    })
}

/// A chunk that was just added.
pub(super) fn added_chunk(chunk: &Chunk) -> Json {
    json!({
        "id": chunk.id.as_str(),
        "content": chunk.text,
        "document_id": chunk.document.as_str(),
        "dataset_id": chunk.dataset.as_str(),
        "important_keywords": chunk.keywords,
        "questions": chunk.questions,
        "create_time": plain_date(chunk.created),
        "create_timestamp": chunk.created,
    })
}

/// What a chunk holds, in RAGFlow's words: nothing for prose.
fn doc_type(chunk: &Chunk) -> &'static str {
    match chunk.kind {
        ChunkKind::Table => "table",
        ChunkKind::Image => "image",
        ChunkKind::Text | ChunkKind::QuestionAnswer | ChunkKind::Summary => "",
    }
}

/// A retrieved chunk; `highlight` tells whether marked text was asked for.
pub(super) fn hit(hit: &Hit, highlight: bool) -> Json {
    let chunk = &hit.chunk;
    let mut object = json!({
        "id": chunk.id.as_str(),
        "content": chunk.text,
        "content_ltks": words(&chunk.text),
        "document_id": chunk.document.as_str(),
        "document_keyword": hit.document_name,
        "dataset_id": chunk.dataset.as_str(),
        "image_id": chunk.picture(),
        "important_keywords": chunk.keywords,
        "positions": chunk.positions,
        "similarity": hit.similarity,
        "term_similarity": hit.term_similarity,
        "vector_similarity": hit.vector_similarity,
        "doc_type_kwd": doc_type(chunk),
        "mom_id": "",
    });
    if highlight {
        object["highlight"] = json!(hit.highlight.as_ref().unwrap_or(&chunk.text));
    }
    object
}

/// Words in lower case, as the original shows a chunk's terms.
fn words(text: &str) -> String {
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase()
}

/// How often documents were found.
pub(super) fn doc_aggs(documents: &[DocumentCount]) -> Json {
    let entry = |d: &DocumentCount| json!({"doc_name": d.name, "doc_id": d.id.as_str(), "count": d.count});
    documents.iter().map(entry).collect()
}

/// Prompt settings: name in the API, name as stored.
pub(super) const PROMPT_KEYS: [(&str, &str); 4] =
    [("prompt", "system"), ("opener", "prologue"), ("variables", "parameters"), ("show_quote", "quote")];

/// A chat without its datasets, which its list and its creation show differently.
///
/// The number a client sends as `keywords_similarity_weight` is stored as the vector's weight, and shown as what is left
/// of one: RAGFlow's own oddity, on which its clients rest.
pub(super) fn assistant(assistant: &Assistant) -> Json {
    let settings = &assistant.settings;
    let mut llm = settings.llm_setting.clone();
    llm.insert("model_name".into(), json!(settings.llm_id));
    let mut prompt = JsonMap::new();
    for (key, value) in &settings.prompt_config {
        let shown = PROMPT_KEYS.iter().find(|(_, stored)| stored == key).map_or(key.as_str(), |(shown, _)| shown);
        prompt.insert(shown.to_owned(), value.clone());
    }
    prompt.insert("similarity_threshold".into(), json!(settings.similarity_threshold));
    prompt.insert("keywords_similarity_weight".into(), json!(1.0 - settings.vector_weight));
    prompt.insert("top_n".into(), json!(settings.top_n));
    prompt.insert("rerank_model".into(), json!(settings.rerank_id));
    let object = json!({
        "id": assistant.id.as_str(),
        "name": settings.name,
        "description": settings.description,
        "avatar": settings.avatar,
        "language": settings.language,
        "tenant_id": assistant.tenant.as_str(),
        "llm": llm,
        "prompt": prompt,
        "prompt_type": settings.prompt_type,
        "do_refer": settings.do_refer,
        "meta_data_filter": settings.meta_data_filter,
        "status": "1",
    });
    with_times(object, assistant.created, assistant.updated)
}

/// A session as its creation shows it.
pub(super) fn session(session: &Session) -> Json {
    session_with(session, |message| json!({"role": message.role.as_str(), "content": message.content}))
}

/// A session in a list: answers carry the chunks they rest on.
pub(super) fn listed_session(session: &Session) -> Json {
    session_with(session, |message| {
        let mut object = json!({"role": message.role.as_str(), "content": message.content});
        if let Some(id) = &message.id {
            object["id"] = json!(id);
            object["created_at"] = json!(message.created);
        }
        if message.role == MessageRole::Assistant {
            let chunks = message.reference.as_ref().and_then(|r| r.get("chunks")).and_then(Json::as_array);
            object["reference"] = chunks.into_iter().flatten().map(stored_chunk).collect();
        }
        object
    })
}

fn session_with(session: &Session, message: impl Fn(&Message) -> Json) -> Json {
    let object = json!({
        "id": session.id.as_str(),
        "chat_id": session.assistant.as_str(),
        "name": session.name,
        "user_id": session.user_id,
        "messages": session.messages.iter().map(message).collect::<Vec<_>>(),
    });
    with_times(object, session.created, session.updated)
}

/// A stored reference as a list of sessions shows it; sessions of older servers have other names.
fn stored_chunk(stored: &Json) -> Json {
    let get = |name: &str, older: &str| stored.get(name).or_else(|| stored.get(older)).cloned().unwrap_or(Json::Null);
    json!({
        "id": get("id", "chunk_id"),
        "content": get("content", "content_with_weight"),
        "document_id": get("document_id", "doc_id"),
        "document_name": get("document_name", "docnm_kwd"),
        "dataset_id": get("dataset_id", "kb_id"),
        "image_id": get("image_id", "img_id"),
        "positions": get("positions", "position_int"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::{AssistantId, ChunkId, DatasetId, DocumentId, NewAssistant, SessionId, TenantId};

    #[test]
    fn dates() {
        assert_eq!(http_date(1_741_971_222_999), "Fri, 14 Mar 2025 16:53:42 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(951_782_400_000), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(http_date(4_107_542_399_000), "Sun, 28 Feb 2100 23:59:59 GMT");
        assert_eq!(http_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
        assert_eq!(plain_date(1_741_971_222.42), "2025-03-14 16:53:42");
    }

    fn chunk() -> Chunk {
        Chunk {
            row: 1,
            id: ChunkId::new("d78435d142bd5cf6"),
            document: DocumentId::new("doc"),
            dataset: DatasetId::new("set"),
            text: "Mortise, and TENON_1.".into(),
            kind: ChunkKind::Text,
            context: vec![],
            keywords: vec!["joint".into()],
            questions: vec![],
            tags: vec![],
            positions: vec![[1, 72, 520, 90, 120]],
            fields: vec![],
            available: true,
            parent_text: None,
            image: None,
            tokens: 4,
            ordinal: 0,
            manual: false,
            created: 1_741_941_000.42,
        }
    }

    #[test]
    fn a_highlight_is_there_only_when_asked_for() {
        let found = Hit {
            chunk: chunk(),
            document_name: "lease.pdf".into(),
            similarity: 0.7,
            term_similarity: 0.8,
            vector_similarity: 0.4,
            highlight: None,
        };
        assert_eq!(hit(&found, true)["highlight"], "Mortise, and TENON_1.");
        let plain = hit(&found, false);
        assert!(plain.get("highlight").is_none());
        assert_eq!(plain["content_ltks"], "mortise and tenon 1");
        assert_eq!(plain["positions"], json!([[1, 72, 520, 90, 120]]));
    }

    fn new_assistant() -> NewAssistant {
        let prompt = json!({"system": "s", "prologue": "p", "parameters": [], "quote": true, "odd": 1});
        NewAssistant {
            name: "helpdesk".into(),
            description: String::new(),
            avatar: String::new(),
            language: "English".into(),
            datasets: vec![],
            llm_id: "m@p".into(),
            llm_setting: JsonMap::new(),
            prompt_config: prompt.as_object().unwrap().clone(),
            similarity_threshold: 0.2,
            vector_weight: 0.7,
            top_n: 6,
            top_k: 1024,
            rerank_id: String::new(),
            do_refer: "1".into(),
            prompt_type: "simple".into(),
            meta_data_filter: JsonMap::new(),
        }
    }

    #[test]
    fn an_assistant_shows_one_minus_its_weight_and_renames_its_prompt() {
        let shown = assistant(&Assistant {
            id: AssistantId::new("a"),
            tenant: TenantId::new("t"),
            settings: new_assistant(),
            created: 0,
            updated: 0,
        });
        let expected = json!({
            "prompt": "s", "opener": "p", "variables": [], "show_quote": true, "odd": 1, "similarity_threshold": 0.2,
            "keywords_similarity_weight": 0.30000000000000004, "top_n": 6, "rerank_model": "",
        });
        assert_eq!(shown["prompt"], expected);
        assert_eq!(shown["llm"], json!({"model_name": "m@p"}));
    }

    #[test]
    fn listed_sessions_carry_references_of_answers() {
        let said = |role, content: &str, reference| Message {
            id: Some("m".into()),
            role,
            content: content.into(),
            created: 1.5,
            reference,
        };
        let stored = json!({"total": 1, "chunks": [{"chunk_id": "c", "content_with_weight": "x", "doc_id": "d"}]});
        let listed = listed_session(&Session {
            id: SessionId::new("s"),
            assistant: AssistantId::new("a"),
            name: "New session".into(),
            user_id: String::new(),
            messages: vec![
                Message {
                    id: None,
                    role: MessageRole::Assistant,
                    content: "Hi!".into(),
                    created: 0.0,
                    reference: None,
                },
                said(MessageRole::User, "q", None),
                said(MessageRole::Assistant, "a", Some(stored)),
            ],
            created: 0,
            updated: 0,
        });
        assert_eq!(listed["messages"][0], json!({"role": "assistant", "content": "Hi!", "reference": []}));
        assert_eq!(listed["messages"][1], json!({"role": "user", "content": "q", "id": "m", "created_at": 1.5}));
        assert_eq!(listed["messages"][2]["reference"][0]["content"], "x");
        assert_eq!(listed["messages"][2]["reference"][0]["document_id"], "d");
    }
}
