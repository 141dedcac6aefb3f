//! A chat model that sends requests where it may not, and answers with what came back. It asks for HTTP properly;
//! what it reaches must be what was granted and nothing else, by redirects or otherwise, and it must never see a key.

use mortise_sdk::chat_model::{Abilities, ChatModel, Event, Events, FinishReason, Request};
use mortise_sdk::http::{Request as HttpRequest, Response};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

pub struct Reaches(Config);

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Where to send.
    url: String,
    /// Secret to ask for.
    secret: String,
    /// Headers to set, permitted or not.
    headers: Vec<(String, String)>,
    /// Whether to go where a redirect points.
    follow: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { url: "http://example.com/".into(), secret: String::new(), headers: vec![], follow: false }
    }
}

impl ChatModel for Reaches {
    type Config = Config;

    fn describe() -> Description {
        Description::new("reaches", env!("CARGO_PKG_VERSION"), "Sends requests where it may not")
            .needs_http("goes wherever its settings say")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config))
    }

    fn abilities(&self) -> Abilities {
        Abilities { context_tokens: 1024, instructions: false, images: false, tools: false, json_schema: false }
    }

    fn complete(&self, _request: Request) -> Result<Events> {
        let mut response = send(&self.0, &self.0.url)?;
        if let Some(target) = response.header("location").filter(|_| self.0.follow).map(str::to_owned) {
            response = send(&self.0, &target)?;
        }
        let status = response.status();
        let text = format!("{status} {}", String::from_utf8_lossy(&response.bytes()?));
        Ok(Box::new([Ok(Event::Text(text)), Ok(Event::Finish(FinishReason::Stop))].into_iter()))
    }
}

fn send(config: &Config, url: &str) -> Result<Response> {
    let request = HttpRequest::get(url).secret(&config.secret);
    config.headers.iter().fold(request, |request, (name, value)| request.header(name, value)).send()
}

mortise_sdk::export_chat_model!(Reaches);
