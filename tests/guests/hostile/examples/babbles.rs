//! A chat model that does not stop talking. The host must stop listening: when the limit is reached, and when the
//! reader goes away.

use mortise_sdk::chat_model::{Abilities, ChatModel, Event, Events, Request};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};
use std::time::Duration;

pub struct Babbles(Config);

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Words to say before it ends without a finish; 0 never ends.
    words: u32,
    /// Milliseconds of thought before every word.
    pause: u32,
}

impl ChatModel for Babbles {
    type Config = Config;

    fn describe() -> Description {
        Description::new("babbles", env!("CARGO_PKG_VERSION"), "Does not stop talking")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config))
    }

    fn abilities(&self) -> Abilities {
        Abilities { context_tokens: 1024, instructions: true, images: false, tools: false, json_schema: false }
    }

    fn complete(&self, _request: Request) -> Result<Events> {
        let Config { words, pause } = self.0;
        let limit = if words == 0 { usize::MAX } else { words as usize };
        let say = move || {
            std::thread::sleep(Duration::from_millis(pause.into()));
            Ok(Event::Text("bla ".into()))
        };
        Ok(Box::new(std::iter::repeat_with(say).take(limit)))
    }
}

mortise_sdk::export_chat_model!(Babbles);
