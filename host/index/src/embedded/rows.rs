//! Vectors side by side, wherever they lie: what a segment and the tail have in common, and the exact search in it.

use super::scan::{dot, products, query_range};
use crate::VectorHit;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A set of places, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    count: usize,
}

impl Bits {
    pub(super) fn get(&self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(super) fn set(&mut self, at: usize, on: bool) {
        if self.get(at) == on {
            return;
        }
        if at / 64 >= self.words.len() {
            self.words.resize(at / 64 + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at / 64) {
            *word ^= 1 << (at % 64);
        }
        self.count = if on { self.count + 1 } else { self.count - 1 };
    }

    /// Number of bits set.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    pub(super) fn from_words(words: Vec<u64>) -> Self {
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words, count }
    }
}

/// Values a row of codes takes: whole vector registers.
pub(super) fn code_stride(dims: usize) -> usize {
    dims.next_multiple_of(32)
}

/// Values a row of floats takes: whole cache lines.
pub(super) fn float_stride(dims: usize) -> usize {
    dims.next_multiple_of(16)
}

/// `vector` with length 1; `None` when it has no direction or is not made of numbers.
pub(super) fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    let norm = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    let usable = norm.is_finite() && norm > 1e-30;
    usable.then(|| vector.iter().map(|&x| (f64::from(x) / norm) as f32).collect())
}

/// Appends the byte form of a unit vector to `codes` and gives `[scale, residual]`: the value of one step, and the
/// length of what rounding took away.
pub(super) fn quantize(unit: &[f32], codes: &mut Vec<i8>) -> [f32; 2] {
    let largest = unit.iter().fold(0f32, |largest, x| largest.max(x.abs()));
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    let mut residual = 0f64;
    codes.extend(unit.iter().map(|x| {
        let code = (x / scale).round().clamp(-127.0, 127.0);
        residual += f64::from(x - code * scale).powi(2);
        code as i8
    }));
    codes.resize(codes.len() + code_stride(unit.len()) - unit.len(), 0);
    [scale, residual.sqrt() as f32]
}

/// Vectors of one length with what belongs to them, by place.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Row numbers of the chunks.
    pub(super) rows: &'a [i64],
    /// Their documents, as numbers whose meaning the owner of the block knows.
    pub(super) documents: &'a [u32],
    /// Byte forms, [`code_stride`] apart.
    pub(super) codes: &'a [i8],
    /// Step and residual of each byte form.
    pub(super) scales: &'a [[f32; 2]],
    /// Unit vectors, [`float_stride`] apart.
    pub(super) floats: &'a [f32],
    /// Places deleted or superseded.
    pub(super) dead: &'a Bits,
    /// Places of unavailable chunks.
    pub(super) hidden: &'a Bits,
}

impl<'a> Rows<'a> {
    /// The unit vector at a place.
    pub(super) fn vector(&self, at: usize, dims: usize) -> &'a [f32] {
        let start = at * float_stride(dims);
        self.floats.get(start..start + dims).unwrap_or(&[])
    }
}

/// A block to search and which of it counts.
pub(super) struct Candidates<'a> {
    pub(super) rows: Rows<'a>,
    /// Documents that count, by number; `None` = all.
    pub(super) documents: Option<Vec<bool>>,
    pub(super) available_only: bool,
}

impl Candidates<'_> {
    fn counts(&self, at: usize) -> bool {
        let document = || self.rows.documents.get(at).map(|&number| number as usize);
        let gone = self.rows.dead.get(at) || (self.available_only && self.rows.hidden.get(at));
        !gone && self.documents.as_ref().is_none_or(|wanted| document().is_some_and(|d| wanted.get(d) == Some(&true)))
    }
}

/// The block with this index does not hold what its byte forms promise.
#[derive(Debug)]
pub(super) struct Damaged(pub(super) usize);

/// A vector to look for.
pub(super) struct Question {
    unit: Vec<f32>,
    codes: Vec<i16>,
    scale: f32,
    /// Length of what rounding took away.
    residual: f32,
}

impl Question {
    /// `None` for a vector without a direction.
    pub(super) fn new(vector: &[f32]) -> Option<Self> {
        let unit = unit(vector)?;
        let largest = unit.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        let scale = largest / f32::from(query_range(unit.len()));
        let mut codes: Vec<i16> = unit.iter().map(|x| (x / scale).round() as i16).collect();
        let lost = unit.iter().zip(&codes).map(|(x, &c)| f64::from(x - f32::from(c) * scale).powi(2)).sum::<f64>();
        codes.resize(code_stride(unit.len()), 0);
        Some(Self { unit, codes, scale, residual: lost.sqrt() as f32 })
    }

    /// The cosine with a stored unit vector.
    pub(super) fn cosine(&self, stored: &[f32]) -> f32 {
        dot(&self.unit, stored).clamp(-1.0, 1.0)
    }

    /// The `k` nearest of all that counts, exactly, best first, equals by row.
    ///
    /// A first pass over the byte forms brackets every cosine: with question q = q̂ + e and vector x = x̂ + f, both of
    /// length 1, |q·x − q̂·x̂| ≤ |e| + (1 + |e|)·|f|. What cannot be among the k best is out; the rest is computed from
    /// the floats, most promising first, until no bracket reaches the k-th best. Floats that fall out of their bracket
    /// are damaged.
    pub(super) fn nearest(&self, blocks: &[Candidates<'_>], k: usize) -> Result<Vec<VectorHit>, Damaged> {
        let total: usize = blocks.iter().map(|block| block.rows.rows.len()).sum();
        let k = k.min(total);
        if k == 0 {
            return Ok(Vec::new());
        }
        // (upper bound, block, place)
        let mut promising: Vec<(f32, usize, usize)> = Vec::new();
        let mut lower = Best::new(k);
        for (index, block) in blocks.iter().enumerate() {
            let places = (0..block.rows.rows.len()).filter(|&at| block.counts(at));
            products(block.rows.codes, &self.codes, places, |at, product| {
                let (about, margin) = self.bracket(&block.rows, at, product);
                if about + margin >= lower.least() {
                    promising.push((about + margin, index, at));
                    lower.offer(about - margin);
                }
            });
        }
        let least = lower.least();
        promising.retain(|candidate| candidate.0 >= least);
        promising.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut exact = Best::new(k);
        let mut hits: Vec<VectorHit> = Vec::new();
        for (upper, index, at) in promising {
            if upper < exact.least() {
                break;
            }
            let rows = &blocks[index].rows;
            let cosine = self.cosine(rows.vector(at, self.unit.len()));
            let mut product = 0;
            products(rows.codes, &self.codes, std::iter::once(at), |_, sum| product = sum);
            let (about, margin) = self.bracket(rows, at, product);
            if (cosine - about).abs() > margin || cosine.is_nan() {
                return Err(Damaged(index));
            }
            if cosine >= exact.least() {
                exact.offer(cosine);
                hits.push(VectorHit { row: rows.rows[at], cosine });
            }
        }
        hits.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.row.cmp(&b.row)));
        hits.truncate(k);
        Ok(hits)
    }

    /// The approximate cosine and how far off it can be.
    fn bracket(&self, rows: &Rows<'_>, at: usize, product: i32) -> (f32, f32) {
        /// For the rounding of 32-bit arithmetic itself.
        const ROUNDING: f32 = 2e-5;
        let [scale, residual] = rows.scales.get(at).copied().unwrap_or_default();
        let about = product as f32 * self.scale * scale;
        (about, self.residual + (1.0 + self.residual) * residual + ROUNDING)
    }
}

/// The k-th best of the scores offered so far.
struct Best {
    heap: BinaryHeap<Reverse<Score>>,
    k: usize,
}

impl Best {
    fn new(k: usize) -> Self {
        Self { heap: BinaryHeap::with_capacity(k + 1), k }
    }

    fn offer(&mut self, score: f32) {
        self.heap.push(Reverse(Score(score)));
        if self.heap.len() > self.k {
            self.heap.pop();
        }
    }

    fn least(&self) -> f32 {
        let full = self.heap.len() >= self.k;
        self.heap.peek().filter(|_| full).map_or(f32::NEG_INFINITY, |least| least.0.0)
    }
}

#[derive(PartialEq)]
struct Score(f32);

impl Eq for Score {}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
