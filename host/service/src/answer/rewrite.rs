//! What a chat model is asked before the search: to make a question complete, to name keywords. Only models that
//! follow instructions are asked, and a failure costs nothing but the improvement.

use super::short_answer;
use mortise_domain::MessageRole;
use mortise_domain::chat::{ChatMessage, ChatRole};
use mortise_domain::role::ChatModel;

const COMPLETE: &str = "You rewrite the user's last question so that it can be understood without the conversation: \
    names instead of pronouns, dates instead of «yesterday». Keep the language of the question. If it is complete \
    already, give it back unchanged. Answer with the question alone.";

const KEYWORDS: &str = "Name the three most important keywords or phrases of the text, in its language, separated by \
    commas. Answer with the keywords alone.";

/// The last question, understandable on its own; `None` when the model fails.
pub(super) async fn complete_question(model: &dyn ChatModel, conversation: &[(MessageRole, String)]) -> Option<String> {
    let lines = conversation.iter().map(|(role, text)| match role {
        MessageRole::User => format!("USER: {text}\n"),
        _ => format!("ASSISTANT: {text}\n"),
    });
    asked(model, COMPLETE, lines.collect()).await
}

/// Keywords to search for beside the question; `None` when the model fails.
pub(super) async fn keywords(model: &dyn ChatModel, question: &str) -> Option<String> {
    asked(model, KEYWORDS, question.to_owned()).await
}

async fn asked(model: &dyn ChatModel, instruction: &str, text: String) -> Option<String> {
    match short_answer(model, instruction, ChatMessage::new(ChatRole::User, text)).await {
        Ok(answer) => Some(answer).filter(|a| !a.is_empty()),
        Err(error) => {
            tracing::warn!(%error, "the question is searched as it was asked");
            None
        }
    }
}
