//! Full text: one tantivy index for all tenants, without any stored text.
//!
//! One index serves all datasets because a filter makes a search faster, while many open indexes cost threads and
//! memory each. Titles, headings and text form one field: weighing titles more costs quality with BM25. Keywords and
//! questions, which somebody chose with care, count double.
//!
//! Every commit carries the sequence number it is complete up to, so both become durable in one step. The folder's name
//! holds the versions of schema and analyzer: another version starts an empty index beside the old one, which is
//! removed, and follows the store from the beginning.
//!
//! **A writer is never just dropped.** Its merges would go on beside the next writer, and deletes would be lost: rows
//! then come twice. Whoever lets a writer go waits for its merges. (A process that is killed takes its merges with it.)

use crate::{Filter, TermStats, TextHit};
use mortise_domain::{Change, IndexedChunk};
use mortise_text::analyzer::{self, QueryTerm};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::path::Path;
use tantivy::collector::{DocSetCollector, TopDocs};
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{DocAddress, DocSet, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

/// Changes whenever the schema below does.
const SCHEMA_VERSION: u32 = 1;
/// Bytes of postings in memory before they are written to a segment.
const WRITER_MEMORY: usize = 40_000_000;
const TOKENIZER: &str = "mortise";
/// Weight of a match in keywords or questions.
const CHOSEN_BOOST: f32 = 2.0;
/// Weight of a match of a piece of a word. Measured on two Chinese collections: pieces help, but less than words.
const PART_BOOST: f32 = 0.3;

/// The full-text index.
pub(super) struct Keyword {
    index: tantivy::Index,
    reader: IndexReader,
    fields: Fields,
    writing: Mutex<Writing>,
}

struct Writing {
    /// Made when something is to be written and let go of when nothing is for a while.
    writer: Option<IndexWriter>,
    /// Complete up to here, not yet durably.
    accepted: u64,
    /// Complete up to here, durably.
    committed: u64,
    /// A writer ended without its merges being waited for: what there is must not be built upon.
    spoilt: bool,
}

#[derive(Clone, Copy)]
struct Fields {
    row: Field,
    tenant: Field,
    dataset: Field,
    document: Field,
    available: Field,
    content: Field,
    keywords: Field,
    questions: Field,
}

impl Keyword {
    /// Opens or creates the index in a folder of `parent`. One that cannot be read is given up and made anew.
    pub(super) fn open(parent: &Path) -> tantivy::Result<Self> {
        let name = format!("keyword-{SCHEMA_VERSION}-{}", analyzer::VERSION);
        for entry in std::fs::read_dir(parent)?.filter_map(Result::ok) {
            let other = entry.file_name().to_string_lossy().into_owned();
            if other.starts_with("keyword-") && other != name {
                tracing::info!(folder = other, "full-text index of another version removed");
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        let folder = parent.join(name);
        match Self::open_folder(&folder) {
            Ok(keyword) => Ok(keyword),
            Err(error) => {
                tracing::error!(folder = %folder.display(), %error, "full-text index is damaged and will be rebuilt");
                std::fs::remove_dir_all(&folder)?;
                Self::open_folder(&folder)
            }
        }
    }

    fn open_folder(folder: &Path) -> tantivy::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(folder)?;
        let index = tantivy::Index::builder().schema(schema).open_or_create(directory)?;
        index.tokenizers().register(TOKENIZER, TextAnalyzer::from(Analyzer));
        let committed = index.load_metas()?.payload.and_then(|payload| payload.parse().ok()).unwrap_or(0);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writing = Mutex::new(Writing { writer: None, accepted: committed, committed, spoilt: false });
        Ok(Self { index, reader, fields, writing })
    }

    /// The sequence number up to which everything is durable.
    pub(super) fn applied(&self) -> u64 {
        self.writing.lock().committed
    }

    /// Takes the changes between two sequence numbers in.
    pub(super) fn apply(&self, changes: &[Change], after: u64, upto: u64) -> tantivy::Result<()> {
        let mut writing = self.writing.lock();
        if after > writing.accepted {
            let error = format!("full text is complete up to {} only", writing.accepted);
            return Err(io::Error::other(error).into());
        }
        let newest: HashMap<i64, usize> = changes.iter().enumerate().map(|(at, change)| (change.row, at)).collect();
        let accepted = writing.accepted;
        let fresh = changes.iter().enumerate().filter(|(at, c)| newest.get(&c.row) == Some(at) && c.seq > accepted);
        let fresh: Vec<&Change> = fresh.map(|(_, change)| change).collect();
        if !fresh.is_empty() {
            let written = self.write(&mut writing, &fresh);
            if written.is_err() {
                writing.forget_uncommitted();
            }
            written?;
        }
        writing.accepted = upto.max(writing.accepted);
        Ok(())
    }

    fn write(&self, writing: &mut Writing, changes: &[&Change]) -> tantivy::Result<()> {
        let writer = self.writer(writing)?;
        for change in changes {
            writer.delete_term(Term::from_field_u64(self.fields.row, change.row as u64));
            if let Some(chunk) = &change.chunk {
                writer.add_document(self.document(change.row, chunk))?;
            }
        }
        Ok(())
    }

    fn writer<'a>(&self, writing: &'a mut Writing) -> tantivy::Result<&'a mut IndexWriter> {
        let writer = match writing.writer.take() {
            Some(writer) => writer,
            None => self.index.writer_with_num_threads(1, WRITER_MEMORY)?,
        };
        let spoilt = writing.spoilt;
        let writer = writing.writer.insert(writer);
        if spoilt {
            empty(writer)?;
            writing.spoilt = false;
        }
        Ok(writer)
    }

    /// Makes everything taken in durable and found.
    pub(super) fn commit(&self) -> tantivy::Result<()> {
        let mut writing = self.writing.lock();
        if writing.accepted == writing.committed {
            return Ok(());
        }
        let accepted = writing.accepted;
        let committed = self.writer(&mut writing).and_then(|writer| commit(writer, accepted));
        if committed.is_err() {
            writing.forget_uncommitted();
        }
        committed?;
        writing.committed = accepted;
        self.reader.reload()
    }

    /// Forgets everything.
    pub(super) fn clear(&self) -> tantivy::Result<()> {
        let mut writing = self.writing.lock();
        writing.forget_uncommitted();
        empty(self.writer(&mut writing)?)?;
        (writing.accepted, writing.committed) = (0, 0);
        self.reader.reload()
    }

    /// Lets the writer go, with its thread and memory, if all it was given is committed.
    pub(super) fn rest(&self) -> tantivy::Result<()> {
        let mut writing = self.writing.lock();
        if writing.accepted == writing.committed && writing.writer.is_some() {
            writing.let_go();
            self.reader.reload()?;
        }
        Ok(())
    }

    /// The best chunks, see [`crate::Index::search_text`].
    pub(super) fn search(
        &self,
        terms: &[QueryTerm],
        filter: &Filter,
        min_match: f32,
        k: usize,
    ) -> tantivy::Result<Vec<TextHit>> {
        let searcher = self.reader.searcher();
        let k = k.min(usize::try_from(searcher.num_docs()).unwrap_or(usize::MAX));
        if filter.is_empty() || terms.is_empty() || k == 0 {
            return Ok(Vec::new());
        }
        let mut clauses: Vec<Box<dyn Query>> = Vec::new();
        for term in terms {
            clauses.extend(self.clause(&searcher, term)?);
        }
        let required = ((terms.len() as f32 * min_match.clamp(0.0, 1.0) + 1e-4) as usize).max(1);
        if clauses.len() < required {
            return Ok(Vec::new());
        }
        let words: Box<dyn Query> = match <[_; 1]>::try_from(clauses) {
            Ok([clause]) => clause,
            Err(clauses) if required == 1 => Box::new(BooleanQuery::union(clauses)),
            Err(clauses) => Box::new(BooleanQuery::union_with_minimum_required_clauses(clauses, required)),
        };
        let query = BooleanQuery::intersection(vec![words, self.filter(filter)]);
        let top = searcher.search(&query, &TopDocs::with_limit(k).order_by_score())?;
        let matched = self.matched(&searcher, terms, top.iter().map(|(_, doc)| *doc).collect())?;
        let mut rows = RowReader::new(&searcher)?;
        let hit = |(score, doc)| {
            Some(TextHit { row: rows.row(doc)?, score, matched: matched.get(&doc).copied().unwrap_or(0) })
        };
        let mut hits: Vec<TextHit> = top.into_iter().filter_map(hit).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
        Ok(hits)
    }

    /// Which of the first 64 terms each of the chunks holds, bit by bit: one pass over the postings of every term, which
    /// only seeks the chunks asked for.
    fn matched(
        &self,
        searcher: &Searcher,
        terms: &[QueryTerm],
        mut docs: Vec<DocAddress>,
    ) -> tantivy::Result<HashMap<DocAddress, u64>> {
        docs.sort_unstable();
        let mut matched: HashMap<DocAddress, u64> = docs.iter().map(|doc| (*doc, 0)).collect();
        for segment in docs.chunk_by(|a, b| a.segment_ord == b.segment_ord) {
            let Some(ord) = segment.first().map(|doc| doc.segment_ord) else { continue };
            let reader = searcher.segment_reader(ord);
            for field in [self.fields.content, self.fields.keywords, self.fields.questions] {
                let inverted = reader.inverted_index(field)?;
                for (bit, term) in terms.iter().take(64).enumerate() {
                    let term = Term::from_field_text(field, &term.term);
                    let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? else { continue };
                    for doc in segment {
                        if postings.doc() < doc.doc_id {
                            postings.seek(doc.doc_id);
                        }
                        if postings.doc() == doc.doc_id
                            && let Some(mask) = matched.get_mut(doc)
                        {
                            *mask |= 1 << bit;
                        }
                    }
                }
            }
        }
        Ok(matched)
    }

    /// Matches of one term in any field; `None` when no chunk has it.
    fn clause(&self, searcher: &Searcher, term: &QueryTerm) -> tantivy::Result<Option<Box<dyn Query>>> {
        let Fields { content, keywords, questions, .. } = self.fields;
        let part = if term.part { PART_BOOST } else { 1.0 };
        let mut found: Vec<Box<dyn Query>> = Vec::new();
        for (field, boost) in [(content, part), (keywords, part * CHOSEN_BOOST), (questions, part * CHOSEN_BOOST)] {
            let term = Term::from_field_text(field, &term.term);
            if searcher.doc_freq(&term)? > 0 {
                let query = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
                found.push(if boost == 1.0 { query } else { Box::new(BoostQuery::new(query, boost)) });
            }
        }
        Ok(match <[_; 1]>::try_from(found) {
            Ok([only]) => Some(only),
            Err(several) if several.is_empty() => None,
            Err(several) => Some(Box::new(BooleanQuery::union(several))),
        })
    }

    /// What may be found, with no influence on scores.
    fn filter(&self, filter: &Filter) -> Box<dyn Query> {
        let any = |field: Field, values: Vec<&str>| -> Box<dyn Query> {
            let mut terms: Vec<Term> = values.into_iter().map(|value| Term::from_field_text(field, value)).collect();
            match terms.pop() {
                Some(only) if terms.is_empty() => Box::new(TermQuery::new(only, IndexRecordOption::Basic)),
                last => Box::new(TermSetQuery::new(terms.into_iter().chain(last))),
            }
        };
        let mut all = vec![
            any(self.fields.tenant, vec![filter.tenant.as_str()]),
            any(self.fields.dataset, filter.datasets.iter().map(|id| id.as_str()).collect()),
        ];
        if let Some(documents) = &filter.documents {
            all.push(any(self.fields.document, documents.iter().map(|id| id.as_str()).collect()));
        }
        if filter.available_only {
            let available = Term::from_field_bool(self.fields.available, true);
            all.push(Box::new(TermQuery::new(available, IndexRecordOption::Basic)));
        }
        let all = all.into_iter().map(|query| (Occur::Must, query)).collect();
        Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new(all)), 0.0))
    }

    /// How common terms are in the text of chunks.
    pub(super) fn term_stats(&self, terms: &[String]) -> tantivy::Result<TermStats> {
        let searcher = self.reader.searcher();
        let frequency = |term: &String| searcher.doc_freq(&Term::from_field_text(self.fields.content, term));
        Ok(TermStats {
            chunks: searcher.num_docs(),
            frequencies: terms.iter().map(frequency).collect::<Result<_, _>>()?,
        })
    }

    /// Number of chunks.
    pub(super) fn count(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// All rows, ascending.
    pub(super) fn rows(&self) -> tantivy::Result<Vec<i64>> {
        let searcher = self.reader.searcher();
        let all = searcher.search(&tantivy::query::AllQuery, &DocSetCollector)?;
        let mut reader = RowReader::new(&searcher)?;
        let mut rows: Vec<i64> = all.into_iter().filter_map(|doc| reader.row(doc)).collect();
        rows.sort_unstable();
        Ok(rows)
    }

    fn document(&self, row: i64, chunk: &IndexedChunk) -> TantivyDocument {
        let fields = self.fields;
        let mut document = TantivyDocument::new();
        document.add_u64(fields.row, row as u64);
        document.add_text(fields.tenant, chunk.tenant.as_str());
        document.add_text(fields.dataset, chunk.dataset.as_str());
        document.add_text(fields.document, chunk.document.as_str());
        document.add_bool(fields.available, chunk.available);
        for text in chunk.title.iter().chain(&chunk.context).chain([&chunk.text]) {
            document.add_text(fields.content, text);
        }
        for text in &chunk.keywords {
            document.add_text(fields.keywords, text);
        }
        for text in &chunk.questions {
            document.add_text(fields.questions, text);
        }
        document
    }
}

impl Writing {
    /// Nothing since the last commit counts.
    fn forget_uncommitted(&mut self) {
        self.accepted = self.committed;
        self.let_go();
    }

    /// Ends the writer, without a commit, when its merges have ended. If that fails the index starts anew.
    fn let_go(&mut self) {
        if let Some(writer) = self.writer.take()
            && let Err(error) = writer.wait_merging_threads()
        {
            tracing::error!(%error, "full-text writing failed and the index will be rebuilt");
            self.spoil();
        }
    }

    fn spoil(&mut self) {
        self.spoilt = true;
        (self.accepted, self.committed) = (0, 0);
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Commits, with the number up to which the index is then complete.
fn commit(writer: &mut IndexWriter, upto: u64) -> tantivy::Result<u64> {
    let mut prepared = writer.prepare_commit()?;
    prepared.set_payload(&upto.to_string());
    prepared.commit()
}

/// Deletes everything, durably. Nothing may be uncommitted: deleting spares what is not written out yet.
fn empty(writer: &mut IndexWriter) -> tantivy::Result<()> {
    writer.delete_all_documents()?;
    commit(writer, 0).map(drop)
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        row: schema.add_u64_field("row", INDEXED | FAST),
        tenant: schema.add_text_field("tenant", STRING),
        dataset: schema.add_text_field("dataset", STRING),
        document: schema.add_text_field("document", STRING),
        available: schema.add_bool_field("available", INDEXED),
        content: schema.add_text_field("content", text.clone()),
        keywords: schema.add_text_field("keywords", text.clone()),
        questions: schema.add_text_field("questions", text),
    };
    (schema.build(), fields)
}

/// Reads chunks' rows.
struct RowReader {
    columns: Vec<tantivy::columnar::Column<u64>>,
}

impl RowReader {
    fn new(searcher: &Searcher) -> tantivy::Result<Self> {
        let columns = searcher.segment_readers().iter().map(|segment| segment.fast_fields().u64("row"));
        Ok(Self { columns: columns.collect::<Result<_, _>>()? })
    }

    fn row(&mut self, doc: tantivy::DocAddress) -> Option<i64> {
        let column = self.columns.get(doc.segment_ord as usize)?;
        column.first(doc.doc_id).map(|row| row as i64)
    }
}

/// The analyzer of `mortise-text` as tantivy wants it.
#[derive(Clone)]
struct Analyzer;

struct Tokens {
    rest: std::vec::IntoIter<analyzer::Token>,
    token: Token,
}

impl Tokenizer for Analyzer {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens {
        Tokens { rest: analyzer::analyze(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        let Some(next) = self.rest.next() else { return false };
        self.token = Token {
            offset_from: next.start,
            offset_to: next.end,
            position: next.position,
            text: next.term,
            position_length: 1,
        };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::{DatasetId, DocumentId, TenantId};

    fn change(seq: u64, row: i64, text: &str) -> Change {
        let chunk = IndexedChunk {
            tenant: TenantId::new("t"),
            dataset: DatasetId::new("d"),
            document: DocumentId::new("x"),
            text: text.into(),
            context: Vec::new(),
            title: None,
            keywords: Vec::new(),
            questions: Vec::new(),
            available: true,
            vectors: Vec::new(),
        };
        Change { seq, row, chunk: Some(chunk) }
    }

    #[test]
    fn a_spoilt_index_starts_anew() {
        let folder = tempfile::tempdir().unwrap();
        let keyword = Keyword::open(folder.path()).unwrap();
        keyword.apply(&[change(1, 1, "cat"), change(2, 2, "dog")], 0, 2).unwrap();
        keyword.commit().unwrap();
        {
            let mut writing = keyword.writing.lock();
            writing.let_go();
            assert!(!writing.spoilt, "an orderly end spoils nothing");
            writing.spoil();
        }
        assert_eq!(keyword.applied(), 0);
        assert!(keyword.apply(&[], 2, 3).is_err(), "what is lost must not pass for complete");
        keyword.apply(&[change(2, 2, "dog")], 0, 3).unwrap();
        keyword.commit().unwrap();
        assert_eq!((keyword.applied(), keyword.rows().unwrap()), (3, vec![2]));
    }

    #[test]
    fn what_is_forgotten_comes_again_once() {
        let folder = tempfile::tempdir().unwrap();
        let keyword = Keyword::open(folder.path()).unwrap();
        keyword.apply(&[change(1, 1, "cat")], 0, 1).unwrap();
        keyword.commit().unwrap();
        keyword.apply(&[change(2, 1, "dog"), change(3, 2, "cow")], 1, 3).unwrap();
        keyword.writing.lock().forget_uncommitted();
        assert_eq!(keyword.applied(), 1);
        keyword.apply(&[change(2, 1, "dog"), change(3, 2, "cow")], 1, 3).unwrap();
        keyword.commit().unwrap();
        assert_eq!((keyword.applied(), keyword.rows().unwrap()), (3, vec![1, 2]));
    }
}
