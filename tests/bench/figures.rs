//! The figures: `cargo bench --bench figures`. Start, memory, ingestion and retrieval of the real binary, and the cost of
//! the sandbox against the same code called natively, side by side in one run. Prints; never fails because of a time.
//! `cargo bench --bench figures -- sandbox` measures the sandbox alone.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark"
)]

mod sandbox;
mod server;
mod tenants;

use std::path::Path;
use std::time::{Duration, Instant};

/// Chunks of the larger runs.
const CHUNKS: usize = 10_000;

fn main() {
    // `cargo test --all-targets` also calls benchmarks; then there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let scratch = tempfile::tempdir().expect("a folder for the runs");
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
    println!("{:<58} {:>12}  aim", "figure", "measured");
    if std::env::args().any(|argument| argument == "sandbox") {
        sandbox(&cache);
        return;
    }

    // The first start compiles the plugins; every later one finds them compiled.
    let first = server::Server::start(&scratch.path().join("warm"), &cache);
    line("first start ever, or with plugins compiled before (ms)", ms(first.ready), "");
    first.stop();

    let empty: Vec<f64> = (0..5)
        .map(|run| {
            let server = server::Server::start(&scratch.path().join(format!("empty{run}")), &cache);
            let ready = ms(server.ready);
            if run == 4 {
                std::thread::sleep(Duration::from_secs(2));
                line("idle resident memory, empty (MB)", server.resident_mb(), "<= 80");
            }
            server.stop();
            ready
        })
        .collect();
    line("start to ready, no chunks, median of 5 (ms)", median(empty), "<= 300");

    let folder = scratch.path().join("large");
    let server = server::Server::start(&folder, &cache);
    let dataset = server.dataset("text", 64);
    let text = words(CHUNKS * 12);
    let megabytes = text.len() as f64 / 1e6;
    let began = Instant::now();
    let chunks = server.ingest(&dataset, &[("words.txt".to_owned(), text.into_bytes())]);
    let seconds = began.elapsed().as_secs_f64();
    line("chunks", chunks as f64, "10,000");
    line("ingest text: parse, chunk, embed, index (MB/s)", megabytes / seconds, "");
    line("                                        (chunks/s)", chunks as f64 / seconds, "");
    let times = server.retrieve(&dataset, 300);
    line("retrieval over HTTP at these chunks, p50 (ms)", percentile(&times, 0.5), "<= 5");
    line("                                     p99 (ms)", percentile(&times, 0.99), "");
    pdf(&server);
    std::thread::sleep(Duration::from_secs(1));
    server.stop();

    let full: Vec<f64> = (0..5)
        .map(|run| {
            let server = server::Server::start(&folder, &cache);
            let ready = ms(server.ready);
            if run == 4 {
                std::thread::sleep(Duration::from_secs(2));
                line("idle resident memory, with chunks (MB)", server.resident_mb(), "<= 80");
            }
            server.stop();
            ready
        })
        .collect();
    line("start to ready, with these chunks, median of 5 (ms)", median(full), "<= 300");

    sandbox(&cache);
}

fn sandbox(cache: &Path) {
    sandbox::compare(cache);
    tenants::load(cache);
    tenants::idle(cache);
}

/// Pages a second of a long PDF, when one is at hand, else of the handbook's.
fn pdf(server: &server::Server) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let long = root.join("../shared/testdata/pdf/us-irs-manual-400p.pdf");
    let (path, name) = if long.exists() {
        (long, "400 pages")
    } else {
        (root.join("tests/fixtures/handbook/crane-safety.pdf"), "2 pages")
    };
    let bytes = std::fs::read(path).expect("the PDF");
    let dataset = server.dataset("pdf", 512);
    let began = Instant::now();
    server.ingest(&dataset, &[("long.pdf".to_owned(), bytes)]);
    let seconds = began.elapsed().as_secs_f64();
    let pages = server.pages(&dataset);
    line(&format!("ingest PDF, {name} (pages/s)"), pages as f64 / seconds, "");
}

pub(crate) fn line(what: &str, value: f64, aim: &str) {
    println!("{what:<58} {value:>12.2}  {aim}");
}

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

pub(crate) fn median(values: Vec<f64>) -> f64 {
    percentile(&values, 0.5)
}

pub(crate) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// Prose of made-up words, a few frequent and many rare ones, in sentences and lines; the same at every run.
pub(crate) fn words(count: usize) -> String {
    let syllables =
        ["ka", "lo", "mi", "ren", "tus", "vel", "dor", "sin", "pha", "gri", "net", "ob", "ur", "ex", "il", "am"];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = String::new();
    for n in 0..count {
        // Zipf-like: the rank is a power of a uniform number.
        let uniform = (random() >> 11) as f64 / (1u64 << 53) as f64;
        let mut rank = (20_000f64.powf(uniform)) as usize;
        for _ in 0..3 {
            text.push_str(syllables[rank % 16]);
            rank /= 16;
        }
        text.push_str(if n % 120 == 119 {
            ".\n"
        } else if n % 12 == 11 {
            ". "
        } else {
            " "
        });
    }
    text
}
