//! Questions to chat models from JSON, and their answers as JSON.

use crate::call::Answer;
use mortise_domain::Json;
use mortise_domain::chat::{ChatMessage, ChatRequest, ChatRole, FinishReason, Passage};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    messages: Vec<MessageForm>,
    #[serde(default)]
    passages: Vec<PassageForm>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    max_tokens: Option<u32>,
    frequency_penalty: Option<f32>,
    presence_penalty: Option<f32>,
    #[serde(default)]
    stop: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageForm {
    role: RoleForm,
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleForm {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassageForm {
    number: Option<u32>,
    #[serde(default)]
    title: String,
    text: String,
}

/// A question with its passages. Messages are written as chat APIs do: `{"role": "user", "content": "…"}`.
pub(crate) fn read_request(text: &str) -> Result<ChatRequest, String> {
    let form: RequestForm = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let message = |message: MessageForm| ChatMessage {
        role: match message.role {
            RoleForm::System => ChatRole::System,
            RoleForm::User => ChatRole::User,
            RoleForm::Assistant => ChatRole::Assistant,
            RoleForm::Tool => ChatRole::Tool,
        },
        text: message.content,
        images: Vec::new(),
    };
    let passage = |(place, passage): (u32, PassageForm)| Passage {
        number: passage.number.unwrap_or(place),
        title: passage.title,
        text: passage.text,
    };
    Ok(ChatRequest {
        messages: form.messages.into_iter().map(message).collect(),
        passages: (0..).zip(form.passages).map(passage).collect(),
        temperature: form.temperature,
        top_p: form.top_p,
        max_tokens: form.max_tokens,
        frequency_penalty: form.frequency_penalty,
        presence_penalty: form.presence_penalty,
        stop: form.stop,
    })
}

/// An answer.
pub(super) fn write(answer: &Answer) -> Json {
    let mut json = json!({ "answer": answer.text });
    if !answer.thinking.is_empty() {
        json["thinking"] = answer.thinking.as_str().into();
    }
    if let Some((prompt_tokens, completion_tokens)) = answer.usage {
        json["usage"] = json!({ "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens });
    }
    json["finish"] = answer.finish.map(finish_name).into();
    json
}

/// Why an answer ended, in the contract's words.
fn finish_name(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool-calls",
        FinishReason::ContentFilter => "content-filter",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let text = r#"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}],
                       "passages": [{"text": "a"}, {"number": 9, "title": "T", "text": "b"}], "stop": ["x"], "max_tokens": 3}"#;
        let request = read_request(text).unwrap();
        assert_eq!(request.messages[1].role, ChatRole::User);
        assert_eq!(request.passages.iter().map(|p| p.number).collect::<Vec<_>>(), [0, 9]);
        assert_eq!((request.stop.len(), request.max_tokens), (1, Some(3)));
        assert!(read_request(r#"{"messages": [{"role": "owner", "content": ""}]}"#).unwrap_err().contains("owner"));
    }

    #[test]
    fn answers() {
        let answer = Answer {
            text: "a".into(),
            usage: Some((3, 1)),
            finish: Some(FinishReason::ToolCalls),
            ..Answer::default()
        };
        assert_eq!(write(&answer)["finish"], "tool-calls");
        assert_eq!(write(&answer)["usage"]["prompt_tokens"], 3);
        assert!(write(&Answer::default())["finish"].is_null());
    }
}
