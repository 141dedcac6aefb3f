//! Keeps an index up with its source.

use crate::Index;
use mortise_domain::{ChangeSource, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// Changes read at once.
const BATCH: usize = 2_000;
/// Changes taken in before a commit while there are more to come.
const COMMIT_CHANGES: usize = 20_000;
/// Time between commits while there are more to come.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// How long changes gather before they are committed together: a commit costs the same for one as for hundreds.
const GATHER: Duration = Duration::from_millis(200);
/// The same while somebody waits for them.
const GATHER_AWAITED: Duration = Duration::from_millis(20);
/// Without changes for so long, the index may let go of what only writing needs.
const REST_AFTER: Duration = Duration::from_secs(15);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// A background task that applies a source's changes to an index for as long as it is not stopped.
///
/// Errors are logged and retried with growing pauses. An index that is ahead of its source, as after the restoring of a
/// backup, is cleared and rebuilt.
pub struct Follower {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    /// What the index is durably complete up to.
    applied: watch::Sender<u64>,
    stop: watch::Sender<bool>,
    /// Callers of `wait_for`.
    waiting: AtomicUsize,
    nudge: Notify,
}

impl Follower {
    /// Starts to follow. Must be called within a tokio runtime.
    pub fn start(index: Arc<dyn Index>, source: Arc<dyn ChangeSource>) -> Self {
        let shared = Arc::new(Shared {
            applied: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            waiting: AtomicUsize::new(0),
            nudge: Notify::new(),
        });
        let task = tokio::spawn(run(index, source, Arc::clone(&shared)));
        Self { shared, task: Mutex::new(Some(task)) }
    }

    /// The sequence number up to which the index has come, durably.
    pub fn applied(&self) -> u64 {
        *self.shared.applied.borrow()
    }

    /// Waits until the index is complete up to `seq` and hurries it up; false when it is not in time.
    pub async fn wait_for(&self, seq: u64, timeout: Duration) -> bool {
        let mut applied = self.shared.applied.subscribe();
        if *applied.borrow_and_update() >= seq {
            return true;
        }
        let _waiting = Waiting::new(&self.shared);
        let reached = applied.wait_for(|&applied| applied >= seq);
        matches!(tokio::time::timeout(timeout, reached).await, Ok(Ok(_)))
    }

    /// Commits what was taken in and ends the task. What is not applied by then is after the next start.
    pub async fn stop(&self) {
        self.shared.stop.send_replace(true);
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the index follower ended badly");
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
    }
}

/// Somebody waits, until this is dropped.
struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.waiting.fetch_add(1, Ordering::Relaxed);
        shared.nudge.notify_one();
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn run(index: Arc<dyn Index>, source: Arc<dyn ChangeSource>, shared: Arc<Shared>) {
    let mut stop = shared.stop.subscribe();
    let mut retry = FIRST_RETRY;
    loop {
        let started = Instant::now();
        let Err(error) = follow(&*index, &*source, &shared).await else { return };
        if started.elapsed() > LAST_RETRY {
            retry = FIRST_RETRY;
        }
        tracing::error!(%error, retry_ms = retry.as_millis() as u64, "the index could not follow the store");
        tokio::select! {
            () = sleep(retry) => {}
            _ = stop.wait_for(|&stop| stop) => return,
        }
        retry = (retry * 2).min(LAST_RETRY);
    }
}

/// Follows until stopped.
async fn follow(index: &dyn Index, source: &dyn ChangeSource, shared: &Shared) -> Result<()> {
    let mut stop = shared.stop.subscribe();
    let mut position = index.applied().await?;
    if position > source.latest().await? {
        tracing::warn!(position, "the index is ahead of the store and is rebuilt");
        index.clear().await?;
        position = 0;
    }
    shared.applied.send_replace(position);
    let mut rested = false;
    loop {
        position = catch_up(index, source, shared, position).await?;
        shared.applied.send_replace(position);
        if *stop.borrow_and_update() {
            return Ok(());
        }
        let idle = tokio::select! {
            () = source.changed(position) => false,
            () = shared.nudge.notified() => false,
            _ = stop.changed() => false,
            () = sleep(REST_AFTER), if !rested => true,
        };
        if idle {
            index.rest().await?;
            rested = true;
        } else if source.latest().await? > position {
            rested = false;
            gather(shared, &mut stop).await;
        } else {
            // It falls back when the index found itself damaged.
            position = index.applied().await?.min(position);
        }
    }
}

/// Lets changes gather for a moment, a shorter one if somebody waits.
async fn gather(shared: &Shared, stop: &mut watch::Receiver<bool>) {
    let (awaited, until) = (Instant::now() + GATHER_AWAITED, Instant::now() + GATHER);
    let hurried = async {
        while shared.waiting.load(Ordering::Relaxed) == 0 {
            shared.nudge.notified().await;
        }
        sleep_until(awaited).await;
    };
    tokio::select! {
        () = hurried => {}
        () = sleep_until(until) => {}
        _ = stop.changed() => stop.mark_changed(),
    }
}

/// Applies and commits everything there is after `position`; gives the new position.
async fn catch_up(index: &dyn Index, source: &dyn ChangeSource, shared: &Shared, mut position: u64) -> Result<u64> {
    let (mut pending, mut committed, mut since) = (0, position, Instant::now());
    loop {
        let latest = source.latest().await?;
        let changes = source.changes_after(position, BATCH).await?;
        // Only when nothing is left does the index hold everything up to what was latest before.
        let complete = changes.is_empty();
        let upto = changes.last().map_or(latest, |change| change.seq);
        if upto > position {
            pending += changes.len();
            tracing::debug!(changes = changes.len(), after = position, upto, "indexing");
            index.apply(changes, position, upto).await?;
            position = upto;
        }
        let stopping = *shared.stop.borrow();
        if complete || stopping || pending >= COMMIT_CHANGES || since.elapsed() >= COMMIT_EVERY {
            if position > committed {
                index.commit().await?;
                committed = position;
                shared.applied.send_replace(committed);
            }
            (pending, since) = (0, Instant::now());
        }
        if complete || stopping {
            return Ok(position);
        }
    }
}
