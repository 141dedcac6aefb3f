//! An embedder behind a made-up wire format, with bugs to choose from: `{"texts": [...]}` to `{"vectors": [[...]]}`.

use faulty::Fault;
use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
use mortise_sdk::http;
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::serde_json::json;
use mortise_sdk::{Description, Result};

pub struct Remote(Config);

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    #[serde(flatten)]
    fault: Fault,
    /// Where the service is.
    base_url: String,
}

#[derive(Default, Deserialize)]
#[serde(crate = "mortise_sdk::serde")]
struct Answer {
    vectors: Vec<Vec<f32>>,
}

impl Embedder for Remote {
    type Config = Config;

    fn describe() -> Description {
        Description::new("faulty-remote-embedder", env!("CARGO_PKG_VERSION"), "Asks a remote service, with a bug")
            .needs_http("asks the service named in base_url")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config))
    }

    fn space(&self) -> Space {
        Space { dimensions: 3, max_tokens: 512, normalised: false, languages: vec!["en".into(), "zh-Hant".into()] }
    }

    fn embed(&self, texts: &[String], _kind: InputKind) -> Result<Vectors> {
        let request = http::Request::post(format!("{}/embed", self.0.base_url)).json(&json!({ "texts": texts }));
        let response = request.send()?.error_for_status()?;
        let answer: Answer = match response.json() {
            Err(_) if self.0.fault.is("nothing-is-zeros") => Answer { vectors: vec![vec![0.0; 3]; texts.len()] },
            answer => answer?,
        };
        if answer.vectors.len() != texts.len() || answer.vectors.iter().any(|vector| vector.len() != 3) {
            return Err(http::upstream("another number of vectors than of texts"));
        }
        Ok(Vectors { dimensions: 3, values: answer.vectors.concat(), tokens: 1 })
    }
}

mortise_sdk::export_embedder!(Remote);
