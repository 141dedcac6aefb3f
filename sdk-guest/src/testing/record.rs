//! What a call tells the host beside its result.

use crate::host::Level;
use std::cell::RefCell;

/// Log lines and progress of a call, in order.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Log lines.
    pub log: Vec<(Level, String)>,
    /// How far the call was, 0..1, and the note.
    pub progress: Vec<(f32, String)>,
}

impl Record {
    /// The log as text, a line each: what a test looks for words in.
    pub fn lines(&self) -> String {
        self.log.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }
}

thread_local! {
    /// Records that are being taken; the innermost is the last.
    static OPEN: RefCell<Vec<Record>> = const { RefCell::new(Vec::new()) };
}

/// Does something and keeps what it says to the host on this thread.
///
/// ```
/// use mortise_sdk::testing::record;
///
/// let (sum, record) = record(|| {
///     mortise_sdk::warn!("page {} has no text", 3);
///     1 + 1
/// });
/// assert_eq!((sum, record.lines().as_str()), (2, "page 3 has no text"));
/// ```
pub fn record<T>(work: impl FnOnce() -> T) -> (T, Record) {
    /// Closes the record on the way out of a panic too.
    struct Open;
    impl Drop for Open {
        fn drop(&mut self) {
            OPEN.with_borrow_mut(|open| open.pop());
        }
    }
    OPEN.with_borrow_mut(|open| open.push(Record::default()));
    let open = Open;
    let done = work();
    let record = OPEN.with_borrow_mut(|open| open.last_mut().map(std::mem::take)).unwrap_or_default();
    drop(open);
    (done, record)
}

pub(crate) fn line(level: Level, message: &str) {
    OPEN.with_borrow_mut(|open| {
        if let Some(record) = open.last_mut() {
            record.log.push((level, message.to_owned()));
        }
    });
}

pub(crate) fn step(done: f32, note: &str) {
    OPEN.with_borrow_mut(|open| {
        if let Some(record) = open.last_mut() {
            record.progress.push((done, note.to_owned()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_record_hears_it_and_panics_close_theirs() {
        let ((), outer) = record(|| {
            crate::info!("outer");
            let (_, inner) = record(|| crate::error!("inner"));
            assert!(matches!(inner.log[..], [(Level::Error, _)]));
            let panicked = std::panic::catch_unwind(|| record(|| assert_eq!(1, 2)));
            assert!(panicked.is_err());
            crate::host::progress(0.5, "half");
        });
        assert_eq!((outer.lines().as_str(), outer.progress.len()), ("outer", 1));
        crate::debug!("nobody listens, and nothing happens");
        crate::trace!("nor here");
    }
}
