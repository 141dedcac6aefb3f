//! Two hundred running calls are cancelled at random points: each ends, as cancelled or done, and soon. Prints how soon.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test binary")]

use mortise_domain::block::Parsed;
use mortise_domain::role::{CallContext, Chunker, Parser, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{Cancel, JsonMap, PluginFault};
use mortise_runtime::{Install, Runtime, RuntimeOptions};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CANCELS: u32 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_calls_end() {
    let cache = tempfile::tempdir().unwrap();
    let options = RuntimeOptions { cache_dir: cache.path().into(), count_fuel: false };
    let runtime = Runtime::new(options).unwrap();
    for built_in in mortise_plugins::BUILT_INS.iter().filter(|b| ["html", "markdown", "naive"].contains(&b.name)) {
        let component = bytes::Bytes::from_static(built_in.component);
        runtime.install(Install { component, ..Install::default() }).await.unwrap();
    }
    let (html, markdown) = (runtime.parser("html").unwrap(), runtime.parser("markdown").unwrap());
    let naive = runtime.chunker("naive").unwrap();
    let html_sections = |count| sections(count, "<h2>Joint</h2><p>", "</p>\n");
    let page = file("a.html", &html_sections(4000));
    let text = file("a.md", &sections(4000, "## Joint\n\n", "\n\n"));

    let began = Instant::now();
    html.parse(page.clone(), &JsonMap::new(), CallContext::default()).await.unwrap();
    let parse_takes = began.elapsed();
    let part = file("b.html", &html_sections(400));
    let parsed = Arc::new(html.parse(part, &JsonMap::new(), CallContext::default()).await.unwrap());
    let began = Instant::now();
    naive.split(text.clone(), parsed.clone(), &JsonMap::new(), CallContext::default()).await.unwrap();
    let split_takes = began.elapsed();

    let mut random = random();
    let mut late = Vec::new();
    let mut cancelled = 0;
    for round in 0..CANCELS {
        let cancel = Cancel::new();
        let context = CallContext { cancel: cancel.clone(), progress: None };
        let takes = if round % 2 == 0 { parse_takes } else { split_takes };
        let call = match round % 4 {
            0 => tokio::spawn(parse(html.clone(), page.clone(), context)),
            2 => tokio::spawn(parse(markdown.clone(), text.clone(), context)),
            _ => tokio::spawn(split(naive.clone(), text.clone(), parsed.clone(), context)),
        };
        tokio::time::sleep(takes.mul_f64(random())).await;
        cancel.cancel();
        let raised = Instant::now();
        let ended = tokio::time::timeout(Duration::from_secs(60), call).await;
        late.push(raised.elapsed());
        match ended.expect("a cancelled call ends").unwrap() {
            Ok(()) => {}
            Err(fault) => {
                assert!(fault.is_cancelled(), "{fault}");
                cancelled += 1;
            }
        }
    }
    late.sort();
    let of = |share: f64| late[((late.len() - 1) as f64 * share) as usize];
    println!(
        "{CANCELS} cancels, {cancelled} before the end: p50 {:?}, p99 {:?}, longest {:?}; parsing takes {parse_takes:?}, \
         splitting {split_takes:?}",
        of(0.5),
        of(0.99),
        of(1.0)
    );
    assert!(cancelled > CANCELS / 4, "most calls are caught while they run: {cancelled}");
    let stats = runtime.stats();
    let counted: u64 = stats.iter().filter_map(|(_, stats)| stats.faults.get("cancelled")).sum();
    assert_eq!(counted, u64::from(cancelled));
    assert!(stats.iter().all(|(_, stats)| stats.running + stats.waiting == 0), "{stats:?}");
}

async fn parse(parser: Arc<dyn Parser>, file: SourceFile, context: CallContext) -> Result<(), PluginFault> {
    parser.parse(file, &JsonMap::new(), context).await.map(drop)
}

async fn split(
    chunker: Arc<dyn Chunker>,
    file: SourceFile,
    parsed: Arc<Parsed>,
    context: CallContext,
) -> Result<(), PluginFault> {
    chunker.split(file, parsed, &JsonMap::new(), context).await.map(drop)
}

fn file(name: &str, text: &str) -> SourceFile {
    let bytes = Arc::new(text.as_bytes().to_vec());
    SourceFile { name: name.into(), media_type: String::new(), bytes }
}

/// Half a kilobyte each.
fn sections(count: usize, before: &str, after: &str) -> String {
    format!("{before}{}{after}", "A mortise is a hole that receives a tenon. ".repeat(12)).repeat(count)
}

/// Numbers in 0..1, the same at every run.
fn random() -> impl FnMut() -> f64 {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}
