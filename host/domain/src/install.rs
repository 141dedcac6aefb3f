//! Plugins as their operator sees them: what to install, what it may do, where it came from, what is installed.

use crate::role::Plugins;
use crate::{JsonMap, Millis, PluginInfo, PluginStats, Result, Role, TenantId};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// What a plugin may do beyond its world. Nothing is in force that the plugin does not also ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginGrants {
    /// Hosts that may be reached by HTTP: `api.example.com`, `localhost:8080`, `*.example.com`.
    pub http: Vec<String>,
    /// Granted hosts may be machines of this network.
    pub allow_private: bool,
    /// Local models that may be run.
    pub models: Vec<String>,
    /// Secrets that the host adds to requests on the way out.
    pub secrets: Vec<PluginSecret>,
}

/// A secret and the only host it may go to.
#[derive(Clone, PartialEq, Eq)]
pub struct PluginSecret {
    /// By which the plugin asks for it.
    pub name: String,
    /// To whom it is sent, as in [`PluginGrants::http`].
    pub host: String,
    /// Header that it becomes, e.g. `authorization`.
    pub header: String,
    /// The header's value, `{secret}` standing for the secret.
    pub template: String,
    /// The secret. Never shown.
    pub value: String,
}

impl fmt::Debug for PluginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginSecret").field("name", &self.name).field("host", &self.host).finish_non_exhaustive()
    }
}

/// What differs from the limits of the role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginLimits {
    /// Memory of one instance, MiB.
    pub memory_mb: Option<u64>,
    /// Time of one call.
    pub seconds: Option<u64>,
    /// Time of a parser on one page.
    pub page_seconds: Option<u64>,
    /// What one call may give back, MiB.
    pub output_mb: Option<u64>,
    /// Calls at the same time.
    pub concurrency: Option<usize>,
    /// How long a warm instance may wait for its next call.
    pub idle_seconds: Option<u64>,
}

/// A plugin to install.
#[derive(Clone, Debug, Default)]
pub struct PluginSpec {
    /// Name under which it is offered; its own name when absent.
    pub name: Option<String>,
    /// For whom; everybody when absent.
    pub tenant: Option<TenantId>,
    /// The component.
    pub component: Bytes,
    /// The operator's settings.
    pub config: JsonMap,
    /// What it may do.
    pub grants: PluginGrants,
    /// What it may use.
    pub limits: PluginLimits,
    /// Part of the binary.
    pub built_in: bool,
}

/// Who put a plugin where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginSource {
    /// Part of the binary.
    BuiltIn,
    /// Named in the settings file, and changed there.
    Settings,
    /// Installed by command or API; kept in the store.
    Installed,
}

/// Who vouches for a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Part of the binary.
    BuiltIn,
    /// Signed by a key of the trust store, under this name.
    Signed(String),
    /// Signed by keys that nobody here knows; their ids.
    UnknownKey(Vec<String>),
    /// Not signed.
    Unsigned,
}

/// One generation of an installed plugin: what a rollback goes back to.
#[derive(Clone, Debug)]
pub struct PluginGeneration {
    /// For whom; everybody when absent.
    pub tenant: Option<TenantId>,
    /// What it does.
    pub role: Role,
    /// Name under which it is offered.
    pub name: String,
    /// Counts from 1 for each name.
    pub generation: u32,
    /// The one in use; at most one of a name.
    pub active: bool,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    /// Its own version.
    pub version: String,
    /// The path or reference it was fetched from; empty for an upload.
    pub origin: String,
    /// Signatures that came with it, as text.
    pub signatures: Vec<String>,
    /// The operator's settings.
    pub config: JsonMap,
    /// What it may do.
    pub grants: PluginGrants,
    /// What it may use.
    pub limits: PluginLimits,
    /// When it was installed.
    pub installed: Millis,
}

/// A component with what is known of where it came from.
#[derive(Clone, Debug, Default)]
pub struct FetchedComponent {
    /// The component.
    pub component: Bytes,
    /// The path or reference, pinned where that is possible.
    pub origin: String,
    /// Signatures found beside it, as text.
    pub signatures: Vec<String>,
}

/// Where components come from, and whom the operator trusts.
#[async_trait]
pub trait Supply: Send + Sync {
    /// Gets the component behind a path or reference; checks the pins that the reference holds.
    async fn fetch(&self, reference: &str) -> Result<FetchedComponent>;
    /// Who vouches for a component.
    ///
    /// # Errors
    /// `Denied` where a signature does not fit the component, or the operator's policy wants one that is not there.
    fn judge(&self, digest: &str, signatures: &[String]) -> Result<Trust>;
}

/// Whose calls are counted together: tenant (none = everybody's), role, name.
pub type Observee = (Option<TenantId>, Role, String);

/// The sandbox as the operator uses it.
#[async_trait]
pub trait PluginHost: Plugins {
    /// Installs a plugin, or replaces the one of the same tenant, role and name: calls under way finish on the old one.
    ///
    /// # Errors
    /// `Invalid` names what does not fit: `component`, `name`, `config.…`, `http`, `secrets.…`.
    async fn install(&self, spec: PluginSpec) -> Result<PluginInfo>;
    /// What a component says of itself, under its own name.
    ///
    /// # Errors
    /// `Invalid`, as for [`PluginHost::install`].
    async fn inspect(&self, component: Bytes) -> Result<PluginInfo>;
    /// Takes a plugin away; a built-in of the same name is back then. Calls under way finish.
    fn remove(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> bool;
    /// What was seen of everything installed, by tenant, role and name.
    fn stats(&self) -> Vec<(Observee, PluginStats)>;
    /// Installations that were refused since the process began, by reason: one word, e.g. `contract`, or `describe:` and
    /// a [`FaultReason::kind`](crate::plugin::FaultReason::kind).
    fn refusals(&self) -> Vec<(String, u64)>;
    /// Further names of a role, with what they lead to.
    fn aliases(&self, role: Role) -> Vec<(String, String)>;
    /// The plugins that a tenant sees: its own before everybody's.
    fn for_tenant(self: Arc<Self>, tenant: &TenantId) -> Arc<dyn Plugins>;
}
