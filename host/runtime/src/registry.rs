//! Which plugin stands behind a name, and which parser reads a file.

use crate::plugin::Plugin;
use crate::roles::chat_model::ChatModelPlugin;
use crate::roles::chunker::ChunkerPlugin;
use crate::roles::embedder::EmbedderPlugin;
use crate::roles::parser::ParserPlugin;
use crate::roles::reranker::RerankerPlugin;
use mortise_domain::role::{ChatModel, Chunker, Embedder, Parser, Reranker};
use mortise_domain::{PluginInfo, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A plugin in its role.
pub(crate) enum Installed {
    Parser(Arc<ParserPlugin>),
    Chunker(Arc<ChunkerPlugin>),
    Embedder(Arc<EmbedderPlugin>),
    Reranker(Arc<RerankerPlugin>),
    ChatModel(Arc<ChatModelPlugin>),
}

impl Installed {
    pub(crate) fn new(plugin: Plugin) -> Self {
        match plugin.info.role {
            Role::Parser => Self::Parser(Arc::new(ParserPlugin::new(plugin))),
            Role::Chunker => Self::Chunker(Arc::new(ChunkerPlugin::new(plugin))),
            Role::Embedder => Self::Embedder(Arc::new(EmbedderPlugin::new(plugin))),
            Role::Reranker => Self::Reranker(Arc::new(RerankerPlugin::new(plugin))),
            Role::ChatModel => Self::ChatModel(Arc::new(ChatModelPlugin::new(plugin))),
        }
    }

    fn info(&self) -> &PluginInfo {
        match self {
            Self::Parser(plugin) => plugin.info(),
            Self::Chunker(plugin) => plugin.info(),
            Self::Embedder(plugin) => plugin.info(),
            Self::Reranker(plugin) => plugin.info(),
            Self::ChatModel(plugin) => plugin.info(),
        }
    }
}

/// Everything installed, by role and name.
#[derive(Default)]
pub(crate) struct Registry {
    plugins: BTreeMap<(Role, String), (u64, Installed)>,
    aliases: BTreeMap<(Role, String), String>,
    /// Counts installations: later ones go first where several would do.
    installations: u64,
}

impl Registry {
    pub(crate) fn insert(&mut self, plugin: Installed) {
        self.installations += 1;
        let key = (plugin.info().role, plugin.info().name.clone());
        self.plugins.insert(key, (self.installations, plugin));
    }

    pub(crate) fn alias(&mut self, role: Role, alias: String, target: String) {
        self.aliases.insert((role, alias), target);
    }

    pub(crate) fn aliases(&self, role: Role) -> Vec<(String, String)> {
        let of_role = self.aliases.iter().filter(|((r, _), _)| *r == role);
        of_role.map(|((_, alias), target)| (alias.clone(), target.clone())).collect()
    }

    pub(crate) fn remove(&mut self, role: Role, name: &str) -> bool {
        let key = (role, name.to_owned());
        self.plugins.remove(&key).is_some() || self.aliases.remove(&key).is_some()
    }

    pub(crate) fn list(&self) -> Vec<PluginInfo> {
        self.plugins.values().map(|(_, plugin)| plugin.info().clone()).collect()
    }

    /// The plugin installed under exactly this name.
    pub(crate) fn installed(&self, role: Role, name: &str) -> Option<&Installed> {
        self.plugins.get(&(role, name.to_owned())).map(|(_, plugin)| plugin)
    }

    /// The plugin that a client means: the whole name first, then without `@provider`, one suffix after the other.
    pub(crate) fn lookup(&self, role: Role, name: &str) -> Option<&Installed> {
        let mut names = std::iter::successors(Some(name), |&name| name.rsplit_once('@').map(|(rest, _)| rest));
        names.find_map(|name| {
            self.installed(role, name).or_else(|| {
                let target = self.aliases.get(&(role, name.to_owned()))?;
                self.installed(role, target)
            })
        })
    }

    /// The parser of a file: by the longest extension that fits, else by media type. Among several the operator's go
    /// before built-in ones, later installed before earlier.
    pub(crate) fn parser_for(&self, name: &str, media_type: &str) -> Option<&Installed> {
        let name = name.to_lowercase();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_lowercase();
        let parsers = || {
            let parsers = self.plugins.iter().filter(|((role, _), _)| *role == Role::Parser);
            parsers.map(|(_, (installed, plugin))| (installed, plugin))
        };
        let rank = |installed: &u64, plugin: &Installed| (!plugin.info().built_in, *installed);
        let extension = |plugin: &Installed| {
            let fits = plugin
                .info()
                .extensions
                .iter()
                .filter(|e| name.strip_suffix(e.as_str()).is_some_and(|rest| rest.ends_with('.')));
            fits.map(String::len).max()
        };
        let by_extension = parsers()
            .filter_map(|(installed, plugin)| Some(((extension(plugin)?, rank(installed, plugin)), plugin)))
            .max_by_key(|(rank, _)| *rank);
        let by_media_type = || {
            let fits = parsers().filter(|(_, plugin)| plugin.info().media_types.contains(&media_type));
            fits.max_by_key(|(installed, plugin)| rank(installed, plugin))
        };
        by_extension.map(|(_, plugin)| plugin).or_else(|| by_media_type().map(|(_, plugin)| plugin))
    }
}
