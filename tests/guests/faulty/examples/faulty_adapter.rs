//! A chat model behind a made-up wire format, with bugs to choose from.
//!
//! The request is one JSON object; the answer has one on every line: `{"delta": "…"}`, then `{"usage": [3, 4]}`, then
//! `{"finish": "stop"}`.

use faulty::Fault;
use mortise_sdk::chat_model::{Abilities, ChatModel, Event, Events, FinishReason, Request, Usage};
use mortise_sdk::http::{self, Response};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::serde_json::{self, Value, json};
use mortise_sdk::{Description, Error, Result, UpstreamError};

pub struct Adapter(Config);

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    #[serde(flatten)]
    fault: Fault,
    /// Where the service is.
    base_url: String,
    /// Name of the secret that the service wants.
    secret: String,
}

impl ChatModel for Adapter {
    type Config = Config;

    fn describe() -> Description {
        Description::new("faulty-adapter", env!("CARGO_PKG_VERSION"), "Asks a remote service, with a bug")
            .needs_http("asks the service named in base_url")
    }

    fn open(config: Config) -> Result<Self> {
        Ok(Self(config))
    }

    fn abilities(&self) -> Abilities {
        Abilities { context_tokens: 8192, instructions: true, images: false, tools: false, json_schema: false }
    }

    fn complete(&self, request: Request) -> Result<Events> {
        let Config { fault, base_url, secret } = self.0.clone();
        let messages: Vec<Value> = request.messages.iter().map(|m| json!(m.text())).collect();
        let mut body = json!({"messages": messages, "temperature": request.temperature, "top_p": request.top_p});
        if !fault.is("ignores-limit") {
            body["max_tokens"] = json!(request.max_tokens);
        }
        if !fault.is("ignores-stop") {
            body["stop"] = json!(request.stop);
        }
        if fault.is("ascii-only") {
            let texts = request.messages.iter().map(|m| m.text().replace(|c: char| !c.is_ascii(), "?"));
            body["messages"] = texts.collect::<Vec<_>>().into();
        }
        let response = http::Request::post(format!("{base_url}/ask")).secret(&secret).json(&body).send()?;
        let status = response.status();
        let response = if fault.is("ignores-status") { response } else { checked(response, &fault)? };
        Ok(Box::new(Lines { response: Some(response), rest: Vec::new(), finished: false, status, fault }))
    }
}

fn checked(response: Response, fault: &Fault) -> Result<Response> {
    match response.error_for_status() {
        Err(Error::Upstream(error)) if error.status == Some(429) && fault.is("busy-is-internal") => {
            Err(Error::Internal(error.message))
        }
        Err(Error::Upstream(error)) if fault.is("forgets-wait") => {
            Err(Error::Upstream(UpstreamError { retry_after: None, ..error }))
        }
        Err(Error::Upstream(error)) if error.status == Some(401) && fault.is("key-is-config") => {
            Err(Error::Unsupported(format!("the key is wrong: {}", error.message)))
        }
        Err(Error::Upstream(error)) if fault.is("forgets-status") => {
            Err(Error::Upstream(UpstreamError { status: None, ..error }))
        }
        other => other,
    }
}

struct Lines {
    response: Option<Response>,
    rest: Vec<u8>,
    finished: bool,
    status: u16,
    fault: Fault,
}

impl Lines {
    fn line(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()));
            }
            let Some(response) = &mut self.response else { return Ok(None) };
            match response.read()? {
                Some(piece) if self.fault.is("decodes-pieces") => {
                    self.rest.extend(String::from_utf8_lossy(&piece).as_bytes());
                }
                Some(piece) => self.rest.extend(piece),
                None => self.response = None,
            }
        }
    }

    fn event(&mut self) -> Result<Option<Event>> {
        let broken = |message: &str| http::upstream(message);
        loop {
            let Some(line) = self.line()? else {
                return if self.finished {
                    Ok(None)
                } else if self.fault.is("trusts-the-end") {
                    self.finished = true;
                    Ok(Some(Event::Finish(FinishReason::Stop)))
                } else {
                    Err(broken("the answer broke off"))
                };
            };
            if line.is_empty() {
                continue;
            }
            let json: Value = match serde_json::from_str(&line) {
                Ok(json) => json,
                Err(error) if self.fault.is("garbage-is-internal") => return Err(Error::Internal(error.to_string())),
                Err(_) => return Err(broken(&format!("an answer of status {} that is no JSON", self.status))),
            };
            if let Some(delta) = json["delta"].as_str() {
                return Ok(Some(Event::Text(delta.into())));
            }
            if let Some([prompt, completion]) = json["usage"].as_array().map(Vec::as_slice) {
                let tokens = |json: &Value| json.as_u64().unwrap_or(0) as u32;
                let usage = Usage { prompt_tokens: tokens(prompt), completion_tokens: tokens(completion) };
                return Ok(Some(Event::Usage(usage)));
            }
            if json["finish"] == "stop" {
                self.finished = true;
                self.response = None;
                return Ok(Some(Event::Finish(FinishReason::Stop)));
            }
            return Err(broken("an answer that is none"));
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished && self.response.is_none() {
            return None;
        }
        let event = self.event();
        if event.is_err() {
            self.finished = true;
            self.response = None;
        }
        event.transpose()
    }
}

mortise_sdk::export_chat_model!(Adapter);
