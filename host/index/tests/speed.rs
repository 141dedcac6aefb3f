//! What opening and searching cost. Prints and asserts little, so ignored unless asked for, and of use only when
//! optimised: `cargo test --release -p mortise-index --test speed -- --ignored --nocapture`.

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
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::{Duration, Instant};

const DIMS: usize = 384;

fn vector(random: &mut StdRng) -> Vec<f32> {
    // Sums of uniform numbers are close to normal ones, as embeddings are.
    (0..DIMS).map(|_| (0..4).map(|_| random.random_range(-1.0f32..1.0)).sum()).collect()
}

fn chunk(row: i64, vector: Vec<f32>) -> IndexedChunk {
    IndexedChunk {
        tenant: TenantId::new("t"),
        dataset: DatasetId::new("d"),
        document: DocumentId::new(format!("{}", row / 50)),
        text: format!("harbour {} pilots {}", row % 97, row % 13),
        context: Vec::new(),
        title: None,
        keywords: Vec::new(),
        questions: Vec::new(),
        available: true,
        vectors: vec![("e".into(), vector)],
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("RssAnon") || line.starts_with("RssFile"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

async fn median<F: Future>(mut work: impl FnMut() -> F) -> Duration {
    let mut times = Vec::new();
    for _ in 0..31 {
        let started = Instant::now();
        work().await;
        times.push(started.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

async fn measure(rows: i64) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(1);
    let started = Instant::now();
    {
        let index = EmbeddedIndex::open(folder.path()).await.unwrap();
        for from in (0..rows).step_by(2_000) {
            let changes = (from..from + 2_000).map(|row| Change {
                seq: row as u64 + 1,
                row,
                chunk: Some(chunk(row, vector(&mut random))),
            });
            index.apply(changes.collect(), from as u64, from as u64 + 2_000).await.unwrap();
            index.commit().await.unwrap();
        }
        println!("{rows} rows applied in {:?}; {}", started.elapsed(), memory());
        index.rest().await.unwrap();
        println!("at rest: {}", memory());
    }
    let started = Instant::now();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    assert_eq!(index.applied().await.unwrap(), rows as u64);
    println!("opened in {:?}; {}", started.elapsed(), memory());
    let all = Filter::new(TenantId::new("t"), vec![DatasetId::new("d")]);
    let query = vector(&mut random);
    let started = Instant::now();
    index.search_vectors("e", &query, &all, 10).await.unwrap();
    println!("first vector search {:?}; {}", started.elapsed(), memory());
    for k in [10, 1_024] {
        println!("vectors, top {k}: {:?}", median(|| index.search_vectors("e", &query, &all, k)).await);
    }
    let documents = (0..20).map(|id| DocumentId::new(format!("{}", id * 3))).collect();
    let few = Filter { documents: Some(documents), ..all.clone() };
    println!("vectors of 20 documents, top 10: {:?}", median(|| index.search_vectors("e", &query, &few, 10)).await);
    let terms = terms_for_query("harbour pilots 7");
    println!("text, top 100: {:?}", median(|| index.search_text(&terms, &all, 0.3, 100)).await);
    let near: Vec<i64> = (0..1_024).map(|at| at * rows / 1_024).collect();
    println!("1024 cosines: {:?}", median(|| index.cosines("e", &query, &all, &near)).await);
}

#[tokio::test]
#[ignore = "measures"]
async fn ten_thousand() {
    measure(10_000).await;
}

#[tokio::test]
#[ignore = "measures"]
async fn hundred_thousand() {
    measure(100_000).await;
}
