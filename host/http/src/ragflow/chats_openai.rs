//! A chat in the shape of OpenAI's chat completions.
//!
//! What differs from OpenAI, and from RAGFlow's other routes: it streams unless told otherwise, errors have RAGFlow's
//! shape, and the required fields are looked at before the key.

use super::body::{self, RawBody};
use super::completions::{error_text, is_models_fault};
use super::envelope::{CODE_ARGUMENT, OrRefuse, Refusal, Reply, bare};
use super::retrieval::condition;
use super::{Surface, authenticate, python_text};
use crate::sse;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::post;
use futures_util::{StreamExt, stream};
use mortise_domain::{AssistantId, Error, Json, JsonMap, MessageRole, id};
use mortise_service::{AnswerEvent, AnswerRequest, AnswerStream, FinalAnswer, Service};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/chats_openai/{chat}/chat/completions", post(complete))
}

async fn complete(
    State(surface): State<Surface>,
    headers: HeaderMap,
    Path(chat): Path<String>,
    body: RawBody,
) -> Reply {
    let service = &surface.service;
    let body = body.lenient()?;
    require(&body, &["model", "messages"])?;
    let caller = authenticate(&surface, &headers).await?;
    let none = JsonMap::new();
    let extra = match body.get("extra_body") {
        None | Some(Json::Null) => &none,
        Some(Json::Object(extra)) => extra,
        Some(_) => return Err(Refusal::data("extra_body must be an object.")),
    };
    let messages = conversation(&body)?;
    let chat = AssistantId::new(chat);
    let missing = || Refusal::data(format!("You don't own the chat {chat}"));
    service.get_assistant(&caller, &chat).await.or_refuse(missing)?;
    let metadata = match extra.get("metadata_condition") {
        Some(Json::Object(fields)) => condition(fields)?,
        Some(other) if python_text::truthy(other) => {
            return Err(Refusal::data("metadata_condition must be an object."));
        }
        _ => None,
    };
    let with_reference = body::flag(extra, "reference", false);
    let tokens = Tokens::of(service, &messages);
    let request = AnswerRequest {
        assistant: chat.clone(),
        session: None,
        message_id: id::new_uuid4(),
        messages,
        variables: JsonMap::new(),
        quote: Some(with_reference),
        extra_datasets: vec![],
        documents: None,
        metadata,
    };
    let events = match service.answer(&caller, request).await {
        Ok(events) => events,
        Err(error) => stream::iter([AnswerEvent::Failed(error)]).boxed(),
    };
    let shape = Shape { id: format!("chatcmpl-{chat}"), created: now(), with_reference };
    if body::flag(&body, "stream", true) {
        return Ok(sse::response(frames(events, Chunks::new(shape, service.clone(), tokens))));
    }
    let model = body.get("model").cloned().unwrap_or(Json::Null);
    let (text, reference) = collect(events).await;
    bare(shape.whole(&model, &text, reference, &tokens, service.count_tokens(&text)))
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

/// The check that RAGFlow's front door makes: names of the missing fields.
fn require(body: &JsonMap, fields: &[&str]) -> Result<(), Refusal> {
    let missing: Vec<_> = fields.iter().filter(|field| !body.contains_key(**field)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("required argument are missing: {}; ", missing.join(","));
    Err(Refusal::with_data(CODE_ARGUMENT, message, Json::Null))
}

/// The messages, last one the user's; those of the system stay out, and so do leading ones of the assistant.
fn conversation(body: &JsonMap) -> Result<Vec<(MessageRole, String)>, Refusal> {
    let messages = body.get("messages").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let role = |message: &Json| message.get("role").and_then(Json::as_str).and_then(MessageRole::parse);
    let Some(last) = messages.last() else { return Err(Refusal::data("You have to provide messages.")) };
    if role(last) != Some(MessageRole::User) {
        return Err(Refusal::data("The last content of this conversation is not from user."));
    }
    let spoken = messages.iter().filter_map(|message| Some((role(message)?, content(message))));
    let spoken = spoken.filter(|(role, _)| *role != MessageRole::System);
    Ok(spoken.skip_while(|(role, _)| *role == MessageRole::Assistant).collect())
}

/// The text of a message, given as a text or as OpenAI's list of parts.
fn content(message: &Json) -> String {
    match message.get("content") {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

/// What the question cost.
struct Tokens {
    prompt: usize,
    /// All messages together; shown as `reasoning_tokens`.
    conversation: usize,
}

impl Tokens {
    fn of(service: &Service, messages: &[(MessageRole, String)]) -> Self {
        let count = |text: &String| service.count_tokens(text);
        Self {
            prompt: messages.last().map(|(_, text)| count(text)).unwrap_or_default(),
            conversation: messages.iter().map(|(_, text)| count(text)).sum(),
        }
    }

    fn usage(&self, completion: usize) -> Json {
        json!({
            "prompt_tokens": self.prompt, "completion_tokens": completion, "total_tokens": self.prompt + completion,
        })
    }
}

/// Runs to the end: the text, and the chunks it rests on.
async fn collect(mut events: AnswerStream) -> (String, Json) {
    while let Some(event) = events.next().await {
        match event {
            AnswerEvent::Delta(_) | AnswerEvent::Thinking(_) => {}
            AnswerEvent::Done(answer) => {
                let reference = cited(&answer);
                return (answer.answer, reference);
            }
            AnswerEvent::Failed(error) => return (error_text(&error), json!([])),
        }
    }
    (error_text(&Error::internal("the answer broke off")), json!([]))
}

fn cited(answer: &FinalAnswer) -> Json {
    answer.reference.chunks.iter().map(|chunk| chunk.to_json()).collect()
}

/// What all objects of one answer share.
struct Shape {
    id: String,
    created: u64,
    with_reference: bool,
}

impl Shape {
    fn whole(&self, model: &Json, text: &str, reference: Json, tokens: &Tokens, completion: usize) -> Json {
        let mut message = json!({"role": "assistant", "content": text});
        if self.with_reference {
            message["reference"] = reference;
        }
        let mut usage = tokens.usage(completion);
        usage["completion_tokens_details"] = json!({
            "reasoning_tokens": tokens.conversation, "accepted_prediction_tokens": completion,
            "rejected_prediction_tokens": 0,
        });
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null, "message": message}],
            "usage": usage,
        })
    }

    fn chunk(&self, content: Option<&str>, thought: Option<&str>) -> Json {
        json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": "model",
            "system_fingerprint": "",
            "choices": [{
                "index": 0, "finish_reason": null, "logprobs": null,
                "delta": {
                    "role": "assistant", "content": content, "function_call": null, "tool_calls": null,
                    "reasoning_content": thought,
                },
            }],
            "usage": null,
        })
    }
}

/// Turns events into frames.
struct Chunks {
    shape: Shape,
    service: Service,
    tokens: Tokens,
}

impl Chunks {
    fn new(shape: Shape, service: Service, tokens: Tokens) -> Self {
        Self { shape, service, tokens }
    }

    fn frames(&self, event: AnswerEvent) -> Vec<Bytes> {
        match event {
            AnswerEvent::Delta(text) => vec![sse::frame(&self.shape.chunk(Some(&text), None))],
            AnswerEvent::Thinking(text) => vec![sse::frame(&self.shape.chunk(None, Some(&text)))],
            AnswerEvent::Done(answer) => {
                let unsent = (answer.streamed.is_empty() && !answer.answer.is_empty())
                    .then(|| sse::frame(&self.shape.chunk(Some(&answer.answer), None)));
                unsent.into_iter().chain(self.closing(&answer.answer, cited(&answer))).collect()
            }
            AnswerEvent::Failed(error) => {
                if !is_models_fault(&error) {
                    tracing::warn!(%error, "an answer failed");
                }
                let text = error_text(&error);
                let told = sse::frame(&self.shape.chunk(Some(&text), None));
                std::iter::once(told).chain(self.closing(&text, json!([]))).collect()
            }
        }
    }

    fn closing(&self, text: &str, reference: Json) -> [Bytes; 2] {
        let mut last = self.shape.chunk(None, None);
        last["choices"][0]["finish_reason"] = json!("stop");
        last["usage"] = self.tokens.usage(self.service.count_tokens(text));
        if self.shape.with_reference {
            last["choices"][0]["delta"]["reference"] = reference;
            last["choices"][0]["delta"]["final_content"] = json!(text);
        }
        [sse::frame(&last), sse::word("[DONE]")]
    }
}

fn frames(events: AnswerStream, chunks: Chunks) -> impl stream::Stream<Item = Bytes> + Send + 'static {
    events.flat_map(move |event| stream::iter(chunks.frames(event)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Json) -> JsonMap {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn required_fields() {
        let fault = |body: Json| require(&map(body), &["model", "messages"]).unwrap_err();
        assert_eq!(fault(json!({})).message, "required argument are missing: model,messages; ");
        assert_eq!(fault(json!({"model": "x"})).message, "required argument are missing: messages; ");
        assert!(require(&map(json!({"model": null, "messages": []})), &["model", "messages"]).is_ok());
    }

    #[test]
    fn conversations() {
        let read = |messages: Json| conversation(&map(json!({"messages": messages})));
        assert_eq!(read(json!([])).unwrap_err().message, "You have to provide messages.");
        let last = json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]);
        assert_eq!(read(last).unwrap_err().message, "The last content of this conversation is not from user.");
        let messages = json!([
            {"role": "system", "content": "s"}, {"role": "assistant", "content": "hi"},
            {"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"},
            {"role": "user", "content": [{"type": "text", "text": "q2"}]},
        ]);
        let expected = [(MessageRole::User, "q1"), (MessageRole::Assistant, "a1"), (MessageRole::User, "q2")];
        let read = read(messages).unwrap();
        let read: Vec<_> = read.iter().map(|(role, text)| (*role, text.as_str())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn whole_answers() {
        let tokens = Tokens { prompt: 9, conversation: 31 };
        let shape = |with_reference| Shape { id: "chatcmpl-x".into(), created: 1, with_reference };
        let whole = shape(true).whole(&json!("any"), "Three years.", json!([{"id": "c"}]), &tokens, 6);
        assert_eq!(whole["choices"][0]["message"]["reference"], json!([{"id": "c"}]));
        let expected = json!({
            "prompt_tokens": 9, "completion_tokens": 6, "total_tokens": 15,
            "completion_tokens_details": {
                "reasoning_tokens": 31, "accepted_prediction_tokens": 6, "rejected_prediction_tokens": 0,
            },
        });
        assert_eq!(whole["usage"], expected);
        let whole = shape(false).whole(&json!("any"), "Three years.", json!([]), &tokens, 6);
        assert!(whole["choices"][0]["message"].get("reference").is_none());
    }

    #[test]
    fn chunks_have_all_keys() {
        let shape = Shape { id: "chatcmpl-x".into(), created: 1, with_reference: false };
        let expected = json!({
            "role": "assistant", "content": null, "function_call": null, "tool_calls": null, "reasoning_content": "hm",
        });
        assert_eq!(shape.chunk(None, Some("hm"))["choices"][0]["delta"], expected);
        assert_eq!(shape.chunk(Some("a"), None)["model"], "model");
    }
}
