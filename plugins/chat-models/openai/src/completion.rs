//! One answer, pulled: sends the request when the first event is asked for, repeats it while nothing has come, and
//! then reads on.

use crate::answer::Decoder;
use crate::retry::Retries;
use mortise_sdk::chat_model::Event;
use mortise_sdk::host::{self, Level};
use mortise_sdk::http::{Response, SseReader};
use mortise_sdk::serde_json::Value;
use mortise_sdk::{Error, Result, UpstreamError};
use std::collections::VecDeque;
use std::time::Duration;

/// An answer in progress. `S` sends the request, `W` waits.
pub(crate) struct Completion<S, W> {
    send: S,
    wait: W,
    retries: Retries,
    decoder: Decoder,
    stream: Option<SseReader>,
    ready: VecDeque<Event>,
    /// An event was given away: from here on a repetition would say things twice.
    begun: bool,
    over: bool,
}

impl<S, W> Completion<S, W>
where
    S: FnMut() -> Result<Response>,
    W: FnMut(Duration),
{
    pub(crate) fn new(send: S, wait: W, retries: u32) -> Self {
        Self {
            send,
            wait,
            retries: Retries::new(retries),
            decoder: Decoder::default(),
            stream: None,
            ready: VecDeque::new(),
            begun: false,
            over: false,
        }
    }

    /// One step: sends, or reads one event of the stream.
    fn advance(&mut self) -> Result<()> {
        let Some(stream) = &mut self.stream else { return self.begin() };
        let over = match stream.next() {
            Some(Ok(event)) => {
                self.ready.extend(self.decoder.data(&event.data)?);
                self.decoder.is_done()
            }
            // The answer was complete; only the words after it are lost.
            Some(Err(_)) if self.decoder.is_finished() => true,
            Some(Err(error)) => return Err(error),
            None => true,
        };
        if over {
            self.ready.extend(self.decoder.end()?);
            self.end();
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        let response = (self.send)()?.error_for_status()?;
        let kind = response.media_type();
        if kind.ends_with("json") {
            // Asked for whole, or from a server that does not stream.
            let answer: Value = response.json()?;
            self.ready.extend(self.decoder.json(&answer)?);
            self.ready.extend(self.decoder.end()?);
            self.end();
            return Ok(());
        }
        if !matches!(kind.as_str(), "text/event-stream" | "text/plain" | "application/octet-stream" | "") {
            let status = response.status();
            let Error::Upstream(error) = response.into_error() else { return Err(Error::Internal(kind)) };
            let message = format!("the answer is no chat completion but {kind}: {}", error.message);
            return Err(Error::Upstream(UpstreamError { status: Some(status), retry_after: None, message }));
        }
        self.stream = Some(SseReader::new(response));
        Ok(())
    }

    /// Lets go of the connection.
    fn end(&mut self) {
        self.over = true;
        self.stream = None;
    }
}

impl<S, W> Iterator for Completion<S, W>
where
    S: FnMut() -> Result<Response>,
    W: FnMut(Duration),
{
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.begun = true;
                return Some(Ok(event));
            }
            if self.over {
                return None;
            }
            let Err(error) = self.advance() else { continue };
            self.stream = None;
            let wait = if self.begun { None } else { self.retries.after(&error) };
            let Some(wait) = wait else {
                self.over = true;
                self.ready.clear();
                return Some(Err(error));
            };
            host::log(Level::Warn, &format!("trying again in {} ms: {}", wait.as_millis(), told(&error)));
            self.decoder = Decoder::default();
            self.ready.clear();
            (self.wait)(wait);
        }
    }
}

fn told(error: &Error) -> String {
    match error {
        Error::Upstream(UpstreamError { status: Some(status), message, .. }) => format!("status {status}: {message}"),
        Error::Upstream(error) => error.message.clone(),
        error => format!("{error:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::chat_model::FinishReason;
    use mortise_sdk::http::upstream;
    use std::cell::RefCell;
    use std::rc::Rc;

    const SSE: [(&str, &str); 1] = [("content-type", "text/event-stream; charset=utf-8")];

    const GOOD: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";

    fn sse(text: &str) -> Result<Response> {
        Ok(Response::from_parts(200, &SSE, [Ok(text.as_bytes().to_vec())]))
    }

    fn status(status: u16, headers: &[(&str, &str)]) -> Result<Response> {
        Ok(Response::from_parts(status, headers, [Ok(b"{\"error\":{\"message\":\"sorry\"}}".to_vec())]))
    }

    /// Events and waits (ms) of a conversation whose answers are given; asking for more answers than that fails.
    fn run(answers: Vec<Result<Response>>, retries: u32) -> (Vec<Result<Event>>, Vec<u128>) {
        let waits = Rc::new(RefCell::new(Vec::new()));
        let mut answers = answers.into_iter();
        let waited = Rc::clone(&waits);
        let completion = Completion::new(
            || answers.next().unwrap_or_else(|| panic!("asked once too often")),
            move |wait| waited.borrow_mut().push(wait.as_millis()),
            retries,
        );
        let events = completion.collect();
        (events, waits.take())
    }

    fn text(events: &[Result<Event>]) -> String {
        let texts = events.iter().filter_map(|e| match e {
            Ok(Event::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    fn error(events: &[Result<Event>]) -> &UpstreamError {
        match events.last() {
            Some(Err(Error::Upstream(error))) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_stream() {
        let (events, waits) = run(vec![sse(GOOD)], 2);
        assert_eq!(events.len(), 3, "{events:?}");
        assert_eq!(text(&events), "Hi");
        assert!(matches!(events[1], Ok(Event::Usage(u)) if u.prompt_tokens == 3));
        assert!(matches!(events[2], Ok(Event::Finish(FinishReason::Stop))));
        assert!(waits.is_empty());
    }

    #[test]
    fn a_busy_service_is_asked_again_when_it_says() {
        let (events, waits) = run(vec![status(429, &[("Retry-After", "2")]), status(503, &[]), sse(GOOD)], 2);
        assert_eq!(text(&events), "Hi");
        assert_eq!(waits, [2000, 1000]);
    }

    #[test]
    fn broken_connections_before_the_first_token_are_repeated() {
        let cut = Ok(Response::from_parts(200, &SSE, [Ok(b": hello\n\n".to_vec()), Err(upstream("reset"))]));
        let (events, waits) = run(vec![Err(upstream("refused")), cut, sse(GOOD)], 2);
        assert_eq!((text(&events).as_str(), waits.len()), ("Hi", 2));
    }

    #[test]
    fn after_the_first_token_nothing_is_repeated() {
        let half = &GOOD[..GOOD.find("\n\n").unwrap() + 2];
        let (events, waits) = run(vec![sse(half)], 2);
        assert_eq!(text(&events), "Hi");
        assert!(error(&events).message.contains("middle"));
        assert!(waits.is_empty());
    }

    #[test]
    fn the_last_error_is_told() {
        let (events, _) = run(vec![status(500, &[]), status(502, &[])], 1);
        assert_eq!((events.len(), error(&events).status), (1, Some(502)));
        let (events, waits) = run(vec![status(401, &[])], 5);
        assert_eq!((error(&events).status, error(&events).message.as_str()), (Some(401), "sorry"));
        assert!(waits.is_empty());
        assert!(matches!(run(vec![Err(Error::Unsupported("x".into()))], 5).0[..], [Err(Error::Unsupported(_))]));
    }

    #[test]
    fn a_break_after_the_end_is_no_error() {
        let end = GOOD.find("data: {\"choices\":[],").unwrap();
        let pieces = [Ok(GOOD.as_bytes()[..end].to_vec()), Err(upstream("reset"))];
        let (events, _) = run(vec![Ok(Response::from_parts(200, &SSE, pieces))], 0);
        assert!(matches!(events[..], [Ok(Event::Text(_)), Ok(Event::Finish(FinishReason::Stop))]), "{events:?}");
    }

    #[test]
    fn nothing_is_read_after_done() {
        let pieces = [Ok(GOOD.as_bytes().to_vec()), Err(upstream("read on"))];
        let (events, _) = run(vec![Ok(Response::from_parts(200, &SSE, pieces))], 0);
        assert!(events.iter().all(Result::is_ok));
    }

    #[test]
    fn a_whole_answer_is_understood_whether_asked_for_or_not() {
        let body = r#"{"choices":[{"message":{"content":"Hello"},"finish_reason":"length"}]}"#;
        let json = [("content-type", "application/json")];
        let (events, _) = run(vec![Ok(Response::from_parts(200, &json, [Ok(body.into())]))], 0);
        assert_eq!(text(&events), "Hello");
        assert!(matches!(events.last(), Some(Ok(Event::Finish(FinishReason::Length)))));
    }

    #[test]
    fn pages_and_garbage_are_named() {
        let html = [("content-type", "text/html")];
        let page = Ok(Response::from_parts(200, &html, [Ok(b"<h1>Welcome</h1>".to_vec())]));
        let (events, _) = run(vec![page], 2);
        assert_eq!(error(&events).status, Some(200));
        assert!(error(&events).message.contains("text/html: <h1>Welcome</h1>"), "{}", error(&events).message);
        let (events, _) = run(vec![sse("data: {\"choices\": [{\"del\n\n")], 0);
        assert!(error(&events).message.contains("unreadable"));
        let (events, _) = run(vec![sse("Lorem ipsum\ndolor\n\n")], 0);
        assert!(error(&events).message.contains("no answer"));
        let json = [("content-type", "application/json")];
        let (events, _) = run(vec![Ok(Response::from_parts(200, &json, [Ok(b"{".to_vec())]))], 2);
        assert_eq!(error(&events).status, Some(200));
    }
}
