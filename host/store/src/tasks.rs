//! Tasks as workers see them: claim with a lease, keep it, report, publish, end.
//!
//! A task is a row; so a crash needs no repair: its lease expires and the next worker begins anew. Whoever lost a
//! lease (to another worker, to a cancel, to a deletion) is told so by `false` and can no longer change anything: a
//! claim is known by task, worker and attempt.

mod progress;
mod publish;

use crate::Store;
use crate::column::{Read, id, now};
use crate::engine::{Write, one, run};
use mortise_domain::{Document, DocumentId, Millis, Result, Task, TaskId, TaskState};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::time::Duration;

/// How often a task is begun before its document is called failed.
pub const MAX_ATTEMPTS: u32 = 3;

/// Idle workers look at the table this often at least.
const LONGEST_WAIT: Millis = 5_000;

/// Progress that is not yet the end.
const ALMOST: f64 = 0.999;

impl Store {
    /// Claims the task that has been due for longest: queued, waiting for a retry whose time has come, or left by a
    /// worker whose lease expired. Tasks begun [`MAX_ATTEMPTS`] times in vain fail on the way.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn claim_task(&self, worker: &str, lease_ms: i64) -> Result<Option<Task>> {
        if self.next_due().await?.is_none_or(|due| due > now()) {
            return Ok(None); // without disturbing writers
        }
        let mut tx = self.engine().write().await?;
        loop {
            let now = now();
            let due = sqlx::query(
                "SELECT * FROM task WHERE state IN ('queued', 'running') AND due <= $1 ORDER BY due, row LIMIT 1",
            );
            let Some(mut task) = one(&mut tx, due.bind(now), task_row).await? else {
                tx.commit().await?;
                return Ok(None);
            };
            if task.attempt >= MAX_ATTEMPTS {
                tracing::warn!(task = %task.id, document = %task.document, "task abandoned");
                let reason = format!("abandoned after {MAX_ATTEMPTS} attempts");
                if let Some(shown) = shown(&mut tx, &task.document).await? {
                    shown.fail(&mut tx, &reason, now).await?;
                }
                end(&mut tx, &task.id, TaskState::Failed, Some(&reason), now).await?;
                continue;
            }
            task.attempt += 1;
            let claim = sqlx::query(
                "UPDATE task SET state = 'running', lease_owner = $2, due = $3, attempt = $4, updated = $5 \
                 WHERE id = $1",
            );
            let claim = claim.bind(task.id.as_str()).bind(worker).bind(now.saturating_add(lease_ms));
            run(&mut tx, claim.bind(i64::from(task.attempt)).bind(now)).await?;
            tx.commit().await?;
            return Ok(Some(task));
        }
    }

    /// Extends the lease. False: the task was cancelled, deleted or taken over, and its work is in vain.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn heartbeat(&self, task: &Task, worker: &str, lease_ms: i64) -> Result<bool> {
        let mut tx = self.engine().write().await?;
        if held(&mut tx, task, worker).await?.is_none() {
            return Ok(false);
        }
        let now = now();
        let extend = sqlx::query("UPDATE task SET due = $2, updated = $3 WHERE id = $1");
        run(&mut tx, extend.bind(task.id.as_str()).bind(now.saturating_add(lease_ms)).bind(now)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Shows progress (0..1; it only grows) and, unless empty, a line of what is being done. False: the lease is lost.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn report_progress(&self, task: &Task, worker: &str, progress: f64, line: &str) -> Result<bool> {
        let mut tx = self.engine().write().await?;
        let Some(mut shown) = held(&mut tx, task, worker).await? else { return Ok(false) };
        let now = now();
        shown.progress = shown.progress.max(progress).min(ALMOST); // `max` ignores a NaN
        shown.add_line(line, now);
        shown.save(&mut tx, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a task well: the document is `DONE`. False: the lease is lost, and nothing was changed.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn finish_task(&self, task: &Task, worker: &str, line: &str, duration_secs: f64) -> Result<bool> {
        let mut tx = self.engine().write().await?;
        let Some(mut shown) = held(&mut tx, task, worker).await? else { return Ok(false) };
        let now = now();
        shown.progress = 1.0;
        shown.add_line(line, now);
        shown.save(&mut tx, now).await?;
        let done = sqlx::query("UPDATE document SET run = 'DONE', process_duration = $2 WHERE row = $1");
        run(&mut tx, done.bind(shown.document).bind(duration_secs.max(0.0))).await?;
        end(&mut tx, &task.id, TaskState::Done, None, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends an attempt badly. With `retry_in_ms` and attempts left, the task is queued again for then; else the
    /// document is `FAIL`. False: the lease is lost, and nothing was changed.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn fail_task(&self, task: &Task, worker: &str, reason: &str, retry_in_ms: Option<u64>) -> Result<bool> {
        let mut tx = self.engine().write().await?;
        let Some(mut shown) = held(&mut tx, task, worker).await? else { return Ok(false) };
        let now = now();
        match retry_in_ms.filter(|_| task.attempt < MAX_ATTEMPTS) {
            Some(wait) => {
                let due = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
                let seconds = wait.div_ceil(1000);
                shown.add_line(&format!("[WARNING]{reason}; the next attempt begins in {seconds} s"), now);
                shown.save(&mut tx, now).await?;
                let requeue = sqlx::query(
                    "UPDATE task SET state = 'queued', due = $2, lease_owner = NULL, error = $3, updated = $4 \
                     WHERE id = $1",
                );
                run(&mut tx, requeue.bind(task.id.as_str()).bind(due).bind(reason).bind(now)).await?;
                tx.task_queued();
            }
            None => {
                shown.fail(&mut tx, reason, now).await?;
                end(&mut tx, &task.id, TaskState::Failed, Some(reason), now).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Gives a task back as if it had not been claimed: the process stops, and the document is not at fault. False:
    /// the lease is lost.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn release_task(&self, task: &Task, worker: &str) -> Result<bool> {
        let mut tx = self.engine().write().await?;
        if held(&mut tx, task, worker).await?.is_none() {
            return Ok(false);
        }
        let now = now();
        let release = sqlx::query(
            "UPDATE task SET state = 'queued', attempt = attempt - 1, due = created, lease_owner = NULL, updated = $2 \
             WHERE id = $1",
        );
        run(&mut tx, release.bind(task.id.as_str()).bind(now)).await?;
        tx.task_queued();
        tx.commit().await?;
        Ok(true)
    }

    /// Ends all leases. Only for the start of a process that is alone with its workers: whoever held them is dead.
    /// Attempts stay counted, so that a document that kills the process is abandoned in the end.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn release_leases(&self) -> Result<()> {
        let release = sqlx::query(
            "UPDATE task SET state = 'queued', due = created, lease_owner = NULL, updated = $1 WHERE state = 'running'",
        );
        let mut tx = self.engine().write().await?;
        let released = run(&mut tx, release.bind(now())).await?;
        if released > 0 {
            tracing::info!(tasks = released, "tasks of an earlier run are taken up again");
            tx.task_queued();
        }
        tx.commit().await
    }

    /// Tasks queued or running.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn unfinished_tasks(&self) -> Result<i64> {
        let count = sqlx::query("SELECT count(*) FROM task WHERE state IN ('queued', 'running')");
        Ok(one(&mut *self.engine().read().await?, count, |r| r.try_get(0)).await?.unwrap_or_default())
    }

    /// When the next task can be claimed; in the past when one can be now. `None` without unfinished tasks.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn next_due(&self) -> Result<Option<Millis>> {
        let next = sqlx::query("SELECT min(due) FROM task WHERE state IN ('queued', 'running')");
        let next = one(&mut *self.engine().read().await?, next, |r| r.try_get::<Option<Millis>, _>(0)).await?;
        Ok(next.flatten())
    }

    /// Waits until there may be a task to claim: one was queued, the time of a retry has come, a lease expired, or a
    /// few seconds have passed. Nothing queued between a claim in vain and this call is missed.
    pub async fn task_added(&self) {
        let queued = self.engine().signals().task.notified();
        tokio::pin!(queued);
        queued.as_mut().enable();
        let wait = match self.next_due().await {
            Ok(Some(due)) => due.saturating_sub(now()).clamp(0, LONGEST_WAIT),
            Ok(None) | Err(_) => LONGEST_WAIT,
        };
        let wait = Duration::from_millis(wait.unsigned_abs());
        let _ = tokio::time::timeout(wait, queued).await;
    }
}

/// Queues the ingestion of a document.
pub(crate) async fn queue(tx: &mut Write, document: &Document, now: Millis) -> Result<()> {
    let insert = sqlx::query(
        "INSERT INTO task (id, tenant, dataset, document, state, due, created, updated) \
         VALUES ($1, $2, $3, $4, 'queued', $5, $5, $5)",
    );
    let insert = insert.bind(TaskId::generate().into_string()).bind(document.tenant.as_str());
    run(tx, insert.bind(document.dataset.as_str()).bind(document.id.as_str()).bind(now)).await?;
    tx.task_queued();
    Ok(())
}

/// Cancels unfinished work on a document and forgets what was finished before, so that the table stays small.
pub(crate) async fn cancel(tx: &mut Write, document: &DocumentId) -> Result<()> {
    let forget = sqlx::query("DELETE FROM task WHERE document = $1 AND state NOT IN ('queued', 'running')");
    run(tx, forget.bind(document.as_str())).await?;
    let cancel = sqlx::query(
        "UPDATE task SET state = 'cancelled', lease_owner = NULL, updated = $2 \
         WHERE document = $1 AND state IN ('queued', 'running')",
    );
    run(tx, cancel.bind(document.as_str()).bind(now())).await?;
    Ok(())
}

/// What a run shows on its document.
struct Shown {
    /// The document's row.
    document: i64,
    progress: f64,
    msg: String,
}

impl Shown {
    fn add_line(&mut self, line: &str, now: Millis) {
        progress::add_line(&mut self.msg, line, now);
    }

    async fn save(&self, tx: &mut Write, now: Millis) -> Result<()> {
        let update = sqlx::query("UPDATE document SET progress = $2, progress_msg = $3, updated = $4 WHERE row = $1");
        run(tx, update.bind(self.document).bind(self.progress).bind(&self.msg).bind(now)).await?;
        Ok(())
    }

    async fn fail(mut self, tx: &mut Write, reason: &str, now: Millis) -> Result<()> {
        self.progress = -1.0;
        self.add_line(&format!("[ERROR]{reason}"), now);
        self.save(tx, now).await?;
        let fail = sqlx::query(
            "UPDATE document SET run = 'FAIL', process_duration = coalesce(($2 - process_begin) / 1000.0, 0) \
             WHERE row = $1",
        );
        run(tx, fail.bind(self.document).bind(now)).await?;
        Ok(())
    }
}

/// The document of a task, when this worker holds the task in this attempt.
async fn held(tx: &mut Write, task: &Task, worker: &str) -> Result<Option<Shown>> {
    let select = sqlx::query(
        "SELECT d.row, d.progress, d.progress_msg FROM task t JOIN document d ON d.id = t.document \
         WHERE t.id = $1 AND t.lease_owner = $2 AND t.attempt = $3 AND t.state = 'running' AND d.run = 'RUNNING'",
    );
    let select = select.bind(task.id.as_str()).bind(worker).bind(i64::from(task.attempt));
    one(tx, select, shown_row).await
}

/// A document that is being worked on.
async fn shown(tx: &mut Write, document: &DocumentId) -> Result<Option<Shown>> {
    let select = sqlx::query("SELECT row, progress, progress_msg FROM document WHERE id = $1 AND run = 'RUNNING'");
    one(tx, select.bind(document.as_str()), shown_row).await
}

async fn end(tx: &mut Write, task: &TaskId, state: TaskState, error: Option<&str>, now: Millis) -> Result<()> {
    let update = sqlx::query(
        "UPDATE task SET state = $2, error = coalesce($3, error), lease_owner = NULL, updated = $4 WHERE id = $1",
    );
    run(tx, update.bind(task.as_str()).bind(state.as_str()).bind(error).bind(now)).await?;
    Ok(())
}

fn shown_row(row: &SqliteRow) -> Read<Shown> {
    Ok(Shown { document: row.try_get(0)?, progress: row.try_get(1)?, msg: row.try_get(2)? })
}

fn task_row(row: &SqliteRow) -> Read<Task> {
    Ok(Task {
        id: id(row, "id")?,
        tenant: id(row, "tenant")?,
        dataset: id(row, "dataset")?,
        document: id(row, "document")?,
        attempt: u32::try_from(row.try_get::<i64, _>("attempt")?).unwrap_or(u32::MAX),
        created: row.try_get("created")?,
    })
}
