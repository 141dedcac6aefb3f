//! All chunks of a document appear in one transaction: readers see the old set or the new one.

use super::held;
use crate::Store;
use crate::chunks::{self, JsonColumns, NewRow, insert_vectors, sort_key};
use crate::column::flag;
use crate::documents::stored_by_row;
use crate::engine::{Write, all, latest, one, run};
use crate::error::Fault;
use crate::kept::{self, Embedding};
use mortise_domain::{ChunkDraft, Result, Task};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::{HashMap, HashSet};

impl Store {
    /// Replaces the parsed chunks of a task's document by `drafts`, whose vectors were made as `embedding` says, and
    /// tells which change sequence number shows them. Chunks whose id stays keep row, vector, availability and what was
    /// edited by hand; hand-made chunks stay. `None`: the lease is lost, and nothing was changed.
    ///
    /// # Errors
    /// `Internal` when the database fails or vectors differ in length; then nothing was changed.
    pub async fn publish_chunks<'a>(
        &self,
        task: &Task,
        worker: &str,
        embedding: impl Into<Embedding<'a>>,
        drafts: Vec<ChunkDraft>,
    ) -> Result<Option<u64>> {
        same_length(&drafts)?;
        let Embedding { space, mixed_in } = embedding.into();
        let mut tx = self.engine().write().await?;
        let Some(held) = held(&mut tx, task, worker).await? else { return Ok(None) };
        let Some(mut owner) = stored_by_row(&mut tx, held.document).await? else { return Ok(None) };
        let before = parsed(&mut tx, owner.row).await?;
        let mut existing = existing(&mut tx, owner.row, space).await?;

        let mut sort = (0, 0);
        let mut seen = HashSet::new();
        let mut fresh = Vec::new();
        for (ordinal, draft) in (0..).zip(&drafts) {
            if !seen.insert(draft.id.as_str()) {
                tracing::warn!(document = %task.document, chunk = %draft.id, "a chunk given twice is stored once");
                continue;
            }
            // A chunk without a place stands after the one before it.
            sort = sort_key(&draft.positions).unwrap_or(sort);
            let new = NewRow { draft, ordinal, sort, manual: false };
            match existing.remove(draft.id.as_str()) {
                Some(old) => old.keep(&mut tx, &new, space).await?,
                None => fresh.push(new),
            }
        }
        let dropped: Vec<i64> = existing.values().filter(|old| !old.manual).map(|old| old.row).collect();
        chunks::remove(&mut tx, &dropped).await?;
        chunks::insert(&mut tx, owner.row, &fresh, space).await?;
        kept::forget(&mut tx, owner.row).await?;
        let made = sqlx::query("UPDATE document SET mixed_in = $2 WHERE row = $1");
        run(&mut tx, made.bind(owner.row).bind(mixed_in)).await?;

        let after = parsed(&mut tx, owner.row).await?;
        let (chunks, tokens) = (owner.document.chunk_count, owner.document.token_count);
        owner.count(&mut tx, chunks - before.0 + after.0, tokens - before.1 + after.1).await?;
        let seq = latest(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(seq))
    }
}

/// A chunk that the document has already.
struct Existing {
    row: i64,
    text: String,
    questions: String,
    /// Everything else that a parse gives.
    rest: Rest,
    manual: bool,
    edited: bool,
    /// Has a vector by the embedder in use.
    embedded: bool,
}

#[derive(PartialEq)]
struct Rest {
    kind: String,
    context: String,
    keywords: String,
    tags: String,
    positions: String,
    fields: String,
    parent_text: Option<String>,
    image: Option<String>,
    tokens: i64,
}

impl Existing {
    /// Brings it up to date with a draft of the same id. Only what indexes must know of raises the sequence.
    async fn keep(self, tx: &mut Write, new: &NewRow<'_>, space: &str) -> Result<()> {
        let draft = new.draft;
        let place = sqlx::query("UPDATE chunk SET ordinal = $2, page = $3, top = $4, manual = 0 WHERE row = $1");
        run(tx, place.bind(self.row).bind(new.ordinal).bind(new.sort.0).bind(new.sort.1)).await?;
        let json = JsonColumns::of(draft)?;
        let input_changed = !self.edited && (self.text != draft.text || self.questions != json.questions);
        let rest = Rest {
            kind: draft.kind.as_str().into(),
            context: json.context,
            keywords: json.keywords,
            tags: json.tags,
            positions: json.positions,
            fields: json.fields,
            parent_text: draft.parent_text.clone(),
            image: draft.image.as_ref().map(ToString::to_string),
            tokens: draft.tokens,
        };
        let content_changed = !self.edited && (input_changed || self.rest != rest);
        if content_changed {
            let update = sqlx::query(
                "UPDATE chunk SET text = $2, questions = $3, kind = $4, context = $5, keywords = $6, tags = $7, \
                 positions = $8, fields = $9, parent_text = $10, image = $11, tokens = $12 WHERE row = $1",
            );
            let update = update.bind(self.row).bind(&draft.text).bind(json.questions).bind(rest.kind);
            let update = update.bind(rest.context).bind(rest.keywords).bind(rest.tags).bind(rest.positions);
            let update = update.bind(rest.fields);
            run(tx, update.bind(rest.parent_text).bind(rest.image).bind(rest.tokens)).await?;
        }
        if input_changed {
            // Vectors by other embedders are of the old text too.
            run(tx, sqlx::query("DELETE FROM chunk_vector WHERE row = $1").bind(self.row)).await?;
        }
        // A text edited by hand has no better vector by a new embedder than the one of its draft.
        let vector_changed = input_changed || !self.embedded && !draft.vector.is_empty();
        if vector_changed {
            insert_vectors(tx, space, &[(self.row, &draft.vector)]).await?;
        }
        if content_changed || vector_changed || self.manual {
            let seq = tx.seq().await?;
            run(tx, sqlx::query("UPDATE chunk SET seq = $2 WHERE row = $1").bind(self.row).bind(seq)).await?;
        }
        Ok(())
    }
}

fn same_length(drafts: &[ChunkDraft]) -> Result<()> {
    let mut lengths = drafts.iter().map(|draft| draft.vector.len());
    let Some(first) = lengths.next() else { return Ok(()) };
    match lengths.find(|length| *length != first) {
        Some(other) => Err(Fault::MixedVectors(first, other).into()),
        None => Ok(()),
    }
}

/// Number and tokens of the parsed chunks.
async fn parsed(tx: &mut Write, document: i64) -> Result<(i64, i64)> {
    let count = sqlx::query("SELECT count(*), coalesce(sum(tokens), 0) FROM chunk WHERE document = $1 AND manual = 0");
    let read = |r: &SqliteRow| Ok((r.try_get(0)?, r.try_get(1)?));
    Ok(one(tx, count.bind(document), read).await?.unwrap_or_default())
}

async fn existing(tx: &mut Write, document: i64, space: &str) -> Result<HashMap<String, Existing>> {
    let select = sqlx::query(
        "SELECT c.*, v.row AS embedded FROM chunk c LEFT JOIN chunk_vector v ON v.row = c.row AND v.space = $2 \
         WHERE c.document = $1",
    );
    let read = |r: &SqliteRow| {
        let existing = Existing {
            row: r.try_get("row")?,
            text: r.try_get("text")?,
            questions: r.try_get("questions")?,
            rest: Rest {
                kind: r.try_get("kind")?,
                context: r.try_get("context")?,
                keywords: r.try_get("keywords")?,
                tags: r.try_get("tags")?,
                positions: r.try_get("positions")?,
                fields: r.try_get("fields")?,
                parent_text: r.try_get("parent_text")?,
                image: r.try_get("image")?,
                tokens: r.try_get("tokens")?,
            },
            manual: flag(r, "manual")?,
            edited: flag(r, "edited")?,
            embedded: r.try_get::<Option<i64>, _>("embedded")?.is_some(),
        };
        Ok((r.try_get("id")?, existing))
    };
    Ok(all(tx, select.bind(document).bind(space), read).await?.into_iter().collect())
}
