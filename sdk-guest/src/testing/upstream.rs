//! A scripted service: it answers requests in order, and keeps them.

use super::Reply;
use crate::Result;
use crate::http::{Method, Response};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// Answers the HTTP requests that this thread sends while it lives, from a script. Requests beyond the script fail; what
/// an adapter waits for is kept instead of waited.
///
/// ```
/// use mortise_sdk::http::{Method, Request};
/// use mortise_sdk::serde_json::json;
/// use mortise_sdk::testing::{Reply, Upstream};
///
/// let upstream = Upstream::new([Reply::json(&json!({"answer": 42}))]);
/// let answer: mortise_sdk::serde_json::Value =
///     Request::post("https://api.example.com/v1/ask").json(&json!({"question": "?"})).send_json().unwrap();
/// assert_eq!(answer["answer"], 42);
///
/// let sent = upstream.sent();
/// assert_eq!((sent[0].method, sent[0].url.as_str()), (Method::Post, "https://api.example.com/v1/ask"));
/// assert_eq!(sent[0].json()["question"], "?");
/// upstream.assert_done();
/// ```
#[derive(Debug)]
pub struct Upstream(Rc<RefCell<Script>>);

/// A request as the service got it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// What was asked for.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Names in lower case. A secret is still the name of one.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long it would have waited.
    pub timeout: Duration,
}

#[derive(Debug, Default)]
struct Script {
    replies: VecDeque<Reply>,
    sent: Vec<Sent>,
    waits: Vec<Duration>,
}

thread_local! {
    static CURRENT: RefCell<Vec<Rc<RefCell<Script>>>> = const { RefCell::new(Vec::new()) };
}

impl Upstream {
    /// A service with these answers, one for each request.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Script { replies: replies.into_iter().collect(), ..Script::default() };
        let script = Rc::new(RefCell::new(script));
        CURRENT.with_borrow_mut(|current| current.push(script.clone()));
        Self(script)
    }

    /// The requests so far, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.0.borrow().sent.clone()
    }

    /// How long the adapter waited before trying again, in order.
    pub fn waits(&self) -> Vec<Duration> {
        self.0.borrow().waits.clone()
    }

    /// Checks that every answer was asked for.
    ///
    /// # Panics
    /// If some are left.
    #[track_caller]
    pub fn assert_done(&self) {
        let left = &self.0.borrow().replies;
        assert!(left.is_empty(), "{} answers were never asked for, the next: {:?}", left.len(), left.front());
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| current.retain(|script| !Rc::ptr_eq(script, &self.0)));
    }
}

impl Sent {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `null` when it is something else.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Answers a request; `None` when nobody listens.
pub(crate) fn send(sent: Sent, authority: &str) -> Option<Result<Response>> {
    let script = CURRENT.with_borrow(|current| current.last().cloned())?;
    let mut script = script.borrow_mut();
    let told = format!("{:?} {}", sent.method, sent.url);
    script.sent.push(sent);
    let reply = script.replies.pop_front();
    Some(match reply {
        Some(reply) => reply.into_response(authority),
        None => Err(crate::Error::internal(format!("the test's script has no answer left for {told}"))),
    })
}

/// Keeps a wait; false when it has to be waited.
pub(crate) fn waited(wait: Duration) -> bool {
    let script = CURRENT.with_borrow(|current| current.last().cloned());
    script.inspect(|script| script.borrow_mut().waits.push(wait)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::http::{Request, Retry};

    #[test]
    fn the_last_service_answers_until_it_is_gone() {
        let outer = Upstream::new([Reply::status(201)]);
        {
            let inner = Upstream::new([Reply::status(202)]);
            assert_eq!(Request::get("http://h/").send().unwrap().status(), 202);
            inner.assert_done();
        }
        assert_eq!(Request::get("http://h/").send().unwrap().status(), 201);
        assert!(matches!(Request::get("http://h/a").send(), Err(Error::Internal(text)) if text.contains("http://h/a")));
        assert_eq!(outer.sent().len(), 2);
        drop(outer);
        assert!(matches!(Request::get("http://h/").send(), Err(Error::Unsupported(_))));
    }

    #[test]
    fn retries_send_the_same_again() {
        let upstream = Upstream::new([Reply::refused(), Reply::status(500), Reply::status(404)]);
        let retry = Retry::new(5).first_wait(Duration::from_millis(10));
        let answer = Request::post("http://h/x").body("abc").retry(retry).send().unwrap();
        assert_eq!(answer.status(), 404, "a refusal that stays is an answer");
        assert!(upstream.sent().iter().all(|sent| sent.body == b"abc" && sent.header("Content-Length") == Some("3")));
        assert_eq!(upstream.waits(), [10, 20].map(Duration::from_millis));
        let upstream = Upstream::new([Reply::status(503), Reply::status(503).header("retry-after", "1")]);
        assert_eq!(Request::get("http://h/").retry(Retry::new(2)).send().unwrap().status(), 503);
        assert_eq!(upstream.sent().len(), 2);
        let _upstream = Upstream::new([Reply::denied(), Reply::status(200)]);
        assert!(matches!(Request::get("http://h/").retry(Retry::new(9)).send(), Err(Error::Unsupported(_))));
    }

    #[test]
    #[should_panic(expected = "never asked for")]
    fn answers_that_are_left_are_told() {
        Upstream::new([Reply::status(200)]).assert_done();
    }
}
