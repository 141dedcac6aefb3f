//! Names, lists, conditions, changes, deletion.

use crate::fixture::{Fixture, names, new_document, object};
use mortise_domain::retrieval::{Condition, Operator};
use mortise_domain::{
    DocumentFilter, DocumentId, DocumentPatch, Error, MetadataCondition, NewDocument, Order, OrderBy, PageRequest,
    RunState,
};

#[tokio::test]
async fn a_document_takes_over_the_datasets_settings() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let made = f.document(&dataset.id, "Lease.PDF").await;
    let read = f.now(&made).await;
    assert_eq!(format!("{made:?}"), format!("{read:?}"));
    assert_eq!((read.suffix.as_str(), read.location.as_str(), read.run), ("pdf", "Lease.PDF", RunState::Unstarted));
    assert_eq!(read.parser_config, dataset.parser_config);
    assert_eq!((read.chunk_method.as_str(), read.pipeline_id.as_deref()), ("naive", Some("p")));
    let mail = NewDocument { chunk_method: Some("email".into()), ..new_document("a.eml") };
    assert_eq!(f.own.insert_document(&dataset.id, mail).await.unwrap().chunk_method, "email");
    assert_eq!(f.own.dataset(&dataset.id).await.unwrap().unwrap().document_count, 2);
    let nowhere = f.own.insert_document(&"x".into(), new_document("a")).await;
    assert!(matches!(nowhere, Err(Error::NotFound { noun: "dataset", .. })));
}

#[tokio::test]
async fn taken_names_count_up_before_the_extension() {
    let f = Fixture::new().await;
    let (one, two) = (f.dataset("one").await, f.dataset("two").await);
    for expected in ["a.txt", "a(1).txt", "a(2).txt"] {
        assert_eq!(f.document(&one.id, "a.txt").await.name, expected);
    }
    assert_eq!(f.document(&one.id, "A.TXT").await.name, "A(3).TXT");
    assert_eq!(f.document(&two.id, "a.txt").await.name, "a.txt");
    assert_eq!(f.own.document_by_name(&one.id, "a(2).txt").await.unwrap().unwrap().name, "a(2).txt");
    assert!(f.own.document_by_name(&one.id, "a(3).txt").await.unwrap().is_none(), "exact, not ignoring case");
}

#[tokio::test]
async fn lists_are_filtered() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let mut ids = Vec::new();
    for name in ["Alpha.txt", "beta.PDF", "alphabet.md", "100%_.txt"] {
        ids.push(f.document(&dataset.id, name).await.id);
    }
    f.own.start_parsing(&dataset.id, &ids[..1]).await.unwrap();
    let list = async |filter: DocumentFilter| {
        let request = PageRequest { page: 1, size: None, by: OrderBy::Name, order: Order::Ascending };
        let found = f.own.list_documents(&dataset.id, &filter, &request).await.unwrap();
        assert_eq!(found.total, found.items.len() as i64);
        names(&found.items, |d| &d.name).join(" ")
    };
    let keywords = |text: &str| DocumentFilter { keywords: Some(text.into()), ..Default::default() };
    assert_eq!(list(DocumentFilter::default()).await, "100%_.txt Alpha.txt alphabet.md beta.PDF");
    assert_eq!(list(keywords("ALPHA")).await, "Alpha.txt alphabet.md");
    assert_eq!(list(keywords("%_")).await, "100%_.txt");
    assert_eq!(list(DocumentFilter { name: Some("BETA.pdf".into()), ..Default::default() }).await, "beta.PDF");
    assert_eq!(list(DocumentFilter { id: Some(ids[2].clone()), ..Default::default() }).await, "alphabet.md");
    let suffixes = DocumentFilter { suffixes: vec!["pdf".into(), "MD".into()], ..Default::default() };
    assert_eq!(list(suffixes).await, "alphabet.md beta.PDF");
    let runs = DocumentFilter { runs: vec![RunState::Running], ..Default::default() };
    assert_eq!(list(runs).await, "Alpha.txt");
    let both = DocumentFilter { id: Some(ids[2].clone()), name: Some("beta.pdf".into()), ..Default::default() };
    assert_eq!(list(both).await, "");

    let unknown = DocumentId::generate();
    let by_ids = f.own.documents_by_ids(&[ids[3].clone(), unknown, ids[0].clone()]).await.unwrap();
    assert_eq!(names(&by_ids, |d| &d.name), ["100%_.txt", "Alpha.txt"]);
}

#[tokio::test]
async fn lists_are_filtered_by_metadata_and_paged_after_that() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    for n in 0..10 {
        let document = f.document(&dataset.id, &format!("{n}.txt")).await;
        let meta_fields = Some(object(serde_json::json!({"year": 2015 + n, "tags": ["x"]})));
        let patch = DocumentPatch { meta_fields, ..Default::default() };
        f.own.update_document(&dataset.id, &document.id, patch).await.unwrap().unwrap();
    }
    f.document(&dataset.id, "bare.txt").await;
    let condition = Condition { name: "year".into(), operator: Operator::AtLeast, value: 2018.into() };
    let filter = DocumentFilter {
        metadata: Some(MetadataCondition { any: false, conditions: vec![condition] }),
        ..Default::default()
    };
    let request = PageRequest { page: 2, size: Some(3), by: OrderBy::Created, order: Order::Ascending };
    let page = f.own.list_documents(&dataset.id, &filter, &request).await.unwrap();
    assert_eq!(page.total, 7);
    assert_eq!(names(&page.items, |d| &d.name), ["6.txt", "7.txt", "8.txt"]);
    let metadata = f.own.document_metadata(std::slice::from_ref(&dataset.id)).await.unwrap();
    assert_eq!(metadata.len(), 11);
    assert_eq!(metadata[4].1["year"], 2019);
}

#[tokio::test]
async fn changes_apply_only_what_is_sent() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    f.document(&dataset.id, "b.txt").await;
    f.parsed(&document, &["one", "two words"]).await;
    let change = async |patch| f.own.update_document(&dataset.id, &document.id, patch).await;
    let name = |name: &str| DocumentPatch { name: Some(name.into()), ..Default::default() };

    assert!(matches!(change(name("b.txt")).await, Err(Error::Conflict { noun: "document", .. })));
    assert_eq!(change(name("B.txt")).await.unwrap().unwrap().name, "B.txt", "another case is another name");
    assert_eq!(change(name("B.txt")).await.unwrap().unwrap().name, "B.txt", "its own name is fine");
    let off = change(DocumentPatch { enabled: Some(false), ..Default::default() }).await.unwrap().unwrap();
    assert!(!off.enabled && off.chunk_count == 2 && off.run == RunState::Done);

    let method = DocumentPatch { chunk_method: Some("qa".into()), drop_chunks: true, ..Default::default() };
    let reset = change(method).await.unwrap().unwrap();
    assert_eq!((reset.run, reset.progress, reset.progress_msg.as_str()), (RunState::Unstarted, 0.0, ""));
    assert_eq!((reset.chunk_count, reset.token_count, reset.chunk_method.as_str()), (0, 0, "qa"));
    assert_eq!(format!("{:?}", f.now(&document).await), format!("{reset:?}"));
    assert!(f.chunks(&document).await.is_empty());
    assert_eq!(f.counters(&dataset.id).await, (0, 0));
    assert!(f.own.update_document(&dataset.id, &"x".into(), name("z")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_chunk_method_cancels_work_under_way() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    let task = f.running(&document).await;
    let patch = DocumentPatch { chunk_method: Some("qa".into()), ..Default::default() };
    f.own.update_document(&dataset.id, &document.id, patch).await.unwrap();
    assert!(!f.store.finish_task(&task, "worker", "done", 1.0).await.unwrap());
    assert_eq!(f.now(&document).await.run, RunState::Unstarted);
}

#[tokio::test]
async fn deletion_works_in_every_state() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let fresh = f.document(&dataset.id, "fresh.txt").await;
    let done = f.document(&dataset.id, "done.txt").await;
    let running = f.document(&dataset.id, "running.txt").await;
    let queued = f.document(&dataset.id, "queued.txt").await;
    let stays = f.document(&dataset.id, "stays.txt").await;
    f.parsed(&done, &["one", "two"]).await;
    f.parsed(&stays, &["three four"]).await;
    let task = f.running(&running).await;
    f.own.start_parsing(&dataset.id, std::slice::from_ref(&queued.id)).await.unwrap();
    assert_eq!(f.counters(&dataset.id).await, (3, 4));

    let ids = [fresh.id, done.id, running.id, queued.id, "unknown".into()];
    f.own.delete_documents(&dataset.id, &ids).await.unwrap();
    assert!(f.own.documents_by_ids(&ids).await.unwrap().is_empty());
    assert_eq!(f.counters(&dataset.id).await, (1, 2));
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 0);
    assert!(!f.store.report_progress(&task, "worker", 0.5, "late").await.unwrap());
    assert_eq!(f.store.publish_chunks(&task, "worker", "s", vec![]).await.unwrap(), None);
    f.own.delete_documents(&dataset.id, &ids).await.unwrap();
}
