//! Something that a reader takes up piece by piece, and may leave lying: after a while it is dropped under the reader's
//! hands, so that a reader who never comes back keeps neither an instance nor a slot.

use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// See above. Between [`Unread::take`] and [`Unread::put`] it is being worked on, and time does not count.
pub(crate) struct Unread<T> {
    lying: Arc<Mutex<Lying<T>>>,
    watch: AbortHandle,
    pub(crate) patience: Duration,
}

struct Lying<T> {
    value: Option<T>,
    since: Instant,
}

impl<T: Send + 'static> Unread<T> {
    /// Begins to wait for the reader, for so long each time.
    pub(crate) fn new(value: T, patience: Duration) -> Self {
        let lying = Arc::new(Mutex::new(Lying { value: Some(value), since: Instant::now() }));
        let watch = tokio::spawn(watch(Arc::downgrade(&lying), patience)).abort_handle();
        Self { lying, watch, patience }
    }

    /// `None` when it was left lying for too long.
    pub(crate) fn take(&self) -> Option<T> {
        self.lying.lock().value.take()
    }

    pub(crate) fn put(&self, value: T) {
        *self.lying.lock() = Lying { value: Some(value), since: Instant::now() };
    }
}

impl<T> Drop for Unread<T> {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

async fn watch<T>(lying: Weak<Mutex<Lying<T>>>, patience: Duration) {
    let mut until = Instant::now() + patience;
    loop {
        tokio::time::sleep_until(until).await;
        let Some(lying) = lying.upgrade() else { return };
        let mut lying = lying.lock();
        let now = Instant::now();
        if lying.value.is_none() {
            until = now + patience;
        } else if lying.since + patience <= now {
            let left = lying.value.take();
            drop(lying);
            drop(left);
            return;
        } else {
            until = lying.since + patience;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_left_lying_goes_and_what_is_worked_on_stays() {
        let kept = Arc::new(());
        let unread = Unread::new(kept.clone(), Duration::from_millis(500));
        let taken = unread.take().unwrap();
        tokio::time::sleep(Duration::from_millis(1200)).await;
        unread.put(taken);
        unread.put(unread.take().unwrap());
        while Arc::strong_count(&kept) > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(unread.take().is_none(), "dropped, not only hidden");
    }
}
