//! One call of a plugin on one input, and what came out of it, whatever the role.

use crate::input::Input;
use crate::{Plugin, Result};
use futures_util::StreamExt;
use mortise_domain::block::Parsed;
use mortise_domain::chat::{ChatEvent, FinishReason};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, InputKind, RawChunks, Space};
use mortise_domain::{JsonMap, PluginFault};
use std::sync::Arc;

/// What came out.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    Document(Parsed),
    Chunks { chunks: RawChunks, document: Arc<Parsed> },
    Vectors { space: Space, texts: Vec<String>, vectors: Vec<Vec<f32>> },
    Scores { query: String, texts: Vec<String>, scores: Vec<f32> },
    Answer(Answer),
}

/// A chat model's answer, whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) thinking: String,
    /// Tokens of the question and of the answer, if the model told.
    pub(crate) usage: Option<(u32, u32)>,
    pub(crate) finish: Option<FinishReason>,
}

/// Texts of one call of an embedder; the server sends as many.
const BATCH: usize = 64;

/// Calls a plugin. `config` is for parsers and chunkers, whose settings come with every call; the others got theirs when
/// they were installed. `on_event` sees the events of an answer as they come.
pub(crate) async fn call(
    plugin: &Plugin,
    input: Input,
    config: &JsonMap,
    on_event: &mut (dyn FnMut(&ChatEvent) + Send),
) -> Result<Output> {
    match (plugin, input) {
        (Plugin::Parser(parser), Input::File(file)) => {
            Ok(Output::Document(parser.parse(file, config, CallContext::default()).await?))
        }
        (Plugin::Chunker(chunker), Input::Document(file, document)) => {
            let chunks = chunker.split(file, document.clone(), config, CallContext::default()).await?;
            Ok(Output::Chunks { chunks, document })
        }
        (Plugin::Embedder(embedder), Input::Texts(texts)) => {
            let space = embedder.space().await?;
            let mut vectors = Vec::with_capacity(texts.len());
            for batch in texts.chunks(BATCH) {
                vectors.extend(embedder.embed(batch.to_vec(), InputKind::Passage).await?);
            }
            Ok(Output::Vectors { space, texts, vectors })
        }
        (Plugin::Reranker(reranker), Input::Ranking { query, texts }) => {
            let scores = reranker.score(&query, texts.clone()).await?;
            Ok(Output::Scores { query, texts, scores })
        }
        (Plugin::ChatModel(model), Input::Chat(request)) => {
            let mut answer = Answer::default();
            let mut events = model.complete(request).await?;
            while let Some(event) = events.next().await {
                let event = event?;
                on_event(&event);
                match event {
                    ChatEvent::Text(text) => answer.text.push_str(&text),
                    ChatEvent::Thinking(text) => answer.thinking.push_str(&text),
                    ChatEvent::Usage { prompt_tokens, completion_tokens } => {
                        answer.usage = Some((prompt_tokens, completion_tokens));
                    }
                    ChatEvent::Finish(reason) => answer.finish = Some(reason),
                }
            }
            Ok(Output::Answer(answer))
        }
        // `Input::read` takes the role from the plugin itself.
        (plugin, _) => Err(PluginFault {
            plugin: plugin.info().name.clone(),
            version: plugin.info().version.clone(),
            reason: FaultReason::Internal("it was given the input of another role".into()),
        }
        .into()),
    }
}
