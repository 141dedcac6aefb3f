//! What goes into a chat model and what comes out.

use crate::block::Image;

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatRole {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The answer to a tool call.
    Tool,
}

/// One message of a conversation.
#[derive(Clone, Debug)]
pub struct ChatMessage {
    /// Who said it.
    pub role: ChatRole,
    /// What was said.
    pub text: String,
    /// Pictures that go with it, after the text.
    pub images: Vec<Image>,
}

impl ChatMessage {
    /// A message of words alone.
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self { role, text: text.into(), images: Vec::new() }
    }
}

/// A retrieved passage offered to the model.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Number to cite it by: `[ID:number]`.
    pub number: u32,
    /// Name of the document.
    pub title: String,
    /// The text.
    pub text: String,
}

/// A question to a chat model.
#[derive(Clone, Debug, Default)]
pub struct ChatRequest {
    /// The conversation, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Passages retrieved for the last question.
    pub passages: Vec<Passage>,
    /// 0..2.
    pub temperature: Option<f32>,
    /// 0..1.
    pub top_p: Option<f32>,
    /// Tokens of the answer at most.
    pub max_tokens: Option<u32>,
    /// −2..2.
    pub frequency_penalty: Option<f32>,
    /// −2..2.
    pub presence_penalty: Option<f32>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It was complete.
    Stop,
    /// The token limit was reached.
    Length,
    /// The model wants tools called.
    ToolCalls,
    /// The provider withheld it.
    ContentFilter,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatEvent {
    /// The next piece of the answer.
    Text(String),
    /// The next piece of the model's thoughts.
    Thinking(String),
    /// Tokens used.
    Usage {
        /// Of the question.
        prompt_tokens: u32,
        /// Of the answer.
        completion_tokens: u32,
    },
    /// The end.
    Finish(FinishReason),
}

/// What a chat model can do.
#[derive(Clone, Copy, Debug)]
pub struct ChatAbilities {
    /// Tokens of question and answer together.
    pub context_tokens: u32,
    /// Follows free instructions (rewrite this question, name keywords). False for models that only quote.
    pub instructions: bool,
    /// Takes pictures.
    pub images: bool,
    /// Calls tools.
    pub tools: bool,
    /// Follows a JSON Schema.
    pub json_schema: bool,
}
