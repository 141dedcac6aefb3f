//! The runtime: installing, replacing and removing plugins, and handing them out by name.

use crate::artifacts::{Artifacts, Description};
use crate::describe::describe;
use crate::engine::{IDLE, Sandbox};
use crate::idle::Idle;
use crate::install::{self, Inspection, Install, InstallError};
use crate::observe::{Observed, panicked};
use crate::package::{Names, Package};
use crate::plugin::{Loaded, Plugin, Shared};
use crate::registry::{Installed, Registry};
use bytes::Bytes;
use futures_util::FutureExt;
use mortise_domain::role::{ChatModel, Chunker, Embedder, Parser, Plugins, Reranker};
use mortise_domain::{Error, PluginInfo, PluginStats, Result, Role};
use parking_lot::{Mutex, RwLock};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

/// Where and how a runtime works.
#[derive(Clone, Debug)]
pub struct RuntimeOptions {
    /// Count the fuel that guests burn, about one unit an instruction. Slows every call by a tenth or more: for
    /// authors' benchmarks, not for servers.
    pub count_fuel: bool,
    /// Folder for native code and descriptions of plugins. Made private to the user; may be deleted at any time while
    /// no process uses it.
    pub cache_dir: PathBuf,
}

/// The sandbox with everything installed in it.
pub struct Runtime {
    shared: Arc<Shared>,
    registry: RwLock<Registry>,
    /// Components by digest, as long as a plugin made of them is in use.
    loaded: Mutex<HashMap<String, Weak<Loaded>>>,
    /// What was seen of every installed name.
    observed: Mutex<BTreeMap<(Role, String), Arc<Observed>>>,
    /// Old artifacts are removed, or will be.
    swept: AtomicBool,
}

/// After this time a process has installed what it installs at its start.
const SETTLED: Duration = Duration::from_secs(600);

impl Runtime {
    /// An empty runtime.
    ///
    /// # Errors
    /// `Internal`, when the folder cannot be had for this process alone or the engine does not start on this machine.
    pub fn new(options: RuntimeOptions) -> Result<Arc<Self>> {
        let folder = options.cache_dir.display().to_string();
        let artifacts = Artifacts::open(&options.cache_dir)
            .map_err(|error| Error::internal(format!("cache folder {folder}: {error}")))?;
        let sandbox = Sandbox::new(options.count_fuel)
            .map_err(|error| Error::internal(format!("the plugin engine: {error:#}")))?;
        let idle = Arc::new(Idle::new(IDLE));
        let shared = Arc::new(Shared { sandbox, artifacts, clients: Arc::default(), idle });
        Ok(Arc::new(Self {
            shared,
            registry: RwLock::default(),
            loaded: Mutex::default(),
            observed: Mutex::default(),
            swept: AtomicBool::new(false),
        }))
    }

    /// Installs a plugin, or replaces the one of the same role and name: calls under way finish on the old one, later
    /// calls begin on the new one. A component seen for the first time is compiled and asked to describe itself; later
    /// its bytes are only hashed.
    ///
    /// # Errors
    /// Whatever [`InstallError`] lists; nothing is changed then.
    pub async fn install(&self, install: Install) -> std::result::Result<PluginInfo, InstallError> {
        self.sweep_later();
        let began = std::time::Instant::now();
        let digest = hex::encode(Sha256::digest(&install.component));
        let loaded = self.loaded(&digest, install.component);
        let (role, description) = self.description(&loaded).await?;
        let offered = install::name(install.name.unwrap_or_else(|| description.name.clone()))?;
        let grants = install.grants;
        let asks = (!description.http.is_empty(), !description.inference.is_empty());
        if !asks.0 && !grants.http_hosts.is_empty() || !asks.1 && !grants.models.is_empty() {
            tracing::warn!(%role, plugin = %offered, "granted more than the plugin asks for; the rest is not in force");
        }
        let info = info(role, offered, digest, description, install.built_in);
        let limits = install.limits.over(role);
        let mut plugin = Plugin::new(
            info.clone(),
            loaded,
            self.shared.clone(),
            install.config,
            grants.asked(asks.0, asks.1),
            limits,
        );
        match plugin.check(&mortise_domain::JsonMap::new()) {
            // Listed with its schema all the same, for the operator to see what it takes; a call says what is missing.
            Err(misfit) if install.built_in => {
                tracing::debug!(%role, plugin = %info.name, field = misfit.field, "built-in needs settings");
            }
            checked => checked.map_err(|misfit| InstallError::Config { field: misfit.field, reason: misfit.reason })?,
        }
        {
            let mut registry = self.registry.write();
            plugin.observed = self.observed.lock().entry((role, info.name.clone())).or_default().clone();
            registry.insert(Installed::new(plugin));
        }
        let milliseconds = began.elapsed().as_millis();
        tracing::info!(%role, plugin = %info.name, version = %info.version, digest = %info.digest, milliseconds, "installed");
        Ok(info)
    }

    /// Looks at a component as an installation would, and changes nothing.
    ///
    /// # Errors
    /// As for [`Runtime::install`].
    pub async fn inspect(&self, component: Bytes) -> std::result::Result<Inspection, InstallError> {
        let names = Names::of(&component)?;
        let size = component.len() as u64;
        let digest = hex::encode(Sha256::digest(&component));
        let loaded = self.loaded(&digest, component);
        let (role, description) = self.description(&loaded).await?;
        let contract = description.wit.clone();
        let info = info(role, description.name.clone(), digest, description, false);
        Ok(Inspection { info, contract, imports: names.imports, exports: names.exports, size })
    }

    /// Offers an installed plugin under a further name too. The name leads to whatever `target` leads to at the time of
    /// a call; a plugin installed under the alias's own name goes first.
    ///
    /// # Errors
    /// `NotFound` without such a target, `Invalid` for an unusable name.
    pub fn alias(&self, role: Role, alias: &str, target: &str) -> Result<()> {
        let alias = install::name(alias.into())?;
        let mut registry = self.registry.write();
        if registry.installed(role, target).is_none() {
            return Err(Error::not_found("plugin", target));
        }
        registry.alias(role, alias, target.into());
        Ok(())
    }

    /// The further names of a role, with what they lead to, sorted.
    pub fn aliases(&self, role: Role) -> Vec<(String, String)> {
        self.registry.read().aliases(role)
    }

    /// Takes a plugin or an alias away. Calls under way finish. False when there is none.
    pub fn remove(&self, role: Role, name: &str) -> bool {
        let mut registry = self.registry.write();
        self.observed.lock().remove(&(role, name.to_owned()));
        registry.remove(role, name)
    }

    /// What the host has seen of every installed plugin, by role and name. The sums belong to the name: they go on when
    /// it is installed anew, and end when it is removed.
    pub fn stats(&self) -> Vec<((Role, String), PluginStats)> {
        self.observed.lock().iter().map(|(name, observed)| (name.clone(), observed.stats())).collect()
    }

    /// A parser by the name under which it is installed, or an alias of it.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn parser(&self, name: &str) -> Result<Arc<dyn Parser>> {
        match self.registry.read().lookup(Role::Parser, name) {
            Some(Installed::Parser(parser)) => Ok(parser.clone()),
            _ => Err(Error::not_found("parser", name)),
        }
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    #[cfg(test)]
    pub(crate) fn registry(&self) -> &RwLock<Registry> {
        &self.registry
    }

    /// Once for a process that installs anything, and so late that whatever it installs at its start has said so.
    fn sweep_later(&self) {
        if self.swept.swap(true, Ordering::Relaxed) {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            tokio::time::sleep(SETTLED).await;
            if let Some(shared) = shared.upgrade() {
                tokio::task::spawn_blocking(move || shared.artifacts.sweep(&shared.sandbox.engine, SystemTime::now()));
            }
        });
    }

    fn loaded(&self, digest: &str, bytes: Bytes) -> Arc<Loaded> {
        let mut all = self.loaded.lock();
        if let Some(loaded) = all.get(digest).and_then(Weak::upgrade) {
            return loaded;
        }
        all.retain(|_, loaded| loaded.strong_count() > 0);
        let loaded = Arc::new(Loaded::new(digest.into(), bytes));
        all.insert(digest.into(), Arc::downgrade(&loaded));
        loaded
    }

    async fn description(&self, loaded: &Loaded) -> std::result::Result<(Role, Description), InstallError> {
        let kept = self.shared.artifacts.description(&loaded.digest);
        if let Some((role, kept)) = kept.and_then(|kept| Some((kept.role()?, kept))) {
            return Ok((role, kept));
        }
        let package = Package::of(loaded.bytes())?;
        loaded.component(&self.shared).await.map_err(InstallError::Uncompilable)?;
        let places = self.shared.sandbox.places.acquire_many(loaded.places()).await;
        let _places = places.map_err(|closed| InstallError::Uncompilable(closed.to_string()))?;
        let description = AssertUnwindSafe(describe(&self.shared, &package, loaded)).catch_unwind().await;
        let description = description.map_err(|panic| InstallError::Describe(panicked(&*panic)))??;
        if let Err(error) = self.shared.artifacts.keep(&loaded.digest, &description) {
            tracing::warn!(%error, plugin = %description.name, "the description of a plugin cannot be kept");
        }
        Ok((package.role, description))
    }
}

fn info(role: Role, name: String, digest: String, description: Description, built_in: bool) -> PluginInfo {
    PluginInfo {
        name,
        version: description.version,
        summary: description.summary,
        role,
        digest,
        config_schema: description.config_schema,
        requests: requests(&description.http, &description.inference),
        extensions: description.extensions,
        media_types: description.media_types,
        built_in,
    }
}

fn requests(http: &[String], models: &[String]) -> Vec<String> {
    let http = http.iter().map(|why| format!("http: {why}"));
    http.chain(models.iter().map(|model| format!("inference: {model}"))).collect()
}

impl Plugins for Runtime {
    fn list(&self) -> Vec<PluginInfo> {
        self.registry.read().list()
    }

    fn has(&self, role: Role, name: &str) -> bool {
        self.registry.read().lookup(role, name).is_some()
    }

    fn parser_for(&self, name: &str, media_type: &str) -> Option<Arc<dyn Parser>> {
        match self.registry.read().parser_for(name, media_type)? {
            Installed::Parser(parser) => Some(parser.clone()),
            _ => None,
        }
    }

    fn chunker(&self, method: &str) -> Result<Arc<dyn Chunker>> {
        match self.registry.read().lookup(Role::Chunker, method) {
            Some(Installed::Chunker(chunker)) => Ok(chunker.clone()),
            _ => Err(Error::not_found("chunk method", method)),
        }
    }

    fn embedder(&self, name: &str) -> Result<Arc<dyn Embedder>> {
        match self.registry.read().lookup(Role::Embedder, name) {
            Some(Installed::Embedder(embedder)) => Ok(embedder.clone()),
            _ => Err(Error::not_found("embedding model", name)),
        }
    }

    fn reranker(&self, name: &str) -> Result<Arc<dyn Reranker>> {
        match self.registry.read().lookup(Role::Reranker, name) {
            Some(Installed::Reranker(reranker)) => Ok(reranker.clone()),
            _ => Err(Error::not_found("reranker", name)),
        }
    }

    fn chat_model(&self, name: &str) -> Result<Arc<dyn ChatModel>> {
        match self.registry.read().lookup(Role::ChatModel, name) {
            Some(Installed::ChatModel(model)) => Ok(model.clone()),
            _ => Err(Error::not_found("chat model", name)),
        }
    }
}
