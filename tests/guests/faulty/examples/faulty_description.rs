//! A reranker whose description depends on the clock.

use mortise_sdk::reranker::Reranker;
use mortise_sdk::{Description, NoConfig, Result};

pub struct Moody;

impl Reranker for Moody {
    type Config = NoConfig;

    fn describe() -> Description {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let summary = format!("Shares of common words, since {}", now.as_millis());
        Description::new("faulty-description", env!("CARGO_PKG_VERSION"), &summary)
    }

    fn open(_config: NoConfig) -> Result<Self> {
        Ok(Self)
    }

    fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>> {
        let query = faulty::terms(query);
        let share = |text: &String| {
            let text = faulty::terms(text);
            query.iter().filter(|term| text.contains(term)).count() as f32 / query.len().max(1) as f32
        };
        Ok(texts.iter().map(share).collect())
    }
}

mortise_sdk::export_reranker!(Moody);
