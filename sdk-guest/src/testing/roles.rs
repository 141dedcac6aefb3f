//! Runs a plugin of each role as the host does, natively.

use super::{Document, Record, record, settings};
use crate::chat_model::{ChatModel, Event, FinishReason, Request, ToolCall, Usage};
use crate::chunker::{Chunker, Chunks};
use crate::embedder::{Embedder, InputKind};
use crate::parser::{File, Kept, Output, Parser};
use crate::reranker::Reranker;
use crate::{Error, Result};
use serde_json::Value;

/// What a chunk method gave.
#[derive(Clone, Debug)]
pub struct Split {
    /// The chunks.
    pub chunks: Chunks,
    /// What it said meanwhile.
    pub record: Record,
}

impl Split {
    /// The texts of the chunks.
    pub fn texts(&self) -> Vec<&str> {
        self.chunks.chunks.iter().map(|chunk| chunk.text.as_str()).collect()
    }
}

/// Cuts a document, with settings that go through the plugin's schema.
///
/// # Errors
/// `invalid-config` for settings that do not fit, or whatever the plugin gives back.
pub fn split<T: Chunker>(document: &Document, settings: Value) -> Result<Split> {
    let config = self::settings::<T::Config>(settings)?;
    let (chunks, record) = record(|| T::split(&document.read(), config));
    Ok(Split { chunks: chunks?, record })
}

/// What a parser gave.
#[derive(Clone, Debug)]
pub struct Parse {
    /// Blocks, parts, pictures, metadata, warnings.
    pub kept: Kept,
    /// What it said meanwhile.
    pub record: Record,
}

impl Parse {
    /// The texts of the blocks.
    pub fn texts(&self) -> Vec<&str> {
        self.kept.blocks.iter().map(|block| block.text.as_str()).collect()
    }
}

/// Parses a file of that name, with settings that go through the plugin's schema. Its media type is the first that the
/// parser accepts.
///
/// # Errors
/// `invalid-config` for settings that do not fit, or whatever the plugin gives back.
pub fn parse<T: Parser>(name: &str, bytes: &[u8], settings: Value) -> Result<Parse> {
    let config = self::settings::<T::Config>(settings)?;
    let media_type = T::accepts().media_types.into_iter().next().unwrap_or_else(|| "application/octet-stream".into());
    let mut out = Output::default();
    let (result, record) = record(|| T::parse(&File::from_bytes(name, &media_type, bytes), config, &mut out));
    result?;
    Ok(Parse { kept: out.into_kept(), record })
}

/// Opens an embedder, with settings that go through its schema.
///
/// # Errors
/// `invalid-config` for settings that do not fit, or whatever the plugin gives back.
pub fn open_embedder<T: Embedder>(settings: Value) -> Result<T> {
    T::open(self::settings(settings)?)
}

/// Embeds texts, one row of the result for each.
///
/// # Errors
/// Whatever the plugin gives back.
///
/// # Panics
/// If the answer breaks the contract: another number of vectors, other dimensions than promised, numbers that are not
/// finite, or a length other than 1 where that was promised.
#[track_caller]
pub fn embed(model: &impl Embedder, texts: &[impl AsRef<str>], kind: InputKind) -> Result<Vec<Vec<f32>>> {
    let texts = own(texts);
    let space = model.space();
    let vectors = model.embed(&texts, kind)?;
    assert_eq!(vectors.dimensions, space.dimensions, "the dimensions are not those of the space");
    let dimensions = (space.dimensions as usize).max(1);
    assert_eq!(vectors.values.len(), texts.len() * dimensions, "not one vector for each text");
    assert!(vectors.values.iter().all(|value| value.is_finite()), "a number is not finite");
    let rows: Vec<Vec<f32>> = vectors.values.chunks(dimensions).map(<[f32]>::to_vec).collect();
    for (row, text) in rows.iter().zip(&texts) {
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        let good = !space.normalised || length == 0.0 || (length - 1.0).abs() < 1e-3;
        assert!(good, "the vector of {text:?} has length {length}, and the space is said to be normalised");
    }
    Ok(rows)
}

/// Opens a reranker, with settings that go through its schema.
///
/// # Errors
/// `invalid-config` for settings that do not fit, or whatever the plugin gives back.
pub fn open_reranker<T: Reranker>(settings: Value) -> Result<T> {
    T::open(self::settings(settings)?)
}

/// Scores texts.
///
/// # Errors
/// Whatever the plugin gives back.
///
/// # Panics
/// If the answer breaks the contract: not one score for each text, or a score outside of 0..1.
#[track_caller]
pub fn score(model: &impl Reranker, query: &str, texts: &[impl AsRef<str>]) -> Result<Vec<f32>> {
    let scores = model.score(query, &own(texts))?;
    assert_eq!(scores.len(), texts.len(), "not one score for each text");
    let outside = scores.iter().find(|score| !(0.0..=1.0).contains(*score));
    assert!(outside.is_none(), "the score {outside:?} is outside of 0..1");
    Ok(scores)
}

/// Opens a chat model, with settings that go through its schema.
///
/// # Errors
/// `invalid-config` for settings that do not fit, or whatever the plugin gives back.
pub fn open_chat_model<T: ChatModel>(settings: Value) -> Result<T> {
    T::open(self::settings(settings)?)
}

/// A chat model's answer, put together.
#[derive(Clone, Debug)]
pub struct Answer {
    /// All text deltas.
    pub text: String,
    /// All thoughts.
    pub thinking: String,
    /// The tools it wants called.
    pub tool_calls: Vec<ToolCall>,
    /// Tokens used, where it says.
    pub usage: Option<Usage>,
    /// Why it ended.
    pub finish: FinishReason,
    /// Everything as it came.
    pub events: Vec<Event>,
    /// What it said to the host meanwhile.
    pub record: Record,
}

/// Asks a chat model and pulls the answer to its end.
///
/// # Errors
/// Whatever the plugin gives back, at the beginning or on the way.
///
/// # Panics
/// If the answer breaks the contract: it does not end with `finish`, or goes on behind it or behind an error.
#[track_caller]
pub fn answer(model: &impl ChatModel, request: Request) -> Result<Answer> {
    let (pulled, record) = record(|| pull(model, request));
    let (events, beyond) = pulled?;
    assert!(beyond.is_none(), "the answer goes on behind its end: {beyond:?}");
    let (mut text, mut thinking, mut tool_calls, mut usage) = (String::new(), String::new(), vec![], None);
    let mut finish = None;
    for event in &events {
        assert!(finish.is_none(), "{event:?} comes behind `finish`");
        match event {
            Event::Text(delta) => text.push_str(delta),
            Event::Thinking(delta) => thinking.push_str(delta),
            Event::ToolCall(call) => tool_calls.push(call.clone()),
            Event::Usage(used) => usage = Some(*used),
            Event::Finish(reason) => finish = Some(*reason),
        }
    }
    assert!(finish.is_some(), "the answer ends without `finish`: {events:?}");
    let finish = finish.unwrap_or(FinishReason::Stop);
    Ok(Answer { text, thinking, tool_calls, usage, finish, events, record })
}

/// The events up to the end, and what comes after it.
type Pulled = (Vec<Event>, Option<Result<Event>>);

fn pull(model: &impl ChatModel, request: Request) -> Result<Pulled> {
    let mut answer = model.complete(request)?;
    let mut events = Vec::new();
    for event in answer.by_ref() {
        events.push(event?);
        if events.len() > MOST_EVENTS {
            return Err(Error::internal(format!("the answer does not end: {MOST_EVENTS} events")));
        }
    }
    let beyond = answer.next();
    Ok((events, beyond))
}

/// More than any answer has.
const MOST_EVENTS: usize = 1_000_000;

fn own(texts: &[impl AsRef<str>]) -> Vec<String> {
    texts.iter().map(|text| text.as_ref().to_owned()).collect()
}
