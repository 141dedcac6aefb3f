//! Chat models behind the OpenAI chat-completions wire format: OpenAI itself, and every server that speaks it.
//!
//! What goes over the wire is built in `request`, what comes back is understood in `answer`
//! (and `thoughts`); both are pure.
//! `completion` joins them with HTTP and decides about retries.

mod answer;
mod completion;
mod config;
mod request;
mod retry;
mod thoughts;

pub use config::{Config, TokenLimitField};

use completion::Completion;
use mortise_sdk::chat_model::{Abilities, ChatModel, Events, Request};
use mortise_sdk::http::{self, Response, Url};
use mortise_sdk::{Description, Error, FieldError, Result};
use std::rc::Rc;
use std::time::Duration;

/// A model of one endpoint.
pub struct OpenAi {
    endpoint: Rc<Endpoint>,
    config: Config,
}

/// Where and how requests are sent.
struct Endpoint {
    url: Url,
    secret: String,
    timeout: Duration,
}

impl ChatModel for OpenAi {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            "openai",
            env!("CARGO_PKG_VERSION"),
            "Chat models of OpenAI and of every server that speaks its chat-completions format",
        )
        .needs_http("sends the conversation to the chat-completions endpoint named in base_url")
    }

    fn open(config: Config) -> Result<Self> {
        let url = config.url()?;
        if config.model.trim().is_empty() {
            return Err(invalid("model", "name the model to ask for"));
        }
        if config.timeout_seconds == 0 {
            return Err(invalid("timeout_seconds", "must be at least 1"));
        }
        let timeout = Duration::from_secs(config.timeout_seconds.into());
        Ok(Self { endpoint: Rc::new(Endpoint { url, secret: config.secret.clone(), timeout }), config })
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            context_tokens: self.config.context_tokens,
            instructions: true,
            images: self.config.images,
            tools: self.config.tools,
            json_schema: self.config.json_schema,
        }
    }

    fn complete(&self, request: Request) -> Result<Events> {
        let body = request::body(&self.config, &self.endpoint.url, &request)?;
        let endpoint = Rc::clone(&self.endpoint);
        let send = move || endpoint.send(&body);
        Ok(Box::new(Completion::new(send, std::thread::sleep, self.config.max_retries)))
    }
}

impl Endpoint {
    fn send(&self, body: &[u8]) -> Result<Response> {
        http::Request::post(self.url.to_string())
            .secret(&self.secret)
            .header("content-type", "application/json")
            .header("accept", "text/event-stream, application/json")
            .header("user-agent", concat!("mortise-openai/", env!("CARGO_PKG_VERSION")))
            .timeout(self.timeout)
            .body(body)
            .send()
    }
}

fn invalid(field: &str, message: impl Into<String>) -> Error {
    Error::InvalidConfig(FieldError { field: field.into(), message: message.into() })
}

mortise_sdk::export_chat_model!(OpenAi);

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(config: Config) -> String {
        match OpenAi::open(config) {
            Err(Error::InvalidConfig(error)) => error.field,
            _ => panic!("accepted"),
        }
    }

    #[test]
    fn settings_are_checked_when_the_model_opens() {
        let good = Config { model: "m".into(), ..Config::default() };
        assert!(OpenAi::open(good.clone()).is_ok());
        assert_eq!(field_of(Config { model: " ".into(), ..good.clone() }), "model");
        assert_eq!(field_of(Config { base_url: "localhost:8000".into(), ..good.clone() }), "base_url");
        assert_eq!(field_of(Config { base_url: "https://me:pw@h/v1".into(), ..good.clone() }), "base_url");
        assert_eq!(field_of(Config { timeout_seconds: 0, ..good }), "timeout_seconds");
    }

    #[test]
    fn abilities_follow_the_settings() {
        let config = Config { model: "m".into(), context_tokens: 8192, images: false, ..Config::default() };
        let abilities = OpenAi::open(config).unwrap().abilities();
        assert_eq!(abilities.context_tokens, 8192);
        assert!(!abilities.images && abilities.tools && abilities.json_schema && abilities.instructions);
    }

    #[test]
    fn outside_of_a_component_the_first_event_is_the_error() {
        let config = Config { model: "m".into(), ..Config::default() };
        let request = request::tests::empty();
        let mut events = OpenAi::open(config).unwrap().complete(request).unwrap();
        assert!(matches!(events.next(), Some(Err(Error::Unsupported(m))) if m.contains("api.openai.com")));
        assert!(events.next().is_none());
    }
}
