//! What one call of a plugin may use: memory, time, output, concurrency. The operator may change every number.

use crate::engine::TABLE_ELEMENTS;
use mortise_domain::Role;
use std::time::Duration;
use wasmtime::ResourceLimiter;

const MIB: u64 = 1 << 20;

/// Bounds of one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one instance, all its memories together.
    pub memory_bytes: u64,
    /// Time of one call, waiting for the network included. Of a chat model: time in the plugin for one whole answer,
    /// however slowly it is read.
    pub call_timeout: Duration,
    /// Of a parser: time for one page, once it has said how many there are. `None` leaves only the time of the call.
    pub page_timeout: Option<Duration>,
    /// What one call may give back: texts, tables, pictures, vectors, events.
    pub output_bytes: u64,
    /// Blocks of one document.
    pub max_blocks: u32,
    /// Chunks (and parents) of one document.
    pub max_chunks: u32,
    /// Log lines of one call; the rest is dropped and counted.
    pub log_lines: u32,
    /// Calls at the same time; further calls wait.
    pub concurrency: usize,
    /// Calls after which a warm instance is replaced.
    pub recycle_calls: u32,
    /// How long a warm instance that nobody uses stays.
    pub idle_timeout: Duration,
}

impl Limits {
    /// The defaults of a role. Parsers read hostile files of any size: much memory, minutes. Chunkers work on text that
    /// is already extracted. Model roles wait for remote services, and may carry weights.
    pub fn for_role(role: Role) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let base = Self {
            memory_bytes: 512 * MIB,
            call_timeout: Duration::from_secs(300),
            page_timeout: None,
            output_bytes: 256 * MIB,
            max_blocks: 1_000_000,
            max_chunks: 200_000,
            log_lines: 200,
            concurrency: cores.max(2),
            recycle_calls: 1000,
            idle_timeout: Duration::from_secs(60),
        };
        match role {
            Role::Parser => Self { page_timeout: Some(Duration::from_secs(60)), ..base },
            Role::Chunker => Self { memory_bytes: 256 * MIB, call_timeout: Duration::from_secs(120), ..base },
            Role::Embedder => Self { call_timeout: Duration::from_secs(120), output_bytes: 128 * MIB, ..base },
            Role::Reranker => Self { call_timeout: Duration::from_secs(60), output_bytes: 16 * MIB, ..base },
            Role::ChatModel => Self { output_bytes: 16 * MIB, concurrency: 64, ..base },
        }
    }
}

/// What the operator changes of [`Limits::for_role`]; fields as there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "field by field the same as Limits, which documents them")]
pub struct LimitOverrides {
    pub memory_bytes: Option<u64>,
    pub call_timeout: Option<Duration>,
    pub page_timeout: Option<Duration>,
    pub output_bytes: Option<u64>,
    pub max_blocks: Option<u32>,
    pub max_chunks: Option<u32>,
    pub log_lines: Option<u32>,
    pub concurrency: Option<usize>,
    pub recycle_calls: Option<u32>,
    pub idle_timeout: Option<Duration>,
}

impl LimitOverrides {
    /// The limits that result for a role. Concurrency and recycling are at least 1.
    pub fn over(&self, role: Role) -> Limits {
        let base = Limits::for_role(role);
        Limits {
            memory_bytes: self.memory_bytes.unwrap_or(base.memory_bytes),
            call_timeout: self.call_timeout.unwrap_or(base.call_timeout),
            page_timeout: self.page_timeout.or(base.page_timeout),
            output_bytes: self.output_bytes.unwrap_or(base.output_bytes),
            max_blocks: self.max_blocks.unwrap_or(base.max_blocks),
            max_chunks: self.max_chunks.unwrap_or(base.max_chunks),
            log_lines: self.log_lines.unwrap_or(base.log_lines),
            concurrency: self.concurrency.unwrap_or(base.concurrency).max(1),
            recycle_calls: self.recycle_calls.unwrap_or(base.recycle_calls).max(1),
            idle_timeout: self.idle_timeout.unwrap_or(base.idle_timeout),
        }
    }
}

/// Counts the linear memory of one store against its limit.
///
/// A refused growth answers −1, as the specification has it, so that a guest may live with less. It is remembered: a
/// guest that dies afterwards died of it.
#[derive(Debug)]
pub(crate) struct Meter {
    limit: u64,
    used: u64,
    granted: u64,
    refused: bool,
}

impl Meter {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: 0, granted: 0, refused: false }
    }

    /// The limit, when a growth beyond it was refused since the last [`Meter::forget`].
    pub(crate) fn refused(&self) -> Option<u64> {
        self.refused.then_some(self.limit)
    }

    /// Begins a new call of a warm instance.
    pub(crate) fn forget(&mut self) {
        self.refused = false;
    }

    /// Linear memory in use. It never shrinks, so this is the high-water mark too.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.granted = desired.saturating_sub(current) as u64;
        let total = self.used.saturating_add(self.granted);
        if total > self.limit {
            self.refused = true;
            self.granted = 0;
            return Ok(false);
        }
        self.used = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.used -= self.granted;
        self.granted = 0;
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        256
    }

    fn tables(&self) -> usize {
        256
    }

    fn memories(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_replace_single_defaults() {
        let overrides = LimitOverrides { memory_bytes: Some(7), concurrency: Some(0), ..Default::default() };
        let limits = overrides.over(Role::Chunker);
        assert_eq!(limits.memory_bytes, 7);
        assert_eq!(limits.concurrency, 1, "zero would let no call through");
        assert_eq!(limits.call_timeout, Limits::for_role(Role::Chunker).call_timeout);
    }

    #[test]
    fn meter_counts_all_memories_together_and_remembers_refusals() {
        let mut meter = Meter::new(100);
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert!(!meter.memory_growing(0, 60, None).unwrap(), "a second memory shares the limit");
        assert_eq!(meter.refused(), Some(100));
        assert!(meter.memory_growing(60, 100, None).unwrap());
        meter.memory_grow_failed(wasmtime::Error::msg("the system has none")).unwrap();
        assert_eq!(meter.used(), 60, "what was not given does not count");
        meter.forget();
        assert_eq!(meter.refused(), None);
    }
}
