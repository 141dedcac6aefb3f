//! The overlap reranker: how much of the query a text covers, and how closely. Offline and deterministic.
//!
//! A query term weighs more the fewer of the candidates have it. The score is a weighted mean of
//! - coverage: the weight of the terms that the text has, out of all;
//! - proximity: how much of that weight fits into the best short window of the text;
//! - order: how many neighbouring query terms stand next to each other in the same order.
//!
//! Each is in 0..1, so the score is too; a text with no query term scores 0, one that contains the query scores 1.

use mortise_sdk::reranker::Reranker;
use mortise_sdk::{Description, Result};
use mortise_shared_text::term::{self, FUNCTION};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::HashMap;

/// Settings of the overlap reranker.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OverlapConfig {
    /// Share of the score that nearness of the terms decides.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub proximity: f32,
    /// Share of the score that the order of the terms decides.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub order: f32,
}

impl Default for OverlapConfig {
    fn default() -> Self {
        Self { proximity: 0.2, order: 0.1 }
    }
}

/// The plugin, opened.
pub struct Overlap {
    coverage: f32,
    proximity: f32,
    order: f32,
}

impl Reranker for Overlap {
    type Config = OverlapConfig;

    fn describe() -> Description {
        Description::new(
            "overlap",
            env!("CARGO_PKG_VERSION"),
            "Offline scores from how much of the query a text covers, and how closely",
        )
    }

    fn open(config: OverlapConfig) -> Result<Self> {
        // Shares, whatever was asked for: together at most 1, coverage the rest.
        let share = |x: f32| if x.is_finite() { x.clamp(0.0, 1.0) } else { 0.0 };
        let (proximity, order) = (share(config.proximity), share(config.order));
        let scale = 1.0 / (proximity + order).max(1.0);
        let (proximity, order) = (proximity * scale, order * scale);
        Ok(Self { coverage: 1.0 - proximity - order, proximity, order })
    }

    fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>> {
        let query = Query::new(query);
        let found: Vec<Vec<Hit>> = texts.iter().map(|text| query.find(text)).collect();
        let weights = query.weights(&found);
        let all: f32 = weights.iter().sum();
        let score = |hits: &Vec<Hit>| {
            if all <= 0.0 || hits.is_empty() {
                return 0.0;
            }
            let covered = covered(hits, &weights);
            let near = best_window(hits, &weights, query.window());
            let score = self.coverage * covered / all + self.proximity * near / all + self.order * query.in_order(hits);
            score.clamp(0.0, 1.0)
        };
        Ok(found.iter().map(score).collect())
    }
}

mortise_sdk::export_reranker!(Overlap);

/// A query term in a text.
#[derive(Clone, Copy)]
struct Hit {
    /// Index of the distinct term.
    term: usize,
    /// Word number in the text.
    at: u32,
}

/// The distinct terms of a query.
struct Query {
    terms: HashMap<Vec<u8>, usize>,
    /// What each term weighs by itself.
    base: Vec<f32>,
    /// Terms that follow each other.
    neighbours: Vec<(usize, usize)>,
}

impl Query {
    fn new(text: &str) -> Self {
        let mut query = Self { terms: HashMap::new(), base: vec![], neighbours: vec![] };
        let mut words: Vec<(Vec<u8>, f32)> = Vec::new();
        term::for_each(text, |term, weight| words.push((term.to_vec(), weight)));
        // Function words count only when the query has nothing else.
        let least = if words.iter().any(|(_, weight)| *weight > FUNCTION) { FUNCTION } else { 0.0 };
        let mut last = None;
        for (term, weight) in words.into_iter().filter(|(_, weight)| *weight > least) {
            let next = query.base.len();
            let number = *query.terms.entry(term).or_insert(next);
            if number == next {
                query.base.push(weight);
            }
            if let Some(last) = last
                && last != number
                && !query.neighbours.contains(&(last, number))
            {
                query.neighbours.push((last, number));
            }
            last = Some(number);
        }
        query
    }

    fn find(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut at = 0;
        term::for_each(text, |term, weight| {
            // Function words between two terms do not part them.
            at += u32::from(weight > FUNCTION);
            hits.extend(self.terms.get(term).map(|&term| Hit { term, at }));
        });
        hits
    }

    /// The weight of every term, given which candidates have it.
    fn weights(&self, found: &[Vec<Hit>]) -> Vec<f32> {
        let mut have = vec![0_u32; self.base.len()];
        for hits in found {
            let mut seen = vec![false; self.base.len()];
            for hit in hits {
                have[hit.term] += u32::from(!std::mem::replace(&mut seen[hit.term], true));
            }
        }
        let n = found.len() as f32;
        // BM25's inverse document frequency, raised so that a term which every candidate has still counts.
        let idf = |have: u32| (1.0 + (n - have as f32 + 0.5) / (have as f32 + 0.5)).ln() + 0.5;
        self.base.iter().zip(have).map(|(base, have)| base * idf(have)).collect()
    }

    /// How many words the terms may be spread over and still count as near.
    fn window(&self) -> u32 {
        self.base.len() as u32 * 3 + 4
    }

    /// Share of neighbouring query terms that are neighbours in the text, too; 1 for a query of one term.
    fn in_order(&self, hits: &[Hit]) -> f32 {
        if self.neighbours.is_empty() {
            return 1.0;
        }
        let kept = self.neighbours.iter().filter(|(first, second)| {
            let mut pairs = hits.windows(2);
            pairs.any(|pair| pair[0].term == *first && pair[1].term == *second && pair[1].at - pair[0].at <= 2)
        });
        kept.count() as f32 / self.neighbours.len() as f32
    }
}

fn covered(hits: &[Hit], weights: &[f32]) -> f32 {
    let mut seen = vec![false; weights.len()];
    hits.iter().filter(|hit| !std::mem::replace(&mut seen[hit.term], true)).map(|hit| weights[hit.term]).sum()
}

/// The greatest weight of distinct terms within `window` words.
fn best_window(hits: &[Hit], weights: &[f32], window: u32) -> f32 {
    let mut inside = vec![0_u32; weights.len()];
    let (mut best, mut start) = (0.0_f32, 0);
    for (end, hit) in hits.iter().enumerate() {
        inside[hit.term] += 1;
        while hit.at - hits[start].at > window {
            inside[hits[start].term] -= 1;
            start += 1;
        }
        if end >= start {
            // Summed anew, so that rounding does not pile up.
            best = best.max(inside.iter().zip(weights).filter(|(n, _)| **n > 0).map(|(_, w)| w).sum());
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(query: &str, texts: &[&str]) -> Vec<f32> {
        let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
        let model = Overlap::open(OverlapConfig::default()).unwrap();
        let scores = model.score(query, &texts).unwrap();
        assert_eq!(scores, model.score(query, &texts).unwrap());
        assert_eq!(scores.len(), texts.len());
        assert!(scores.iter().all(|s| (0.0..=1.0).contains(s)), "{scores:?}");
        scores
    }

    #[test]
    fn more_of_the_query_is_better() {
        let scores = score(
            "How heavy is the load of the harbour crane?",
            &[
                "The harbour crane lifts a heavy load of eight tons.",
                "The crane is a bird.",
                "Photosynthesis turns light into sugar.",
                "Heavy rain. The harbour was closed for a long time, and then a new load of grain came by the old crane road.",
            ],
        );
        assert!(scores[0] > scores[3] && scores[3] > scores[1] && scores[1] > scores[2], "{scores:?}");
        assert_eq!(scores[2], 0.0);
    }

    #[test]
    fn the_query_itself_scores_one() {
        for query in ["harbour crane load", "crane", "灯塔管理员数船", "塔", "to be or not to be"] {
            assert!((score(query, &[query, "x"])[0] - 1.0).abs() < 1e-5, "{query}");
        }
    }

    #[test]
    fn rare_terms_decide() {
        let scores = score("pump valve", &["the pump a", "the pump b", "the pump c", "the valve"]);
        assert!(scores[3] > scores[0]);
    }

    #[test]
    fn chinese_in_pairs() {
        let scores = score("灯塔管理员", &["灯塔管理员数了七艘船", "管灯员理塔", "光合作用"]);
        assert!(scores[0] > 0.9 && scores[1] < 0.1 && scores[2] == 0.0, "{scores:?}");
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(score("", &["a", ""]), [0.0, 0.0]);
        assert_eq!(score("?!", &["a"]), [0.0]);
        assert!(score("a", &[]).is_empty());
        let model = Overlap::open(OverlapConfig { proximity: f32::NAN, order: 7.0 }).unwrap();
        assert_eq!(model.score("a b", &["a b".into()]).unwrap(), [1.0]);
    }
}
