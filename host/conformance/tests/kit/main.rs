//! The kit on real components: what is built in and what a stranger wrote passes, and every bug is found by the check
//! that is meant for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod faulty;
mod good;

use bytes::Bytes;
use mortise_conformance::{Options, Report, Status};
use mortise_domain::JsonMap;
use mortise_runtime::{Runtime, RuntimeOptions};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A runtime of its own, with the native code of all tests of this process.
fn runtime() -> Arc<Runtime> {
    static CACHE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let cache = CACHE.get_or_init(|| tempfile::tempdir().unwrap());
    Runtime::new(RuntimeOptions { cache_dir: cache.path().into(), count_fuel: true }).unwrap()
}

/// The bytes of a guest of `tests/guests`, built once; `MORTISE_TEST_GUESTS` names a folder of built ones instead.
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

fn map(config: Value) -> JsonMap {
    match config {
        Value::Object(map) => map,
        other => panic!("no settings: {other}"),
    }
}

async fn run(component: Bytes, options: Options) -> Report {
    mortise_conformance::check(runtime(), component, options).await
}

/// Names of the checks that failed.
fn failed(report: &Report) -> Vec<&str> {
    let failed = report.checks.iter().filter(|outcome| outcome.status == Status::Failed);
    failed.map(|outcome| outcome.name.as_str()).collect()
}

fn count(report: &Report, status: Status) -> usize {
    report.checks.iter().filter(|outcome| outcome.status == status).count()
}
