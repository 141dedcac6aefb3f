//! Installing, granting, replacing, rolling back and removing plugins while the server runs.
//!
//! What is installed by these verbs is kept in the store and comes back at the next start. Built-in plugins and those
//! that the settings file names are not the store's: they are listed, and changed where they are defined. Nothing is
//! written before the sandbox has accepted it, and nothing is in use that is not written.

use crate::Service;
use bytes::Bytes;
use mortise_domain::{
    Error, FetchedComponent, JsonMap, PluginGeneration, PluginGrants, PluginInfo, PluginLimits, PluginSecret,
    PluginSource, PluginSpec, PluginStats, Result, Role, TenantId, Trust,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Where a component is to come from.
#[derive(Clone, Debug)]
pub enum ComponentFrom {
    /// The bytes themselves, with signatures that came along.
    Bytes {
        /// The component.
        component: Bytes,
        /// As text.
        signatures: Vec<String>,
    },
    /// A path or `oci://` reference that the server fetches.
    Reference(String),
}

/// A plugin to install.
#[derive(Clone, Debug)]
pub struct NewPlugin {
    /// Where the component comes from.
    pub from: ComponentFrom,
    /// The digest that the component must have, `sha256:…` or bare hex.
    pub digest: Option<String>,
    /// Name under which it is offered; its own when absent.
    pub name: Option<String>,
    /// For whom; everybody when absent.
    pub tenant: Option<TenantId>,
    /// The operator's settings. When absent those of the generation before stay.
    pub config: Option<JsonMap>,
    /// What it may do. When absent the grants of the generation before stay.
    pub grants: Option<PluginGrants>,
    /// What it may use. When absent the limits of the generation before stay.
    pub limits: Option<PluginLimits>,
}

/// A plugin as lists show it.
#[derive(Clone, Debug)]
pub struct ListedPlugin {
    /// What it says of itself.
    pub info: PluginInfo,
    /// Who put it there.
    pub source: PluginSource,
    /// Where its component came from.
    pub origin: String,
    /// Who vouches for it.
    pub trust: Trust,
    /// What it may do.
    pub grants: PluginGrants,
    /// The operator's settings.
    pub config: JsonMap,
    /// What differs from the role's limits.
    pub limits: PluginLimits,
    /// Further names that lead to it.
    pub aliases: Vec<String>,
    /// Kept generations, oldest first: number, version, digest, whether it is in use. Empty unless installed.
    pub generations: Vec<PluginGeneration>,
    /// What was seen of it in this process.
    pub stats: PluginStats,
}

/// A plugin of the settings file, as the binary installed it.
#[derive(Clone, Debug)]
pub struct DeclaredPlugin {
    /// What it says of itself.
    pub info: PluginInfo,
    /// Where its component came from.
    pub origin: String,
    /// Who vouches for it.
    pub trust: Trust,
    /// What it may do.
    pub grants: PluginGrants,
    /// The operator's settings.
    pub config: JsonMap,
    /// What differs from the role's limits.
    pub limits: PluginLimits,
}

/// What a change of grants adds or takes away.
#[derive(Clone, Debug, Default)]
pub struct GrantChange {
    /// Hosts.
    pub http: Vec<String>,
    /// Local models.
    pub models: Vec<String>,
    /// Secrets; a revocation looks at their names alone.
    pub secrets: Vec<PluginSecret>,
    /// Private addresses.
    pub allow_private: bool,
}

/// What [`Service`] keeps for these verbs.
#[derive(Default)]
pub(crate) struct Installing {
    /// One change at a time: store and sandbox never disagree about which generation is in use.
    turn: Mutex<()>,
    declared: parking_lot::RwLock<Vec<DeclaredPlugin>>,
}

impl Service {
    /// Tells which plugins the settings file names.
    pub fn declare_plugins(&self, declared: Vec<DeclaredPlugin>) {
        *self.installing.declared.write() = declared;
    }

    /// Installs what the store says, at start. A plugin that no longer fits is left out and told in the log: the rest
    /// must be served.
    ///
    /// # Errors
    /// `Internal` when the store fails.
    pub async fn restore_plugins(&self) -> Result<()> {
        let _turn = self.installing.turn.lock().await;
        for kept in self.store.plugins().await?.into_iter().filter(|kept| kept.active) {
            if self.declared(kept.tenant.as_ref(), kept.role, &kept.name) {
                tracing::warn!(role = %kept.role, plugin = kept.name, "the settings file names this plugin too and goes first");
                continue;
            }
            if let Err(error) = self.put_in_use(&kept).await {
                tracing::error!(role = %kept.role, plugin = kept.name, %error, "an installed plugin cannot be used");
            }
        }
        Ok(())
    }

    /// Installs a plugin, or the next generation of one.
    ///
    /// # Errors
    /// `Invalid` names what does not fit, `Denied` when the trust policy refuses it, `Conflict` when the settings file
    /// names a plugin of that role and name. Nothing is changed then.
    pub async fn install_plugin(&self, new: NewPlugin) -> Result<ListedPlugin> {
        let FetchedComponent { component, origin, signatures } = match new.from {
            ComponentFrom::Bytes { component, signatures } => {
                FetchedComponent { component, signatures, origin: String::new() }
            }
            ComponentFrom::Reference(reference) => self.supply.fetch(&reference).await?,
        };
        let digest = hex::encode(Sha256::digest(&component));
        if let Some(pin) = &new.digest
            && !pin.trim().trim_start_matches("sha256:").eq_ignore_ascii_case(&digest)
        {
            return Err(Error::invalid("digest", format!("the component has sha256:{digest}, not {pin}")));
        }
        if let Some(tenant) = &new.tenant
            && self.store.tenant_by_id(tenant).await?.is_none()
        {
            return Err(Error::not_found("tenant", tenant.as_str()));
        }
        self.supply.judge(&digest, &signatures)?;
        let info = self.plugins.inspect(component.clone()).await?;
        let name = new.name.unwrap_or(info.name);

        let _turn = self.installing.turn.lock().await;
        if self.declared(new.tenant.as_ref(), info.role, &name) {
            return Err(declared(&name));
        }
        let before = self.active(new.tenant.as_ref(), info.role, &name).await?;
        let before = before.map(|kept| (kept.config, kept.grants, kept.limits)).unwrap_or_default();
        let generation = PluginGeneration {
            tenant: new.tenant,
            role: info.role,
            name,
            generation: 0,
            active: true,
            digest,
            version: info.version,
            origin,
            signatures,
            config: new.config.unwrap_or(before.0),
            grants: new.grants.unwrap_or(before.1),
            limits: new.limits.unwrap_or(before.2),
            installed: 0,
        };
        self.plugins.install(spec(&generation, component.clone())).await?;
        match self.store.add_plugin(&component, generation.clone()).await {
            Ok(kept) => self.listed_generation(&kept).await,
            Err(error) => {
                self.back_to_the_store(generation.tenant.as_ref(), generation.role, &generation.name).await;
                Err(error)
            }
        }
    }

    /// Installations that were refused since the start, by reason.
    pub fn refused_plugins(&self) -> Vec<(String, u64)> {
        self.plugins.refusals()
    }

    /// Everything installed, by role and name: for everybody, then tenants' own.
    ///
    /// # Errors
    /// `Internal` when the store fails.
    pub async fn list_plugins(&self) -> Result<Vec<ListedPlugin>> {
        let kept = self.store.plugins().await?;
        let mut stats: HashMap<_, _> = self.plugins.stats().into_iter().collect();
        let declared = self.installing.declared.read().clone();
        let mut listed: Vec<ListedPlugin> = Vec::new();
        let mut add = |info: PluginInfo| {
            let of_name: Vec<_> = kept.iter().filter(|kept| is(kept, &info)).cloned().collect();
            let declared = declared.iter().find(|declared| same(&declared.info, &info));
            let seen = stats.remove(&(info.tenant.clone(), info.role, info.name.clone()));
            let aliases = self.plugins.aliases(info.role).into_iter();
            let aliases = aliases.filter(|(_, target)| *target == info.name).map(|(alias, _)| alias).collect();
            let stats = seen.unwrap_or_default();
            let listed_plugin = match (declared, of_name.iter().find(|kept| kept.active && kept.digest == info.digest))
            {
                (Some(declared), _) => ListedPlugin {
                    source: PluginSource::Settings,
                    origin: declared.origin.clone(),
                    trust: declared.trust.clone(),
                    grants: declared.grants.clone(),
                    config: declared.config.clone(),
                    limits: declared.limits.clone(),
                    generations: Vec::new(),
                    info,
                    aliases,
                    stats,
                },
                (None, Some(active)) => ListedPlugin {
                    source: PluginSource::Installed,
                    origin: active.origin.clone(),
                    trust: self.trust(&active.digest, &active.signatures),
                    grants: active.grants.clone(),
                    config: active.config.clone(),
                    limits: active.limits.clone(),
                    generations: of_name.clone(),
                    info,
                    aliases,
                    stats,
                },
                (None, None) => ListedPlugin {
                    source: PluginSource::BuiltIn,
                    origin: String::new(),
                    trust: Trust::BuiltIn,
                    grants: PluginGrants::default(),
                    config: JsonMap::new(),
                    limits: PluginLimits::default(),
                    generations: Vec::new(),
                    info,
                    aliases,
                    stats,
                },
            };
            listed.push(listed_plugin);
        };
        self.plugins.list().into_iter().for_each(&mut add);
        for tenant in self.store.tenants().await? {
            let own = Arc::clone(&self.plugins).for_tenant(&tenant.id).list();
            own.into_iter().filter(|info| info.tenant.is_some()).for_each(&mut add);
        }
        Ok(listed)
    }

    /// One installed plugin.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn plugin(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Result<ListedPlugin> {
        let mut all = self.list_plugins().await?.into_iter();
        let found = all.find(|p| p.info.role == role && p.info.name == name && p.info.tenant.as_ref() == tenant);
        found.ok_or_else(|| Error::not_found("plugin", format!("{role} {name}")))
    }

    /// Gives a plugin more.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for plugins of the settings file; `Invalid` for what is no host, header or secret.
    pub async fn grant_plugin(
        &self,
        tenant: Option<&TenantId>,
        role: Role,
        name: &str,
        change: GrantChange,
    ) -> Result<ListedPlugin> {
        self.change_grants(tenant, role, name, |grants| {
            for host in change.http {
                if !grants.http.contains(&host) {
                    grants.http.push(host);
                }
            }
            for model in change.models {
                if !grants.models.contains(&model) {
                    grants.models.push(model);
                }
            }
            for secret in change.secrets {
                grants.secrets.retain(|held| held.name != secret.name);
                grants.secrets.push(secret);
            }
            grants.allow_private |= change.allow_private;
        })
        .await
    }

    /// Takes grants away. Calls under way finish with what they had.
    ///
    /// # Errors
    /// As for [`Service::grant_plugin`].
    pub async fn revoke_plugin(
        &self,
        tenant: Option<&TenantId>,
        role: Role,
        name: &str,
        change: GrantChange,
    ) -> Result<ListedPlugin> {
        self.change_grants(tenant, role, name, |grants| {
            grants.http.retain(|host| !change.http.contains(host));
            grants.models.retain(|model| !change.models.contains(model));
            grants.secrets.retain(|held| !change.secrets.iter().any(|secret| secret.name == held.name));
            grants.allow_private &= !change.allow_private;
        })
        .await
    }

    /// Goes back to the generation before the one in use, or to the one named.
    ///
    /// # Errors
    /// `NotFound` when there is none to go back to; `Denied` when the trust policy refuses it by now.
    pub async fn roll_back_plugin(
        &self,
        tenant: Option<&TenantId>,
        role: Role,
        name: &str,
        to: Option<u32>,
    ) -> Result<ListedPlugin> {
        let _turn = self.installing.turn.lock().await;
        let kept = self.generations(tenant, role, name).await?;
        let current = kept.iter().find(|kept| kept.active).map_or(0, |kept| kept.generation);
        let target = match to {
            Some(number) => kept.iter().find(|kept| kept.generation == number),
            None => kept.iter().rev().find(|kept| kept.generation < current),
        };
        let target = target.ok_or_else(|| Error::not_found("earlier generation of", name))?;
        self.supply.judge(&target.digest, &target.signatures)?;
        self.put_in_use(target).await?;
        if let Err(error) = self.store.activate_plugin((tenant, role, name), target.generation).await {
            self.back_to_the_store(tenant, role, name).await;
            return Err(error);
        }
        tracing::info!(%role, plugin = name, generation = target.generation, "rolled back");
        self.listed_generation(target).await
    }

    /// Removes an installed plugin with all its generations; a built-in of the same name is back then.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for built-in plugins and those of the settings file.
    pub async fn remove_plugin(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Result<()> {
        let _turn = self.installing.turn.lock().await;
        self.generations(tenant, role, name).await?;
        self.store.remove_plugin((tenant, role, name)).await?;
        if !self.declared(tenant, role, name) {
            self.plugins.remove(tenant, role, name);
        }
        tracing::info!(%role, plugin = name, "removed");
        Ok(())
    }

    /// Who vouches for an installed plugin's component, judged anew against today's trust store.
    ///
    /// # Errors
    /// `NotFound`; `Denied` where a signature does not fit or the policy wants one.
    pub async fn verify_plugin(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Result<Trust> {
        let kept = self.generations(tenant, role, name).await?;
        let active = kept.iter().find(|kept| kept.active).ok_or_else(|| Error::not_found("plugin", name))?;
        let bytes = self.store.component(&active.digest).await?;
        let digest = hex::encode(Sha256::digest(&bytes));
        if digest != active.digest {
            return Err(Error::Denied { what: format!("the kept component of {name} is damaged") });
        }
        self.supply.judge(&digest, &active.signatures)
    }

    async fn change_grants(
        &self,
        tenant: Option<&TenantId>,
        role: Role,
        name: &str,
        change: impl FnOnce(&mut PluginGrants),
    ) -> Result<ListedPlugin> {
        let _turn = self.installing.turn.lock().await;
        let kept = self.generations(tenant, role, name).await?;
        let mut active = kept.into_iter().find(|kept| kept.active).ok_or_else(|| Error::not_found("plugin", name))?;
        change(&mut active.grants);
        self.put_in_use(&active).await?;
        if let Err(error) = self.store.set_plugin_grants((tenant, role, name), &active.grants).await {
            self.back_to_the_store(tenant, role, name).await;
            return Err(error);
        }
        self.listed_generation(&active).await
    }

    /// Kept generations of a name; says where plugins are changed that the store does not keep.
    async fn generations(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Result<Vec<PluginGeneration>> {
        let mut kept = self.store.plugins().await?;
        kept.retain(|kept| kept.role == role && kept.name == name && kept.tenant.as_ref() == tenant);
        if !kept.is_empty() {
            return Ok(kept);
        }
        if self.declared(tenant, role, name) {
            return Err(declared(name));
        }
        let built_in = self.plugins.list().into_iter().any(|info| info.role == role && info.name == name);
        if built_in && tenant.is_none() {
            let reason = format!("{name} is built in; install a plugin under its name to replace it");
            return Err(Error::Conflict { noun: "plugin", reason });
        }
        Err(Error::not_found("plugin", format!("{role} {name}")))
    }

    async fn active(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> Result<Option<PluginGeneration>> {
        let kept = self.store.plugins().await?.into_iter();
        let mut of_name = kept.filter(|kept| kept.role == role && kept.name == name && kept.tenant.as_ref() == tenant);
        Ok(of_name.find(|kept| kept.active))
    }

    async fn put_in_use(&self, kept: &PluginGeneration) -> Result<()> {
        let component = self.store.component(&kept.digest).await?;
        self.plugins.install(spec(kept, component)).await.map(drop)
    }

    /// After a failed write: what the sandbox runs is again what the store says.
    async fn back_to_the_store(&self, tenant: Option<&TenantId>, role: Role, name: &str) {
        let back = match self.active(tenant, role, name).await {
            Ok(Some(kept)) => self.put_in_use(&kept).await,
            Ok(None) => {
                self.plugins.remove(tenant, role, name);
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = back {
            tracing::error!(%role, plugin = name, %error, "the plugin in use is not the one kept; restart to repair");
        }
    }

    async fn listed_generation(&self, kept: &PluginGeneration) -> Result<ListedPlugin> {
        self.plugin(kept.tenant.as_ref(), kept.role, &kept.name).await
    }

    fn declared(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> bool {
        let declared = self.installing.declared.read();
        declared.iter().any(|d| d.info.role == role && d.info.name == name && d.info.tenant.as_ref() == tenant)
    }

    fn trust(&self, digest: &str, signatures: &[String]) -> Trust {
        // Refused by a policy that was made stricter later: shown as what it is, and refused at the next installation.
        self.supply.judge(digest, signatures).unwrap_or(Trust::Unsigned)
    }
}

fn declared(name: &str) -> Error {
    Error::Conflict { noun: "plugin", reason: format!("{name} is defined in the settings file; change it there") }
}

fn is(kept: &PluginGeneration, info: &PluginInfo) -> bool {
    kept.role == info.role && kept.name == info.name && kept.tenant == info.tenant
}

fn same(one: &PluginInfo, other: &PluginInfo) -> bool {
    one.role == other.role && one.name == other.name && one.tenant == other.tenant && one.digest == other.digest
}

fn spec(kept: &PluginGeneration, component: Bytes) -> PluginSpec {
    PluginSpec {
        name: Some(kept.name.clone()),
        tenant: kept.tenant.clone(),
        component,
        config: kept.config.clone(),
        grants: kept.grants.clone(),
        limits: kept.limits.clone(),
        built_in: false,
    }
}
