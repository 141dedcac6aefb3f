//! Conversations.

use crate::Service;
use mortise_domain::{
    AssistantId, Caller, Error, NewSession, Page, PageRequest, Result, Session, SessionFilter, SessionId, SessionPatch,
};

impl Service {
    /// Begins a conversation; its first message is the assistant's opener.
    ///
    /// # Errors
    /// `NotFound` for the assistant.
    pub async fn create_session(&self, caller: &Caller, assistant: &AssistantId, new: NewSession) -> Result<Session> {
        let settings = self.get_assistant(caller, assistant).await?.settings;
        let opener = settings.prompt_config.get("prologue").and_then(|p| p.as_str()).filter(|p| !p.is_empty());
        self.own(caller).insert_session(assistant, new, opener.map(Into::into)).await
    }

    /// One conversation with all its messages.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_session(&self, caller: &Caller, assistant: &AssistantId, id: &SessionId) -> Result<Session> {
        self.own(caller).session(assistant, id).await?.ok_or_else(|| Error::not_found("session", id.as_str()))
    }

    /// Conversations with an assistant, paged.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn list_sessions(
        &self,
        caller: &Caller,
        assistant: &AssistantId,
        filter: &SessionFilter,
        page: &PageRequest,
    ) -> Result<Page<Session>> {
        self.own(caller).list_sessions(assistant, filter, page).await
    }

    /// Changes a conversation's name or user.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn update_session(
        &self,
        caller: &Caller,
        assistant: &AssistantId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Session> {
        let updated = self.own(caller).update_session(assistant, id, patch).await?;
        updated.ok_or_else(|| Error::not_found("session", id.as_str()))
    }

    /// Removes conversations; unknown ids are ignored.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn delete_sessions(&self, caller: &Caller, assistant: &AssistantId, ids: &[SessionId]) -> Result<()> {
        self.own(caller).delete_sessions(assistant, ids).await
    }
}
