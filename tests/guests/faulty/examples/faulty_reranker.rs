//! A reranker, the share of the query's words that a text has, with bugs to choose from.

use faulty::{Fault, terms};
use mortise_sdk::reranker::Reranker;
use mortise_sdk::{Description, Result};
use std::collections::HashSet;

pub struct Share(Fault);

impl Reranker for Share {
    type Config = Fault;

    fn describe() -> Description {
        Description::new("faulty-reranker", env!("CARGO_PKG_VERSION"), "Shares of common words, with a bug")
    }

    fn open(fault: Fault) -> Result<Self> {
        Ok(Self(fault))
    }

    fn score(&self, query: &str, texts: &[String]) -> Result<Vec<f32>> {
        let query: HashSet<String> = terms(query).into_iter().collect();
        let share = |text: &String| {
            let text: HashSet<String> = terms(text).into_iter().collect();
            query.intersection(&text).count() as f32 / query.len().max(1) as f32
        };
        let mut scores: Vec<f32> = texts.iter().map(share).collect();
        if self.0.is("sorts") {
            scores.sort_by(|a, b| b.total_cmp(a));
        }
        if self.0.is("by-position") {
            scores.iter_mut().enumerate().for_each(|(at, score)| *score = 1.0 / (at + 1) as f32);
        }
        if self.0.is("upside-down") {
            scores.iter_mut().for_each(|score| *score = 1.0 - *score);
        }
        if self.0.is("constant") {
            scores.fill(0.5);
        }
        if self.0.is("divides-by-zero") && query.is_empty() {
            scores.fill(f32::NAN);
        }
        if self.0.is("at-most-hundred") {
            scores.truncate(100);
        }
        Ok(scores)
    }
}

mortise_sdk::export_reranker!(Share);
