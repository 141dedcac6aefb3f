//! Embeds what `mortise plugin new` writes: the templates, the SDK as a package that builds on its own, and the contract.
//! The SDK is not on a registry; a binary that carries it can make a plugin folder anywhere, and of the version it runs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a build script talks to Cargo and people by printing")]

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};
use toml::{Table, Value};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Files by the path under which they are embedded.
type Files = Vec<(String, PathBuf)>;

fn main() {
    if let Err(error) = run() {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<()> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let root = here.join("../..").canonicalize()?;
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", root.join("Cargo.toml").display());

    let templates = files(&here.join("templates"))?;
    let wit: Files = files(&root.join("wit"))?.into_iter().filter(|(name, _)| !name.starts_with("released/")).collect();
    let sdk = sdk(&root, &out)?;
    let mut list = String::new();
    for (name, what, files) in [
        ("TEMPLATES", "Templates: `<language>/<role>/<path>`.", &templates),
        ("SDK", "The guest SDK as a package of its own, without its `wit` folder.", &sdk),
        ("WIT", "The contract.", &wit),
    ] {
        writeln!(list, "/// {what}\npub(crate) static {name}: &[(&str, &str)] = &[")?;
        for (path, file) in files {
            writeln!(list, "    ({path:?}, include_str!({file:?})),")?;
        }
        list.push_str("];\n");
    }
    fs::write(out.join("embedded.rs"), list)?;
    Ok(())
}

/// Every file below a folder, sorted, without what tools leave there.
fn files(folder: &Path) -> Result<Files> {
    const LEFT: [&str; 6] = ["target", "node_modules", "__pycache__", ".venv", "Cargo.lock", "vendor"];
    let mut found = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        println!("cargo:rerun-if-changed={}", next.display());
        for entry in fs::read_dir(&next).map_err(|error| format!("{}: {error}", next.display()))? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| LEFT.iter().any(|left| name == *left)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                println!("cargo:rerun-if-changed={}", path.display());
                found.push((path.strip_prefix(folder)?.to_string_lossy().replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The SDK's files; the manifest without its workspace, and the bindings made from the `wit` folder inside the package.
fn sdk(root: &Path, out: &Path) -> Result<Files> {
    let folder = root.join("sdk-guest");
    let mut all = files(&folder)?;
    all.retain(|(path, _)| {
        ["Cargo.toml", "README.md", "build.rs"].contains(&path.as_str()) || path.starts_with("src/")
    });
    for (path, file) in &mut all {
        let text = fs::read_to_string(&file)?;
        let standalone = match path.as_str() {
            "Cargo.toml" => manifest(&text, &fs::read_to_string(root.join("Cargo.toml"))?)?,
            _ => text.replace("\"../wit", "\"wit"),
        };
        if standalone != text {
            *file = out.join(format!("sdk-{}", path.replace('/', "-")));
            fs::write(file, standalone)?;
        }
    }
    Ok(all)
}

/// A manifest in which nothing is inherited any more, and which tests nothing.
fn manifest(text: &str, workspace: &str) -> Result<String> {
    let workspace: Table = workspace.parse()?;
    let inherited = |table: &str, key: &str| -> Result<Value> {
        let found = workspace.get("workspace").and_then(|w| w.get(table)?.get(key));
        Ok(found.ok_or_else(|| format!("the workspace has no {table}.{key}"))?.clone())
    };
    let mut manifest: Table = text.parse()?;
    for unused in ["lints", "dev-dependencies", "example", "test", "bench"] {
        manifest.remove(unused);
    }
    if let Some(Value::Table(package)) = manifest.get_mut("package") {
        for (key, value) in package {
            if value.get("workspace").is_some() {
                *value = inherited("package", key)?;
            }
        }
    }
    let mut tables: Vec<&mut Table> = Vec::new();
    for (key, value) in &mut manifest {
        match (key.as_str(), value) {
            ("dependencies" | "build-dependencies", Value::Table(table)) => tables.push(table),
            ("target", Value::Table(targets)) => {
                for (_, target) in targets {
                    tables.extend(target.get_mut("dependencies").and_then(Value::as_table_mut));
                }
            }
            _ => {}
        }
    }
    for (name, dependency) in tables.into_iter().flatten() {
        let Value::Table(own) = dependency else { continue };
        if own.remove("workspace").is_some() {
            let mut whole = match inherited("dependencies", name)? {
                Value::Table(table) => table,
                version => Table::from_iter([("version".to_owned(), version)]),
            };
            whole.extend(std::mem::take(own));
            *own = whole;
        }
        if own.contains_key("path") {
            return Err(format!("sdk-guest depends on {name} by path: an author's copy would not find it").into());
        }
    }
    Ok(toml::to_string(&manifest)?)
}
