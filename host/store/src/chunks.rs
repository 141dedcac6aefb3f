//! Chunks: read, listed in natural order, added and edited by hand. How a parse writes them is in `tasks/publish.rs`.

use crate::TenantStore;
use crate::column::{Read, flag, from_json, id, json, list, now, vector_bytes};
use crate::documents::{self, Stored};
use crate::engine::{Write, all, any, one, run};
use crate::{fields, kept};
use mortise_domain::{
    Chunk, ChunkDraft, ChunkId, ChunkKind, ChunkPatch, DatasetId, DocumentId, Error, Page, PageRequest, Position,
    Result,
};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row};
use std::collections::HashMap;

/// A select of chunks `c` with their documents `d`, for [`chunk_row`].
macro_rules! select_chunks {
    ($rest:literal) => {
        concat!(
            "SELECT c.*, d.id AS document_id, d.dataset AS dataset_id ",
            "FROM chunk c JOIN document d ON d.row = c.document ",
            $rest
        )
    };
}

/// Rows of one bulk insert: more gain nothing.
const BULK: usize = 50;

/// Where chunks without a page sort: after all pages.
const NO_PAGE: (i64, i64) = (i32::MAX as i64, 0);

impl TenantStore {
    /// Chunks of a document in natural order: page, top, reading order; hand-made ones last. A size of `None` or 0
    /// means all.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn list_chunks(
        &self,
        dataset: &DatasetId,
        document: &DocumentId,
        request: &PageRequest,
    ) -> Result<Page<Chunk>> {
        let mut snapshot = self.engine().snapshot().await?;
        let Some(owner) = documents::stored(&mut snapshot, self.id(), dataset, document).await? else {
            return Ok(Page { items: vec![], total: 0 });
        };
        let count = sqlx::query("SELECT count(*) FROM chunk WHERE document = $1").bind(owner.row);
        let total = one(&mut snapshot, count, |r| r.try_get(0)).await?.unwrap_or_default();
        let request = PageRequest { size: request.size.filter(|size| *size > 0), ..*request };
        let (offset, limit) = request.offset_limit();
        let select = sqlx::query(select_chunks!(
            "WHERE c.document = $1 ORDER BY c.page, c.top, c.ordinal, c.row LIMIT $2 OFFSET $3"
        ));
        let items = all(&mut snapshot, select.bind(owner.row).bind(limit).bind(offset), chunk_row).await?;
        Ok(Page { items, total })
    }

    /// One chunk.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn chunk(&self, dataset: &DatasetId, document: &DocumentId, id: &ChunkId) -> Result<Option<Chunk>> {
        self.chunk_on(&mut *self.engine().read().await?, dataset, document, id).await
    }

    /// One chunk, whatever document of the dataset it is of.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn chunk_of_dataset(&self, dataset: &DatasetId, id: &ChunkId) -> Result<Option<Chunk>> {
        let select = sqlx::query(select_chunks!("WHERE d.dataset = $1 AND d.tenant = $2 AND c.id = $3 LIMIT 1"));
        let select = select.bind(dataset.as_str()).bind(self.id()).bind(id.as_str());
        one(&mut *self.engine().read().await?, select, chunk_row).await
    }

    async fn chunk_on(
        &self,
        on: &mut SqliteConnection,
        dataset: &DatasetId,
        document: &DocumentId,
        id: &ChunkId,
    ) -> Result<Option<Chunk>> {
        let select = sqlx::query(select_chunks!("WHERE d.id = $1 AND d.dataset = $2 AND d.tenant = $3 AND c.id = $4"));
        let select = select.bind(document.as_str()).bind(dataset.as_str()).bind(self.id()).bind(id.as_str());
        one(on, select, chunk_row).await
    }

    /// The tenant's chunks among these rows, in the order asked for.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn chunks_by_rows(&self, rows: &[i64]) -> Result<Vec<Chunk>> {
        let select = sqlx::query(select_chunks!("WHERE c.row IN (SELECT value FROM json_each($1)) AND d.tenant = $2"));
        let select = select.bind(json("rows", rows)?).bind(self.id());
        let found = all(&mut *self.engine().read().await?, select, chunk_row).await?;
        let mut found: HashMap<i64, Chunk> = found.into_iter().map(|chunk| (chunk.row, chunk)).collect();
        Ok(rows.iter().filter_map(|row| found.remove(row)).collect())
    }

    /// The documents of the tenant's chunks among these rows, in the order asked for; missing rows are left out.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn documents_of_rows(&self, rows: &[i64]) -> Result<Vec<(i64, DocumentId)>> {
        let select = sqlx::query(concat!(
            "SELECT c.row, d.id FROM chunk c JOIN document d ON d.row = c.document ",
            "WHERE c.row IN (SELECT value FROM json_each($1)) AND d.tenant = $2"
        ));
        let select = select.bind(json("rows", rows)?).bind(self.id());
        let pair = |row: &SqliteRow| -> Read<(i64, DocumentId)> { Ok((row.try_get("row")?, id(row, "id")?)) };
        let found = all(&mut *self.engine().read().await?, select, pair).await?;
        let mut found: HashMap<i64, DocumentId> = found.into_iter().collect();
        Ok(rows.iter().filter_map(|row| Some((*row, found.remove(row)?))).collect())
    }

    /// Adds a chunk by hand, with its vector by the embedder `space`. A chunk of the same id is replaced; counters
    /// grow at every call all the same, as clients expect.
    ///
    /// # Errors
    /// `NotFound` for the document.
    pub async fn add_chunk(
        &self,
        dataset: &DatasetId,
        document: &DocumentId,
        draft: ChunkDraft,
        space: &str,
    ) -> Result<Chunk> {
        let mut tx = self.write().await?;
        let Some(mut owner) = documents::stored(&mut tx, self.id(), dataset, document).await? else {
            return Err(Error::not_found("document", document.as_str()));
        };
        let same = sqlx::query("SELECT row FROM chunk WHERE document = $1 AND id = $2");
        let same = all(&mut tx, same.bind(owner.row).bind(draft.id.as_str()), |r| r.try_get(0)).await?;
        remove(&mut tx, &same).await?;
        let last = sqlx::query("SELECT coalesce(max(ordinal), -1) FROM chunk WHERE document = $1").bind(owner.row);
        let ordinal = one(&mut tx, last, |r| r.try_get::<i64, _>(0)).await?.unwrap_or(-1) + 1;
        let sort = sort_key(&draft.positions).unwrap_or(NO_PAGE);
        let new = NewRow { draft: &draft, ordinal, sort, manual: true };
        insert(&mut tx, owner.row, &[new], space).await?;
        let (chunks, tokens) = (owner.document.chunk_count + 1, owner.document.token_count + draft.tokens);
        owner.count(&mut tx, chunks, tokens).await?;
        let added = self.chunk_on(&mut tx, dataset, document, &draft.id).await?;
        tx.commit().await?;
        added.ok_or_else(|| Error::internal("a chunk just added is not there"))
    }

    /// Edits a chunk; its id stays. `new_vector` (embedder and numbers) replaces all vectors it has, `tokens` its
    /// token count. False when there is no such chunk.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn update_chunk(
        &self,
        dataset: &DatasetId,
        document: &DocumentId,
        id: &ChunkId,
        patch: ChunkPatch,
        new_vector: Option<(String, Vec<f32>)>,
        tokens: Option<i64>,
    ) -> Result<bool> {
        let mut tx = self.write().await?;
        let Some(mut owner) = documents::stored(&mut tx, self.id(), dataset, document).await? else {
            return Ok(false);
        };
        let Some(chunk) = self.chunk_on(&mut tx, dataset, document, id).await? else { return Ok(false) };
        let edited =
            patch.text.is_some() || patch.keywords.is_some() || patch.questions.is_some() || patch.positions.is_some();
        let seq = tx.seq().await?;
        let update = sqlx::query(
            "UPDATE chunk SET seq = $2, text = $3, keywords = $4, questions = $5, positions = $6, available = $7, \
             tokens = $8, edited = edited | $9, page = coalesce($10, page), top = coalesce($11, top) \
             WHERE row = $1",
        );
        let sort = patch.positions.as_deref().and_then(sort_key);
        let tokens = tokens.unwrap_or(chunk.tokens);
        let update = update
            .bind(chunk.row)
            .bind(seq)
            .bind(patch.text.unwrap_or(chunk.text))
            .bind(json("keywords", &patch.keywords.unwrap_or(chunk.keywords))?)
            .bind(json("questions", &patch.questions.unwrap_or(chunk.questions))?)
            .bind(json("positions", &patch.positions.unwrap_or(chunk.positions))?)
            .bind(i64::from(patch.available.unwrap_or(chunk.available)))
            .bind(tokens)
            .bind(i64::from(edited))
            .bind(sort.map(|(page, _)| page))
            .bind(sort.map(|(_, top)| top));
        run(&mut tx, update).await?;
        if let Some((space, vector)) = new_vector {
            run(&mut tx, sqlx::query("DELETE FROM chunk_vector WHERE row = $1").bind(chunk.row)).await?;
            insert_vectors(&mut tx, &space, &[(chunk.row, &vector)]).await?;
        }
        if tokens != chunk.tokens {
            let (chunks, all) = (owner.document.chunk_count, owner.document.token_count + tokens - chunk.tokens);
            owner.count(&mut tx, chunks, all).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Removes chunks (`None` = all of the document) and says how many there were.
    ///
    /// # Errors
    /// `Internal` when the database fails; then nothing was removed.
    pub async fn delete_chunks(
        &self,
        dataset: &DatasetId,
        document: &DocumentId,
        ids: Option<&[ChunkId]>,
    ) -> Result<usize> {
        let mut tx = self.write().await?;
        let Some(mut owner) = documents::stored(&mut tx, self.id(), dataset, document).await? else { return Ok(0) };
        let read = |r: &SqliteRow| Ok::<(i64, i64), _>((r.try_get(0)?, r.try_get(1)?));
        let found = match ids {
            None => {
                let select = sqlx::query("SELECT row, tokens FROM chunk WHERE document = $1");
                all(&mut tx, select.bind(owner.row), read).await?
            }
            Some(ids) => {
                let select = sqlx::query(
                    "SELECT row, tokens FROM chunk \
                     WHERE document = $1 AND id IN (SELECT value FROM json_each($2))",
                );
                let ids = list(ids.iter().map(ChunkId::as_str))?;
                all(&mut tx, select.bind(owner.row).bind(ids), read).await?
            }
        };
        let rows: Vec<i64> = found.iter().map(|(row, _)| *row).collect();
        remove(&mut tx, &rows).await?;
        let left = sqlx::query("SELECT 1 FROM chunk WHERE document = $1 LIMIT 1").bind(owner.row);
        let (chunks, tokens) = if any(&mut tx, left).await? {
            let tokens: i64 = found.iter().map(|(_, tokens)| tokens).sum();
            (owner.document.chunk_count - rows.len() as i64, owner.document.token_count - tokens)
        } else {
            (0, 0) // nothing is nothing, however often a chunk was added
        };
        owner.count(&mut tx, chunks, tokens).await?;
        tx.commit().await?;
        Ok(rows.len())
    }
}

/// A chunk to insert.
pub(crate) struct NewRow<'a> {
    pub(crate) draft: &'a ChunkDraft,
    pub(crate) ordinal: i64,
    /// Page and top it sorts by.
    pub(crate) sort: (i64, i64),
    pub(crate) manual: bool,
}

/// Page and top of the first place.
pub(crate) fn sort_key(positions: &[Position]) -> Option<(i64, i64)> {
    positions.first().map(|[page, _, _, top, _]| (i64::from(*page), i64::from(*top)))
}

/// Inserts chunks whose ids are new to the document, with their vectors.
pub(crate) async fn insert(tx: &mut Write, document: i64, new: &[NewRow<'_>], space: &str) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let seq = tx.seq().await?;
    let created = now() as f64 / 1000.0;
    for part in new.chunks(BULK) {
        let mut json_columns = Vec::with_capacity(part.len());
        for NewRow { draft, .. } in part {
            json_columns.push(JsonColumns::of(draft)?);
        }
        let mut query = QueryBuilder::new(
            "INSERT INTO chunk (seq, document, id, text, kind, context, keywords, questions, tags, positions, \
             fields, parent_text, image, tokens, ordinal, manual, edited, available, page, top, created) ",
        );
        query.push_values(part.iter().zip(json_columns), |mut row, (new, json)| {
            row.push_bind(seq)
                .push_bind(document)
                .push_bind(new.draft.id.as_str())
                .push_bind(&new.draft.text)
                .push_bind(new.draft.kind.as_str())
                .push_bind(json.context)
                .push_bind(json.keywords)
                .push_bind(json.questions)
                .push_bind(json.tags)
                .push_bind(json.positions)
                .push_bind(json.fields)
                .push_bind(&new.draft.parent_text)
                .push_bind(new.draft.image.as_ref().map(|image| image.as_str()))
                .push_bind(new.draft.tokens)
                .push_bind(new.ordinal)
                .push_bind(i64::from(new.manual))
                .push_bind(i64::from(new.draft.edited))
                .push_bind(i64::from(new.draft.available))
                .push_bind(new.sort.0)
                .push_bind(new.sort.1)
                .push_bind(created);
        });
        query.push(" RETURNING id, row");
        let read = |r: &SqliteRow| Ok((r.try_get("id")?, r.try_get("row")?));
        let rows: HashMap<String, i64> = all(tx, query.build().persistent(false), read).await?.into_iter().collect();
        let vectors = part.iter().filter_map(|n| Some((*rows.get(n.draft.id.as_str())?, &n.draft.vector)));
        insert_vectors(tx, space, &vectors.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// The list columns of a chunk.
pub(crate) struct JsonColumns {
    pub(crate) context: String,
    pub(crate) keywords: String,
    pub(crate) questions: String,
    pub(crate) tags: String,
    pub(crate) positions: String,
    pub(crate) fields: String,
}

impl JsonColumns {
    pub(crate) fn of(draft: &ChunkDraft) -> Result<Self> {
        Ok(Self {
            context: json("context", &draft.context)?,
            keywords: json("keywords", &draft.keywords)?,
            questions: json("questions", &draft.questions)?,
            tags: json("tags", &draft.tags)?,
            positions: json("positions", &draft.positions)?,
            fields: fields::encode(&draft.fields)?,
        })
    }
}

/// Sets chunks' vectors by one embedder. An empty vector is none.
pub(crate) async fn insert_vectors(tx: &mut Write, space: &str, vectors: &[(i64, &Vec<f32>)]) -> Result<()> {
    let vectors: Vec<_> = vectors.iter().filter(|(_, vector)| !vector.is_empty()).collect();
    for part in vectors.chunks(BULK) {
        let mut query = QueryBuilder::new("INSERT INTO chunk_vector (row, space, dims, data) ");
        query.push_values(part, |mut row, (chunk, vector)| {
            row.push_bind(*chunk).push_bind(space).push_bind(vector.len() as i64).push_bind(vector_bytes(vector));
        });
        query.push(" ON CONFLICT (row, space) DO UPDATE SET dims = excluded.dims, data = excluded.data");
        run(tx, query.build().persistent(false)).await?;
    }
    Ok(())
}

/// Removes chunks with their vectors by their rows, and tells indexes. The caller counts.
pub(crate) async fn remove(tx: &mut Write, rows: &[i64]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let seq = tx.seq().await?;
    let rows = json("rows", rows)?;
    let gone = sqlx::query("INSERT INTO chunk_gone (seq, row) SELECT $1, value FROM json_each($2)");
    run(tx, gone.bind(seq).bind(&rows)).await?;
    let delete = sqlx::query("DELETE FROM chunk WHERE row IN (SELECT value FROM json_each($1))");
    run(tx, delete.bind(&rows)).await?;
    Ok(())
}

/// Removes all chunks of a document and sets its counters to 0. Parsed ones are kept aside for the next parse.
pub(crate) async fn drop_all(tx: &mut Write, owner: &mut Stored) -> Result<()> {
    kept::keep(tx, owner.row).await?;
    let rows = sqlx::query("SELECT row FROM chunk WHERE document = $1").bind(owner.row);
    let rows = all(tx, rows, |r| r.try_get(0)).await?;
    remove(tx, &rows).await?;
    owner.count(tx, 0, 0).await
}

/// Lets indexes read a document's chunks anew: all, or only the parsed ones.
pub(crate) async fn touch(tx: &mut Write, document: i64, only_parsed: bool) -> Result<()> {
    // Parsed chunks have manual = 0.
    let below = if only_parsed { 1_i64 } else { 2 };
    let some = sqlx::query("SELECT 1 FROM chunk WHERE document = $1 AND manual < $2 LIMIT 1");
    if any(tx, some.bind(document).bind(below)).await? {
        let seq = tx.seq().await?;
        let update = sqlx::query("UPDATE chunk SET seq = $3 WHERE document = $1 AND manual < $2");
        run(tx, update.bind(document).bind(below).bind(seq)).await?;
    }
    Ok(())
}

fn chunk_row(row: &SqliteRow) -> Read<Chunk> {
    let image: Option<String> = row.try_get("image")?;
    Ok(Chunk {
        row: row.try_get("row")?,
        id: id(row, "id")?,
        document: id(row, "document_id")?,
        dataset: id(row, "dataset_id")?,
        text: row.try_get("text")?,
        kind: ChunkKind::parse(row.try_get("kind")?),
        context: from_json(row, "context")?,
        keywords: from_json(row, "keywords")?,
        questions: from_json(row, "questions")?,
        tags: from_json(row, "tags")?,
        positions: from_json(row, "positions")?,
        fields: fields::decode(row, "fields")?,
        available: flag(row, "available")?,
        parent_text: row.try_get("parent_text")?,
        image: image.map(Into::into),
        tokens: row.try_get("tokens")?,
        ordinal: row.try_get("ordinal")?,
        manual: flag(row, "manual")?,
        created: row.try_get("created")?,
    })
}
