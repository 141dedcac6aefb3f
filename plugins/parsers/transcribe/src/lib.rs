//! Audio files, written down by a remote service that speaks OpenAI's `/audio/transcriptions`.
//!
//! `request` builds what goes out, `transcript` understands what comes back; both are pure.

mod request;
mod transcript;

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::http::{Request, Retry, Url};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Error, FieldError, Result, host, serde_json};
use std::time::Duration;

/// Which service writes speech down, and how it is asked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Name of the model, as the service knows it; required in effect.
    pub model: String,
    /// Address of the API; `/audio/transcriptions` is appended to it.
    pub base_url: String,
    /// Name of the secret that the host adds to every request; empty for services without keys.
    pub secret: String,
    /// ISO 639-1 code, when all files are in one language; empty: the service finds out.
    pub language: String,
    /// Words that the service should expect, such as names and terms.
    pub prompt: String,
    /// Whether segments with their times are asked for.
    pub timestamps: bool,
    /// Largest file that is sent, in megabytes.
    #[schemars(range(min = 1, max = 100))]
    pub max_mb: u32,
    /// Seconds to wait for a connection, for the first byte, and between any two bytes of the answer.
    #[schemars(range(min = 1))]
    pub timeout_seconds: u32,
    /// How often a request is repeated after a broken connection, status 408, 425, 429 or 5xx.
    #[schemars(range(max = 10))]
    pub max_retries: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model: String::new(),
            base_url: "https://api.openai.com/v1".into(),
            secret: "openai".into(),
            language: String::new(),
            prompt: String::new(),
            timestamps: false,
            max_mb: 25,
            timeout_seconds: 110,
            max_retries: 2,
        }
    }
}

/// The parser.
pub struct Transcribe;

impl Parser for Transcribe {
    type Config = Config;

    fn describe() -> Description {
        Description::new(
            "transcribe",
            env!("CARGO_PKG_VERSION"),
            "Speech, written down by a service that speaks OpenAI's audio/transcriptions",
        )
        .needs_http("sends audio files to the transcription service named in base_url")
    }

    fn accepts() -> Accepts {
        let extensions = [
            "wav", "wave", "mp3", "mpga", "m4a", "aac", "flac", "ogg", "oga", "opus", "aiff", "aif", "au", "wma",
            "ape", "alac",
        ];
        let media_types =
            ["audio/mpeg", "audio/wav", "audio/x-wav", "audio/mp4", "audio/flac", "audio/ogg", "audio/aac"];
        accepts(&media_types, &extensions)
    }

    fn parse(file: &File<'_>, config: Config, out: &mut Output) -> Result<()> {
        if config.model.trim().is_empty() {
            let message = "no transcription service is configured: give the plugin `transcribe` a model, its hosts and \
                           its key in the settings";
            return Err(invalid("model", message));
        }
        let url = Url::parse(config.base_url.trim().trim_end_matches('/'))
            .map_err(|error| invalid("base_url", error.to_string()))?
            .join("audio/transcriptions");
        let (size, most) = (file.size(), u64::from(config.max_mb) << 20);
        if size > most {
            return Err(Error::InvalidInput(format!(
                "the recording has {} MB, and at most {} MB are sent to be transcribed",
                size.div_ceil(1 << 20),
                config.max_mb
            )));
        }
        if size == 0 {
            return Err(Error::InvalidInput("the recording is empty".into()));
        }
        host::progress(0.05, "sending the recording");
        let form = request::form(&config, &file.name(), &file.media_type(), &file.read_all());
        let answer = Request::post(url.to_string())
            .secret(&config.secret)
            .header("content-type", &form.content_type)
            .header("accept", "application/json")
            .timeout(Duration::from_secs(config.timeout_seconds.max(1).into()))
            .retry(Retry::new(config.max_retries.saturating_add(1)))
            .body(form.body)
            .send()?
            .error_for_status()?;
        let transcript = transcript::read(&answer.bytes()?)?;
        let mut metadata = serde_json::Map::new();
        if let Some(language) = transcript.language {
            metadata.insert("language".into(), language.into());
        }
        if let Some(seconds) = transcript.seconds {
            metadata.insert("duration_seconds".into(), seconds.into());
        }
        out.metadata(&metadata.into());
        if transcript.paragraphs.is_empty() {
            out.warn(None, "no speech was found in the recording");
        }
        for paragraph in transcript.paragraphs {
            out.emit(Block::new(0, BlockKind::Paragraph, paragraph));
        }
        Ok(())
    }
}

mortise_sdk::export_parser!(Transcribe);

fn invalid(field: &str, message: impl Into<String>) -> Error {
    Error::InvalidConfig(FieldError { field: field.into(), message: message.into() })
}
