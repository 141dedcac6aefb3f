//! Leases, retries, progress, publishing.

use crate::fixture::{Fixture, LEASE, SPACE, WORKER, draft, names, vector};
use mortise_domain::{ChangeSource, ChunkDraft, ChunkId, ChunkPatch, Document, DocumentId, RunState};
use mortise_store::{Embedding, MAX_ATTEMPTS};
use std::time::{Duration, Instant};

async fn started(f: &Fixture) -> Document {
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    f.own.start_parsing(&dataset.id, std::slice::from_ref(&document.id)).await.unwrap();
    document
}

#[tokio::test]
async fn the_life_of_a_document() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let queued = f.now(&document).await;
    assert_eq!((queued.run, queued.progress_msg.as_str()), (RunState::Running, "Task is queued..."));
    assert!(queued.progress > 0.0 && queued.progress < 0.01 && queued.process_begin.is_some());
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 1);

    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    assert_eq!((&task.document, task.attempt), (&document.id, 1));
    assert!(f.store.claim_task("other", LEASE).await.unwrap().is_none(), "one worker at a time");
    assert!(f.store.heartbeat(&task, WORKER, LEASE).await.unwrap());
    assert!(!f.store.heartbeat(&task, "other", LEASE).await.unwrap());
    assert!(f.store.report_progress(&task, WORKER, 0.6, "Parsed: 3 blocks.").await.unwrap());
    assert!(f.store.report_progress(&task, WORKER, 0.2, "").await.unwrap());
    assert_eq!(f.now(&document).await.progress, 0.6, "progress only grows");
    assert!(f.store.report_progress(&task, WORKER, f64::NAN, "").await.unwrap());
    assert_eq!(f.now(&document).await.progress, 0.6);
    assert!(f.store.report_progress(&task, WORKER, 1.0, "").await.unwrap());
    assert!(f.now(&document).await.progress < 1.0, "not done before the end");

    let drafts = vec![draft(&document.id, "one two"), draft(&document.id, "three")];
    let seq = f.store.publish_chunks(&task, WORKER, SPACE, drafts).await.unwrap().unwrap();
    assert_eq!(seq, f.store.latest().await.unwrap());
    assert_eq!(f.now(&document).await.run, RunState::Running);
    assert!(f.store.finish_task(&task, WORKER, "Task done (3.10s)", 3.1).await.unwrap());
    let done = f.now(&document).await;
    assert_eq!((done.run, done.progress, done.process_duration), (RunState::Done, 1.0, 3.1));
    assert_eq!((done.chunk_count, done.token_count), (2, 3));
    let lines: Vec<&str> = done.progress_msg.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].ends_with(" Parsed: 3 blocks.") && lines[2].ends_with(" Task done (3.10s)"), "{lines:?}");
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 0);
    assert_eq!(f.store.next_due().await.unwrap(), None);
    assert!(!f.store.finish_task(&task, WORKER, "again", 1.0).await.unwrap());
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_its_first_holder_is_told() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let first = f.store.claim_task(WORKER, 0).await.unwrap().unwrap();
    // A worker of the same name, as after a restart.
    let second = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    assert_eq!((second.id.clone(), second.attempt), (first.id.clone(), 2));
    assert!(!f.store.heartbeat(&first, WORKER, LEASE).await.unwrap());
    assert!(!f.store.report_progress(&first, WORKER, 0.9, "late").await.unwrap());
    let late = vec![draft(&document.id, "late")];
    assert_eq!(f.store.publish_chunks(&first, WORKER, SPACE, late).await.unwrap(), None);
    assert!(!f.store.fail_task(&first, WORKER, "late", None).await.unwrap());
    assert!(!f.store.release_task(&first, WORKER).await.unwrap());
    assert!(f.chunks(&document).await.is_empty());
    assert!(f.store.heartbeat(&second, WORKER, LEASE).await.unwrap());
}

#[tokio::test]
async fn a_document_that_kills_its_workers_is_abandoned_and_blocks_nothing() {
    let f = Fixture::new().await;
    let poisoned = started(&f).await;
    for attempt in 1..=MAX_ATTEMPTS {
        let task = f.store.claim_task(WORKER, 0).await.unwrap().unwrap();
        assert_eq!((&task.document, task.attempt), (&poisoned.id, attempt));
    }
    let next = f.document(&poisoned.dataset, "next.txt").await;
    f.own.start_parsing(&poisoned.dataset, std::slice::from_ref(&next.id)).await.unwrap();
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    assert_eq!(task.document, next.id);
    let failed = f.now(&poisoned).await;
    assert_eq!((failed.run, failed.progress), (RunState::Failed, -1.0));
    assert!(failed.progress_msg.ends_with("[ERROR]abandoned after 3 attempts"), "{}", failed.progress_msg);
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 1);
}

#[tokio::test]
async fn failures_are_retried_later_and_then_final() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    assert!(f.store.fail_task(&task, WORKER, "upstream is busy", Some(60_000)).await.unwrap());
    let waiting = f.now(&document).await;
    assert_eq!(waiting.run, RunState::Running);
    assert!(waiting.progress_msg.contains("upstream is busy; the next attempt begins in 60 s"));
    assert!(f.store.claim_task(WORKER, LEASE).await.unwrap().is_none(), "not yet");
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 1);
    assert!(f.store.next_due().await.unwrap().unwrap() > task.created + 50_000);

    f.own.start_parsing(&document.dataset, std::slice::from_ref(&document.id)).await.unwrap();
    for attempt in 1..=MAX_ATTEMPTS {
        let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
        assert_eq!(task.attempt, attempt);
        assert!(f.store.fail_task(&task, WORKER, "still busy", Some(0)).await.unwrap());
    }
    let failed = f.now(&document).await;
    assert_eq!((failed.run, failed.progress), (RunState::Failed, -1.0));
    assert!(failed.progress_msg.ends_with("[ERROR]still busy"));

    let task = f.running(&document).await;
    assert!(f.store.fail_task(&task, WORKER, "no parser", None).await.unwrap());
    assert_eq!(f.now(&document).await.run, RunState::Failed);
    assert!(f.store.claim_task(WORKER, LEASE).await.unwrap().is_none());
}

#[tokio::test]
async fn tasks_are_claimed_in_the_order_they_became_due() {
    let f = Fixture::new().await;
    let first = started(&f).await;
    let mut others = Vec::new();
    for name in ["b.txt", "c.txt"] {
        tokio::time::sleep(Duration::from_millis(3)).await;
        let document = f.document(&first.dataset, name).await;
        f.own.start_parsing(&first.dataset, std::slice::from_ref(&document.id)).await.unwrap();
        others.push(document.id);
    }
    let claim = async || f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    let task = claim().await;
    assert_eq!(task.document, first.id);
    f.store.release_task(&task, WORKER).await.unwrap();
    let task = claim().await;
    assert_eq!(task.document, first.id, "what was given back keeps its place");
    tokio::time::sleep(Duration::from_millis(3)).await;
    f.store.fail_task(&task, WORKER, "busy", Some(0)).await.unwrap();
    let order = [claim().await.document, claim().await.document, claim().await.document];
    assert_eq!(order, [others[0].clone(), others[1].clone(), first.id], "a retry stands in line again");
}

#[tokio::test]
async fn a_released_task_costs_no_attempt_and_leases_end_at_the_start() {
    let f = Fixture::new().await;
    started(&f).await;
    for _ in 0..5 {
        let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
        assert_eq!(task.attempt, 1);
        assert!(f.store.release_task(&task, WORKER).await.unwrap());
    }
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    f.store.release_leases().await.unwrap();
    assert!(!f.store.heartbeat(&task, WORKER, LEASE).await.unwrap());
    assert_eq!(f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap().attempt, 2);
}

#[tokio::test]
async fn starting_again_cancels_and_drops_what_was_there() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    f.parsed(&document, &["one", "two"]).await;
    f.add_chunk(&document, "by hand").await;
    let old = f.running(&document).await;
    assert_eq!(f.counters(&dataset.id).await, (0, 0));
    assert!(f.chunks(&document).await.is_empty(), "hand-made ones too");
    let new = f.running(&document).await;
    assert_ne!(old.id, new.id);
    assert!(!f.store.finish_task(&old, WORKER, "old", 1.0).await.unwrap());
    assert!(f.store.finish_task(&new, WORKER, "new", 1.0).await.unwrap());
}

#[tokio::test]
async fn stopping_is_never_overwritten() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    let drafts = vec![draft(&document.id, "one")];
    f.store.publish_chunks(&task, WORKER, SPACE, drafts.clone()).await.unwrap().unwrap();
    f.own.stop_parsing(&document.dataset, &[document.id.clone(), "unknown".into()]).await.unwrap();
    for stopped in [f.now(&document).await, {
        assert!(!f.store.finish_task(&task, WORKER, "done", 1.0).await.unwrap());
        assert!(!f.store.fail_task(&task, WORKER, "failed", Some(1)).await.unwrap());
        assert_eq!(f.store.publish_chunks(&task, WORKER, SPACE, drafts).await.unwrap(), None);
        f.now(&document).await
    }] {
        assert_eq!((stopped.run, stopped.progress, stopped.chunk_count), (RunState::Cancelled, 0.0, 0));
    }
    assert!(f.chunks(&document).await.is_empty());
    assert_eq!(f.counters(&document.dataset).await, (0, 0));
    assert!(f.store.claim_task(WORKER, LEASE).await.unwrap().is_none());
}

#[tokio::test]
async fn publishing_again_keeps_what_stayed_the_same() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    let text = |text| draft(&document.id, text);
    let publish = async |drafts: Vec<ChunkDraft>, space: &str| {
        f.store.publish_chunks(&task, WORKER, space, drafts).await.unwrap().unwrap()
    };
    publish(vec![text("stays"), text("is edited"), text("goes"), text("is off")], SPACE).await;
    let by_text = async |wanted: &str| f.chunks(&document).await.into_iter().find(|c| c.text == wanted).unwrap();
    let stays = by_text("stays").await;
    let edit = async |chunk: &str, patch: ChunkPatch| {
        let id = by_text(chunk).await.id;
        f.own.update_chunk(&document.dataset, &document.id, &id, patch, None, None).await.unwrap();
    };
    edit("is edited", ChunkPatch { text: Some("better words".into()), ..Default::default() }).await;
    edit("is off", ChunkPatch { available: Some(false), ..Default::default() }).await;
    f.add_chunk(&document, "by hand").await;
    let before = f.store.latest().await.unwrap();

    let mut tagged = text("is off");
    tagged.keywords = vec!["k".into()];
    let mut other_vector = text("stays");
    other_vector.vector = vec![9.0; 4];
    let seq = publish(vec![text("new"), other_vector, text("is edited"), tagged, text("new")], SPACE).await;
    assert_eq!(seq, before + 1);
    let chunks = f.chunks(&document).await;
    assert_eq!(names(&chunks, |c| &c.text), ["new", "stays", "better words", "is off", "by hand"]);
    assert_eq!(chunks[1].row, stays.row);
    assert!(!chunks[3].available && chunks[3].keywords == ["k"]);
    let changes = f.store.changes_after(before, 100).await.unwrap();
    let mut texts: Vec<_> = changes.iter().map(|c| c.chunk.as_ref().map(|c| c.text.as_str())).collect();
    texts.sort();
    assert_eq!(texts, [None, Some("is off"), Some("new")], "only what changed is told");
    assert_eq!(f.counters(&document.dataset).await, (5, 8));

    let idle = publish(["new", "stays", "is edited"].map(text).into(), SPACE).await;
    let again = publish(["new", "stays", "is edited"].map(text).into(), SPACE).await;
    assert_eq!((idle, again), (seq + 1, seq + 1), "the same again is no change");
    publish(["new", "stays", "is edited"].map(text).into(), "space-b").await;
    let told = f.store.changes_after(seq + 1, 100).await.unwrap();
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|c| c.chunk.as_ref().unwrap().vectors.len() == 2), "both embedders' vectors");
    let kept = told.iter().find(|c| c.row == stays.row).unwrap().chunk.as_ref().unwrap();
    assert!(kept.vectors.contains(&(SPACE.into(), vector("stays"))), "a kept chunk keeps its vector");
}

/// A parse asked for again drops the chunks, as clients expect; those that come again have what they had.
#[tokio::test]
async fn chunks_that_come_again_get_back_what_they_had() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let text = |text| draft(&document.id, text);
    let parse = async |texts: &[&'static str], embedding: Embedding<'static>| {
        let task = f.running(&document).await;
        let mut kept = f.store.kept_chunks(&document.id, embedding).await.unwrap();
        let drafts = texts.iter().map(|words| {
            let mut draft = ChunkDraft { vector: vec![], ..text(words) };
            if let Some(kept) = kept.remove(&draft.id) {
                draft.inherit(kept);
            }
            draft
        });
        let mut drafts: Vec<ChunkDraft> = drafts.collect();
        let embedded = drafts.iter_mut().filter(|draft| draft.vector.is_empty()).map(|draft| {
            draft.vector = vector(&draft.text);
            draft.text.clone()
        });
        let embedded: Vec<String> = embedded.collect();
        f.store.publish_chunks(&task, WORKER, embedding, drafts).await.unwrap().unwrap();
        assert!(f.store.finish_task(&task, WORKER, "", 1.0).await.unwrap());
        embedded
    };
    let named = |mixed_in| Embedding { space: SPACE, mixed_in };
    assert_eq!(parse(&["stays", "is off", "is edited", "goes"], named("a")).await.len(), 4);
    let id = |words| ChunkId::of(words, &document.id, 0);
    let edit = async |words, patch: ChunkPatch, vector| {
        f.own.update_chunk(&document.dataset, &document.id, &id(words), patch, vector, Some(2)).await.unwrap();
    };
    edit("is off", ChunkPatch { available: Some(false), ..Default::default() }, None).await;
    let better = ChunkPatch { text: Some("better words".into()), ..Default::default() };
    edit("is edited", better, Some((SPACE.to_owned(), vec![7.0; 4]))).await;

    // Stopped half-way: what the first parse gave is still known to the third.
    f.running(&document).await;
    assert!(f.chunks(&document).await.is_empty());
    f.own.stop_parsing(&document.dataset, std::slice::from_ref(&document.id)).await.unwrap();
    assert_eq!(parse(&["new", "is edited", "is off", "stays"], named("a")).await, ["new"]);
    let chunks = f.chunks(&document).await;
    assert_eq!(names(&chunks, |c| &c.text), ["new", "better words", "is off", "stays"]);
    assert_eq!(chunks[1].id, id("is edited"));
    assert_eq!(chunks.iter().map(|c| c.available).collect::<Vec<_>>(), [true, true, false, true]);
    let told = f.store.changes_after(0, 100).await.unwrap();
    let edited = told.iter().filter_map(|c| c.chunk.as_ref()).find(|c| c.text == "better words").unwrap();
    assert_eq!(edited.vectors, [(SPACE.to_owned(), vec![7.0; 4])]);

    // Another name in the vectors, or another embedder, makes them anew; edits stay.
    assert_eq!(parse(&["is edited", "stays"], named("b")).await, ["better words", "stays"]);
    let other = Embedding { space: "space-b", mixed_in: "b" };
    assert_eq!(parse(&["is edited", "stays"], other).await, ["better words", "stays"]);
    assert_eq!(names(&f.chunks(&document).await, |c| &c.text), ["better words", "stays"]);
    // What did not come again is forgotten.
    assert_eq!(parse(&["goes"], other).await, ["goes"]);
}

#[tokio::test]
async fn vectors_of_different_lengths_are_refused_whole() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    let odd = ChunkDraft { vector: vec![1.0], ..draft(&document.id, "odd") };
    let drafts = vec![draft(&document.id, "even"), odd];
    assert!(f.store.publish_chunks(&task, WORKER, SPACE, drafts).await.is_err());
    assert!(f.chunks(&document).await.is_empty());
}

#[tokio::test]
async fn large_documents_are_published_whole() {
    let f = Fixture::new().await;
    let document = started(&f).await;
    let task = f.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
    let texts: Vec<String> = (0..3_333).map(|n| format!("chunk number {n}")).collect();
    let drafts: Vec<ChunkDraft> =
        texts.iter().map(|text| ChunkDraft { vector: vec![0.5; 384], ..draft(&document.id, text) }).collect();
    let began = Instant::now();
    f.store.publish_chunks(&task, WORKER, SPACE, drafts).await.unwrap().unwrap();
    eprintln!("3333 chunks of 384 dimensions published in {:?}", began.elapsed());
    assert_eq!(names(&f.chunks(&document).await, |c| &c.text), texts);
    assert_eq!(f.counters(&document.dataset).await, (3_333, 9_999));
}

#[tokio::test]
async fn waiting_workers_hear_of_tasks() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    let ids: [DocumentId; 1] = [document.id];
    let began = Instant::now();
    let (store, own) = (f.store.clone(), f.own.clone());
    let worker = tokio::spawn(async move {
        store.task_added().await;
        store.claim_task(WORKER, LEASE).await.unwrap().unwrap()
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    own.start_parsing(&dataset.id, &ids).await.unwrap();
    let task = worker.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));

    // A retry wakes up who waits, too, and waiting for what is already there takes no time.
    f.store.fail_task(&task, WORKER, "again", Some(200)).await.unwrap();
    f.store.task_added().await;
    assert!(f.store.claim_task(WORKER, LEASE).await.unwrap().is_some());
    assert!(began.elapsed() < Duration::from_secs(2));
}
