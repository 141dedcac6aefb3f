//! What plugins cost that are not running: loading a large one, and a thousand tenants' that nobody uses.

use crate::{line, median, ms};
use bytes::Bytes;
use mortise_domain::block::Parsed;
use mortise_domain::role::{CallContext, InputKind, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, Role};
use mortise_plugins::BUILT_INS;
use mortise_runtime::{Install, LimitOverrides, Runtime, RuntimeOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A runtime, an asynchronous one to wait with, and nothing installed.
fn begin(cache: &Path) -> (tokio::runtime::Runtime, Arc<Runtime>) {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let options = RuntimeOptions { cache_dir: cache.to_owned(), count_fuel: false };
    (tokio, Runtime::new(options).expect("a runtime"))
}

/// The largest component of all, from native code kept by an earlier process: starting the engine, installing it, and
/// what its first call takes beyond its second.
pub(crate) fn load(cache: &Path) {
    let largest = BUILT_INS.iter().max_by_key(|built_in| built_in.component.len()).expect("built in");
    let parser = largest.role == Role::Parser.as_str();
    assert!(parser, "the first call below is for a parser");
    let (mut engine, mut install, mut first, mut second) = (vec![], vec![], vec![], vec![]);
    for run in 0..6 {
        let began = Instant::now();
        let (tokio, runtime) = begin(cache);
        let started = ms(began.elapsed());
        let began = Instant::now();
        let component = Bytes::from_static(largest.component);
        tokio.block_on(runtime.install(Install { component, ..Install::default() })).expect("it installs");
        let installed = ms(began.elapsed());
        let call = || {
            // Not of its format: the shortest call there is.
            let bytes = Arc::new(b"none".to_vec());
            let file = SourceFile { name: "none".into(), media_type: String::new(), bytes };
            let parser = runtime.parser(largest.name).expect("installed");
            let began = Instant::now();
            let _ = tokio.block_on(parser.parse(file, &JsonMap::new(), CallContext::default()));
            ms(began.elapsed())
        };
        let took = (call(), call());
        // The first run may have compiled it.
        if run > 0 {
            engine.push(started);
            install.push(installed);
            first.push(took.0);
            second.push(took.1);
        }
    }
    let megabytes = largest.component.len() as f64 / 1e6;
    line("start of the engine and its pool (ms)", median(engine), "");
    line(&format!("{}, {megabytes:.1} MB: install when known, hashing it (ms)", largest.name), median(install), "");
    line("    load from cache: first call less the second (ms)", median(first) - median(second), "<= 20");
}

/// Names of one component.
const TENANTS: usize = 1000;

/// Memory for each of a thousand tenants with a plugin of their own settings: used once and still warm, and idle.
pub(crate) fn idle(cache: &Path) {
    let (tokio, runtime) = begin(cache);
    let stay = Duration::from_secs(5);
    let install = async |role: Role, name: &str, tenant: usize, config: JsonMap| {
        let built_in = BUILT_INS.iter().find(|b| b.role == role.as_str() && b.name == name).expect("built in");
        let install = Install {
            name: Some(format!("{name}-of-{tenant}")),
            component: Bytes::from_static(built_in.component),
            config,
            limits: LimitOverrides { idle_timeout: Some(stay), ..LimitOverrides::default() },
            ..Install::default()
        };
        runtime.install(install).await.expect("it installs");
    };
    let settings = |name: &str, value: usize| {
        let serde_json::Value::Object(config) = serde_json::json!({ name: value }) else { return JsonMap::new() };
        config
    };
    let use_once = async |tenant: usize| {
        install(Role::Embedder, "hashed", tenant, settings("dimensions", 64 + tenant % 512)).await;
        let embedder = runtime.embedder(&format!("hashed-of-{tenant}")).expect("installed");
        embedder.embed(vec!["Mortise and tenon.".into()], InputKind::Query).await.expect("a vector");
        install(Role::Chunker, "naive", tenant, settings("chunk_token_num", 64 + tenant % 1900)).await;
        let chunker = runtime.chunker(&format!("naive-of-{tenant}")).expect("installed");
        let file = SourceFile { name: "a.txt".into(), media_type: String::new(), bytes: Arc::new(Vec::new()) };
        let parsed = Arc::new(Parsed::default());
        chunker.split(file, parsed, &JsonMap::new(), CallContext::default()).await.expect("chunks");
    };
    let install_both = async |tenant: usize| {
        install(Role::Embedder, "hashed", tenant, settings("dimensions", 64 + tenant % 512)).await;
        install(Role::Chunker, "naive", tenant, settings("chunk_token_num", 64 + tenant % 1900)).await;
    };
    let warm = || runtime.stats().iter().map(|(_, stats)| stats.warm).sum::<u64>();
    let gone = || {
        while warm() > 0 {
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    tokio.block_on(use_once(0));
    gone();
    let before = resident_kb();
    tokio.block_on(async {
        for tenant in 1..=TENANTS {
            install_both(TENANTS + tenant).await;
        }
    });
    line(
        &format!("{TENANTS} tenants, an embedder and a chunker each: never used (KB)"),
        (resident_kb() - before) / TENANTS as f64,
        "",
    );
    let before = resident_kb();
    tokio.block_on(async {
        for tenant in 1..=TENANTS {
            use_once(tenant).await;
        }
    });
    let (used, instances) = (resident_kb(), warm());
    line("    each used once, with settings of its own: warm instances", instances as f64, "");
    line("    while warm, memory per tenant (KB)", (used - before) / TENANTS as f64, "");
    gone();
    line("    when idle, memory per tenant (KB)", (resident_kb() - before) / TENANTS as f64, "about 0");
}

/// `VmRSS` of this process.
fn resident_kb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    kilobytes.and_then(|k| k.trim().parse().ok()).unwrap_or(f64::NAN)
}
