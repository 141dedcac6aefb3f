//! The cost of the sandbox: the `naive` chunker as a component against the same code called natively.

use crate::{line, median, ms, percentile, words};
use mortise_chunker_naive::Naive;
use mortise_domain::block::{Block, BlockKind, Parsed};
use mortise_domain::role::{CallContext, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, Role};
use mortise_runtime::{Grants, Install, LimitOverrides, Runtime, RuntimeOptions};
use mortise_sdk::chunker::{Blocks, Chunker};
use mortise_sdk::document as guest;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Megabytes of text of the long document.
const MEGABYTES: usize = 10;

/// Runs both on a long and on a tiny document and prints times and ratios.
pub(crate) fn compare(cache: &Path) {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for count_fuel in [false, true] {
        metered(&tokio, cache, count_fuel);
    }
}

fn metered(tokio: &tokio::runtime::Runtime, cache: &Path, count_fuel: bool) {
    let runtime = tokio.block_on(install(cache, count_fuel));
    let chunker = runtime.chunker("naive").expect("installed");
    let by = if count_fuel { "by epochs and fuel" } else { "by epochs" };

    let long = lines(MEGABYTES * 1_000_000);
    let tiny = lines(400);
    // A first call loads the component.
    let _ = tokio.block_on(chunker.split(file(), Arc::default(), &JsonMap::new(), CallContext::default()));
    for (what, text, runs) in [("10 MB of text", long, 9), ("one small document", tiny, 2000)] {
        let native_blocks: Vec<guest::Block> = text
            .iter()
            .enumerate()
            .map(|(id, line)| guest::Block::new(id as u32, guest::BlockKind::Paragraph, line.clone()))
            .collect();
        let parsed = Arc::new(Parsed { blocks: host_blocks(&text), ..Parsed::default() });
        let mut native = Vec::new();
        let mut sandboxed = Vec::new();
        let mut counts = (0, 0);
        for _ in 0..runs {
            let began = Instant::now();
            let chunks = Naive::split(&Blocks::from_slice("words.txt", &native_blocks), Default::default());
            native.push(ms(began.elapsed()));
            counts.0 = chunks.expect("chunks").chunks.len();

            let began = Instant::now();
            let settings = JsonMap::new();
            let split = chunker.split(file(), parsed.clone(), &settings, CallContext::default());
            let chunks = tokio.block_on(split);
            sandboxed.push(ms(began.elapsed()));
            counts.1 = chunks.expect("chunks").chunks.len();
        }
        assert_eq!(counts.0, counts.1, "both must give the same chunks");
        let late = (percentile(&sandboxed, 0.9) - percentile(&native, 0.9)) * 1000.0;
        let (native, sandboxed) = (median(native), median(sandboxed));
        line(&format!("naive, {what}: native (ms)"), native, "");
        line(&format!("naive, {what}: metered {by} (ms)"), sandboxed, "");
        if text.len() > 100 {
            line("    in the sandbox / native", sandboxed / native, if count_fuel { "" } else { "<= 1.4" });
        } else {
            let aim = if count_fuel { "" } else { "<= 60" };
            line("    overhead of a call: instance, call, drop (us)", (sandboxed - native) * 1000.0, aim);
            line("    the same of the ninetieth of a hundred calls (us)", late, "");
        }
    }
}

async fn install(cache: &Path, count_fuel: bool) -> Arc<Runtime> {
    let runtime = Runtime::new(RuntimeOptions { cache_dir: cache.to_owned(), count_fuel }).expect("a runtime");
    let naive = mortise_plugins::BUILT_INS.iter().find(|b| b.role == Role::Chunker.as_str() && b.name == "naive");
    runtime
        .install(Install {
            name: None,
            component: bytes::Bytes::from_static(naive.expect("built in").component),
            config: JsonMap::new(),
            grants: Grants::default(),
            limits: LimitOverrides { memory_bytes: Some(1 << 30), ..LimitOverrides::default() },
            built_in: true,
            ..Install::default()
        })
        .await
        .expect("it installs");
    runtime
}

fn lines(bytes: usize) -> Vec<String> {
    words(bytes / 7).lines().map(str::to_owned).collect()
}

fn host_blocks(lines: &[String]) -> Vec<Block> {
    let block = |(id, line): (usize, &String)| Block {
        id: id as u32,
        kind: BlockKind::Paragraph,
        text: line.clone(),
        level: 0,
        places: vec![],
        part: 0,
        style: None,
        table: None,
        image: None,
        language: None,
        parent: None,
    };
    lines.iter().enumerate().map(block).collect()
}

fn file() -> SourceFile {
    SourceFile { name: "words.txt".into(), media_type: "text/plain".into(), bytes: Arc::new(Vec::new()) }
}
