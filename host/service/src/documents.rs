//! Documents and their bytes.

use crate::Service;
use mortise_domain::source::ByteSource;
use mortise_domain::{
    Caller, DatasetId, Document, DocumentFilter, DocumentId, DocumentPatch, Error, NewDocument, Page, PageRequest,
    Result,
};
use mortise_store::BlobWriter;
use std::sync::Arc;

/// A document with its bytes.
pub struct OpenDocument {
    /// The document.
    pub document: Document,
    /// Its bytes; reading blocks the thread.
    pub bytes: Arc<dyn ByteSource>,
}

impl Service {
    /// Begins to store the bytes of an upload. They belong to nobody until [`Service::add_document`].
    ///
    /// # Errors
    /// Whatever the disk says.
    pub async fn begin_upload(&self) -> Result<BlobWriter> {
        self.store.blobs().begin().await
    }

    /// Makes a document of stored bytes. Durable when it returns; a taken name gets `(1)`, `(2)`, ….
    ///
    /// # Errors
    /// `NotFound` for the dataset.
    pub async fn add_document(&self, caller: &Caller, dataset: &DatasetId, new: NewDocument) -> Result<Document> {
        self.get_dataset(caller, dataset).await?;
        let document = self.own(caller).insert_document(dataset, new).await?;
        tracing::info!(document = %document.id, name = document.name, size = document.size, "document added");
        Ok(self.with_thumbnail(caller, document))
    }

    /// One document.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_document(&self, caller: &Caller, dataset: &DatasetId, id: &DocumentId) -> Result<Document> {
        let document = self.own(caller).document(dataset, id).await?;
        let document = document.ok_or_else(|| Error::not_found("document", id.as_str()))?;
        Ok(self.with_thumbnail(caller, document))
    }

    /// The document of exactly this name.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn find_document(&self, caller: &Caller, dataset: &DatasetId, name: &str) -> Result<Option<Document>> {
        self.own(caller).document_by_name(dataset, name).await
    }

    /// The caller's documents of these ids, of any dataset; unknown ids are left out.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn documents_by_ids(&self, caller: &Caller, ids: &[DocumentId]) -> Result<Vec<Document>> {
        let found = self.own(caller).documents_by_ids(ids).await?;
        Ok(found.into_iter().map(|document| self.with_thumbnail(caller, document)).collect())
    }

    /// Documents of a dataset, paged.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn list_documents(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        filter: &DocumentFilter,
        page: &PageRequest,
    ) -> Result<Page<Document>> {
        let listed = self.own(caller).list_documents(dataset, filter, page).await?;
        Ok(listed.map(|document| self.with_thumbnail(caller, document)))
    }

    /// Changes a document.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn update_document(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        id: &DocumentId,
        patch: DocumentPatch,
    ) -> Result<Document> {
        let searched = patch.enabled.is_some() || patch.name.is_some() || patch.drop_chunks;
        let updated = self.own(caller).update_document(dataset, id, patch).await?;
        if searched {
            self.index_caught_up().await?;
        }
        updated.ok_or_else(|| Error::not_found("document", id.as_str()))
    }

    /// Removes documents in whatever state they are; unknown ids are ignored.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn delete_documents(&self, caller: &Caller, dataset: &DatasetId, ids: &[DocumentId]) -> Result<()> {
        self.own(caller).delete_documents(dataset, ids).await?;
        self.cancel_running(ids);
        self.index_caught_up().await?;
        tracing::info!(count = ids.len(), dataset = %dataset, "documents deleted");
        Ok(())
    }

    /// Removes stored bytes that belong to no document and are older than an hour: what broken uploads left. Gives how
    /// many there were.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub async fn sweep_uploads(&self) -> Result<usize> {
        self.store.blobs().sweep().await
    }

    /// A document and its bytes.
    ///
    /// # Errors
    /// `NotFound`; `Internal` when the bytes are gone.
    pub async fn open_document(&self, caller: &Caller, dataset: &DatasetId, id: &DocumentId) -> Result<OpenDocument> {
        let document = self.get_document(caller, dataset, id).await?;
        let bytes = self.store.blobs().open(&document.blob).await?;
        Ok(OpenDocument { document, bytes })
    }
}
