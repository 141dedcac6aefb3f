//! The change sequence: replaying it gives the state of the tables.

use crate::fixture::{Fixture, SPACE, WORKER, add_tenant, draft, vector};
use mortise_domain::{
    Change, ChangeSource, ChunkPatch, DatasetFilter, DocumentFilter, DocumentPatch, IndexedChunk, PageRequest,
};
use mortise_store::TenantStore;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// What an index knows.
#[derive(Default)]
struct Replica {
    applied: u64,
    chunks: BTreeMap<i64, IndexedChunk>,
    gone: HashSet<i64>,
}

impl Replica {
    fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            assert!(change.seq >= self.applied, "in ascending order");
            self.applied = change.seq;
            assert!(!self.gone.contains(&change.row) || change.chunk.is_none(), "a row is never used again");
            match change.chunk {
                Some(chunk) => {
                    self.chunks.insert(change.row, chunk);
                }
                None => {
                    self.chunks.remove(&change.row);
                    self.gone.insert(change.row);
                }
            }
        }
    }

    async fn catch_up(&mut self, f: &Fixture, limit: usize) {
        loop {
            let changes = f.store.changes_after(self.applied, limit).await.unwrap();
            if changes.is_empty() {
                break;
            }
            assert!(changes.iter().all(|change| change.seq > self.applied));
            let rows: HashSet<i64> = changes.iter().map(|change| change.row).collect();
            assert_eq!(rows.len(), changes.len(), "one state of each chunk");
            self.apply(changes);
        }
        assert_eq!(self.applied, f.store.latest().await.unwrap(), "the newest number is reached");
    }
}

/// What the tables say, read through the other queries.
async fn truth(tenants: &[TenantStore]) -> BTreeMap<i64, String> {
    let mut rows = BTreeMap::new();
    for own in tenants {
        for dataset in own.list_datasets(&DatasetFilter::default(), &PageRequest::all()).await.unwrap().items {
            let filter = DocumentFilter::default();
            for document in own.list_documents(&dataset.id, &filter, &PageRequest::all()).await.unwrap().items {
                for chunk in own.list_chunks(&dataset.id, &document.id, &PageRequest::all()).await.unwrap().items {
                    let indexed = IndexedChunk {
                        tenant: dataset.tenant.clone(),
                        dataset: dataset.id.clone(),
                        document: document.id.clone(),
                        vectors: vec![(SPACE.into(), vector(&chunk.text))],
                        title: (!chunk.manual).then(|| document.name.clone()),
                        available: chunk.available && document.enabled,
                        text: chunk.text,
                        context: chunk.context,
                        keywords: chunk.keywords,
                        questions: chunk.questions,
                    };
                    rows.insert(chunk.row, format!("{indexed:?}"));
                }
            }
        }
    }
    rows
}

async fn random_step(f: &Fixture, own: &TenantStore, rng: &mut StdRng) {
    let datasets = own.list_datasets(&DatasetFilter::default(), &PageRequest::all()).await.unwrap().items;
    let Some(dataset) = datasets.choose(rng) else {
        own.insert_dataset(crate::fixture::new_dataset("d"), "model").await.unwrap();
        return;
    };
    let documents = own.list_documents(&dataset.id, &DocumentFilter::default(), &PageRequest::all()).await.unwrap();
    let Some(document) = documents.items.choose(rng) else {
        own.insert_document(&dataset.id, crate::fixture::new_document("a.txt")).await.unwrap();
        return;
    };
    let (d, id) = (&dataset.id, &document.id);
    let chunks = own.list_chunks(d, id, &PageRequest::all()).await.unwrap().items;
    let chunk = chunks.choose(rng).map(|chunk| chunk.id.clone()).unwrap_or_else(|| "none".into());
    let word = format!("word {}", rng.random_range(0..30));
    match rng.random_range(0..20) {
        0 => drop(own.insert_dataset(crate::fixture::new_dataset("d"), "model").await.unwrap()),
        1 => drop(own.insert_document(d, crate::fixture::new_document("a.txt")).await.unwrap()),
        2 if rng.random_bool(0.3) => own.delete_datasets(std::slice::from_ref(d)).await.unwrap(),
        3 if rng.random_bool(0.5) => own.delete_documents(d, std::slice::from_ref(id)).await.unwrap(),
        4..=7 => {
            own.start_parsing(d, std::slice::from_ref(id)).await.unwrap();
            while let Some(task) = f.store.claim_task(WORKER, 60_000).await.unwrap() {
                for _ in 0..rng.random_range(1..3) {
                    let count = rng.random_range(0..8);
                    let drafts = (0..count).map(|_| draft(&task.document, &format!("p {}", rng.random_range(0..9))));
                    f.store.publish_chunks(&task, WORKER, SPACE, drafts.collect()).await.unwrap().unwrap();
                }
                f.store.finish_task(&task, WORKER, "Task done", 0.1).await.unwrap();
            }
        }
        8..=10 => drop(own.add_chunk(d, id, draft(id, &word), SPACE).await.unwrap()),
        11..=13 => {
            let (text, available) = (rng.random_bool(0.5).then(|| word.clone()), Some(rng.random_bool(0.5)));
            let new_vector = text.as_ref().map(|text| (SPACE.to_owned(), vector(text)));
            let patch = ChunkPatch { text, available, ..Default::default() };
            own.update_chunk(d, id, &chunk, patch, new_vector, None).await.unwrap();
        }
        14 => drop(own.delete_chunks(d, id, Some(&[chunk, "unknown".into()])).await.unwrap()),
        15 if rng.random_bool(0.5) => drop(own.delete_chunks(d, id, None).await.unwrap()),
        16 => {
            let patch = DocumentPatch { enabled: Some(rng.random_bool(0.5)), ..Default::default() };
            own.update_document(d, id, patch).await.unwrap();
        }
        17 => {
            let name = Some(format!("name {}.txt", rng.random_range(0..1_000_000)));
            own.update_document(d, id, DocumentPatch { name, ..Default::default() }).await.unwrap();
        }
        18 => {
            let patch =
                DocumentPatch { chunk_method: Some("qa".into()), drop_chunks: rng.random(), ..Default::default() };
            own.update_document(d, id, patch).await.unwrap();
        }
        _ => own.stop_parsing(d, std::slice::from_ref(id)).await.unwrap(),
    }
}

/// A full replay, and one that reads along in batches of any size, both end at what the tables say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaying_the_changes_gives_the_tables() {
    let mut compared = 0;
    for seed in 0..6 {
        let f = Fixture::new().await;
        let second = add_tenant(&f.store, "two").await;
        let tenants = [f.own.clone(), f.store.tenant(&second)];
        let mut rng = StdRng::seed_from_u64(seed);
        let mut along = Replica::default();
        for step in 0..200 {
            random_step(&f, tenants.choose(&mut rng).unwrap(), &mut rng).await;
            if rng.random_bool(0.2) {
                along.catch_up(&f, rng.random_range(1..20)).await;
            } else if rng.random_bool(0.1) {
                // Stops in the middle of what there is.
                along.apply(f.store.changes_after(along.applied, 1).await.unwrap());
            }
            if step % 40 == 39 {
                f.store.prune_gone(along.applied + 1).await.unwrap();
            }
        }
        along.catch_up(&f, 7).await;
        let mut fresh = Replica::default();
        fresh.catch_up(&f, 3).await;
        let truth = truth(&tenants).await;
        compared += truth.len();
        for replica in [along, fresh] {
            let known: BTreeMap<i64, String> =
                replica.chunks.iter().map(|(row, chunk)| (*row, format!("{chunk:?}"))).collect();
            assert_eq!(known, truth, "seed {seed}");
        }
    }
    assert!(compared > 60, "only {compared} chunks were left to compare");
}

#[tokio::test]
async fn a_batch_holds_whole_transactions() {
    let f = Fixture::new().await;
    let document = f.document(&f.dataset("d").await.id, "a.txt").await;
    assert!(f.store.changes_after(0, 10).await.unwrap().is_empty());
    assert_eq!(f.store.latest().await.unwrap(), 0, "nothing to index yet");
    let first = f.parsed(&document, &["a", "b", "c"]).await;
    f.add_chunk(&document, "d").await;
    let batch = f.store.changes_after(0, 2).await.unwrap();
    assert_eq!(batch.iter().map(|c| c.seq).collect::<Vec<_>>(), [first; 3]);
    assert_eq!(f.store.changes_after(0, 4).await.unwrap().len(), 4);
    assert_eq!(f.store.changes_after(first, 0).await.unwrap().len(), 1);
    assert!(f.store.changes_after(u64::MAX, usize::MAX).await.unwrap().is_empty());
    f.own.delete_documents(&document.dataset, std::slice::from_ref(&document.id)).await.unwrap();
    let all = f.store.changes_after(0, 1).await.unwrap();
    assert!(all.len() == 4 && all.iter().all(|c| c.chunk.is_none()));
    f.store.prune_gone(u64::MAX).await.unwrap();
    assert_eq!(f.store.changes_after(0, 10).await.unwrap().len(), 4, "the newest transaction stays");
}

#[tokio::test]
async fn followers_hear_of_changes_at_once() {
    let f = Fixture::new().await;
    let document = f.document(&f.dataset("d").await.id, "a.txt").await;
    let store = f.store.clone();
    let follower = tokio::spawn(async move {
        let began = Instant::now();
        store.changed(0).await;
        (began.elapsed(), store.latest().await.unwrap())
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    f.add_chunk(&document, "text").await;
    let (waited, latest) = follower.await.unwrap();
    assert!(waited < Duration::from_millis(900), "{waited:?}");
    assert_eq!(latest, 1);
    f.store.changed(0).await;
    let began = Instant::now();
    f.store.changed(1).await;
    assert!(began.elapsed() > Duration::from_millis(900), "with nothing new, a second passes");
}
