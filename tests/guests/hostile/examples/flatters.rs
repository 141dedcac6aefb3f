//! A reranker whose scores break the contract. None may order anything.

use mortise_sdk::reranker::Reranker;
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

pub struct Flatters(Flattery);

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// What is wrong with the scores.
    flattery: Flattery,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
pub enum Flattery {
    /// They are below 0.
    #[default]
    Negative,
    /// They are above 1.
    Above,
    /// They are no numbers.
    Nan,
    /// They are infinite.
    Infinite,
    /// The last is missing.
    Missing,
    /// There is one too many.
    Spare,
    /// Nothing.
    None,
}

impl Reranker for Flatters {
    type Config = Config;

    fn describe() -> Description {
        Description::new("flatters", env!("CARGO_PKG_VERSION"), "Gives broken scores")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config.flattery))
    }

    fn score(&self, _query: &str, texts: &[String]) -> Result<Vec<f32>> {
        let score = match self.0 {
            Flattery::Negative => -0.5,
            Flattery::Above => 1.5,
            Flattery::Nan => f32::NAN,
            Flattery::Infinite => f32::INFINITY,
            Flattery::Missing | Flattery::Spare | Flattery::None => 0.5,
        };
        let scores = match self.0 {
            Flattery::Missing => texts.len().saturating_sub(1),
            Flattery::Spare => texts.len() + 1,
            _ => texts.len(),
        };
        Ok(vec![score; scores])
    }
}

mortise_sdk::export_reranker!(Flatters);
