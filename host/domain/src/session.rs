//! Conversations.

use crate::{AssistantId, Json, Millis, SessionId};

/// Who said a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageRole {
    /// The person.
    User,
    /// The assistant.
    Assistant,
    /// Instructions.
    System,
}

impl MessageRole {
    /// `user`, `assistant`, `system`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }

    /// The inverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::User),
            "assistant" => Some(Self::Assistant),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug)]
pub struct Message {
    /// Shared by a question and its answer; `None` for the opener.
    pub id: Option<String>,
    /// Who said it.
    pub role: MessageRole,
    /// What was said.
    pub content: String,
    /// Seconds since 1970; 0 for the opener.
    pub created: f64,
    /// What an answer rests on: `{"total", "chunks", "doc_aggs"}` as clients read it; `None` for questions.
    pub reference: Option<Json>,
}

/// A conversation with an assistant.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// With whom.
    pub assistant: AssistantId,
    /// Its name.
    pub name: String,
    /// The client's own user.
    pub user_id: String,
    /// Turns, oldest first; the first is the opener.
    pub messages: Vec<Message>,
    /// When it was made.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

/// What is needed to begin a conversation.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its name.
    pub name: String,
    /// The client's own user.
    pub user_id: String,
}

/// Changes to a conversation: `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct SessionPatch {
    /// New name.
    pub name: Option<String>,
    /// New user.
    pub user_id: Option<String>,
}

/// Which conversations to list.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Exactly this one.
    pub id: Option<SessionId>,
    /// Exactly this name.
    pub name: Option<String>,
    /// Of this user.
    pub user_id: Option<String>,
}
