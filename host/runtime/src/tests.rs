//! The sandbox with real components in it: the hostile ones of `tests/guests`, and the one that a stranger might write.

mod built_ins;
mod contract;
pub(crate) mod earlier_line;
mod guests;
mod hostile;
mod life;
mod network;
mod pages;
mod seen;
mod senses;
mod slow;
mod warm;

use crate::{Grants, Install, InstallError, LimitOverrides, Runtime, RuntimeOptions};
use bytes::Bytes;
use guests::guest;
use mortise_domain::block::{Block, BlockKind, Parsed};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Plugins, RawChunks};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, PluginFault, PluginInfo, PluginStats, Role};
use std::sync::{Arc, OnceLock};

/// A runtime of its own, with the native code of all tests of this process.
fn runtime() -> Arc<Runtime> {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().unwrap());
    Runtime::new(RuntimeOptions { cache_dir: cache.path().into(), count_fuel: false }).unwrap()
}

/// Installs a guest with settings under limits that a test can wait for.
async fn install(runtime: &Runtime, name: &str, config: serde_json::Value) -> Result<PluginInfo, InstallError> {
    install_with(runtime, name, config, Grants::default(), quick()).await
}

async fn install_with(
    runtime: &Runtime,
    name: &str,
    config: serde_json::Value,
    grants: Grants,
    limits: LimitOverrides,
) -> Result<PluginInfo, InstallError> {
    runtime.install(Install { component: guest(name), config: map(config), grants, limits, ..Install::default() }).await
}

fn quick() -> LimitOverrides {
    LimitOverrides {
        memory_bytes: Some(64 << 20),
        call_timeout: Some(std::time::Duration::from_secs(20)),
        ..LimitOverrides::default()
    }
}

fn map(config: serde_json::Value) -> JsonMap {
    match config {
        serde_json::Value::Object(map) => map,
        serde_json::Value::Null => JsonMap::new(),
        other => panic!("no settings: {other}"),
    }
}

fn file(name: &str) -> SourceFile {
    SourceFile { name: name.into(), media_type: "text/plain".into(), bytes: Arc::new(Vec::new()) }
}

fn document(texts: &[&str]) -> Arc<Parsed> {
    let block = |(id, text): (usize, &&str)| Block {
        id: u32::try_from(id).unwrap(),
        kind: BlockKind::Paragraph,
        text: (*text).into(),
        level: 0,
        places: vec![],
        part: 0,
        style: None,
        table: None,
        image: None,
        language: None,
        parent: None,
    };
    Arc::new(Parsed { blocks: texts.iter().enumerate().map(block).collect(), ..Parsed::default() })
}

/// Cuts a document of one sentence.
async fn split(runtime: &Runtime, method: &str, config: serde_json::Value) -> Result<RawChunks, PluginFault> {
    let chunker = runtime.chunker(method).unwrap();
    let parsed = document(&["Mortise and tenon."]);
    chunker.split(file("joint.txt"), parsed, &map(config), CallContext::default()).await
}

/// What was seen of a plugin.
fn seen(runtime: &Runtime, role: Role, name: &str) -> PluginStats {
    let all = runtime.stats();
    let found = all.into_iter().find(|((of, named), _)| (*of, named.as_str()) == (role, name));
    found.unwrap_or_else(|| panic!("nothing was seen of {role} {name}")).1
}

/// What follows faults: they were counted, nothing of them is left, and the well-behaved neighbour works.
async fn lost(runtime: &Runtime, role: Role, name: &str, faults: &[(&'static str, u64)]) {
    let stats = seen(runtime, role, name);
    assert_eq!(stats.faults, faults.iter().copied().collect(), "{stats:?}");
    assert_eq!((stats.running, stats.waiting, stats.warm), (0, 0, 0), "{stats:?}");
    assert!(stats.calls >= stats.faults.values().sum(), "{stats:?}");
    let last = stats.last_fault.map(|last| last.kind);
    assert!(faults.iter().all(|(kind, _)| *kind == "cancelled") || last.is_some(), "{last:?}");
    install(runtime, "third_party", serde_json::json!({})).await.unwrap();
    let chunks = split(runtime, "sentences", serde_json::json!({})).await.unwrap().chunks;
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].text, "Mortise and tenon.");
}

async fn split_reason(runtime: &Runtime, method: &str, config: serde_json::Value) -> FaultReason {
    split(runtime, method, config).await.unwrap_err().reason
}
