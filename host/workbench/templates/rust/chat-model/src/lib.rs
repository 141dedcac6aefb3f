//! A chat model that writes nothing of its own: it quotes the passage that shares most words with the question, with a
//! citation. A start to replace by a real model; `mortise_sdk::http` reaches remote ones.

use mortise_sdk::chat_model::{Abilities, ChatModel, Event, Events, FinishReason, Message, Request, Role, Usage};
use mortise_sdk::{Description, NoConfig, Result, host};
use std::collections::HashSet;

/// The plugin.
pub struct {{Name}};

impl ChatModel for {{Name}} {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("{{name}}", env!("CARGO_PKG_VERSION"), "Quotes the passage that fits the question best")
    }

    fn open(_config: NoConfig) -> Result<Self> {
        Ok(Self)
    }

    fn abilities(&self) -> Abilities {
        Abilities { context_tokens: 128_000, instructions: false, images: false, tools: false, json_schema: false }
    }

    fn complete(&self, request: Request) -> Result<Events> {
        let mut text = answer(&request);
        for stop in request.stop.iter().filter(|stop| !stop.is_empty()) {
            text.truncate(text.find(stop).unwrap_or(text.len()));
        }
        let cut = host::token_cuts(&text, request.max_tokens.unwrap_or(u32::MAX)).first().map(|end| *end as usize);
        text.truncate(cut.unwrap_or(text.len()));
        let finish = if cut.is_some() { FinishReason::Length } else { FinishReason::Stop };
        let tokens = host::count_tokens(&[request.messages.iter().map(Message::text).collect(), text.clone()]);
        let usage = Usage { prompt_tokens: tokens[0], completion_tokens: tokens[1] };
        let words: Vec<Event> = text.split_inclusive(' ').map(|word| Event::Text(word.into())).collect();
        Ok(Box::new(words.into_iter().chain([Event::Usage(usage), Event::Finish(finish)]).map(Ok)))
    }
}

mortise_sdk::export_chat_model!({{Name}});

/// The best passage for the last question, if any shares a word with it.
fn answer(request: &Request) -> String {
    let question = request.messages.iter().rfind(|m| m.role == Role::User).map(Message::text).unwrap_or_default();
    let shared = |text: &str| words(&question).intersection(&words(text)).count();
    let best = request.passages.iter().rev().max_by_key(|p| shared(&p.text)).filter(|p| shared(&p.text) > 0);
    best.map_or("The passages do not say.".into(), |passage| format!("{} [ID:{}]", passage.text, passage.number))
}

fn words(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| w.chars().count() > 2).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::chat_model::{Content, Passage};

    fn ask(question: &str, request: Request) -> (String, FinishReason) {
        let content = vec![Content::Text(question.into())];
        let message = Message { role: Role::User, content, tool_calls: vec![], tool_call_id: None };
        let passages = [(0, "The canteen opens at 6:30."), (1, "Parental leave lasts 14 months.")];
        let passages = passages.map(|(number, text)| Passage { number, title: "handbook".into(), text: text.into() });
        let request = Request { messages: vec![message], passages: passages.to_vec(), ..request };
        let events: Result<Vec<Event>> = {{Name}}.complete(request).unwrap().collect();
        let mut events = events.unwrap();
        let Some(Event::Finish(finish)) = events.pop() else { panic!("no end") };
        assert!(matches!(events.pop(), Some(Event::Usage(usage)) if usage.prompt_tokens > 0));
        let text = events.into_iter().map(|event| if let Event::Text(text) = event { text } else { panic!() });
        (text.collect(), finish)
    }

    #[test]
    fn the_best_passage_is_quoted() {
        let (answer, _) = ask("How long does leave last?", Request::default());
        assert_eq!(answer, "Parental leave lasts 14 months. [ID:1]");
        assert_eq!(ask("Who?", Request::default()).0, "The passages do not say.");
    }

    #[test]
    fn limits_are_kept() {
        let stopped = ask("canteen", Request { stop: vec!["6:".into()], ..Request::default() });
        assert_eq!(stopped, ("The canteen opens at ".into(), FinishReason::Stop));
        let (short, finish) = ask("canteen", Request { max_tokens: Some(2), ..Request::default() });
        assert!(finish == FinishReason::Length && "The canteen opens".starts_with(&short), "{short}");
    }
}
