//! Real clients against the real binary: builds the guests that the tests install, prepares a virtual environment with
//! the clients' packages, and runs pytest. Without Python 3 it fails and says so: a green run means that clients work.
#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test binary")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn real_clients_work_unchanged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let guests = build_guests(root, scratch.parent().expect("the target folder"));
    let python = virtual_environment(root, &scratch);
    let filter = std::env::var("MORTISE_PYTEST").unwrap_or_default();
    let status = Command::new(python)
        .current_dir(root.join("tests/clients"))
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=8", "-rs"])
        .args(filter.split_whitespace())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TEST_BINARY", env!("CARGO_BIN_EXE_mortise"))
        .env("TEST_GUESTS", guests)
        .env("TEST_COMPONENTS", scratch.with_file_name("components/wasm32-wasip2/component"))
        .env("TEST_PLUGIN_CACHE", scratch.join("plugin-cache"))
        .status()
        .expect("python starts");
    assert!(status.success(), "a client test failed; pytest says above which");
}

/// Builds `tests/guests` for wasm and gives the folder with the components. The tests of `host/runtime` use the same.
fn build_guests(root: &Path, target: &Path) -> PathBuf {
    let target = target.join("guests");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root.join("tests/guests"));
    cargo.args(["build", "--quiet", "--workspace", "--lib", "--examples"]);
    cargo.args(["--profile", "component", "--target", "wasm32-wasip2", "--target-dir"]).arg(&target);
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_ENCODED") || name.starts_with("RUSTC") || name.starts_with("RUSTFLAGS") {
            cargo.env_remove(name);
        }
    }
    assert!(cargo.status().expect("cargo starts").success(), "the test guests did not build");
    target.join("wasm32-wasip2/component")
}

/// A virtual environment with the clients' packages, made once and again when the list changes.
fn virtual_environment(root: &Path, scratch: &Path) -> PathBuf {
    let requirements = root.join("tests/clients/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).expect("the list of packages");
    let folder = scratch.join("python");
    let python = folder.join("bin/python");
    let stamp = folder.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let run = |command: &mut Command| {
        let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(status.success(), "{command:?} failed: Python 3.10 or newer with `venv` and `pip` is needed");
    };
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
    run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(&requirements));
    std::fs::write(&stamp, wanted).expect("the folder is writable");
    python
}
