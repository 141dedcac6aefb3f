//! Messages → a stream of deltas.
//!
//! The host pulls one event at a time, and drops the answer to cancel it. Text deltas concatenate to the answer, `Finish`
//! is the last event.
//!
//! ```
//! use mortise_sdk::chat_model::{Abilities, ChatModel, Event, Events, FinishReason, Message, Request};
//! use mortise_sdk::{Description, NoConfig, Result, testing};
//!
//! /// Says the question again, word by word.
//! struct Echo;
//!
//! impl ChatModel for Echo {
//!     type Config = NoConfig;
//!
//!     fn describe() -> Description {
//!         Description::new("echo", env!("CARGO_PKG_VERSION"), "Says the question again")
//!     }
//!
//!     fn open(_: NoConfig) -> Result<Self> {
//!         Ok(Echo)
//!     }
//!
//!     fn abilities(&self) -> Abilities {
//!         Abilities { context_tokens: 4096, instructions: false, images: false, tools: false, json_schema: false }
//!     }
//!
//!     fn complete(&self, request: Request) -> Result<Events> {
//!         let question = request.messages.last().map(Message::text).unwrap_or_default();
//!         let words: Vec<String> = question.split_inclusive(' ').map(str::to_owned).collect();
//!         let deltas = words.into_iter().map(Event::Text).chain([Event::Finish(FinishReason::Stop)]);
//!         Ok(Box::new(deltas.map(Ok)))
//!     }
//! }
//!
//! mortise_sdk::export_chat_model!(Echo);
//! # fn main() {
//! let model = testing::open_chat_model::<Echo>(mortise_sdk::serde_json::json!({})).unwrap();
//! let request = Request { messages: vec![Message::user("Who is there?")], ..Request::default() };
//! let answer = testing::answer(&model, request).unwrap();
//! assert_eq!((answer.text.as_str(), answer.events.len()), ("Who is there?", 4));
//! # }
//! ```
//!
//! An adapter of a remote model sends its request with [`http`](crate::http) and turns the service's stream into events;
//! [`testing::Upstream`](crate::testing::Upstream) plays the service in tests.

use crate::bindings::chat_model::exports::mortise::plugin::chat_model as wit;
pub use crate::bindings::chat_model::exports::mortise::plugin::chat_model::{
    Abilities, Content, Event, FinishReason, Image, Message, Passage, Request, Role, Tool, ToolCall, ToolChoice, Usage,
};
use crate::{Config, Description, Result};
use std::cell::RefCell;

/// The events of one answer: text deltas concatenate to it, `Finish` is the last.
pub type Events = Box<dyn Iterator<Item = Result<Event>>>;

/// A chat model. Export it with [`export_chat_model!`](crate::export_chat_model).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a chat model",
    label = "`ChatModel` is not implemented for `{Self}`",
    note = "`export_chat_model!` takes the type that implements `mortise_sdk::chat_model::ChatModel`",
    note = "other roles have macros of their own: export_parser!, export_chunker!, export_embedder!, export_reranker!"
)]
pub trait ChatModel: Sized + 'static {
    /// Settings given by the operator.
    type Config: Config;
    /// Name, version, summary. Must always be the same.
    fn describe() -> Description;
    /// Makes the model ready; the result may serve many calls.
    ///
    /// # Errors
    /// `invalid-config`, or whatever keeps the model from opening.
    fn open(config: Self::Config) -> Result<Self>;
    /// What the model can do with this configuration.
    fn abilities(&self) -> Abilities;
    /// Begins an answer. The host pulls the iterator one event at a time and drops it to cancel, so do the work in
    /// `next`, not here.
    ///
    /// # Errors
    /// Whatever keeps the answer from beginning; later errors come from the iterator.
    fn complete(&self, request: Request) -> Result<Events>;
}

impl Default for Request {
    /// A request without messages that leaves everything to the model.
    fn default() -> Self {
        Request {
            messages: vec![],
            passages: vec![],
            tools: vec![],
            tool_choice: None,
            temperature: None,
            top_p: None,
            max_tokens: None,
            frequency_penalty: None,
            presence_penalty: None,
            stop: vec![],
            seed: None,
            response_schema: None,
        }
    }
}

impl Message {
    /// What the system says.
    pub fn system(text: impl Into<String>) -> Self {
        Self::of(Role::System, text.into())
    }

    /// What the user says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::of(Role::User, text.into())
    }

    /// What the model said before.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::of(Role::Assistant, text.into())
    }

    fn of(role: Role, text: String) -> Self {
        Message { role, content: vec![Content::Text(text)], tool_calls: vec![], tool_call_id: None }
    }

    /// The texts of the message's content, concatenated.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|c| match c {
            Content::Text(text) => Some(text.as_str()),
            Content::Image(_) => None,
        });
        texts.collect()
    }
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);
#[doc(hidden)]
pub struct Opened<T>(T);
#[doc(hidden)]
pub struct Pulled(RefCell<Events>);

impl<T: ChatModel> wit::Guest for Adapter<T> {
    type Model = Opened<T>;
    type Completion = Pulled;
    fn describe() -> crate::bindings::host::mortise::plugin::types::Descriptor {
        T::describe().into_descriptor::<T::Config>()
    }
}

impl<T: ChatModel> wit::GuestModel for Opened<T> {
    fn open(config: String) -> Result<wit::Model> {
        Ok(wit::Model::new(Opened(T::open(T::Config::from_json(&config)?)?)))
    }
    fn abilities(&self) -> Abilities {
        self.0.abilities()
    }
    fn complete(&self, request: Request) -> Result<wit::Completion> {
        Ok(wit::Completion::new(Pulled(RefCell::new(self.0.complete(request)?))))
    }
}

impl wit::GuestCompletion for Pulled {
    fn next(&self) -> Result<Option<Event>> {
        self.0.borrow_mut().next().transpose()
    }
}

/// Makes the component of a [`ChatModel`](crate::chat_model::ChatModel): `mortise_sdk::export_chat_model!(MyModel);`
///
/// Once in a crate, at its top level. Outside of wasm it only checks that the type is a chat model.
#[macro_export]
macro_rules! export_chat_model {
    ($plugin:ty $(,)?) => {
        $crate::__one_plugin_per_crate!();
        const _: () = {
            const fn is_a_chat_model<T: $crate::chat_model::ChatModel>() {}
            is_a_chat_model::<$plugin>();
        };
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::chat_model::Adapter<$plugin>;
            $crate::bindings::chat_model::__export_chat_model_world!(Component with_types_in $crate::bindings::chat_model);
        };
    };
    ($($other:tt)*) => {
        ::core::compile_error!("name the one type that implements `ChatModel`: export_chat_model!(MyModel);");
    };
}
