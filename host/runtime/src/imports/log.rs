//! `log`: what a plugin tells its operator and the owner of the document.

use crate::bindings::host::mortise::plugin::log::{Host, Level};
use crate::fault::{cut, invalid, refuse};
use crate::instance::State;
use mortise_domain::plugin::FaultReason;
use std::time::{Duration, Instant};

/// Longest line, in bytes.
const LINE: usize = 2000;
/// Progress is passed on at most this often: it ends up in a database.
const PACE: Duration = Duration::from_millis(100);

impl Host for State {
    fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.logged = self.logged.saturating_add(1);
        let (role, plugin, version) = (self.identity.role.as_str(), &self.identity.name, &self.identity.version);
        if self.logged > self.limits.log_lines {
            if self.logged == self.limits.log_lines + 1 {
                tracing::warn!(target: "plugin", role, %plugin, %version, "log limit reached, further lines are dropped");
            }
            return Ok(());
        }
        let message = cut(&message, LINE);
        match level {
            Level::Trace => tracing::trace!(target: "plugin", role, %plugin, %version, "{message}"),
            Level::Debug => tracing::debug!(target: "plugin", role, %plugin, %version, "{message}"),
            Level::Info => tracing::info!(target: "plugin", role, %plugin, %version, "{message}"),
            Level::Warn => tracing::warn!(target: "plugin", role, %plugin, %version, "{message}"),
            Level::Error => tracing::error!(target: "plugin", role, %plugin, %version, "{message}"),
        }
        Ok(())
    }

    fn progress(&mut self, done: f32, note: String) -> wasmtime::Result<()> {
        if self.control.cancelled() {
            return refuse(FaultReason::Cancelled);
        }
        if self.strict {
            // Not a number lies in no range.
            if !(self.told..=1.0).contains(&done) {
                return invalid(format!("progress went from {} to {done}; it must rise from 0 to 1", self.told));
            }
            self.told = done;
        }
        self.collector.progressed(done);
        let Some(tell) = &self.progress else { return Ok(()) };
        let before = self.progressed;
        // Monotone whatever the plugin says; not a number counts as no news.
        let done = done.max(before.map_or(0.0, |(done, _)| done)).clamp(0.0, 1.0);
        if before.is_none_or(|(_, at)| at.elapsed() >= PACE) || done >= 1.0 {
            self.progressed = Some((done, Instant::now()));
            tell(done, &cut(&note, LINE));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::Cancel;
    use mortise_domain::role::OnProgress;
    use std::sync::{Arc, Mutex};

    #[test]
    fn progress_is_monotone_bounded_and_a_place_to_stop() {
        let heard: Arc<Mutex<Vec<f32>>> = Arc::default();
        let tell: OnProgress = {
            let heard = heard.clone();
            Arc::new(move |done, _| heard.lock().unwrap().push(done))
        };
        let cancel = Cancel::new();
        let mut store = crate::instance::tests::store(cancel.clone(), Some(tell));
        let mut say = |done: f32| {
            let state = store.data_mut();
            // As if enough time had passed to be heard.
            if let Some((_, at)) = &mut state.progressed {
                *at -= PACE;
            }
            state.progress(done, "page".into())
        };
        for done in [0.5, 0.2, f32::NAN, 7.0] {
            say(done).unwrap();
        }
        assert_eq!(*heard.lock().unwrap(), [0.5, 0.5, 0.5, 1.0]);
        cancel.cancel();
        assert!(say(0.1).is_err());
    }

    #[test]
    fn the_strict_are_told_of_every_step_back() {
        let mut store = crate::instance::tests::store(Cancel::new(), None);
        let state = store.data_mut();
        state.strict = true;
        for done in [0.0, 0.5, 0.5, 1.0] {
            state.progress(done, String::new()).unwrap();
        }
        for done in [0.9, 1.1, f32::NAN] {
            assert!(state.progress(done, String::new()).is_err(), "{done}");
        }
    }

    #[test]
    fn progress_is_told_at_a_pace() {
        let heard: Arc<Mutex<u32>> = Arc::default();
        let tell: OnProgress = {
            let heard = heard.clone();
            Arc::new(move |_, _| *heard.lock().unwrap() += 1)
        };
        let mut store = crate::instance::tests::store(Cancel::new(), Some(tell));
        for step in 0..1000_u16 {
            store.data_mut().progress(f32::from(step) / 2000.0, String::new()).unwrap();
        }
        assert!(*heard.lock().unwrap() < 100);
    }
}
