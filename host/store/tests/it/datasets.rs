//! Names, lists, changes, deletion.

use crate::fixture::{Fixture, names, new_dataset, object};
use mortise_domain::{DatasetFilter, DatasetPatch, Error, Order, OrderBy, PageRequest};

#[tokio::test]
async fn a_dataset_comes_back_as_it_was_made() {
    let f = Fixture::new().await;
    let made = f.own.insert_dataset(new_dataset("Contracts"), "bge@X").await.unwrap();
    let read = f.own.dataset(&made.id).await.unwrap().unwrap();
    assert_eq!(format!("{made:?}"), format!("{read:?}"));
    assert_eq!(read.embedding_model, "bge@X");
    assert_eq!((read.similarity_threshold, read.vector_similarity_weight), (0.2, 0.3));
}

#[tokio::test]
async fn taken_names_count_up_ignoring_case() {
    let f = Fixture::new().await;
    for expected in ["Größe", "größe(1)", "größe(2)"] {
        let name = if expected == "Größe" { "Größe" } else { "größe" };
        assert_eq!(f.dataset(name).await.name, expected);
    }
    assert_eq!(f.own.dataset_by_name("GRÖSSE").await.unwrap().map(|d| d.name), None);
    assert_eq!(f.own.dataset_by_name("GRÖßE(2)").await.unwrap().unwrap().name, "größe(2)");
    assert_eq!(f.dataset("größe(1)").await.name, "größe(3)");
    assert_eq!(f.dataset("v1.2").await.name, "v1.2");
    assert_eq!(f.dataset("V1.2").await.name, "V1(1).2");
}

#[tokio::test]
async fn lists_are_paged_ordered_and_filtered() {
    let f = Fixture::new().await;
    for name in ["b", "C", "a", "d"] {
        f.dataset(name).await;
    }
    let list = async |page, size, by, order| {
        let request = PageRequest { page, size, by, order };
        let found = f.own.list_datasets(&DatasetFilter::default(), &request).await.unwrap();
        assert_eq!(found.total, 4);
        names(&found.items, |d| &d.name).join("")
    };
    assert_eq!(list(1, None, OrderBy::Created, Order::Ascending).await, "bCad");
    assert_eq!(list(1, Some(3), OrderBy::Created, Order::Descending).await, "daC");
    assert_eq!(list(2, Some(3), OrderBy::Created, Order::Descending).await, "b");
    assert_eq!(list(9, Some(3), OrderBy::Created, Order::Descending).await, "");
    assert_eq!(list(1, Some(0), OrderBy::Created, Order::Descending).await, "");
    assert_eq!(list(u32::MAX, Some(u32::MAX), OrderBy::Created, Order::Descending).await, "");
    assert_eq!(list(0, Some(2), OrderBy::Name, Order::Ascending).await, "ab");

    let b = f.own.dataset_by_name("b").await.unwrap().unwrap();
    let filtered = async |id, name: Option<&str>| {
        let filter = DatasetFilter { id, name: name.map(Into::into) };
        f.own.list_datasets(&filter, &PageRequest::all()).await.unwrap().total
    };
    assert_eq!(filtered(Some(b.id.clone()), None).await, 1);
    assert_eq!(filtered(Some(b.id.clone()), Some("B")).await, 1);
    assert_eq!(filtered(Some(b.id), Some("c")).await, 0);
}

#[tokio::test]
async fn changes_apply_only_what_is_sent() {
    let f = Fixture::new().await;
    let dataset = f.dataset("a").await;
    f.dataset("b").await;
    let change = async |patch| f.own.update_dataset(&dataset.id, patch).await;
    let name = |name: &str| DatasetPatch { name: Some(name.into()), ..Default::default() };

    let config = object(serde_json::json!({"x": 1}));
    let patch = DatasetPatch {
        description: Some(None),
        avatar: Some(Some("data:".into())),
        parser_config: Some(config.clone()),
        pagerank: Some(7),
        ..Default::default()
    };
    let changed = change(patch).await.unwrap().unwrap();
    assert_eq!((changed.description, changed.avatar.as_deref(), changed.pagerank), (None, Some("data:"), 7));
    assert_eq!(changed.parser_config, config);
    let read = f.own.dataset(&dataset.id).await.unwrap().unwrap();
    assert_eq!((read.name.as_str(), read.pagerank, read.permission.as_str()), ("a", 7, "me"));

    assert!(matches!(change(name("B")).await, Err(Error::Conflict { noun: "dataset", .. })));
    assert_eq!(change(name("A")).await.unwrap().unwrap().name, "A");
    assert!(f.own.update_dataset(&"x".into(), name("z")).await.unwrap().is_none());
}

#[tokio::test]
async fn the_embedder_stays_while_there_are_chunks() {
    let f = Fixture::new().await;
    let dataset = f.dataset("a").await;
    let change = async |model: &str| {
        let patch = DatasetPatch { embedding_model: Some(model.into()), ..Default::default() };
        f.own.update_dataset(&dataset.id, patch).await
    };
    assert_eq!(change("other").await.unwrap().unwrap().embedding_model, "other");
    let document = f.document(&dataset.id, "a.txt").await;
    f.add_chunk(&document, "text").await;
    assert!(matches!(change("third").await, Err(Error::Conflict { .. })));
    assert!(change("other").await.is_ok());
}

#[tokio::test]
async fn deletion_takes_everything_inside() {
    let f = Fixture::new().await;
    let (gone, kept) = (f.dataset("gone").await, f.dataset("kept").await);
    let document = f.document(&gone.id, "a.txt").await;
    f.parsed(&document, &["one", "two"]).await;
    let task = f.running(&document).await;
    f.document(&kept.id, "b.txt").await;

    f.own.delete_datasets(&[gone.id.clone(), gone.id.clone(), "unknown".into()]).await.unwrap();
    assert!(f.own.dataset(&gone.id).await.unwrap().is_none());
    assert!(f.own.documents_by_ids(std::slice::from_ref(&document.id)).await.unwrap().is_empty());
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 0);
    assert!(!f.store.heartbeat(&task, "worker", 1000).await.unwrap());
    assert_eq!(f.own.dataset(&kept.id).await.unwrap().unwrap().document_count, 1);
    assert_eq!(f.dataset("gone").await.name, "gone", "the name is free again");
}
