//! How good the vectors are: nDCG@10 and recall@10 of an exact search over a test collection, and the speed.
//!
//! `cargo run --profile component -p mortise-embedder-hashed --example evaluate -- <folder> [dimensions] [name=value …]`
//! The folder holds `corpus.jsonl`, `queries.jsonl` and `qrels.tsv`; names are those of `Tuning`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "a tool for developers")]

use mortise_embedder_hashed::{Features, Tuning};
use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let folder = Path::new(&folder);
    let mut dimensions = 384;
    let mut tuning = Tuning::default();
    for argument in arguments {
        if let Ok(number) = argument.parse() {
            dimensions = number;
            continue;
        }
        let (name, value) = argument.split_once('=').unwrap();
        let value: f32 = value.parse().unwrap();
        match name {
            "function" => tuning.function = value,
            "everyday" => tuning.everyday = value,
            "word" => tuning.word = value,
            "ngrams" => tuning.ngrams = value,
            "pair" => tuning.pair = value,
            "character" => tuning.character = value,
            "particle" => tuning.particle = value,
            "characters" => tuning.characters = value,
            "saturation" => tuning.saturation = value,
            "spread" => tuning.spread = value as u32,
            name => panic!("no such weight: {name}"),
        }
    }
    let corpus = read(&folder.join("corpus.jsonl"));
    let queries = read(&folder.join("queries.jsonl"));
    let mut wanted: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for line in std::fs::read_to_string(folder.join("qrels.tsv")).unwrap().lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        wanted.entry(parts[0].into()).or_default().insert(parts[1].into(), parts[2].parse().unwrap());
    }
    let start = Instant::now();
    let documents = embed(&corpus, dimensions, &tuning);
    let seconds = start.elapsed().as_secs_f64();
    let bytes: usize = corpus.iter().map(|(_, text)| text.len()).sum();
    let asked = embed(&queries, dimensions, &tuning);
    let (mut ndcg, mut recall, mut n) = (0.0, 0.0, 0.0);
    let mut cosines = Vec::new();
    for ((id, _), query) in queries.iter().zip(asked.chunks_exact(dimensions)) {
        let Some(wanted) = wanted.get(id) else { continue };
        let mut scored: Vec<(f32, &str)> = documents
            .chunks_exact(dimensions)
            .zip(&corpus)
            .map(|(d, (id, _))| (d.iter().zip(query).map(|(a, b)| a * b).sum(), id.as_str()))
            .collect();
        cosines.extend(scored.iter().step_by(37).filter(|(_, id)| !wanted.contains_key(*id)).map(|(c, _)| *c));
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let gain = |i: usize, grade: f64| grade / (i as f64 + 2.0).log2();
        let found = scored.iter().take(10).enumerate();
        let dcg: f64 = found.filter_map(|(i, (_, id))| wanted.get(*id).map(|g| gain(i, *g))).sum();
        let mut ideal: Vec<f64> = wanted.values().copied().collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        let ideal: f64 = ideal.iter().take(10).enumerate().map(|(i, g)| gain(i, *g)).sum();
        ndcg += if ideal > 0.0 { dcg / ideal } else { 0.0 };
        recall +=
            scored.iter().take(10).filter(|(_, id)| wanted.contains_key(*id)).count() as f64 / wanted.len() as f64;
        n += 1.0;
    }
    cosines.sort_by(f32::total_cmp);
    let at = |share: f64| cosines[((cosines.len() - 1) as f64 * share) as usize];
    println!(
        "nDCG@10 {:.4}  recall@10 {:.4}  queries {n}  {:.1} MB/s  cosine of others: median {:.3}, 99 % {:.3}",
        ndcg / n,
        recall / n,
        bytes as f64 / 1e6 / seconds,
        at(0.5),
        at(0.99)
    );
}

fn read(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let record = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let part = |key: &str| value[key].as_str().unwrap_or("").to_owned();
        (part("id"), format!("{} {}", part("title"), part("text")))
    };
    text.lines().map(record).collect()
}

fn embed(texts: &[(String, String)], dimensions: usize, tuning: &Tuning) -> Vec<f32> {
    let mut features = Features::new(tuning.clone());
    let mut values = vec![0.0; texts.len() * dimensions];
    for ((_, text), vector) in texts.iter().zip(values.chunks_exact_mut(dimensions)) {
        features.embed(text, vector);
    }
    values
}
