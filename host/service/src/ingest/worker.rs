//! Workers: claim a task, keep its lease alive, run the pipeline, say how it ended.

use super::pipeline::{self, Failure};
use crate::{Service, clock};
use mortise_domain::{Cancel, Error, PluginFault, Task};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The workers of this process.
pub struct Workers {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// Idle workers look for expired leases this often even when nobody tells them of a task.
const POLL: Duration = Duration::from_secs(2);

impl Service {
    /// Starts the workers.
    pub fn start_workers(&self) -> Workers {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for number in 0..self.ingest.workers.max(1) {
            let worker =
                Worker { service: self.clone(), name: format!("{}-{number}", std::process::id()), stop: stop.clone() };
            tasks.spawn(worker.run());
        }
        Workers { stop, tasks }
    }
}

impl Workers {
    /// Lets nobody claim any more, interrupts what is under way (it is taken up again at the next start) and waits.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

struct Worker {
    service: Service,
    name: String,
    stop: CancellationToken,
}

impl Worker {
    async fn run(self) {
        while !self.stop.is_cancelled() {
            match self.service.store.claim_task(&self.name, self.lease_ms()).await {
                Ok(Some(task)) => self.work(task).await,
                Ok(None) => {
                    tokio::select! {
                        () = self.stop.cancelled() => {}
                        () = self.service.store.task_added() => {}
                        () = tokio::time::sleep(POLL) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "could not claim a task");
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    fn lease_ms(&self) -> i64 {
        i64::try_from(self.service.ingest.lease.as_millis()).unwrap_or(i64::MAX)
    }

    async fn work(&self, task: Task) {
        let began = Instant::now();
        let cancel = Cancel::new();
        self.service.running.lock().insert(task.document.clone(), cancel.clone());
        tracing::info!(task = %task.id, document = %task.document, attempt = task.attempt, "ingestion begins");
        let run = {
            let (service, task, worker, cancel) =
                (self.service.clone(), task.clone(), self.name.clone(), cancel.clone());
            // A panic in a step must cost its document, not the worker.
            tokio::spawn(async move { pipeline::run(&service, &task, &worker, &cancel).await })
        };
        let result = tokio::select! {
            result = run => result.unwrap_or_else(|panic| Err(Failure::from(Error::internal(panic)))),
            () = self.keep_lease(&task, &cancel) => unreachable_lease(),
        };
        self.service.running.lock().remove(&task.document);
        if let Err(error) = self.conclude(&task, result, &cancel, began).await {
            tracing::error!(task = %task.id, %error, "could not record how a task ended; its lease will expire");
        }
    }

    /// Renews the lease until dropped; raises the flag when the task was cancelled, deleted or taken over, or when the
    /// process stops.
    async fn keep_lease(&self, task: &Task, cancel: &Cancel) {
        let mut due = tokio::time::interval(self.service.ingest.lease / 4);
        due.tick().await;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => {
                    cancel.cancel();
                    std::future::pending::<()>().await;
                }
                _ = due.tick() => match self.service.store.heartbeat(task, &self.name, self.lease_ms()).await {
                    Ok(true) => {}
                    Ok(false) => cancel.cancel(),
                    Err(error) => tracing::warn!(task = %task.id, %error, "heartbeat failed"),
                },
            }
        }
    }

    async fn conclude(
        &self,
        task: &Task,
        result: Result<pipeline::Summary, Failure>,
        cancel: &Cancel,
        began: Instant,
    ) -> mortise_domain::Result<()> {
        let store = &self.service.store;
        let seconds = began.elapsed().as_secs_f64();
        match result {
            Ok(summary) => {
                let line = format!("{} Task done ({seconds:.2}s)", summary.line);
                let recorded = store.finish_task(task, &self.name, line.trim(), seconds).await?;
                tracing::info!(task = %task.id, chunks = summary.chunks, seconds, recorded, "ingestion done");
            }
            Err(_) if self.stop.is_cancelled() => {
                // Not the document's fault: the next start begins anew, without counting a try.
                store.release_task(task, &self.name).await?;
            }
            Err(Failure { error, .. }) if cancel.is_cancelled() && is_cancellation(&error) => {
                tracing::info!(task = %task.id, "ingestion stopped");
            }
            Err(Failure { error, retry }) => {
                let retry_in = retry.then(|| backoff_ms(&error, task.attempt));
                tracing::warn!(task = %task.id, document = %task.document, %error, ?retry_in, "ingestion failed");
                store.fail_task(task, &self.name, &error.to_string(), retry_in).await?;
            }
        }
        Ok(())
    }
}

/// `keep_lease` has no end; the type system does not know.
fn unreachable_lease() -> Result<pipeline::Summary, Failure> {
    Err(Failure::from(Error::internal("the lease keeper ended")))
}

fn is_cancellation(error: &Error) -> bool {
    matches!(error, Error::Plugin(fault) if fault.is_cancelled())
}

/// What the service asked for, or 2 s, 8 s, 32 s, … with a little spread.
fn backoff_ms(error: &Error, attempt: u32) -> u64 {
    if let Error::Plugin(PluginFault {
        reason: mortise_domain::plugin::FaultReason::Upstream { retry_after_ms, .. },
        ..
    }) = error
        && let Some(wait) = retry_after_ms
    {
        return u64::from(*wait);
    }
    let spread = u64::try_from(clock::now_ms()).unwrap_or(0) % 500;
    2_000 * 4u64.pow(attempt.saturating_sub(1).min(4)) + spread
}
