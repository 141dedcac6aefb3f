//! Reading, adding and editing by hand, counters.

use crate::fixture::{Fixture, SPACE, draft, names};
use mortise_domain::block::Value;
use mortise_domain::{ChangeSource, ChunkDraft, ChunkId, ChunkPatch, Error, PageRequest, Position};

fn at(draft: ChunkDraft, position: Position) -> ChunkDraft {
    ChunkDraft { positions: vec![position], ..draft }
}

#[tokio::test]
async fn natural_order_is_page_top_and_reading_order_with_handmade_ones_last() {
    let f = Fixture::new().await;
    let document = f.document(&f.dataset("d").await.id, "a.pdf").await;
    let task = f.running(&document).await;
    let text = |text| draft(&document.id, text);
    let drafts = vec![
        at(text("page 2 bottom"), [2, 0, 9, 500, 600]),
        text("after page 2 bottom"),
        at(text("page 1"), [1, 0, 9, 100, 110]),
        at(text("page 2 top"), [2, 0, 9, 10, 20]),
    ];
    f.store.publish_chunks(&task, "worker", SPACE, drafts).await.unwrap().unwrap();
    f.add_chunk(&document, "by hand").await;
    f.add_chunk(&document, "by hand, later").await;
    let expected = ["page 1", "page 2 top", "page 2 bottom", "after page 2 bottom", "by hand", "by hand, later"];
    assert_eq!(names(&f.chunks(&document).await, |c| &c.text), expected);

    let page = async |page, size| {
        let request = PageRequest { page, size, ..PageRequest::all() };
        let found = f.own.list_chunks(&document.dataset, &document.id, &request).await.unwrap();
        assert_eq!(found.total, 6);
        names(&found.items, |c| &c.text)
    };
    assert_eq!(page(2, Some(4)).await, expected[4..]);
    assert_eq!(page(3, Some(4)).await, [""; 0]);
    assert_eq!(page(1, Some(0)).await, expected);
}

#[tokio::test]
async fn a_chunk_comes_back_as_it_went() {
    let f = Fixture::new().await;
    let document = f.document(&f.dataset("d").await.id, "a.pdf").await;
    let given = ChunkDraft {
        keywords: vec!["joint".into()],
        questions: vec!["What?".into()],
        tags: vec!["t".into()],
        positions: vec![[1, 72, 520, 90, 120], [2, 1, 2, 3, 4]],
        fields: [
            Value::None,
            Value::Text("t".into()),
            Value::Integer(i64::MIN),
            Value::Number(2.0),
            Value::Boolean(true),
            Value::Time("2026-03-01".into()),
        ]
        .map(|value| ("column".to_owned(), value))
        .into(),
        parent_text: Some("parent".into()),
        image: Some("i".into()),
        kind: mortise_domain::ChunkKind::Table,
        ..draft(&document.id, "Mortise and 'tenon'\u{0}…")
    };
    let added = f.own.add_chunk(&document.dataset, &document.id, given.clone(), SPACE).await.unwrap();
    let read = f.own.chunk(&document.dataset, &document.id, &given.id).await.unwrap().unwrap();
    assert_eq!(format!("{added:?}"), format!("{read:?}"));
    assert_eq!((&read.text, &read.context, &read.keywords), (&given.text, &given.context, &given.keywords));
    assert_eq!((&read.questions, &read.tags, &read.positions), (&given.questions, &given.tags, &given.positions));
    assert_eq!((&read.parent_text, &read.image, read.kind), (&given.parent_text, &given.image, given.kind));
    assert_eq!(read.fields, given.fields);
    assert!(read.manual && read.available && read.created > 1.7e9);
    assert_eq!(f.own.chunks_by_rows(&[999, read.row]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_text_twice_is_one_chunk_but_counts_twice() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    let first = f.add_chunk(&document, "one two").await;
    let second = f.add_chunk(&document, "one two").await;
    assert_eq!(first.id, second.id);
    assert!(second.row > first.row, "a row is never used again");
    assert_eq!(f.chunks(&document).await.len(), 1);
    assert_eq!(f.counters(&dataset.id).await, (2, 4));
    f.add_chunk(&document, "three").await;
    assert_eq!(f.counters(&dataset.id).await, (3, 5));
    let delete = async |ids: Option<&[ChunkId]>| f.own.delete_chunks(&dataset.id, &document.id, ids).await.unwrap();
    assert_eq!(delete(Some(&["unknown".into(), second.id.clone(), second.id])).await, 1);
    assert_eq!(f.counters(&dataset.id).await, (2, 3));
    assert_eq!(delete(None).await, 1);
    assert_eq!(f.counters(&dataset.id).await, (0, 0), "nothing is nothing");
    assert_eq!(delete(None).await, 0);
    let nowhere = f.own.add_chunk(&dataset.id, &"x".into(), draft(&document.id, "t"), SPACE).await;
    assert!(matches!(nowhere, Err(Error::NotFound { noun: "document", .. })));
}

#[tokio::test]
async fn edits_keep_id_and_row_and_count_tokens() {
    let f = Fixture::new().await;
    let dataset = f.dataset("d").await;
    let document = f.document(&dataset.id, "a.txt").await;
    f.parsed(&document, &["one two", "three"]).await;
    let chunk = f.chunks(&document).await.remove(0);
    let before = f.store.latest().await.unwrap();
    let patch = ChunkPatch {
        text: Some("new text of five words".into()),
        keywords: Some(vec!["k".into()]),
        ..Default::default()
    };
    let vector = Some(("space-b".to_owned(), vec![1.0, 0.0]));
    let edit = f.own.update_chunk(&dataset.id, &document.id, &chunk.id, patch, vector, Some(5)).await;
    assert!(edit.unwrap());
    let edited = f.own.chunk(&dataset.id, &document.id, &chunk.id).await.unwrap().unwrap();
    assert_eq!((edited.row, edited.text.as_str(), edited.tokens), (chunk.row, "new text of five words", 5));
    assert_eq!(f.counters(&dataset.id).await, (2, 6));
    let change = f.store.changes_after(before, 10).await.unwrap().remove(0).chunk.unwrap();
    assert_eq!(change.vectors, [("space-b".to_owned(), vec![1.0, 0.0])], "old vectors are of the old text");

    let off = ChunkPatch { available: Some(false), ..Default::default() };
    assert!(f.own.update_chunk(&dataset.id, &document.id, &chunk.id, off.clone(), None, None).await.unwrap());
    let off_now = f.own.chunk(&dataset.id, &document.id, &chunk.id).await.unwrap().unwrap();
    assert!(!off_now.available && off_now.text == edited.text);
    assert!(!f.own.update_chunk(&dataset.id, &document.id, &"x".into(), off, None, None).await.unwrap());
}
