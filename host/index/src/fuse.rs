//! Arithmetic of combining two rankings: small, pure, and the same for every index.

use std::collections::HashMap;

/// Scales scores to 0..1: the lowest becomes 0, the highest 1. Equal scores all become 1; not-a-number becomes 0.
pub fn min_max(scores: &[f32]) -> Vec<f32> {
    let finite = || scores.iter().copied().filter(|score| score.is_finite());
    let low = finite().fold(f32::INFINITY, f32::min);
    let high = finite().fold(f32::NEG_INFINITY, f32::max);
    let scale = |score: f32| match score {
        _ if !score.is_finite() => 0.0,
        _ if high > low => (score - low) / (high - low),
        _ => 1.0,
    };
    scores.iter().map(|&score| scale(score)).collect()
}

/// Sum of two rankings of `(row, score)`, each scaled by [`min_max`], with the second weighing `weight` (0..1) and
/// the first the rest. A row that one side lacks gets 0 from it. Best first, equal scores by row.
pub fn weighted(first: &[(i64, f32)], second: &[(i64, f32)], weight: f32) -> Vec<(i64, f32)> {
    let mut sums: HashMap<i64, f32> = HashMap::with_capacity(first.len() + second.len());
    for (side, weight) in [(first, 1.0 - weight), (second, weight)] {
        let scores: Vec<f32> = side.iter().map(|hit| hit.1).collect();
        for (hit, score) in side.iter().zip(min_max(&scores)) {
            *sums.entry(hit.0).or_default() += weight * score;
        }
    }
    let mut hits: Vec<(i64, f32)> = sums.into_iter().collect();
    hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        assert_eq!(min_max(&[2.0, 4.0, 3.0]), [0.0, 1.0, 0.5]);
        assert_eq!(min_max(&[7.0, 7.0]), [1.0, 1.0]);
        assert_eq!(min_max(&[f32::NAN, 1.0, 2.0]), [0.0, 0.0, 1.0]);
        assert!(min_max(&[]).is_empty());
    }

    #[test]
    fn sums_by_weight() {
        let text = [(1, 9.0), (2, 5.0), (3, 1.0)];
        let vectors = [(3, 0.9), (2, 0.5), (4, 0.1)];
        assert_eq!(weighted(&text, &vectors, 0.0).first(), Some(&(1, 1.0)));
        assert_eq!(weighted(&text, &vectors, 1.0).first(), Some(&(3, 1.0)));
        let even = weighted(&text, &vectors, 0.5);
        assert_eq!(even.iter().map(|hit| hit.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(weighted(&[], &[], 0.5).is_empty());
    }
}
