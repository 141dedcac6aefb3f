//! A chat model that answers with its first passage, or what it was asked, with bugs to choose from.

use faulty::{Fault, words};
use mortise_sdk::chat_model::{Abilities, ChatModel, Event, Events, FinishReason, Message, Request, Usage};
use mortise_sdk::{Description, Error, Result, host};
use std::cell::Cell;

pub struct Echo {
    fault: Fault,
    calls: Cell<u32>,
}

impl ChatModel for Echo {
    type Config = Fault;

    fn describe() -> Description {
        Description::new("faulty-chat-model", env!("CARGO_PKG_VERSION"), "Says its first passage, with a bug")
    }

    fn open(fault: Fault) -> Result<Self> {
        Ok(Self { fault, calls: Cell::new(0) })
    }

    fn abilities(&self) -> Abilities {
        Abilities { context_tokens: 8192, instructions: false, images: false, tools: false, json_schema: false }
    }

    fn complete(&self, request: Request) -> Result<Events> {
        let fault = &self.fault;
        self.calls.set(self.calls.get() + 1);
        if fault.is("no-system") && request.messages.iter().any(|m| m.role == mortise_sdk::chat_model::Role::System) {
            return Err(Error::Unsupported("system messages".into()));
        }
        let last = match request.messages.last() {
            Some(last) => last.text(),
            None if fault.is("panics-on-nothing") => panic!("no message"),
            None => return Err(Error::InvalidInput("no message".into())),
        };
        let mut answer = request.passages.first().map_or(last, |passage| passage.text.clone());
        if answer.trim().is_empty() {
            answer = "Nothing.".into();
        }
        if fault.is("remembers") && self.calls.get() > 1 {
            answer = format!("Again: {answer}");
        }
        let mut reason = FinishReason::Stop;
        if !fault.is("ignores-stop") {
            let stops = request.stop.iter().filter(|stop| !stop.is_empty() || fault.is("stops-at-nothing"));
            if let Some(end) = stops.filter_map(|stop| answer.find(stop.as_str())).min() {
                answer.truncate(end);
            }
        }
        if let Some(limit) = request.max_tokens.filter(|_| !fault.is("ignores-limit")) {
            if let Some(end) = host::token_cuts(&answer, limit).first() {
                answer.truncate(*end as usize);
                reason = FinishReason::Length;
            }
        }
        let mut texts: Vec<String> = request.messages.iter().map(Message::text).collect();
        texts.push(answer.clone());
        let mut counts = host::count_tokens(&texts);
        let completion_tokens = counts.pop().unwrap_or(0);
        let usage = Usage { prompt_tokens: counts.iter().sum(), completion_tokens };
        let mut deltas: Vec<String> = words(&answer).into_iter().map(str::to_owned).collect();
        if fault.is("empty-deltas") {
            deltas.push(String::new());
        }
        let mut events: Vec<Result<Event>> = deltas.into_iter().map(|delta| Ok(Event::Text(delta))).collect();
        if !fault.is("no-usage") {
            events.push(Ok(Event::Usage(usage)));
        }
        if !fault.is("no-finish") {
            events.push(Ok(Event::Finish(if fault.is("finishes-for-length") { FinishReason::Length } else { reason })));
        }
        Ok(Box::new(events.into_iter()))
    }
}

mortise_sdk::export_chat_model!(Echo);
