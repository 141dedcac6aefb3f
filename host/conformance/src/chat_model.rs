//! What is asked of chat models.

mod abilities;
mod request;
mod stream;

use crate::check::{Check, Verdict};
use crate::subject::{Installed, Subject};
use futures_util::StreamExt;
use mortise_domain::PluginFault;
use mortise_domain::chat::{ChatEvent, ChatMessage, ChatRequest, ChatRole, FinishReason, Passage};
use mortise_domain::role::ChatStream;

pub(crate) const CHECKS: &[&[Check]] = &[abilities::CHECKS, stream::CHECKS, request::CHECKS];

const QUESTION: &str = "How many ships did the keeper of the harbour light count?";
const PASSAGES: [&str; 3] = [
    "The keeper of the harbour light counted seven ships at dawn. He wrote the number into his book every day.",
    "Crane number four lifts eight tons and was built in 1924.",
    "Employees may end their contract with a notice of four weeks.",
];

/// A question with passages that answer it, for models that write and for models that quote.
fn question() -> ChatRequest {
    asked(QUESTION, &PASSAGES)
}

fn asked(question: &str, passages: &[&str]) -> ChatRequest {
    let passages = (0..).zip(passages).map(|(number, text)| Passage {
        number,
        title: format!("Page {number}"),
        text: (*text).into(),
    });
    ChatRequest {
        messages: vec![message(ChatRole::User, question)],
        passages: passages.collect(),
        temperature: Some(0.0),
        ..ChatRequest::default()
    }
}

fn message(role: ChatRole, text: &str) -> ChatMessage {
    ChatMessage::new(role, text)
}

pub(crate) async fn attempt(installed: &Installed<'_>) -> Verdict<Result<String, PluginFault>> {
    let answer = ask(installed, question()).await?;
    if let Ok(answer) = &answer {
        crate::check::ensure!(!answer.text.is_empty(), "an ordinary question gets no answer");
    }
    Ok(answer.map(|answer| format!("{:?} {:?} {:?}", answer.text, answer.thoughts, answer.finishes)))
}

/// An answer, pulled to its end.
#[derive(Clone, Debug, Default)]
struct Answer {
    /// All text deltas, one after the other.
    text: String,
    /// All deltas, as they came.
    deltas: Vec<String>,
    thoughts: String,
    /// Tokens of the question and of the answer, as often as they were told.
    usages: Vec<(u32, u32)>,
    finishes: Vec<FinishReason>,
    /// What came last.
    last: Option<ChatEvent>,
}

impl Answer {
    fn take(&mut self, event: ChatEvent) {
        match &event {
            ChatEvent::Text(text) => {
                self.text.push_str(text);
                self.deltas.push(text.clone());
            }
            ChatEvent::Thinking(text) => {
                self.thoughts.push_str(text);
                self.deltas.push(text.clone());
            }
            ChatEvent::Usage { prompt_tokens, completion_tokens } => {
                self.usages.push((*prompt_tokens, *completion_tokens));
            }
            ChatEvent::Finish(reason) => self.finishes.push(*reason),
        }
        self.last = Some(event);
    }
}

/// Asks and pulls the answer to its end.
async fn ask(installed: &Installed<'_>, request: ChatRequest) -> Verdict<Result<Answer, PluginFault>> {
    match installed.chat_model()?.complete(request).await {
        Ok(stream) => Ok(pull(stream).await),
        Err(fault) => Ok(Err(fault)),
    }
}

async fn pull(mut stream: ChatStream) -> Result<Answer, PluginFault> {
    let mut answer = Answer::default();
    while let Some(event) = stream.next().await {
        answer.take(event?);
    }
    Ok(answer)
}

/// The answer to the ordinary question.
async fn answer(subject: &Subject) -> Verdict<Answer> {
    subject.works().await?;
    Ok(ask(&subject.installed().await?, question()).await??)
}
