//! The sandbox as an author uses it: their component installed with their settings, and the built-in parsers beside it.

use crate::{Error, Result, Target};
use bytes::Bytes;
use mortise_domain::role::{ChatModel, Chunker, Embedder, Parser, Plugins, Reranker};
use mortise_domain::{JsonMap, PluginInfo, Role};
use mortise_plugins::BUILT_INS;
use mortise_runtime::{Grants, HostPattern, Inspection, Install, InstallError, Runtime, RuntimeOptions, SecretBinding};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// A runtime with nothing of a server around it.
pub struct Workbench {
    runtime: Arc<Runtime>,
    parsers: OnceCell<()>,
}

/// What the author, who is the operator here, lets a plugin reach.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Hosts, as `mortise.toml` writes them; machines of this network are allowed.
    pub hosts: Vec<String>,
    /// Secrets by name, each bound to every one of the hosts.
    pub secrets: Vec<(String, String)>,
}

/// A component, and how it is to be run.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The component.
    pub target: &'a Target,
    /// Its settings.
    pub config: &'a JsonMap,
    /// What it may reach.
    pub access: &'a Access,
}

impl Job<'_> {
    /// The plugin, ready to be called, and the settings to call it with. Those of parsers and chunkers come with every
    /// call, as from a dataset; the others are opened with theirs.
    pub(crate) async fn install(&self, bench: &Workbench) -> Result<(Plugin, JsonMap)> {
        let Self { target, config, access } = self;
        let none = JsonMap::new();
        match bench.inspect(target).await?.role {
            Role::Parser | Role::Chunker => Ok((bench.install(target, &none, access).await?, (*config).clone())),
            Role::Embedder | Role::Reranker | Role::ChatModel => {
                Ok((bench.install(target, config, access).await?, none))
            }
        }
    }
}

impl Access {
    fn grants(&self) -> Result<Grants> {
        let hosts = self
            .hosts
            .iter()
            .map(|host| host.parse::<HostPattern>().map_err(|error| Error::Access(format!("{error}"))));
        let http_hosts = hosts.collect::<Result<Vec<_>>>()?;
        if http_hosts.is_empty() && !self.secrets.is_empty() {
            return Err(Error::Access("a secret needs a host that it may be sent to: add --http HOST".into()));
        }
        let bound = |(name, secret): &(String, String)| {
            let (name, secret) = (name.clone(), secret.clone());
            http_hosts.iter().map(move |host| SecretBinding::bearer(name.clone(), host.clone(), secret.clone()))
        };
        let secrets = self.secrets.iter().flat_map(bound).collect();
        Ok(Grants { secrets, http_hosts, models: Vec::new(), allow_private: true })
    }
}

/// An installed plugin in its role.
#[derive(Clone)]
pub enum Plugin {
    /// Bytes of one file → blocks.
    Parser(Arc<dyn Parser>),
    /// Blocks → chunks.
    Chunker(Arc<dyn Chunker>),
    /// Texts → vectors.
    Embedder(Arc<dyn Embedder>),
    /// Query + texts → scores.
    Reranker(Arc<dyn Reranker>),
    /// Messages → a stream of deltas.
    ChatModel(Arc<dyn ChatModel>),
}

impl Plugin {
    /// Who it is.
    pub fn info(&self) -> &PluginInfo {
        match self {
            Self::Parser(plugin) => plugin.info(),
            Self::Chunker(plugin) => plugin.info(),
            Self::Embedder(plugin) => plugin.info(),
            Self::Reranker(plugin) => plugin.info(),
            Self::ChatModel(plugin) => plugin.info(),
        }
    }
}

impl Workbench {
    /// A workbench that keeps compiled plugins in `cache`.
    ///
    /// # Errors
    /// `Host`, when the folder cannot be used or the engine does not start.
    pub fn open(cache: &Path) -> Result<Self> {
        Self::with(cache, false)
    }

    /// A workbench that counts the fuel of every call, and is slower for it.
    pub(crate) fn metered(cache: &Path) -> Result<Self> {
        // Native code for a metered engine is another; in one folder the two would push each other out.
        Self::with(&cache.join("metered"), true)
    }

    fn with(cache: &Path, count_fuel: bool) -> Result<Self> {
        forget(cache);
        let runtime = Runtime::new(RuntimeOptions { cache_dir: cache.into(), count_fuel })?;
        Ok(Self { runtime, parsers: OnceCell::new() })
    }

    pub(crate) fn runtime(&self) -> &Arc<Runtime> {
        &self.runtime
    }

    /// What a component says of itself.
    ///
    /// # Errors
    /// `Install`.
    pub async fn inspect(&self, target: &Target) -> Result<Inspection> {
        self.runtime.inspect(target.component.clone()).await.map_err(|error| install_error(target, error))
    }

    async fn install(&self, target: &Target, config: &JsonMap, access: &Access) -> Result<Plugin> {
        let install = Install {
            name: None,
            component: target.component.clone(),
            config: config.clone(),
            grants: access.grants()?,
            ..Install::default()
        };
        let info = self.runtime.install(install).await.map_err(|error| install_error(target, error))?;
        Ok(self.plugin(info.role, &info.name)?)
    }

    fn plugin(&self, role: Role, name: &str) -> mortise_domain::Result<Plugin> {
        Ok(match role {
            Role::Parser => Plugin::Parser(self.runtime.parser(name)?),
            Role::Chunker => Plugin::Chunker(self.runtime.chunker(name)?),
            Role::Embedder => Plugin::Embedder(self.runtime.embedder(name)?),
            Role::Reranker => Plugin::Reranker(self.runtime.reranker(name)?),
            Role::ChatModel => Plugin::ChatModel(self.runtime.chat_model(name)?),
        })
    }

    /// The built-in parser for a file. They are installed when one is first needed: compiling them takes a while.
    pub(crate) async fn parser_for(&self, name: &str, media_type: &str) -> Result<Option<Arc<dyn Parser>>> {
        let install = async || {
            for built_in in BUILT_INS.iter().filter(|built_in| built_in.role == Role::Parser.as_str()) {
                let component = Bytes::from_static(built_in.component);
                let install = Install { component, built_in: true, ..Install::default() };
                self.runtime.install(install).await.map_err(mortise_domain::Error::from)?;
            }
            Ok::<(), Error>(())
        };
        self.parsers.get_or_try_init(install).await?;
        Ok(self.runtime.parser_for(name, media_type))
    }
}

fn install_error(target: &Target, source: InstallError) -> Error {
    Error::Install { path: target.path.clone(), source: Box::new(source) }
}

/// How much native code may gather in a cache. Every build of a plugin leaves some, and none is used twice for long.
const CACHE_BYTES: u64 = 1 << 30;

/// Empties a cache that has grown too large. It is derived, and what is in use stays mapped.
fn forget(cache: &Path) {
    let size = |folder: &Path| -> u64 {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
    };
    if size(&cache.join("native")) > CACHE_BYTES
        && let Err(error) = std::fs::remove_dir_all(cache.join("native"))
    {
        tracing::warn!(%error, cache = %cache.display(), "the cache of compiled plugins cannot be emptied");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access() {
        let access = |hosts: &[&str], secrets: &[(&str, &str)]| {
            let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
            let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Access { hosts, secrets }.grants()
        };
        let grants = access(&["api.example.com", "localhost:8080"], &[("key", "s")]).unwrap();
        assert_eq!((grants.http_hosts.len(), grants.secrets.len(), grants.allow_private), (2, 2, true));
        assert!(access(&["http://x/"], &[]).unwrap_err().to_string().contains("not a host"));
        assert!(access(&[], &[("key", "s")]).unwrap_err().to_string().contains("--http"));
    }

    #[test]
    fn a_cache_beyond_its_size_is_emptied() {
        let cache = tempfile::tempdir().unwrap();
        std::fs::create_dir(cache.path().join("native")).unwrap();
        let file = std::fs::File::create(cache.path().join("native/a")).unwrap();
        forget(cache.path());
        assert!(cache.path().join("native/a").exists());
        file.set_len(CACHE_BYTES + 1).unwrap();
        forget(cache.path());
        assert!(!cache.path().join("native/a").exists());
    }
}
