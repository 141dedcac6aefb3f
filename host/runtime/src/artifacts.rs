//! What is kept on disk so that a plugin is compiled and asked to describe itself only once: native code and
//! descriptions, by the digest of the component.
//!
//! Native code is trusted code. The folder belongs to this process alone (0700), and nothing is loaded from it but what
//! was written here; precompiled files that a user hands in are never loaded. A file of another engine, settings or
//! processor is refused by the engine and compiled anew.

use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Raised whenever the kept description, or the rules by which a package is accepted, change.
const FORMAT: u32 = 1;

/// The folder.
#[derive(Debug)]
pub(crate) struct Artifacts {
    native: PathBuf,
    descriptions: PathBuf,
    /// Compiling takes all cores; two at a time would only take twice the memory.
    compiling: parking_lot::Mutex<()>,
}

/// What a component said of itself at its first installation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Description {
    format: u32,
    pub(crate) role: String,
    pub(crate) wit: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) summary: String,
    pub(crate) config_schema: serde_json::Value,
    /// What HTTP is asked for.
    pub(crate) http: Vec<String>,
    /// Local models asked for.
    pub(crate) inference: Vec<String>,
    pub(crate) extensions: Vec<String>,
    pub(crate) media_types: Vec<String>,
}

impl Description {
    /// An empty one of the current format.
    pub(crate) fn new(role: mortise_domain::Role, wit: &semver::Version) -> Self {
        Self {
            format: FORMAT,
            role: role.as_str().into(),
            wit: wit.to_string(),
            name: String::new(),
            version: String::new(),
            summary: String::new(),
            config_schema: serde_json::Value::Null,
            http: Vec::new(),
            inference: Vec::new(),
            extensions: Vec::new(),
            media_types: Vec::new(),
        }
    }
}

impl Description {
    /// The role, where this host knows it.
    pub(crate) fn role(&self) -> Option<mortise_domain::Role> {
        mortise_domain::Role::ALL.into_iter().find(|role| role.as_str() == self.role)
    }
}

impl Artifacts {
    /// Opens the folder, or makes it.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        let artifacts = Self {
            native: folder.join("native"),
            descriptions: folder.join("descriptions"),
            compiling: parking_lot::Mutex::new(()),
        };
        for folder in [folder, &artifacts.native, &artifacts.descriptions] {
            std::fs::create_dir_all(folder)?;
            private(folder)?;
        }
        Ok(artifacts)
    }

    /// The description kept for a component, if there is one that can be used.
    pub(crate) fn description(&self, digest: &str) -> Option<Description> {
        let kept = std::fs::read(self.descriptions.join(digest)).ok()?;
        serde_json::from_slice(&kept).ok().filter(|description: &Description| description.format == FORMAT)
    }

    /// Keeps a description.
    pub(crate) fn keep(&self, digest: &str, description: &Description) -> std::io::Result<()> {
        replace(&self.descriptions.join(digest), &serde_json::to_vec(description)?)
    }

    /// The component, from native code kept or compiled now. Blocks for up to seconds.
    pub(crate) fn load(&self, engine: &Engine, digest: &str, bytes: &[u8]) -> wasmtime::Result<Component> {
        let path = self.native.join(format!("{digest}-{:016x}", settings(engine)));
        if let Some(component) = self.native(engine, &path) {
            return Ok(component);
        }
        let _one_at_a_time = self.compiling.lock();
        // Whoever held the lock may have compiled the same component.
        if let Some(component) = self.native(engine, &path) {
            return Ok(component);
        }
        let began = std::time::Instant::now();
        let code = engine.precompile_component(bytes)?;
        let (milliseconds, size) = (began.elapsed().as_millis(), code.len());
        tracing::info!(digest, milliseconds, size, "compiled a plugin");
        self.forget_others(digest, &path);
        if let Err(error) = replace(&path, &code) {
            tracing::warn!(%error, path = %path.display(), "native code of a plugin cannot be kept");
            // SAFETY: made by this engine a moment ago.
            return unsafe { Component::deserialize(engine, &code) };
        }
        match self.native(engine, &path) {
            Some(component) => Ok(component),
            // SAFETY: as above.
            None => unsafe { Component::deserialize(engine, &code) },
        }
    }

    fn native(&self, engine: &Engine, path: &Path) -> Option<Component> {
        if !path.exists() {
            return None;
        }
        // SAFETY: the file lies in a folder that only this user can write (see `private`), under a name that only
        // `load` gives, and was moved there whole; it is replaced by renaming, never written in place.
        match unsafe { Component::deserialize_file(engine, path) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "native code of a plugin is unusable, compiling anew");
                None
            }
        }
    }

    /// Removes native code of the same component for other settings.
    fn forget_others(&self, digest: &str, but: &Path) {
        let entries = std::fs::read_dir(&self.native).into_iter().flatten().flatten().map(|entry| entry.path());
        let stale = entries.filter(|path| path != but && path.file_name().is_some_and(|name| is_of(name, digest)));
        for path in stale {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::debug!(%error, path = %path.display(), "stale native code stays");
            }
        }
    }
}

fn is_of(name: &std::ffi::OsStr, digest: &str) -> bool {
    name.to_str().and_then(|name| name.strip_prefix(digest)).is_some_and(|rest| rest.starts_with('-'))
}

/// Identifies engine version, settings and processor.
fn settings(engine: &Engine) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

/// Takes a folder away from everybody else.
#[cfg(unix)]
fn private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let metadata = std::fs::symlink_metadata(folder)?;
    if !metadata.is_dir() {
        return Err(std::io::Error::other(format!("{} is not a folder of its own", folder.display())));
    }
    if metadata.mode() & 0o777 != 0o700 {
        // Fails when the folder is another user's, which is what must not be.
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Writes a file whole, or not at all.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let partial = path.with_extension(format!("{}-{number}.partial", std::process::id()));
    let written = std::fs::File::create_new(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_data()))
        .and_then(|()| std::fs::rename(&partial, path));
    if written.is_err() {
        // Nothing more can be done about it; the next start makes its own.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn descriptions_are_kept_by_format() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        let mut description = Description::new(mortise_domain::Role::Chunker, &semver::Version::new(0, 1, 0));
        assert_eq!(artifacts.description("d"), None);
        artifacts.keep("d", &description).unwrap();
        assert_eq!(artifacts.description("d").as_ref(), Some(&description));
        description.format += 1;
        artifacts.keep("d", &description).unwrap();
        assert_eq!(artifacts.description("d"), None, "another format is asked for anew");
    }

    #[test]
    fn native_code_is_kept_and_damage_is_repaired() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(&folder.path().join("cache")).unwrap();
        let engine = crate::engine::Sandbox::new(false).unwrap().engine;
        artifacts.load(&engine, "d", EMPTY).unwrap();
        let kept: Vec<_> = std::fs::read_dir(&artifacts.native).unwrap().map(|e| e.unwrap().path()).collect();
        let [path] = kept.as_slice() else { panic!("{kept:?}") };
        assert!(artifacts.native(&engine, path).is_some());
        std::fs::write(path, b"damaged").unwrap();
        artifacts.load(&engine, "d", EMPTY).unwrap();
        assert!(artifacts.native(&engine, path).is_some(), "compiled anew and kept");
        assert!(artifacts.load(&engine, "e", b"no wasm").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        std::fs::create_dir(&cache).unwrap();
        std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
        Artifacts::open(&cache).unwrap();
        assert_eq!(std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
