//! Datasets.

use crate::column::{Read, fold, from_json, id, json, list, now};
use crate::engine::{all, any, one, order_by, page, run};
use crate::name::{common_stem, free_name};
use crate::{TenantStore, documents};
use mortise_domain::{Dataset, DatasetFilter, DatasetId, DatasetPatch, Error, NewDataset, Page, PageRequest, Result};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row};
use std::collections::HashSet;

const INSERT: &str = "INSERT INTO dataset (id, tenant, name, name_fold, avatar, description, language, permission, \
    embedding_model, chunk_method, pipeline_id, parser_config, similarity_threshold, vector_similarity_weight, \
    created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)";

const UPDATE: &str = "UPDATE dataset SET name = $2, name_fold = $3, avatar = $4, description = $5, permission = $6, \
    embedding_model = $7, chunk_method = $8, pipeline_id = $9, parser_config = $10, pagerank = $11, updated = $12 \
    WHERE id = $1";

impl TenantStore {
    /// Adds a dataset that uses `embedding_model`; a taken name gets `(1)`, `(2)`, … appended.
    ///
    /// # Errors
    /// `Conflict` when a thousand such names are taken too.
    pub async fn insert_dataset(&self, new: NewDataset, embedding_model: &str) -> Result<Dataset> {
        let mut tx = self.write().await?;
        let stem = fold(common_stem(&new.name));
        let alike = sqlx::query("SELECT name_fold FROM dataset WHERE tenant = $1 AND substr(name_fold, 1, $2) = $3")
            .bind(self.id())
            .bind(stem.chars().count() as i64)
            .bind(stem);
        let taken: HashSet<String> = all(&mut tx, alike, |r| r.try_get(0)).await?.into_iter().collect();
        let name = free_name(&new.name, |name| taken.contains(&fold(name)))
            .ok_or_else(|| Error::Conflict { noun: "dataset", reason: format!("too many are named {}", new.name) })?;
        let now = now();
        let dataset = Dataset {
            id: DatasetId::generate(),
            tenant: self.tenant.clone(),
            name,
            avatar: new.avatar,
            description: new.description,
            language: "English".into(),
            permission: new.permission,
            embedding_model: embedding_model.to_owned(),
            chunk_method: new.chunk_method,
            pipeline_id: new.pipeline_id,
            parser_config: new.parser_config,
            document_count: 0,
            chunk_count: 0,
            token_count: 0,
            // RAGFlow's defaults.
            similarity_threshold: 0.2,
            vector_similarity_weight: 0.3,
            pagerank: 0,
            created: now,
            updated: now,
        };
        let insert = sqlx::query(INSERT)
            .bind(dataset.id.as_str())
            .bind(self.id())
            .bind(&dataset.name)
            .bind(fold(&dataset.name))
            .bind(&dataset.avatar)
            .bind(&dataset.description)
            .bind(&dataset.language)
            .bind(&dataset.permission)
            .bind(&dataset.embedding_model)
            .bind(&dataset.chunk_method)
            .bind(&dataset.pipeline_id)
            .bind(json("parser_config", &dataset.parser_config)?)
            .bind(dataset.similarity_threshold)
            .bind(dataset.vector_similarity_weight)
            .bind(now);
        run(&mut tx, insert).await?;
        tx.commit().await?;
        Ok(dataset)
    }

    /// One dataset.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn dataset(&self, id: &DatasetId) -> Result<Option<Dataset>> {
        dataset(&mut *self.engine().read().await?, self.id(), id).await
    }

    /// The dataset of a name, ignoring case.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn dataset_by_name(&self, name: &str) -> Result<Option<Dataset>> {
        let select = sqlx::query("SELECT * FROM dataset WHERE tenant = $1 AND name_fold = $2");
        one(&mut *self.engine().read().await?, select.bind(self.id()).bind(fold(name)), dataset_row).await
    }

    /// Datasets, paged.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn list_datasets(&self, filter: &DatasetFilter, request: &PageRequest) -> Result<Page<Dataset>> {
        let narrow = |query: &mut QueryBuilder<_>| {
            query.push("tenant = ").push_bind(self.id().to_owned());
            if let Some(id) = &filter.id {
                query.push(" AND id = ").push_bind(id.as_str().to_owned());
            }
            if let Some(name) = &filter.name {
                query.push(" AND name_fold = ").push_bind(fold(name));
            }
        };
        let order = order_by(request, "name_fold");
        page(&mut *self.engine().snapshot().await?, "dataset", narrow, &order, request, dataset_row).await
    }

    /// Changes a dataset; `None` when there is no such dataset.
    ///
    /// # Errors
    /// `Conflict` when the name is taken (ignoring case), or for another embedder while there are chunks.
    pub async fn update_dataset(&self, id: &DatasetId, patch: DatasetPatch) -> Result<Option<Dataset>> {
        let mut tx = self.write().await?;
        let Some(mut dataset) = dataset(&mut tx, self.id(), id).await? else { return Ok(None) };
        if let Some(name) = patch.name {
            let taken = sqlx::query("SELECT 1 FROM dataset WHERE tenant = $1 AND name_fold = $2 AND id <> $3");
            if any(&mut tx, taken.bind(self.id()).bind(fold(&name)).bind(id.as_str())).await? {
                return Err(Error::Conflict { noun: "dataset", reason: format!("the name {name} is taken") });
            }
            dataset.name = name;
        }
        if let Some(model) = patch.embedding_model.filter(|model| *model != dataset.embedding_model) {
            if dataset.chunk_count > 0 {
                let reason = format!("its {} chunks were embedded by {}", dataset.chunk_count, dataset.embedding_model);
                return Err(Error::Conflict { noun: "dataset", reason });
            }
            dataset.embedding_model = model;
        }
        dataset.avatar = patch.avatar.unwrap_or(dataset.avatar);
        dataset.description = patch.description.unwrap_or(dataset.description);
        dataset.permission = patch.permission.unwrap_or(dataset.permission);
        dataset.chunk_method = patch.chunk_method.unwrap_or(dataset.chunk_method);
        dataset.pipeline_id = patch.pipeline_id.unwrap_or(dataset.pipeline_id);
        dataset.parser_config = patch.parser_config.unwrap_or(dataset.parser_config);
        dataset.pagerank = patch.pagerank.unwrap_or(dataset.pagerank);
        dataset.updated = now();
        let update = sqlx::query(UPDATE)
            .bind(id.as_str())
            .bind(&dataset.name)
            .bind(fold(&dataset.name))
            .bind(&dataset.avatar)
            .bind(&dataset.description)
            .bind(&dataset.permission)
            .bind(&dataset.embedding_model)
            .bind(&dataset.chunk_method)
            .bind(&dataset.pipeline_id)
            .bind(json("parser_config", &dataset.parser_config)?)
            .bind(dataset.pagerank)
            .bind(dataset.updated);
        run(&mut tx, update).await?;
        tx.commit().await?;
        Ok(Some(dataset))
    }

    /// Removes datasets with everything in them, work under way included; unknown ids are ignored.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was removed.
    pub async fn delete_datasets(&self, ids: &[DatasetId]) -> Result<()> {
        let ids = list(ids.iter().map(DatasetId::as_str))?;
        let mut tx = self.write().await?;
        let inside =
            sqlx::query("SELECT row FROM document WHERE tenant = $1 AND dataset IN (SELECT value FROM json_each($2))");
        let inside = all(&mut tx, inside.bind(self.id()).bind(&ids), |r| r.try_get(0)).await?;
        documents::remove(&mut tx, &inside).await?;
        let delete = sqlx::query("DELETE FROM dataset WHERE tenant = $1 AND id IN (SELECT value FROM json_each($2))");
        run(&mut tx, delete.bind(self.id()).bind(&ids)).await?;
        tx.commit().await
    }
}

/// One dataset of a tenant.
pub(crate) async fn dataset(on: &mut SqliteConnection, tenant: &str, id: &DatasetId) -> Result<Option<Dataset>> {
    let select = sqlx::query("SELECT * FROM dataset WHERE id = $1 AND tenant = $2");
    one(on, select.bind(id.as_str()).bind(tenant), dataset_row).await
}

fn dataset_row(row: &SqliteRow) -> Read<Dataset> {
    Ok(Dataset {
        id: id(row, "id")?,
        tenant: id(row, "tenant")?,
        name: row.try_get("name")?,
        avatar: row.try_get("avatar")?,
        description: row.try_get("description")?,
        language: row.try_get("language")?,
        permission: row.try_get("permission")?,
        embedding_model: row.try_get("embedding_model")?,
        chunk_method: row.try_get("chunk_method")?,
        pipeline_id: row.try_get("pipeline_id")?,
        parser_config: from_json(row, "parser_config")?,
        document_count: row.try_get("document_count")?,
        chunk_count: row.try_get("chunk_count")?,
        token_count: row.try_get("token_count")?,
        similarity_threshold: row.try_get("similarity_threshold")?,
        vector_similarity_weight: row.try_get("vector_similarity_weight")?,
        pagerank: row.try_get("pagerank")?,
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
    })
}
