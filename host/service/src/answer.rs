//! Question → hits → prompt → chat model → a stream of events with citations.

mod reference;
mod rewrite;
mod think;

pub use reference::{Reference, ReferenceChunk};

use crate::citations::{self, Features};
use crate::{Service, clock, prompt};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use mortise_domain::chat::{ChatEvent, ChatMessage, ChatRequest, ChatRole, Passage};
use mortise_domain::role::{ChatModel, InputKind};
use mortise_domain::{
    Assistant, AssistantId, Caller, Dataset, DatasetId, DocumentId, Error, Hit, JsonMap, Message, MessageRole,
    MetadataCondition, Query, Result, SessionId,
};
use mortise_text::{analyzer, tokens};
use std::time::Instant;
use tokio::sync::mpsc;

/// A question to an assistant.
#[derive(Clone, Debug)]
pub struct AnswerRequest {
    /// Whom to ask.
    pub assistant: AssistantId,
    /// `Some`: the history is the session's, and the turn is stored in it.
    pub session: Option<SessionId>,
    /// Shared by the question and its answer; [`mortise_domain::id::new_uuid4`] makes one.
    pub message_id: String,
    /// The question (last, by the user); without a session the whole conversation, oldest first.
    pub messages: Vec<(MessageRole, String)>,
    /// Values of the prompt's variables.
    pub variables: JsonMap,
    /// Overrides whether the assistant cites.
    pub quote: Option<bool>,
    /// Searched beside the assistant's datasets.
    pub extra_datasets: Vec<DatasetId>,
    /// Only these documents.
    pub documents: Option<Vec<DocumentId>>,
    /// Conditions on the documents' metadata.
    pub metadata: Option<MetadataCondition>,
}

/// What happens while an answer is made. `Done` or `Failed` is the last event.
#[derive(Debug)]
pub enum AnswerEvent {
    /// The next piece of the answer.
    Delta(String),
    /// The next piece of the model's thoughts.
    Thinking(String),
    /// The end of a good run.
    Done(FinalAnswer),
    /// The end of a bad one.
    Failed(Error),
}

/// A finished answer.
#[derive(Clone, Debug)]
pub struct FinalAnswer {
    /// The whole text with citations inserted or repaired.
    pub answer: String,
    /// The model's thoughts.
    pub thinking: String,
    /// What went out as deltas; differs from `answer` when citations were added, and is empty for the empty response.
    pub streamed: String,
    /// What it rests on.
    pub reference: Reference,
    /// The prompt and how long each step took, for show.
    pub prompt: String,
    /// Shared by the question and its answer.
    pub message_id: String,
    /// Seconds since 1970.
    pub created: f64,
    /// `cl100k_base` tokens of the prompt.
    pub prompt_tokens: u32,
    /// `cl100k_base` tokens of the answer, or what the model's provider counted.
    pub completion_tokens: u32,
}

/// The events of one answer. Dropping it stops the work.
pub type AnswerStream = BoxStream<'static, AnswerEvent>;

/// User turns that a rewritten question may look back on.
const LOOK_BACK: usize = 3;

impl Service {
    /// Answers a question.
    ///
    /// # Errors
    /// `NotFound` for the assistant or the session, `Invalid` without a question. What fails later is an event.
    pub async fn answer(&self, caller: &Caller, request: AnswerRequest) -> Result<AnswerStream> {
        let assistant = self.get_assistant(caller, &request.assistant).await?;
        let mut conversation = Vec::new();
        if let Some(session) = &request.session {
            let session = self.get_session(caller, &request.assistant, session).await?;
            conversation.extend(session.messages.into_iter().map(|m| (m.role, m.content)));
        }
        conversation.extend(request.messages.iter().cloned());
        conversation.retain(|(role, _)| *role != MessageRole::System);
        let spoken = conversation.iter().position(|(role, _)| *role == MessageRole::User);
        let mut conversation = conversation.split_off(spoken.unwrap_or(0));
        // A failed turn is shown to the user, but teaches the model nothing.
        conversation.retain(|(role, text)| *role == MessageRole::User || !text.starts_with("**ERROR**"));
        match conversation.last() {
            Some((MessageRole::User, _)) => {}
            _ => return Err(Error::invalid("messages", "the last message must be the user's")),
        }
        let (sender, mut receiver) = mpsc::channel(64);
        let run = Run { service: self.clone(), caller: caller.clone(), assistant, request, conversation, sender };
        let work = tokio::spawn(run.run());
        let abort = AbortOnDrop(work.abort_handle());
        Ok(futures_util::stream::poll_fn(move |context| {
            let _ = &abort;
            receiver.poll_recv(context)
        })
        .boxed())
    }
}

/// Stops the work when nobody listens any more.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One answer under way.
struct Run {
    service: Service,
    caller: Caller,
    assistant: Assistant,
    request: AnswerRequest,
    conversation: Vec<(MessageRole, String)>,
    sender: mpsc::Sender<AnswerEvent>,
}

/// How long the steps took.
#[derive(Default)]
struct Timings(Vec<(&'static str, f64)>);

impl Timings {
    fn add(&mut self, step: &'static str, since: Instant) {
        self.0.push((step, since.elapsed().as_secs_f64() * 1000.0));
    }
}

impl Run {
    async fn run(self) {
        let message_id = self.request.message_id.clone();
        let outcome = self.make(&message_id).await;
        let event = match outcome {
            Ok(answer) => {
                match self.remember(&message_id, &answer.stored_text(), Some(answer.reference.to_json())).await {
                    Ok(()) => AnswerEvent::Done(answer),
                    Err(error) => AnswerEvent::Failed(error),
                }
            }
            Err(error) => {
                tracing::warn!(assistant = %self.assistant.id, %error, "no answer");
                if let Err(error) = self.remember(&message_id, &format!("**ERROR**: {error}"), None).await {
                    tracing::error!(%error, "a failed turn was not stored");
                }
                AnswerEvent::Failed(error)
            }
        };
        // Nobody listening is not an error.
        let _ = self.sender.send(event).await;
    }

    async fn make(&self, message_id: &str) -> Result<FinalAnswer> {
        let settings = &self.assistant.settings;
        let mut timings = Timings::default();
        let began = Instant::now();
        let values = self.variables()?;
        let model = self.service.plugins_of(&self.caller.tenant).chat_model(&settings.llm_id)?;
        let abilities = model.abilities().await?;
        timings.add("Bind models", began);

        let datasets = self.datasets().await?;
        let template = self.text("system").unwrap_or_default();
        let knows = self.parameter_names().any(|name| name == "knowledge") || template.contains("{knowledge}");
        let mut hits = Vec::new();
        let searched = !datasets.is_empty() && knows;
        if searched {
            let step = Instant::now();
            let question = self.search_question(&*model, abilities.instructions).await;
            timings.add("Refine question", step);
            let step = Instant::now();
            let found = self.search(&datasets, question).await?;
            hits = prompt::fit_passages(found, abilities.context_tokens, tokens::count);
            timings.add("Retrieval", step);
            if hits.is_empty()
                && let Some(text) = self.text("empty_response").filter(|t| !t.is_empty())
            {
                return Ok(self.finished(message_id, text.to_owned(), String::new(), hits, String::new(), &timings));
            }
        }

        let quote = self.request.quote.unwrap_or_else(|| self.flag("quote", true)) && !hits.is_empty();
        let mut values = values;
        values.push(("knowledge".to_owned(), self.knowledge(&hits).await?));
        let system = prompt::system(template, &values, quote);
        let (request, prompt_tokens) = self.chat_request(system.clone(), &hits, abilities.context_tokens);
        let step = Instant::now();
        let generated = self.generate(&*model, request).await?;
        timings.add("Generate answer", step);

        let answer =
            if quote { self.decorate(&generated.answer, &hits, &datasets).await? } else { generated.answer.clone() };
        let mut done = self.finished(message_id, answer, generated.answer, hits, system, &timings);
        done.thinking = generated.thinking;
        done.prompt_tokens = prompt_tokens;
        if let Some(counted) = generated.completion_tokens {
            done.completion_tokens = counted;
        }
        Ok(done)
    }

    /// Values of the assistant's own variables; a missing optional one is a blank.
    fn variables(&self) -> Result<Vec<(String, String)>> {
        let mut values = Vec::new();
        for parameter in
            self.assistant.settings.prompt_config.get("parameters").and_then(|p| p.as_array()).into_iter().flatten()
        {
            let Some(name) = parameter.get("key").and_then(|k| k.as_str()).filter(|k| *k != "knowledge") else {
                continue;
            };
            let optional = parameter.get("optional").and_then(|o| o.as_bool()).unwrap_or(false);
            let value = match self.request.variables.get(name) {
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(serde_json::Value::Null) | None if optional => " ".to_owned(),
                Some(serde_json::Value::Null) | None => {
                    return Err(Error::invalid("", format!("Miss parameter: {name}")));
                }
                Some(other) => other.to_string(),
            };
            values.push((name.to_owned(), value));
        }
        Ok(values)
    }

    fn parameter_names(&self) -> impl Iterator<Item = &str> {
        let parameters = self.assistant.settings.prompt_config.get("parameters").and_then(|p| p.as_array());
        parameters.into_iter().flatten().filter_map(|p| p.get("key")?.as_str())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.assistant.settings.prompt_config.get(key)?.as_str()
    }

    fn flag(&self, key: &str, default: bool) -> bool {
        self.assistant.settings.prompt_config.get(key).and_then(|v| v.as_bool()).unwrap_or(default)
    }

    /// The datasets that still exist.
    async fn datasets(&self) -> Result<Vec<Dataset>> {
        let mut datasets = Vec::new();
        let ids = self.assistant.settings.datasets.iter().chain(&self.request.extra_datasets);
        for id in ids {
            match self.service.get_dataset(&self.caller, id).await {
                Ok(dataset) => datasets.push(dataset),
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(datasets)
    }

    /// What to search for: the question, made complete by the model when it depends on earlier turns and the model
    /// follows instructions.
    async fn search_question(&self, model: &dyn ChatModel, instructable: bool) -> String {
        let mut question = self.conversation.last().map(|(_, text)| text.clone()).unwrap_or_default();
        let user_turns = self.conversation.iter().filter(|(role, _)| *role == MessageRole::User).count();
        if !instructable {
            return question;
        }
        if self.flag("refine_multiturn", true) && user_turns > 1 {
            let turns = self.conversation.len().saturating_sub(2 * LOOK_BACK);
            question = rewrite::complete_question(model, &self.conversation[turns..]).await.unwrap_or(question);
        }
        if self.flag("keyword", false)
            && let Some(keywords) = rewrite::keywords(model, &question).await
        {
            question = format!("{question} {keywords}");
        }
        question
    }

    async fn search(&self, datasets: &[Dataset], question: String) -> Result<Vec<Hit>> {
        let settings = &self.assistant.settings;
        let query = Query {
            documents: self.request.documents.clone().filter(|d| !d.is_empty()),
            page_size: u32::try_from(settings.top_n).unwrap_or(6).max(1),
            similarity_threshold: settings.similarity_threshold,
            vector_weight: settings.vector_weight,
            top_k: u32::try_from(settings.top_k).unwrap_or(1024).max(1),
            reranker: Some(settings.rerank_id.clone()).filter(|name| !name.is_empty()),
            metadata: self.request.metadata.clone(),
            ..Query::new(datasets.iter().map(|d| d.id.clone()).collect(), question)
        };
        Ok(self.service.retrieve(&self.caller, &query).await?.hits)
    }

    /// The value of `{knowledge}`.
    async fn knowledge(&self, hits: &[Hit]) -> Result<String> {
        let ids: Vec<DocumentId> = hits.iter().map(|h| h.chunk.document.clone()).collect();
        let documents = self.service.own(&self.caller).documents_by_ids(&ids).await?;
        let none = JsonMap::new();
        let blocks = hits.iter().enumerate().map(|(number, hit)| {
            let document = documents.iter().find(|d| d.id == hit.chunk.document);
            let metadata = document.map_or(&none, |d| &d.meta_fields);
            prompt::knowledge_block(number, &hit.document_name, metadata, prompt::passage_text(hit))
        });
        Ok(prompt::knowledge(&blocks.collect::<Vec<_>>()))
    }

    fn chat_request(&self, system: String, hits: &[Hit], context_tokens: u32) -> (ChatRequest, u32) {
        let mut messages = Vec::new();
        if !system.trim().is_empty() {
            messages.push(ChatMessage::new(ChatRole::System, system));
        }
        messages.extend(self.conversation.iter().map(|(role, text)| {
            let role = if *role == MessageRole::User { ChatRole::User } else { ChatRole::Assistant };
            ChatMessage::new(role, text)
        }));
        let cut = |text: &str, limit: usize| tokens::truncate(text, limit).to_owned();
        let (messages, used) = prompt::fit_messages(messages, context_tokens, tokens::count, cut);
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        let sampling = &self.assistant.settings.llm_setting;
        let number = |key: &str| sampling.get(key).and_then(|v| v.as_f64()).map(|v| v as f32);
        let wanted = sampling.get("max_tokens").and_then(|v| v.as_u64()).filter(|n| *n > 0);
        let left = context_tokens.saturating_sub(used).max(1);
        let passages = hits.iter().enumerate().map(|(number, hit)| Passage {
            number: number as u32,
            title: hit.document_name.clone(),
            text: prompt::passage_text(hit).to_owned(),
        });
        let request = ChatRequest {
            messages,
            passages: passages.collect(),
            temperature: number("temperature"),
            top_p: number("top_p"),
            frequency_penalty: number("frequency_penalty"),
            presence_penalty: number("presence_penalty"),
            max_tokens: wanted.map(|n| u32::try_from(n).unwrap_or(u32::MAX).min(left)),
            stop: vec![],
        };
        (request, used)
    }

    /// Pulls the model and passes its deltas on.
    async fn generate(&self, model: &dyn ChatModel, request: ChatRequest) -> Result<Generated> {
        let mut events = model.complete(request).await?;
        let mut generated = Generated::default();
        let mut splitter = think::Splitter::default();
        while let Some(event) = events.next().await {
            let pieces = match event? {
                ChatEvent::Text(text) => splitter.push(&text),
                ChatEvent::Thinking(text) => vec![think::Piece::Thought(text)],
                ChatEvent::Usage { completion_tokens, .. } => {
                    generated.completion_tokens = Some(completion_tokens);
                    vec![]
                }
                ChatEvent::Finish(reason) => {
                    tracing::debug!(?reason, "the model finished");
                    vec![]
                }
            };
            for piece in pieces {
                self.pass_on(piece, &mut generated).await;
            }
        }
        for piece in splitter.finish() {
            self.pass_on(piece, &mut generated).await;
        }
        Ok(generated)
    }

    async fn pass_on(&self, piece: think::Piece, generated: &mut Generated) {
        let event = match piece {
            think::Piece::Answer(text) => {
                generated.answer.push_str(&text);
                AnswerEvent::Delta(text)
            }
            think::Piece::Thought(text) => {
                generated.thinking.push_str(&text);
                AnswerEvent::Thinking(text)
            }
        };
        // The run is aborted when nobody listens any more.
        let _ = self.sender.send(event).await;
    }

    /// Repairs the model's citations, or sets them where it wrote none.
    async fn decorate(&self, answer: &str, hits: &[Hit], datasets: &[Dataset]) -> Result<String> {
        let repaired = citations::repair(answer, hits.len());
        if !citations::cited(&repaired, hits.len()).is_empty() {
            return Ok(repaired);
        }
        let Some(dataset) = datasets.first() else { return Ok(repaired) };
        let pieces = citations::pieces(&repaired);
        let mut texts: Vec<String> = Vec::new();
        texts.extend(pieces.iter().filter(|p| citations::citable(p)).map(|p| (*p).to_owned()));
        texts.extend(hits.iter().map(|h| h.chunk.text.clone()));
        let embedder = self.service.plugins_of(&self.caller.tenant).embedder(&dataset.embedding_model)?;
        let vectors = match embedder.embed(texts, InputKind::Passage).await {
            Ok(vectors) => vectors,
            Err(fault) => {
                tracing::warn!(%fault, "no citations were set");
                return Ok(repaired);
            }
        };
        let mut vectors = vectors.into_iter();
        let mut features = |text: &str| Features {
            terms: analyzer::terms_for_index(text),
            vector: vectors.next().unwrap_or_default(),
        };
        let own: Vec<Option<Features>> =
            pieces.iter().map(|piece| citations::citable(piece).then(|| features(piece))).collect();
        let passages: Vec<Features> = hits.iter().map(|hit| features(&hit.chunk.text)).collect();
        Ok(citations::insert(&pieces, &own, &passages, self.assistant.settings.vector_weight))
    }

    fn finished(
        &self,
        message_id: &str,
        answer: String,
        streamed: String,
        hits: Vec<Hit>,
        system: String,
        timings: &Timings,
    ) -> FinalAnswer {
        let cited = citations::cited(&answer, hits.len());
        let question = self.conversation.last().map(|(_, text)| text.as_str()).unwrap_or_default();
        let mut shown = format!("{system}\n\n### Query:\n{question}\n\n## Time elapsed:\n");
        let total: f64 = timings.0.iter().map(|(_, ms)| ms).sum();
        shown.push_str(&format!("  - Total: {total:.1}ms\n"));
        timings.0.iter().for_each(|(step, ms)| shown.push_str(&format!("  - {step}: {ms:.1}ms\n")));
        FinalAnswer {
            completion_tokens: tokens::count(&answer) as u32,
            prompt_tokens: tokens::count(question) as u32,
            answer,
            thinking: String::new(),
            streamed,
            reference: Reference::new(hits, &cited),
            prompt: shown,
            message_id: message_id.to_owned(),
            created: clock::now_seconds(),
        }
    }

    /// Stores question and answer in the session, if there is one.
    async fn remember(&self, message_id: &str, answer: &str, reference: Option<mortise_domain::Json>) -> Result<()> {
        let Some(session) = &self.request.session else { return Ok(()) };
        let question = self.conversation.last().map(|(_, text)| text.clone()).unwrap_or_default();
        let message = |role, content: String, reference| Message {
            id: Some(message_id.to_owned()),
            role,
            content,
            created: clock::now_seconds(),
            reference,
        };
        let turn =
            [message(MessageRole::User, question, None), message(MessageRole::Assistant, answer.to_owned(), reference)];
        self.service.own(&self.caller).append_messages(session, &turn).await
    }
}

impl FinalAnswer {
    /// The answer as a session keeps it: thoughts first, in `<think>` tags.
    fn stored_text(&self) -> String {
        if self.thinking.is_empty() {
            self.answer.clone()
        } else {
            format!("<think>{}</think>{}", self.thinking, self.answer)
        }
    }
}

/// What the model gave.
#[derive(Default)]
struct Generated {
    answer: String,
    thinking: String,
    completion_tokens: Option<u32>,
}

/// Collects a short answer of a model that is asked for something on the side.
pub(crate) async fn short_answer(model: &dyn ChatModel, instruction: &str, question: ChatMessage) -> Result<String> {
    let request = ChatRequest {
        messages: vec![ChatMessage::new(ChatRole::System, instruction), question],
        temperature: Some(0.2),
        ..ChatRequest::default()
    };
    let mut events = model.complete(request).await?;
    let mut splitter = think::Splitter::default();
    let mut pieces = Vec::new();
    while let Some(event) = events.next().await {
        if let ChatEvent::Text(text) = event? {
            pieces.extend(splitter.push(&text));
        }
    }
    pieces.extend(splitter.finish());
    let answer = pieces.into_iter().filter_map(|piece| match piece {
        think::Piece::Answer(text) => Some(text),
        think::Piece::Thought(_) => None,
    });
    Ok(answer.collect::<String>().trim().to_owned())
}
