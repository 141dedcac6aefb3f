//! Chat assistants.

use crate::Service;
use mortise_domain::{Assistant, AssistantFilter, AssistantId, Caller, Error, NewAssistant, Page, PageRequest, Result};

impl Service {
    /// Makes an assistant.
    ///
    /// # Errors
    /// `Conflict` for a taken name.
    pub async fn create_assistant(&self, caller: &Caller, new: NewAssistant) -> Result<Assistant> {
        self.own(caller).insert_assistant(new).await
    }

    /// One assistant.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_assistant(&self, caller: &Caller, id: &AssistantId) -> Result<Assistant> {
        self.own(caller).assistant(id).await?.ok_or_else(|| Error::not_found("assistant", id.as_str()))
    }

    /// The assistant of a name, ignoring case.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn find_assistant(&self, caller: &Caller, name: &str) -> Result<Option<Assistant>> {
        self.own(caller).assistant_by_name(name).await
    }

    /// Assistants, paged.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn list_assistants(
        &self,
        caller: &Caller,
        filter: &AssistantFilter,
        page: &PageRequest,
    ) -> Result<Page<Assistant>> {
        self.own(caller).list_assistants(filter, page).await
    }

    /// Replaces the settings of an assistant.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a taken name.
    pub async fn update_assistant(
        &self,
        caller: &Caller,
        id: &AssistantId,
        settings: NewAssistant,
    ) -> Result<Assistant> {
        let updated = self.own(caller).update_assistant(id, settings).await?;
        updated.ok_or_else(|| Error::not_found("assistant", id.as_str()))
    }

    /// Removes assistants with their sessions; unknown ids are ignored.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn delete_assistants(&self, caller: &Caller, ids: &[AssistantId]) -> Result<()> {
        self.own(caller).delete_assistants(ids).await
    }
}
