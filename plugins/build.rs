//! Builds every plugin folder for `wasm32-wasip2` with a nested Cargo (its own target folder, shared by all profiles of
//! the host) and writes the list of built-ins.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a build script talks to Cargo and people by printing")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const TARGET: &str = "wasm32-wasip2";
const ROLES: [(&str, &str); 5] = [
    ("parsers", "parser"),
    ("chunkers", "chunker"),
    ("embedders", "embedder"),
    ("rerankers", "reranker"),
    ("chat-models", "chat-model"),
];

struct Plugin {
    role: &'static str,
    folder: String,
    package: String,
}

fn main() {
    if let Err(error) = run() {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for watched in ["parsers", "chunkers", "embedders", "rerankers", "chat-models", "shared"] {
        watch(&here.join(watched))?;
    }
    watch(&here.join("../sdk-guest"))?;
    watch(&here.join("../wit"))?;
    println!("cargo:rerun-if-changed=build.rs");

    let plugins = plugins(&here)?;
    ensure_target()?;
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target_dir = out.ancestors().nth(4).ok_or("unexpected OUT_DIR")?.join("components");
    build(&here, &target_dir, &plugins)?;

    let mut list = String::from("/// All built-ins, by role and name.\npub static BUILT_INS: &[BuiltIn] = &[\n");
    for plugin in &plugins {
        let file = format!("{}.wasm", plugin.package.replace('-', "_"));
        let component = fs::read(target_dir.join(TARGET).join("component").join(&file))?;
        // Written only when it changed, so that an untouched plugin does not rebuild the host.
        let copy = out.join(&file);
        if fs::read(&copy).ok().as_deref() != Some(&component) {
            fs::write(&copy, &component)?;
        }
        list.push_str(&format!(
            "    BuiltIn {{ role: {:?}, name: {:?}, component: include_bytes!({:?}) }},\n",
            plugin.role, plugin.folder, copy
        ));
    }
    list.push_str("];\n");
    fs::write(out.join("built_ins.rs"), list)?;
    Ok(())
}

/// Watches files one by one, without what tools leave in the folders.
fn watch(path: &Path) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?.path();
            if entry.file_name().is_some_and(|n| n != "target" && n != "fuzz") {
                watch(&entry)?;
            }
        }
    } else {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    Ok(())
}

fn plugins(here: &Path) -> Result<Vec<Plugin>, Box<dyn Error>> {
    let mut plugins = Vec::new();
    for (folder, role) in ROLES {
        for entry in fs::read_dir(here.join(folder))? {
            let path = entry?.path();
            let Ok(manifest) = fs::read_to_string(path.join("Cargo.toml")) else { continue };
            let package = manifest
                .lines()
                .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
                .ok_or_else(|| format!("{} names no package", path.display()))?;
            let folder = path.file_name().and_then(|n| n.to_str()).ok_or("folder name")?.to_owned();
            plugins.push(Plugin { role, folder, package: package.to_owned() });
        }
    }
    plugins.sort_by(|a, b| (a.role, &a.folder).cmp(&(b.role, &b.folder)));
    Ok(plugins)
}

/// Adds the target when it is missing and can be added; otherwise says in one sentence what to type.
fn ensure_target() -> Result<(), Box<dyn Error>> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    let libdir = String::from_utf8(output.stdout)?;
    if output.status.success() && Path::new(libdir.trim()).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status().is_ok_and(|s| s.success());
    if added {
        return Ok(());
    }
    Err(format!("the {TARGET} target is missing and could not be added: type `rustup target add {TARGET}`").into())
}

fn build(here: &Path, target_dir: &Path, plugins: &[Plugin]) -> Result<(), Box<dyn Error>> {
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.current_dir(here).args(["build", "--profile", "component", "--target", TARGET, "--target-dir"]);
    cargo.arg(target_dir);
    for plugin in plugins {
        cargo.args(["--package", &plugin.package]);
    }
    // What the outer Cargo (or clippy) set for the host must not reach the guests.
    const INHERITED: [&str; 10] = [
        "CARGO_BUILD_",
        "CARGO_CFG_",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_PROFILE_",
        "CARGO_TARGET_",
        "RUSTC",
        "RUSTFLAGS",
    ];
    for (name, _) in env::vars() {
        if INHERITED.iter().any(|prefix| name.starts_with(prefix)) || name == "TARGET" {
            cargo.env_remove(&name);
        }
    }
    // Every engine that runs components has vectors, and drawing pages with them takes half the time.
    cargo.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-C target-feature=+simd128");
    let status = cargo.status()?;
    if !status.success() {
        return Err("a built-in plugin did not build; the messages above say why".into());
    }
    Ok(())
}
