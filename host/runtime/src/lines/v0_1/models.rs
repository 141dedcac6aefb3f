//! The model roles of 0.1: worlds that open a resource, and call its methods from then on.

use super::bindings::chat_model::exports::mortise::plugin::chat_model as chat;
use super::bindings::chat_model::{ChatModelPlugin, ChatModelPluginPre};
use super::bindings::embedder::exports::mortise::plugin::embedder as embed;
use super::bindings::embedder::{EmbedderPlugin, EmbedderPluginPre};
use super::bindings::reranker::{RerankerPlugin, RerankerPluginPre};
use crate::fault::invalid;
use crate::instance::State;
use crate::lines::{Called, Described, Describes, ModelWorld, OpenChatModel, OpenEmbedder, OpenReranker, Vectors};
use async_trait::async_trait;
use mortise_domain::block::Image;
use mortise_domain::chat::{ChatAbilities, ChatEvent, ChatMessage, ChatRequest, ChatRole, FinishReason};
use mortise_domain::role::{InputKind, Space};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

/// An instance with an open model.
struct Open<World> {
    world: World,
    model: ResourceAny,
}

/// The two faces of a linked model world, which differ in names alone.
macro_rules! model_world {
    ($pre:ident, $world:ident, $face:ident, $interface:ident, $resource:ident) => {
        #[async_trait]
        impl Describes for $pre<State> {
            async fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<Described> {
                let world: $world = self.instantiate_async(&mut *store).await?;
                Ok(world.$interface().call_describe(&mut *store).await?.into())
            }
        }

        #[async_trait]
        impl ModelWorld<dyn $face> for $pre<State> {
            async fn open(&self, store: &mut Store<State>, config: &str) -> Called<Box<dyn $face>> {
                let world: $world = self.instantiate_async(&mut *store).await?;
                match world.$interface().$resource().call_open(&mut *store, &config.to_owned()).await? {
                    Ok(model) => Ok(Ok(Box::new(Open { world, model }))),
                    Err(error) => Ok(Err(error.into())),
                }
            }
        }
    };
}

model_world!(EmbedderPluginPre, EmbedderPlugin, OpenEmbedder, mortise_plugin_embedder, embedding_model);
model_world!(RerankerPluginPre, RerankerPlugin, OpenReranker, mortise_plugin_reranker, rerank_model);
model_world!(ChatModelPluginPre, ChatModelPlugin, OpenChatModel, mortise_plugin_chat_model, model);

#[async_trait]
impl OpenEmbedder for Open<EmbedderPlugin> {
    async fn space(&self, store: &mut Store<State>) -> wasmtime::Result<Space> {
        let model = self.world.mortise_plugin_embedder().embedding_model();
        let given = model.call_space(&mut *store, self.model).await?;
        Ok(Space {
            dimensions: given.dimensions,
            max_tokens: given.max_tokens,
            normalised: given.normalised,
            languages: given.languages,
        })
    }

    async fn embed(&self, store: &mut Store<State>, texts: &[String], kind: InputKind) -> Called<Vectors> {
        let kind = match kind {
            InputKind::Passage => embed::InputKind::Passage,
            InputKind::Query => embed::InputKind::Query,
        };
        let model = self.world.mortise_plugin_embedder().embedding_model();
        let given = model.call_embed(&mut *store, self.model, texts, kind).await?;
        Ok(given.map(|given| Vectors { dimensions: given.dimensions, values: given.values }).map_err(Into::into))
    }
}

#[async_trait]
impl OpenReranker for Open<RerankerPlugin> {
    async fn score(&self, store: &mut Store<State>, query: &str, texts: &[String]) -> Called<Vec<f32>> {
        let model = self.world.mortise_plugin_reranker().rerank_model();
        Ok(model.call_score(&mut *store, self.model, query, texts).await?.map_err(Into::into))
    }
}

#[async_trait]
impl OpenChatModel for Open<ChatModelPlugin> {
    async fn abilities(&self, store: &mut Store<State>) -> wasmtime::Result<ChatAbilities> {
        let model = self.world.mortise_plugin_chat_model().model();
        let given = model.call_abilities(&mut *store, self.model).await?;
        Ok(ChatAbilities {
            context_tokens: given.context_tokens,
            instructions: given.instructions,
            images: given.images,
            tools: given.tools,
            json_schema: given.json_schema,
        })
    }

    async fn complete(&self, store: &mut Store<State>, request: ChatRequest) -> Called<ResourceAny> {
        let model = self.world.mortise_plugin_chat_model().model();
        let request = wit_request(request);
        Ok(model.call_complete(&mut *store, self.model, &request).await?.map_err(Into::into))
    }

    async fn next(&self, store: &mut Store<State>, answer: ResourceAny) -> Called<Option<ChatEvent>> {
        let completion = self.world.mortise_plugin_chat_model().completion();
        match completion.call_next(&mut *store, answer).await? {
            Ok(given) => Ok(Ok(given.map(event).transpose()?)),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

fn event(event: chat::Event) -> wasmtime::Result<ChatEvent> {
    Ok(match event {
        chat::Event::Text(text) => ChatEvent::Text(text),
        chat::Event::Thinking(text) => ChatEvent::Thinking(text),
        chat::Event::ToolCall(_) => return invalid("a tool was called, and none was offered"),
        chat::Event::Usage(usage) => {
            ChatEvent::Usage { prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens }
        }
        chat::Event::Finish(reason) => ChatEvent::Finish(match reason {
            chat::FinishReason::Stop => FinishReason::Stop,
            chat::FinishReason::Length => FinishReason::Length,
            chat::FinishReason::ToolCalls => FinishReason::ToolCalls,
            chat::FinishReason::ContentFilter => FinishReason::ContentFilter,
        }),
    })
}

fn wit_request(request: ChatRequest) -> chat::Request {
    chat::Request {
        messages: request.messages.into_iter().map(message).collect(),
        passages: request
            .passages
            .into_iter()
            .map(|passage| chat::Passage { number: passage.number, title: passage.title, text: passage.text })
            .collect(),
        tools: Vec::new(),
        tool_choice: None,
        temperature: request.temperature,
        top_p: request.top_p,
        max_tokens: request.max_tokens,
        frequency_penalty: request.frequency_penalty,
        presence_penalty: request.presence_penalty,
        stop: request.stop,
        seed: None,
        response_schema: None,
    }
}

/// The text first; a message of pictures alone has none.
fn content(text: String, images: Vec<Image>) -> Vec<chat::Content> {
    let images = images
        .into_iter()
        .map(|image| chat::Content::Image(chat::Image { media_type: image.media_type, bytes: image.bytes }));
    let text = (!text.is_empty() || images.len() == 0).then_some(chat::Content::Text(text));
    text.into_iter().chain(images).collect()
}

fn message(message: ChatMessage) -> chat::Message {
    chat::Message {
        role: match message.role {
            ChatRole::System => chat::Role::System,
            ChatRole::User => chat::Role::User,
            ChatRole::Assistant => chat::Role::Assistant,
            ChatRole::Tool => chat::Role::Tool,
        },
        content: content(message.text, message.images),
        tool_calls: Vec::new(),
        tool_call_id: None,
    }
}
