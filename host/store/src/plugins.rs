//! Installed plugins: every generation with its component, so that a rollback needs nothing from outside.

use crate::Store;
use crate::column::{Read, bad, flag, from_json, json, now};
use crate::engine::{Write, all, one, run};
use bytes::Bytes;
use mortise_domain::{Error, PluginGeneration, PluginGrants, PluginLimits, PluginSecret, Result, Role, TenantId};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Generations of one name that are kept: the active one and those before it.
const KEPT: i64 = 10;

/// Which plugin: tenant (none = everybody), role, name.
pub type PluginKey<'a> = (Option<&'a TenantId>, Role, &'a str);

impl Store {
    /// Keeps a component as the next generation of its name and makes it the active one. `generation`, `active` and
    /// `installed` are given here; gives back the generation as kept.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn add_plugin(&self, component: &Bytes, mut new: PluginGeneration) -> Result<PluginGeneration> {
        let mut tx = self.engine().write().await?;
        let keep = sqlx::query("INSERT INTO component (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        run(&mut tx, keep.bind(&new.digest).bind(component.as_ref())).await?;
        let (tenant, role) = (scope(new.tenant.as_ref()).to_owned(), new.role.as_str());
        let last = sqlx::query("SELECT max(generation) FROM plugin WHERE tenant = $1 AND role = $2 AND name = $3");
        let last = one(&mut tx, last.bind(&tenant).bind(role).bind(&new.name), |r| r.try_get::<Option<i64>, _>(0));
        let generation = last.await?.flatten().unwrap_or_default() + 1;
        deactivate(&mut tx, (new.tenant.as_ref(), new.role, &new.name)).await?;
        new.generation = u32::try_from(generation).map_err(Error::internal)?;
        new.active = true;
        new.installed = now();
        let insert = sqlx::query(
            "INSERT INTO plugin (tenant, role, name, generation, active, digest, version, origin, signatures, config, \
             grants, limits, installed) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12)",
        );
        let insert = insert.bind(&tenant).bind(role).bind(&new.name).bind(generation).bind(&new.digest);
        let insert = insert.bind(&new.version).bind(&new.origin).bind(json("signatures", &new.signatures)?);
        let insert = insert.bind(json("config", &new.config)?).bind(json("grants", &GrantsRow::from(&new.grants))?);
        run(&mut tx, insert.bind(json("limits", &LimitsRow::from(&new.limits))?).bind(new.installed)).await?;
        let old = sqlx::query("DELETE FROM plugin WHERE tenant = $1 AND role = $2 AND name = $3 AND generation <= $4");
        run(&mut tx, old.bind(&tenant).bind(role).bind(&new.name).bind(generation - KEPT)).await?;
        forget_components(&mut tx).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Every kept generation, by role, name, tenant, oldest first.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn plugins(&self) -> Result<Vec<PluginGeneration>> {
        let select = sqlx::query("SELECT * FROM plugin ORDER BY role, name, tenant, generation");
        all(&mut *self.engine().read().await?, select, generation_row).await
    }

    /// The bytes of a kept component.
    ///
    /// # Errors
    /// `NotFound` for a digest that is not kept.
    pub async fn component(&self, digest: &str) -> Result<Bytes> {
        let select = sqlx::query("SELECT bytes FROM component WHERE digest = $1").bind(digest);
        let bytes = one(&mut *self.engine().read().await?, select, |r| r.try_get::<Vec<u8>, _>(0)).await?;
        bytes.map(Bytes::from).ok_or_else(|| Error::not_found("component", digest))
    }

    /// Changes what the active generation may do.
    ///
    /// # Errors
    /// `NotFound` when nothing of that name is active.
    pub async fn set_plugin_grants(&self, plugin: PluginKey<'_>, grants: &PluginGrants) -> Result<()> {
        let mut tx = self.engine().write().await?;
        let update =
            sqlx::query("UPDATE plugin SET grants = $4 WHERE tenant = $1 AND role = $2 AND name = $3 AND active = 1");
        let update = update.bind(scope(plugin.0)).bind(plugin.1.as_str()).bind(plugin.2);
        if run(&mut tx, update.bind(json("grants", &GrantsRow::from(grants))?)).await? == 0 {
            return Err(Error::not_found("plugin", plugin.2));
        }
        tx.commit().await
    }

    /// Makes a kept generation the active one.
    ///
    /// # Errors
    /// `NotFound` when it is not kept.
    pub async fn activate_plugin(&self, plugin: PluginKey<'_>, generation: u32) -> Result<()> {
        let mut tx = self.engine().write().await?;
        deactivate(&mut tx, plugin).await?;
        let update = sqlx::query(
            "UPDATE plugin SET active = 1 WHERE tenant = $1 AND role = $2 AND name = $3 AND generation = $4",
        );
        let update = update.bind(scope(plugin.0)).bind(plugin.1.as_str()).bind(plugin.2).bind(i64::from(generation));
        if run(&mut tx, update).await? == 0 {
            return Err(Error::not_found("plugin generation", format!("{} {generation}", plugin.2)));
        }
        tx.commit().await
    }

    /// Forgets all generations of a plugin.
    ///
    /// # Errors
    /// `NotFound` when there are none.
    pub async fn remove_plugin(&self, plugin: PluginKey<'_>) -> Result<()> {
        let mut tx = self.engine().write().await?;
        let delete = sqlx::query("DELETE FROM plugin WHERE tenant = $1 AND role = $2 AND name = $3");
        let delete = delete.bind(scope(plugin.0)).bind(plugin.1.as_str()).bind(plugin.2);
        if run(&mut tx, delete).await? == 0 {
            return Err(Error::not_found("plugin", plugin.2));
        }
        forget_components(&mut tx).await?;
        tx.commit().await
    }
}

fn scope(tenant: Option<&TenantId>) -> &str {
    tenant.map_or("", TenantId::as_str)
}

async fn deactivate(tx: &mut Write, plugin: PluginKey<'_>) -> Result<()> {
    let update = sqlx::query("UPDATE plugin SET active = 0 WHERE tenant = $1 AND role = $2 AND name = $3");
    run(tx, update.bind(scope(plugin.0)).bind(plugin.1.as_str()).bind(plugin.2)).await?;
    Ok(())
}

async fn forget_components(tx: &mut Write) -> Result<()> {
    run(tx, sqlx::query("DELETE FROM component WHERE digest NOT IN (SELECT digest FROM plugin)")).await?;
    Ok(())
}

fn generation_row(row: &SqliteRow) -> Read<PluginGeneration> {
    let tenant: String = row.try_get("tenant")?;
    let role: String = row.try_get("role")?;
    let known = Role::ALL.into_iter().find(|known| known.as_str() == role);
    Ok(PluginGeneration {
        tenant: (!tenant.is_empty()).then(|| TenantId::from(tenant)),
        role: known.ok_or_else(|| bad("role", format!("{role:?} is no role")))?,
        name: row.try_get("name")?,
        generation: u32::try_from(row.try_get::<i64, _>("generation")?).map_err(|error| bad("generation", error))?,
        active: flag(row, "active")?,
        digest: row.try_get("digest")?,
        version: row.try_get("version")?,
        origin: row.try_get("origin")?,
        signatures: from_json(row, "signatures")?,
        config: from_json(row, "config")?,
        grants: from_json::<GrantsRow>(row, "grants")?.into(),
        limits: from_json::<LimitsRow>(row, "limits")?.into(),
        installed: row.try_get("installed")?,
    })
}

/// Grants as kept. Written once, read by later versions: fields are only added.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct GrantsRow {
    http: Vec<String>,
    allow_private: bool,
    models: Vec<String>,
    secrets: Vec<SecretRow>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct SecretRow {
    name: String,
    host: String,
    header: String,
    template: String,
    value: String,
}

impl From<&PluginGrants> for GrantsRow {
    fn from(grants: &PluginGrants) -> Self {
        let secrets = grants.secrets.iter().cloned();
        Self {
            http: grants.http.clone(),
            allow_private: grants.allow_private,
            models: grants.models.clone(),
            secrets: secrets
                .map(|PluginSecret { name, host, header, template, value }| SecretRow {
                    name,
                    host,
                    header,
                    template,
                    value,
                })
                .collect(),
        }
    }
}

impl From<GrantsRow> for PluginGrants {
    fn from(row: GrantsRow) -> Self {
        let secrets = row.secrets.into_iter();
        Self {
            http: row.http,
            allow_private: row.allow_private,
            models: row.models,
            secrets: secrets
                .map(|SecretRow { name, host, header, template, value }| PluginSecret {
                    name,
                    host,
                    header,
                    template,
                    value,
                })
                .collect(),
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct LimitsRow {
    memory_mb: Option<u64>,
    seconds: Option<u64>,
    page_seconds: Option<u64>,
    output_mb: Option<u64>,
    concurrency: Option<usize>,
    idle_seconds: Option<u64>,
}

impl From<&PluginLimits> for LimitsRow {
    fn from(limits: &PluginLimits) -> Self {
        let PluginLimits { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds } = limits.clone();
        Self { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds }
    }
}

impl From<LimitsRow> for PluginLimits {
    fn from(row: LimitsRow) -> Self {
        let LimitsRow { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds } = row;
        Self { memory_mb, seconds, page_seconds, output_mb, concurrency, idle_seconds }
    }
}
