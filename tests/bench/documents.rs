//! What parsers make of real documents with known contents, beside the tools that people use instead:
//! `cargo bench --bench documents`. For every format words found, order, table cells and rows, seconds a page, and the
//! largest memory of an instance. Needs the shared set of documents beside the repository, Python 3, and the peers'
//! packages, which it installs into a virtual environment of its own; says so when something is missing.
//! `-- pdf,docx` measures these formats alone, `-- --alone` without peers.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark"
)]

use bytes::Bytes;
use mortise_domain::block::{Block, Parsed};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, media_type};
use mortise_plugins::BUILT_INS;
use mortise_runtime::{Install, Runtime, RuntimeOptions};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One file of the set.
struct Document {
    file: String,
    format: String,
    hostile: bool,
    scored: bool,
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let truth = shared.join("testdata");
    let Ok(manifest) = std::fs::read_to_string(truth.join("MANIFEST.json")) else {
        println!("skipped: the shared set of documents is not here ({})", truth.display());
        return;
    };
    let alone = std::env::args().any(|argument| argument == "--alone");
    let only: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).flat_map(|a| list(&a)).collect();
    let documents = documents(&manifest, &only);
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(out.join("mortise")).expect("a folder for what is read");

    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let times = tokio.block_on(read(&truth, &documents, &out));
    let mut tools = vec![("mortise".to_owned(), times)];
    if !alone {
        tools.extend(peers(&truth, &documents, &out));
    }
    println!(
        "{:<14} {:<8} {:>5} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>10}",
        "tool", "format", "files", "recall", "f1", "tau", "inorder", "cells", "rows", "s/page"
    );
    for (tool, times) in &tools {
        score(&shared, &truth, &out, tool, times);
    }
    hostile(&shared, &truth, &out);
}

fn list(formats: &str) -> Vec<String> {
    formats.split(',').map(str::to_owned).collect()
}

fn documents(manifest: &str, only: &[String]) -> Vec<Document> {
    let manifest: Value = serde_json::from_str(manifest).expect("the manifest is JSON");
    let text = |file: &Value, key: &str| file[key].as_str().unwrap_or_default().to_owned();
    let files = manifest["files"].as_array().expect("a list of files");
    let documents = files.iter().map(|file| Document {
        file: text(file, "file"),
        format: text(file, "format"),
        hostile: text(file, "file").starts_with("hostile/"),
        scored: text(file, "expect") == "parse" && file.get("ground_truth").is_some(),
    });
    documents.filter(|document| only.is_empty() || only.contains(&document.format)).collect()
}

/// Seconds and pages by format.
type Times = BTreeMap<String, (f64, u32)>;

/// Reads every document in the sandbox with the limits of a server, and writes what was read for the scorer.
async fn read(truth: &Path, documents: &[Document], out: &Path) -> Times {
    let cache_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
    let runtime = Runtime::new(RuntimeOptions { cache_dir, count_fuel: false }).expect("a runtime");
    for built_in in BUILT_INS.iter().filter(|built_in| built_in.role == "parser") {
        let component = Bytes::from_static(built_in.component);
        let install = Install { component, built_in: true, ..Install::default() };
        runtime.install(install).await.expect("it installs");
    }
    let mut times = Times::new();
    let mut outcomes = Vec::new();
    for document in documents {
        let bytes = std::fs::read(truth.join(&document.file)).expect("the file is there");
        let name = document.file.rsplit('/').next().unwrap_or_default().to_owned();
        let media_type = media_type::by_name(&name);
        let Some(parser) = runtime.parser_for(&name, media_type) else {
            outcomes.push(json!({"file": document.file, "outcome": "rejected", "seconds": 0, "peak_mb": 0}));
            continue;
        };
        let file = SourceFile { name, media_type: media_type.into(), bytes: Arc::new(bytes) };
        if !document.hostile {
            // The first call loads the component.
            let nothing = SourceFile { bytes: Arc::new(Vec::new()), ..file.clone() };
            let _ = parser.parse(nothing, &JsonMap::new(), CallContext::default()).await;
        }
        let began = Instant::now();
        let read = parser.parse(file, &JsonMap::new(), CallContext::default()).await;
        let seconds = began.elapsed().as_secs_f64();
        let outcome = match &read {
            Ok(_) => "parsed",
            Err(fault) => match fault.reason {
                FaultReason::TimedOut(_) | FaultReason::PageTimedOut { .. } => "timeout",
                FaultReason::OutOfMemory(_) => "memory",
                FaultReason::Trapped(_) | FaultReason::Internal(_) => "crash",
                _ => "rejected",
            },
        };
        outcomes.push(json!({"file": document.file, "outcome": outcome, "seconds": seconds, "peak_mb": 0}));
        let Ok(parsed) = read else { continue };
        if document.scored {
            let time = times.entry(document.format.clone()).or_default();
            time.0 += seconds;
            time.1 += parsed.pages.max(1);
            let target = out.join("mortise").join(format!("{}.txt", document.file.replace('/', "__")));
            std::fs::write(target, text(&parsed)).expect("written");
        }
    }
    let lines: Vec<String> = outcomes.iter().map(Value::to_string).collect();
    std::fs::write(out.join("outcomes.jsonl"), lines.join("\n")).expect("written");
    for ((_, name), stats) in runtime.stats() {
        if stats.calls > 0 {
            let megabytes = stats.peak_memory_bytes as f64 / 1e6;
            println!("parser {name:<14} {:>4} calls, {megabytes:>6.1} MB at most in an instance", stats.calls);
        }
    }
    println!();
    times
}

fn text(parsed: &Parsed) -> String {
    let texts: Vec<&str> = parsed.blocks.iter().map(|block: &Block| block.text.as_str()).collect();
    texts.join("\n")
}

/// The same documents, read by other tools.
fn peers(truth: &Path, documents: &[Document], out: &Path) -> Vec<(String, Times)> {
    let Some(python) = environment() else { return Vec::new() };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers.py");
    let wanted: Vec<&str> = documents.iter().filter(|d| d.scored).map(|d| d.file.as_str()).collect();
    let list = out.join("documents.txt");
    std::fs::write(&list, wanted.join("\n")).expect("written");
    let ran = Command::new(python).arg(script).arg(truth).arg(&list).arg(out).output().expect("python starts");
    if !ran.status.success() {
        println!("the peers failed: {}", String::from_utf8_lossy(&ran.stderr));
        return Vec::new();
    }
    // A file, since some of these tools print advertisements.
    let told = std::fs::read(out.join("times.json")).unwrap_or_default();
    let told: Value = serde_json::from_slice(&told).unwrap_or_default();
    let tools = told.as_object().into_iter().flatten().map(|(tool, formats)| {
        let times = formats.as_object().into_iter().flatten().map(|(format, time)| {
            let pages = time["pages"].as_u64().and_then(|pages| u32::try_from(pages).ok()).unwrap_or(1);
            (format.clone(), (time["seconds"].as_f64().unwrap_or(f64::NAN), pages))
        });
        (tool.clone(), times.collect())
    });
    tools.collect()
}

/// A virtual environment with the peers; `None` where it cannot be made.
fn environment() -> Option<PathBuf> {
    const PACKAGES: [&str; 9] = [
        "pymupdf",
        "pymupdf4llm<0.1",
        "pypdf",
        "pdfplumber",
        "python-docx",
        "openpyxl",
        "python-pptx",
        "beautifulsoup4",
        "extract-msg",
    ];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let python = folder.join("bin/python");
    if folder.join("complete").exists() {
        return Some(python);
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).status().is_ok_and(|s| s.success());
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "-q"]).args(PACKAGES);
    if !made || !pip.status().is_ok_and(|status| status.success()) {
        println!("the peers could not be installed; measured alone");
        return None;
    }
    std::fs::write(folder.join("complete"), "").ok()?;
    Some(python)
}

/// Prints the scorer's means by format.
fn score(shared: &Path, truth: &Path, out: &Path, tool: &str, times: &Times) {
    let told = out.join(format!("{tool}.json"));
    for (format, (seconds, pages)) in times {
        let mut scorer = Command::new("python3");
        scorer.arg(shared.join("score/score_text.py")).arg("--truth").arg(truth).arg("--pred").arg(out.join(tool));
        scorer.args(["--only", format, "--skip-ocr", "--present-only", "--json"]).arg(&told);
        if !scorer.output().is_ok_and(|ran| ran.status.success()) {
            // Nothing of it is scored without OCR.
            continue;
        }
        let scores: Value = std::fs::read(&told).ok().and_then(|s| serde_json::from_slice(&s).ok()).unwrap_or_default();
        let means = &scores["formats"][format];
        let means = if means.is_null() { &scores["all"] } else { means };
        let number = |key: &str| means[key].as_f64().map_or_else(|| "-".to_owned(), |mean| format!("{mean:.3}"));
        let files = means["docs"].as_u64().unwrap_or_default();
        let columns = ["recall", "f1", "tau", "inorder", "cells", "rows"].map(|key| format!("{:>7}", number(key)));
        let page = Duration::from_secs_f64(seconds / f64::from(*pages));
        println!("{tool:<14} {format:<8} {files:>5} {} {:>10.2?}", columns.join(" "), page);
    }
}

fn hostile(shared: &Path, truth: &Path, out: &Path) {
    let mut scorer = Command::new("python3");
    scorer.arg(shared.join("score/score_text.py")).arg("--truth").arg(truth);
    let ran = scorer.arg("--hostile").arg(out.join("outcomes.jsonl")).output();
    println!(
        "\nhostile files\n{}",
        ran.map(|ran| String::from_utf8_lossy(&ran.stdout).into_owned()).unwrap_or_default()
    );
}
