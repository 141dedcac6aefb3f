//! Which failures are worth another try, and when.

use mortise_sdk::Error;
use std::time::Duration;

/// The first wait where the service does not name one; doubled with every try.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait of our own choice.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(8);

/// The longest wait that is honoured here. What takes longer goes back to the host, which has other work.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// OpenAI answers an empty account like a busy service, but no wait helps.
const NO_MONEY: &str = "insufficient_quota";

/// The tries of one request.
#[derive(Debug)]
pub(crate) struct Retries {
    used: u32,
    allowed: u32,
}

impl Retries {
    pub(crate) fn new(allowed: u32) -> Self {
        Self { used: 0, allowed }
    }

    /// How long to wait before trying again; `None` when that makes no sense any more. Counts as a try.
    pub(crate) fn after(&mut self, error: &Error) -> Option<Duration> {
        let Error::Upstream(error) = error else { return None };
        let transient = error.status.is_none_or(|s| matches!(s, 408 | 425 | 429) || s >= 500);
        if !transient || self.used >= self.allowed || error.message.contains(NO_MONEY) {
            return None;
        }
        let own = FIRST_WAIT.saturating_mul(1 << self.used.min(10)).min(LONGEST_OWN_WAIT);
        let wait = error.retry_after.map_or(own, |ms| Duration::from_millis(ms.into()));
        self.used += 1;
        (wait <= LONGEST_WAIT).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_sdk::UpstreamError;

    fn upstream(status: Option<u16>, retry_after: Option<u32>, message: &str) -> Error {
        Error::Upstream(UpstreamError { status, retry_after, message: message.into() })
    }

    #[test]
    fn waits_double_up_to_a_bound_and_end() {
        let mut retries = Retries::new(7);
        let waits: Vec<_> = std::iter::from_fn(|| retries.after(&upstream(Some(500), None, ""))).collect();
        assert_eq!(
            waits.iter().map(Duration::as_millis).collect::<Vec<_>>(),
            [500, 1000, 2000, 4000, 8000, 8000, 8000]
        );
    }

    #[test]
    fn the_services_wish_goes_first_unless_it_is_too_long() {
        assert_eq!(Retries::new(1).after(&upstream(Some(429), Some(20), "")), Some(Duration::from_millis(20)));
        assert_eq!(Retries::new(1).after(&upstream(Some(429), Some(60_000), "")), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [None, Some(408), Some(429), Some(500), Some(503)] {
            assert!(Retries::new(1).after(&upstream(status, None, "")).is_some(), "{status:?}");
        }
        for status in [200, 302, 400, 401, 404] {
            assert!(Retries::new(1).after(&upstream(Some(status), None, "")).is_none(), "{status}");
        }
        assert!(Retries::new(1).after(&upstream(Some(429), None, "quota (insufficient_quota)")).is_none());
        assert!(Retries::new(1).after(&Error::Unsupported("HTTP".into())).is_none());
        assert!(Retries::new(0).after(&upstream(None, None, "")).is_none());
    }
}
