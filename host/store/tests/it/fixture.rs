//! A store in a temporary folder, and things to put into it.

use mortise_domain::{
    BlobId, Chunk, ChunkDraft, ChunkId, ChunkKind, Dataset, DatasetId, Document, DocumentId, DocumentType, JsonMap,
    NewAssistant, NewDataset, NewDocument, PageRequest, Task, Tenant, TenantId,
};
use mortise_store::{Store, TenantStore};
use tempfile::TempDir;

pub(crate) const WORKER: &str = "worker";
pub(crate) const SPACE: &str = "space-a";
pub(crate) const LEASE: i64 = 60_000;

/// An open store with one tenant.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) own: TenantStore,
    pub(crate) dir: TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        let tenant = add_tenant(&store, "one").await;
        let own = store.tenant(&tenant);
        Self { store, own, dir }
    }

    pub(crate) async fn dataset(&self, name: &str) -> Dataset {
        self.own.insert_dataset(new_dataset(name), "model").await.unwrap()
    }

    pub(crate) async fn document(&self, dataset: &DatasetId, name: &str) -> Document {
        self.own.insert_document(dataset, new_document(name)).await.unwrap()
    }

    /// The document as it is now.
    pub(crate) async fn now(&self, document: &Document) -> Document {
        self.own.document(&document.dataset, &document.id).await.unwrap().unwrap()
    }

    /// Starts parsing and claims the task.
    pub(crate) async fn running(&self, document: &Document) -> Task {
        self.own.start_parsing(&document.dataset, std::slice::from_ref(&document.id)).await.unwrap();
        let task = self.store.claim_task(WORKER, LEASE).await.unwrap().unwrap();
        assert_eq!(task.document, document.id);
        task
    }

    /// Parses a document into chunks of these texts.
    pub(crate) async fn parsed(&self, document: &Document, texts: &[&str]) -> u64 {
        let task = self.running(document).await;
        let drafts = texts.iter().map(|text| draft(&document.id, text)).collect();
        let seq = self.store.publish_chunks(&task, WORKER, SPACE, drafts).await.unwrap().unwrap();
        assert!(self.store.finish_task(&task, WORKER, "Task done", 1.5).await.unwrap());
        seq
    }

    pub(crate) async fn add_chunk(&self, document: &Document, text: &str) -> Chunk {
        self.own.add_chunk(&document.dataset, &document.id, draft(&document.id, text), SPACE).await.unwrap()
    }

    pub(crate) async fn chunks(&self, document: &Document) -> Vec<Chunk> {
        let page = self.own.list_chunks(&document.dataset, &document.id, &PageRequest::all()).await.unwrap();
        assert_eq!(page.total, page.items.len() as i64);
        page.items
    }

    /// Checks that all counters of a dataset are the sums of its documents', and gives chunks and tokens.
    pub(crate) async fn counters(&self, dataset: &DatasetId) -> (i64, i64) {
        let dataset = self.own.dataset(dataset).await.unwrap().unwrap();
        let documents = self.own.list_documents(&dataset.id, &Default::default(), &PageRequest::all()).await.unwrap();
        assert_eq!(dataset.document_count, documents.total);
        assert_eq!(dataset.chunk_count, documents.items.iter().map(|d| d.chunk_count).sum::<i64>());
        assert_eq!(dataset.token_count, documents.items.iter().map(|d| d.token_count).sum::<i64>());
        (dataset.chunk_count, dataset.token_count)
    }
}

pub(crate) async fn add_tenant(store: &Store, name: &str) -> TenantId {
    let id = TenantId::generate();
    let tenant = Tenant {
        id: id.clone(),
        name: name.into(),
        embedding_model: "model".into(),
        chat_model: "chat".into(),
        created: 1,
    };
    store.create_tenant(&tenant).await.unwrap();
    id
}

pub(crate) fn new_dataset(name: &str) -> NewDataset {
    NewDataset {
        name: name.into(),
        avatar: None,
        description: Some("about".into()),
        permission: "me".into(),
        embedding_model: None,
        chunk_method: "naive".into(),
        pipeline_id: Some("p".into()),
        parser_config: object(serde_json::json!({"chunk_token_num": 512, "raptor": {"use_raptor": false}})),
    }
}

pub(crate) fn new_document(name: &str) -> NewDocument {
    NewDocument { name: name.into(), kind: DocumentType::Doc, size: 3, blob: blob('a'), chunk_method: None }
}

pub(crate) fn blob(digit: char) -> BlobId {
    BlobId::new(digit.to_string().repeat(64))
}

/// A chunk of as many tokens as it has words, with a vector made of its text.
pub(crate) fn draft(document: &DocumentId, text: &str) -> ChunkDraft {
    ChunkDraft {
        id: ChunkId::of(text, document, 0),
        text: text.into(),
        kind: ChunkKind::Text,
        context: vec!["Part".into()],
        keywords: vec![],
        questions: vec![],
        tags: vec![],
        positions: vec![],
        fields: vec![],
        available: true,
        edited: false,
        parent_text: None,
        image: None,
        tokens: text.split_whitespace().count() as i64,
        vector: vector(text),
    }
}

pub(crate) fn vector(text: &str) -> Vec<f32> {
    text.bytes().chain([0; 4]).take(4).map(|b| f32::from(b) / 256.0).collect()
}

pub(crate) fn new_assistant(name: &str) -> NewAssistant {
    NewAssistant {
        name: name.into(),
        description: "d".into(),
        avatar: String::new(),
        language: "English".into(),
        datasets: vec!["gone".into()],
        llm_id: "m".into(),
        llm_setting: object(serde_json::json!({"temperature": 0.1})),
        prompt_config: object(serde_json::json!({"prologue": "Hi", "parameters": [{"key": "knowledge"}]})),
        similarity_threshold: 0.2,
        vector_weight: 0.3,
        top_n: 6,
        top_k: 1024,
        rerank_id: String::new(),
        do_refer: "1".into(),
        prompt_type: "simple".into(),
        meta_data_filter: JsonMap::new(),
    }
}

pub(crate) fn object(value: serde_json::Value) -> JsonMap {
    value.as_object().unwrap().clone()
}

pub(crate) fn names<T>(items: &[T], name: impl Fn(&T) -> &str) -> Vec<String> {
    items.iter().map(|item| name(item).to_owned()).collect()
}
