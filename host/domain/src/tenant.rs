//! Who owns things, and who is asking.

use crate::{Millis, TenantId};

/// The owner of datasets, documents and assistants; the unit of isolation.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id, which is also the id of its owning user.
    pub id: TenantId,
    /// For people.
    pub name: String,
    /// Embedder of datasets that name none.
    pub embedding_model: String,
    /// Chat model of assistants that name none.
    pub chat_model: String,
    /// When it was made.
    pub created: Millis,
}

/// An API key as stored: never the key itself.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Lower-case hex SHA-256 of the key.
    pub hash: String,
    /// Whose key it is.
    pub tenant: TenantId,
    /// When it was made.
    pub created: Millis,
}

/// Who is asking: the result of authentication, and the only way to reach a tenant's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant whose data the caller sees.
    pub tenant: TenantId,
}

/// Kinds of models a tenant may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// Texts → vectors.
    Embedding,
    /// Query + texts → scores.
    Rerank,
    /// Messages → text.
    Chat,
}

/// What is known of a model name that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelStatus {
    /// Installed or aliased, and the tenant may use it.
    Granted,
    /// In the catalogue of well-known names, but not configured here.
    Known,
    /// Never heard of.
    Unknown,
}
