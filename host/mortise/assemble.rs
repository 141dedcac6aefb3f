//! Puts the parts together: store, plugins, index, service; and takes them apart again in reverse order.

use crate::config::{Config, Plugin};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use mortise_domain::{JsonMap, Role};
use mortise_index::{EmbeddedIndex, Follower, Index};
use mortise_plugins::BUILT_INS;
use mortise_runtime::{Grants, Install, LimitOverrides, Runtime, RuntimeOptions, SecretBinding};
use mortise_service::{IngestSettings, ModelSettings, Service};
use mortise_store::Store;
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
    std::fs::create_dir_all(&folders.data).with_context(|| format!("cannot make {}", folders.data.display()))?;
    let (store, runtime) = tokio::try_join!(
        async { Store::open(&folders.data).await.map_err(anyhow::Error::from) },
        plugins(config, &folders.plugins)
    )?;
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
    };
    let service = Service::new(store.clone(), index.clone(), follower.clone(), runtime, models, ingest);
    Ok(Parts { store, index, follower, service })
}

impl Parts {
    /// Stops following and leaves the store in one piece on disk.
    pub(crate) async fn close(self) -> Result<()> {
        self.follower.stop().await;
        self.store.close().await?;
        Ok(())
    }
}

/// Installs the built-in components and what the operator names, all through the same door.
pub(crate) async fn plugins(config: &Config, cache: &Path) -> Result<Arc<Runtime>> {
    let runtime = Runtime::new(RuntimeOptions { cache_dir: cache.to_owned(), count_fuel: false })
        .context("the plugin runtime")?;
    for built_in in BUILT_INS {
        let role = role(built_in.role)?;
        runtime
            .install(Install {
                name: None,
                component: Bytes::from_static(built_in.component),
                config: JsonMap::new(),
                grants: Grants::default(),
                limits: limits(config, role, &Plugin::default()),
                built_in: true,
            })
            .await
            .with_context(|| format!("built-in {} {}", built_in.role, built_in.name))?;
    }
    for (name, plugin) in &config.plugins {
        install(&runtime, config, name, plugin).await.with_context(|| format!("plugins.{name}"))?;
    }
    let aliases = [
        (Role::Parser, &config.aliases.parser),
        (Role::Chunker, &config.aliases.chunker),
        (Role::Embedder, &config.aliases.embedder),
        (Role::Reranker, &config.aliases.reranker),
        (Role::ChatModel, &config.aliases.chat_model),
    ];
    for (role, names) in aliases {
        for (alias, target) in names {
            runtime.alias(role, alias, target).with_context(|| format!("aliases.{role}.{alias:?}"))?;
        }
    }
    Ok(runtime)
}

async fn install(runtime: &Runtime, config: &Config, name: &str, plugin: &Plugin) -> Result<()> {
    let (component, role_hint): (Bytes, Option<Role>) = match (&plugin.path, &plugin.builtin) {
        (Some(path), _) => {
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            (Bytes::from(bytes), None)
        }
        (None, Some(wanted)) => {
            let Some(built_in) = BUILT_INS.iter().find(|b| b.name == wanted) else {
                let names: Vec<&str> = BUILT_INS.iter().map(|b| b.name).collect();
                bail!("no built-in is called {wanted:?}; there are {}", names.join(", "));
            };
            (Bytes::from_static(built_in.component), Some(role(built_in.role)?))
        }
        (None, None) => bail!("give either `path` or `builtin`"),
    };
    let serde_json::Value::Object(settings) = serde_json::to_value(&plugin.config)? else {
        bail!("config is not a table");
    };
    runtime
        .install(Install {
            name: Some(name.to_owned()),
            component,
            config: settings,
            grants: grants(plugin)?,
            limits: match role_hint {
                Some(role) => limits(config, role, plugin),
                None => own_limits(plugin),
            },
            built_in: false,
        })
        .await?;
    Ok(())
}

fn grants(plugin: &Plugin) -> Result<Grants> {
    let mut secrets = Vec::new();
    for (name, binding) in &plugin.secrets {
        let secret = match (&binding.value, &binding.env) {
            (Some(value), None) => value.expose().to_owned(),
            (None, Some(variable)) => {
                std::env::var(variable).with_context(|| format!("secret {name}: environment variable {variable}"))?
            }
            _ => bail!("secret {name}: give either `env` or `value`"),
        };
        secrets.push(SecretBinding {
            name: name.clone(),
            host: binding.host.parse().with_context(|| format!("secret {name}"))?,
            header: binding.header.parse().with_context(|| format!("secret {name}: header {:?}", binding.header))?,
            template: binding.template.clone(),
            secret,
        });
    }
    Ok(Grants {
        http_hosts: plugin.http.iter().map(|host| host.parse()).collect::<Result<_, _>>().context("http")?,
        secrets,
        models: plugin.models.clone(),
        allow_private: plugin.allow_private,
    })
}

fn own_limits(plugin: &Plugin) -> LimitOverrides {
    LimitOverrides {
        memory_bytes: plugin.memory_mb.map(|mb| mb << 20),
        call_timeout: plugin.seconds.map(Duration::from_secs),
        ..LimitOverrides::default()
    }
}

fn limits(config: &Config, role: Role, plugin: &Plugin) -> LimitOverrides {
    let limits = &config.limits;
    let (memory_mb, seconds) = match role {
        Role::Parser => (limits.parser_memory_mb, limits.parser_seconds),
        Role::Chunker => (limits.chunker_memory_mb, limits.chunker_seconds),
        Role::Embedder | Role::Reranker | Role::ChatModel => (limits.model_memory_mb, limits.model_seconds),
    };
    let own = own_limits(plugin);
    LimitOverrides {
        memory_bytes: own.memory_bytes.or((memory_mb > 0).then_some(memory_mb << 20)),
        call_timeout: own.call_timeout.or((seconds > 0).then(|| Duration::from_secs(seconds))),
        ..own
    }
}

fn role(folder: &str) -> Result<Role> {
    Role::ALL.into_iter().find(|r| r.as_str() == folder).with_context(|| format!("unknown role {folder}"))
}
