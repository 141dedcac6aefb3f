//! Which models and methods there are.

use crate::Service;
use mortise_domain::{Caller, Error, JsonMap, ModelKind, ModelStatus, Result, Role};

/// Models that are used where a client names none, and names that are known without being installed.
#[derive(Clone, Debug, Default)]
pub struct ModelSettings {
    /// Embedder of datasets that name none.
    pub embedding: String,
    /// Chat model of assistants that name none.
    pub chat: String,
    /// `model@provider` names that exist in the world but are not configured here; clients get another error for them
    /// than for names nobody knows.
    pub known: Vec<String>,
}

impl Service {
    /// Models used where a client names none.
    pub fn default_models(&self) -> &ModelSettings {
        &self.models
    }

    /// What is known of a model name, with or without its `@provider`.
    pub fn model_status(&self, caller: &Caller, kind: ModelKind, name: &str) -> ModelStatus {
        let role = match kind {
            ModelKind::Embedding => Role::Embedder,
            ModelKind::Rerank => Role::Reranker,
            ModelKind::Chat => Role::ChatModel,
        };
        if self.plugins_of(&caller.tenant).has(role, name) {
            ModelStatus::Granted
        } else if self.models.known.iter().any(|known| known == name) {
            ModelStatus::Known
        } else {
            ModelStatus::Unknown
        }
    }

    /// Names of the chunk methods that the caller may use beside the built-in ones, sorted.
    pub fn chunk_methods(&self, caller: &Caller) -> Vec<String> {
        let plugins = self.plugins_of(&caller.tenant).list();
        let mut names: Vec<_> =
            plugins.into_iter().filter(|p| p.role == Role::Chunker && !p.built_in).map(|p| p.name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether some parser reads files of this name.
    pub fn has_parser_for(&self, caller: &Caller, file_name: &str) -> bool {
        self.plugins_of(&caller.tenant).parser_for(file_name, mortise_domain::media_type::by_name(file_name)).is_some()
    }

    /// Checks settings against the schema of the method's plugin.
    ///
    /// # Errors
    /// `Invalid` names the field; `Unsupported` when the method is not installed.
    pub fn check_parser_config(&self, caller: &Caller, chunk_method: &str, config: &JsonMap) -> Result<()> {
        let plugins = self.plugins_of(&caller.tenant);
        if !plugins.has(Role::Chunker, chunk_method) {
            return Err(Error::Unsupported { what: format!("chunk method {chunk_method} is not installed") });
        }
        plugins.chunker(chunk_method)?.check_config(config)
    }
}
