//! Puts the parts together: store, plugins, index, service; and takes them apart again in reverse order.

use crate::config::{Config, problems};
use crate::declare::{built_ins, declared};
use crate::supply::Components;
use anyhow::{Context, Result, bail};
use mortise_domain::TenantId;
use mortise_index::{EmbeddedIndex, Follower, Index};
use mortise_runtime::{Runtime, RuntimeOptions};
use mortise_service::{IngestSettings, ModelSettings, PictureSettings, Service};
use mortise_store::Store;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that runs, in the order in which it was made.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) index: Arc<dyn Index>,
    pub(crate) follower: Arc<Follower>,
    pub(crate) service: Service,
}

/// Folders below the data dir.
pub(crate) struct Folders {
    /// Database, files, blocks.
    pub(crate) data: PathBuf,
    /// Search index; derived.
    pub(crate) index: PathBuf,
    /// Compiled plugins; derived.
    pub(crate) plugins: PathBuf,
}

impl Folders {
    pub(crate) fn of(config: &Config) -> Self {
        let plugins = Some(config.plugin_cache.clone()).filter(|p| !p.as_os_str().is_empty());
        Self::below(&config.data_dir, plugins)
    }

    pub(crate) fn below(data: &Path, plugins: Option<PathBuf>) -> Self {
        let plugins = plugins.unwrap_or_else(|| data.join("plugins"));
        Self { data: data.to_owned(), index: data.join("index"), plugins }
    }
}

/// Opens everything.
pub(crate) async fn assemble(config: &Config, folders: &Folders) -> Result<Parts> {
    private(&folders.data).with_context(|| format!("cannot make {}", folders.data.display()))?;
    let (store, runtime) = tokio::try_join!(
        async { Store::open(&folders.data).await.map_err(anyhow::Error::from) },
        runtime(config, &folders.plugins)
    )?;
    let supply = Arc::new(Components::of(config, &folders.plugins)?);
    store.release_leases().await?;
    let index: Arc<dyn Index> = Arc::new(EmbeddedIndex::open(&folders.index).await?);
    let follower = Arc::new(Follower::start(index.clone(), Arc::new(store.clone())));
    let models = ModelSettings {
        embedding: config.models.embedding.clone(),
        chat: config.models.chat.clone(),
        known: config.models.known.clone(),
    };
    let ingest = IngestSettings {
        workers: config.ingest.workers,
        lease: Duration::from_secs(config.ingest.lease_seconds.max(1)),
        embed_batch: config.ingest.embed_batch,
        pictures: PictureSettings { ocr: config.pictures.ocr.clone(), vision: config.pictures.vision.clone() },
    };
    let (host, trusted) = (runtime.clone(), supply.clone());
    let service = Service::new(store.clone(), index.clone(), follower.clone(), host, trusted, models, ingest);
    let tenants = tenants(&service, config).await?;
    let found = declared(&runtime, &supply.keeping(), config, &tenants).await;
    if !found.problems.is_empty() {
        bail!("{}", problems(&found.problems, &config.lines));
    }
    service.declare_plugins(found.plugins);
    service.restore_plugins().await?;
    Ok(Parts { store, index, follower, service })
}

/// A folder that only this user can read: it holds everybody's documents, and keys.
fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Parts {
    /// Stops following and leaves the store in one piece on disk.
    pub(crate) async fn close(self) -> Result<()> {
        self.follower.stop().await;
        self.store.close().await?;
        Ok(())
    }
}

/// A sandbox with the built-in components in it.
pub(crate) async fn runtime(config: &Config, cache: &Path) -> Result<Arc<Runtime>> {
    let options = RuntimeOptions { cache_dir: cache.to_owned(), count_fuel: false };
    let runtime = Runtime::new(options).context("the plugin runtime")?;
    built_ins(&runtime, config).await?;
    Ok(runtime)
}

/// The tenants of the settings, made where they are new, with their keys; by name.
async fn tenants(service: &Service, config: &Config) -> Result<BTreeMap<String, TenantId>> {
    // The first tenant is the one of the operator's own key, whatever else the settings name.
    service.default_tenant().await?;
    let mut tenants = BTreeMap::new();
    for (name, tenant) in &config.tenants {
        let id = service.ensure_tenant(name).await?.id;
        if let Some(key) = tenant.key().with_context(|| format!("tenants.{name}"))? {
            service.add_key(&id, &key).await.with_context(|| format!("the key of tenants.{name}"))?;
        }
        tenants.insert(name.clone(), id);
    }
    Ok(tenants)
}
