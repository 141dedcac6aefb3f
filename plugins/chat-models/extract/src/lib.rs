//! The extractive chat model: answers by quoting the passages, offline, and never says what is not there.
//!
//! It takes the last user message as the question, looks for the sentences of the passages that answer it best, and
//! gives them with a citation each. Where nothing fits it says so. It cannot write, translate or reason.

mod answer;
mod knowledge;
mod question;
mod rank;
mod stream;

pub use answer::answer;
pub use knowledge::{Knowledge, Source};

use mortise_sdk::chat_model::{Abilities, ChatModel, Events, Request};
use mortise_sdk::{Description, Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the extractive chat model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExtractConfig {
    /// Most sentences of an answer.
    #[schemars(range(min = 1, max = 20))]
    pub max_sentences: u32,
    /// How much of the question a sentence and its surroundings must cover to be an answer, 0..1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub floor: f32,
}

impl Default for ExtractConfig {
    fn default() -> Self {
        Self { max_sentences: 3, floor: 0.3 }
    }
}

/// The plugin, opened.
pub struct Extract {
    config: ExtractConfig,
}

impl ChatModel for Extract {
    type Config = ExtractConfig;

    fn describe() -> Description {
        Description::new(
            "extract",
            env!("CARGO_PKG_VERSION"),
            "Offline answers: quotes the sentences of the passages that fit the question best",
        )
    }

    fn open(config: ExtractConfig) -> Result<Self> {
        Ok(Self { config })
    }

    fn abilities(&self) -> Abilities {
        Abilities { context_tokens: 128_000, instructions: false, images: false, tools: false, json_schema: false }
    }

    fn complete(&self, request: Request) -> Result<Events> {
        if request.response_schema.is_some() {
            return Err(Error::Unsupported("this model quotes; it cannot answer in a JSON schema".into()));
        }
        let config = self.config.clone();
        Ok(Box::new(stream::Stream::new(request, move |request| answer::of_request(request, &config))))
    }
}

mortise_sdk::export_chat_model!(Extract);
