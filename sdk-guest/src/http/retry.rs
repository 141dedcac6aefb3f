//! Trying again: what may pass by itself, a little later.

use crate::{Error, Result};
use std::time::Duration;

/// How often and how long to try. The wait is what the service asks for by `Retry-After`, else it doubles from try to
/// try. Nothing else is tried again: a wrong key stays wrong.
///
/// ```
/// use mortise_sdk::http::{Request, Retry};
/// use mortise_sdk::testing::{Reply, Upstream};
/// use std::time::Duration;
///
/// let upstream = Upstream::new([
///     Reply::status(503),
///     Reply::status(429).header("retry-after", "2"),
///     Reply::json(&mortise_sdk::serde_json::json!({"ok": true})),
/// ]);
/// let answer = Request::get("https://api.example.com/v1/models").retry(Retry::new(3)).send().unwrap();
/// assert_eq!(answer.status(), 200);
/// assert_eq!(upstream.waits(), [Duration::from_millis(500), Duration::from_secs(2)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    tries: u32,
    first_wait: Duration,
    longest_wait: Duration,
}

/// The longest wait that the doubling leads to.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(8);

impl Retry {
    /// At most so many tries, the first among them. The first wait is half a second; a wait of more than 30 seconds is
    /// left to the host, which has other work meanwhile.
    pub fn new(tries: u32) -> Self {
        Self { tries, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(30) }
    }

    /// How long to wait before the second try, where the service does not say.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// The longest wait: a service that asks for more is not asked again.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// Does something until it succeeds, fails for good, or was tried often enough. For whatever needs more than one
    /// request; single requests take [`Request::retry`](super::Request::retry).
    ///
    /// # Errors
    /// The last one.
    pub fn run<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        let mut used = 1;
        loop {
            let error = match work() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let asked = match &error {
                Error::Upstream(error) => error.retry_after,
                _ => None,
            };
            let wait = if error.is_transient() { self.wait(used, asked) } else { None };
            let Some(wait) = wait else { return Err(error) };
            crate::warn!("trying again in {} ms: {}", wait.as_millis(), error.text());
            pause(wait);
            used += 1;
        }
    }

    /// How long to wait after so many tries; `None` when that makes no sense any more.
    pub(super) fn wait(&self, used: u32, asked_ms: Option<u32>) -> Option<Duration> {
        if used >= self.tries {
            return None;
        }
        let own = self.first_wait.saturating_mul(1 << (used - 1).min(16)).min(LONGEST_OWN_WAIT.max(self.first_wait));
        let wait = asked_ms.map_or(own, |ms| Duration::from_millis(ms.into()));
        (wait <= self.longest_wait).then_some(wait)
    }
}

impl Default for Retry {
    /// Three tries.
    fn default() -> Self {
        Self::new(3)
    }
}

/// Waits. A scripted service keeps the waits instead, so that tests take no time.
pub fn pause(wait: Duration) {
    #[cfg(not(target_family = "wasm"))]
    if crate::testing::upstream::waited(wait) {
        return;
    }
    std::thread::sleep(wait);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Upstream;

    #[test]
    fn waits_double_up_to_a_bound() {
        let upstream = Upstream::new([]);
        let mut tries = 0;
        let result = Retry::new(8).run(|| -> Result<()> {
            tries += 1;
            Err(Error::upstream_status(500, ""))
        });
        assert!(result.is_err() && tries == 8);
        let waits: Vec<_> = upstream.waits().iter().map(Duration::as_millis).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
    }

    #[test]
    fn what_stays_is_not_tried_again() {
        for error in [Error::upstream_status(401, ""), Error::internal("x"), Error::Cancelled] {
            let mut tries = 0;
            let result = Retry::default().run(|| -> Result<()> {
                tries += 1;
                Err(error.clone())
            });
            assert!(result.is_err() && tries == 1);
        }
        assert_eq!(Retry::new(0).run(|| Ok(7)).unwrap(), 7, "the first try is always made");
    }

    #[test]
    fn a_wait_that_is_too_long_ends_it() {
        assert_eq!(Retry::new(2).wait(1, Some(20)), Some(Duration::from_millis(20)));
        assert_eq!(Retry::new(2).wait(1, Some(60_000)), None);
        assert_eq!(
            Retry::new(2).longest_wait(Duration::from_secs(90)).wait(1, Some(60_000)),
            Some(Duration::from_secs(60))
        );
        assert_eq!(Retry::new(9).first_wait(Duration::from_secs(20)).wait(1, None), Some(Duration::from_secs(20)));
    }
}
