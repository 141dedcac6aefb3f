//! What comes over the wire as events of the contract: a state machine over the JSON of one answer.
//!
//! Chunks of a stream and whole answers have the same shape but for one name (`delta`, `message`), so that one
//! decoder reads both. It is lenient where servers differ (missing indexes, ids, usage, `[DONE]`) and strict where
//! leniency would pass half an answer off as a whole one.

use crate::thoughts::Thoughts;
use mortise_sdk::chat_model::{Event, FinishReason, ToolCall, Usage};
use mortise_sdk::http::upstream;
use mortise_sdk::serde_json::{self, Value};
use mortise_sdk::{Error, Result, UpstreamError};

/// Reads one answer.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    calls: Vec<PartialCall>,
    thoughts: Thoughts,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    /// Something that belongs to an answer was seen.
    answered: bool,
    /// `[DONE]` was seen.
    done: bool,
}

/// A tool call whose arguments may still be growing.
#[derive(Debug, Default)]
struct PartialCall {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Decoder {
    /// The data of one event of the stream.
    pub(crate) fn data(&mut self, data: &str) -> Result<Vec<Event>> {
        let data = data.trim();
        if data == "[DONE]" {
            self.done = true;
            return Ok(vec![]);
        }
        if data.is_empty() {
            return Ok(vec![]);
        }
        let chunk = serde_json::from_str(data).map_err(|error| {
            let shown: String = data.chars().take(200).collect();
            upstream(format!("the stream holds something unreadable ({error}): {shown}"))
        })?;
        self.json(&chunk)
    }

    /// One chunk of a stream, or a whole answer.
    pub(crate) fn json(&mut self, chunk: &Value) -> Result<Vec<Event>> {
        if let Some(error) = chunk.get("error").filter(|e| !e.is_null()) {
            return Err(reported(error));
        }
        let mut events = Vec::new();
        if let Some(usage) = chunk.get("usage").filter(|u| u.is_object()) {
            self.usage = Some(Usage {
                prompt_tokens: tokens(&usage["prompt_tokens"]),
                completion_tokens: tokens(&usage["completion_tokens"]),
            });
        }
        let Some(choices) = chunk.get("choices").and_then(Value::as_array) else {
            return match chunk.get("usage") {
                Some(_) => Ok(events),
                None => Err(upstream(format!("the answer is no chat completion: {}", cut(chunk)))),
            };
        };
        // Only the first of several answers, should the extra settings ask for more.
        let Some(choice) = choices.iter().find(|c| c["index"].as_u64().unwrap_or(0) == 0) else { return Ok(events) };
        self.answered = true;
        let delta = choice.get("delta").or_else(|| choice.get("message")).unwrap_or(&Value::Null);
        let thoughts = [&delta["reasoning_content"], &delta["reasoning"]];
        if let Some(text) = thoughts.iter().find_map(|v| v.as_str()).filter(|t| !t.is_empty()) {
            events.push(Event::Thinking(text.into()));
        }
        self.content(&delta["content"], &mut events);
        // A refusal is the answer, in a field of its own.
        self.content(&delta["refusal"], &mut events);
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            self.call(call);
        }
        if let Some(reason) = choice["finish_reason"].as_str().filter(|r| !r.is_empty()) {
            self.finish = Some(finish_reason(reason)?);
        }
        Ok(events)
    }

    /// Nothing more is to be read: the server said so.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The model has ended its answer; at most its usage is still to come.
    pub(crate) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// The events after the last byte: tool calls, usage, finish.
    pub(crate) fn end(&mut self) -> Result<Vec<Event>> {
        let finish = match self.finish {
            Some(finish) => finish,
            // Some servers never give a reason; `[DONE]` after an answer says as much.
            None if self.done && self.answered => FinishReason::Stop,
            None if self.answered => return Err(upstream("the stream ended in the middle of the answer")),
            None => return Err(upstream("the service sent no answer")),
        };
        let calls = std::mem::take(&mut self.calls);
        let mut events = Vec::new();
        self.thoughts.flush(&mut events);
        let finish = match finish {
            // Calls cut off by the limit cannot be made.
            FinishReason::Length | FinishReason::ContentFilter => finish,
            _ if calls.is_empty() => finish,
            _ => {
                for (i, call) in calls.into_iter().enumerate() {
                    events.push(Event::ToolCall(call.complete(i)?));
                }
                FinishReason::ToolCalls
            }
        };
        events.extend(self.usage.take().map(Event::Usage));
        events.push(Event::Finish(finish));
        Ok(events)
    }

    /// A string, or a list of parts as some servers send it.
    fn content(&mut self, content: &Value, events: &mut Vec<Event>) {
        if let Some(text) = content.as_str().filter(|t| !t.is_empty()) {
            self.thoughts.push(text, events);
        }
        for part in content.as_array().into_iter().flatten() {
            self.content_part(part, events);
        }
    }

    /// Text, or thoughts as a list of texts.
    fn content_part(&mut self, part: &Value, events: &mut Vec<Event>) {
        if let Some(text) = part["text"].as_str().filter(|t| !t.is_empty()) {
            self.thoughts.push(text, events);
        }
        let thoughts = part["thinking"].as_array().into_iter().flatten();
        let thoughts: String = thoughts.filter_map(|t| t["text"].as_str()).collect();
        if !thoughts.is_empty() {
            events.push(Event::Thinking(thoughts));
        }
    }

    /// A piece of a tool call, or all of it. Pieces belong together by index; where a server leaves it out, a new id
    /// or name begins a new call.
    fn call(&mut self, piece: &Value) {
        let function = &piece["function"];
        let index = piece["index"].as_u64();
        let id = piece["id"].as_str().unwrap_or_default();
        let name = function["name"].as_str().unwrap_or_default();
        let known = match index {
            Some(_) => self.calls.iter().position(|c| c.index == index),
            None if !id.is_empty() => self.calls.iter().position(|c| c.id == id),
            None if !name.is_empty() => None,
            None => self.calls.len().checked_sub(1),
        };
        let at = known.unwrap_or_else(|| {
            self.calls.push(PartialCall { index, ..PartialCall::default() });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        // Some servers repeat the name with every piece.
        if call.name.is_empty() {
            name.clone_into(&mut call.name);
        }
        match &function["arguments"] {
            Value::String(text) => call.arguments.push_str(text),
            Value::Null => {}
            whole => call.arguments = whole.to_string(),
        }
    }
}

impl PartialCall {
    fn complete(self, position: usize) -> Result<ToolCall> {
        if self.name.is_empty() {
            return Err(upstream("the model calls a tool without naming it"));
        }
        let arguments = if self.arguments.trim().is_empty() { "{}".into() } else { self.arguments };
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&arguments) {
            return Err(upstream(format!("the model calls {:?} with arguments that are no JSON: {error}", self.name)));
        }
        let id = if self.id.is_empty() { format!("call_{position}") } else { self.id };
        Ok(ToolCall { id, name: self.name, arguments })
    }
}

/// An unknown reason is one that a newer server thought of: the answer is whole as far as anyone can tell.
fn finish_reason(reason: &str) -> Result<FinishReason> {
    Ok(match reason {
        "length" | "max_tokens" => FinishReason::Length,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" | "safety" => FinishReason::ContentFilter,
        "error" | "insufficient_system_resource" => {
            return Err(upstream(format!("the service broke off the answer ({reason})")));
        }
        _ => FinishReason::Stop,
    })
}

/// An error inside an answer whose status was fine.
fn reported(error: &Value) -> Error {
    let message = error["message"].as_str().or_else(|| error.as_str());
    let message = message.map_or_else(|| cut(error), str::to_owned);
    let code = error["code"].as_u64().or_else(|| error["code"].as_str().and_then(|c| c.parse().ok()));
    let status = code.and_then(|c| u16::try_from(c).ok()).filter(|c| (400..600).contains(c));
    Error::Upstream(UpstreamError { status, retry_after: None, message })
}

fn tokens(count: &Value) -> u32 {
    count.as_u64().map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX))
}

fn cut(json: &Value) -> String {
    json.to_string().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::serde_json::json;

    /// All events of a stream, in short: `t:` text, `r:` reasoning, `c:` call, `u:` usage, `f:` finish.
    fn read(stream: &[&str]) -> Result<Vec<String>> {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for data in stream {
            events.extend(decoder.data(data)?);
        }
        events.extend(decoder.end()?);
        Ok(events.iter().map(short).collect())
    }

    fn short(event: &Event) -> String {
        match event {
            Event::Text(text) => format!("t:{text}"),
            Event::Thinking(text) => format!("r:{text}"),
            Event::ToolCall(call) => format!("c:{} {} {}", call.id, call.name, call.arguments),
            Event::Usage(usage) => format!("u:{} {}", usage.prompt_tokens, usage.completion_tokens),
            Event::Finish(reason) => format!("f:{}", format!("{reason:?}").trim_start_matches("FinishReason::")),
        }
    }

    fn delta(delta: Value) -> String {
        json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}).to_string()
    }

    fn finish(reason: &str) -> String {
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string()
    }

    fn message_of(result: Result<Vec<String>>) -> (Option<u16>, String) {
        match result {
            Err(Error::Upstream(error)) => (error.status, error.message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn openais_own_stream() {
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}});
        let stream = [
            &*delta(json!({"role": "assistant", "content": "", "refusal": null})),
            &*delta(json!({"content": "Hel"})),
            &*delta(json!({"content": "lo"})),
            &*finish("stop"),
            &*usage.to_string(),
            "[DONE]",
        ];
        assert_eq!(read(&stream).unwrap(), ["t:Hel", "t:lo", "u:9 2", "f:Stop"]);
    }

    #[test]
    fn done_may_be_missing_and_so_may_the_reason_but_not_both() {
        let text = delta(json!({"content": "x"}));
        assert_eq!(read(&[&text, &finish("stop")]).unwrap(), ["t:x", "f:Stop"]);
        assert_eq!(read(&[&text, "[DONE]"]).unwrap(), ["t:x", "f:Stop"]);
        assert!(message_of(read(&[&text])).1.contains("middle"));
        assert!(message_of(read(&[])).1.contains("no answer"));
        assert!(message_of(read(&["[DONE]"])).1.contains("no answer"));
    }

    #[test]
    fn thoughts_under_both_names_and_as_parts() {
        let parts = json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "c"}]},
            {"type": "text", "text": "d"}]});
        let stream = [
            &*delta(json!({"reasoning_content": "a", "content": null})),
            &*delta(json!({"reasoning": "b", "content": ""})),
            &*delta(parts),
            &*finish("stop"),
        ];
        assert_eq!(read(&stream).unwrap(), ["r:a", "r:b", "r:c", "t:d", "f:Stop"]);
    }

    #[test]
    fn thoughts_left_in_the_text() {
        let pieces = ["<th", "ink>hm", "</think>\n\nYes"].map(|text| delta(json!({"content": text})));
        let stream = [&*pieces[0], &*pieces[1], &*pieces[2], &*finish("stop")];
        assert_eq!(read(&stream).unwrap(), ["r:hm", "t:Yes", "f:Stop"]);
        // Held back as a possible mark, and given in the end.
        assert_eq!(read(&[&delta(json!({"content": "<"})), &finish("stop")]).unwrap(), ["t:<", "f:Stop"]);
    }

    #[test]
    fn tool_calls_are_assembled_by_index() {
        let piece = |index: u64, id: Value, name: Value, arguments: &str| {
            delta(json!({"tool_calls": [{"index": index, "id": id, "type": "function",
                "function": {"name": name, "arguments": arguments}}]}))
        };
        let stream = [
            piece(0, "c0".into(), "add".into(), ""),
            piece(0, Value::Null, Value::Null, "{\"a\":"),
            piece(1, "c1".into(), "now".into(), ""),
            piece(0, Value::Null, Value::Null, "1}"),
            finish("tool_calls"),
        ];
        let stream: Vec<_> = stream.iter().map(String::as_str).collect();
        assert_eq!(read(&stream).unwrap(), ["c:c0 add {\"a\":1}", "c:c1 now {}", "f:ToolCalls"]);
    }

    #[test]
    fn tool_calls_of_servers_that_leave_things_out() {
        let whole = delta(json!({"tool_calls": [
            {"function": {"name": "a", "arguments": {"x": 1}}}, {"function": {"name": "b", "arguments": "{}"}}]}));
        assert_eq!(read(&[&whole, &finish("stop")]).unwrap(), ["c:call_0 a {\"x\":1}", "c:call_1 b {}", "f:ToolCalls"]);
        let begun = delta(json!({"tool_calls": [{"id": "i", "function": {"name": "a", "arguments": "{\"x\""}}]}));
        let more = delta(json!({"tool_calls": [{"function": {"arguments": ":2}"}}]}));
        assert_eq!(read(&[&begun, &more, &finish("tool_calls")]).unwrap()[0], "c:i a {\"x\":2}");
    }

    #[test]
    fn broken_tool_calls() {
        let call = |arguments: &str, name: &str| {
            delta(json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": name, "arguments": arguments}}]}))
        };
        let done = finish("tool_calls");
        assert!(message_of(read(&[&call("{\"a\":", "add"), &done])).1.contains("no JSON"));
        assert!(message_of(read(&[&call("{}", ""), &done])).1.contains("naming"));
        // Cut off by the limit: the reason tells, the half call is dropped.
        assert_eq!(read(&[&call("{\"a\":", "add"), &finish("length")]).unwrap(), ["f:Length"]);
    }

    #[test]
    fn reasons() {
        let of = |reason: &str| read(&[&finish(reason)]).unwrap().pop().unwrap();
        assert_eq!(of("length"), "f:Length");
        assert_eq!(of("content_filter"), "f:ContentFilter");
        assert_eq!(of("function_call"), "f:ToolCalls");
        assert_eq!(of("eos"), "f:Stop");
        assert!(read(&[&finish("error")]).is_err());
    }

    #[test]
    fn errors_inside_the_stream() {
        let error = r#"{"error":{"message":"The server had an error","type":"server_error","code":"503"}}"#;
        assert_eq!(message_of(read(&[error])), (Some(503), "The server had an error".into()));
        assert_eq!(message_of(read(&[r#"{"error":"overloaded"}"#])), (None, "overloaded".into()));
        assert!(message_of(read(&["<html>"])).1.contains("<html>"));
        assert!(message_of(read(&[r#"{"object":"list","data":[]}"#])).1.contains("no chat completion"));
    }

    #[test]
    fn a_whole_answer() {
        let answer = json!({"choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Hello", "reasoning_content": "hm"}}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 99_999_999_999_u64}});
        assert_eq!(read(&[&answer.to_string()]).unwrap(), ["r:hm", "t:Hello", "u:5 4294967295", "f:Stop"]);
    }

    #[test]
    fn refusals_and_other_choices() {
        let other = json!({"choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": null}]});
        let stream = [&*delta(json!({"refusal": "I cannot"})), &*other.to_string(), &*finish("stop")];
        assert_eq!(read(&stream).unwrap(), ["t:I cannot", "f:Stop"]);
    }
}
