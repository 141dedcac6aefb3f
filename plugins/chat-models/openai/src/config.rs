//! The operator's settings.

use crate::invalid;
use mortise_sdk::http::Url;
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::serde_json::{Map, Value};
use mortise_sdk::{Error, Result};

/// Which model to ask, and where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde")]
pub struct Config {
    /// Name of the model, as the endpoint knows it.
    #[schemars(length(min = 1))]
    pub model: String,
    /// Address of the API; `/chat/completions` is appended to it.
    #[serde(default = "default_base_url")]
    pub base_url: String,
    /// Name of the secret that the host adds to every request; empty for endpoints without keys.
    #[serde(default = "default_secret")]
    pub secret: String,
    /// Tokens that question and answer may have together.
    #[serde(default = "default_context_tokens")]
    #[schemars(range(min = 1))]
    pub context_tokens: u32,
    /// Seconds to wait for a connection, for the first byte, and between any two bytes of the answer.
    #[serde(default = "default_timeout_seconds")]
    #[schemars(range(min = 1))]
    pub timeout_seconds: u32,
    /// Whether the answer is asked for word by word.
    #[serde(default = "yes")]
    pub stream: bool,
    /// How often a request is repeated after a broken connection, status 408, 429 or 5xx, as long as nothing of the
    /// answer has arrived.
    #[serde(default = "default_max_retries")]
    #[schemars(range(max = 10))]
    pub max_retries: u32,
    /// Whether the model takes pictures.
    #[serde(default = "yes")]
    pub images: bool,
    /// Whether the model calls tools.
    #[serde(default = "yes")]
    pub tools: bool,
    /// Whether the model follows a JSON Schema.
    #[serde(default = "yes")]
    pub json_schema: bool,
    /// Which field of the request limits the length of the answer. Unset: `max_completion_tokens` at api.openai.com,
    /// whose newer models insist on it, and `max_tokens` elsewhere.
    #[serde(default)]
    pub token_limit_field: Option<TokenLimitField>,
    /// Further fields of the request body, merged into it last; `null` removes a field.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// Names under which endpoints know the limit of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
pub enum TokenLimitField {
    /// The older one, known nearly everywhere.
    MaxTokens,
    /// OpenAI's newer one.
    MaxCompletionTokens,
}

impl Config {
    /// Where requests go. A `base_url` that already names the route is taken as it is meant.
    ///
    /// # Errors
    /// `invalid-config` naming `base_url`.
    pub(crate) fn url(&self) -> Result<Url> {
        const ROUTE: &str = "chat/completions";
        let base = self.base_url.trim().trim_end_matches('/');
        let base = base.strip_suffix(ROUTE).unwrap_or(base);
        let url = Url::parse(base).map_err(|error| invalid("base_url", error.to_string()))?;
        Ok(url.join(ROUTE))
    }

    /// The request's field for the token limit.
    pub(crate) fn token_limit_field(&self, url: &Url) -> &'static str {
        let field = self.token_limit_field.unwrap_or(match url.authority() {
            "api.openai.com" => TokenLimitField::MaxCompletionTokens,
            _ => TokenLimitField::MaxTokens,
        });
        match field {
            TokenLimitField::MaxTokens => "max_tokens",
            TokenLimitField::MaxCompletionTokens => "max_completion_tokens",
        }
    }

    /// An error for a request that needs more than the operator says the model can do.
    pub(crate) fn lacks(&self, ability: &str) -> Error {
        Error::Unsupported(format!("{ability} by the model {}, according to its settings", self.model))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model: String::new(),
            base_url: default_base_url(),
            secret: default_secret(),
            context_tokens: default_context_tokens(),
            timeout_seconds: default_timeout_seconds(),
            stream: true,
            max_retries: default_max_retries(),
            images: true,
            tools: true,
            json_schema: true,
            token_limit_field: None,
            extra: Map::new(),
        }
    }
}

fn default_base_url() -> String {
    "https://api.openai.com/v1".into()
}

fn default_secret() -> String {
    "openai".into()
}

fn default_context_tokens() -> u32 {
    128_000
}

fn default_timeout_seconds() -> u32 {
    120
}

fn default_max_retries() -> u32 {
    2
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::Config as _;

    fn url(base_url: &str) -> String {
        Config { base_url: base_url.into(), ..Config::default() }.url().unwrap().to_string()
    }

    #[test]
    fn the_route_is_appended_once() {
        assert_eq!(url("https://api.openai.com/v1"), "https://api.openai.com/v1/chat/completions");
        assert_eq!(url("http://localhost:11434/v1/"), "http://localhost:11434/v1/chat/completions");
        assert_eq!(url("http://h/v1/chat/completions"), "http://h/v1/chat/completions");
        assert_eq!(url("https://h/deploy?api-version=1"), "https://h/deploy/chat/completions?api-version=1");
    }

    #[test]
    fn the_defaults_of_the_schema_are_those_of_the_code() {
        let read = Config::from_json(r#"{"model": "m", "chunk_token_num": 5}"#).unwrap();
        let expected = Config { model: "m".into(), ..Config::default() };
        assert_eq!(format!("{read:?}"), format!("{expected:?}"));
        assert!(Config::from_json("{}").is_err(), "the model has no default");
    }

    #[test]
    fn the_token_limit_goes_by_the_host_unless_set() {
        let field = |base_url: &str, set| {
            let config = Config { base_url: base_url.into(), token_limit_field: set, ..Config::default() };
            config.token_limit_field(&config.url().unwrap())
        };
        assert_eq!(field("https://api.openai.com/v1", None), "max_completion_tokens");
        assert_eq!(field("http://localhost/v1", None), "max_tokens");
        assert_eq!(field("http://localhost/v1", Some(TokenLimitField::MaxCompletionTokens)), "max_completion_tokens");
    }
}
