//! From bytes to blocks, once: blocks are kept by content, parser and the parser's own settings, so that another chunk
//! method or other chunk settings never parse again.

use super::pipeline::Failure;
use crate::Service;
use mortise_domain::block::{Attachment, Parsed, Part, Warning};
use mortise_domain::role::{CallContext, Parser, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{Document, Error, JsonMap, PluginInfo, media_type};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::Arc;

/// Files in files in files: how deep attachments are followed.
const ATTACHMENT_DEPTH: usize = 3;

/// The blocks of a document, from the cache or from its parser.
pub(super) async fn blocks(
    service: &Service,
    plugins: &dyn Plugins,
    document: &Document,
    context: &CallContext,
) -> Result<(SourceFile, Parsed), Failure> {
    let bytes = service.store.blobs().open(&document.blob).await?;
    let media_type = media_type::by_name(&document.name);
    let file = SourceFile { name: document.name.clone(), media_type: media_type.to_owned(), bytes };
    let parser = plugins.parser_for(&file.name, media_type).ok_or_else(|| no_parser(&file.name))?;
    let key = cache_key(document, parser.info());
    let cache = service.store.parsed();
    if let Some(parsed) = cache.get(&key).await? {
        tracing::debug!(document = %document.id, "blocks from an earlier parse");
        return Ok((file, parsed));
    }
    let mut parsed = parse(&*parser, file.clone(), &document.parser_config, context).await?;
    if !parsed.attachments.is_empty() && parsed.parts.is_empty() {
        // The file itself is the first part, so that what it contains is told from it.
        parsed.parts.push(Part { name: document.name.clone(), media_type: media_type.to_owned() });
    }
    attachments(plugins, &mut parsed, &document.parser_config, context).await;
    cache.put(&key, &parsed).await?;
    Ok((file, parsed))
}

/// The blocks of a document's last parse, when they are still kept.
pub(crate) async fn kept(
    service: &Service,
    plugins: &dyn Plugins,
    document: &Document,
) -> mortise_domain::Result<Option<Parsed>> {
    let media_type = media_type::by_name(&document.name);
    let Some(parser) = plugins.parser_for(&document.name, media_type) else { return Ok(None) };
    service.store.parsed().get(&cache_key(document, parser.info())).await
}

async fn parse(
    parser: &dyn Parser,
    file: SourceFile,
    config: &JsonMap,
    context: &CallContext,
) -> Result<Parsed, Failure> {
    let info = parser.info();
    tracing::debug!(file = file.name, parser = info.name, version = info.version, "parsing");
    Ok(parser.parse(file, config, context.clone()).await.map_err(Error::from)?)
}

/// Parses contained files by the plugins of their kinds and adds their blocks after the document's own, each file a part:
/// in their order, and what they contain themselves after them. What cannot be read is a warning.
async fn attachments(plugins: &dyn Plugins, parsed: &mut Parsed, config: &JsonMap, context: &CallContext) {
    let mut waiting: VecDeque<(usize, Attachment)> = parsed.attachments.drain(..).map(|a| (1, a)).collect();
    while let Some((depth, attachment)) = waiting.pop_front() {
        let Attachment { name, media_type, bytes } = attachment;
        let Some(parser) = plugins.parser_for(&name, &media_type).filter(|_| depth <= ATTACHMENT_DEPTH) else {
            parsed.warnings.push(Warning { at: None, message: format!("{name}: attached file not read") });
            continue;
        };
        let file = SourceFile { name: name.clone(), media_type: media_type.clone(), bytes: Arc::new(bytes) };
        match parse(&*parser, file, config, context).await {
            Ok(mut inner) => {
                for attachment in inner.attachments.drain(..).rev() {
                    waiting.push_front((depth + 1, attachment));
                }
                if inner.parts.is_empty() {
                    inner.parts.push(Part { name, media_type });
                }
                append(parsed, inner);
            }
            Err(failure) => {
                parsed.warnings.push(Warning { at: None, message: format!("{name}: {}", failure.error) });
            }
        }
    }
}

/// Adds the blocks of a contained file, renumbered.
fn append(outer: &mut Parsed, inner: Parsed) {
    let first = outer.blocks.iter().map(|b| b.id + 1).max().unwrap_or(0);
    let (first_part, first_image) = (outer.parts.len() as u32, outer.images.len() as u32);
    outer.blocks.extend(inner.blocks.into_iter().map(|mut block| {
        block.id += first;
        block.part += first_part;
        block.parent = block.parent.map(|p| p + first);
        block.image = block.image.map(|i| i + first_image);
        block
    }));
    outer.parts.extend(inner.parts);
    outer.images.extend(inner.images);
    outer.warnings.extend(inner.warnings);
}

fn no_parser(name: &str) -> Failure {
    let extension = name.rsplit_once('.').map_or("without extension", |(_, e)| e);
    Error::Unsupported { what: format!("no installed parser reads files of type {extension}") }.into()
}

/// Content, parser, and those settings that the parser's schema knows.
fn cache_key(document: &Document, parser: &PluginInfo) -> String {
    let known = parser.config_schema.get("properties").and_then(|p| p.as_object());
    let mut settings: Vec<(&String, &serde_json::Value)> =
        document.parser_config.iter().filter(|(name, _)| known.is_some_and(|k| k.contains_key(*name))).collect();
    settings.sort_by_key(|(name, _)| *name);
    let mut hasher = Sha256::new();
    // The name matters to parsers that choose by extension.
    for part in [document.blob.as_str(), &parser.digest, &document.suffix] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    for (name, value) in settings {
        hasher.update(name.as_bytes());
        hasher.update(value.to_string().as_bytes());
        hasher.update([0]);
    }
    hex::encode(hasher.finalize())
}
