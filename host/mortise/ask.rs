//! `mortise ask`: a folder of documents in, a cited answer out, and nothing left behind.

use crate::assemble::{Folders, assemble};
use crate::config::Config;
use crate::telemetry;
use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use mortise_domain::{
    Caller, DatasetId, Document, DocumentFilter, DocumentType, JsonMap, MessageRole, NewAssistant, NewDataset,
    NewDocument, PageRequest, RunState,
};
use mortise_service::{AnswerEvent, AnswerRequest, FinalAnswer, Service, best_sentence};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What the model is told.
const PROMPT: &str = "You answer questions from the passages below and from nothing else. When they do not hold the \
    answer, say so.\n{knowledge}";

/// Reads a folder, answers one question, prints the answer with its sources.
pub(crate) async fn ask(mut config: Config, folder: &Path, question: &str, top_n: u32) -> Result<()> {
    crate::serve::quiet(&mut config);
    telemetry::start(&config.log)?;
    let files = files(folder)?;
    let throw_away = tempfile::tempdir().context("no room for a throw-away store")?;
    let named = Some(config.plugin_cache.clone()).filter(|p| !p.as_os_str().is_empty());
    let folders = Folders::below(throw_away.path(), named.or_else(compiled_plugins));
    let spinner = ProgressBar::new_spinner().with_message("opening plugins");
    spinner.enable_steady_tick(Duration::from_millis(120));
    let parts = assemble(&config, &folders).await?;
    let workers = parts.service.start_workers();
    spinner.finish_and_clear();

    let outcome = answered(&parts.service, &files, question, top_n).await;
    workers.stop().await;
    parts.close().await?;
    outcome
}

async fn answered(service: &Service, files: &[PathBuf], question: &str, top_n: u32) -> Result<()> {
    let (answer, failed) = answer(service, files, question, top_n).await?;
    print_answer(service, &answer).await?;
    for (name, reason) in &failed {
        eprintln!("not read: {name}: {reason}");
    }
    Ok(())
}

async fn answer(
    service: &Service,
    files: &[PathBuf],
    question: &str,
    top_n: u32,
) -> Result<(FinalAnswer, Vec<(String, String)>)> {
    let caller = Caller { tenant: service.default_tenant().await?.id };
    let dataset = service
        .create_dataset(
            &caller,
            NewDataset {
                name: "ask".into(),
                avatar: None,
                description: None,
                permission: "me".into(),
                embedding_model: None,
                chunk_method: "naive".into(),
                pipeline_id: None,
                parser_config: chunk_settings(),
            },
        )
        .await?;
    let failed = ingest(service, &caller, &dataset.id, files).await?;
    let assistant = service
        .create_assistant(
            &caller,
            NewAssistant {
                name: "ask".into(),
                description: String::new(),
                avatar: String::new(),
                language: "English".into(),
                datasets: vec![dataset.id.clone()],
                llm_id: service.default_models().chat.clone(),
                llm_setting: JsonMap::new(),
                prompt_config: prompt_settings(),
                similarity_threshold: 0.2,
                vector_weight: 0.3,
                top_n: i64::from(top_n),
                top_k: 1024,
                rerank_id: String::new(),
                do_refer: "1".into(),
                prompt_type: "simple".into(),
                meta_data_filter: JsonMap::new(),
            },
        )
        .await?;
    let mut events = service
        .answer(
            &caller,
            AnswerRequest {
                assistant: assistant.id,
                session: None,
                message_id: mortise_domain::id::new_uuid4(),
                messages: vec![(MessageRole::User, question.to_owned())],
                variables: JsonMap::new(),
                quote: Some(true),
                extra_datasets: vec![],
                documents: None,
                metadata: None,
            },
        )
        .await?;
    while let Some(event) = events.next().await {
        match event {
            AnswerEvent::Done(answer) => return Ok((answer, failed)),
            AnswerEvent::Failed(error) => return Err(error.into()),
            AnswerEvent::Delta(_) | AnswerEvent::Thinking(_) => {}
        }
    }
    bail!("the answer ended without an end")
}

/// Small chunks make precise sources.
fn chunk_settings() -> JsonMap {
    let mut settings = JsonMap::new();
    settings.insert("chunk_token_num".into(), 128.into());
    settings
}

fn prompt_settings() -> JsonMap {
    let mut settings = JsonMap::new();
    settings.insert("system".into(), PROMPT.into());
    settings.insert("quote".into(), true.into());
    settings
}

/// Uploads, parses and waits, with a bar. Gives the files that could not be read, with the reasons.
async fn ingest(
    service: &Service,
    caller: &Caller,
    dataset: &DatasetId,
    files: &[PathBuf],
) -> Result<Vec<(String, String)>> {
    let began = Instant::now();
    let mut failed = Vec::new();
    let mut documents = Vec::new();
    for path in files {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !service.has_parser_for(caller, &name) {
            failed.push((name, "no installed parser reads files of this type".to_owned()));
            continue;
        }
        let mut upload = service.begin_upload().await?;
        let bytes = tokio::fs::read(path).await.with_context(|| format!("cannot read {}", path.display()))?;
        upload.write(&bytes).await?;
        let (blob, size) = upload.finish().await?;
        let new = NewDocument { name, kind: DocumentType::Doc, size: size as i64, blob, chunk_method: None };
        documents.push(service.add_document(caller, dataset, new).await?.id);
    }
    if documents.is_empty() {
        bail!("nothing to read: no installed parser knows any of the files");
    }
    service.start_parsing(caller, dataset, &documents).await?;
    let bar = ProgressBar::new(documents.len() as u64 * 100);
    let style = ProgressStyle::with_template("reading {bar:30} {percent:>3}% {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    loop {
        let page = service.list_documents(caller, dataset, &DocumentFilter::default(), &PageRequest::all()).await?;
        let ended = |d: &&Document| matches!(d.run, RunState::Done | RunState::Failed | RunState::Cancelled);
        let parts = page.items.iter().map(|d| if ended(&d) { 1.0 } else { d.progress.clamp(0.0, 1.0) });
        bar.set_position((parts.sum::<f64>() * 100.0) as u64);
        if let Some(busy) = page.items.iter().find(|d| !ended(d)) {
            bar.set_message(busy.name.clone());
            tokio::time::sleep(Duration::from_millis(30)).await;
            continue;
        }
        bar.finish_and_clear();
        let chunks: i64 = page.items.iter().map(|d| d.chunk_count).sum();
        let read = page.items.iter().filter(|d| d.run == RunState::Done).count();
        eprintln!("read {read} files, {chunks} chunks, in {:.2} s", began.elapsed().as_secs_f64());
        let reasons = page.items.into_iter().filter(|d| d.run != RunState::Done);
        failed.extend(reasons.map(|d| {
            let last = d.progress_msg.lines().last().unwrap_or_default().to_owned();
            (d.name, last)
        }));
        return Ok(failed);
    }
}

/// The answer, and under it what it cites: file, page, quoted sentence. Sources are numbered from 1 in the order in
/// which they are cited.
async fn print_answer(service: &Service, answer: &FinalAnswer) -> Result<()> {
    let caller = Caller { tenant: service.default_tenant().await?.id };
    let mut text = answer.answer.clone();
    let mut sources: Vec<(usize, &str)> = Vec::new();
    let mut claim_begins = 0;
    for (at, _) in answer.answer.match_indices("[ID:") {
        let rest = &answer.answer[at + 4..];
        let Some(end) = rest.find(']') else { continue };
        let number = rest[..end].parse::<usize>().ok().filter(|n| *n < answer.reference.chunks.len());
        if let Some(number) = number.filter(|n| sources.iter().all(|(known, _)| known != n)) {
            sources.push((number, &answer.answer[claim_begins..at]));
        }
        claim_begins = at + 4 + end + 1;
    }
    for (place, (number, _)) in sources.iter().enumerate() {
        text = text.replace(&format!("[ID:{number}]"), &format!("[{}]", place + 1));
    }
    println!("\n{text}\n");
    if !sources.is_empty() {
        println!("Sources");
    }
    for (place, (number, claim)) in sources.iter().enumerate() {
        let hit = &answer.reference.chunks[*number].hit;
        let quotation = best_sentence(&hit.chunk.text, claim);
        let found = service.locate(&caller, &hit.chunk.dataset, &hit.chunk.document, quotation).await?;
        let page = found.map(|p| format!(", page {}", p.page)).unwrap_or_default();
        println!("[{}] {}{page}\n    “{}”", place + 1, hit.document_name, excerpt(quotation));
    }
    Ok(())
}

/// The beginning of a passage on one line.
fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 240;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// All files of a folder, sorted; hidden ones are left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
            if path.is_dir() && !hidden {
                folders.push(path);
            } else if path.is_file() && !hidden {
                files.push(path);
            }
        }
    }
    files.sort();
    if files.is_empty() {
        bail!("there are no files in {}", folder.display());
    }
    Ok(files)
}

/// Compiled plugins outlive the throw-away store, so that the second question starts at once.
fn compiled_plugins() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    Some(cache.join("mortise").join("plugins"))
}
