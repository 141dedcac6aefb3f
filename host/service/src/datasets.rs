//! Datasets.

use crate::Service;
use mortise_domain::{
    Caller, Dataset, DatasetFilter, DatasetId, DatasetPatch, Error, NewDataset, Page, PageRequest, Result,
};

impl Service {
    /// Makes a dataset; a taken name gets `(1)`, `(2)`, … appended.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn create_dataset(&self, caller: &Caller, new: NewDataset) -> Result<Dataset> {
        let embedding_model = match &new.embedding_model {
            Some(name) => name.clone(),
            None => self.tenant(caller).await?.embedding_model,
        };
        let dataset = self.own(caller).insert_dataset(new, &embedding_model).await?;
        tracing::info!(dataset = %dataset.id, name = dataset.name, "dataset created");
        Ok(dataset)
    }

    /// One dataset.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_dataset(&self, caller: &Caller, id: &DatasetId) -> Result<Dataset> {
        self.own(caller).dataset(id).await?.ok_or_else(|| Error::not_found("dataset", id.as_str()))
    }

    /// The dataset of a name, ignoring case.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn find_dataset(&self, caller: &Caller, name: &str) -> Result<Option<Dataset>> {
        self.own(caller).dataset_by_name(name).await
    }

    /// Datasets, paged.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn list_datasets(
        &self,
        caller: &Caller,
        filter: &DatasetFilter,
        page: &PageRequest,
    ) -> Result<Page<Dataset>> {
        self.own(caller).list_datasets(filter, page).await
    }

    /// Changes a dataset.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a taken name or for another embedder while there are chunks.
    pub async fn update_dataset(&self, caller: &Caller, id: &DatasetId, patch: DatasetPatch) -> Result<Dataset> {
        let updated = self.own(caller).update_dataset(id, patch).await?;
        updated.ok_or_else(|| Error::not_found("dataset", id.as_str()))
    }

    /// Removes datasets with everything in them; unknown ids are ignored.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn delete_datasets(&self, caller: &Caller, ids: &[DatasetId]) -> Result<()> {
        self.own(caller).delete_datasets(ids).await?;
        tracing::info!(count = ids.len(), "datasets deleted");
        Ok(())
    }
}
