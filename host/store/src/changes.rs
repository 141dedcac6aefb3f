//! The change sequence that indexes follow.
//!
//! Every transaction that changes chunks takes the next number (`Write::seq`) and stamps it on the chunks it wrote and
//! on the rows it leaves in `chunk_gone`. Transactions are one after the other, so numbers follow the order of commits
//! and a reader that has seen a number has seen all below it.

use crate::Store;
use crate::column::{flag, from_json, id, vector};
use crate::engine::{all, latest, one, run};
use async_trait::async_trait;
use mortise_domain::{Change, ChangeSource, IndexedChunk, Result};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::HashMap;
use std::time::Duration;

/// How long [`ChangeSource::changed`] waits at most.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

#[async_trait]
impl ChangeSource for Store {
    async fn latest(&self) -> Result<u64> {
        latest(&mut *self.engine().read().await?).await
    }

    async fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<Change>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).max(1);
        let mut snapshot = self.engine().snapshot().await?;
        let Some(last) = last_of_batch(&mut snapshot, after, limit).await? else { return Ok(vec![]) };
        let mut changes = changed_chunks(&mut snapshot, after, last).await?;
        let gone = sqlx::query("SELECT seq, row FROM chunk_gone WHERE seq > $1 AND seq <= $2");
        let read = |r: &SqliteRow| Ok(Change { seq: seq(r)?, row: r.try_get("row")?, chunk: None });
        changes.extend(all(&mut snapshot, gone.bind(after).bind(last), read).await?);
        changes.sort_by_key(|change| (change.seq, change.row));
        Ok(changes)
    }

    async fn changed(&self, after: u64) {
        let mut newest = self.engine().signals().seq.subscribe();
        // A commit of a caller that went away before it heard of it is not announced; hence the limit.
        let _ = tokio::time::timeout(LONGEST_WAIT, newest.wait_for(|seq| *seq > after)).await;
    }
}

impl Store {
    /// Forgets deleted chunks of transactions below a number that every index has applied. The newest transaction is
    /// kept, so that a new index reaches the newest number.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn prune_gone(&self, below_seq: u64) -> Result<()> {
        let prune = sqlx::query("DELETE FROM chunk_gone WHERE seq < $1 AND seq < (SELECT seq FROM counter)");
        let mut tx = self.engine().write().await?;
        run(&mut tx, prune.bind(i64::try_from(below_seq).unwrap_or(i64::MAX))).await?;
        tx.commit().await
    }
}

/// The number of the transaction that has the `limit`th change, or of the last one.
async fn last_of_batch(on: &mut SqliteConnection, after: i64, limit: i64) -> Result<Option<i64>> {
    // Both sides are cut before they are merged: catching up must not sort what is left each time.
    let select = sqlx::query(
        "SELECT max(seq) FROM (SELECT seq FROM ( \
           SELECT * FROM (SELECT seq FROM chunk WHERE seq > $1 ORDER BY seq LIMIT $2) \
           UNION ALL \
           SELECT * FROM (SELECT seq FROM chunk_gone WHERE seq > $1 ORDER BY seq LIMIT $2) \
         ) ORDER BY seq LIMIT $2)",
    );
    let last = one(on, select.bind(after).bind(limit), |r| r.try_get::<Option<i64>, _>(0)).await?;
    Ok(last.flatten())
}

async fn changed_chunks(on: &mut SqliteConnection, after: i64, last: i64) -> Result<Vec<Change>> {
    let select = sqlx::query(
        "SELECT c.seq, c.row, c.text, c.context, c.keywords, c.questions, c.available AND d.enabled AS available, \
                c.manual, d.name, d.tenant, d.dataset, d.id AS document \
         FROM chunk c JOIN document d ON d.row = c.document WHERE c.seq > $1 AND c.seq <= $2",
    );
    let vectors = sqlx::query(
        "SELECT v.row, v.space, v.data FROM chunk c JOIN chunk_vector v ON v.row = c.row \
         WHERE c.seq > $1 AND c.seq <= $2",
    );
    let read = |r: &SqliteRow| Ok((r.try_get("row")?, (r.try_get("space")?, vector(r.try_get("data")?))));
    let mut by_row: HashMap<i64, Vec<(String, Vec<f32>)>> = HashMap::new();
    for (row, vector) in all(on, vectors.bind(after).bind(last), read).await? {
        by_row.entry(row).or_default().push(vector);
    }
    let mut changes = all(on, select.bind(after).bind(last), change_row).await?;
    for change in &mut changes {
        if let (Some(chunk), Some(vectors)) = (&mut change.chunk, by_row.remove(&change.row)) {
            chunk.vectors = vectors;
        }
    }
    Ok(changes)
}

fn change_row(r: &SqliteRow) -> Result<Change, sqlx::Error> {
    let manual = flag(r, "manual")?;
    let chunk = IndexedChunk {
        tenant: id(r, "tenant")?,
        dataset: id(r, "dataset")?,
        document: id(r, "document")?,
        text: r.try_get("text")?,
        context: from_json(r, "context")?,
        title: if manual { None } else { Some(r.try_get("name")?) },
        keywords: from_json(r, "keywords")?,
        questions: from_json(r, "questions")?,
        available: flag(r, "available")?,
        vectors: vec![],
    };
    Ok(Change { seq: seq(r)?, row: r.try_get("row")?, chunk: Some(chunk) })
}

fn seq(row: &SqliteRow) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>("seq")?.unsigned_abs())
}
