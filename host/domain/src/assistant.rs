//! Chat assistants.

use crate::{AssistantId, DatasetId, JsonMap, Millis, TenantId};

/// Datasets + prompt + models + retrieval settings.
#[derive(Clone, Debug)]
pub struct Assistant {
    /// Its id.
    pub id: AssistantId,
    /// Its owner.
    pub tenant: TenantId,
    /// What it is.
    pub settings: NewAssistant,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// All settings of an assistant.
#[derive(Clone, Debug)]
pub struct NewAssistant {
    /// Unique in the tenant, ignoring case.
    pub name: String,
    /// Free text.
    pub description: String,
    /// A data URL, or empty.
    pub avatar: String,
    /// `English`, `Chinese`, …
    pub language: String,
    /// Where it searches; may name datasets that are gone.
    pub datasets: Vec<DatasetId>,
    /// Chat model by name.
    pub llm_id: String,
    /// Sampling settings as sent: `temperature`, `top_p`, `max_tokens`, …
    pub llm_setting: JsonMap,
    /// `system`, `prologue`, `parameters`, `empty_response`, `quote`, `refine_multiturn`, … as sent.
    pub prompt_config: JsonMap,
    /// Hits below are dropped, 0..1.
    pub similarity_threshold: f64,
    /// Weight of the vector score, 0..1.
    pub vector_weight: f64,
    /// Passages given to the model.
    pub top_n: i64,
    /// Candidates of the search.
    pub top_k: i64,
    /// Reranker by name; empty = none.
    pub rerank_id: String,
    /// Kept for clients.
    pub do_refer: String,
    /// Kept for clients.
    pub prompt_type: String,
    /// Conditions on metadata, kept for clients.
    pub meta_data_filter: JsonMap,
}

/// New settings for an assistant: the whole of them.
pub type AssistantPatch = NewAssistant;

/// Which assistants to list.
#[derive(Clone, Debug, Default)]
pub struct AssistantFilter {
    /// Exactly this one.
    pub id: Option<AssistantId>,
    /// Exactly this name, ignoring case.
    pub name: Option<String>,
}
