//! The steps of one ingestion: parse, chunk, embed, publish.

use super::{embedded_name, embedded_text, mix_in_name, name_weight, parsed, pictures};
use crate::Service;
use mortise_domain::block::{Block, Parsed, Place};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Embedder, InputKind, RawChunk, RawChunks};
use mortise_domain::{BlobId, Cancel, ChunkDraft, ChunkId, ChunkKind, Document, Error, PluginFault, Position, Task};
use mortise_store::Embedding;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How an ingestion went.
pub(super) struct Summary {
    pub(super) chunks: usize,
    /// What the owner should read, without the final «Task done».
    pub(super) line: String,
}

/// Why an ingestion ended early.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Worth another try.
    pub(super) retry: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // An internal error may be a full disk or a busy database: the next try, after a pause, may do.
        let retry = error.is_transient() || matches!(error, Error::Internal(_));
        Self { error, retry }
    }
}

/// Share of progress (0..1) at which each step ends; RAGFlow's scale.
const PARSED: f64 = 0.6;
const PICTURES: f64 = 0.65;
const CHUNKED: f64 = 0.7;
const EMBEDDED: f64 = 0.9;

/// How long publishing waits for the index before the document is called done all the same.
const INDEX_WAIT: Duration = Duration::from_secs(60);

/// Runs all steps for one task.
pub(super) async fn run(service: &Service, task: &Task, worker: &str, cancel: &Cancel) -> Result<Summary, Failure> {
    let own = service.store.tenant(&task.tenant);
    let Some(document) = own.document(&task.dataset, &task.document).await? else {
        return Err(cancelled()); // deleted meanwhile
    };
    let Some(dataset) = own.dataset(&task.dataset).await? else { return Err(cancelled()) };
    if document.size == 0 {
        return Err(Error::invalid("", "the file is empty").into());
    }
    let report = Reporter { service: service.clone(), task: task.clone(), worker: worker.to_owned() };
    report.line(0.01, "Task has been received.").await?;

    let plugins = service.plugins_of(&task.tenant);
    let chunker = plugins.chunker(&document.chunk_method)?;
    chunker.check_config(&document.parser_config)?;
    let embedder = plugins.embedder(&dataset.embedding_model)?;

    let context = CallContext { cancel: cancel.clone(), progress: Some(report.throttled(0.01, PARSED)) };
    let (file, parsed) = parsed::blocks(service, &*plugins, &document, &context).await?;
    let context = CallContext { cancel: cancel.clone(), progress: Some(report.throttled(PARSED, PICTURES)) };
    let parsed = Arc::new(pictures::read(service, &*plugins, &document, parsed, &context).await?);
    let pages = if parsed.pages > 0 { format!(", {} pages", parsed.pages) } else { String::new() };
    report.line(PARSED, &format!("Parsed: {} blocks{pages}.", parsed.blocks.len())).await?;
    for warning in parsed.warnings.iter().take(20) {
        let at = warning.at.map(|p| format!("page {}: ", p.page)).unwrap_or_default();
        report.line(PARSED, &format!("[WARNING] {at}{}", warning.message)).await?;
    }

    let context = CallContext { cancel: cancel.clone(), progress: Some(report.throttled(PICTURES, CHUNKED)) };
    let mut config = document.parser_config.clone();
    // A method that words its chunks in a language is told the dataset's, unless the client named one.
    let asks = chunker.info().config_schema.get("properties").is_some_and(|known| known.get("lang").is_some());
    if asks && !config.contains_key("lang") && !dataset.language.is_empty() {
        config.insert("lang".into(), dataset.language.clone().into());
    }
    let raw = chunker.split(file, parsed.clone(), &config, context).await.map_err(Error::from)?;
    let mut drafts = drafts(service, &document, &parsed, raw).await?;
    report.line(CHUNKED, &format!("Generated {} chunks.", drafts.len())).await?;

    let weight = name_weight(&document.parser_config);
    let mixed_in = if weight > 0.0 { format!("{weight} {}", embedded_name(&document.name)) } else { String::new() };
    let embedding = Embedding { space: embedder.identity(), mixed_in: &mixed_in };
    let mut kept = service.store.kept_chunks(&document.id, embedding).await?;
    for draft in &mut drafts {
        if let Some(kept) = kept.remove(&draft.id) {
            draft.inherit(kept);
        }
    }
    drop(kept);
    embed(service, &document, &*embedder, &mut drafts, cancel, &report).await?;
    report.line(EMBEDDED, "Embedding finished.").await?;

    if cancel.is_cancelled() {
        return Err(cancelled());
    }
    let chunks = drafts.len();
    let Some(seq) = service.store.publish_chunks(task, worker, embedding, drafts).await? else {
        return Err(cancelled());
    };
    if !service.follower.wait_for(seq, INDEX_WAIT).await {
        tracing::warn!(task = %task.id, seq, "the index is behind; the document is called done without it");
    }
    let line = if chunks == 0 { "No text was found in the file." } else { "" };
    Ok(Summary { chunks, line: line.to_owned() })
}

pub(super) fn cancelled() -> Failure {
    let fault = PluginFault { plugin: "ingestion".into(), version: String::new(), reason: FaultReason::Cancelled };
    Failure { error: fault.into(), retry: false }
}

/// Chunks as stored: with ids, positions, token counts and pictures.
async fn drafts(
    service: &Service,
    document: &Document,
    parsed: &Parsed,
    raw: RawChunks,
) -> Result<Vec<ChunkDraft>, Failure> {
    let blocks: HashMap<u32, &Block> = parsed.blocks.iter().map(|b| (b.id, b)).collect();
    let mut repeats: HashMap<String, u32> = HashMap::new();
    let RawChunks { chunks, parents } = raw;
    let images = stored_images(service, &blocks, parsed, &chunks).await?;
    let filled = chunks.into_iter().filter(|chunk| !chunk.text.trim().is_empty());
    let drafts = filled.map(|chunk| {
        let repeat = repeats.entry(chunk.text.clone()).or_default();
        let id = ChunkId::of(&chunk.text, &document.id, *repeat);
        *repeat += 1;
        let positions = positions(&chunk, &blocks);
        let image = image_of(&chunk, &blocks).and_then(|number| images.get(&number)).cloned();
        ChunkDraft {
            id,
            tokens: mortise_text::tokens::count(&chunk.text) as i64,
            text: chunk.text,
            kind: chunk.kind,
            context: chunk.context,
            keywords: chunk.keywords,
            questions: chunk.questions,
            tags: chunk.tags,
            positions,
            fields: chunk.fields,
            available: true,
            edited: false,
            parent_text: chunk.parent.and_then(|p| parents.get(p as usize)).cloned(),
            image,
            vector: Vec::new(),
        }
    });
    Ok(drafts.collect())
}

/// The picture that a chunk shows: the first among its blocks.
fn image_of(chunk: &RawChunk, blocks: &HashMap<u32, &Block>) -> Option<u32> {
    let shows = matches!(chunk.kind, ChunkKind::Image | ChunkKind::Table);
    chunk.blocks.iter().filter(|_| shows).find_map(|id| blocks.get(id)?.image)
}

/// Stores the pictures that chunks show, each once.
async fn stored_images(
    service: &Service,
    blocks: &HashMap<u32, &Block>,
    parsed: &Parsed,
    chunks: &[RawChunk],
) -> Result<HashMap<u32, BlobId>, Failure> {
    let mut stored = HashMap::new();
    for number in chunks.iter().filter_map(|chunk| image_of(chunk, blocks)) {
        let Some(image) = parsed.images.get(number as usize).filter(|_| !stored.contains_key(&number)) else {
            continue;
        };
        let mut writer = service.store.blobs().begin().await?;
        writer.write(&image.bytes).await?;
        stored.insert(number, writer.finish().await?.0);
    }
    Ok(stored)
}

/// `[page, left, right, top, bottom]` of every place of the chunk; none for formats without a layout.
fn positions(chunk: &RawChunk, blocks: &HashMap<u32, &Block>) -> Vec<Position> {
    let to_position = |place: &Place| {
        let rect = place.rect?;
        let [left, right, top, bottom] = [rect.left, rect.right, rect.top, rect.bottom].map(|x| x.round() as i32);
        Some([i32::try_from(place.page).unwrap_or(i32::MAX), left, right, top, bottom])
    };
    let mut positions: Vec<Position> = if chunk.places.is_empty() {
        let places = chunk.blocks.iter().filter_map(|id| blocks.get(id)).flat_map(|b| &b.places);
        places.filter_map(to_position).collect()
    } else {
        chunk.places.iter().filter_map(to_position).collect()
    };
    positions.dedup();
    positions
}

/// Fills in the vectors that are missing, in batches; the file's name is mixed into each.
async fn embed(
    service: &Service,
    document: &Document,
    embedder: &dyn Embedder,
    drafts: &mut [ChunkDraft],
    cancel: &Cancel,
    report: &Reporter,
) -> Result<(), Failure> {
    let weight = name_weight(&document.parser_config);
    let mut name = Vec::new();
    let mut drafts: Vec<&mut ChunkDraft> = drafts.iter_mut().filter(|draft| draft.vector.is_empty()).collect();
    if weight > 0.0 && !drafts.is_empty() {
        let names = embedder.embed(vec![embedded_name(&document.name)], InputKind::Passage).await;
        name = names.map_err(Error::from)?.pop().unwrap_or_default();
    }
    let total = drafts.len();
    let mut done = 0;
    let mut said = Instant::now();
    for batch in drafts.chunks_mut(service.ingest.embed_batch.max(1)) {
        if cancel.is_cancelled() {
            return Err(cancelled());
        }
        let texts = batch.iter().map(|d| embedded_text(&d.text, &d.questions)).collect();
        let vectors = embedder.embed(texts, InputKind::Passage).await.map_err(Error::from)?;
        done += batch.len();
        for (draft, vector) in batch.iter_mut().zip(vectors) {
            draft.vector = mix_in_name(vector, &name, weight);
        }
        if said.elapsed() > Duration::from_secs(1) {
            report.progress(CHUNKED + (EMBEDDED - CHUNKED) * done as f64 / total as f64).await?;
            said = Instant::now();
        }
    }
    Ok(())
}

/// Writes progress to the document.
#[derive(Clone)]
struct Reporter {
    service: Service,
    task: Task,
    worker: String,
}

impl Reporter {
    /// Progress with a line for the owner. Finding out that the task is no longer ours ends the run.
    async fn line(&self, progress: f64, line: &str) -> Result<(), Failure> {
        let ours = self.service.store.report_progress(&self.task, &self.worker, progress, line).await?;
        if ours { Ok(()) } else { Err(cancelled()) }
    }

    async fn progress(&self, progress: f64) -> Result<(), Failure> {
        self.line(progress, "").await
    }

    /// Progress told by a plugin, scaled into its step's share, at most twice a second.
    fn throttled(&self, from: f64, to: f64) -> mortise_domain::role::OnProgress {
        let last = Mutex::new(Instant::now());
        let (report, runtime) = (self.clone(), tokio::runtime::Handle::current());
        Arc::new(move |done, _note| {
            let mut last = last.lock();
            if last.elapsed() < Duration::from_millis(500) {
                return;
            }
            *last = Instant::now();
            let progress = from + (to - from) * f64::from(done.clamp(0.0, 1.0));
            let report = report.clone();
            runtime.spawn(async move {
                // The next line notices if the task is no longer ours.
                let _ = report.progress(progress).await;
            });
        })
    }
}
