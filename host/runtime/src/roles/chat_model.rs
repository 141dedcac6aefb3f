//! Chat models: warm instances whose answers are pulled event by event, so that whoever reads sets the pace, and
//! dropping the stream ends the call.

use super::Linked;
use crate::instance::Control;
use crate::lines::{ChatModelWorld, OpenChatModel};
use crate::output::Budget;
use crate::plugin::{Plugin, Running};
use crate::pool::{Pool, Warm};
use crate::unread::Unread;
use async_trait::async_trait;
use mortise_domain::chat::{ChatAbilities, ChatEvent, ChatRequest};
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
    linked: Linked<ChatModelWorld>,
    pool: Pool<Box<dyn OpenChatModel>>,
    abilities: OnceCell<ChatAbilities>,
}

impl ChatModelPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        let pool = Pool::new(&plugin);
        Self(Arc::new(Inner { pool, linked: Linked::new(), abilities: OnceCell::new(), plugin }))
    }

    /// How many instances wait.
    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.0.pool.idle()
    }
}

impl Inner {
    async fn lend(&self, control: Control) -> Result<Warm<Box<dyn OpenChatModel>>, FaultReason> {
        super::lend(&self.plugin, &self.linked, |line, linked| line.chat_model(linked), &self.pool, control).await
    }

    async fn abilities(&self) -> Result<&ChatAbilities, FaultReason> {
        let ask = async || {
            let _running = self.plugin.admit(None).await?;
            let control = self.plugin.control(None);
            let mut warm = self.lend(control.clone()).await?;
            let Warm { store, world, .. } = &mut warm;
            let abilities = match control.guard(world.abilities(store)).await {
                Ok(abilities) => abilities,
                Err(failure) => return Err(store.data().reason(failure)),
            };
            self.pool.take_back(warm);
            Ok(abilities)
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
    warm: Warm<Box<dyn OpenChatModel>>,
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
        let Warm { store, world, .. } = &mut warm;
        let completion = match control.guard(world.complete(store, request)).await {
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
        let given = match control.guard(world.next(store, self.completion)).await {
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
