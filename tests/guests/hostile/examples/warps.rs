//! An embedder whose vectors break the contract. None may reach an index.

use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

pub struct Warps(Warp);

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// What is wrong with the vectors.
    warp: Warp,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", rename_all = "snake_case")]
pub enum Warp {
    /// One of their numbers is none.
    #[default]
    Nan,
    /// The last is missing.
    Missing,
    /// The last lacks a number.
    Short,
    /// They have one dimension more than the space.
    Wide,
    /// They are not of length 1 although the space says so.
    Long,
    /// The space has no dimensions.
    Flat,
}

const DIMENSIONS: u32 = 4;

impl Embedder for Warps {
    type Config = Config;

    fn describe() -> Description {
        Description::new("warps", env!("CARGO_PKG_VERSION"), "Gives broken vectors")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config.warp))
    }

    fn space(&self) -> Space {
        let dimensions = if self.0 == Warp::Flat { 0 } else { DIMENSIONS };
        Space { dimensions, max_tokens: 512, normalised: true, languages: vec![] }
    }

    fn embed(&self, texts: &[String], _kind: InputKind) -> Result<Vectors> {
        let dimensions = match self.0 {
            Warp::Wide => DIMENSIONS + 1,
            Warp::Flat => 0,
            _ => DIMENSIONS,
        };
        let vectors = if self.0 == Warp::Missing { texts.len().saturating_sub(1) } else { texts.len() };
        let mut one = vec![0.0; dimensions as usize];
        if let Some(first) = one.first_mut() {
            *first = match self.0 {
                Warp::Nan => f32::NAN,
                Warp::Long => 5.0,
                _ => 1.0,
            };
        }
        let mut values = one.repeat(vectors);
        if self.0 == Warp::Short {
            values.pop();
        }
        Ok(Vectors { dimensions, values, tokens: 1 })
    }
}

mortise_sdk::export_embedder!(Warps);
