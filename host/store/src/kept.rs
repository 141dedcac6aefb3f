//! What outlives a new parse: chunks that were dropped for it are kept aside until it publishes its own, so that those of
//! the same id get back their vector, their availability and what was edited by hand.

use crate::Store;
use crate::column::{flag, from_json, id, vector};
use crate::engine::{Write, all, run};
use mortise_domain::{ChunkId, DocumentId, KeptChunk, Result};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// How the vectors of a document's chunks are made.
#[derive(Clone, Copy, Debug)]
pub struct Embedding<'a> {
    /// Identity of the embedder.
    pub space: &'a str,
    /// What goes into every vector besides the chunk's own text; two that differ make different vectors.
    pub mixed_in: &'a str,
}

impl<'a> From<&'a str> for Embedding<'a> {
    /// Of the texts alone.
    fn from(space: &'a str) -> Self {
        Self { space, mixed_in: "" }
    }
}

impl Store {
    /// Chunks that a document had before its parse began, with their vectors if `embedding` would make them alike.
    ///
    /// # Errors
    /// `Internal` when the database fails.
    pub async fn kept_chunks(
        &self,
        document: &DocumentId,
        embedding: Embedding<'_>,
    ) -> Result<HashMap<ChunkId, KeptChunk>> {
        let select = sqlx::query(
            "SELECT k.*, v.data FROM chunk_kept k JOIN document d ON d.row = k.document \
             LEFT JOIN chunk_kept_vector v ON v.row = k.row AND v.space = $2 AND d.mixed_in = $3 WHERE d.id = $1",
        );
        let read = |r: &SqliteRow| {
            let data: Option<&[u8]> = r.try_get("data")?;
            let kept = KeptChunk {
                text: r.try_get("text")?,
                keywords: from_json(r, "keywords")?,
                questions: from_json(r, "questions")?,
                positions: from_json(r, "positions")?,
                tokens: r.try_get("tokens")?,
                available: flag(r, "available")?,
                edited: flag(r, "edited")?,
                vector: data.map(vector),
            };
            Ok((id(r, "id")?, kept))
        };
        let select = select.bind(document.as_str()).bind(embedding.space).bind(embedding.mixed_in);
        Ok(all(&mut *self.engine().read().await?, select, read).await?.into_iter().collect())
    }
}

/// Puts a document's parsed chunks aside. Those that are aside already are covered by newer ones of the same id.
pub(crate) async fn keep(tx: &mut Write, document: i64) -> Result<()> {
    let chunks = sqlx::query(
        "INSERT INTO chunk_kept (document, id, text, keywords, questions, positions, tokens, available, edited) \
         SELECT document, id, text, keywords, questions, positions, tokens, available, edited FROM chunk \
         WHERE document = $1 AND manual = 0 \
         ON CONFLICT (document, id) DO UPDATE SET text = excluded.text, keywords = excluded.keywords, \
           questions = excluded.questions, positions = excluded.positions, tokens = excluded.tokens, \
           available = excluded.available, edited = excluded.edited",
    );
    run(tx, chunks.bind(document)).await?;
    let vectors = sqlx::query(
        "INSERT INTO chunk_kept_vector (row, space, data) \
         SELECT k.row, v.space, v.data FROM chunk_vector v JOIN chunk c ON c.row = v.row \
         JOIN chunk_kept k ON k.document = c.document AND k.id = c.id WHERE c.document = $1 AND c.manual = 0 \
         ON CONFLICT (row, space) DO UPDATE SET data = excluded.data",
    );
    run(tx, vectors.bind(document)).await?;
    Ok(())
}

/// Forgets what was put aside.
pub(crate) async fn forget(tx: &mut Write, document: i64) -> Result<()> {
    run(tx, sqlx::query("DELETE FROM chunk_kept WHERE document = $1").bind(document)).await?;
    Ok(())
}
