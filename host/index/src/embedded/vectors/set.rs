//! The vectors of one dataset, embedder and length.

use crate::embedded::journal::Op;
use crate::embedded::segment::Segment;
use crate::embedded::tail::Tail;
use mortise_domain::IndexedChunk;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Vectors of one dataset, embedder and length.
pub(super) struct Set {
    pub(super) key: Key,
    pub(super) segments: Vec<Segment>,
    pub(super) tail: Tail,
}

/// What tells sets apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) tenant: String,
    pub(super) dataset: String,
    pub(super) space: String,
    pub(super) dims: usize,
}

/// Where a live vector lies in its set.
pub(super) enum Place {
    Tail(usize),
    Segment(usize, usize),
}

impl Set {
    pub(super) fn new(key: Key) -> Self {
        Self { tail: Tail::new(key.dims), key, segments: Vec::new() }
    }

    /// Where a row's vector lies. `Err` when a segment is damaged.
    pub(super) fn place(&self, row: i64) -> Result<Option<Place>, ()> {
        if let Some(at) = self.tail.place(row) {
            return Ok(Some(Place::Tail(at)));
        }
        for (index, segment) in self.segments.iter().enumerate() {
            if let Some(at) = segment.place(row)? {
                return Ok(Some(Place::Segment(index, at)));
            }
        }
        Ok(None)
    }

    pub(super) fn vector(&self, row: i64) -> Result<Option<&[f32]>, ()> {
        Ok(match self.place(row)? {
            Some(Place::Tail(at)) => Some(self.tail.view().vector(at, self.key.dims)),
            Some(Place::Segment(index, at)) => {
                self.segments.get(index).and_then(Segment::view).map(|rows| rows.vector(at, self.key.dims))
            }
            None => None,
        })
    }

    /// Whether the row is available, if its vector is here just so already.
    pub(super) fn state(&self, row: i64, chunk: &IndexedChunk, unit: &[f32]) -> Result<Option<bool>, ()> {
        let Some(place) = self.place(row)? else { return Ok(None) };
        let (rows, names, at) = match place {
            Place::Tail(at) => (self.tail.view(), self.tail.names(), at),
            Place::Segment(index, at) => {
                let segment = self.segments.get(index).ok_or(())?;
                (segment.view().ok_or(())?, segment.names(), at)
            }
        };
        let name = rows.documents.get(at).and_then(|&number| names.get(number as usize));
        let same = name.is_some_and(|name| name == chunk.document.as_str()) && rows.vector(at, self.key.dims) == unit;
        Ok(same.then(|| !rows.hidden.get(at)))
    }
}

/// Does one operation. Those that concern nothing do nothing.
pub(super) fn perform(sets: &mut BTreeMap<u32, Set>, op: Op) {
    match op {
        Op::Define { set, tenant, dataset, space, dims } => {
            let key = Key { tenant, dataset, space, dims: dims as usize };
            sets.entry(set).or_insert_with(|| Set::new(key));
        }
        Op::Put { set, row, document, available, unit } => {
            if let Some(set) = sets.get_mut(&set).filter(|set| set.key.dims == unit.len()) {
                remove(set, row);
                set.tail.put(row, &document, available, &unit);
            }
        }
        Op::Delete { set, row } => {
            if let Some(set) = sets.get_mut(&set) {
                remove(set, row);
            }
        }
        Op::Show { set, row, available } => {
            let Some(set) = sets.get_mut(&set) else { return };
            match set.place(row) {
                Ok(Some(Place::Tail(at))) => set.tail.show(at, available),
                Ok(Some(Place::Segment(index, at))) => {
                    if let Some(segment) = set.segments.get_mut(index) {
                        segment.show(at, available);
                    }
                }
                Ok(None) | Err(()) => {}
            }
        }
    }
}

fn remove(set: &mut Set, row: i64) {
    match set.place(row) {
        Ok(Some(Place::Tail(_))) => set.tail.delete(row),
        Ok(Some(Place::Segment(index, at))) => {
            if let Some(segment) = set.segments.get_mut(index) {
                segment.delete(at);
            }
        }
        // A damaged segment loses the whole set as soon as it is searched.
        Ok(None) | Err(()) => {}
    }
}
