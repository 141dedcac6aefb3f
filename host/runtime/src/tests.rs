//! The sandbox with real components in it: the hostile ones of `tests/guests`, and the one that a stranger might write.
//!
//! They are built once, by cargo, into the target folder of these tests; `MORTISE_TEST_GUESTS` names a folder of built
//! ones instead.

mod built_ins;
mod contract;
pub(crate) mod earlier_line;
mod hostile;
mod life;
mod network;
mod senses;

use crate::{Grants, Install, InstallError, LimitOverrides, Runtime, RuntimeOptions};
use bytes::Bytes;
use mortise_domain::block::{Block, BlockKind, Parsed};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Plugins, RawChunks};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, PluginFault, PluginInfo};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A runtime of its own, with the native code of all tests of this process.
fn runtime() -> Arc<Runtime> {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().unwrap());
    Runtime::new(RuntimeOptions { cache_dir: cache.path().into(), count_fuel: false }).unwrap()
}

/// The bytes of a guest.
fn guest(name: &str) -> Bytes {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        if let Some(built) = std::env::var_os("MORTISE_TEST_GUESTS") {
            return built.into();
        }
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
        let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("guests");
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--workspace", "--lib", "--examples", "--profile", "component"])
            .args(["--target", "wasm32-wasip2", "--target-dir"])
            .arg(&target)
            .current_dir(guests)
            .env_remove("RUSTFLAGS")
            .status();
        assert!(built.unwrap().success(), "the guests must build");
        target.join("wasm32-wasip2/component")
    });
    let file = format!("{name}.wasm");
    let found = [folder.join(&file), folder.join("examples").join(&file)].into_iter().find(|path| path.exists());
    std::fs::read(found.unwrap_or_else(|| panic!("no guest {name} in {}", folder.display()))).unwrap().into()
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

async fn split_reason(runtime: &Runtime, method: &str, config: serde_json::Value) -> FaultReason {
    split(runtime, method, config).await.unwrap_err().reason
}
