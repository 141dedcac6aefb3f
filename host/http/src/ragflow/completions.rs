//! Questions in a session of a chat, answered at once or as a stream.
//!
//! Two ways of streaming are in use. Delta (RAGFlow 0.24 on): each frame holds the next piece, the last one is empty and
//! carries the reference. Cumulative (up to 0.23.1, and `"legacy": true`): each frame holds the whole text so far, and
//! the last one the decorated text with its reference.

use super::body::{self, RawBody};
use super::envelope::{CODE_SERVER, OrRefuse, Refusal, Reply, data};
use super::retrieval::question_condition;
use super::sessions::NEW_SESSION;
use super::{Key, Surface, python_text};
use crate::sse;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::post;
use futures_util::{StreamExt, stream};
use mortise_domain::{
    Assistant, AssistantId, DatasetId, DocumentId, Error, Json, JsonMap, MessageRole, MetadataCondition, NewSession,
    Session, SessionId, id,
};
use mortise_service::{AnswerEvent, AnswerRequest, AnswerStream, FinalAnswer};
use serde_json::json;

/// Routes of this file.
pub(super) fn router() -> Router<Surface> {
    Router::new().route("/chats/{chat}/completions", post(complete))
}

async fn complete(State(surface): State<Surface>, Key(caller): Key, Path(chat): Path<String>, body: RawBody) -> Reply {
    let service = &surface.service;
    let chat = AssistantId::new(chat);
    let body = body.lenient()?;
    let missing = || Refusal::data(format!("You don't own the chat {chat}"));
    let assistant = service.get_assistant(&caller, &chat).await.or_refuse(missing)?;
    let streamed = body::flag(&body, "stream", true);

    let session = body::text(&body, "session_id").filter(|id| !id.is_empty()).map(SessionId::from);
    if let Some(session) = &session {
        let known = service.get_session(&caller, &chat, session).await;
        known.or_refuse(|| Refusal::data(format!("You don't own the session {session}")))?;
    }
    let metadata = question_condition(&body)?;
    let Some(session) = session else {
        let new = NewSession {
            name: body::text(&body, "name").filter(|name| !name.is_empty()).unwrap_or_else(|| NEW_SESSION.into()),
            user_id: body::text(&body, "user_id").unwrap_or_default(),
        };
        let session = service.create_session(&caller, &chat, new).await.or_refuse(missing)?;
        return opener(&session, streamed);
    };
    let Some(question) = body::text(&body, "question") else {
        let text = "missing 1 required argument: 'question'";
        return Err(Refusal::exception("TypeError", text));
    };
    let request = request(&assistant, session.clone(), question, metadata, &body);
    let message = request.message_id.clone();
    let legacy = body::flag(&body, "legacy", surface.legacy_stream);
    match service.answer(&caller, request).await {
        Ok(events) if streamed && legacy => Ok(sse::response(cumulative_frames(events, chat, session))),
        Ok(events) if streamed => Ok(sse::response(delta_frames(events, session, message))),
        Ok(events) => data(answer_object(&collect(events).await?, &session)),
        Err(error) if streamed => Ok(sse::response(stream::iter([failure_frame(&error), end_frame()]))),
        Err(error) => Err(error.into()),
    }
}

/// The question with everything that the body says about how to answer it.
fn request(
    assistant: &Assistant,
    session: SessionId,
    question: String,
    metadata: Option<MetadataCondition>,
    body: &JsonMap,
) -> AnswerRequest {
    let parameters = assistant.settings.prompt_config.get("parameters").and_then(Json::as_array);
    let names = parameters.into_iter().flatten().filter_map(|parameter| parameter.get("key")?.as_str());
    let variables = names.filter_map(|name| Some((name.to_owned(), body.get(name)?.clone())));
    let documents: Vec<DocumentId> = match body.get("doc_ids") {
        Some(Json::String(ids)) => ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(Into::into).collect(),
        Some(Json::Array(ids)) => ids.iter().map(|id| DocumentId::new(python_text::str(id))).collect(),
        _ => vec![],
    };
    let datasets = body.get("kb_ids").and_then(Json::as_array).into_iter().flatten();
    AnswerRequest {
        assistant: assistant.id.clone(),
        session: Some(session),
        message_id: id::new_uuid4(),
        messages: vec![(MessageRole::User, question)],
        variables: variables.collect(),
        quote: body.get("quote").map(python_text::truthy),
        extra_datasets: datasets.map(|id| DatasetId::new(python_text::str(id))).collect(),
        documents: Some(documents).filter(|documents| !documents.is_empty()),
        metadata,
    }
}

/// A question without a session is not answered: a session is made and its opener comes back.
fn opener(session: &Session, streamed: bool) -> Reply {
    let text = session.messages.first().map(|message| message.content.as_str()).unwrap_or_default();
    let answer = json!({
        "answer": text, "reference": {}, "audio_binary": null, "id": null, "session_id": session.id.as_str(),
    });
    if !streamed {
        return data(answer);
    }
    let frame = |value: Json| sse::frame(&json!({"code": 0, "message": "", "data": value}));
    Ok(sse::response(stream::iter([frame(answer), frame(json!(true))])))
}

/// Runs to the end. A model that fails is an answer, as in the original; anything else is an exception.
async fn collect(mut events: AnswerStream) -> Result<Finished, Refusal> {
    while let Some(event) = events.next().await {
        match event {
            AnswerEvent::Delta(_) | AnswerEvent::Thinking(_) => {}
            AnswerEvent::Done(answer) => return Ok(Finished::Good(Box::new(answer))),
            AnswerEvent::Failed(error) => return failed(error),
        }
    }
    failed(Error::internal("the answer broke off"))
}

fn failed(error: Error) -> Result<Finished, Refusal> {
    if is_models_fault(&error) { Ok(Finished::Bad(error_text(&error))) } else { Err(exception(error)) }
}

/// How an answer ended.
enum Finished {
    Good(Box<FinalAnswer>),
    /// The text that stands in for an answer.
    Bad(String),
}

/// Whether the failure is that of a model, which clients see as an answer.
pub(super) fn is_models_fault(error: &Error) -> bool {
    matches!(error, Error::Plugin(_) | Error::Unsupported { .. } | Error::Busy { .. })
}

/// The text that stands in for an answer.
pub(super) fn error_text(error: &Error) -> String {
    format!("**ERROR**: {}", Refusal::from(clean(error)).message)
}

/// What a client may read of an error: internal ones keep their reason to the log.
fn clean(error: &Error) -> Error {
    match error {
        Error::Internal(reason) => Error::Internal(reason.clone()),
        other => Error::invalid("", other.to_string()),
    }
}

fn exception(error: Error) -> Refusal {
    match error {
        Error::Invalid { field, reason } if field.is_empty() => Refusal::exception("KeyError", &reason),
        other => other.into(),
    }
}

/// Empty as far as an answer has none: `chunks` alone.
fn no_reference() -> Json {
    json!({"chunks": []})
}

/// A finished answer in one piece.
fn answer_object(finished: &Finished, session: &SessionId) -> Json {
    match finished {
        Finished::Good(answer) => final_object(answer, whole_text(answer), session),
        Finished::Bad(text) => json!({
            "answer": text, "reference": no_reference(), "prompt": "", "created_at": null, "audio_binary": null,
            "id": null, "session_id": session.as_str(),
        }),
    }
}

/// The decorated text, thoughts before it in `<think>` tags.
fn whole_text(answer: &FinalAnswer) -> String {
    if answer.thinking.is_empty() {
        answer.answer.clone()
    } else {
        format!("<think>{}</think>{}", answer.thinking, answer.answer)
    }
}

fn final_object(answer: &FinalAnswer, text: String, session: &SessionId) -> Json {
    json!({
        "answer": text,
        "reference": answer.reference.to_json(),
        "prompt": answer.prompt,
        "created_at": answer.created,
        "audio_binary": null,
        "id": answer.message_id,
        "session_id": session.as_str(),
    })
}

fn end_frame() -> Bytes {
    sse::frame(&json!({"code": 0, "data": true}))
}

fn failure_frame(error: &Error) -> Bytes {
    let message = Refusal::from(clean(error)).message;
    let data = json!({"answer": format!("**ERROR**: {message}"), "reference": []});
    sse::frame(&json!({"code": CODE_SERVER, "message": message, "data": data}))
}

/// Turns events into frames of deltas.
struct Deltas {
    session: SessionId,
    message: String,
    thinking: bool,
}

impl Deltas {
    fn piece(&self, text: &str, mark: Option<&str>) -> Bytes {
        let mut data = json!({
            "answer": text, "reference": no_reference(), "audio_binary": null, "final": false, "id": self.message,
            "session_id": self.session.as_str(),
        });
        if let Some(mark) = mark {
            data[mark] = json!(true);
        }
        sse::frame(&json!({"code": 0, "data": data}))
    }

    /// The mark that ends the thoughts, if they are open.
    fn end_of_thoughts(&mut self) -> Option<Bytes> {
        std::mem::take(&mut self.thinking).then(|| self.piece("", Some("end_to_think")))
    }

    fn frames(&mut self, event: AnswerEvent) -> Vec<Bytes> {
        let mut frames = vec![];
        match event {
            AnswerEvent::Thinking(text) => {
                if !std::mem::replace(&mut self.thinking, true) {
                    frames.push(self.piece("", Some("start_to_think")));
                }
                frames.push(self.piece(&text, None));
            }
            AnswerEvent::Delta(text) => {
                frames.extend(self.end_of_thoughts());
                frames.push(self.piece(&text, None));
            }
            AnswerEvent::Done(answer) => {
                frames.extend(self.end_of_thoughts());
                // Text that never went out as deltas, such as the empty response, comes with the last frame.
                let text = if answer.streamed.is_empty() { answer.answer.clone() } else { String::new() };
                let mut data = final_object(&answer, text, &self.session);
                data["final"] = json!(true);
                frames.push(sse::frame(&json!({"code": 0, "data": data})));
                frames.push(end_frame());
            }
            AnswerEvent::Failed(error) => {
                frames.extend(self.end_of_thoughts());
                if is_models_fault(&error) {
                    let mut data = answer_object(&Finished::Bad(error_text(&error)), &self.session);
                    data["final"] = json!(true);
                    frames.push(sse::frame(&json!({"code": 0, "data": data})));
                } else {
                    frames.push(failure_frame(&error));
                }
                frames.push(end_frame());
            }
        }
        frames
    }
}

fn delta_frames(
    events: AnswerStream,
    session: SessionId,
    message: String,
) -> impl stream::Stream<Item = Bytes> + Send + 'static {
    let mut deltas = Deltas { session, message, thinking: false };
    events.flat_map(move |event| stream::iter(deltas.frames(event)))
}

/// Turns events into frames of the whole text so far.
struct Cumulative {
    chat: AssistantId,
    session: SessionId,
    text: String,
    thinking: bool,
}

impl Cumulative {
    fn frame(&self, mut data: Json) -> Bytes {
        data["chat_id"] = json!(self.chat.as_str());
        sse::frame(&json!({"code": 0, "message": "", "data": data}))
    }

    fn so_far(&self) -> Bytes {
        self.frame(json!({
            "answer": self.text, "reference": {}, "audio_binary": null, "id": null, "session_id": self.session.as_str(),
        }))
    }

    fn frames(&mut self, event: AnswerEvent) -> Vec<Bytes> {
        let end = sse::frame(&json!({"code": 0, "message": "", "data": true}));
        match event {
            AnswerEvent::Thinking(text) => {
                if !std::mem::replace(&mut self.thinking, true) {
                    self.text.push_str("<think>");
                }
                self.text.push_str(&text);
                vec![self.so_far()]
            }
            AnswerEvent::Delta(text) => {
                if std::mem::take(&mut self.thinking) {
                    self.text.push_str("</think>");
                }
                self.text.push_str(&text);
                vec![self.so_far()]
            }
            AnswerEvent::Done(answer) => {
                vec![self.frame(final_object(&answer, whole_text(&answer), &self.session)), end]
            }
            AnswerEvent::Failed(error) if is_models_fault(&error) => {
                vec![self.frame(answer_object(&Finished::Bad(error_text(&error)), &self.session)), end]
            }
            AnswerEvent::Failed(error) => vec![failure_frame(&error), end],
        }
    }
}

fn cumulative_frames(
    events: AnswerStream,
    chat: AssistantId,
    session: SessionId,
) -> impl stream::Stream<Item = Bytes> + Send + 'static {
    let mut cumulative = Cumulative { chat, session, text: String::new(), thinking: false };
    events.flat_map(move |event| stream::iter(cumulative.frames(event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_service::Reference;

    fn answer(streamed: &str) -> FinalAnswer {
        FinalAnswer {
            answer: "Three years [ID:0].".into(),
            thinking: "hm".into(),
            streamed: streamed.into(),
            reference: Reference { total: 0, chunks: vec![], documents: vec![] },
            prompt: "p".into(),
            message_id: "m".into(),
            created: 1.5,
            prompt_tokens: 1,
            completion_tokens: 2,
        }
    }

    fn parse(frames: Vec<Bytes>) -> Vec<Json> {
        let text = |frame: Bytes| String::from_utf8(frame.to_vec()).unwrap();
        frames.into_iter().map(|f| serde_json::from_str(text(f).strip_prefix("data:").unwrap()).unwrap()).collect()
    }

    fn deltas(events: Vec<AnswerEvent>) -> Vec<Json> {
        let mut deltas = Deltas { session: SessionId::new("s"), message: "m".into(), thinking: false };
        parse(events.into_iter().flat_map(|event| deltas.frames(event)).collect())
    }

    #[test]
    fn delta_streams_mark_thoughts_and_end_empty() {
        let frames = deltas(vec![
            AnswerEvent::Thinking("h".into()),
            AnswerEvent::Thinking("m".into()),
            AnswerEvent::Delta("Three years.".into()),
            AnswerEvent::Done(answer("Three years.")),
        ]);
        let texts: Vec<_> = frames.iter().map(|f| f["data"]["answer"].as_str().unwrap_or("-")).collect();
        assert_eq!(texts, ["", "h", "m", "", "Three years.", "", "-"]);
        assert_eq!(frames[0]["data"]["start_to_think"], true);
        assert_eq!(frames[3]["data"]["end_to_think"], true);
        assert_eq!(frames[4]["data"]["reference"], json!({"chunks": []}));
        assert_eq!(frames[5]["data"]["final"], true);
        assert_eq!(frames[5]["data"]["id"], "m");
        assert_eq!(frames[6], json!({"code": 0, "data": true}));
        assert!(frames.iter().all(|frame| frame.get("message").is_none()));
    }

    #[test]
    fn an_answer_that_was_not_streamed_comes_with_the_last_frame() {
        let frames = deltas(vec![AnswerEvent::Done(answer(""))]);
        assert_eq!(frames[0]["data"]["answer"], "Three years [ID:0].");
        assert_eq!(frames[0]["data"]["final"], true);
    }

    #[test]
    fn failures() {
        let frames = deltas(vec![AnswerEvent::Failed(Error::Unsupported { what: "model x".into() })]);
        assert_eq!(frames[0]["code"], 0);
        assert_eq!(frames[0]["data"]["answer"], "**ERROR**: not supported: model x");
        let frames = deltas(vec![AnswerEvent::Failed(Error::invalid("", "Miss parameter: lang"))]);
        assert_eq!(frames[0]["code"], 500);
        assert_eq!(frames[0]["message"], "Miss parameter: lang");
        assert_eq!(frames[0]["data"], json!({"answer": "**ERROR**: Miss parameter: lang", "reference": []}));
        assert_eq!(frames[1]["data"], true);
        let frames = deltas(vec![AnswerEvent::Failed(Error::internal("secret"))]);
        assert_eq!(frames[0]["message"], "internal error");
    }

    #[test]
    fn cumulative_streams_repeat_the_whole_text() {
        let mut cumulative = Cumulative {
            chat: AssistantId::new("c"),
            session: SessionId::new("s"),
            text: String::new(),
            thinking: false,
        };
        let events = [
            AnswerEvent::Thinking("hm".into()),
            AnswerEvent::Delta("Three ".into()),
            AnswerEvent::Delta("years.".into()),
            AnswerEvent::Done(answer("Three years.")),
        ];
        let frames = parse(events.into_iter().flat_map(|event| cumulative.frames(event)).collect());
        let texts: Vec<_> = frames.iter().map(|f| f["data"]["answer"].as_str().unwrap_or("-")).collect();
        let expected = [
            "<think>hm",
            "<think>hm</think>Three ",
            "<think>hm</think>Three years.",
            "<think>hm</think>Three years [ID:0].",
            "-",
        ];
        assert_eq!(texts, expected);
        assert_eq!(frames[3]["data"]["reference"]["total"], 0);
        assert_eq!(frames[4], json!({"code": 0, "message": "", "data": true}));
    }
}
