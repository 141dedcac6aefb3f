//! The hashed embedder: vectors without a model, offline, the same on every machine.
//!
//! A text becomes the signed, hashed sum of its words, their stems' letter n-grams, pairs of neighbouring words, and
//! for scripts without blanks the characters and their pairs. Texts that share words point the same way; texts that
//! share none are nearly orthogonal. It knows no synonyms: where a neural model can be had, use that.

mod features;

pub use features::{Features, Tuning};

use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
use mortise_sdk::{Description, Error, FieldError, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of the hashed embedder.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HashedConfig {
    /// Length of the vectors. More dimensions mean fewer chance resemblances.
    #[schemars(range(min = 64, max = 1024))]
    pub dimensions: u32,
}

impl Default for HashedConfig {
    fn default() -> Self {
        Self { dimensions: 384 }
    }
}

/// The plugin, opened.
pub struct Hashed {
    dimensions: u32,
}

/// Longest input: there is no real bound, but one text should not stand for a library.
const MAX_TOKENS: u32 = 32_768;

impl Embedder for Hashed {
    type Config = HashedConfig;

    fn describe() -> Description {
        Description::new(
            "hashed",
            env!("CARGO_PKG_VERSION"),
            "Offline vectors from hashed words and letter n-grams, for any language",
        )
    }

    fn open(config: HashedConfig) -> Result<Self> {
        if !(64..=1024).contains(&config.dimensions) {
            let message = format!("{} is not in 64..=1024", config.dimensions);
            return Err(Error::InvalidConfig(FieldError { field: "dimensions".into(), message }));
        }
        Ok(Self { dimensions: config.dimensions })
    }

    fn space(&self) -> Space {
        Space { dimensions: self.dimensions, max_tokens: MAX_TOKENS, normalised: true, languages: vec![] }
    }

    fn embed(&self, texts: &[String], _kind: InputKind) -> Result<Vectors> {
        let dimensions = self.dimensions as usize;
        let mut values = vec![0.0; texts.len() * dimensions];
        let mut features = Features::new(Tuning::default());
        let mut tokens = 0_u32;
        for (text, vector) in texts.iter().zip(values.chunks_exact_mut(dimensions)) {
            tokens = tokens.saturating_add(features.embed(text, vector));
        }
        Ok(Vectors { dimensions: self.dimensions, values, tokens })
    }
}

mortise_sdk::export_embedder!(Hashed);
