//! An embedder, vectors of hashed words, with bugs to choose from.

use faulty::{Fault, hash, terms};
use mortise_sdk::embedder::{Embedder, InputKind, Space, Vectors};
use mortise_sdk::{Description, Error, Result};
use std::cell::Cell;

pub struct Words {
    fault: Fault,
    calls: Cell<u32>,
    born: std::time::Instant,
    /// Milliseconds of the hour.
    born_at: u128,
}

const DIMENSIONS: usize = 256;

impl Embedder for Words {
    type Config = Fault;

    fn describe() -> Description {
        Description::new("faulty-embedder", env!("CARGO_PKG_VERSION"), "Vectors of hashed words, with a bug")
    }

    fn open(fault: Fault) -> Result<Self> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Self { fault, calls: Cell::new(0), born: std::time::Instant::now(), born_at: now.as_millis() % 3_600_000 })
    }

    fn space(&self) -> Space {
        let languages = if self.fault.is("wrong-language") { vec!["English".into(), "en_US".into()] } else { vec![] };
        Space { dimensions: DIMENSIONS as u32, max_tokens: 8192, normalised: true, languages }
    }

    fn embed(&self, texts: &[String], kind: InputKind) -> Result<Vectors> {
        let fault = &self.fault;
        if texts.is_empty() && fault.is("refuses-nothing") {
            return Err(Error::InvalidInput("no texts".into()));
        }
        let mut texts: Vec<&String> = texts.iter().collect();
        if fault.is("sorts-batch") {
            texts.sort();
        }
        self.calls.set(self.calls.get() + 1);
        let mut values = Vec::with_capacity(texts.len() * DIMENSIONS);
        for (number, text) in texts.iter().enumerate() {
            let mut vector = vec![0.0_f32; DIMENSIONS];
            for term in terms(text) {
                vector[hash(&term) as usize % DIMENSIONS] += 1.0;
            }
            if fault.is("one-vector") {
                vector = vec![1.0; DIMENSIONS];
            }
            if fault.is("remembers") {
                vector[0] += self.calls.get() as f32 * 10.0;
            }
            if fault.is("random") {
                std::thread::sleep(std::time::Duration::from_millis(2));
                vector[2] += self.born.elapsed().as_millis() as f32 + self.born_at as f32;
            }
            if fault.is("counts-batch") {
                vector[1] += number as f32 * 10.0;
            }
            if fault.is("queries-apart") && kind == InputKind::Query {
                vector.rotate_right(100);
            }
            let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
            let long = fault.is("long-not-normalised") && text.len() > 1000;
            if length > 0.0 && !fault.is("not-normalised") && !long {
                vector.iter_mut().for_each(|value| *value /= length);
            }
            if length == 0.0 && fault.is("nan-for-nothing") {
                vector.fill(f32::NAN);
            }
            values.extend(vector);
        }
        Ok(Vectors { dimensions: DIMENSIONS as u32, values, tokens: 1 })
    }
}

mortise_sdk::export_embedder!(Words);
