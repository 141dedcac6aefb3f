//! The runtime as the operator uses it: plain words of the domain in, parsed grants and limits out.

use crate::grants::{Grants, HostPattern, SecretBinding};
use crate::install::{Install, InstallError};
use crate::limits::LimitOverrides;
use crate::runtime::Runtime;
use async_trait::async_trait;
use bytes::Bytes;
use mortise_domain::role::Plugins;
use mortise_domain::{
    Error, Observee, PluginGrants, PluginHost, PluginInfo, PluginLimits, PluginSecret, PluginSpec, PluginStats, Result,
    Role, TenantId,
};
use std::sync::Arc;
use std::time::Duration;

#[async_trait]
impl PluginHost for Runtime {
    async fn install(&self, spec: PluginSpec) -> Result<PluginInfo> {
        let install = Install {
            name: spec.name,
            tenant: spec.tenant,
            component: spec.component,
            config: spec.config,
            grants: grants(spec.grants)?,
            limits: limits(&spec.limits),
            built_in: spec.built_in,
            strict: false,
        };
        Self::install(self, install).await.map_err(in_config)
    }

    async fn inspect(&self, component: Bytes) -> Result<PluginInfo> {
        Ok(Self::read_description(self, component).await?)
    }

    fn remove(&self, tenant: Option<&TenantId>, role: Role, name: &str) -> bool {
        Self::remove(self, tenant, role, name)
    }

    fn stats(&self) -> Vec<(Observee, PluginStats)> {
        self.stats_of_all()
    }

    fn refusals(&self) -> Vec<(String, u64)> {
        self.refused()
    }

    fn aliases(&self, role: Role) -> Vec<(String, String)> {
        self.registry.read().aliases(role)
    }

    fn for_tenant(self: Arc<Self>, tenant: &TenantId) -> Arc<dyn Plugins> {
        Arc::new(self.scoped(tenant.clone()))
    }
}

/// Settings that do not fit are named below `config`, where the operator wrote them.
fn in_config(error: InstallError) -> Error {
    match error {
        InstallError::Config { field, reason } if field.is_empty() => Error::invalid("config", reason),
        InstallError::Config { field, reason } => Error::invalid(format!("config.{field}"), reason),
        other => other.into(),
    }
}

fn host(field: &str, text: &str) -> Result<HostPattern> {
    text.parse().map_err(|error: crate::InvalidHost| Error::invalid(field, error.to_string()))
}

fn grants(given: PluginGrants) -> Result<Grants> {
    Ok(Grants {
        http_hosts: given.http.iter().map(|text| host("http", text)).collect::<Result<_>>()?,
        secrets: given.secrets.into_iter().map(secret).collect::<Result<_>>()?,
        models: given.models,
        allow_private: given.allow_private,
    })
}

fn secret(given: PluginSecret) -> Result<SecretBinding> {
    let field = |of: &str| format!("secrets.{}.{of}", given.name);
    let binding = SecretBinding {
        host: host(&field("host"), &given.host)?,
        header: given.header.parse().map_err(|_| Error::invalid(field("header"), "not a header name"))?,
        template: given.template.clone(),
        secret: given.value.clone(),
        name: given.name.clone(),
    };
    if !binding.template.contains("{secret}") {
        return Err(Error::invalid(field("template"), "it must contain {secret}"));
    }
    if binding.value().is_none() {
        return Err(Error::invalid(field("value"), "it holds characters that no HTTP header may"));
    }
    Ok(binding)
}

fn limits(given: &PluginLimits) -> LimitOverrides {
    LimitOverrides {
        memory_bytes: given.memory_mb.map(|mb| mb << 20),
        call_timeout: given.seconds.map(Duration::from_secs),
        page_timeout: given.page_seconds.map(Duration::from_secs),
        output_bytes: given.output_mb.map(|mb| mb << 20),
        concurrency: given.concurrency,
        idle_timeout: given.idle_seconds.map(Duration::from_secs),
        ..LimitOverrides::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_say_which_field_is_wrong() {
        let field = |given: PluginGrants| match grants(given) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(PluginGrants { http: vec!["http://x".into()], ..Default::default() }), "http");
        let secret = |header: &str, template: &str, value: &str| PluginGrants {
            secrets: vec![PluginSecret {
                name: "key".into(),
                host: "api.example.com".into(),
                header: header.into(),
                template: template.into(),
                value: value.into(),
            }],
            ..Default::default()
        };
        assert_eq!(field(secret("a b", "{secret}", "x")), "secrets.key.header");
        assert_eq!(field(secret("x-key", "Bearer", "x")), "secrets.key.template");
        assert_eq!(field(secret("x-key", "{secret}", "x\ny")), "secrets.key.value");
        assert!(grants(secret("x-key", "{secret}", "x")).is_ok());
    }
}
