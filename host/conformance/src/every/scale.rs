//! Measures that checks of large inputs share: progress, cancelling, and how the work grows.

use crate::check::{Verdict, ensure, fail};
use crate::subject::Installed;
use futures_util::future::BoxFuture;
use mortise_domain::role::{CallContext, OnProgress};
use mortise_domain::{Cancel, PluginFault};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a call said of its progress.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<f32>>>);

impl Heard {
    pub(crate) fn listener(&self) -> OnProgress {
        let heard = self.0.clone();
        Arc::new(move |done, _| heard.lock().push(done))
    }

    /// For the note of a check: the host hears at most ten times a second.
    pub(crate) fn told(&self) -> String {
        match self.0.lock().last() {
            Some(last) => format!("last heard of at {last:.2}"),
            None => "says nothing of its progress".into(),
        }
    }
}

/// How long a cancelled call may go on.
const GRACE: Duration = Duration::from_secs(1);

/// Cancels a call under way. A machine that is busy otherwise gets further chances.
pub(crate) async fn cancelled<'a>(
    call: impl Fn(CallContext) -> BoxFuture<'a, Verdict<Result<(), PluginFault>>>,
) -> Verdict {
    let mut slowest = Duration::ZERO;
    for wait in [20, 60, 180] {
        let cancel = Cancel::new();
        let raise = async {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            cancel.cancel();
            Instant::now()
        };
        let context = CallContext { cancel: cancel.clone(), ..CallContext::default() };
        let ended = async { (call(context).await, Instant::now()) };
        let ((result, ended), raised) = tokio::join!(ended, raise);
        let took = ended.saturating_duration_since(raised);
        match result? {
            Ok(()) if ended <= raised => return Ok("it was done before it could be cancelled".into()),
            Ok(()) => {}
            Err(fault) if fault.is_cancelled() => {}
            Err(fault) => fail!("cancelled, it ended as {}: {}", fault.reason.kind(), fault.reason),
        }
        if took <= GRACE {
            return Ok(format!("ended {} ms later", took.as_millis()));
        }
        slowest = slowest.max(took);
    }
    fail!("it went on for {} ms after it was cancelled", slowest.as_millis())
}

/// What a call took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// 0 when the runtime does not count it.
    pub(crate) fuel: u64,
    pub(crate) time: Duration,
}

/// Most that ten times the input may take, in times the fuel.
const STEEPEST: f64 = 30.0;

impl Cost {
    pub(crate) async fn of<T>(installed: &Installed<'_>, call: impl Future<Output = Verdict<T>>) -> Verdict<Self> {
        let before = installed.fuel();
        let began = Instant::now();
        call.await?;
        Ok(Self { fuel: installed.fuel().saturating_sub(before), time: began.elapsed() })
    }

    /// How the cost grew with ten times the input, in words. Only fuel decides: time depends on the machine.
    pub(crate) fn ratio(what: &str, small: &Self, large: &Self) -> Verdict {
        let times = |small: f64, large: f64| large / small.max(1.0);
        let time = times(small.time.as_micros() as f64, large.time.as_micros() as f64);
        if small.fuel == 0 {
            return Ok(format!("{time:.1} times the time"));
        }
        let fuel = times(small.fuel as f64, large.fuel as f64);
        ensure!(fuel <= STEEPEST, "ten times the input ({what}) takes {fuel:.1} times the fuel");
        Ok(format!("{fuel:.1} times the fuel, {time:.1} times the time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::End;

    #[test]
    fn only_fuel_decides_and_only_when_it_is_counted() {
        let cost = |fuel, seconds| Cost { fuel, time: Duration::from_secs(seconds) };
        assert!(Cost::ratio("blocks", &cost(100, 1), &cost(2900, 100)).is_ok());
        let steep = Cost::ratio("blocks", &cost(100, 1), &cost(10_000, 1));
        assert!(matches!(steep, Err(End::Failed(why)) if why.contains("100.0 times")));
        assert!(Cost::ratio("blocks", &cost(0, 1), &cost(0, 1000)).is_ok());
    }
}
