//! Many callers at once, counters exact.

use crate::fixture::{Fixture, SPACE, WORKER, draft, names, new_assistant, new_dataset, new_document};
use mortise_domain::{
    ChangeSource, DatasetFilter, DocumentFilter, DocumentPatch, NewSession, PageRequest, RunState, SessionFilter,
};
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_make_datasets_documents_and_chunks() {
    let f = Fixture::new().await;
    let shared = f.dataset("shared").await;
    let document = f.document(&shared.id, "target.txt").await;
    let mut callers = JoinSet::new();
    for n in 0..100 {
        let (own, shared, target) = (f.own.clone(), shared.id.clone(), document.id.clone());
        callers.spawn(async move {
            own.insert_dataset(new_dataset("same name"), "model").await.unwrap();
            let made = own.insert_document(&shared, new_document("same.txt")).await.unwrap();
            own.add_chunk(&shared, &target, draft(&target, &format!("chunk {n}")), SPACE).await.unwrap();
            own.add_chunk(&shared, &target, draft(&target, "the same"), SPACE).await.unwrap();
            let patch = DocumentPatch { enabled: Some(n % 2 == 0), ..Default::default() };
            own.update_document(&shared, &target, patch).await.unwrap().unwrap();
            if n % 4 == 0 {
                own.delete_documents(&shared, &[made.id]).await.unwrap();
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    let datasets = f.own.list_datasets(&DatasetFilter::default(), &PageRequest::all()).await.unwrap();
    let distinct: HashSet<String> = names(&datasets.items, |d| &d.name).into_iter().collect();
    assert_eq!((datasets.total, distinct.len()), (101, 101));
    let documents = f.own.list_documents(&shared.id, &DocumentFilter::default(), &PageRequest::all()).await.unwrap();
    let distinct: HashSet<String> = names(&documents.items, |d| &d.name).into_iter().collect();
    assert_eq!((documents.total, distinct.len()), (76, 76));
    assert_eq!(f.counters(&shared.id).await, (200, 400));
    assert_eq!(f.chunks(&document).await.len(), 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_share_the_queue_and_every_document_is_done_once() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let mut ids = Vec::new();
    for n in 0..40 {
        ids.push(f.document(&dataset.id, &format!("{n}.txt")).await.id);
    }
    let mut workers = JoinSet::new();
    for n in 0..6 {
        let store = f.store.clone();
        workers.spawn(async move {
            let (name, mut done) = (format!("w{n}"), 0);
            let mut idle = 0;
            while idle < 3 {
                let Some(task) = store.claim_task(&name, 60_000).await.unwrap() else {
                    idle += 1;
                    let _ = tokio::time::timeout(Duration::from_millis(200), store.task_added()).await;
                    continue;
                };
                assert!(store.report_progress(&task, &name, 0.5, "half").await.unwrap());
                let drafts = vec![draft(&task.document, "one two"), draft(&task.document, "three")];
                store.publish_chunks(&task, &name, SPACE, drafts).await.unwrap().unwrap();
                assert!(store.finish_task(&task, &name, "Task done", 0.1).await.unwrap());
                done += 1;
            }
            done
        });
    }
    for id in &ids {
        f.own.start_parsing(&dataset.id, std::slice::from_ref(id)).await.unwrap();
    }
    let mut done = 0;
    while let Some(worker) = workers.join_next().await {
        done += worker.unwrap();
    }
    assert_eq!(done, 40);
    assert_eq!(f.counters(&dataset.id).await, (80, 120));
    let filter = DocumentFilter { runs: vec![RunState::Done], ..Default::default() };
    assert_eq!(f.own.list_documents(&dataset.id, &filter, &PageRequest::all()).await.unwrap().total, 40);
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_leave_whole_transactions() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    for round in 0..60_u64 {
        let (own, document) = (f.own.clone(), document.clone());
        let caller = tokio::spawn(async move {
            for n in 0..20 {
                let text = format!("{round} {n}");
                own.add_chunk(&document.dataset, &document.id, draft(&document.id, &text), SPACE).await.unwrap();
            }
        });
        tokio::time::sleep(Duration::from_micros(round * 300)).await;
        caller.abort();
        let _ = caller.await;
    }
    // The writer is free, and counters are those of the chunks that are there.
    f.add_chunk(&document, "the last").await;
    let chunks = f.chunks(&document).await;
    assert!(chunks.len() > 10, "{}", chunks.len());
    assert_eq!(f.counters(&dataset.id).await.0, chunks.len() as i64);
    let task = f.running(&document).await;
    assert!(f.store.finish_task(&task, WORKER, "done", 0.1).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_transactions_while_others_write() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    let mut readers = JoinSet::new();
    for _ in 0..8 {
        let (own, store, document) = (f.own.clone(), f.store.clone(), document.clone());
        readers.spawn(async move {
            let mut seen = HashSet::new();
            for _ in 0..60 {
                let chunks = own.list_chunks(&document.dataset, &document.id, &PageRequest::all()).await.unwrap();
                assert_eq!(chunks.total, chunks.items.len() as i64);
                assert!([0, 10].contains(&chunks.total), "half a document: {}", chunks.total);
                seen.insert(chunks.total);
                let changes = store.changes_after(0, 1).await.unwrap();
                let shown = changes.iter().filter(|change| change.chunk.is_some()).count();
                assert!([0, 10].contains(&shown), "half a transaction: {shown}");
                own.list_documents(&document.dataset, &DocumentFilter::default(), &PageRequest::all()).await.unwrap();
                store.blobs().sweep().await.unwrap();
            }
            seen.len()
        });
    }
    let texts: Vec<String> = (0..10).map(|n| format!("chunk {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut both = 0;
    while !readers.is_empty() {
        f.parsed(&document, &texts).await;
        f.own.delete_chunks(&dataset.id, &document.id, None).await.unwrap();
        while let Some(seen) = readers.try_join_next() {
            both = both.max(seen.unwrap());
        }
    }
    assert_eq!(both, 2, "readers saw the document both full and empty");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sessions_of_one_assistant() {
    let f = Fixture::new().await;
    let assistant = f.own.insert_assistant(new_assistant("a")).await.unwrap().id;
    let mut callers = JoinSet::new();
    for n in 0..100 {
        let (own, assistant) = (f.own.clone(), assistant.clone());
        callers.spawn(async move {
            let new = NewSession { name: format!("s{n}"), user_id: String::new() };
            own.insert_session(&assistant, new, Some("Hi".into())).await.unwrap().id
        });
    }
    let mut ids = Vec::new();
    while let Some(id) = callers.join_next().await {
        ids.push(id.unwrap());
    }
    let list = async || f.own.list_sessions(&assistant, &SessionFilter::default(), &PageRequest::all()).await.unwrap();
    assert_eq!(list().await.total, 100);
    f.own.delete_sessions(&assistant, &ids).await.unwrap();
    assert_eq!(list().await.total, 0);
}
