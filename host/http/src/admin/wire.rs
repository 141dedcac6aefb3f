//! The JSON shapes of the administration API.

use mortise_domain::{
    Error, JsonMap, PluginGrants, PluginLimits, PluginSecret, PluginSource, PluginStats, Result, Trust,
};
use mortise_service::ListedPlugin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Whose plugin it is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Scope {
    /// Id or name of a tenant; absent: everybody's.
    pub(super) tenant: Option<String>,
}

/// A plugin to install.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct InstallRequest {
    /// A path on the server or an `oci://registry/name:tag` reference; absent when the component is sent along.
    pub(super) source: Option<String>,
    /// `sha256:…` that the component must have.
    pub(super) digest: Option<String>,
    /// Name under which it is offered; its own when absent.
    pub(super) name: Option<String>,
    /// Id or name of the tenant it is for; everybody when absent.
    pub(super) tenant: Option<String>,
    /// Settings, checked against the plugin's schema.
    #[schema(value_type = Option<Object>)]
    pub(super) config: Option<JsonMap>,
    /// What it may do.
    pub(super) grants: Option<Grants>,
    /// What it may use.
    pub(super) limits: Option<Limits>,
}

/// What a plugin may do beyond its world.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Grants {
    /// Hosts that may be reached: `api.example.com`, `localhost:8080`, `*.example.com`.
    http: Vec<String>,
    /// Granted hosts may be machines of this network.
    allow_private: bool,
    /// Local models that may be run.
    models: Vec<String>,
    /// Secrets that the host adds to requests on the way out.
    secrets: Vec<Secret>,
}

/// A secret and the only host it may go to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Secret {
    /// By which the plugin asks for it.
    name: String,
    /// To whom it is sent. Not needed to revoke.
    #[serde(default)]
    host: String,
    /// Header that it becomes.
    #[serde(default = "authorization")]
    header: String,
    /// The header's value, `{secret}` standing for the secret.
    #[serde(default = "bearer")]
    template: String,
    /// The secret; never given back.
    #[serde(default, skip_serializing)]
    value: Option<String>,
}

fn authorization() -> String {
    "authorization".into()
}

fn bearer() -> String {
    "Bearer {secret}".into()
}

/// What is added or taken away; to revoke, secrets need only their names.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(transparent)]
pub(super) struct GrantChange(Grants);

impl GrantChange {
    pub(super) fn granting(self) -> Result<mortise_service::GrantChange> {
        let grants = PluginGrants::try_from(self.0)?;
        Ok(mortise_service::GrantChange {
            http: grants.http,
            models: grants.models,
            secrets: grants.secrets,
            allow_private: grants.allow_private,
        })
    }

    pub(super) fn revoking(self) -> mortise_service::GrantChange {
        let secrets = self.0.secrets.into_iter().map(|secret| secret.with(String::new()));
        mortise_service::GrantChange {
            http: self.0.http,
            models: self.0.models,
            secrets: secrets.collect(),
            allow_private: self.0.allow_private,
        }
    }
}

impl Secret {
    fn with(self, value: String) -> PluginSecret {
        PluginSecret { name: self.name, host: self.host, header: self.header, template: self.template, value }
    }
}

impl TryFrom<Grants> for PluginGrants {
    type Error = Error;

    fn try_from(given: Grants) -> Result<Self> {
        let secret = |mut secret: Secret| {
            let field = |of: &str| format!("grants.secrets.{}.{of}", secret.name);
            if secret.host.is_empty() {
                return Err(Error::invalid(field("host"), "a secret is bound to one host"));
            }
            let missing = Error::invalid(field("value"), "the secret itself is missing");
            let value = secret.value.take().filter(|value| !value.is_empty()).ok_or(missing)?;
            Ok(secret.with(value))
        };
        Ok(Self {
            http: given.http,
            allow_private: given.allow_private,
            models: given.models,
            secrets: given.secrets.into_iter().map(secret).collect::<Result<_>>()?,
        })
    }
}

impl From<PluginGrants> for Grants {
    fn from(grants: PluginGrants) -> Self {
        let secret = |secret: PluginSecret| Secret {
            name: secret.name,
            host: secret.host,
            header: secret.header,
            template: secret.template,
            value: None,
        };
        Self {
            http: grants.http,
            allow_private: grants.allow_private,
            models: grants.models,
            secrets: grants.secrets.into_iter().map(secret).collect(),
        }
    }
}

/// What differs from the limits of the role.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    /// Memory of one instance, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mb: Option<u64>,
    /// Time of one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u64>,
    /// Time of a parser on one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    page_seconds: Option<u64>,
    /// What one call may give back, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    output_mb: Option<u64>,
    /// Calls at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<usize>,
    /// How long a warm instance may wait for its next call.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_seconds: Option<u64>,
}

impl From<Limits> for PluginLimits {
    fn from(limits: Limits) -> Self {
        let Limits { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds } = limits;
        Self { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds }
    }
}

impl From<PluginLimits> for Limits {
    fn from(limits: PluginLimits) -> Self {
        let PluginLimits { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds } = limits;
        Self { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds }
    }
}

/// To which generation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RollbackRequest {
    /// The one before the one in use when absent.
    pub(super) generation: Option<u32>,
}

/// Every installed plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PluginList {
    pub(super) plugins: Vec<Plugin>,
}

/// An installed plugin.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Plugin {
    role: &'static str,
    name: String,
    /// Id of the tenant whose it is; absent: everybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    version: String,
    summary: String,
    /// `sha256:…` of the component.
    digest: String,
    /// `built-in`, `settings` (named in the settings file), `installed`.
    source: &'static str,
    /// Where the component came from.
    #[serde(skip_serializing_if = "String::is_empty")]
    origin: String,
    trust: TrustReport,
    /// What it asks for.
    requests: Vec<String>,
    grants: Grants,
    #[schema(value_type = Object)]
    config: JsonMap,
    #[schema(value_type = Object)]
    config_schema: serde_json::Value,
    limits: Limits,
    /// Further names that lead to it.
    aliases: Vec<String>,
    /// What a rollback can go back to, oldest first.
    generations: Vec<Generation>,
    stats: Stats,
}

/// A kept generation.
#[derive(Debug, Serialize, ToSchema)]
struct Generation {
    generation: u32,
    active: bool,
    version: String,
    digest: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    origin: String,
    /// Milliseconds since 1970.
    installed: i64,
}

/// What was seen of it since the server started.
#[derive(Debug, Serialize, ToSchema)]
struct Stats {
    calls: u64,
    faults: BTreeMap<&'static str, u64>,
    seconds: f64,
    peak_memory_bytes: u64,
    running: u64,
    waiting: u64,
    warm: u64,
    instances: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_fault: Option<LastFault>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LastFault {
    /// Milliseconds since 1970.
    at: i64,
    kind: &'static str,
    reason: String,
}

/// Who vouches for a component.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TrustReport {
    /// `built-in`, `signed`, `unknown-key`, `unsigned`.
    verdict: &'static str,
    /// Name of the trusted key, or ids of unknown ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    by: Vec<String>,
}

impl From<Trust> for TrustReport {
    fn from(trust: Trust) -> Self {
        match trust {
            Trust::BuiltIn => Self { verdict: "built-in", by: vec![] },
            Trust::Signed(by) => Self { verdict: "signed", by: vec![by] },
            Trust::UnknownKey(ids) => Self { verdict: "unknown-key", by: ids },
            Trust::Unsigned => Self { verdict: "unsigned", by: vec![] },
        }
    }
}

impl From<PluginStats> for Stats {
    fn from(stats: PluginStats) -> Self {
        let last_fault = stats.last_fault.map(|f| LastFault { at: f.at, kind: f.kind, reason: f.reason });
        Self {
            calls: stats.calls,
            faults: stats.faults,
            seconds: stats.seconds.sum,
            peak_memory_bytes: stats.peak_memory_bytes,
            running: stats.running,
            waiting: stats.waiting,
            warm: stats.warm,
            instances: stats.instances,
            last_fault,
        }
    }
}

impl From<ListedPlugin> for Plugin {
    fn from(plugin: ListedPlugin) -> Self {
        let generation = |kept: mortise_domain::PluginGeneration| Generation {
            generation: kept.generation,
            active: kept.active,
            version: kept.version,
            digest: format!("sha256:{}", kept.digest),
            origin: kept.origin,
            installed: kept.installed,
        };
        let info = plugin.info;
        Self {
            role: info.role.as_str(),
            name: info.name,
            tenant: info.tenant.map(|tenant| tenant.as_str().to_owned()),
            version: info.version,
            summary: info.summary,
            digest: format!("sha256:{}", info.digest),
            source: match plugin.source {
                PluginSource::BuiltIn => "built-in",
                PluginSource::Settings => "settings",
                PluginSource::Installed => "installed",
            },
            origin: plugin.origin,
            trust: plugin.trust.into(),
            requests: info.requests.to_vec(),
            grants: plugin.grants.into(),
            config: plugin.config,
            config_schema: Arc::unwrap_or_clone(info.config_schema),
            limits: plugin.limits.into(),
            aliases: plugin.aliases,
            generations: plugin.generations.into_iter().map(generation).collect(),
            stats: plugin.stats.into(),
        }
    }
}
