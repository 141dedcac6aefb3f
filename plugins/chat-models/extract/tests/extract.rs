//! The model as the host sees it: requests in, events out.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_chat_extract::{Extract, ExtractConfig};
use mortise_sdk::chat_model::{ChatModel, Content, Event, FinishReason, Message, Passage, Request, Role, Usage};
use mortise_sdk::{Error, Result};

fn message(role: Role, text: &str) -> Message {
    Message { role, content: vec![Content::Text(text.into())], tool_calls: vec![], tool_call_id: None }
}

fn request(messages: Vec<Message>, passages: &[&str]) -> Request {
    let passage =
        |(i, text): (usize, &&str)| Passage { number: i as u32, title: "Harbour".into(), text: (*text).into() };
    Request { messages, passages: passages.iter().enumerate().map(passage).collect(), ..Request::default() }
}

fn complete(request: Request) -> Result<(String, Usage, FinishReason)> {
    let model = Extract::open(ExtractConfig::default())?;
    let events = model.complete(request)?.collect::<Result<Vec<Event>>>()?;
    let text: String =
        events.iter().filter_map(|e| if let Event::Text(t) = e { Some(t.as_str()) } else { None }).collect();
    let [.., Event::Usage(usage), Event::Finish(reason)] = events[..] else { unreachable!("{events:?}") };
    assert!(events.len() >= 2);
    Ok((text, usage, reason))
}

const PASSAGE: &str = "The older crane was built in 1924 by Thomas Harding. It lifts 8.5 tons.";

#[test]
fn answers_the_last_question_with_citations() {
    let messages = vec![
        message(Role::User, "Who are you?"),
        message(Role::Assistant, "A model."),
        message(Role::User, "When was the older crane built?"),
    ];
    let (text, usage, reason) = complete(request(messages, &["Ropes age.", PASSAGE])).unwrap();
    assert_eq!(text, "The older crane was built in 1924 by Thomas Harding [ID:1].");
    assert_eq!(reason, FinishReason::Stop);
    assert!(usage.prompt_tokens > 10 && usage.completion_tokens > 10);
}

#[test]
fn reads_the_knowledge_of_the_system_message() {
    let system =
        format!("Use the knowledge base:\n\n------\n\nID: 5\n├── Title: Harbour.pdf\n└── Content:\n{PASSAGE}\n");
    let messages =
        vec![message(Role::System, &system), message(Role::User, "How many tons does the older crane lift?")];
    assert!(complete(request(messages, &[])).unwrap().0.contains("It lifts 8.5 tons [ID:5]."));
    let empty = vec![message(Role::System, "Use the knowledge base:\n\n"), message(Role::User, "How many tons?")];
    assert_eq!(complete(request(empty, &[])).unwrap().0, "The answer you are looking for is not found in the dataset!");
    let none = vec![message(Role::User, "Hello")];
    assert!(complete(request(none, &[])).unwrap().0.starts_with("I can only answer from documents"));
}

#[test]
fn respects_max_tokens_and_stop() {
    let ask = || vec![message(Role::User, "When was the older crane built?")];
    let (text, usage, reason) = complete(Request { max_tokens: Some(4), ..request(ask(), &[PASSAGE]) }).unwrap();
    assert_eq!((reason, usage.completion_tokens <= 4, text.is_empty()), (FinishReason::Length, true, false));
    let (text, _, reason) =
        complete(Request { stop: vec![" in ".into(), "".into()], ..request(ask(), &[PASSAGE]) }).unwrap();
    assert_eq!((text.as_str(), reason), ("The older crane was built", FinishReason::Stop));
    let (text, _, reason) = complete(Request { max_tokens: Some(0), ..request(ask(), &[PASSAGE]) }).unwrap();
    assert_eq!((text.as_str(), reason), ("", FinishReason::Length));
}

#[test]
fn refuses_what_it_cannot_do() {
    assert!(matches!(complete(request(vec![], &[PASSAGE])), Err(Error::InvalidInput(_))));
    let schema = Request { response_schema: Some("{}".into()), ..request(vec![message(Role::User, "x")], &[]) };
    assert!(matches!(complete(schema), Err(Error::Unsupported(_))));
}
