//! Warm instances of the model roles: lent for one call at a time, replaced after so many calls or when their memory has
//! grown large, and dropped after any fault.

use crate::instance::{Control, State};
use crate::limits::Limits;
use parking_lot::Mutex;
use wasmtime::Store;

/// An instance with an open model. Dropping it ends whatever it does.
pub(crate) struct Warm<World> {
    pub(crate) store: Store<State>,
    pub(crate) world: World,
    calls: u32,
}

impl<World> Warm<World> {
    pub(crate) fn new(store: Store<State>, world: World) -> Self {
        Self { store, world, calls: 0 }
    }
}

/// The warm instances of one plugin that nobody uses now.
pub(crate) struct Pool<World> {
    idle: Mutex<Vec<Warm<World>>>,
    recycle_calls: u32,
    high_water: u64,
}

impl<World> Pool<World> {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            recycle_calls: limits.recycle_calls,
            // Memory never shrinks: one that came this near to its limit would soon fail for the sake of an earlier call.
            high_water: limits.memory_bytes / 4 * 3,
        }
    }

    /// An instance for one call, the one used last first, so that the others' memory may be paged out.
    pub(crate) fn lend(&self, control: Control) -> Option<Warm<World>> {
        let mut warm = self.idle.lock().pop()?;
        warm.store.data_mut().begin(control);
        Some(warm)
    }

    /// Takes an instance back after a call that went well. After any other it is dropped instead.
    pub(crate) fn take_back(&self, mut warm: Warm<World>) {
        warm.calls += 1;
        if warm.calls < self.recycle_calls && warm.store.data().meter.used() < self.high_water {
            self.idle.lock().push(warm);
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.idle.lock().len()
    }
}
