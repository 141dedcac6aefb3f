//! Chunks of one document: listed, searched, added and edited by hand.

use crate::{Service, ingest};
use mortise_domain::role::InputKind;
use mortise_domain::{
    Caller, Chunk, ChunkDraft, ChunkFilter, ChunkId, ChunkKind, ChunkPatch, DatasetId, Document, DocumentId, Error,
    NewChunk, Page, PageRequest, Result,
};
use mortise_index::Filter;
use mortise_text::analyzer;
use mortise_text::highlight;

/// A chunk in a list.
#[derive(Clone, Debug)]
pub struct ListedChunk {
    /// The chunk.
    pub chunk: Chunk,
    /// Its text with the searched words in `<em>`; `None` without a search or a match in the text.
    pub highlight: Option<String>,
}

/// Chunks that a keyword search in one document looks at.
const SEARCHED: usize = 10_000;

impl Service {
    /// Chunks of a document, in natural order or, with keywords, best match first. `page.size` `None` or 0 = all.
    ///
    /// # Errors
    /// Whatever the store or the index says.
    pub async fn list_chunks(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        document: &DocumentId,
        filter: &ChunkFilter,
        page: &PageRequest,
    ) -> Result<Page<ListedChunk>> {
        let Some(keywords) = filter.keywords.as_deref().filter(|k| !k.trim().is_empty()) else {
            let chunks = self.own(caller).list_chunks(dataset, document, page).await?;
            return Ok(chunks.map(|chunk| ListedChunk { chunk, highlight: None }));
        };
        let scope = Filter {
            tenant: caller.tenant.clone(),
            datasets: vec![dataset.clone()],
            documents: Some(vec![document.clone()]),
            available_only: false,
        };
        let terms = analyzer::terms_for_query(keywords);
        let hits = self.index.search_text(&terms, &scope, 0.3, SEARCHED).await?;
        let total = hits.len() as i64;
        let (offset, limit) = PageRequest { size: page.size.filter(|&s| s > 0), ..*page }.offset_limit();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows: Vec<i64> =
            hits.iter().skip(usize::try_from(offset).unwrap_or(0)).take(limit).map(|h| h.row).collect();
        let chunks = self.own(caller).chunks_by_rows(&rows).await?;
        let listed = chunks.into_iter().map(|chunk| {
            let highlight = highlight(&chunk.text, &terms);
            ListedChunk { chunk, highlight }
        });
        Ok(Page { items: listed.collect(), total })
    }

    /// One chunk.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_chunk(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        document: &DocumentId,
        id: &ChunkId,
    ) -> Result<Chunk> {
        let chunk = self.own(caller).chunk(dataset, document, id).await?;
        chunk.ok_or_else(|| Error::not_found("chunk", id.as_str()))
    }

    /// Adds a chunk by hand; it is found by searches when this returns. The same text twice is one chunk.
    ///
    /// # Errors
    /// `NotFound` for the document; `Plugin` when the embedder fails.
    pub async fn add_chunk(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        document: &DocumentId,
        new: NewChunk,
    ) -> Result<Chunk> {
        let owner = self.get_document(caller, dataset, document).await?;
        let (space, vector) = self.embed_one(caller, &owner, &new.text, &new.questions).await?;
        let draft = ChunkDraft {
            id: ChunkId::of(&new.text, document, 0),
            tokens: self.count_tokens(&new.text) as i64,
            text: new.text,
            kind: ChunkKind::Text,
            context: vec![],
            keywords: new.keywords,
            questions: new.questions,
            tags: vec![],
            positions: vec![],
            fields: vec![],
            available: true,
            edited: false,
            parent_text: None,
            image: None,
            vector,
        };
        let chunk = self.own(caller).add_chunk(dataset, document, draft, &space).await?;
        self.index_caught_up().await?;
        Ok(chunk)
    }

    /// Edits a chunk; its id stays.
    ///
    /// # Errors
    /// `NotFound`; `Plugin` when the embedder fails.
    pub async fn update_chunk(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        document: &DocumentId,
        id: &ChunkId,
        patch: ChunkPatch,
    ) -> Result<()> {
        let owner = self.get_document(caller, dataset, document).await?;
        let chunk = self.get_chunk(caller, dataset, document, id).await?;
        let text = patch.text.as_ref().unwrap_or(&chunk.text);
        let questions = patch.questions.as_ref().unwrap_or(&chunk.questions);
        let embedded_anew = *text != chunk.text || *questions != chunk.questions;
        let (vector, tokens) = if embedded_anew {
            (Some(self.embed_one(caller, &owner, text, questions).await?), Some(self.count_tokens(text) as i64))
        } else {
            (None, None)
        };
        if !self.own(caller).update_chunk(dataset, document, id, patch, vector, tokens).await? {
            return Err(Error::not_found("chunk", id.as_str()));
        }
        self.index_caught_up().await
    }

    /// Removes chunks (`None` = all of the document) and says how many there were.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn delete_chunks(
        &self,
        caller: &Caller,
        dataset: &DatasetId,
        document: &DocumentId,
        ids: Option<&[ChunkId]>,
    ) -> Result<usize> {
        let deleted = self.own(caller).delete_chunks(dataset, document, ids).await?;
        self.index_caught_up().await?;
        Ok(deleted)
    }

    /// The vector of a hand-made chunk, as a parse would make it: identity of the embedder and numbers.
    async fn embed_one(
        &self,
        caller: &Caller,
        document: &Document,
        text: &str,
        questions: &[String],
    ) -> Result<(String, Vec<f32>)> {
        let dataset = self.get_dataset(caller, &document.dataset).await?;
        let embedder = self.plugins_of(&caller.tenant).embedder(&dataset.embedding_model)?;
        let weight = ingest::name_weight(&document.parser_config);
        let texts = vec![ingest::embedded_name(&document.name), ingest::embedded_text(text, questions)];
        let mut vectors = embedder.embed(texts, InputKind::Passage).await?;
        let (Some(vector), Some(name)) = (vectors.pop(), vectors.pop()) else {
            return Err(Error::internal("the embedder gave no vectors"));
        };
        Ok((embedder.identity().to_owned(), ingest::mix_in_name(vector, &name, weight)))
    }
}
