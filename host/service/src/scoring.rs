//! The three similarities of a hit: how much of the question's weight its text holds, how near its vector is, and the
//! two together.

use mortise_index::TermStats;
use mortise_text::analyzer::QueryTerm;

/// A question's distinct terms with their share of its weight, by the index's document frequencies.
pub(crate) struct TermWeights {
    shares: Vec<f64>,
}

/// A piece of a word says less than the word.
const PART: f64 = 0.5;

impl TermWeights {
    /// Weights by inverse document frequency, `ln(1 + (N − n + 0.5) / (n + 0.5))` (BM25's), normalised to sum 1.
    pub(crate) fn new(stats: &TermStats, terms: &[QueryTerm]) -> Self {
        let n = stats.chunks as f64;
        let idf = |df: u64| (1.0 + ((n - df as f64).max(0.0) + 0.5) / (df as f64 + 0.5)).ln();
        let weights: Vec<f64> = stats
            .frequencies
            .iter()
            .zip(terms)
            .map(|(&df, term)| idf(df) * if term.part { PART } else { 1.0 })
            .collect();
        let sum: f64 = weights.iter().sum();
        Self { shares: weights.into_iter().map(|w| if sum > 0.0 { w / sum } else { 0.0 }).collect() }
    }

    /// Share of the question's weight that a chunk holds, 0..1. Bit `i` of `matched` says that it holds term `i`.
    pub(crate) fn similarity(&self, matched: u64) -> f64 {
        let held = self.shares.iter().take(64).enumerate().filter(|(i, _)| matched >> i & 1 == 1);
        held.map(|(_, share)| share).sum::<f64>().min(1.0)
    }
}

/// `(1 − weight)·term + weight·vector`; a weight outside 0..1 counts as the nearer end, a negative cosine as 0.
pub(crate) fn combine(term: f64, vector: f64, weight: f64) -> f64 {
    let weight = weight.clamp(0.0, 1.0);
    (1.0 - weight) * term + weight * vector.max(0.0)
}

/// Cosine of two vectors of one length; 0 when one of them is zero.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_terms_weigh_more() {
        let terms = ["the", "mortise"].map(|term| QueryTerm { term: term.into(), part: false });
        let weights = TermWeights::new(&TermStats { chunks: 1000, frequencies: vec![900, 2] }, &terms);
        assert!(weights.similarity(0b10) > 0.9);
        assert!((weights.similarity(0b11) - 1.0).abs() < 1e-9);
        assert_eq!(weights.similarity(0), 0.0);
    }

    #[test]
    fn weights_outside_the_range_count_as_the_end() {
        assert_eq!(combine(1.0, 0.5, 10.0), 0.5);
        assert_eq!(combine(1.0, 0.5, -1.0), 1.0);
        assert_eq!(combine(1.0, -0.5, 0.5), 0.5);
    }
}
