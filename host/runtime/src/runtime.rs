//! The runtime: installing, replacing and removing plugins, and handing them out by name.

use crate::artifacts::{Artifacts, Description};
use crate::describe::describe;
use crate::engine::{IDLE, Sandbox};
use crate::idle::Idle;
use crate::install::{self, Inspection, Install, InstallError};
use crate::observe::{Observed, panicked};
use crate::package::{Names, Package};
use crate::plugin::{Described, Loaded, Plugin, Shared};
use crate::registry::{Installed, Registry};
use bytes::Bytes;
use futures_util::FutureExt;
use mortise_domain::role::{ChatModel, Chunker, Embedder, Parser, Plugins, Reranker};
use mortise_domain::{Error, Observee, PluginInfo, PluginStats, Result, Role, TenantId};
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
    pub(crate) registry: RwLock<Registry>,
    /// Components by digest, as long as a plugin made of them is in use.
    loaded: Mutex<HashMap<String, Weak<Loaded>>>,
    /// What was seen of every installed name.
    observed: Mutex<BTreeMap<Observee, Arc<Observed>>>,
    /// Installations that were refused, by [`InstallError::kind`].
    refused: Mutex<BTreeMap<String, u64>>,
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
            refused: Mutex::default(),
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
        self.try_install(install).await.inspect_err(|error| self.refuses(error))
    }

    fn refuses(&self, error: &InstallError) {
        *self.refused.lock().entry(error.kind()).or_default() += 1;
        tracing::info!(kind = error.kind(), "a component was refused");
    }

    /// How many installations were refused since the runtime began, by [`InstallError::kind`].
    pub fn refused(&self) -> Vec<(String, u64)> {
        self.refused.lock().iter().map(|(kind, count)| (kind.clone(), *count)).collect()
    }

    async fn try_install(&self, install: Install) -> std::result::Result<PluginInfo, InstallError> {
        self.sweep_later();
        let began = std::time::Instant::now();
        let digest = hex::encode(Sha256::digest(&install.component));
        let loaded = self.loaded(&digest, install.component);
        let Described { role, line, mut info } = self.described(&loaded).await?;
        info.name = install::name(install.name.unwrap_or(info.name))?;
        let grants = install.grants;
        let asks = (info.asks_for("http"), info.asks_for("inference"));
        if !asks.0 && !grants.http_hosts.is_empty() || !asks.1 && !grants.models.is_empty() {
            tracing::warn!(%role, plugin = %info.name, "granted more than the plugin asks for; the rest is not in force");
        }
        info.built_in = install.built_in;
        info.tenant = install.tenant;
        let limits = install.limits.over(role);
        let mut plugin = Plugin::new(
            info.clone(),
            loaded,
            line,
            self.shared.clone(),
            install.config,
            grants.asked(asks.0, asks.1),
            limits,
        );
        plugin.strict = install.strict;
        match plugin.check(&mortise_domain::JsonMap::new()) {
            // Listed with its schema all the same, for the operator to see what it takes; a call says what is missing.
            Err(misfit) if install.built_in => {
                tracing::debug!(%role, plugin = %info.name, field = misfit.field, "built-in needs settings");
            }
            checked => checked.map_err(|misfit| InstallError::Config { field: misfit.field, reason: misfit.reason })?,
        }
        {
            let mut registry = self.registry.write();
            plugin.observed =
                self.observed.lock().entry((info.tenant.clone(), role, info.name.clone())).or_default().clone();
            registry.insert(Installed::new(plugin));
        }
        let milliseconds = began.elapsed().as_millis();
        tracing::info!(%role, plugin = %info.name, version = %info.version, digest = %info.digest, milliseconds, "installed");
        Ok(info)
    }

    /// What a component says of itself, under its own name: the first half of its installation.
    ///
    /// # Errors
    /// As for [`Runtime::install`], whatever would keep it from being installed. Counted as a refusal.
    pub async fn read_description(&self, component: Bytes) -> std::result::Result<PluginInfo, InstallError> {
        let digest = hex::encode(Sha256::digest(&component));
        let loaded = self.loaded(&digest, component);
        let described = self.described(&loaded).await.inspect_err(|error| self.refuses(error))?;
        Ok(described.info)
    }

    /// Looks at a component as an installation would, and changes nothing. One that has a role and would not be
    /// installed all the same is shown with the reasons: see [`Inspection::misfits`].
    ///
    /// # Errors
    /// `Package`, when the bytes are no component or have no role.
    pub async fn inspect(&self, component: Bytes) -> std::result::Result<Inspection, InstallError> {
        let names = Names::of(&component)?;
        let (role, contract) = names.role()?;
        let size = component.len() as u64;
        let digest = hex::encode(Sha256::digest(&component));
        let loaded = self.loaded(&digest, component);
        let (info, misfits) = match self.described(&loaded).await {
            Ok(described) => (Some(described.info), Vec::new()),
            Err(error) => (None, error.misfits()),
        };
        let Names { imports, exports } = names;
        Ok(Inspection { role, info, misfits, contract: contract.to_string(), imports, exports, size, digest })
    }

    /// Asks a component who it is, in a fresh instance, whatever is known of it: the answer must always be the same.
    ///
    /// # Errors
    /// As for [`Runtime::install`].
    pub async fn describe(&self, component: Bytes) -> std::result::Result<PluginInfo, InstallError> {
        let digest = hex::encode(Sha256::digest(&component));
        let loaded = self.loaded(&digest, component);
        let package = Package::of(loaded.bytes())?;
        let described = describe(&self.shared, &package, &loaded).await;
        let description = described.map_err(|error| InstallError::undescribed(&package, error))?;
        Ok(info(package.role, &loaded.digest, description))
    }

    /// Offers an installed plugin under a further name too. The name leads to whatever `target` leads to at the time of
    /// a call; a plugin installed under the alias's own name goes first.
    ///
    /// # Errors
    /// `NotFound` without such a target, `Invalid` for an unusable name.
    pub fn alias(&self, tenant: Option<&TenantId>, role: Role, alias: &str, target: &str) -> Result<()> {
        let alias = install::name(alias.into())?;
        let mut registry = self.registry.write();
        if registry.installed(tenant, role, target).is_none() {
            return Err(Error::not_found("plugin", target));
        }
        registry.alias(tenant, role, alias, target.into());
        Ok(())
    }

    /// Takes away what the operator installed, or an alias; a built-in of the same name is back then. Calls under way
    /// finish. False when there is none.
    pub fn remove(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> bool {
        let mut registry = self.registry.write();
        let removed = registry.remove(tenant, role, name);
        if registry.own(tenant, role, name).is_none() {
            self.observed.lock().remove(&(tenant.cloned(), role, name.to_owned()));
        }
        removed
    }

    /// What the host has seen of every installed plugin, by tenant, role and name. The sums belong to the name: they go
    /// on when it is installed anew, and end when it is removed.
    pub fn stats_of_all(&self) -> Vec<(Observee, PluginStats)> {
        self.observed.lock().iter().map(|(name, observed)| (name.clone(), observed.stats())).collect()
    }

    /// As [`Runtime::stats_of_all`], of what is installed for everybody.
    pub fn stats(&self) -> Vec<((Role, String), PluginStats)> {
        let all = self.stats_of_all().into_iter();
        all.filter(|((tenant, ..), _)| tenant.is_none()).map(|((_, role, name), stats)| ((role, name), stats)).collect()
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
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

    async fn described(&self, loaded: &Loaded) -> std::result::Result<Described, InstallError> {
        if let Some(described) = loaded.described() {
            return Ok(described.clone());
        }
        let kept = self.shared.artifacts.description(&loaded.digest);
        if let Some((role, line, kept)) = kept.and_then(|kept| Some((kept.role()?, kept.line()?, kept))) {
            let info = info(role, &loaded.digest, kept);
            return Ok(loaded.describe(Described { role, line, info }).clone());
        }
        let package = Package::of(loaded.bytes())?;
        loaded.component(&self.shared).await.map_err(InstallError::Uncompilable)?;
        let places = self.shared.sandbox.places.acquire_many(loaded.places()).await;
        let _places = places.map_err(|closed| InstallError::Uncompilable(closed.to_string()))?;
        let described = AssertUnwindSafe(describe(&self.shared, &package, loaded)).catch_unwind().await;
        let described = described.map_err(|panic| InstallError::Describe(panicked(&*panic)))?;
        let description = described.map_err(|error| InstallError::undescribed(&package, error))?;
        if let Err(error) = self.shared.artifacts.keep(&loaded.digest, &description) {
            tracing::warn!(%error, plugin = %description.name, "the description of a plugin cannot be kept");
        }
        let Package { role, line, .. } = package;
        let info = info(role, &loaded.digest, description);
        Ok(loaded.describe(Described { role, line, info }).clone())
    }
}

fn info(role: Role, digest: &str, description: Description) -> PluginInfo {
    PluginInfo {
        name: description.name,
        version: description.version,
        summary: description.summary,
        role,
        tenant: None,
        digest: digest.to_owned(),
        config_schema: Arc::new(description.config_schema),
        requests: requests(&description.http, &description.inference),
        extensions: description.extensions.into(),
        media_types: description.media_types.into(),
        pages: description.pages,
        built_in: false,
    }
}

fn requests(http: &[String], models: &[String]) -> Arc<[String]> {
    let http = http.iter().map(|why| format!("http: {why}"));
    http.chain(models.iter().map(|model| format!("inference: {model}"))).collect()
}

/// The plugins that everybody, or one tenant, sees.
struct View<'a> {
    registry: &'a RwLock<Registry>,
    tenant: Option<&'a TenantId>,
}

impl View<'_> {
    fn find<T: ?Sized>(
        &self,
        role: Role,
        noun: &'static str,
        name: &str,
        of: impl Fn(&Installed) -> Option<Arc<T>>,
    ) -> Result<Arc<T>> {
        let registry = self.registry.read();
        let found = registry.lookup(self.tenant, role, name).and_then(of);
        found.ok_or_else(|| Error::not_found(noun, name))
    }
}

impl Plugins for View<'_> {
    fn list(&self) -> Vec<PluginInfo> {
        self.registry.read().list(self.tenant)
    }

    fn has(&self, role: Role, name: &str) -> bool {
        self.registry.read().lookup(self.tenant, role, name).is_some()
    }

    fn parser_for(&self, name: &str, media_type: &str) -> Option<Arc<dyn Parser>> {
        match self.registry.read().parser_for(self.tenant, name, media_type)? {
            Installed::Parser(parser) => Some(parser.clone()),
            _ => None,
        }
    }

    fn parser(&self, name: &str) -> Result<Arc<dyn Parser>> {
        self.find(Role::Parser, "parser", name, |found| match found {
            Installed::Parser(parser) => Some(parser.clone() as Arc<dyn Parser>),
            _ => None,
        })
    }

    fn chunker(&self, method: &str) -> Result<Arc<dyn Chunker>> {
        self.find(Role::Chunker, "chunk method", method, |found| match found {
            Installed::Chunker(chunker) => Some(chunker.clone() as Arc<dyn Chunker>),
            _ => None,
        })
    }

    fn embedder(&self, name: &str) -> Result<Arc<dyn Embedder>> {
        self.find(Role::Embedder, "embedding model", name, |found| match found {
            Installed::Embedder(embedder) => Some(embedder.clone() as Arc<dyn Embedder>),
            _ => None,
        })
    }

    fn reranker(&self, name: &str) -> Result<Arc<dyn Reranker>> {
        self.find(Role::Reranker, "reranker", name, |found| match found {
            Installed::Reranker(reranker) => Some(reranker.clone() as Arc<dyn Reranker>),
            _ => None,
        })
    }

    fn chat_model(&self, name: &str) -> Result<Arc<dyn ChatModel>> {
        self.find(Role::ChatModel, "chat model", name, |found| match found {
            Installed::ChatModel(model) => Some(model.clone() as Arc<dyn ChatModel>),
            _ => None,
        })
    }
}

/// A runtime as one tenant sees it.
pub(crate) struct Scoped {
    runtime: Arc<Runtime>,
    tenant: TenantId,
}

impl Runtime {
    pub(crate) fn scoped(self: Arc<Self>, tenant: TenantId) -> Scoped {
        Scoped { runtime: self, tenant }
    }

    fn view(&self) -> View<'_> {
        View { registry: &self.registry, tenant: None }
    }
}

impl Scoped {
    fn view(&self) -> View<'_> {
        View { registry: &self.runtime.registry, tenant: Some(&self.tenant) }
    }
}

macro_rules! plugins_by_view {
    ($($owner:ty),*) => {
        $(impl Plugins for $owner {
            fn list(&self) -> Vec<PluginInfo> {
                self.view().list()
            }
            fn has(&self, role: Role, name: &str) -> bool {
                self.view().has(role, name)
            }
            fn parser_for(&self, name: &str, media_type: &str) -> Option<Arc<dyn Parser>> {
                self.view().parser_for(name, media_type)
            }
            fn parser(&self, name: &str) -> Result<Arc<dyn Parser>> {
                self.view().parser(name)
            }
            fn chunker(&self, method: &str) -> Result<Arc<dyn Chunker>> {
                self.view().chunker(method)
            }
            fn embedder(&self, name: &str) -> Result<Arc<dyn Embedder>> {
                self.view().embedder(name)
            }
            fn reranker(&self, name: &str) -> Result<Arc<dyn Reranker>> {
                self.view().reranker(name)
            }
            fn chat_model(&self, name: &str) -> Result<Arc<dyn ChatModel>> {
                self.view().chat_model(name)
            }
        })*
    };
}
plugins_by_view!(Runtime, Scoped);
