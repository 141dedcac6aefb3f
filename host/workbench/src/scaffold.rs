//! A new plugin's folder: a template of its language and role, and what it is built against.

use crate::{Error, PluginName, Result};
use mortise_domain::Role;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What to make.
#[derive(Clone, Debug)]
pub struct New {
    /// Its name.
    pub name: PluginName,
    /// What it does.
    pub role: Role,
    /// `rust`, `python`, …
    pub language: String,
    /// Where; must not exist.
    pub folder: PathBuf,
    /// A checkout of Mortise or of its SDK to build against, instead of the copy that this binary carries.
    pub sdk: Option<PathBuf>,
}

/// A language with templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// `rust`, `python`, …
    pub name: &'static str,
    /// The roles it has templates for.
    pub roles: Vec<Role>,
}

/// The languages that there are templates in.
pub fn languages() -> Vec<Language> {
    let mut found: BTreeMap<&str, Vec<Role>> = BTreeMap::new();
    for (path, _) in TEMPLATES {
        let mut parts = path.split('/');
        let (Some(language), Some(folder)) = (parts.next(), parts.next()) else { continue };
        let roles = found.entry(language).or_default();
        let role = Role::ALL.into_iter().find(|role| role.as_str() == folder && !roles.contains(role));
        roles.extend(role);
    }
    let mut languages: Vec<Language> = found.into_iter().map(|(name, roles)| Language { name, roles }).collect();
    languages.iter_mut().for_each(|language| language.roles.sort());
    languages.retain(|language| !language.roles.is_empty());
    languages
}

/// Writes the folder.
///
/// # Errors
/// `Exists`, `NoTemplate`, `NoSdk`, `File`. What was written of a folder that cannot be finished is removed.
pub fn scaffold(new: &New) -> Result<()> {
    let template = template(&new.language, new.role)?;
    let sdk = new.sdk.as_deref().map(checkout).transpose()?;
    if new.folder.symlink_metadata().is_ok() {
        return Err(Error::Exists(new.folder.clone()));
    }
    let written = write(new, &template, sdk.as_deref());
    if written.is_err() && new.folder.exists() {
        // The first error is the one to tell.
        let _ = std::fs::remove_dir_all(&new.folder);
    }
    written
}

fn write(new: &New, template: &[(&str, &str)], sdk: Option<&Path>) -> Result<()> {
    let fill = Fill::new(&new.name, sdk);
    for (path, text) in template {
        put(&new.folder, &fill.apply(path), &fill.apply(text))?;
    }
    if new.language == "rust" {
        if sdk.is_none() {
            let vendored = new.folder.join(VENDORED);
            SDK.iter().try_for_each(|(path, text)| put(&vendored, path, text))?;
            WIT.iter().try_for_each(|(path, text)| put(&vendored.join("wit"), path, text))?;
        }
        return Ok(());
    }
    let contract = new.folder.join("wit");
    let Some(sdk) = sdk else { return WIT.iter().try_for_each(|(path, text)| put(&contract, path, text)) };
    let theirs = sdk.join("../wit");
    for entry in std::fs::read_dir(&theirs).map_err(Error::file(&theirs))? {
        let path = entry.map_err(Error::file(&theirs))?.path();
        if let (true, Some(name)) = (path.extension().is_some_and(|e| e == "wit"), path.file_name()) {
            let text = std::fs::read_to_string(&path).map_err(Error::file(&path))?;
            put(&contract, &name.to_string_lossy(), &text)?;
        }
    }
    Ok(())
}

/// Where a new Rust plugin keeps its copy of the SDK.
const VENDORED: &str = "vendor/mortise-sdk";

fn put(folder: &Path, path: &str, text: &str) -> Result<()> {
    let path = folder.join(path);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::write(&path, text).map_err(Error::file(path))
}

/// The files of a template, by their path in the new folder.
fn template(language: &str, role: Role) -> Result<Vec<(&'static str, &'static str)>> {
    let prefix = format!("{language}/{role}/");
    let files = TEMPLATES.iter().filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?, *text)));
    let files: Vec<_> = files.collect();
    if !files.is_empty() {
        return Ok(files);
    }
    let languages = languages();
    let roles = |language: &Language| language.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let reason = match languages.iter().find(|known| known.name == language) {
        Some(known) => format!("there is no {language} template for the role {role}, only for: {}", roles(known)),
        None => {
            let names: Vec<&str> = languages.iter().map(|language| language.name).collect();
            format!("there are no templates in {language:?}, only in: {}", names.join(", "))
        }
    };
    Err(Error::NoTemplate(reason))
}

/// The folder of the SDK in a checkout, as an absolute path.
fn checkout(path: &Path) -> Result<PathBuf> {
    let is_sdk = |folder: &Path| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line.replace(' ', "") == "name=\"mortise-sdk\"")
    };
    let found = [path.to_owned(), path.join("sdk-guest")].into_iter().find(|folder| is_sdk(folder));
    let found = found.ok_or_else(|| Error::NoSdk(path.into()))?;
    found.canonicalize().map_err(Error::file(path))
}

/// What stands for the placeholders of templates.
struct Fill([(&'static str, String); 5]);

impl Fill {
    fn new(name: &PluginName, sdk: Option<&Path>) -> Self {
        let sdk = sdk.map_or_else(|| VENDORED.to_owned(), |path| path.display().to_string());
        Self([
            ("{{name}}", name.to_string()),
            ("{{Name}}", name.pascal()),
            ("{{name_snake}}", name.snake()),
            ("{{sdk}}", sdk.replace('\\', "\\\\").replace('"', "\\\"")),
            ("{{rust_version}}", env!("CARGO_PKG_RUST_VERSION").to_owned()),
        ])
    }

    fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(folder: &Path, role: Role, language: &str) -> New {
        let name = "long-sentences".parse().unwrap();
        New { name, role, language: language.into(), folder: folder.join("it"), sdk: None }
    }

    /// Lines that the author of `src/lib.rs` would call code, tests aside.
    fn code(text: &str) -> usize {
        let own = text.split("#[cfg(test)]").next().unwrap();
        own.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
    }

    #[test]
    fn every_role_has_a_small_rust_template() {
        for role in Role::ALL {
            let template = template("rust", role).unwrap();
            let file = |wanted: &str| {
                template.iter().find(|(path, _)| *path == wanted).unwrap_or_else(|| panic!("{role}: {wanted}")).1
            };
            for path in ["Cargo.toml", "plugin.toml", "README.md", ".gitignore"] {
                file(path);
            }
            assert!(template.iter().any(|(path, _)| path.starts_with("cases/") && path.contains("/input.")), "{role}");
            assert!(template.iter().any(|(path, _)| path.ends_with("/expected.json")), "{role}");
            let lines = code(file("src/lib.rs"));
            assert!(lines <= 40, "{role}: {lines} lines");
            assert!(file("src/lib.rs").contains("#[test]"), "{role}");
        }
    }

    #[test]
    fn every_template_becomes_a_folder_without_placeholders() {
        for language in languages() {
            for role in language.roles {
                let folder = tempfile::tempdir().unwrap();
                scaffold(&new(folder.path(), role, language.name)).unwrap();
                let folder = folder.path().join("it");
                let manifest = crate::Manifest::read(&folder).unwrap();
                assert_eq!(
                    (manifest.name.as_str(), manifest.role, manifest.language.as_str()),
                    ("long-sentences", role, language.name)
                );
                let mut folders = vec![folder.clone()];
                while let Some(next) = folders.pop() {
                    for entry in std::fs::read_dir(next).unwrap() {
                        let path = entry.unwrap().path();
                        if path.is_dir() {
                            folders.push(path);
                        } else if !path.starts_with(folder.join("vendor")) {
                            let text = std::fs::read_to_string(&path).unwrap() + &path.to_string_lossy();
                            for left in ["{{name", "{{Name", "{{sdk", "{{rust_version"] {
                                assert!(!text.contains(left), "{}: {left}", path.display());
                            }
                        }
                    }
                }
                let contract = if language.name == "rust" { "vendor/mortise-sdk/wit" } else { "wit" };
                assert!(folder.join(contract).join("chunker.wit").is_file(), "{}", language.name);
            }
        }
    }

    #[test]
    fn the_vendored_sdk_inherits_nothing() {
        let manifest = SDK.iter().find(|(path, _)| *path == "Cargo.toml").unwrap().1;
        assert!(!manifest.contains("workspace") && !manifest.contains("../"), "{manifest}");
        assert!(SDK.iter().filter(|(path, _)| path.ends_with(".rs")).all(|(_, text)| !text.contains("\"../wit\"")));
        assert!(WIT.iter().any(|(path, _)| *path == "host.wit"));
    }

    #[test]
    fn what_is_there_stays_and_what_is_unknown_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("it")).unwrap();
        assert!(matches!(scaffold(&new(folder.path(), Role::Parser, "rust")), Err(Error::Exists(_))));
        let told = scaffold(&New { folder: folder.path().join("b"), ..new(folder.path(), Role::Parser, "cobol") });
        let told = told.unwrap_err().to_string();
        assert!(told.contains("cobol") && told.contains("rust"), "{told}");
        assert!(!folder.path().join("b").exists());
    }

    #[test]
    fn a_checkout_is_found_by_its_root_or_its_sdk() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let sdk = root.join("sdk-guest").canonicalize().unwrap();
        assert_eq!(checkout(&root).unwrap(), sdk);
        assert_eq!(checkout(&sdk).unwrap(), sdk);
        assert!(matches!(checkout(&root.join("host")), Err(Error::NoSdk(_))));
        let folder = tempfile::tempdir().unwrap();
        scaffold(&New { sdk: Some(root), ..new(folder.path(), Role::Chunker, "rust") }).unwrap();
        let manifest = std::fs::read_to_string(folder.path().join("it/Cargo.toml")).unwrap();
        assert!(manifest.contains(&sdk.display().to_string()), "{manifest}");
        assert!(!folder.path().join("it/vendor").exists());
    }
}
