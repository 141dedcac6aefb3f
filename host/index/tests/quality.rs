//! Ranking quality of full text on public test collections, by nDCG@10 with linear gain as trec_eval has it.
//!
//! Slow without optimisation, so ignored unless asked for:
//! `cargo test -p mortise-index --test quality -- --ignored --nocapture`. Skips where the collections are absent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are tests too"
)]

use mortise_domain::{Change, DatasetId, DocumentId, IndexedChunk, TenantId};
use mortise_index::{EmbeddedIndex, Filter, Index};
use mortise_text::analyzer::terms_for_query;
use std::collections::HashMap;
use std::path::PathBuf;

struct Collection {
    corpus: Vec<(String, String, String)>,
    queries: Vec<(String, String)>,
    /// Grades by query and document.
    grades: HashMap<String, HashMap<String, f64>>,
}

fn collection(name: &str) -> Option<Collection> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/ircollections").join(name);
    let Ok(corpus) = std::fs::read_to_string(folder.join("corpus.jsonl")) else {
        println!("skipped: no collection {name}");
        return None;
    };
    let json = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let text = |value: &serde_json::Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let corpus = corpus.lines().map(json).map(|v| (text(&v, "id"), text(&v, "title"), text(&v, "text"))).collect();
    let queries = std::fs::read_to_string(folder.join("queries.jsonl")).unwrap();
    let queries = queries.lines().map(json).map(|v| (text(&v, "id"), text(&v, "text"))).collect();
    let mut grades: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for line in std::fs::read_to_string(folder.join("qrels.tsv")).unwrap().lines() {
        let [query, document, grade] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        grades.entry(query.into()).or_default().insert(document.into(), grade.parse().unwrap());
    }
    Some(Collection { corpus, queries, grades })
}

fn ndcg(found: &[&str], grades: &HashMap<String, f64>) -> f64 {
    let gain = |grades: &[f64]| -> f64 {
        grades.iter().take(10).enumerate().map(|(rank, grade)| grade / (rank as f64 + 2.0).log2()).sum()
    };
    let mut ideal: Vec<f64> = grades.values().copied().filter(|&grade| grade > 0.0).collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let found: Vec<f64> = found.iter().map(|id| grades.get(*id).copied().unwrap_or(0.0).max(0.0)).collect();
    gain(&found) / gain(&ideal)
}

async fn measure(name: &str, min_match: f32) -> Option<f64> {
    let collection = collection(name)?;
    let folder = tempfile::tempdir().unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    let changes = collection.corpus.iter().enumerate().map(|(row, (id, title, text))| Change {
        seq: row as u64 + 1,
        row: row as i64,
        chunk: Some(IndexedChunk {
            tenant: TenantId::new("t"),
            dataset: DatasetId::new("d"),
            document: DocumentId::new(id.as_str()),
            text: text.clone(),
            context: Vec::new(),
            title: Some(title.clone()),
            keywords: Vec::new(),
            questions: Vec::new(),
            available: true,
            vectors: Vec::new(),
        }),
    });
    let last = collection.corpus.len() as u64;
    index.apply(changes.collect(), 0, last).await.unwrap();
    index.commit().await.unwrap();
    let filter = Filter::new(TenantId::new("t"), vec![DatasetId::new("d")]);
    let (mut sum, mut recall, mut count) = (0.0, 0.0, 0);
    for (id, question) in &collection.queries {
        let Some(grades) = collection.grades.get(id) else { continue };
        let hits = index.search_text(&terms_for_query(question), &filter, min_match, 100).await.unwrap();
        let found: Vec<&str> = hits.iter().map(|hit| collection.corpus[hit.row as usize].0.as_str()).collect();
        sum += ndcg(&found, grades);
        let relevant = grades.values().filter(|&&grade| grade > 0.0).count();
        let met = found.iter().filter(|id| grades.get(**id).is_some_and(|&grade| grade > 0.0)).count();
        recall += met as f64 / relevant as f64;
        count += 1;
    }
    let (ndcg, recall) = (sum / f64::from(count), recall / f64::from(count));
    println!("{name}: nDCG@10 {ndcg:.4}, recall@100 {recall:.4} ({count} queries, min_match {min_match})");
    Some(ndcg)
}

#[tokio::test]
#[ignore = "slow without optimisation"]
async fn cranfield() {
    if let Some(ndcg) = measure("cranfield", 0.0).await {
        assert!(ndcg >= 0.367);
    }
}

#[tokio::test]
#[ignore = "slow without optimisation"]
async fn cmrc() {
    if let Some(ndcg) = measure("cmrc2018-zh", 0.0).await {
        assert!(ndcg >= 0.985);
    }
}

#[tokio::test]
#[ignore = "slow without optimisation"]
async fn stard() {
    if let Some(ndcg) = measure("stard-civil-zh", 0.0).await {
        assert!(ndcg >= 0.42);
    }
}

#[tokio::test]
#[ignore = "slow without optimisation"]
async fn vaswani() {
    if let Some(ndcg) = measure("vaswani-npl", 0.0).await {
        assert!(ndcg >= 0.43);
    }
}
