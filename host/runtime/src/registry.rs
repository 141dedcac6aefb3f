//! Which plugin stands behind a name, for whom, and which parser reads a file.

use crate::plugin::Plugin;
use crate::roles::chat_model::ChatModelPlugin;
use crate::roles::chunker::ChunkerPlugin;
use crate::roles::embedder::EmbedderPlugin;
use crate::roles::parser::ParserPlugin;
use crate::roles::reranker::RerankerPlugin;
use mortise_domain::role::{ChatModel, Chunker, Embedder, Parser, Reranker};
use mortise_domain::{PluginInfo, Role, TenantId};
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

    pub(crate) fn info(&self) -> &PluginInfo {
        match self {
            Self::Parser(plugin) => plugin.info(),
            Self::Chunker(plugin) => plugin.info(),
            Self::Embedder(plugin) => plugin.info(),
            Self::Reranker(plugin) => plugin.info(),
            Self::ChatModel(plugin) => plugin.info(),
        }
    }
}

/// Where a plugin lies: built-in ones are covered by the operator's of the same name, everybody's by a tenant's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    BuiltIn,
    Operator,
    Tenant(TenantId),
}

impl Layer {
    fn of(tenant: Option<&TenantId>) -> Self {
        tenant.map_or(Self::Operator, |tenant| Self::Tenant(tenant.clone()))
    }
}

type Key = (Role, String, Layer);

/// Everything installed.
#[derive(Default)]
pub(crate) struct Registry {
    plugins: BTreeMap<Key, (u64, Installed)>,
    aliases: BTreeMap<Key, String>,
    /// Counts installations: later ones go first where several would do.
    installations: u64,
}

impl Registry {
    pub(crate) fn insert(&mut self, plugin: Installed) {
        self.installations += 1;
        let info = plugin.info();
        let layer = if info.built_in { Layer::BuiltIn } else { Layer::of(info.tenant.as_ref()) };
        let key = (info.role, info.name.clone(), layer);
        self.plugins.insert(key, (self.installations, plugin));
    }

    pub(crate) fn alias(&mut self, tenant: Option<&TenantId>, role: Role, alias: String, target: String) {
        self.aliases.insert((role, alias, Layer::of(tenant)), target);
    }

    /// Names that lead elsewhere, for everybody.
    pub(crate) fn aliases(&self, role: Role) -> Vec<(String, String)> {
        let of_role = self.aliases.iter().filter(|((r, _, layer), _)| *r == role && *layer == Layer::Operator);
        of_role.map(|((_, alias, _), target)| (alias.clone(), target.clone())).collect()
    }

    /// Takes away what the operator installed, or an alias. Built-in plugins stay.
    pub(crate) fn remove(&mut self, tenant: Option<&TenantId>, role: Role, name: &str) -> bool {
        let key = (role, name.to_owned(), Layer::of(tenant));
        self.plugins.remove(&key).is_some() || self.aliases.remove(&key).is_some()
    }

    /// What a tenant, or everybody, sees: by role and name, without what is covered.
    pub(crate) fn list(&self, tenant: Option<&TenantId>) -> Vec<PluginInfo> {
        let mut seen: BTreeMap<(Role, &str), &Installed> = BTreeMap::new();
        // In the order of layers, so that what covers comes after what is covered.
        for ((role, name, layer), (_, plugin)) in &self.plugins {
            if visible(layer, tenant) {
                seen.insert((*role, name), plugin);
            }
        }
        seen.into_values().map(|plugin| plugin.info().clone()).collect()
    }

    /// The plugin of exactly this name that is a tenant's own, or everybody's.
    pub(crate) fn own(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Option<&Installed> {
        match tenant {
            Some(_) => self.plugins.get(&(role, name.to_owned(), Layer::of(tenant))).map(|(_, plugin)| plugin),
            None => self.installed(None, role, name),
        }
    }

    /// The plugin installed under exactly this name.
    pub(crate) fn installed(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Option<&Installed> {
        let at = |layer: Layer| self.plugins.get(&(role, name.to_owned(), layer)).map(|(_, plugin)| plugin);
        tenant
            .and_then(|tenant| at(Layer::Tenant(tenant.clone())))
            .or_else(|| at(Layer::Operator))
            .or_else(|| at(Layer::BuiltIn))
    }

    /// The plugin that a client means: the whole name first, then without `@provider`, one suffix after the other.
    pub(crate) fn lookup(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Option<&Installed> {
        let mut names = std::iter::successors(Some(name), |&name| name.rsplit_once('@').map(|(rest, _)| rest));
        names.find_map(|name| {
            let alias = |layer: Layer| self.aliases.get(&(role, name.to_owned(), layer));
            let target = || {
                let own = tenant.and_then(|tenant| alias(Layer::Tenant(tenant.clone())));
                own.or_else(|| alias(Layer::Operator))
            };
            self.installed(tenant, role, name).or_else(|| self.installed(tenant, role, target()?))
        })
    }

    /// The parser of a file: by the longest extension that fits, else by media type. Among several the tenant's own go
    /// first, then the operator's, then built-in ones; later installed before earlier.
    pub(crate) fn parser_for(&self, tenant: Option<&TenantId>, name: &str, media_type: &str) -> Option<&Installed> {
        let name = name.to_lowercase();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_lowercase();
        let parsers = || {
            let parsers =
                self.plugins.iter().filter(|((role, _, layer), _)| *role == Role::Parser && visible(layer, tenant));
            parsers.map(|((_, _, layer), (installed, plugin))| ((layer, *installed), plugin))
        };
        let extension = |plugin: &Installed| {
            let fits = plugin
                .info()
                .extensions
                .iter()
                .filter(|e| name.strip_suffix(e.as_str()).is_some_and(|rest| rest.ends_with('.')));
            fits.map(String::len).max()
        };
        let by_extension = parsers()
            .filter_map(|(rank, plugin)| Some(((extension(plugin)?, rank), plugin)))
            .max_by(|(one, _), (other, _)| one.cmp(other));
        let by_media_type = || {
            let fits = parsers().filter(|(_, plugin)| plugin.info().media_types.contains(&media_type));
            fits.max_by(|(one, _), (other, _)| one.cmp(other))
        };
        by_extension.map(|(_, plugin)| plugin).or_else(|| by_media_type().map(|(_, plugin)| plugin))
    }
}

fn visible(layer: &Layer, tenant: Option<&TenantId>) -> bool {
    match layer {
        Layer::BuiltIn | Layer::Operator => true,
        Layer::Tenant(owner) => Some(owner) == tenant,
    }
}
