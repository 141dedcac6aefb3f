//! Chat models: warm instances whose answers are pulled event by event, so that whoever reads sets the pace, and
//! dropping the stream ends the call.

use crate::bindings::chat_model::exports::mortise::plugin::chat_model as wit;
use crate::bindings::chat_model::{ChatModelPlugin as World, ChatModelPluginPre};
use crate::instance::{Control, State};
use crate::output::Budget;
use crate::plugin::{Plugin, Running};
use crate::pool::{Pool, Warm};
use crate::unread::Unread;
use async_trait::async_trait;
use mortise_domain::chat::{ChatAbilities, ChatEvent, ChatMessage, ChatRequest, ChatRole, FinishReason};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{ChatModel, ChatStream};
use mortise_domain::{PluginFault, PluginInfo};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use wasmtime::component::ResourceAny;

/// An installed chat model.
pub(crate) struct ChatModelPlugin(Arc<Inner>);

struct Inner {
    plugin: Plugin,
    pre: OnceCell<ChatModelPluginPre<State>>,
    pool: Pool<World>,
    abilities: OnceCell<ChatAbilities>,
}

impl ChatModelPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        let pool = Pool::new(&plugin);
        Self(Arc::new(Inner { pool, pre: OnceCell::new(), abilities: OnceCell::new(), plugin }))
    }

    /// How many instances wait.
    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.0.pool.idle()
    }
}

impl Inner {
    async fn lend(&self, control: Control) -> Result<Warm<World>, FaultReason> {
        super::lend!(self, control, ChatModelPluginPre<State>, mortise_plugin_chat_model, model)
    }

    async fn abilities(&self) -> Result<&ChatAbilities, FaultReason> {
        let ask = async || {
            let _running = self.plugin.admit(None).await?;
            let control = self.plugin.control(None);
            let mut warm = self.lend(control.clone()).await?;
            let Warm { store, world, model, .. } = &mut warm;
            let model_of = world.mortise_plugin_chat_model().model();
            let given = match control.guard(model_of.call_abilities(&mut *store, *model)).await {
                Ok(given) => given,
                Err(failure) => return Err(store.data().reason(failure)),
            };
            self.pool.take_back(warm);
            Ok(ChatAbilities {
                context_tokens: given.context_tokens,
                instructions: given.instructions,
                images: given.images,
                tools: given.tools,
                json_schema: given.json_schema,
            })
        };
        self.abilities.get_or_try_init(ask).await
    }
}

#[async_trait]
impl ChatModel for ChatModelPlugin {
    fn info(&self) -> &PluginInfo {
        &self.0.plugin.info
    }

    async fn abilities(&self) -> Result<ChatAbilities, PluginFault> {
        self.0.plugin.call().run(self.0.abilities()).await.copied()
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatStream, PluginFault> {
        let call = self.0.plugin.call();
        let answer = call.run(Answer::begin(self.0.clone(), request)).await?;
        let unread = Unread::new(answer, self.0.plugin.limits.call_timeout);
        let events = futures_util::stream::unfold(Some((unread, call)), async |reading| {
            let (unread, call) = reading?;
            let Some(mut answer) = unread.take() else {
                return Some((Err(call.fault(crate::instance::timed_out(unread.patience))), None));
            };
            match call.run(answer.next()).await {
                Ok(Some(event)) => {
                    unread.put(answer);
                    Some((Ok(event), Some((unread, call))))
                }
                Ok(None) => {
                    // The answer is whole all the same; only the instance is lost.
                    let _ = call.run(answer.end()).await;
                    None
                }
                // The instance goes with the answer.
                Err(fault) => Some((Err(fault), None)),
            }
        });
        Ok(Box::pin(events))
    }
}

/// An answer under way.
struct Answer {
    warm: Warm<World>,
    completion: ResourceAny,
    budget: Budget,
    /// Time left in the plugin.
    left: Duration,
    finished: bool,
    model: Arc<Inner>,
    _running: Running,
}

impl Answer {
    async fn begin(model: Arc<Inner>, request: ChatRequest) -> Result<Self, FaultReason> {
        let running = model.plugin.admit(None).await?;
        let timeout = model.plugin.limits.call_timeout;
        let control = model.plugin.control(None);
        let began = Instant::now();
        let mut warm = model.lend(control.clone()).await?;
        let Warm { store, world, model: open, .. } = &mut warm;
        let request = wit_request(request);
        let model_of = world.mortise_plugin_chat_model().model();
        let completion = match control.guard(model_of.call_complete(&mut *store, *open, &request)).await {
            Ok(Ok(completion)) => completion,
            Ok(Err(error)) => return Err(crate::fault::returned(error, store.data().egress.denied())),
            Err(failure) => return Err(store.data().reason(failure)),
        };
        let left = timeout.saturating_sub(began.elapsed());
        let budget = Budget::new(model.plugin.limits.output_bytes);
        Ok(Self { warm, completion, budget, left, finished: false, model, _running: running })
    }

    async fn next(&mut self) -> Result<Option<ChatEvent>, FaultReason> {
        let began = Instant::now();
        let control = Control::new(None, self.left, self.model.plugin.limits.call_timeout);
        let Warm { store, world, .. } = &mut self.warm;
        store.data_mut().control = control.clone();
        let completion = world.mortise_plugin_chat_model().completion();
        let given = match control.guard(completion.call_next(&mut *store, self.completion)).await {
            Ok(Ok(given)) => given,
            Ok(Err(error)) => return Err(crate::fault::returned(error, store.data().egress.denied())),
            Err(failure) => return Err(store.data().reason(failure)),
        };
        self.left = self.left.saturating_sub(began.elapsed());
        let wrong = |what: &str| Err(FaultReason::InvalidOutput(what.into()));
        let Some(event) = given else {
            return if self.finished { Ok(None) } else { wrong("the answer ended without a finish event") };
        };
        if self.finished {
            return wrong("an event came after the finish event");
        }
        let event = match event {
            wit::Event::Text(text) => ChatEvent::Text(text),
            wit::Event::Thinking(text) => ChatEvent::Thinking(text),
            wit::Event::ToolCall(_) => return wrong("a tool was called, and none was offered"),
            wit::Event::Usage(usage) => {
                ChatEvent::Usage { prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens }
            }
            wit::Event::Finish(reason) => ChatEvent::Finish(match reason {
                wit::FinishReason::Stop => FinishReason::Stop,
                wit::FinishReason::Length => FinishReason::Length,
                wit::FinishReason::ToolCalls => FinishReason::ToolCalls,
                wit::FinishReason::ContentFilter => FinishReason::ContentFilter,
            }),
        };
        match &event {
            ChatEvent::Text(text) | ChatEvent::Thinking(text) => self.budget.spend_texts([text])?,
            ChatEvent::Usage { .. } => self.budget.spend(crate::output::RECORD)?,
            ChatEvent::Finish(_) => self.finished = true,
        }
        Ok(Some(event))
    }

    /// Gives the instance back once the answer is whole.
    async fn end(mut self) -> Result<(), FaultReason> {
        let control = Control::new(None, self.left, self.model.plugin.limits.call_timeout);
        self.warm.store.data_mut().control = control.clone();
        match control.guard(self.completion.resource_drop_async(&mut self.warm.store)).await {
            Ok(()) => self.model.pool.take_back(self.warm),
            Err(failure) => return Err(self.warm.store.data().reason(failure)),
        }
        Ok(())
    }
}

fn wit_request(request: ChatRequest) -> wit::Request {
    wit::Request {
        messages: request.messages.into_iter().map(message).collect(),
        passages: request
            .passages
            .into_iter()
            .map(|passage| wit::Passage { number: passage.number, title: passage.title, text: passage.text })
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

fn message(message: ChatMessage) -> wit::Message {
    wit::Message {
        role: match message.role {
            ChatRole::System => wit::Role::System,
            ChatRole::User => wit::Role::User,
            ChatRole::Assistant => wit::Role::Assistant,
            ChatRole::Tool => wit::Role::Tool,
        },
        content: vec![wit::Content::Text(message.text)],
        tool_calls: Vec::new(),
        tool_call_id: None,
    }
}
