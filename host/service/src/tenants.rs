//! Tenants and their keys.

use crate::{Service, clock};
use mortise_domain::{ApiKey, Caller, Error, Result, Tenant, TenantId};
use sha2::{Digest, Sha256};

/// How a key is stored: lower-case hex SHA-256. Keys are 32 random bytes, so that a plain hash cannot be guessed back.
pub fn key_hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

impl Service {
    /// Finds whose key it is.
    ///
    /// # Errors
    /// `Unauthenticated` for a key nobody has.
    pub async fn authenticate(&self, key: &str) -> Result<Caller> {
        let tenant = self.store.tenant_of_key(&key_hash(key)).await?.ok_or(Error::Unauthenticated)?;
        Ok(Caller { tenant })
    }

    /// The caller's tenant.
    ///
    /// # Errors
    /// `NotFound` when it was removed meanwhile.
    pub async fn tenant(&self, caller: &Caller) -> Result<Tenant> {
        let id = &caller.tenant;
        let tenant = self.store.tenant_by_id(id).await?.ok_or_else(|| Error::not_found("tenant", id.as_str()))?;
        Ok(self.with_models(tenant))
    }

    /// The models a tenant uses by default are the operator's to choose, and change with the settings.
    fn with_models(&self, mut tenant: Tenant) -> Tenant {
        tenant.embedding_model.clone_from(&self.models.embedding);
        tenant.chat_model.clone_from(&self.models.chat);
        tenant
    }

    /// A tenant by id or name.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_tenant(&self, id_or_name: &str) -> Result<Tenant> {
        let mut all = self.store.tenants().await?.into_iter();
        let found = all.find(|tenant| tenant.id.as_str() == id_or_name || tenant.name == id_or_name);
        found.ok_or_else(|| Error::not_found("tenant", id_or_name))
    }

    /// The tenant of that name, made when there is none.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn ensure_tenant(&self, name: &str) -> Result<Tenant> {
        if let Some(tenant) = self.store.tenants().await?.into_iter().find(|tenant| tenant.name == name) {
            return Ok(self.with_models(tenant));
        }
        self.new_tenant(name).await
    }

    /// The tenant of a single-tenant server, made when the store is new.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn default_tenant(&self) -> Result<Tenant> {
        if let Some(tenant) = self.store.first_tenant().await? {
            return Ok(self.with_models(tenant));
        }
        self.new_tenant("default").await
    }

    async fn new_tenant(&self, name: &str) -> Result<Tenant> {
        let tenant = Tenant {
            id: TenantId::generate(),
            name: name.into(),
            embedding_model: self.models.embedding.clone(),
            chat_model: self.models.chat.clone(),
            created: clock::now_ms(),
        };
        self.store.create_tenant(&tenant).await?;
        tracing::info!(tenant = %tenant.id, name, "made a tenant");
        Ok(tenant)
    }

    /// Lets a key open a tenant. Adding it again changes nothing.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn add_key(&self, tenant: &TenantId, key: &str) -> Result<()> {
        let key = ApiKey { hash: key_hash(key), tenant: tenant.clone(), created: clock::now_ms() };
        self.store.add_key(&key).await
    }

    /// Whether any key exists.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn has_keys(&self) -> Result<bool> {
        self.store.has_keys().await
    }
}
