//! An embedder that keeps more memory with every call. It must be replaced before it fails for want of it.

use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};
use std::cell::RefCell;

pub struct Swells {
    megabytes: usize,
    kept: RefCell<Vec<Vec<u8>>>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Megabytes to keep of every call.
    megabytes: u32,
}

impl Embedder for Swells {
    type Config = Config;

    fn describe() -> Description {
        Description::new("swells", env!("CARGO_PKG_VERSION"), "Keeps more memory with every call")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self { megabytes: config.megabytes as usize, kept: RefCell::default() })
    }

    fn space(&self) -> Space {
        Space { dimensions: 1, max_tokens: 512, normalised: true, languages: vec![] }
    }

    fn embed(&self, texts: &[String], _kind: InputKind) -> Result<Vectors> {
        self.kept.borrow_mut().push(vec![1; self.megabytes << 20]);
        Ok(Vectors { dimensions: 1, values: vec![1.0; texts.len()], tokens: 1 })
    }
}

mortise_sdk::export_embedder!(Swells);
