//! Progress that only rises, told seldom enough to cost nothing.

use std::cell::Cell;
use std::rc::Rc;

/// Tells the host how far a call is. Steps smaller than a hundredth, and steps back, are not told.
///
/// Work in stages takes parts of the whole, each with its own note:
///
/// ```
/// use mortise_sdk::host::Progress;
/// use mortise_sdk::testing::record;
///
/// let ((), record) = record(|| {
///     let progress = Progress::new("reading");
///     let reading = progress.part(0.0, 0.5);
///     for page in 0..3 {
///         reading.at(page + 1, 3);
///     }
///     let chunking = progress.part(0.5, 1.0).note("chunking");
///     chunking.at(1, 1);
/// });
/// let told: Vec<_> = record.progress.iter().map(|(done, note)| (done * 100.0).round().to_string() + " " + note).collect();
/// assert_eq!(told, ["17 reading", "33 reading", "50 reading", "100 chunking"]);
/// ```
#[derive(Clone, Debug)]
pub struct Progress {
    from: f32,
    to: f32,
    note: String,
    /// The last that was told, by this part or any other.
    told: Rc<Cell<f32>>,
}

/// The least that is worth a line.
const STEP: f32 = 0.01;

impl Progress {
    /// Of the whole call, with a note for the owner of the document.
    pub fn new(note: impl Into<String>) -> Self {
        Self { from: 0.0, to: 1.0, note: note.into(), told: Rc::new(Cell::new(0.0)) }
    }

    /// A part of it: what is 0..1 there is `from..to` here.
    #[must_use]
    pub fn part(&self, from: f32, to: f32) -> Self {
        Self { from: self.scaled(from), to: self.scaled(to), ..self.clone() }
    }

    /// The same with another note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// So many of so many are done. Nothing of nothing is all.
    pub fn at(&self, done: usize, total: usize) {
        self.to_share(if total == 0 { 1.0 } else { done as f32 / total as f32 });
    }

    /// A share of 0..1 is done.
    pub fn to_share(&self, share: f32) {
        let done = self.scaled(share);
        let rises = done - self.told.get();
        if rises >= STEP || (rises > 0.0 && share >= 1.0) {
            self.told.set(done);
            super::progress(done, &self.note);
        }
    }

    fn scaled(&self, share: f32) -> f32 {
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.from + (self.to - self.from) * share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    #[test]
    fn it_only_rises_and_says_little() {
        let ((), record) = record(|| {
            let progress = Progress::new("x");
            (0..=10_000).for_each(|i| progress.at(i, 10_000));
            progress.at(5, 10_000);
            progress.to_share(f32::NAN);
            progress.to_share(7.0);
            progress.part(0.2, 0.4).at(0, 0);
        });
        let told: Vec<f32> = record.progress.iter().map(|(done, _)| *done).collect();
        assert!(told.is_sorted() && told.len() <= 101, "{told:?}");
        assert_eq!(told.last(), Some(&1.0));
    }

    #[test]
    fn parts_of_parts() {
        let ((), record) = record(|| Progress::new("").part(0.5, 1.0).part(0.5, 1.0).at(1, 2));
        assert_eq!(record.progress, [(0.875, String::new())]);
    }
}
