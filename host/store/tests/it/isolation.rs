//! Two tenants never see each other: every query is tried with the other's ids.

use crate::fixture::{Fixture, SPACE, add_tenant, draft, new_assistant, new_dataset, new_document};
use mortise_domain::{
    AssistantFilter, ChunkPatch, DatasetFilter, DatasetPatch, DocumentFilter, DocumentPatch, Error, Message,
    MessageRole, NewSession, PageRequest, RunState, SessionFilter, SessionPatch,
};

#[tokio::test]
async fn the_others_ids_find_nothing_and_change_nothing() {
    let f = Fixture::new().await;
    let dataset = f.dataset("shared name").await;
    let document = f.document(&dataset.id, "a.txt").await;
    f.parsed(&document, &["secret"]).await;
    let chunk = f.add_chunk(&document, "also secret").await;
    let assistant = f.own.insert_assistant(new_assistant("assistant")).await.unwrap();
    let new_session = NewSession { name: "s".into(), user_id: String::new() };
    let session = f.own.insert_session(&assistant.id, new_session.clone(), Some("Hi".into())).await.unwrap();
    let before = async || {
        let (dataset, document) = (f.own.dataset(&dataset.id).await.unwrap(), f.now(&document).await);
        let (chunks, assistant) = (f.chunks(&document).await, f.own.assistant(&assistant.id).await.unwrap());
        let session = f.own.session(&session.assistant, &session.id).await.unwrap();
        format!("{dataset:?} {document:?} {chunks:?} {assistant:?} {session:?}")
    };
    let untouched = before().await;

    let tenant = add_tenant(&f.store, "two").await;
    let other = f.store.tenant(&tenant);
    let mine = other.insert_dataset(new_dataset("mine"), "model").await.unwrap();
    let (ds, doc) = (&dataset.id, &document.id);
    let (page, docs) = (PageRequest::all(), std::slice::from_ref(&document.id));

    // Datasets.
    assert!(other.dataset(ds).await.unwrap().is_none());
    assert!(other.dataset_by_name("shared name").await.unwrap().is_none());
    let by_id = DatasetFilter { id: Some(ds.clone()), ..Default::default() };
    assert_eq!(other.list_datasets(&by_id, &page).await.unwrap().total, 0);
    assert_eq!(other.list_datasets(&DatasetFilter::default(), &page).await.unwrap().total, 1);
    let rename = DatasetPatch { name: Some("stolen".into()), ..Default::default() };
    assert!(other.update_dataset(ds, rename).await.unwrap().is_none());
    other.delete_datasets(std::slice::from_ref(ds)).await.unwrap();
    let same_name = other.insert_dataset(new_dataset("Shared Name"), "model").await.unwrap();
    assert_eq!(same_name.name, "Shared Name", "names of others are free");

    // Documents; also through an own dataset.
    assert!(matches!(other.insert_document(ds, new_document("x")).await, Err(Error::NotFound { .. })));
    assert!(other.documents_by_ids(docs).await.unwrap().is_empty());
    assert!(other.document_metadata(std::slice::from_ref(ds)).await.unwrap().is_empty());
    assert!(other.document_by_name(ds, "a.txt").await.unwrap().is_none());
    assert_eq!(other.list_documents(ds, &DocumentFilter::default(), &page).await.unwrap().total, 0);
    for ds in [ds, &mine.id] {
        assert!(other.document(ds, doc).await.unwrap().is_none());
        let off = DocumentPatch { enabled: Some(false), drop_chunks: true, ..Default::default() };
        assert!(other.update_document(ds, doc, off).await.unwrap().is_none());
        other.start_parsing(ds, docs).await.unwrap();
        other.stop_parsing(ds, docs).await.unwrap();
        other.delete_documents(ds, docs).await.unwrap();

        // Chunks.
        assert_eq!(other.list_chunks(ds, doc, &page).await.unwrap().total, 0);
        assert!(other.chunk(ds, doc, &chunk.id).await.unwrap().is_none());
        assert!(matches!(other.add_chunk(ds, doc, draft(doc, "x"), SPACE).await, Err(Error::NotFound { .. })));
        let patch = ChunkPatch { text: Some("x".into()), ..Default::default() };
        assert!(!other.update_chunk(ds, doc, &chunk.id, patch, None, None).await.unwrap());
        assert_eq!(other.delete_chunks(ds, doc, None).await.unwrap(), 0);
        assert_eq!(other.delete_chunks(ds, doc, Some(std::slice::from_ref(&chunk.id))).await.unwrap(), 0);
    }
    assert!(other.chunks_by_rows(&[chunk.row]).await.unwrap().is_empty());

    // Assistants and sessions.
    assert!(other.assistant(&assistant.id).await.unwrap().is_none());
    assert!(other.assistant_by_name("assistant").await.unwrap().is_none());
    assert_eq!(other.list_assistants(&AssistantFilter::default(), &page).await.unwrap().total, 0);
    assert!(other.update_assistant(&assistant.id, new_assistant("stolen")).await.unwrap().is_none());
    assert!(other.insert_session(&assistant.id, new_session.clone(), None).await.is_err());
    assert!(other.session(&assistant.id, &session.id).await.unwrap().is_none());
    assert_eq!(other.list_sessions(&assistant.id, &SessionFilter::default(), &page).await.unwrap().total, 0);
    let patch = SessionPatch { name: Some("x".into()), ..Default::default() };
    assert!(other.update_session(&assistant.id, &session.id, patch).await.unwrap().is_none());
    let message = Message { id: None, role: MessageRole::User, content: "x".into(), created: 1.0, reference: None };
    assert!(other.append_messages(&session.id, &[message]).await.is_err());
    other.delete_sessions(&assistant.id, std::slice::from_ref(&session.id)).await.unwrap();
    other.delete_assistants(std::slice::from_ref(&assistant.id)).await.unwrap();
    assert!(other.insert_assistant(new_assistant("assistant")).await.is_ok(), "names of others are free");

    assert_eq!(before().await, untouched);
    assert_eq!(f.store.unfinished_tasks().await.unwrap(), 0);
    assert_eq!(f.now(&document).await.run, RunState::Done);
}
