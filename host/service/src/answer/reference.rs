//! What an answer rests on.

use mortise_domain::{DocumentCount, Hit, Json};
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// The passages given to the model, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    /// How many passages.
    pub total: i64,
    /// The passages; `[ID:n]` in the answer is `chunks[n]`.
    pub chunks: Vec<ReferenceChunk>,
    /// Documents of the cited passages, most passages first; of all when none is cited.
    pub documents: Vec<DocumentCount>,
}

/// One passage.
#[derive(Clone, Debug)]
pub struct ReferenceChunk {
    /// The chunk and its scores.
    pub hit: Hit,
    /// Where it comes from, when not from a document.
    pub url: Option<String>,
}

impl Reference {
    /// The reference of an answer that cites the given passages.
    pub(crate) fn new(hits: Vec<Hit>, cited: &BTreeSet<usize>) -> Self {
        let counted = hits.iter().enumerate().filter(|(number, _)| cited.is_empty() || cited.contains(number));
        let mut documents: Vec<DocumentCount> = Vec::new();
        let mut places = HashMap::new();
        for (_, hit) in counted {
            let place = *places.entry(&hit.chunk.document).or_insert_with(|| {
                documents.push(DocumentCount {
                    id: hit.chunk.document.clone(),
                    name: hit.document_name.clone(),
                    count: 0,
                });
                documents.len() - 1
            });
            documents[place].count += 1;
        }
        documents.sort_by_key(|d| -d.count);
        Self {
            total: hits.len() as i64,
            chunks: hits.into_iter().map(|hit| ReferenceChunk { hit, url: None }).collect(),
            documents,
        }
    }

    /// As kept with a session's message: `{"total", "chunks", "doc_aggs"}`.
    pub fn to_json(&self) -> Json {
        let chunks: Vec<Json> = self.chunks.iter().map(ReferenceChunk::to_json).collect();
        let documents: Vec<Json> = self
            .documents
            .iter()
            .map(|d| json!({"doc_name": d.name, "doc_id": d.id.as_str(), "count": d.count}))
            .collect();
        json!({"total": self.total, "chunks": chunks, "doc_aggs": documents})
    }
}

impl ReferenceChunk {
    /// As kept with a session's message.
    pub fn to_json(&self) -> Json {
        let Hit { chunk, document_name, similarity, term_similarity, vector_similarity, .. } = &self.hit;
        json!({
            "id": chunk.id.as_str(),
            "content": chunk.parent_text.as_deref().unwrap_or(&chunk.text),
            "document_id": chunk.document.as_str(),
            "document_name": document_name,
            "dataset_id": chunk.dataset.as_str(),
            "image_id": chunk.picture(),
            "positions": chunk.positions,
            "url": self.url,
            "similarity": similarity,
            "vector_similarity": vector_similarity,
            "term_similarity": term_similarity,
            "doc_type": match chunk.kind {
                mortise_domain::ChunkKind::Table => "table",
                mortise_domain::ChunkKind::Image => "image",
                _ => "",
            },
        })
    }
}
