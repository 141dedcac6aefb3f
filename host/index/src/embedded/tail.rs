//! The newest vectors of a set, in memory; the journal keeps them across restarts until they move to a segment.

use super::rows::{Bits, Rows, float_stride, quantize};
use std::collections::HashMap;

/// Vectors in the order they came. A changed vector is added again and the old place is dead.
#[derive(Default)]
pub(super) struct Tail {
    dims: usize,
    rows: Vec<i64>,
    documents: Vec<u32>,
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    codes: Vec<i8>,
    scales: Vec<[f32; 2]>,
    floats: Vec<f32>,
    dead: Bits,
    hidden: Bits,
    /// Places that are not dead.
    places: HashMap<i64, usize>,
}

impl Tail {
    pub(super) fn new(dims: usize) -> Self {
        Self { dims, ..Self::default() }
    }

    pub(super) fn view(&self) -> Rows<'_> {
        Rows {
            rows: &self.rows,
            documents: &self.documents,
            codes: &self.codes,
            scales: &self.scales,
            floats: &self.floats,
            dead: &self.dead,
            hidden: &self.hidden,
        }
    }

    /// Names of documents by number.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn number(&self, document: &str) -> Option<usize> {
        self.numbers.get(document).map(|&number| number as usize)
    }

    /// Number of places, dead ones too.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Number of vectors.
    pub(super) fn live(&self) -> usize {
        self.places.len()
    }

    pub(super) fn place(&self, row: i64) -> Option<usize> {
        self.places.get(&row).copied()
    }

    /// Adds a unit vector of this tail's length.
    pub(super) fn put(&mut self, row: i64, document: &str, available: bool, unit: &[f32]) {
        self.delete(row);
        let place = self.rows.len();
        let number = match self.numbers.get(document) {
            Some(&number) => number,
            None => {
                let number = self.names.len() as u32;
                self.names.push(document.to_owned());
                self.numbers.insert(document.to_owned(), number);
                number
            }
        };
        self.rows.push(row);
        self.documents.push(number);
        self.scales.push(quantize(unit, &mut self.codes));
        self.floats.extend_from_slice(unit);
        self.floats.resize((place + 1) * float_stride(self.dims), 0.0);
        self.hidden.set(place, !available);
        self.places.insert(row, place);
    }

    pub(super) fn delete(&mut self, row: i64) {
        if let Some(place) = self.places.remove(&row) {
            self.dead.set(place, true);
        }
    }

    pub(super) fn show(&mut self, place: usize, available: bool) {
        self.hidden.set(place, !available);
    }
}
