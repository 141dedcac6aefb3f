//! Tenants and their API keys.

use crate::column::{Read, id};
use crate::engine::{all, any, one, run};
use crate::{Store, column};
use mortise_domain::{ApiKey, Error, Result, Tenant, TenantId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

impl Store {
    /// Adds a tenant.
    ///
    /// # Errors
    /// `Conflict` when the id is taken.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<()> {
        let insert = sqlx::query(
            "INSERT INTO tenant (id, name, embedding_model, chat_model, created) VALUES ($1, $2, $3, $4, $5)",
        );
        let mut tx = self.engine().write().await?;
        let insert = insert.bind(tenant.id.as_str()).bind(&tenant.name);
        run(&mut tx, insert.bind(&tenant.embedding_model).bind(&tenant.chat_model).bind(tenant.created)).await?;
        tx.commit().await
    }

    /// One tenant.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn tenant_by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        let select = sqlx::query("SELECT * FROM tenant WHERE id = $1").bind(id.as_str());
        one(&mut *self.engine().read().await?, select, tenant_row).await
    }

    /// The oldest tenant.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn first_tenant(&self) -> Result<Option<Tenant>> {
        let select = sqlx::query("SELECT * FROM tenant ORDER BY row LIMIT 1");
        one(&mut *self.engine().read().await?, select, tenant_row).await
    }

    /// All tenants, oldest first.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn tenants(&self) -> Result<Vec<Tenant>> {
        let select = sqlx::query("SELECT * FROM tenant ORDER BY row");
        all(&mut *self.engine().read().await?, select, tenant_row).await
    }

    /// Adds an API key. Adding it again changes nothing.
    ///
    /// # Errors
    /// `NotFound` for the tenant; `Conflict` when the key is another tenant's.
    pub async fn add_key(&self, key: &ApiKey) -> Result<()> {
        let mut tx = self.engine().write().await?;
        let tenant = key.tenant.as_str();
        if !any(&mut tx, sqlx::query("SELECT 1 FROM tenant WHERE id = $1").bind(tenant)).await? {
            return Err(Error::not_found("tenant", tenant));
        }
        let owner = sqlx::query("SELECT tenant FROM api_key WHERE hash = $1").bind(&key.hash);
        if one(&mut tx, owner, |r| id::<TenantId>(r, "tenant")).await?.is_some_and(|owner| owner == key.tenant) {
            return Ok(());
        }
        let insert = sqlx::query("INSERT INTO api_key (hash, tenant, created) VALUES ($1, $2, $3)");
        run(&mut tx, insert.bind(&key.hash).bind(tenant).bind(key.created)).await?;
        tx.commit().await
    }

    /// Whose key it is, by the lower-case hex SHA-256 of the key.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn tenant_of_key(&self, hash: &str) -> Result<Option<TenantId>> {
        let select = sqlx::query("SELECT tenant FROM api_key WHERE hash = $1").bind(hash);
        one(&mut *self.engine().read().await?, select, |r| id(r, "tenant")).await
    }

    /// Whether any tenant has an API key.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn has_keys(&self) -> Result<bool> {
        any(&mut *self.engine().read().await?, sqlx::query("SELECT 1 FROM api_key LIMIT 1")).await
    }
}

fn tenant_row(row: &SqliteRow) -> Read<Tenant> {
    Ok(Tenant {
        id: column::id(row, "id")?,
        name: row.try_get("name")?,
        embedding_model: row.try_get("embedding_model")?,
        chat_model: row.try_get("chat_model")?,
        created: row.try_get("created")?,
    })
}
