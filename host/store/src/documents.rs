//! Documents, and the counters that depend on their chunks.

use crate::column::{Read, bad, flag, fold, from_json, id, json, list, now, suffix};
use crate::engine::{Write, all, any, one, order_by, page, run};
use crate::name::{common_stem, free_name};
use crate::{TenantStore, chunks, datasets, tasks};
use mortise_domain::{
    DatasetId, Document, DocumentFilter, DocumentId, DocumentPatch, DocumentType, Error, JsonMap, NewDocument, Page,
    PageRequest, Result, RunState,
};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};
use std::collections::{BTreeSet, HashMap, HashSet};

const INSERT: &str = "INSERT INTO document (id, tenant, dataset, name, name_fold, location, suffix, kind, size, blob, \
    thumbnail, chunk_method, pipeline_id, parser_config, meta_fields, run, created, updated) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)";

const UPDATE: &str = "UPDATE document SET name = $2, name_fold = $3, suffix = $4, meta_fields = $5, \
    parser_config = $6, chunk_method = $7, run = $8, progress = $9, progress_msg = $10, enabled = $11, updated = $12 \
    WHERE row = $1";

impl TenantStore {
    /// Adds a document whose bytes are stored already. It takes over the dataset's settings; a taken name gets `(1)`,
    /// `(2)`, … before its extension.
    ///
    /// # Errors
    /// `NotFound` for the dataset; `Conflict` when a thousand such names are taken too.
    pub async fn insert_document(&self, dataset: &DatasetId, new: NewDocument) -> Result<Document> {
        let mut tx = self.write().await?;
        let Some(dataset) = datasets::dataset(&mut tx, self.id(), dataset).await? else {
            return Err(Error::not_found("dataset", dataset.as_str()));
        };
        let now = now();
        let name = free_name_in(&mut tx, &dataset.id, &new.name).await?;
        let document = Document {
            id: DocumentId::generate(),
            dataset: dataset.id,
            tenant: dataset.tenant,
            location: name.clone(),
            suffix: suffix(&name),
            name,
            kind: new.kind,
            size: new.size,
            blob: new.blob,
            thumbnail: String::new(),
            chunk_method: new.chunk_method.unwrap_or(dataset.chunk_method),
            pipeline_id: dataset.pipeline_id,
            parser_config: dataset.parser_config,
            chunk_count: 0,
            token_count: 0,
            progress: 0.0,
            progress_msg: String::new(),
            process_begin: None,
            process_duration: 0.0,
            meta_fields: JsonMap::new(),
            run: RunState::Unstarted,
            enabled: true,
            created: now,
            updated: now,
        };
        let insert = sqlx::query(INSERT)
            .bind(document.id.as_str())
            .bind(self.id())
            .bind(document.dataset.as_str())
            .bind(&document.name)
            .bind(fold(&document.name))
            .bind(&document.location)
            .bind(&document.suffix)
            .bind(document.kind.as_str())
            .bind(document.size)
            .bind(document.blob.as_str())
            .bind(&document.thumbnail)
            .bind(&document.chunk_method)
            .bind(&document.pipeline_id)
            .bind(json("parser_config", &document.parser_config)?)
            .bind(json("meta_fields", &document.meta_fields)?)
            .bind(document.run.as_str())
            .bind(now);
        run(&mut tx, insert).await?;
        let count = "UPDATE dataset SET document_count = document_count + 1, updated = $2 WHERE id = $1";
        run(&mut tx, sqlx::query(count).bind(document.dataset.as_str()).bind(now)).await?;
        tx.commit().await?;
        Ok(document)
    }

    /// One document.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn document(&self, dataset: &DatasetId, id: &DocumentId) -> Result<Option<Document>> {
        let found = stored(&mut *self.engine().read().await?, self.id(), dataset, id).await?;
        Ok(found.map(|stored| stored.document))
    }

    /// The document of exactly this name.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn document_by_name(&self, dataset: &DatasetId, name: &str) -> Result<Option<Document>> {
        let select = sqlx::query("SELECT * FROM document WHERE dataset = $1 AND name = $2 AND tenant = $3");
        let select = select.bind(dataset.as_str()).bind(name).bind(self.id());
        one(&mut *self.engine().read().await?, select, document_row).await
    }

    /// Documents of any of the tenant's datasets, in the order asked for; unknown ids are left out.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn documents_by_ids(&self, ids: &[DocumentId]) -> Result<Vec<Document>> {
        let select =
            sqlx::query("SELECT * FROM document WHERE id IN (SELECT value FROM json_each($1)) AND tenant = $2");
        let select = select.bind(list(ids.iter().map(DocumentId::as_str))?).bind(self.id());
        let found = all(&mut *self.engine().read().await?, select, document_row).await?;
        let mut found: HashMap<DocumentId, Document> = found.into_iter().map(|d| (d.id.clone(), d)).collect();
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Documents of a dataset, paged.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn list_documents(
        &self,
        dataset: &DatasetId,
        filter: &DocumentFilter,
        request: &PageRequest,
    ) -> Result<Page<Document>> {
        let suffixes = list(filter.suffixes.iter().map(|suffix| suffix.to_lowercase()))?;
        let runs = list(filter.runs.iter().map(|run| run.as_str()))?;
        let narrow = |query: &mut QueryBuilder<Sqlite>| {
            // The tenant is checked on the dataset, so that an index alone can count its documents.
            query.push("dataset = (SELECT id FROM dataset WHERE id = ").push_bind(dataset.as_str().to_owned());
            query.push(" AND tenant = ").push_bind(self.id().to_owned()).push(")");
            if let Some(id) = &filter.id {
                query.push(" AND id = ").push_bind(id.as_str().to_owned());
            }
            if let Some(name) = &filter.name {
                query.push(" AND name_fold = ").push_bind(fold(name));
            }
            if let Some(keywords) = &filter.keywords {
                query.push(" AND instr(name_fold, ").push_bind(fold(keywords)).push(") > 0");
            }
            if !filter.suffixes.is_empty() {
                query.push(" AND suffix IN (SELECT value FROM json_each(").push_bind(suffixes.clone()).push("))");
            }
            if !filter.runs.is_empty() {
                query.push(" AND run IN (SELECT value FROM json_each(").push_bind(runs.clone()).push("))");
            }
        };
        let order = order_by(request, "name_fold");
        let mut snapshot = self.engine().snapshot().await?;
        let Some(condition) = filter.metadata.as_ref().filter(|m| !m.conditions.is_empty()) else {
            return page(&mut snapshot, "document", narrow, &order, request, document_row).await;
        };
        // Conditions are evaluated here, the same way for every engine.
        let mut select = QueryBuilder::new("SELECT row, meta_fields FROM document WHERE ");
        narrow(&mut select);
        select.push(&order);
        let metadata = |r: &SqliteRow| Ok((r.try_get::<i64, _>("row")?, from_json::<JsonMap>(r, "meta_fields")?));
        let mut rows = all(&mut snapshot, select.build(), metadata).await?;
        rows.retain(|(_, metadata)| condition.matches(metadata));
        let (offset, limit) = request.offset_limit();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX); // −1 = no limit
        let shown = rows.iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(limit);
        let shown: Vec<i64> = shown.map(|(row, _)| *row).collect();
        let mut select = QueryBuilder::new("SELECT * FROM document WHERE row IN (SELECT value FROM json_each(");
        select.push_bind(json("rows", &shown)?).push(")) ").push(&order);
        let items = all(&mut snapshot, select.build(), document_row).await?;
        Ok(Page { items, total: rows.len() as i64 })
    }

    /// Metadata of all documents of some datasets.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn document_metadata(&self, datasets: &[DatasetId]) -> Result<Vec<(DocumentId, JsonMap)>> {
        let select = sqlx::query(
            "SELECT id, meta_fields FROM document WHERE dataset IN (SELECT value FROM json_each($1)) AND tenant = $2 \
             ORDER BY row",
        );
        let select = select.bind(list(datasets.iter().map(DatasetId::as_str))?).bind(self.id());
        let read = |r: &SqliteRow| Ok((id(r, "id")?, from_json(r, "meta_fields")?));
        all(&mut *self.engine().read().await?, select, read).await
    }

    /// Changes a document; `None` when there is no such document. A new chunk method cancels work under way.
    ///
    /// # Errors
    /// `Conflict` when exactly this name is taken.
    pub async fn update_document(
        &self,
        dataset: &DatasetId,
        id: &DocumentId,
        patch: DocumentPatch,
    ) -> Result<Option<Document>> {
        let mut tx = self.write().await?;
        let Some(mut stored) = stored(&mut tx, self.id(), dataset, id).await? else { return Ok(None) };
        let renamed = patch.name.as_ref().is_some_and(|name| *name != stored.document.name);
        let switched = patch.enabled.is_some_and(|enabled| enabled != stored.document.enabled);
        if let Some(name) = patch.name.filter(|_| renamed) {
            let taken = sqlx::query("SELECT 1 FROM document WHERE dataset = $1 AND name = $2");
            if any(&mut tx, taken.bind(dataset.as_str()).bind(&name)).await? {
                return Err(Error::Conflict { noun: "document", reason: format!("the name {name} is taken") });
            }
            stored.document.suffix = suffix(&name);
            stored.document.name = name;
        }
        if let Some(method) = patch.chunk_method {
            stored.document.chunk_method = method;
            stored.document.run = RunState::Unstarted;
            stored.document.progress = 0.0;
            stored.document.progress_msg.clear();
            tasks::cancel(&mut tx, id).await?;
        }
        if patch.drop_chunks {
            chunks::drop_all(&mut tx, &mut stored).await?;
        } else if renamed || switched {
            // Indexes know a document's name (of parsed chunks) and whether it is enabled.
            chunks::touch(&mut tx, stored.row, !switched).await?;
        }
        let document = &mut stored.document;
        document.meta_fields = patch.meta_fields.unwrap_or_else(|| std::mem::take(&mut document.meta_fields));
        document.parser_config = patch.parser_config.unwrap_or_else(|| std::mem::take(&mut document.parser_config));
        document.enabled = patch.enabled.unwrap_or(document.enabled);
        document.updated = now();
        let update = sqlx::query(UPDATE)
            .bind(stored.row)
            .bind(&document.name)
            .bind(fold(&document.name))
            .bind(&document.suffix)
            .bind(json("meta_fields", &document.meta_fields)?)
            .bind(json("parser_config", &document.parser_config)?)
            .bind(&document.chunk_method)
            .bind(document.run.as_str())
            .bind(document.progress)
            .bind(&document.progress_msg)
            .bind(i64::from(document.enabled))
            .bind(document.updated);
        run(&mut tx, update).await?;
        tx.commit().await?;
        Ok(Some(stored.document))
    }

    /// Removes documents with their chunks in whatever state they are; work under way is lost. Unknown ids are
    /// ignored.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was removed.
    pub async fn delete_documents(&self, dataset: &DatasetId, ids: &[DocumentId]) -> Result<()> {
        let mut tx = self.write().await?;
        let (mut rows, mut chunks, mut tokens) = (Vec::new(), 0, 0);
        for id in ids.iter().collect::<BTreeSet<_>>() {
            if let Some(Stored { row, document }) = stored(&mut tx, self.id(), dataset, id).await? {
                rows.push(row);
                chunks += document.chunk_count;
                tokens += document.token_count;
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        remove(&mut tx, &rows).await?;
        let count = sqlx::query(
            "UPDATE dataset SET document_count = document_count - $2, chunk_count = chunk_count - $3, \
             token_count = token_count - $4, updated = $5 WHERE id = $1",
        );
        let count = count.bind(dataset.as_str()).bind(rows.len() as i64).bind(chunks).bind(tokens).bind(now());
        run(&mut tx, count).await?;
        tx.commit().await
    }
}

/// A document with the number of its row.
pub(crate) struct Stored {
    pub(crate) row: i64,
    pub(crate) document: Document,
}

impl Stored {
    /// Sets the document's counters and moves its dataset's by as much.
    pub(crate) async fn count(&mut self, tx: &mut Write, chunks: i64, tokens: i64) -> Result<()> {
        let (chunks, tokens, now) = (chunks.max(0), tokens.max(0), now());
        let document = "UPDATE document SET chunk_count = $2, token_count = $3, updated = $4 WHERE row = $1";
        run(tx, sqlx::query(document).bind(self.row).bind(chunks).bind(tokens).bind(now)).await?;
        let dataset = sqlx::query(
            "UPDATE dataset SET chunk_count = chunk_count + $2, token_count = token_count + $3, updated = $4 \
             WHERE id = $1",
        );
        let dataset = dataset.bind(self.document.dataset.as_str()).bind(chunks - self.document.chunk_count);
        run(tx, dataset.bind(tokens - self.document.token_count).bind(now)).await?;
        (self.document.chunk_count, self.document.token_count, self.document.updated) = (chunks, tokens, now);
        Ok(())
    }
}

/// One document of a tenant, with its row.
pub(crate) async fn stored(
    on: &mut SqliteConnection,
    tenant: &str,
    dataset: &DatasetId,
    id: &DocumentId,
) -> Result<Option<Stored>> {
    let select = sqlx::query("SELECT * FROM document WHERE id = $1 AND dataset = $2 AND tenant = $3");
    one(on, select.bind(id.as_str()).bind(dataset.as_str()).bind(tenant), stored_row).await
}

/// One document by its row.
pub(crate) async fn stored_by_row(on: &mut SqliteConnection, row: i64) -> Result<Option<Stored>> {
    one(on, sqlx::query("SELECT * FROM document WHERE row = $1").bind(row), stored_row).await
}

/// Removes documents by their rows, and tells indexes of their chunks. Tasks go with them. The caller counts.
pub(crate) async fn remove(tx: &mut Write, rows: &[i64]) -> Result<()> {
    let rows = json("rows", rows)?;
    let chunks = sqlx::query("SELECT row FROM chunk WHERE document IN (SELECT value FROM json_each($1))");
    let chunks = all(tx, chunks.bind(&rows), |r| r.try_get(0)).await?;
    chunks::remove(tx, &chunks).await?;
    let delete = sqlx::query("DELETE FROM document WHERE row IN (SELECT value FROM json_each($1))");
    run(tx, delete.bind(&rows)).await?;
    Ok(())
}

async fn free_name_in(tx: &mut Write, dataset: &DatasetId, wanted: &str) -> Result<String> {
    let same = sqlx::query("SELECT 1 FROM document WHERE dataset = $1 AND name_fold = $2");
    if !any(tx, same.bind(dataset.as_str()).bind(fold(wanted))).await? {
        return Ok(wanted.to_owned()); // the common case needs no look at the others
    }
    let stem = fold(common_stem(wanted));
    let alike = sqlx::query("SELECT name_fold FROM document WHERE dataset = $1 AND substr(name_fold, 1, $2) = $3");
    let alike = alike.bind(dataset.as_str()).bind(stem.chars().count() as i64).bind(stem);
    let taken: HashSet<String> = all(tx, alike, |r| r.try_get(0)).await?.into_iter().collect();
    free_name(wanted, |name| taken.contains(&fold(name)))
        .ok_or_else(|| Error::Conflict { noun: "document", reason: format!("too many are named {wanted}") })
}

fn stored_row(row: &SqliteRow) -> Read<Stored> {
    Ok(Stored { row: row.try_get("row")?, document: document_row(row)? })
}

fn document_row(row: &SqliteRow) -> Read<Document> {
    let run: &str = row.try_get("run")?;
    Ok(Document {
        id: id(row, "id")?,
        dataset: id(row, "dataset")?,
        tenant: id(row, "tenant")?,
        name: row.try_get("name")?,
        location: row.try_get("location")?,
        suffix: row.try_get("suffix")?,
        kind: DocumentType::parse(row.try_get("kind")?),
        size: row.try_get("size")?,
        blob: id(row, "blob")?,
        thumbnail: row.try_get("thumbnail")?,
        chunk_method: row.try_get("chunk_method")?,
        pipeline_id: row.try_get("pipeline_id")?,
        parser_config: from_json(row, "parser_config")?,
        chunk_count: row.try_get("chunk_count")?,
        token_count: row.try_get("token_count")?,
        progress: row.try_get("progress")?,
        progress_msg: row.try_get("progress_msg")?,
        process_begin: row.try_get("process_begin")?,
        process_duration: row.try_get("process_duration")?,
        meta_fields: from_json(row, "meta_fields")?,
        run: RunState::parse(run).ok_or_else(|| bad("run", format!("unknown state {run}")))?,
        enabled: flag(row, "enabled")?,
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
    })
}
