//! Ingestion: the life of a document from «start parsing» to chunks that searches find.
//!
//! 1. [`Service::start_parsing`] queues a task per document in one transaction; from then on nothing is lost.
//! 2. A worker (`worker.rs`) claims the task with a lease and keeps the lease alive while it works.
//! 3. The steps (`pipeline.rs`): parser → blocks (kept, `parsed.rs`), chunker → chunks, embedder → vectors.
//! 4. All chunks of the document appear in one transaction; when the index shows them, the document is `DONE`.
//!
//! A crash anywhere leaves an expired lease, and the next claim begins anew: every step is idempotent, because chunk
//! ids follow from the text.

mod parsed;
mod pictures;
mod pipeline;
mod worker;

pub(crate) use parsed::kept as kept_blocks;
pub use pictures::PictureSettings;
pub use worker::Workers;

use crate::Service;
use mortise_domain::{Caller, Cancel, DatasetId, DocumentId, JsonMap, Result};
use std::time::Duration;

/// How documents are ingested.
#[derive(Clone, Debug)]
pub struct IngestSettings {
    /// Documents at a time on this process.
    pub workers: usize,
    /// How long a worker may be silent before another takes its task.
    pub lease: Duration,
    /// Texts embedded in one call.
    pub embed_batch: usize,
    /// Who reads pictures.
    pub pictures: PictureSettings,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self { workers: 2, lease: Duration::from_secs(60), embed_batch: 64, pictures: PictureSettings::default() }
    }
}

impl Service {
    /// Queues documents for parsing, dropping the chunks they have. All or none.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn start_parsing(&self, caller: &Caller, dataset: &DatasetId, ids: &[DocumentId]) -> Result<()> {
        self.cancel_running(ids);
        self.own(caller).start_parsing(dataset, ids).await?;
        tracing::info!(dataset = %dataset, count = ids.len(), "parsing queued");
        Ok(())
    }

    /// Stops the parsing of documents and drops their chunks. What a late worker still does is discarded.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn stop_parsing(&self, caller: &Caller, dataset: &DatasetId, ids: &[DocumentId]) -> Result<()> {
        self.own(caller).stop_parsing(dataset, ids).await?;
        self.cancel_running(ids);
        tracing::info!(dataset = %dataset, count = ids.len(), "parsing stopped");
        Ok(())
    }

    /// Tells runs on this process to stop; runs elsewhere notice at their next heartbeat.
    pub(crate) fn cancel_running(&self, ids: &[DocumentId]) {
        let running = self.running.lock();
        ids.iter().filter_map(|id| running.get(id)).for_each(Cancel::cancel);
    }
}

/// Weight of the file name's vector in every chunk's vector: `filename_embd_weight`, 0..1, default 0.1. Zero switches
/// it off.
pub(crate) fn name_weight(parser_config: &JsonMap) -> f32 {
    const DEFAULT: f32 = 0.1; // RAGFlow's
    match parser_config.get("filename_embd_weight").and_then(serde_json::Value::as_f64) {
        Some(weight) => (weight as f32).clamp(0.0, 1.0),
        None => DEFAULT,
    }
}

/// What is embedded of a file's name: the name without its extension.
pub(crate) fn embedded_name(name: &str) -> String {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// What is embedded of a chunk: its text, and the questions it answers.
pub(crate) fn embedded_text(text: &str, questions: &[String]) -> String {
    if questions.is_empty() { text.to_owned() } else { format!("{}\n{text}", questions.join("\n")) }
}

/// `(1 − weight)·vector + weight·name`, brought back to length 1.
pub(crate) fn mix_in_name(vector: Vec<f32>, name: &[f32], weight: f32) -> Vec<f32> {
    if weight == 0.0 || vector.len() != name.len() {
        return vector;
    }
    let mixed: Vec<f32> = vector.iter().zip(name).map(|(v, n)| (1.0 - weight) * v + weight * n).collect();
    let length = mixed.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 { mixed.into_iter().map(|x| x / length).collect() } else { mixed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_mixed_in_and_the_length_stays_one() {
        let mixed = mix_in_name(vec![1.0, 0.0], &[0.0, 1.0], 0.1);
        assert!((mixed.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((mixed[1] / mixed[0] - 0.1 / 0.9).abs() < 1e-6);
        assert_eq!(mix_in_name(vec![1.0, 0.0], &[0.0, 1.0], 0.0), vec![1.0, 0.0]);
    }

    #[test]
    fn a_weight_of_zero_is_zero() {
        let config = serde_json::json!({"filename_embd_weight": 0});
        assert_eq!(name_weight(config.as_object().unwrap()), 0.0);
        assert_eq!(name_weight(&JsonMap::new()), 0.1);
    }
}
