//! Starting and stopping the parsing of documents: their side of what workers do in `tasks.rs`.

use crate::TenantStore;
use crate::column::now;
use crate::documents::{Stored, stored};
use crate::engine::{Write, run};
use crate::{chunks, tasks};
use mortise_domain::{DatasetId, DocumentId, Millis, Result, RunState};
use std::collections::BTreeSet;

/// Progress of a document that waits for a worker: above 0, so that it counts as being processed.
const QUEUED: f64 = 0.001;

impl TenantStore {
    /// Queues documents for parsing, all in one transaction: older work on them is cancelled, their chunks are
    /// dropped. Unknown ids are ignored.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was queued.
    pub async fn start_parsing(&self, dataset: &DatasetId, ids: &[DocumentId]) -> Result<()> {
        let mut tx = self.write().await?;
        let now = now();
        for mut owner in self.among(&mut tx, dataset, ids).await? {
            tasks::cancel(&mut tx, &owner.document.id).await?;
            chunks::drop_all(&mut tx, &mut owner).await?;
            let state = State { run: RunState::Running, progress: QUEUED, msg: "Task is queued...", begin: Some(now) };
            state.set(&mut tx, owner.row, now).await?;
            tasks::queue(&mut tx, &owner.document, now).await?;
        }
        tx.commit().await
    }

    /// Stops the parsing of documents, all in one transaction, and drops their chunks. Unknown ids are ignored.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was stopped.
    pub async fn stop_parsing(&self, dataset: &DatasetId, ids: &[DocumentId]) -> Result<()> {
        let mut tx = self.write().await?;
        let now = now();
        for mut owner in self.among(&mut tx, dataset, ids).await? {
            tasks::cancel(&mut tx, &owner.document.id).await?;
            chunks::drop_all(&mut tx, &mut owner).await?;
            let begin = owner.document.process_begin;
            let msg = owner.document.progress_msg;
            let state = State { run: RunState::Cancelled, progress: 0.0, msg: &msg, begin };
            state.set(&mut tx, owner.row, now).await?;
        }
        tx.commit().await
    }

    async fn among(&self, tx: &mut Write, dataset: &DatasetId, ids: &[DocumentId]) -> Result<Vec<Stored>> {
        let mut owners = Vec::new();
        for id in ids.iter().collect::<BTreeSet<_>>() {
            owners.extend(stored(tx, self.id(), dataset, id).await?);
        }
        owners.sort_by_key(|owner| owner.row); // tasks are queued in the order of upload
        Ok(owners)
    }
}

/// What is shown of a run.
struct State<'a> {
    run: RunState,
    progress: f64,
    msg: &'a str,
    begin: Option<Millis>,
}

impl State<'_> {
    async fn set(&self, tx: &mut Write, document: i64, now: Millis) -> Result<()> {
        let update = sqlx::query(
            "UPDATE document SET run = $2, progress = $3, progress_msg = $4, process_begin = $5, \
             process_duration = 0, updated = $6 WHERE row = $1",
        );
        let update = update.bind(document).bind(self.run.as_str()).bind(self.progress).bind(self.msg);
        run(tx, update.bind(self.begin).bind(now)).await?;
        Ok(())
    }
}
