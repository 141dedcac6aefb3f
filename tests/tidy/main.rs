//! The architecture's invariants as tests: who depends on whom, how long files grow, what every file begins with.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test binary")]

use std::path::{Path, PathBuf};

/// Our own crates and the heavy ones that each host crate may name; everything else of these lists is forbidden to it.
const ARROWS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("text", &[]),
    ("store", &["mortise-domain", "sqlx"]),
    ("index", &["mortise-domain", "mortise-text", "tantivy"]),
    ("runtime", &["mortise-domain", "mortise-text", "wasmtime", "wasmtime-wasi", "wasmtime-wasi-http", "reqwest"]),
    ("service", &["mortise-domain", "mortise-text", "mortise-store", "mortise-index"]),
    ("http", &["mortise-domain", "mortise-service", "axum"]),
    ("supply", &["mortise-domain", "reqwest"]),
    ("conformance", &["mortise-domain", "mortise-text", "mortise-runtime", "mortise-plugins"]),
    ("workbench", &["mortise-domain", "mortise-text", "mortise-runtime", "mortise-plugins", "mortise-conformance"]),
];

const GUARDED: [&str; 16] = [
    "mortise-domain",
    "mortise-text",
    "mortise-store",
    "mortise-index",
    "mortise-runtime",
    "mortise-service",
    "mortise-http",
    "mortise-plugins",
    "mortise-supply",
    "mortise-conformance",
    "mortise-workbench",
    "sqlx",
    "tantivy",
    "wasmtime",
    "axum",
    "reqwest",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Names in `[dependencies]` of a manifest.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(manifest).unwrap();
    let section = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned())).collect()
}

#[test]
fn arrows_point_one_way() {
    for (name, allowed) in ARROWS {
        for dependency in dependencies(&root().join("host").join(name).join("Cargo.toml")) {
            let guarded = GUARDED.contains(&dependency.as_str());
            assert!(!guarded || allowed.contains(&dependency.as_str()), "host/{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn plugins_depend_on_the_sdk_and_shared_libraries_alone() {
    for role in ["parsers", "chunkers", "embedders", "rerankers", "chat-models"] {
        for folder in std::fs::read_dir(root().join("plugins").join(role)).unwrap() {
            let manifest = folder.unwrap().path().join("Cargo.toml");
            for dependency in dependencies(&manifest).iter().filter(|d| d.starts_with("mortise-")) {
                let fine = dependency == "mortise-sdk" || dependency.starts_with("mortise-shared-");
                assert!(fine, "{} must not depend on {dependency}", manifest.display());
            }
        }
    }
}

/// Every Rust file of the repository, without what is built.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["host", "plugins", "sdk-guest", "tests"].iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let built = path.file_name().is_some_and(|name| name == "target" || name == "wrong_use");
            if path.is_dir() && !built {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 100);
    found
}

#[test]
fn files_are_rooms() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not begin by saying why it exists", path.display());
        let lines = text.lines().count();
        assert!(lines <= 800, "{} has {lines} lines: is it one room, or several?", path.display());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for vague in ["mod.rs", "utils.rs", "util.rs", "common.rs", "helpers.rs", "manager.rs", "misc.rs"] {
            assert_ne!(name, vague, "{}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    let marks = ["todo!", "unimplemented!"].map(|mark| format!("{mark}("));
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{} has {mark}", path.display());
        }
    }
}
