//! What is asked of chunk methods.
//!
//! Documents are made of marks, words that say which block they belong to (see [`document`]), so that every word of a
//! chunk can be traced back.

mod document;
mod scale;
mod script;
mod sound;
mod table;
mod whole;

use crate::check::{Check, Verdict};
use crate::subject::{Installed, Subject};
use document::Document;
use mortise_domain::role::{CallContext, RawChunk, RawChunks};
use mortise_domain::{JsonMap, PluginFault};

pub(crate) const CHECKS: &[&[Check]] = &[whole::CHECKS, sound::CHECKS, table::CHECKS, script::CHECKS, scale::CHECKS];

pub(crate) async fn attempt(installed: &Installed<'_>) -> Verdict<Result<String, PluginFault>> {
    let document = Document::ordinary();
    let result = call(installed, &document, CallContext::default()).await?;
    Ok(match result {
        Ok(chunks) if chunks.chunks.is_empty() => crate::check::fail!("an ordinary document gives no chunks"),
        other => other.map(|chunks| format!("{chunks:?}")),
    })
}

async fn call(
    installed: &Installed<'_>,
    document: &Document,
    context: CallContext,
) -> Verdict<Result<RawChunks, PluginFault>> {
    let chunker = installed.chunker()?;
    Ok(chunker.split(document.file(), document.parsed(), &JsonMap::new(), context).await)
}

/// The chunks of a document, cut with the author's settings.
async fn split(subject: &Subject, document: &Document) -> Verdict<RawChunks> {
    subject.works().await?;
    Ok(call(&subject.installed().await?, document, CallContext::default()).await??)
}

/// All that a chunk says, in whatever field.
fn said(chunk: &RawChunk, chunks: &RawChunks) -> String {
    let mut said = vec![chunk.text.as_str()];
    said.extend(chunk.context.iter().chain(&chunk.keywords).chain(&chunk.questions).chain(&chunk.tags).map(|t| &**t));
    let values: Vec<String> = chunk.fields.iter().map(|(name, value)| format!("{name} {value:?}")).collect();
    said.extend(values.iter().map(String::as_str));
    let parent = chunk.parent.and_then(|parent| chunks.parents.get(usize::try_from(parent).ok()?));
    said.extend(parent.map(String::as_str));
    said.join("\n")
}

/// All that all chunks say.
fn all_said(chunks: &RawChunks) -> String {
    chunks.chunks.iter().map(|chunk| said(chunk, chunks)).collect::<Vec<_>>().join("\n")
}

/// The texts of all chunks, one after the other.
fn texts(chunks: &RawChunks) -> String {
    chunks.chunks.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>().join("\n")
}
