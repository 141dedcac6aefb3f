//! A request of the contract as the JSON that goes over the wire.

use crate::Config;
use base64::Engine as _;
use mortise_sdk::chat_model::{Content, Image, Message, Request, Role, Tool, ToolCall, ToolChoice};
use mortise_sdk::http::Url;
use mortise_sdk::serde_json::{self, Map, Value, json};
use mortise_sdk::{Error, Result};

/// Name that the format demands of a response schema.
const SCHEMA_NAME: &str = "answer";

/// The body of the request. The passages are left out: the host puts them into the system message as well.
pub(crate) fn body(config: &Config, url: &Url, request: &Request) -> Result<Vec<u8>> {
    let mut body = Map::new();
    body.insert("model".into(), config.model.as_str().into());
    let messages: Vec<Value> = request.messages.iter().map(|m| message(config, m)).collect::<Result<_>>()?;
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), config.stream.into());
    if config.stream {
        body.insert("stream_options".into(), json!({"include_usage": true}));
    }
    for (name, value) in [
        ("temperature", request.temperature),
        ("top_p", request.top_p),
        ("frequency_penalty", request.frequency_penalty),
        ("presence_penalty", request.presence_penalty),
    ] {
        if let Some(value) = value {
            body.insert(name.into(), number(name, value)?);
        }
    }
    if let Some(limit) = request.max_tokens {
        body.insert(config.token_limit_field(url).into(), limit.into());
    }
    if !request.stop.is_empty() {
        body.insert("stop".into(), request.stop.as_slice().into());
    }
    if !request.tools.is_empty() {
        if !config.tools {
            return Err(config.lacks("tool calls"));
        }
        let tools: Vec<Value> = request.tools.iter().map(tool).collect::<Result<_>>()?;
        body.insert("tools".into(), tools.into());
        if let Some(choice) = &request.tool_choice {
            let choice = match choice {
                ToolChoice::Auto => json!("auto"),
                ToolChoice::None => json!("none"),
                ToolChoice::Required => json!("required"),
                ToolChoice::Named(name) => json!({"type": "function", "function": {"name": name}}),
            };
            body.insert("tool_choice".into(), choice);
        }
    }
    if let Some(seed) = request.seed {
        body.insert("seed".into(), seed.into());
    }
    if let Some(schema) = &request.response_schema {
        if !config.json_schema {
            return Err(config.lacks("answers by a JSON Schema"));
        }
        let schema = parsed("the response schema", schema)?;
        let format = match schema.as_object().is_some_and(Map::is_empty) {
            true => json!({"type": "json_object"}),
            false => json!({"type": "json_schema", "json_schema": {"name": SCHEMA_NAME, "schema": schema}}),
        };
        body.insert("response_format".into(), format);
    }
    merge(&mut body, &config.extra);
    serde_json::to_vec(&body).map_err(|error| Error::Internal(error.to_string()))
}

fn message(config: &Config, message: &Message) -> Result<Value> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut out = Map::new();
    out.insert("role".into(), role.into());
    out.insert("content".into(), content(config, message)?);
    if !message.tool_calls.is_empty() {
        out.insert("tool_calls".into(), message.tool_calls.iter().map(tool_call).collect());
    }
    if let Some(id) = &message.tool_call_id {
        out.insert("tool_call_id".into(), id.as_str().into());
    }
    Ok(out.into())
}

/// A plain string wherever there are no pictures: many servers know nothing else.
fn content(config: &Config, message: &Message) -> Result<Value> {
    if message.content.iter().all(|c| matches!(c, Content::Text(_))) {
        let text = message.text();
        return Ok(if text.is_empty() && !message.tool_calls.is_empty() { Value::Null } else { text.into() });
    }
    if !config.images {
        return Err(config.lacks("pictures"));
    }
    let parts = message.content.iter().map(|c| match c {
        Content::Text(text) => Ok(json!({"type": "text", "text": text})),
        Content::Image(image) => Ok(json!({"type": "image_url", "image_url": {"url": data_url(image)?}})),
    });
    parts.collect()
}

fn data_url(image: &Image) -> Result<String> {
    let kind = image.media_type.as_str();
    let fits = kind.starts_with("image/") && kind.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b',' | b';'));
    if !fits {
        return Err(Error::InvalidInput(format!("{kind:?} is not the media type of a picture")));
    }
    let mut url = format!("data:{kind};base64,");
    base64::engine::general_purpose::STANDARD.encode_string(&image.bytes, &mut url);
    Ok(url)
}

fn tool_call(call: &ToolCall) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
}

fn tool(tool: &Tool) -> Result<Value> {
    let parameters = parsed(&format!("the parameters of the tool {:?}", tool.name), &tool.parameters)?;
    let function = json!({"name": tool.name, "description": tool.description, "parameters": parameters});
    Ok(json!({"type": "function", "function": function}))
}

fn parsed(what: &str, json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|error| Error::InvalidInput(format!("{what}: {error}")))
}

/// The shortest decimal of the number: 0.1 and not 0.10000000149011612.
fn number(name: &str, value: f32) -> Result<Value> {
    let decimal = value.to_string().parse().ok().and_then(serde_json::Number::from_f64);
    decimal.map(Value::Number).ok_or_else(|| Error::InvalidInput(format!("{name} is {value}")))
}

/// JSON Merge Patch (RFC 7396).
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(patch) => {
                let inner = target.entry(name.as_str()).or_insert(Value::Null);
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                if let Value::Object(inner) = inner {
                    merge(inner, patch);
                }
            }
            value => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn empty() -> Request {
        Request::default()
    }

    fn text(role: Role, text: &str) -> Message {
        Message { role, content: vec![Content::Text(text.into())], tool_calls: vec![], tool_call_id: None }
    }

    fn config() -> Config {
        Config { model: "m".into(), base_url: "http://localhost/v1".into(), ..Config::default() }
    }

    fn built(config: &Config, request: &Request) -> Result<Value> {
        let bytes = body(config, &config.url().unwrap(), request)?;
        Ok(serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn the_least_request() {
        let request = Request { messages: vec![text(Role::User, "hi")], ..empty() };
        assert_eq!(
            built(&config(), &request).unwrap(),
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": true,
                "stream_options": {"include_usage": true}})
        );
        let plain = built(&Config { stream: false, ..config() }, &request).unwrap();
        assert_eq!((&plain["stream"], plain.get("stream_options")), (&json!(false), None));
    }

    #[test]
    fn every_setting_has_its_field() {
        let request = Request {
            temperature: Some(0.1),
            top_p: Some(0.7),
            max_tokens: Some(12),
            frequency_penalty: Some(-0.5),
            presence_penalty: Some(2.0),
            stop: vec!["END".into()],
            response_schema: Some(r#"{"type":"object"}"#.into()),
            tools: vec![Tool { name: "add".into(), description: "adds".into(), parameters: "{}".into() }],
            ..empty()
        };
        let body = built(&config(), &request).unwrap();
        assert_eq!(body["temperature"], json!(0.1));
        assert_eq!(body["top_p"], json!(0.7));
        assert_eq!(body["max_tokens"], json!(12));
        assert_eq!(body["frequency_penalty"], json!(-0.5));
        assert_eq!(body["presence_penalty"], json!(2.0));
        assert_eq!(body["stop"], json!(["END"]));
        assert_eq!(
            body["response_format"],
            json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}})
        );
        assert_eq!(
            body["tools"],
            json!([{"type": "function", "function": {"name": "add", "description": "adds", "parameters": {}}}])
        );
    }

    #[test]
    fn a_conversation_with_a_tool_call() {
        let call = ToolCall { id: "c1".into(), name: "add".into(), arguments: r#"{"a":1}"#.into() };
        let request = Request {
            messages: vec![
                text(Role::System, "be brief"),
                Message { role: Role::Assistant, content: vec![], tool_calls: vec![call], tool_call_id: None },
                Message { tool_call_id: Some("c1".into()), ..text(Role::Tool, "2") },
            ],
            ..empty()
        };
        let messages = built(&config(), &request).unwrap()["messages"].clone();
        assert_eq!(
            messages,
            json!([
                {"role": "system", "content": "be brief"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{\"a\":1}"}}]},
                {"role": "tool", "content": "2", "tool_call_id": "c1"}
            ])
        );
    }

    #[test]
    fn pictures_become_data_urls() {
        let image = |media_type: &str| Request {
            messages: vec![Message {
                content: vec![
                    Content::Text("what is this?".into()),
                    Content::Image(Image { media_type: media_type.into(), bytes: b"\x89PNG".to_vec() }),
                ],
                ..text(Role::User, "")
            }],
            ..empty()
        };
        let body = built(&config(), &image("image/png")).unwrap();
        assert_eq!(
            body["messages"][0]["content"],
            json!([{"type": "text", "text": "what is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}])
        );
        assert!(matches!(built(&config(), &image("text/html")), Err(Error::InvalidInput(_))));
        assert!(matches!(built(&config(), &image("image/png,x")), Err(Error::InvalidInput(_))));
        let blind = Config { images: false, ..config() };
        assert!(matches!(built(&blind, &image("image/png")), Err(Error::Unsupported(_))));
    }

    #[test]
    fn what_the_model_cannot_do_is_unsupported_and_nonsense_invalid() {
        let tools = Request {
            tools: vec![Tool { name: "t".into(), description: String::new(), parameters: "{".into() }],
            ..empty()
        };
        assert!(matches!(built(&config(), &tools), Err(Error::InvalidInput(m)) if m.contains("\"t\"")));
        assert!(matches!(built(&Config { tools: false, ..config() }, &tools), Err(Error::Unsupported(_))));
        let schema = Request { response_schema: Some("{}".into()), ..empty() };
        assert!(matches!(built(&Config { json_schema: false, ..config() }, &schema), Err(Error::Unsupported(_))));
        let hot = Request { temperature: Some(f32::NAN), ..empty() };
        assert!(matches!(built(&config(), &hot), Err(Error::InvalidInput(m)) if m.contains("temperature")));
    }

    #[test]
    fn extra_fields_are_merged_last_and_null_removes() {
        let extra = json!({"seed": 7, "stream_options": null, "chat_template_kwargs": {"enable_thinking": false, "x": null},
            "temperature": 1});
        let Value::Object(extra) = extra else { unreachable!() };
        let request = Request { temperature: Some(0.2), ..empty() };
        let body = built(&Config { extra, ..config() }, &request).unwrap();
        assert_eq!(body["seed"], json!(7));
        assert_eq!(body["temperature"], json!(1));
        assert_eq!(body["chat_template_kwargs"], json!({"enable_thinking": false}));
        assert_eq!(body.get("stream_options"), None);
    }
}
