//! Building a plugin's folder by its own command.

use crate::{Error, Manifest, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The target of Rust plugins.
const WASM: &str = "wasm32-wasip2";

/// Runs the build command of a folder and gives the component's path. What the command prints goes to standard error:
/// standard output belongs to the command that needed the build.
///
/// # Errors
/// `Build`, `NoComponent`.
pub fn build(folder: &Path) -> Result<PathBuf> {
    let manifest = Manifest::read(folder)?;
    let command = manifest.build.command;
    tracing::info!(folder = %folder.display(), command, "building");
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(folder).stdout(Stdio::from(std::io::stderr()));
    let status = shell.status().map_err(Error::file("sh"))?;
    if !status.success() {
        let hint = (manifest.language == "rust").then(|| rust_hint(folder)).flatten();
        return Err(Error::Build { command, status: status.to_string(), hint });
    }
    let component = folder.join(&manifest.build.component);
    if component.is_file() { Ok(component) } else { Err(Error::NoComponent { command, path: component }) }
}

/// What a Rust toolchain lacks to build plugins.
fn rust_hint(folder: &Path) -> Option<String> {
    let rustc = |arguments: &[&str]| Command::new("rustc").args(arguments).current_dir(folder).output().ok();
    let Some(asked) = rustc(&["--print", "target-libdir", "--target", WASM]) else {
        return Some("Rust is missing: https://rustup.rs installs it".into());
    };
    let library = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    let missing = !asked.status.success() || !Path::new(&library).is_dir();
    missing.then(|| format!("the {WASM} target is missing: type `rustup target add {WASM}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(command: &str, language: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let toml = format!(
            "name = \"x\"\nrole = \"parser\"\nlanguage = \"{language}\"\n[build]\ncommand = \"{command}\"\ncomponent = \"a/x.wasm\""
        );
        std::fs::write(folder.path().join("plugin.toml"), toml).unwrap();
        folder
    }

    #[test]
    fn the_command_decides() {
        let good = folder("mkdir -p a && touch a/x.wasm", "c");
        assert_eq!(build(good.path()).unwrap(), good.path().join("a/x.wasm"));
        let told = build(folder("exit 3", "c").path()).unwrap_err().to_string();
        assert!(told.contains("`exit 3` failed") && told.contains('3'), "{told}");
        let told = build(folder("true", "c").path()).unwrap_err().to_string();
        assert!(told.contains("a/x.wasm") && told.contains("build.component"), "{told}");
    }

    #[test]
    fn a_rust_toolchain_without_the_target_is_told_how_to_get_it() {
        let folder = folder("exit 1", "rust");
        // The toolchain that runs this test can build plugins: the failure has another reason, and gets no hint.
        let Err(Error::Build { hint, .. }) = build(folder.path()) else { panic!("built") };
        assert_eq!(hint, None);
    }
}
