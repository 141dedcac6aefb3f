//! Plugins that the binary carries and those that the settings name, all through the same door; and everything that may
//! be wrong with what the settings say, with the place and the remedy.

use crate::config::{Aliases, Config, Plugin, Problem, SecretBinding, nearest};
use anyhow::{Context, Result};
use bytes::Bytes;
use mortise_domain::{
    Error, FetchedComponent, JsonMap, PluginGrants, PluginHost, PluginInfo, PluginLimits, PluginSecret, PluginSpec,
    Role, Supply, TenantId,
};
use mortise_plugins::{BUILT_INS, BuiltIn};
use mortise_runtime::Runtime;
use mortise_service::DeclaredPlugin;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Installs the components that are part of the binary.
pub(crate) async fn built_ins(runtime: &Runtime, config: &Config) -> Result<()> {
    for built_in in BUILT_INS {
        let spec = PluginSpec {
            component: Bytes::from_static(built_in.component),
            limits: limits(config, role(built_in), &Plugin::default()),
            built_in: true,
            ..PluginSpec::default()
        };
        let installed = PluginHost::install(runtime, spec).await;
        installed.with_context(|| format!("built-in {} {}", built_in.role, built_in.name))?;
    }
    Ok(())
}

/// What the settings name, as installed, and everything that was wrong.
#[derive(Default)]
pub(crate) struct Declared {
    pub(crate) plugins: Vec<DeclaredPlugin>,
    pub(crate) problems: Vec<Problem>,
}

/// Installs what the settings name. Goes on after a problem, so that all are told at once.
pub(crate) async fn declared(
    runtime: &Runtime,
    supply: &dyn Supply,
    config: &Config,
    tenants: &BTreeMap<String, TenantId>,
) -> Declared {
    let mut declared = Declared::default();
    let mut scopes = vec![(None, vec![], &config.plugins, &config.aliases)];
    for (name, tenant) in &config.tenants {
        let path = vec!["tenants".to_owned(), name.clone()];
        scopes.push((tenants.get(name), path, &tenant.plugins, &tenant.aliases));
    }
    for (tenant, path, plugins, aliases) in scopes {
        for (name, plugin) in plugins {
            let at = [path.as_slice(), &["plugins".to_owned(), name.clone()]].concat();
            let mut one = One { runtime, supply, config, tenant, name, plugin, at, problems: &mut declared.problems };
            if let Some(installed) = one.install().await {
                declared.plugins.push(installed);
            }
        }
        alias(runtime, tenant, &path, aliases, &mut declared.problems);
    }
    declared
}

fn alias(
    runtime: &Runtime,
    tenant: Option<&TenantId>,
    path: &[String],
    aliases: &Aliases,
    problems: &mut Vec<Problem>,
) {
    let aliases = [
        (Role::Parser, &aliases.parser),
        (Role::Chunker, &aliases.chunker),
        (Role::Embedder, &aliases.embedder),
        (Role::Reranker, &aliases.reranker),
        (Role::ChatModel, &aliases.chat_model),
    ];
    for (role, names) in aliases {
        for (alias, target) in names {
            if let Err(error) = runtime.alias(tenant, role, alias, target) {
                let own = ["aliases".to_owned(), role.as_str().to_owned(), alias.clone()];
                let known = known_names(runtime, role);
                let message = format!("alias {alias:?} of {target:?}: {error}; there are {}", known.join(", "));
                problems.push(Problem { path: [path, &own].concat(), message });
            }
        }
    }
}

fn known_names(runtime: &Runtime, role: Role) -> Vec<String> {
    use mortise_domain::role::Plugins;
    runtime.list().into_iter().filter(|info| info.role == role).map(|info| info.name).collect()
}

/// One plugin of the settings.
struct One<'a> {
    runtime: &'a Runtime,
    supply: &'a dyn Supply,
    config: &'a Config,
    tenant: Option<&'a TenantId>,
    name: &'a str,
    plugin: &'a Plugin,
    at: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

impl One<'_> {
    fn wrong(&mut self, below: &str, message: impl std::fmt::Display) {
        let mut path = self.at.clone();
        path.extend(below.split('.').filter(|key| !key.is_empty()).map(str::to_owned));
        let message = format!("`{}`: {message}", path.join("."));
        self.problems.push(Problem { path, message });
    }

    async fn install(&mut self) -> Option<DeclaredPlugin> {
        let before = self.problems.len();
        let fetched = self.fetch().await?;
        let digest = hex::encode(Sha256::digest(&fetched.component));
        if let Some(pin) = &self.plugin.digest
            && !pin.trim_start_matches("sha256:").eq_ignore_ascii_case(&digest)
        {
            self.wrong("digest", format!("the component has sha256:{digest}"));
            return None;
        }
        let trust = match self.trust(&digest, &fetched) {
            Ok(trust) => trust,
            Err(error) => {
                let remedy = "have it signed by a key of [trust.keys], or change trust.unsigned";
                self.wrong(self.source(), format!("{error}: {remedy}"));
                return None;
            }
        };
        let info = match self.runtime.read_description(fetched.component.clone()).await {
            Ok(info) => info,
            Err(error) => {
                self.wrong(self.source(), error);
                return None;
            }
        };
        let config = self.settings();
        self.check_keys(&info, &config);
        self.check_grants(&info, &config);
        let grants = self.grants();
        let limits = limits(self.config, info.role, self.plugin);
        if self.problems.len() > before {
            return None;
        }
        let spec = PluginSpec {
            name: Some(self.name.to_owned()),
            tenant: self.tenant.cloned(),
            component: fetched.component,
            config: config.clone(),
            grants: grants.clone(),
            limits: limits.clone(),
            built_in: false,
        };
        match PluginHost::install(self.runtime, spec).await {
            Ok(info) => Some(DeclaredPlugin { info, origin: fetched.origin, trust, grants, config, limits }),
            Err(Error::Invalid { field, reason }) => {
                let missing = self.missing(&field, &reason);
                self.wrong(&field, missing.unwrap_or(reason));
                None
            }
            Err(error) => {
                self.wrong("", error);
                None
            }
        }
    }

    /// The setting that says where the component comes from.
    fn source(&self) -> &'static str {
        match self.plugin {
            Plugin { path: Some(_), .. } => "path",
            Plugin { oci: Some(_), .. } => "oci",
            _ => "builtin",
        }
    }

    async fn fetch(&mut self) -> Option<FetchedComponent> {
        if let Some(wanted) = &self.plugin.builtin {
            let found = BUILT_INS.iter().find(|built_in| built_in.name == wanted);
            if found.is_none() {
                let names: Vec<&str> = BUILT_INS.iter().map(|built_in| built_in.name).collect();
                self.wrong("builtin", format!("no built-in is called {wanted:?}; there are {}", names.join(", ")));
            }
            let component = Bytes::from_static(found?.component);
            return Some(FetchedComponent { component, origin: format!("built-in {wanted}"), signatures: vec![] });
        }
        let path = self.plugin.path.as_ref().map(|path| path.display().to_string());
        let reference = path.or_else(|| self.plugin.oci.clone())?;
        match self.supply.fetch(&reference).await {
            Ok(fetched) => Some(fetched),
            Err(error) => {
                self.wrong(self.source(), error);
                None
            }
        }
    }

    fn trust(&self, digest: &str, fetched: &FetchedComponent) -> mortise_domain::Result<mortise_domain::Trust> {
        if self.plugin.builtin.is_some() {
            return Ok(mortise_domain::Trust::BuiltIn);
        }
        self.supply.judge(digest, &fetched.signatures)
    }

    fn settings(&mut self) -> JsonMap {
        match serde_json::to_value(&self.plugin.config) {
            Ok(serde_json::Value::Object(settings)) => settings,
            Ok(_) => JsonMap::new(),
            Err(error) => {
                self.wrong("config", error);
                JsonMap::new()
            }
        }
    }

    /// Refuses settings that the plugin's schema does not have: a plugin ignores what it does not know, and a slip of
    /// the pen would go unnoticed.
    fn check_keys(&mut self, info: &PluginInfo, config: &JsonMap) {
        let Some(known) = info.config_schema.get("properties").and_then(|p| p.as_object()) else { return };
        if info.config_schema.get("additionalProperties").is_some_and(|more| *more != false) {
            return;
        }
        for key in config.keys().filter(|key| !known.contains_key(*key)) {
            let advice = match nearest(key, known.keys()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.keys().cloned().collect::<Vec<_>>().join(", ")),
            };
            self.wrong(&format!("config.{key}"), format!("{} has no such setting; {advice}", info.name));
        }
    }

    /// Refuses a plugin that asks for something about which the settings say nothing.
    fn check_grants(&mut self, info: &PluginInfo, config: &JsonMap) {
        for request in &*info.requests {
            let (kind, why) = request.split_once(": ").unwrap_or((request, ""));
            match kind {
                "http" if self.plugin.http.is_none() => {
                    let host = config.values().filter_map(|value| value.as_str()).find_map(host_of);
                    let host = host.unwrap_or_else(|| "api.example.com".into());
                    self.wrong(
                        "",
                        format!("it asks for HTTP ({why}): add `http = [{host:?}]`, or `http = []` to refuse"),
                    );
                }
                "inference" if self.plugin.models.is_none() => {
                    self.wrong(
                        "",
                        format!("it asks for a local model: add `models = [{why:?}]`, or `models = []` to refuse"),
                    );
                }
                _ => {}
            }
        }
    }

    /// What to say of a setting that must be given and is not.
    fn missing(&self, field: &str, reason: &str) -> Option<String> {
        let key = field.strip_prefix("config.")?;
        (!self.plugin.config.contains_key(key)).then(|| format!("{reason}; set it in [{}.config]", self.at.join(".")))
    }

    fn grants(&mut self) -> PluginGrants {
        let mut secrets = Vec::new();
        for (name, binding) in &self.plugin.secrets {
            match secret(binding) {
                Ok(value) => secrets.push(PluginSecret {
                    name: name.clone(),
                    host: binding.host.clone(),
                    header: binding.header.clone(),
                    template: binding.template.clone(),
                    value,
                }),
                Err((field, why)) => self.wrong(&format!("secrets.{name}{field}"), why),
            }
        }
        PluginGrants {
            http: self.plugin.http.clone().unwrap_or_default(),
            allow_private: self.plugin.allow_private,
            models: self.plugin.models.clone().unwrap_or_default(),
            secrets,
        }
    }
}

fn secret(binding: &SecretBinding) -> Result<String, (&'static str, String)> {
    match (&binding.value, &binding.env) {
        (Some(value), None) => Ok(value.expose().to_owned()),
        (None, Some(variable)) => {
            std::env::var(variable).map_err(|_| (".env", format!("the environment has no {variable}; set it")))
        }
        _ => Err(("", "give either `env` or `value`".into())),
    }
}

/// `host` or `host:port` of a URL, as a grant wants it.
fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let plain_http = scheme == "http" && !authority.contains(':');
    (!authority.is_empty()).then(|| if plain_http { format!("{authority}:80") } else { authority.to_owned() })
}

fn limits(config: &Config, role: Role, plugin: &Plugin) -> PluginLimits {
    let limits = &config.limits;
    let given = |number: u64| (number > 0).then_some(number);
    let (memory_mb, seconds) = match role {
        Role::Parser => (limits.parser_memory_mb, limits.parser_seconds),
        Role::Chunker => (limits.chunker_memory_mb, limits.chunker_seconds),
        Role::Embedder | Role::Reranker | Role::ChatModel => (limits.model_memory_mb, limits.model_seconds),
    };
    PluginLimits {
        memory_mb: plugin.memory_mb.or(given(memory_mb)),
        seconds: plugin.seconds.or(given(seconds)),
        page_seconds: plugin.page_seconds.or(given(limits.parser_page_seconds)).filter(|_| role == Role::Parser),
        output_mb: plugin.output_mb,
        concurrency: plugin.concurrency,
        idle_seconds: plugin.idle_seconds.or(given(limits.model_idle_seconds)),
    }
}

fn role(built_in: &BuiltIn) -> Role {
    // The build script writes only these five.
    Role::ALL.into_iter().find(|role| role.as_str() == built_in.role).unwrap_or(Role::Parser)
}
