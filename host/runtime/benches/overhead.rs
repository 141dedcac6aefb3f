//! What the sandbox costs: the first start, a start with everything known, the first call, every further call.
//!
//! `cargo bench -p mortise-runtime`
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a measurement is printed, and stops when it fails")]

use bytes::Bytes;
use mortise_domain::block::{Block, BlockKind, Parsed};
use mortise_domain::role::{CallContext, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, Role};
use mortise_plugins::BUILT_INS;
use mortise_runtime::{Install, Runtime, RuntimeOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Names the cache folder to the process that only fills it.
const FILL: &str = "MORTISE_BENCH_FILL";

fn main() {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("tokio");
    if let Some(cache) = std::env::var_os(FILL) {
        let (took, _) = tokio.block_on(start(Path::new(&cache)));
        println!("first start of {} plugins, compiling them: {took:?}", BUILT_INS.len());
        return;
    }
    // In a process of its own, so that the compiler's memory is not counted here.
    let cache = tempfile::tempdir().expect("a folder");
    let this = std::env::current_exe().expect("a path");
    let filled = std::process::Command::new(this).env(FILL, cache.path()).status().expect("a process");
    assert!(filled.success(), "the cache must be filled");
    tokio.block_on(async {
        println!("resident before: {} MiB", resident());
        let (took, runtime) = start(cache.path()).await;
        println!("later start: {took:?}; resident: {} MiB", resident());
        calls(&runtime).await;
        println!("resident after the calls: {} MiB", resident());
    });
}

async fn start(cache: &Path) -> (Duration, Arc<Runtime>) {
    let began = Instant::now();
    let runtime = Runtime::new(RuntimeOptions { cache_dir: cache.into(), count_fuel: false }).expect("a runtime");
    for built_in in BUILT_INS {
        let component = Bytes::from_static(built_in.component);
        let info =
            runtime.install(Install { component, built_in: true, ..Install::default() }).await.expect("a plugin");
        assert!(runtime.has(info.role, &info.name));
    }
    (began.elapsed(), runtime)
}

async fn calls(runtime: &Runtime) {
    let Some(method) = runtime.list().into_iter().find(|info| info.role == Role::Chunker) else { return };
    let chunker = runtime.chunker(&method.name).expect("installed");
    for (what, blocks, rounds) in [("empty document", 0, 2000), ("one block", 1, 2000), ("10 000 blocks", 10_000, 5)] {
        let parsed = Arc::new(Parsed { blocks: (0..blocks).map(block).collect(), ..Parsed::default() });
        let mut took = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let file =
                SourceFile { name: "a.txt".into(), media_type: "text/plain".into(), bytes: Arc::new(Vec::new()) };
            let began = Instant::now();
            chunker.split(file, parsed.clone(), &JsonMap::new(), CallContext::default()).await.expect("chunks");
            took.push(began.elapsed());
        }
        let first = took.first().copied().unwrap_or_default();
        took.sort();
        println!(
            "{}, {what}: first call {first:?}, median {:?}, least {:?}",
            method.name,
            took[took.len() / 2],
            took[0]
        );
    }
}

fn block(id: u32) -> Block {
    Block {
        id,
        kind: BlockKind::Paragraph,
        text: "A mortise is a hole cut into a piece of wood to receive a tenon. ".repeat(4),
        level: 0,
        places: vec![],
        part: 0,
        style: None,
        table: None,
        image: None,
        language: None,
        parent: None,
    }
}

/// Resident memory of this process, where the system tells.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
