//! What is seen of an installed plugin: counters that belong to the name it is installed under, so that they go on when
//! the plugin is replaced, and the boundary of a call, where its span, its end and its fault are taken down.

use crate::fault::{cut, redacted};
use crate::grants::Grants;
use crate::instance::Identity;
use futures_util::FutureExt;
use mortise_domain::plugin::{FaultReason, Histogram, LastFault};
use mortise_domain::{PluginFault, PluginStats};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tracing::Instrument;

/// Counters of one name. They bear no order among each other: a snapshot may show a call's end before its fault.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    running: AtomicU64,
    waiting: AtomicU64,
    warm: AtomicU64,
    instances: AtomicU64,
    fuel: AtomicU64,
    peak_memory_bytes: AtomicU64,
    ended: Mutex<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    calls: u64,
    faults: BTreeMap<&'static str, u64>,
    seconds: Histogram,
    last_fault: Option<LastFault>,
}

impl Observed {
    /// The counters as they are now.
    pub(crate) fn stats(&self) -> PluginStats {
        let ended = self.ended.lock();
        PluginStats {
            calls: ended.calls,
            faults: ended.faults.clone(),
            seconds: ended.seconds.clone(),
            peak_memory_bytes: self.peak_memory_bytes.load(Relaxed),
            running: self.running.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
            warm: self.warm.load(Relaxed),
            instances: self.instances.load(Relaxed),
            fuel: self.fuel.load(Relaxed),
            last_fault: ended.last_fault.clone(),
        }
    }

    /// An instance was made.
    pub(crate) fn instance(&self) {
        self.instances.fetch_add(1, Relaxed);
    }

    /// What an instance used: its whole linear memory, and the fuel burnt since it was last told.
    pub(crate) fn used(&self, memory_bytes: u64, fuel: u64) {
        self.peak_memory_bytes.fetch_max(memory_bytes, Relaxed);
        self.fuel.fetch_add(fuel, Relaxed);
    }

    /// One more call waits while the guard lives.
    pub(crate) fn waits(self: &Arc<Self>) -> Gauge {
        Gauge::new(self.clone(), |observed| &observed.waiting)
    }

    /// One more warm instance is there while the guard lives.
    pub(crate) fn warms(self: &Arc<Self>) -> Gauge {
        Gauge::new(self.clone(), |observed| &observed.warm)
    }

    /// One more call runs while the guard lives; how long it ran is taken down at its end.
    pub(crate) fn runs(self: &Arc<Self>) -> Stopwatch {
        Stopwatch { began: Instant::now(), gauge: Gauge::new(self.clone(), |observed| &observed.running) }
    }

    fn fault(&self, reason: &FaultReason) {
        let kind = reason.kind();
        let mut ended = self.ended.lock();
        *ended.faults.entry(kind).or_default() += 1;
        // Somebody changed their mind: nothing that an operator would look for.
        if !matches!(reason, FaultReason::Cancelled) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let at = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
            ended.last_fault = Some(LastFault { at, kind, reason: reason.to_string() });
        }
    }
}

/// Counts one while it lives.
#[derive(Debug)]
pub(crate) struct Gauge {
    observed: Arc<Observed>,
    of: fn(&Observed) -> &AtomicU64,
}

impl Gauge {
    fn new(observed: Arc<Observed>, of: fn(&Observed) -> &AtomicU64) -> Self {
        of(&observed).fetch_add(1, Relaxed);
        Self { observed, of }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        (self.of)(&self.observed).fetch_sub(1, Relaxed);
    }
}

/// See [`Observed::runs`].
#[derive(Debug)]
pub(crate) struct Stopwatch {
    began: Instant,
    gauge: Gauge,
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.gauge.observed.ended.lock().seconds.add(seconds);
    }
}

/// One call of a plugin, from the moment it is asked for. Counted when dropped: well ended, failed, or left by its caller.
pub(crate) struct Call {
    identity: Arc<Identity>,
    grants: Arc<Grants>,
    observed: Arc<Observed>,
    span: tracing::Span,
}

impl Call {
    pub(crate) fn new(identity: Arc<Identity>, digest: &str, grants: Arc<Grants>, observed: Arc<Observed>) -> Self {
        let Identity { role, name, version } = &*identity;
        let digest = digest.get(..12).unwrap_or(digest);
        // Of the highest level, so that whatever is logged within is never without it.
        let span = tracing::error_span!(target: "plugin", "call", %role, plugin = %name, %version, digest);
        Self { identity, grants, observed, span }
    }

    /// Does a part of the call, most often all of it. Whatever ends it becomes the plugin's fault, a panic of the host
    /// included: it costs this call, and the host goes on.
    pub(crate) async fn run<T>(&self, part: impl Future<Output = Result<T, FaultReason>>) -> Result<T, PluginFault> {
        // Nothing is left half-done where anybody could see it: stores, and what they borrow, go with the call.
        let part = AssertUnwindSafe(part).catch_unwind().instrument(self.span.clone());
        match part.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(reason)) => Err(self.fault(reason)),
            Err(panic) => Err(self.fault(panicked(&*panic))),
        }
    }

    /// Names the plugin in a failure, takes it down, and tells the log.
    pub(crate) fn fault(&self, reason: FaultReason) -> PluginFault {
        let _within = self.span.enter();
        let Identity { role, name, version } = &*self.identity;
        let reason = redacted(reason, self.grants.secrets.iter().map(|secret| secret.secret.as_str()));
        self.observed.fault(&reason);
        let fault = PluginFault { plugin: name.clone(), version: version.clone(), reason };
        if fault.is_cancelled() {
            tracing::debug!(%role, %fault, "call cancelled");
        } else {
            tracing::warn!(%role, %fault, "plugin fault");
        }
        fault
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.observed.ended.lock().calls += 1;
    }
}

/// A bug of the host that came to light in a call.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> FaultReason {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    FaultReason::Internal(format!("the host panicked: {}", cut(text.unwrap_or("without a word"), 512)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_fall_and_sums_stay() {
        let observed = Arc::new(Observed::default());
        {
            let (_waits, _runs) = (observed.waits(), observed.runs());
            let _warm = observed.warms();
            let now = observed.stats();
            assert_eq!((now.waiting, now.running, now.warm), (1, 1, 1));
        }
        observed.instance();
        observed.used(7, 30);
        observed.used(5, 12);
        observed.fault(&FaultReason::Trapped("unreachable".into()));
        observed.fault(&FaultReason::Cancelled);
        let then = observed.stats();
        assert_eq!((then.waiting, then.running, then.warm), (0, 0, 0));
        assert_eq!(then.seconds.buckets.iter().sum::<u64>(), 1);
        assert_eq!((then.instances, then.peak_memory_bytes, then.fuel), (1, 7, 42));
        assert_eq!(then.faults, [("cancelled", 1), ("trapped", 1)].into());
        let last = then.last_fault.unwrap();
        assert_eq!((last.kind, last.reason.as_str()), ("trapped", "trapped: unreachable"), "cancelling is no news");
    }
}
