//! The embedded index as others see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests are tests too"
)]

use async_trait::async_trait;
use mortise_domain::{Change, ChangeSource, DatasetId, DocumentId, Error, IndexedChunk, Result, TenantId};
use mortise_index::{EmbeddedIndex, Filter, Follower, Index};
use mortise_text::analyzer::terms_for_query;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

fn chunk(dataset: &str, document: &str, text: &str) -> IndexedChunk {
    IndexedChunk {
        tenant: TenantId::new("t"),
        dataset: DatasetId::new(dataset),
        document: DocumentId::new(document),
        text: text.into(),
        context: Vec::new(),
        title: None,
        keywords: Vec::new(),
        questions: Vec::new(),
        available: true,
        vectors: vec![("e".into(), vec![text.len() as f32 + 1.0, 1.0, 0.5])],
    }
}

fn change(seq: u64, row: i64, chunk: impl Into<Option<IndexedChunk>>) -> Change {
    Change { seq, row, chunk: chunk.into() }
}

fn filter(datasets: &[&str]) -> Filter {
    Filter::new(TenantId::new("t"), datasets.iter().map(|&id| DatasetId::new(id)).collect())
}

async fn found(index: &EmbeddedIndex, question: &str, filter: &Filter) -> Vec<i64> {
    found_matching(index, question, filter, 0.0).await
}

async fn found_matching(index: &EmbeddedIndex, question: &str, filter: &Filter, min_match: f32) -> Vec<i64> {
    let hits = index.search_text(&terms_for_query(question), filter, min_match, 50).await.unwrap();
    assert!(hits.iter().all(|hit| hit.score > 0.0) && hits.is_sorted_by(|a, b| a.score >= b.score));
    hits.into_iter().map(|hit| hit.row).collect()
}

async fn sorted(index: &EmbeddedIndex, question: &str, filter: &Filter) -> Vec<i64> {
    let mut rows = found(index, question, filter).await;
    rows.sort_unstable();
    rows
}

async fn vector_rows(index: &EmbeddedIndex, filter: &Filter) -> Vec<i64> {
    let hits = index.search_vectors("e", &[1.0, 1.0, 1.0], filter, 1_000).await.unwrap();
    let mut rows: Vec<i64> = hits.into_iter().map(|hit| hit.row).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn filters_hold_for_text_and_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    let stranger = IndexedChunk { tenant: TenantId::new("u"), ..chunk("a", "x", "cat") };
    let hidden = IndexedChunk { available: false, ..chunk("a", "x", "a hidden cat") };
    let changes = vec![
        change(1, 1, chunk("a", "x", "a cat")),
        change(1, 2, chunk("a", "y", "two cats")),
        change(1, 3, chunk("b", "z", "three cats")),
        change(1, 4, chunk("c", "w", "four cats")),
        change(1, 5, stranger),
        change(1, 6, hidden),
    ];
    index.apply(changes, 0, 1).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!((index.applied().await.unwrap(), index.count().await.unwrap()), (1, 6));
    assert_eq!(index.rows().await.unwrap(), [1, 2, 3, 4, 5, 6]);
    let document = |id: &str| Some(vec![DocumentId::new(id), DocumentId::new("absent")]);
    let cases = [
        (filter(&["a"]), vec![1, 2]),
        (filter(&["a", "b", "none"]), vec![1, 2, 3]),
        (filter(&[]), vec![]),
        (Filter { documents: document("y"), ..filter(&["a", "b"]) }, vec![2]),
        (Filter { documents: document("w"), ..filter(&["a", "b"]) }, vec![]),
        (Filter { documents: Some(vec![]), ..filter(&["a"]) }, vec![]),
        (Filter { available_only: false, ..filter(&["a"]) }, vec![1, 2, 6]),
        (Filter { available_only: false, documents: document("x"), ..filter(&["a"]) }, vec![1, 6]),
        (Filter { tenant: TenantId::new("u"), ..filter(&["a", "b", "c"]) }, vec![5]),
        (Filter { tenant: TenantId::new("v"), ..filter(&["a", "b", "c"]) }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(sorted(&index, "cat", &filter).await, expected, "{filter:?}");
        assert_eq!(vector_rows(&index, &filter).await, expected, "{filter:?}");
    }
    let stats = index.term_stats(&["cat".into(), "hidden".into(), "dog".into()]).await.unwrap();
    assert_eq!((stats.chunks, stats.frequencies), (6, vec![6, 1, 0]));
    let cosines = index.cosines("e", &[1.0, 1.0, 1.0], &filter(&["a"]), &[1, 3, 77]).await.unwrap();
    assert!(cosines[0].is_some() && cosines[1].is_none() && cosines[2].is_none());
}

#[tokio::test]
async fn words_are_found_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    let rich = IndexedChunk {
        title: Some("Annual_Report-2024.pdf".into()),
        context: vec!["Chapter 3".into(), "Harbours".into()],
        keywords: vec!["lighthouse keeper".into()],
        questions: vec!["Who watches the ships?".into()],
        ..chunk("a", "x", "Vessels arrive at dawn.")
    };
    let changes = vec![
        change(1, 1, rich),
        change(2, 2, chunk("a", "y", "To be, or not to be")),
        change(3, 3, chunk("a", "y", "武汉的長江大橋于一九五七年通车，全長１６７０米")),
        change(4, 4, chunk("a", "y", "我喜欢喝茶")),
        change(5, 5, chunk("a", "y", "")),
    ];
    index.apply(changes, 0, 5).await.unwrap();
    index.commit().await.unwrap();
    let all = filter(&["a"]);
    for question in ["annual reports", "harbour", "vessel", "lighthouses", "who watches ships", "dawn 2024"] {
        assert_eq!(found(&index, question, &all).await, [1], "{question}");
    }
    assert_eq!(found(&index, "to be or not to be", &all).await.first(), Some(&2));
    assert_eq!(found(&index, "长江大桥什么时候通车？", &all).await, [3]);
    assert_eq!(found(&index, "1670米", &all).await, [3]);
    assert_eq!(found(&index, "茶", &all).await, [4]);
    assert!(found(&index, "?!", &all).await.is_empty());
    // Bits of the terms in their order: in the text, in a question, nowhere, in the keywords.
    let terms = terms_for_query("dawn ships giraffe keeper");
    let hits = index.search_text(&terms, &all, 0.0, 9).await.unwrap();
    assert_eq!(hits.iter().map(|hit| (hit.row, hit.matched)).collect::<Vec<_>>(), [(1, 0b1011)]);
    let many: Vec<_> = (0..70).flat_map(|n| terms_for_query(&format!("none{n}q"))).chain(terms.clone()).collect();
    assert_eq!(index.search_text(&many, &all, 0.0, 9).await.unwrap()[0].matched, 0);
    assert!(index.search_text(&terms_for_query("dawn"), &all, 0.0, 0).await.unwrap().is_empty());

    // Of four terms the first chunk has two.
    let question = "vessels arrive yesterday evening";
    assert_eq!(found_matching(&index, question, &all, 0.5).await, [1]);
    assert!(found_matching(&index, question, &all, 0.75).await.is_empty());
    assert!(found_matching(&index, question, &all, 1.0).await.is_empty());
    assert_eq!(found_matching(&index, "vessels lighthouse ships", &all, 1.0).await, [1]);
    assert_eq!(found_matching(&index, question, &all, f32::NAN).await, [1]);
}

#[tokio::test]
async fn matches_are_told_for_each_chunk_in_each_segment() {
    let folder = tempfile::tempdir().unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    let words = ["ant", "bee", "cow", "dog", "elk"];
    for row in 1..32u64 {
        let held = words.iter().enumerate().filter(|(bit, _)| row >> bit & 1 == 1).map(|(_, word)| *word);
        let new = chunk("a", "x", &held.collect::<Vec<_>>().join(" "));
        index.apply(vec![change(row, row as i64, new)], row - 1, row).await.unwrap();
        if row % 5 == 0 {
            index.commit().await.unwrap();
        }
    }
    index.commit().await.unwrap();
    let hits = index.search_text(&terms_for_query(&words.join(" ")), &filter(&["a"]), 0.0, 100).await.unwrap();
    assert_eq!(hits.len(), 31);
    assert!(hits.iter().all(|hit| hit.matched == hit.row as u64), "{hits:?}");
}

#[tokio::test]
async fn only_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = EmbeddedIndex::open(folder.path()).await.unwrap();
    assert!(matches!(EmbeddedIndex::open(folder.path()).await, Err(Error::Conflict { .. })));
    drop(first);
    EmbeddedIndex::open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_damaged_full_text_index_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let changes = vec![change(1, 1, chunk("a", "x", "cat")), change(2, 2, chunk("a", "x", "dog"))];
    {
        let index = EmbeddedIndex::open(folder.path()).await.unwrap();
        index.apply(changes.clone(), 0, 2).await.unwrap();
        index.commit().await.unwrap();
    }
    let keyword = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let keyword = keyword.into_iter().find(|path| path.to_string_lossy().contains("keyword-")).unwrap();
    std::fs::write(keyword.join("meta.json"), "{").unwrap();
    // An index of another version goes.
    std::fs::create_dir(folder.path().join("keyword-0-0")).unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    assert!(!folder.path().join("keyword-0-0").exists());
    assert_eq!(index.applied().await.unwrap(), 0);
    index.apply(changes, 0, 2).await.unwrap();
    index.commit().await.unwrap();
    assert_eq!(found(&index, "dog", &filter(&["a"])).await, [2]);
    assert_eq!(vector_rows(&index, &filter(&["a"])).await, [1, 2]);
}

#[tokio::test]
async fn equals_the_store_after_any_history() {
    for seed in 0..3 {
        let mut random = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().unwrap();
        let mut index = EmbeddedIndex::open(folder.path()).await.unwrap();
        let store = Store::default();
        for _ in 0..25 {
            let after = store.latest().await.unwrap();
            for _ in 0..random.random_range(0..12) {
                let row = random.random_range(0..60);
                let new = random.random_bool(0.7).then(|| chunk("a", "x", &format!("w{}", random.random_range(0..9))));
                store.write(row, new).await;
            }
            let latest = store.latest().await.unwrap();
            let changes = store.changes_after(after, 1_000).await.unwrap();
            index.apply(changes.clone(), after, latest).await.unwrap();
            match random.random_range(0..4) {
                0 => index.commit().await.unwrap(),
                1 => {
                    // The same once more is nothing new.
                    index.apply(changes, after, latest).await.unwrap();
                    index.commit().await.unwrap();
                }
                2 => {
                    // A crash: what was not committed may be lost, what was not lost comes again.
                    drop(index);
                    index = EmbeddedIndex::open(folder.path()).await.unwrap();
                    let applied = index.applied().await.unwrap();
                    assert!(applied <= latest);
                    let missing = store.changes_after(applied, 1_000).await.unwrap();
                    index.apply(missing, applied, latest).await.unwrap();
                    index.commit().await.unwrap();
                }
                _ => continue,
            }
            assert_eq!(index.applied().await.unwrap(), latest);
            let rows = store.rows().await;
            let expected: Vec<i64> = rows.keys().copied().collect();
            assert_eq!(index.rows().await.unwrap(), expected);
            assert_eq!(vector_rows(&index, &filter(&["a"])).await, expected);
            let expected: Vec<i64> = rows.iter().filter(|(_, text)| *text == "w3").map(|(&row, _)| row).collect();
            assert_eq!(sorted(&index, "w3", &filter(&["a"])).await, expected);
        }
        index.clear().await.unwrap();
        assert_eq!((index.applied().await.unwrap(), index.count().await.unwrap()), (0, 0));
        assert!(vector_rows(&index, &filter(&["a"])).await.is_empty());
    }
}

/// A store in memory with the newest change of each row.
#[derive(Default)]
struct Store {
    changes: Mutex<(u64, BTreeMap<i64, Change>)>,
    notify: Notify,
    broken: AtomicBool,
}

impl Store {
    async fn write(&self, row: i64, chunk: Option<IndexedChunk>) -> u64 {
        let mut changes = self.changes.lock().await;
        changes.0 += 1;
        let seq = changes.0;
        changes.1.insert(row, change(seq, row, chunk));
        self.notify.notify_one();
        seq
    }

    async fn rows(&self) -> BTreeMap<i64, String> {
        let changes = self.changes.lock().await;
        changes.1.iter().filter_map(|(&row, change)| Some((row, change.chunk.as_ref()?.text.clone()))).collect()
    }
}

#[async_trait]
impl ChangeSource for Store {
    async fn latest(&self) -> Result<u64> {
        Ok(self.changes.lock().await.0)
    }

    async fn changes_after(&self, after: u64, limit: usize) -> Result<Vec<Change>> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::internal("broken"));
        }
        let changes = self.changes.lock().await;
        let mut newer: Vec<Change> = changes.1.values().filter(|change| change.seq > after).cloned().collect();
        newer.sort_by_key(|change| change.seq);
        newer.truncate(limit);
        Ok(newer)
    }

    async fn changed(&self, _after: u64) {
        let _ = tokio::time::timeout(Duration::from_millis(300), self.notify.notified()).await;
    }
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_keeps_up() {
    let folder = tempfile::tempdir().unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    let store = Arc::new(Store::default());
    for row in 0..4_500 {
        store.write(row, Some(chunk("a", "x", "many cats"))).await;
    }
    let follower = Follower::start(Arc::new(index.clone()), store.clone());
    assert!(follower.wait_for(4_500, LONG).await);
    assert_eq!(index.count().await.unwrap(), 4_500);
    let seq = store.write(9_999, Some(chunk("a", "x", "one dog"))).await;
    assert!(follower.wait_for(seq, LONG).await);
    assert_eq!(found(&index, "dog", &filter(&["a"])).await, [9_999]);
    assert!(!follower.wait_for(seq + 1, Duration::from_millis(50)).await);

    // Errors of the source are survived.
    store.broken.store(true, Ordering::Relaxed);
    let seq = store.write(9_999, None).await;
    assert!(!follower.wait_for(seq, Duration::from_millis(400)).await);
    store.broken.store(false, Ordering::Relaxed);
    assert!(follower.wait_for(seq, LONG).await);
    assert!(found(&index, "dog", &filter(&["a"])).await.is_empty());
    index.rest().await.unwrap();
    let seq = store.write(9_999, Some(chunk("a", "x", "two dogs"))).await;
    assert!(follower.wait_for(seq, LONG).await && follower.applied() >= seq);

    // Nobody waits, and yet it comes.
    let seq = store.write(1, None).await;
    let started = std::time::Instant::now();
    while follower.applied() < seq && started.elapsed() < LONG {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(follower.applied() >= seq);
    follower.stop().await;
    assert_eq!(index.applied().await.unwrap(), seq);
    assert!(!follower.wait_for(seq + 1, Duration::from_millis(50)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_rebuilds_an_index_that_is_ahead_or_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let index = EmbeddedIndex::open(folder.path()).await.unwrap();
    index.apply(vec![change(900, 1, chunk("a", "x", "from the future"))], 0, 900).await.unwrap();
    index.commit().await.unwrap();
    let store = Arc::new(Store::default());
    let seq = store.write(2, Some(chunk("a", "x", "present"))).await;
    let follower = Follower::start(Arc::new(index.clone()), store.clone());
    assert!(follower.wait_for(seq, LONG).await);
    let started = std::time::Instant::now();
    while index.rows().await.unwrap() != [2] && started.elapsed() < LONG {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(index.rows().await.unwrap(), [2]);

    // Behind the follower's back the index loses everything; it is noticed and mended.
    index.clear().await.unwrap();
    let seq = store.write(3, Some(chunk("a", "x", "more"))).await;
    assert!(follower.wait_for(seq, LONG).await);
    assert_eq!(index.rows().await.unwrap(), [2, 3]);
    assert_eq!(vector_rows(&index, &filter(&["a"])).await, [2, 3]);
    follower.stop().await;
}
