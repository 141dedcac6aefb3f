//! What is kept on disk so that a plugin is compiled and asked to describe itself only once: native code and
//! descriptions, by the digest of the component.
//!
//! Native code is trusted code. The folder belongs to this process alone (0700), and nothing is loaded from it but what
//! was written here; precompiled files that a user hands in are never loaded. A file of another engine, settings or
//! processor is refused by the engine and compiled anew. What no installation has asked for in a month is swept away.

use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Raised whenever the kept description, or the rules by which a package is accepted, change.
const FORMAT: u32 = 3;

/// How long something is kept that nobody asks for.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long native code is kept for other settings: of another version, or of one that counts fuel.
const OTHERS: Duration = Duration::from_secs(7 * 24 * 3600);
/// How exactly the last use is known: files are touched at most this often.
const TOUCHED: Duration = Duration::from_secs(24 * 3600);

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
    /// Whether it exports pages.
    pub(crate) pages: bool,
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
            pages: false,
        }
    }
}

impl Description {
    /// The role, where this host knows it.
    pub(crate) fn role(&self) -> Option<mortise_domain::Role> {
        mortise_domain::Role::ALL.into_iter().find(|role| role.as_str() == self.role)
    }

    /// The line of the contract, where this host serves it.
    pub(crate) fn line(&self) -> Option<&'static dyn crate::lines::Line> {
        crate::lines::serving(&self.wit.parse().ok()?)
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
        let path = self.descriptions.join(digest);
        let kept = std::fs::read(&path).ok()?;
        touch(&path);
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
            Ok(component) => {
                touch(path);
                Some(component)
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "native code of a plugin is unusable, compiling anew");
                None
            }
        }
    }

    /// Removes, as of `now`, native code and descriptions of components that no installation has named for a month,
    /// native code for other settings than these that was not used for a week, and what a crash left half-written. To be
    /// called once everything is installed.
    pub(crate) fn sweep(&self, engine: &Engine, now: SystemTime) {
        let ours = format!("-{:016x}", settings(engine));
        let files = [&self.native, &self.descriptions].into_iter().filter_map(|folder| std::fs::read_dir(folder).ok());
        let stale = files.flatten().flatten().filter_map(|entry| {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_str()?;
            let (age, longest) = if name.ends_with(".partial") {
                (unused(&path, now), TOUCHED)
            } else if let Some(digest) = name.strip_suffix(&ours) {
                // Installing reads the description alone: a plugin may be installed for months and never called.
                (unused(&path, now).min(unused(&self.descriptions.join(digest), now)), KEPT)
            } else {
                (unused(&path, now), if path.starts_with(&self.native) { OTHERS } else { KEPT })
            };
            (age > longest).then_some((path, entry.metadata().ok()?.len()))
        });
        let (mut files, mut bytes) = (0_u32, 0);
        for (path, size) in stale {
            match std::fs::remove_file(&path) {
                Ok(()) => (files, bytes) = (files + 1, bytes + size),
                Err(error) => tracing::debug!(%error, path = %path.display(), "an unused file stays"),
            }
        }
        if files > 0 {
            tracing::info!(files, bytes, "removed native code and descriptions of plugins that are not installed");
        }
    }
}

/// How long ago a file was last used; for ever, when it is not there.
fn unused(path: &Path, now: SystemTime) -> Duration {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.map_or(Duration::MAX, |modified| now.duration_since(modified).unwrap_or_default())
}

/// Takes down that a file was used.
fn touch(path: &Path) {
    let now = SystemTime::now();
    if unused(path, now) > TOUCHED
        && let Err(error) = std::fs::File::open(path).and_then(|file| file.set_modified(now))
    {
        tracing::debug!(%error, path = %path.display(), "its use is not taken down");
    }
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

    #[test]
    fn what_nobody_asks_for_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        let engine = crate::engine::Sandbox::new(false).unwrap().engine;
        let description = Description::new(mortise_domain::Role::Chunker, &semver::Version::new(0, 1, 0));
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        let age = |path: &Path, old: Duration| {
            std::fs::File::open(path).unwrap().set_modified(SystemTime::now() - old).unwrap();
        };
        for digest in ["used", "installed", "forgotten", "other"] {
            artifacts.keep(digest, &description).unwrap();
            artifacts.load(&engine, digest, EMPTY).unwrap();
        }
        for folder in [&artifacts.native, &artifacts.descriptions] {
            std::fs::write(folder.join("x.partial"), "half").unwrap();
            for entry in std::fs::read_dir(folder).unwrap() {
                age(&entry.unwrap().path(), days(40));
            }
        }
        // Loaded lazily: the native code of an installed component may be old, of a compiled one its description.
        artifacts.description("installed").unwrap();
        age(&artifacts.native.join(format!("used-{:016x}", settings(&engine))), days(3));
        for (name, old) in [("other-version", 8), ("other-recent", 6)] {
            std::fs::write(artifacts.native.join(name), "native code").unwrap();
            age(&artifacts.native.join(name), days(old));
        }
        artifacts.description("other").unwrap();
        artifacts.sweep(&engine, SystemTime::now());
        let left = |folder: &Path| {
            let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
            let ours = format!("-{:016x}", settings(&engine));
            let mut names: Vec<_> = names.map(|name| name.to_str().unwrap().replace(&ours, "")).collect();
            names.sort();
            names
        };
        assert_eq!(left(&artifacts.native), ["installed", "other", "other-recent", "used"]);
        assert_eq!(left(&artifacts.descriptions), ["installed", "other"]);
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
