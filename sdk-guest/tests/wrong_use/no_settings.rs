//! Settings that lack a derive, and settings that lack all of them.

use mortise_sdk::chunker::{Blocks, Chunker, Chunks};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde")]
struct Half {
    size: u32,
}

struct Mine;

impl Chunker for Mine {
    type Config = Half;
    fn describe() -> Description {
        Description::new("mine", "0.1.0", "Mine")
    }
    fn split(_: &Blocks<'_>, _: Half) -> Result<Chunks> {
        Ok(Chunks { chunks: vec![], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Mine);

struct Bare {
    size: u32,
}

fn main() {
    let _ = mortise_sdk::testing::settings::<Bare>(mortise_sdk::serde_json::json!({}));
}
