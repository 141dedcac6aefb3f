//! Warm instances of the model roles: lent for one call at a time, replaced after so many calls or when their memory has
//! grown large, dropped when nobody uses them for a while, and after any fault.

use crate::idle::{Idle, Owner, Ticket};
use crate::instance::{Control, Room};
use crate::limits::Limits;
use crate::observe::{Gauge, Observed};
use crate::plugin::{Loaded, Plugin};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use wasmtime::component::ResourceAny;

/// An instance with an open model. Dropping it ends whatever it does.
pub(crate) struct Warm<World> {
    pub(crate) store: Room,
    pub(crate) world: World,
    pub(crate) model: ResourceAny,
    calls: u32,
}

impl<World> Warm<World> {
    pub(crate) fn new(store: Room, world: World, model: ResourceAny) -> Self {
        Self { store, world, model, calls: 0 }
    }
}

/// The warm instances of one plugin that nobody uses now.
pub(crate) struct Pool<World> {
    shelf: Arc<Shelf<World>>,
    idle: Arc<Idle>,
    loaded: Arc<Loaded>,
    observed: Arc<Observed>,
    limits: Limits,
}

/// The last one used is the last in the list.
struct Shelf<World>(Mutex<Vec<Shelved<World>>>);

struct Shelved<World> {
    ticket: Ticket,
    warm: Warm<World>,
    _gauge: Gauge,
}

impl<World: Send + 'static> Pool<World> {
    pub(crate) fn new(plugin: &Plugin) -> Self {
        Self {
            shelf: Arc::new(Shelf(Mutex::default())),
            idle: plugin.shared.idle.clone(),
            loaded: plugin.loaded.clone(),
            observed: plugin.observed.clone(),
            limits: plugin.limits.clone(),
        }
    }

    /// An instance for one call, the one used last first, so that the others may go.
    pub(crate) fn lend(&self, control: Control) -> Option<Warm<World>> {
        let mut warm = {
            let mut shelf = self.shelf.0.lock();
            let shelved = shelf.pop()?;
            self.idle.remove(shelved.ticket);
            shelved.warm
        };
        warm.store.data_mut().begin(control);
        Some(warm)
    }

    /// Takes an instance back after a call that went well. After any other it is dropped instead.
    pub(crate) fn take_back(&self, mut warm: Warm<World>) {
        warm.calls += 1;
        warm.store.account();
        // Memory never shrinks: one that came this near to its limit would soon fail for the sake of an earlier call.
        let high_water = self.limits.memory_bytes / 4 * 3;
        if warm.calls >= self.limits.recycle_calls || warm.store.data().meter.used() >= high_water {
            return;
        }
        {
            let owner: Arc<dyn Owner> = self.shelf.clone();
            let owner: Weak<dyn Owner> = Arc::downgrade(&owner);
            let mut shelf = self.shelf.0.lock();
            let ticket = self.idle.add(self.limits.idle_timeout, self.loaded.places(), owner);
            shelf.push(Shelved { ticket, warm, _gauge: self.observed.warms() });
        }
        self.idle.thin_out();
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn idle(&self) -> usize {
        self.shelf.0.lock().len()
    }
}

impl<World: Send + 'static> Owner for Shelf<World> {
    fn evict(&self, ticket: Ticket) {
        let evicted = {
            let mut shelf = self.0.lock();
            let at = shelf.iter().position(|shelved| shelved.ticket == ticket);
            at.map(|at| shelf.remove(at))
        };
        // Taking an instance apart takes longer than others should wait.
        drop(evicted);
    }
}

impl<World> Drop for Pool<World> {
    fn drop(&mut self) {
        for shelved in self.shelf.0.lock().drain(..) {
            self.idle.remove(shelved.ticket);
        }
    }
}
