//! Background work.

use crate::{DatasetId, DocumentId, Millis, TaskId, TenantId};

/// Where a task is. Legal moves: `Queued → Running → Done | Failed | Cancelled`, `Running → Queued` when a lease
/// expires or a retry is due, `Queued → Cancelled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Finished.
    Done,
    /// Out of tries.
    Failed,
    /// Stopped by its owner.
    Cancelled,
}

impl TaskState {
    /// `queued`, `running`, `done`, `failed`, `cancelled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One piece of background work: the ingestion of one document.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Whose work it is.
    pub tenant: TenantId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The document.
    pub document: DocumentId,
    /// How often it was claimed, this time included.
    pub attempt: u32,
    /// When it was queued.
    pub created: Millis,
}
