//! Warm instances that wait to be used again, over all plugins: how long they may, and how many of them there may be.
//!
//! One task serves them all. It runs only while anything waits, so that an idle server does not wake.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What waits, in the order in which it goes.
pub(crate) struct Idle {
    waiting: Mutex<Waiting>,
    /// Most places of the engine's pool that all together may take.
    places: u64,
}

#[derive(Default)]
struct Waiting {
    entries: BTreeMap<Ticket, Entry>,
    places: u64,
    issued: u64,
    swept: bool,
}

/// Names something that waits: when it goes, and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(Instant, u64);

struct Entry {
    places: u32,
    owner: Weak<dyn Owner>,
}

/// Who keeps what waits.
pub(crate) trait Owner: Send + Sync {
    /// Drops what the ticket stands for, unless it has been taken meanwhile.
    fn evict(&self, ticket: Ticket);
}

impl Idle {
    pub(crate) fn new(places: u32) -> Self {
        Self { waiting: Mutex::default(), places: places.into() }
    }

    /// Takes down something that waits from now on. What has to go for it is named by [`Idle::crowded`].
    pub(crate) fn add(self: &Arc<Self>, stay: Duration, places: u32, owner: Weak<dyn Owner>) -> Ticket {
        let mut waiting = self.waiting.lock();
        waiting.issued += 1;
        let now = Instant::now();
        let ticket = Ticket(now.checked_add(stay).unwrap_or(now + FOREVER), waiting.issued);
        waiting.entries.insert(ticket, Entry { places, owner });
        waiting.places += u64::from(places);
        if !waiting.swept
            && let Ok(tokio) = tokio::runtime::Handle::try_current()
        {
            waiting.swept = true;
            tokio.spawn(sweep(Sweeper { idle: Arc::downgrade(self), done: false }));
        }
        ticket
    }

    /// It waits no longer.
    pub(crate) fn remove(&self, ticket: Ticket) {
        self.waiting.lock().remove(&ticket);
    }

    /// Drops what goes next, as long as there is more than there may be. Not to be called with an owner's lock held.
    pub(crate) fn thin_out(&self) {
        self.evict(|waiting| (waiting.places > self.places).then_some(()));
    }

    /// Drops whatever has waited long enough; gives when the next will have.
    fn expire(&self) -> Option<Instant> {
        let now = Instant::now();
        self.evict(|waiting| waiting.entries.first_key_value().filter(|(ticket, _)| ticket.0 <= now).map(|_| ()));
        let mut waiting = self.waiting.lock();
        let next = waiting.entries.first_key_value().map(|(ticket, _)| ticket.0);
        waiting.swept = next.is_some();
        next
    }

    fn evict(&self, more: impl Fn(&Waiting) -> Option<()>) {
        loop {
            let (ticket, owner) = {
                let mut waiting = self.waiting.lock();
                let first = more(&waiting).and_then(|()| waiting.entries.first_key_value().map(|(ticket, _)| *ticket));
                let Some(ticket) = first else { return };
                let Some(entry) = waiting.remove(&ticket) else { return };
                (ticket, entry.owner)
            };
            // The owner's lock is taken without ours: it holds its own when it calls us.
            if let Some(owner) = owner.upgrade() {
                owner.evict(ticket);
            }
        }
    }
}

/// As good as for ever, and no overflow.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

impl Waiting {
    fn remove(&mut self, ticket: &Ticket) -> Option<Entry> {
        let entry = self.entries.remove(ticket)?;
        self.places -= u64::from(entry.places);
        Some(entry)
    }
}

/// The task. Should its runtime end before it does, another may take over.
struct Sweeper {
    idle: Weak<Idle>,
    done: bool,
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        if !self.done
            && let Some(idle) = self.idle.upgrade()
        {
            idle.waiting.lock().swept = false;
        }
    }
}

async fn sweep(mut sweeper: Sweeper) {
    loop {
        let next = sweeper.idle.upgrade().and_then(|idle| idle.expire());
        let Some(next) = next else {
            sweeper.done = true;
            return;
        };
        tokio::time::sleep_until(next.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers what it was told to drop.
    #[derive(Default)]
    struct Told(Mutex<Vec<Ticket>>);

    impl Owner for Told {
        fn evict(&self, ticket: Ticket) {
            self.0.lock().push(ticket);
        }
    }

    fn told() -> (Arc<Told>, Weak<dyn Owner>) {
        let told = Arc::new(Told::default());
        let owner: Arc<dyn Owner> = told.clone();
        (told, Arc::downgrade(&owner))
    }

    #[test]
    fn a_crowd_is_thinned_out_from_its_oldest() {
        let idle = Arc::new(Idle::new(3));
        let (told, owner) = told();
        let stay = Duration::from_secs(60);
        let tickets: Vec<Ticket> = (0..3).map(|_| idle.add(stay, 1, owner.clone())).collect();
        idle.thin_out();
        assert!(told.0.lock().is_empty(), "three may be there");
        idle.remove(tickets[0]);
        idle.add(stay, 2, owner.clone());
        idle.thin_out();
        assert_eq!(*told.0.lock(), [tickets[1]]);
    }

    #[tokio::test]
    async fn the_task_ends_when_nothing_waits_and_begins_again() {
        let idle = Arc::new(Idle::new(3));
        let (told, owner) = told();
        for round in 1..=2 {
            idle.add(Duration::ZERO, 1, owner.clone());
            while told.0.lock().len() < round || idle.waiting.lock().swept {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(idle.waiting.lock().places, 0);
    }

    #[test]
    fn a_task_whose_runtime_ended_is_replaced() {
        let idle = Arc::new(Idle::new(3));
        let (_told, owner) = told();
        let tokio = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio().block_on(async { idle.add(Duration::from_secs(60), 1, owner.clone()) });
        assert!(!idle.waiting.lock().swept);
        let second = tokio();
        second.block_on(async { idle.add(Duration::from_secs(60), 1, owner.clone()) });
        assert!(idle.waiting.lock().swept);
    }
}
