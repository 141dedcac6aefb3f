//! A plugin's folder as `plugin.toml` describes it, and what a command line can point at: such a folder, or a component.

use crate::{Error, Result};
use bytes::Bytes;
use mortise_domain::{JsonMap, Role};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// `plugin.toml`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Kebab-case.
    pub name: String,
    /// What the plugin does.
    #[serde(deserialize_with = "role")]
    pub role: Role,
    /// `rust`, `python`, …
    pub language: String,
    /// How the component is made.
    pub build: Build,
    /// How it is tested.
    #[serde(default)]
    pub test: TestSettings,
}

/// How a component is made.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Run by `sh -c` in the folder.
    pub command: String,
    /// Where the command leaves the component, seen from the folder.
    pub component: PathBuf,
}

/// How a plugin is tested, beyond its cases.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct TestSettings {
    /// Settings; `{upstream}` stands for the address of the scripted server.
    pub config: JsonMap,
    /// Hosts granted; `{upstream_host}` stands for host and port of the scripted server.
    pub http: Vec<String>,
    /// A recorded HTTP response of the real service, raw.
    pub answer: Option<PathBuf>,
    /// Names of secrets that the plugin asks for.
    pub secrets: Vec<String>,
    /// Local models granted.
    pub models: Vec<String>,
    /// Checks of the kit that do not apply, with the reason.
    pub skip: BTreeMap<String, String>,
}

fn role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = Role::ALL.map(Role::as_str).join(", ");
    let found = Role::ALL.into_iter().find(|role| role.as_str() == name);
    found.ok_or_else(|| serde::de::Error::custom(format!("{name:?} is no role; there are {names}")))
}

impl Manifest {
    /// Reads `plugin.toml` of a folder.
    ///
    /// # Errors
    /// `Manifest`, which names the place and the remedy.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("plugin.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                let reason = "not found: give a plugin's folder or a .wasm file, or begin with `mortise plugin new`";
                Error::Manifest { path: path.clone(), reason: reason.into() }
            }
            _ => Error::File { path: path.clone(), source: error },
        })?;
        toml::from_str(&text).map_err(|error| Error::Manifest { path, reason: error.to_string() })
    }
}

/// What a command works on.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the component lies.
    pub path: PathBuf,
    /// Its bytes.
    pub component: Bytes,
    /// The folder it was built in, with its manifest; none for a bare component.
    pub folder: Option<(PathBuf, Manifest)>,
}

impl Target {
    /// The component of a folder, built first when it is missing or older than any source; or a component itself.
    ///
    /// # Errors
    /// What keeps it from being read or built.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_file() {
            let component = std::fs::read(path).map_err(Error::file(path))?.into();
            return Ok(Self { path: path.into(), component, folder: None });
        }
        let manifest = Manifest::read(path)?;
        let built = path.join(&manifest.build.component);
        if stale(path, &built) {
            crate::build(path)?;
        }
        let component = std::fs::read(&built).map_err(Error::file(&built))?.into();
        Ok(Self { path: built, component, folder: Some((path.into(), manifest)) })
    }

    /// How the folder wants to be tested.
    pub fn test_settings(&self) -> TestSettings {
        self.folder.as_ref().map(|(_, manifest)| manifest.test.clone()).unwrap_or_default()
    }
}

/// Folders that hold what is built, fetched or expected, not sources.
const NO_SOURCES: [&str; 8] = ["target", "build", "dist", "node_modules", "__pycache__", "venv", "cases", "tests"];

/// Whether a component is missing, or older than anything it may be made of.
fn stale(folder: &Path, component: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    modified(component).is_none_or(|built| newer(folder, component, built))
}

fn newer(folder: &Path, component: &Path, built: SystemTime) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // Not followed: what a link leads to is not the folder's.
        let Ok(metadata) = path.symlink_metadata() else { return false };
        if name.starts_with('.') || metadata.is_symlink() || path == component {
            false
        } else if metadata.is_dir() {
            !NO_SOURCES.contains(&name.as_ref()) && newer(&path, component, built)
        } else {
            // The lock file is written by the build itself, notes are not built.
            let source = !name.ends_with(".lock") && !name.ends_with("-lock.json") && !name.ends_with(".md");
            source && metadata.modified().is_ok_and(|modified| modified > built)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const TOML: &str = r#"
        name = "sentences"
        role = "chunker"
        language = "rust"
        [build]
        command = "true"
        component = "out.wasm"
    "#;

    #[test]
    fn manifests() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            std::fs::write(folder.path().join("plugin.toml"), text).unwrap();
            Manifest::read(folder.path())
        };
        let manifest = read(TOML).unwrap();
        assert_eq!((manifest.role, manifest.test), (Role::Chunker, TestSettings::default()));
        let network =
            format!("{TOML}\n[test]\nconfig = {{ base_url = \"{{upstream}}\" }}\nhttp = [\"{{upstream_host}}\"]");
        assert_eq!(read(&network).unwrap().test.config["base_url"], "{upstream}");
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert!(told(&TOML.replace("chunker", "chunkr")).contains("there are parser, chunker"));
        assert!(told(&TOML.replace("command", "comand")).contains("comand"));
        let empty = tempfile::tempdir().unwrap();
        assert!(Manifest::read(empty.path()).unwrap_err().to_string().contains("mortise plugin new"));
    }

    #[test]
    fn a_component_is_stale_when_a_source_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, seconds: u64| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = std::fs::File::create(path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        let built = folder.path().join("out.wasm");
        assert!(stale(folder.path(), &built));
        write("src/lib.rs", 10);
        write("out.wasm", 20);
        for (other, seconds) in [("target/x", 30), ("cases/a/expected.json", 30), ("Cargo.lock", 30), (".git/x", 30)] {
            write(other, seconds);
        }
        assert!(!stale(folder.path(), &built));
        write("vendor/mortise-sdk/src/lib.rs", 30);
        assert!(stale(folder.path(), &built));
    }

    #[test]
    fn a_stale_folder_is_built_and_a_file_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let toml = TOML.replace("\"true\"", "\"printf new > out.wasm\"");
        std::fs::write(folder.path().join("plugin.toml"), toml).unwrap();
        let target = Target::open(folder.path()).unwrap();
        assert_eq!(&target.component[..], b"new");
        assert_eq!(target.folder.unwrap().1.name, "sentences");
        let file = Target::open(&folder.path().join("out.wasm")).unwrap();
        assert!(file.folder.is_none());
    }
}
