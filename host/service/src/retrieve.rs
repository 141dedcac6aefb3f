//! Question → embed → search text and vectors → one score → rerank → hits.

use crate::Service;
use crate::scoring::{TermWeights, combine};
use mortise_domain::role::{Embedder, InputKind};
use mortise_domain::{
    Caller, Chunk, DatasetId, DocumentCount, DocumentId, Error, Hit, MetadataCondition, Query, Result, Retrieval,
};
use mortise_index::Filter;
use mortise_text::analyzer::{self, QueryTerm};
use mortise_text::highlight;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Share of the question's terms a text hit must hold, and the share of the second try when nothing was found
/// (RAGFlow's numbers).
const MIN_MATCH: f32 = 0.3;
const RELAXED_MATCH: f32 = 0.1;

/// Cosine below which a chunk that shares no term with the question is not a candidate: nearest neighbours always
/// exist, and most of them are noise.
const VECTOR_FLOOR: f32 = 0.4;

/// Candidates that only the vector search found.
const BY_VECTOR: usize = 64;

/// Candidates a reranker sees.
const RERANKED: usize = 64;

/// A chunk's scores before it is read.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    row: i64,
    term: f64,
    vector: f64,
    similarity: f64,
}

impl Service {
    /// Searches.
    ///
    /// # Errors
    /// `NotFound` for a dataset that is not the caller's; `Invalid` when the datasets use different embedders;
    /// `Plugin` when the embedder fails.
    pub async fn retrieve(&self, caller: &Caller, query: &Query) -> Result<Retrieval> {
        let mut datasets = Vec::with_capacity(query.datasets.len());
        for id in &query.datasets {
            datasets.push(self.get_dataset(caller, id).await?);
        }
        let Some(first) = datasets.first() else { return Ok(Retrieval::default()) };
        let plugins = self.plugins_of(&caller.tenant);
        let embedder = plugins.embedder(&first.embedding_model)?;
        for other in &datasets {
            if plugins.embedder(&other.embedding_model)?.identity() != embedder.identity() {
                return Err(Error::invalid("dataset_ids", "datasets use different embedding models"));
            }
        }
        let Some(documents) = self.scope(caller, query).await? else { return Ok(Retrieval::default()) };
        if query.question.trim().is_empty() {
            return Ok(Retrieval::default());
        }
        let filter =
            Filter { tenant: caller.tenant.clone(), datasets: query.datasets.clone(), documents, available_only: true };
        let terms = analyzer::terms_for_query(&query.question);
        let mut found = self.candidates(caller, query, &filter, &terms, &*embedder).await?;
        sort(&mut found);
        if let Some(name) = &query.reranker {
            found = self.rerank(caller, query, name, found).await?;
        }
        found.retain(|c| c.similarity >= query.similarity_threshold);
        self.hydrate(caller, query, &terms, found).await
    }

    /// Documents whose metadata fulfils a condition.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn matching_documents(
        &self,
        caller: &Caller,
        datasets: &[DatasetId],
        condition: &MetadataCondition,
    ) -> Result<Vec<DocumentId>> {
        let metadata = self.own(caller).document_metadata(datasets).await?;
        Ok(metadata.into_iter().filter(|(_, fields)| condition.matches(fields)).map(|(id, _)| id).collect())
    }

    /// Documents to search in: `Some(None)` = all, `None` = nothing can be found.
    async fn scope(&self, caller: &Caller, query: &Query) -> Result<Option<Option<Vec<DocumentId>>>> {
        let Some(condition) = query.metadata.as_ref().filter(|c| !c.conditions.is_empty()) else {
            let nothing = query.documents.as_ref().is_some_and(Vec::is_empty);
            return Ok((!nothing).then(|| query.documents.clone()));
        };
        let mut matching = self.matching_documents(caller, &query.datasets, condition).await?;
        if let Some(documents) = &query.documents {
            let wanted: HashSet<_> = documents.iter().collect();
            matching.retain(|id| wanted.contains(id));
        }
        Ok((!matching.is_empty()).then_some(Some(matching)))
    }

    /// Everything that the text search or the vector search finds, with its scores.
    async fn candidates(
        &self,
        caller: &Caller,
        query: &Query,
        filter: &Filter,
        terms: &[QueryTerm],
        embedder: &dyn Embedder,
    ) -> Result<Vec<Candidate>> {
        let limit = (query.top_k as usize).max(query.page as usize * query.page_size as usize).max(1);
        let vectors = embedder.embed(vec![query.question.clone()], InputKind::Query).await?;
        let vector = vectors.into_iter().next().ok_or_else(|| Error::internal("the embedder gave no vector"))?;
        let space = embedder.identity();
        let (text, near) = tokio::try_join!(
            self.index.search_text(terms, filter, MIN_MATCH, limit),
            self.index.search_vectors(space, &vector, filter, limit.min(2 * BY_VECTOR))
        )?;
        let text = match text.is_empty() {
            true => self.index.search_text(terms, filter, RELAXED_MATCH, limit).await?,
            false => text,
        };

        let mut matched: HashMap<i64, u64> = text.iter().map(|hit| (hit.row, hit.matched)).collect();
        let far_in_words = near.iter().filter(|hit| hit.cosine >= VECTOR_FLOOR && !matched.contains_key(&hit.row));
        let by_vector: Vec<i64> = far_in_words.take(BY_VECTOR).map(|hit| hit.row).collect();
        for chunk in self.own(caller).chunks_by_rows(&by_vector).await? {
            matched.insert(chunk.row, held_terms(&chunk, terms));
        }
        let mut cosines: HashMap<i64, f32> = near.into_iter().map(|hit| (hit.row, hit.cosine)).collect();
        let missing: Vec<i64> = matched.keys().copied().filter(|row| !cosines.contains_key(row)).collect();
        if !missing.is_empty() {
            let values = self.index.cosines(space, &vector, filter, &missing).await?;
            cosines.extend(missing.into_iter().zip(values).filter_map(|(row, value)| Some((row, value?))));
        }

        let words: Vec<String> = terms.iter().map(|t| t.term.clone()).collect();
        let weights = TermWeights::new(&self.index.term_stats(&words).await?, terms);
        // A question whose vector says nothing (no known word, an embedder of another language) is judged by its words.
        let weight = if cosines.values().all(|c| *c == 0.0) { 0.0 } else { query.vector_weight };
        let candidates = matched.into_iter().map(|(row, matched)| {
            let term = weights.similarity(matched);
            let vector = f64::from(cosines.get(&row).copied().unwrap_or(0.0));
            Candidate { row, term, vector, similarity: combine(term, vector, weight) }
        });
        Ok(candidates.collect())
    }

    /// Lets the reranker order the best candidates. When it fails, the order stays as it was.
    async fn rerank(
        &self,
        caller: &Caller,
        query: &Query,
        name: &str,
        mut found: Vec<Candidate>,
    ) -> Result<Vec<Candidate>> {
        let reranker = self.plugins_of(&caller.tenant).reranker(name)?;
        found.truncate(RERANKED.max(query.page as usize * query.page_size as usize));
        let rows: Vec<i64> = found.iter().map(|c| c.row).collect();
        let chunks = self.own(caller).chunks_by_rows(&rows).await?;
        let texts: Vec<String> = chunks.iter().map(|chunk| chunk.text.clone()).collect();
        let scores = match reranker.score(&query.question, texts).await {
            Ok(scores) => scores,
            Err(fault) => {
                tracing::warn!(%fault, "reranking failed; the order before it is kept");
                return Ok(found);
            }
        };
        let scored: HashMap<i64, f32> = chunks.iter().map(|c| c.row).zip(scores).collect();
        found.retain_mut(|candidate| {
            let Some(score) = scored.get(&candidate.row) else { return false };
            candidate.vector = f64::from(*score);
            candidate.similarity = combine(candidate.term, candidate.vector, query.vector_weight);
            true
        });
        sort(&mut found);
        Ok(found)
    }

    /// Reads the page's chunks and counts the documents of all hits.
    async fn hydrate(
        &self,
        caller: &Caller,
        query: &Query,
        terms: &[QueryTerm],
        found: Vec<Candidate>,
    ) -> Result<Retrieval> {
        let own = self.own(caller);
        let rows: Vec<i64> = found.iter().map(|c| c.row).collect();
        let owners: HashMap<i64, DocumentId> = own.documents_of_rows(&rows).await?.into_iter().collect();
        // What was deleted since the index saw it is gone.
        let found: Vec<Candidate> = found.into_iter().filter(|c| owners.contains_key(&c.row)).collect();

        let mut counts: Vec<(DocumentId, i64)> = Vec::new();
        let mut places: HashMap<&DocumentId, usize> = HashMap::new();
        for document in found.iter().filter_map(|c| owners.get(&c.row)) {
            let place = *places.entry(document).or_insert_with(|| {
                counts.push((document.clone(), 0));
                counts.len() - 1
            });
            counts[place].1 += 1;
        }
        counts.sort_by_key(|(_, count)| -count); // stable: the best hit's document first among equals
        let ids: Vec<DocumentId> = counts.iter().map(|(id, _)| id.clone()).collect();
        let names: HashMap<DocumentId, Arc<str>> =
            own.documents_by_ids(&ids).await?.into_iter().map(|d| (d.id, d.name.into())).collect();
        let name = |id: &DocumentId| names.get(id).map(|n| n.to_string()).unwrap_or_default();

        let first = query.page.max(1) as usize - 1;
        let page: Vec<Candidate> =
            found.iter().skip(first * query.page_size as usize).take(query.page_size as usize).copied().collect();
        let chunks = own.chunks_by_rows(&page.iter().map(|c| c.row).collect::<Vec<_>>()).await?;
        let scores: HashMap<i64, Candidate> = page.into_iter().map(|c| (c.row, c)).collect();
        let hits = chunks.into_iter().filter_map(|chunk| {
            let scores = scores.get(&chunk.row)?;
            let highlight = if query.highlight { highlight(&chunk.text, terms) } else { None };
            Some(Hit {
                document_name: name(&chunk.document),
                similarity: scores.similarity,
                term_similarity: scores.term,
                vector_similarity: scores.vector,
                highlight,
                chunk,
            })
        });
        Ok(Retrieval {
            hits: hits.collect(),
            total: found.len() as i64,
            documents: counts.into_iter().map(|(id, count)| DocumentCount { name: name(&id), id, count }).collect(),
        })
    }
}

/// Which of a question's terms a chunk holds, bit by bit.
fn held_terms(chunk: &Chunk, terms: &[QueryTerm]) -> u64 {
    let texts = chunk.context.iter().chain(&chunk.keywords).chain(&chunk.questions).chain([&chunk.text]);
    let held: HashSet<String> = texts.flat_map(|text| analyzer::terms_for_index(text)).collect();
    let bits = terms.iter().take(64).enumerate().filter(|(_, term)| held.contains(&term.term));
    bits.fold(0, |mask, (i, _)| mask | 1 << i)
}

/// Best first; equal ones in a fixed order, so that pages do not overlap.
fn sort(found: &mut [Candidate]) {
    found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.row.cmp(&b.row)));
}
