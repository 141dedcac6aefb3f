//! Tests of a plugin without a host and without wasm: `cargo test`, and nothing else.
//!
//! A plugin's crate is an ordinary library outside of wasm. Here is what stands in for the host there:
//!
//! | role | run it with | check it with |
//! |---|---|---|
//! | chunker | [`split`] a [`Document`] written by hand | [`assert_covered`], [`assert_at_most`], [`assert_in_order`] |
//! | parser | [`parse`] bytes | the blocks in [`Parse::kept`] |
//! | embedder | [`open_embedder`], [`embed`] | [`assert_embedder`] |
//! | reranker | [`open_reranker`], [`score`] | what [`score`] checks itself |
//! | chat model | [`open_chat_model`], [`answer`] | what [`answer`] checks itself |
//!
//! Settings go through the plugin's own schema, as the host does it ([`settings`]); what a call logs and how it tells its
//! progress is kept ([`record`]); and [`Upstream`] answers the HTTP requests of an adapter from a script.
//!
//! These tests are about the plugin's own logic. `mortise plugin test` runs the built component against the whole
//! contract.
//!
//! # An adapter, tested against a script
//!
//! ```
//! use mortise_sdk::http::Request;
//! use mortise_sdk::reranker::Reranker;
//! use mortise_sdk::serde_json::{Value, json};
//! use mortise_sdk::testing::{self, Reply, Upstream};
//! use mortise_sdk::{Description, Error, NoConfig, Result};
//!
//! struct Acme;
//!
//! impl Reranker for Acme {
//!     type Config = NoConfig;
//!     fn describe() -> Description {
//!         Description::new("acme", "0.1.0", "Acme's reranker").needs_http("sends the question and the texts to Acme")
//!     }
//!     fn open(_: NoConfig) -> Result<Self> {
//!         Ok(Acme)
//!     }
//!     fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>> {
//!         let answer: Value = Request::post("https://api.acme.example/rerank")
//!             .secret("acme")
//!             .json(&json!({"query": query, "texts": texts}))
//!             .send_json()?;
//!         let scores = answer["scores"].as_array().ok_or_else(|| Error::upstream_status(200, "no scores"))?;
//!         Ok(scores.iter().filter_map(|score| score.as_f64()).map(|score| score as f32).collect())
//!     }
//! }
//! # fn main() {
//! testing::assert_description::<NoConfig>(Acme::describe());
//! let model = testing::open_reranker::<Acme>(json!({})).unwrap();
//!
//! let upstream = Upstream::new([Reply::json(&json!({"scores": [0.1, 0.9]})), Reply::status(401)]);
//! assert_eq!(testing::score(&model, "tenon", &["a crane", "a tenon"]).unwrap(), [0.1, 0.9]);
//! assert_eq!(upstream.sent()[0].json()["texts"][1], "a tenon");
//! assert_eq!(upstream.sent()[0].header("x-mortise-secret"), Some("acme"));
//!
//! let refused = testing::score(&model, "tenon", &["a crane"]).unwrap_err();
//! assert!(matches!(refused, Error::Upstream(error) if error.status == Some(401)));
//! # }
//! ```

mod assertions;
mod document;
pub(crate) mod record;
mod reply;
mod roles;
mod settings;
pub(crate) mod upstream;

pub use assertions::{assert_at_most, assert_covered, assert_description, assert_embedder, assert_in_order};
pub use document::Document;
pub use record::{Record, record};
pub use reply::Reply;
pub use roles::{
    Answer, Parse, Split, answer, embed, open_chat_model, open_embedder, open_reranker, parse, score, split,
};
pub use settings::settings;
pub use upstream::{Sent, Upstream};
