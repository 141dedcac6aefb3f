//! SQLite: one connection that writes, four that read, and the few calls that everything else is made of.
//!
//! Writers queue for the one connection, so a transaction never meets another writer, never has to be retried, and its
//! change sequence number follows the order of commits.

use crate::column::Read;
use crate::error::{Fault, database};
use mortise_domain::{Order, OrderBy, Page, PageRequest, Result};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// The schema, one step per number; `PRAGMA user_version` says how many were taken.
const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/sqlite/0001_init.sql"),
    include_str!("../migrations/sqlite/0002_plugins.sql"),
    include_str!("../migrations/sqlite/0003_kept_chunks.sql"),
];

const READERS: u32 = 4;

/// A statement with its values.
pub(crate) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The pools, and what is told to waiting tasks after a commit.
pub(crate) struct Engine {
    writer: SqlitePool,
    readers: SqlitePool,
    signals: Arc<Signals>,
}

/// Who waits for commits.
pub(crate) struct Signals {
    /// The newest change sequence number this process committed.
    pub(crate) seq: watch::Sender<u64>,
    /// A task was queued.
    pub(crate) task: Notify,
}

impl Engine {
    /// Opens or makes the database file and brings its schema up to date.
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-32768") // KiB
            .pragma("temp_store", "MEMORY");
        let writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged upload must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", "67108864");
        let pool = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).test_before_acquire(false);
        let queue = pool.clone().max_connections(1).acquire_timeout(Duration::from_secs(60));
        let writer = queue.connect_with(writing).await.map_err(database)?;
        migrate(&writer).await?;
        let readers = pool.max_connections(READERS).acquire_timeout(Duration::from_secs(60));
        let readers = readers.connect_with(options.read_only(true)).await.map_err(database)?;
        let mut connection = readers.acquire().await.map_err(database)?;
        let seq = latest(&mut connection).await?;
        let signals = Arc::new(Signals { seq: watch::Sender::new(seq), task: Notify::new() });
        Ok(Self { writer, readers, signals })
    }

    /// A connection for one statement.
    pub(crate) async fn read(&self) -> Result<PoolConnection<Sqlite>> {
        self.readers.acquire().await.map_err(database)
    }

    /// A snapshot for several statements that must agree.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Sqlite>> {
        self.readers.begin().await.map_err(database)
    }

    /// The one write transaction. Dropped without a commit, it leaves no trace.
    pub(crate) async fn write(&self) -> Result<Write> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(database)?;
        Ok(Write { tx, signals: self.signals.clone(), seq: None, queued: false })
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// Moves the write-ahead log into the database file.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        let mut connection = self.writer.acquire().await.map_err(database)?;
        run(&mut connection, sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")).await?;
        Ok(())
    }

    /// Waits for calls under way, then closes all connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A write transaction.
pub(crate) struct Write {
    tx: Transaction<'static, Sqlite>,
    signals: Arc<Signals>,
    seq: Option<u64>,
    queued: bool,
}

impl Write {
    /// This transaction's number in the change sequence. To be asked for only when chunks do change: every number has
    /// a change, so that an index that has applied all changes has applied the newest number.
    pub(crate) async fn seq(&mut self) -> Result<i64> {
        if let Some(seq) = self.seq {
            return Ok(seq as i64);
        }
        let next = sqlx::query("UPDATE counter SET seq = seq + 1 RETURNING seq");
        let seq: i64 = one(&mut self.tx, next, |r| r.try_get(0)).await?.unwrap_or_default();
        self.seq = Some(seq as u64);
        Ok(seq)
    }

    /// Workers will be told after the commit.
    pub(crate) fn task_queued(&mut self) {
        self.queued = true;
    }

    /// Makes it durable, then tells who waits.
    pub(crate) async fn commit(self) -> Result<()> {
        self.tx.commit().await.map_err(database)?;
        if let Some(seq) = self.seq {
            self.signals.seq.send_replace(seq);
        }
        if self.queued {
            self.signals.task.notify_waiters();
        }
        Ok(())
    }
}

impl Deref for Write {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.tx
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }
}

/// Runs a statement and says how many rows it touched.
pub(crate) async fn run(on: &mut SqliteConnection, statement: Statement<'_>) -> Result<u64> {
    Ok(statement.execute(on).await.map_err(database)?.rows_affected())
}

/// The first row, if any.
pub(crate) async fn one<T>(
    on: &mut SqliteConnection,
    statement: Statement<'_>,
    read: impl Fn(&SqliteRow) -> Read<T>,
) -> Result<Option<T>> {
    let row = statement.fetch_optional(on).await.map_err(database)?;
    row.as_ref().map(read).transpose().map_err(database)
}

/// All rows.
pub(crate) async fn all<T>(
    on: &mut SqliteConnection,
    statement: Statement<'_>,
    read: impl Fn(&SqliteRow) -> Read<T>,
) -> Result<Vec<T>> {
    let rows = statement.fetch_all(on).await.map_err(database)?;
    rows.iter().map(read).collect::<Read<_>>().map_err(database)
}

/// Whether there is any row.
pub(crate) async fn any(on: &mut SqliteConnection, statement: Statement<'_>) -> Result<bool> {
    Ok(one(on, statement, |_| Ok(())).await?.is_some())
}

/// The newest change sequence number.
pub(crate) async fn latest(on: &mut SqliteConnection) -> Result<u64> {
    let seq = one(on, sqlx::query("SELECT seq FROM counter"), |r| r.try_get::<i64, _>(0)).await?;
    Ok(seq.unwrap_or_default() as u64)
}

/// One page of a table, and how many rows there are on all pages.
pub(crate) async fn page<T>(
    on: &mut SqliteConnection,
    table: &'static str,
    narrow: impl Fn(&mut QueryBuilder<Sqlite>),
    order: &str,
    request: &PageRequest,
    read: impl Fn(&SqliteRow) -> Read<T>,
) -> Result<Page<T>> {
    let mut count = QueryBuilder::new(format!("SELECT count(*) FROM {table} WHERE "));
    narrow(&mut count);
    let total = one(on, count.build(), |r| r.try_get(0)).await?.unwrap_or_default();
    let (offset, limit) = request.offset_limit();
    if offset >= total || limit == 0 {
        return Ok(Page { items: vec![], total });
    }
    let mut select = QueryBuilder::new(format!("SELECT * FROM {table} WHERE "));
    narrow(&mut select);
    select.push(order).push(" LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
    let items = all(on, select.build(), read).await?;
    Ok(Page { items, total })
}

/// ` ORDER BY …`, with the order of insertion between equals, so that pages never overlap.
pub(crate) fn order_by(request: &PageRequest, name: &str) -> String {
    let column = match request.by {
        OrderBy::Created => "created",
        OrderBy::Updated => "updated",
        OrderBy::Name => name,
    };
    let direction = match request.order {
        Order::Descending => "DESC",
        Order::Ascending => "ASC",
    };
    format!(" ORDER BY {column} {direction}, row {direction}")
}

async fn migrate(writer: &SqlitePool) -> Result<()> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await.map_err(database)?;
    let version = one(&mut tx, sqlx::query("PRAGMA user_version"), |r| r.try_get::<i64, _>(0)).await?;
    let (found, known) = (version.unwrap_or_default(), MIGRATIONS.len() as i64);
    if found > known {
        return Err(Fault::TooNew { found, known }.into());
    }
    for (number, step) in (1..).zip(MIGRATIONS).skip(found as usize) {
        sqlx::raw_sql(step).execute(&mut *tx).await.map_err(database)?;
        // A pragma takes no parameters; the number is ours.
        let mark = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {number}"));
        sqlx::raw_sql(mark).execute(&mut *tx).await.map_err(database)?;
        tracing::info!(schema = number, "the database schema is new");
    }
    tx.commit().await.map_err(database)
}
