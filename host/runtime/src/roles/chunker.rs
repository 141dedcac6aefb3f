//! Chunkers: a fresh instance for every document.

use crate::bindings::chunker::ChunkerPluginPre;
use crate::bindings::chunker::exports::mortise::plugin::chunker as wit;
use crate::imports::blocks_in::Reader;
use crate::instance::{Control, State};
use crate::limits::Limits;
use crate::output::{self, Budget};
use crate::plugin::Plugin;
use async_trait::async_trait;
use mortise_domain::block::{Parsed, Place, Value};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Chunker, RawChunk, RawChunks};
use mortise_domain::source::SourceFile;
use mortise_domain::{ChunkKind, Error, JsonMap, PluginFault, PluginInfo};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// An installed chunk method.
pub(crate) struct ChunkerPlugin {
    plugin: Plugin,
    pre: OnceCell<ChunkerPluginPre<State>>,
}

impl ChunkerPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, pre: OnceCell::new() }
    }

    async fn run(
        &self,
        file: SourceFile,
        parsed: Arc<Parsed>,
        config: &JsonMap,
        context: CallContext,
    ) -> Result<RawChunks, FaultReason> {
        let config = self.plugin.settings(config)?;
        let pre = self.pre.get_or_try_init(async || {
            ChunkerPluginPre::new(self.plugin.linked().await?)
                .map_err(|error| FaultReason::Internal(format!("{error:#}")))
        });
        // The first call compiles or maps the component, which may take seconds.
        let pre = Control::admit(Some(&context.cancel), pre).await??;
        let _running = self.plugin.admit(Some(&context.cancel)).await?;
        let control = self.plugin.control(Some(context.cancel));
        let mut store = self.plugin.store(control.clone(), context.progress);
        let call = async {
            let world = pre.instantiate_async(&mut store).await?;
            let reader = store.data_mut().table.push(Reader { file, parsed: parsed.clone() })?;
            world.mortise_plugin_chunker().call_split(&mut store, reader, &config).await
        };
        match control.guard(call).await {
            Ok(Ok(chunks)) => checked(chunks, &parsed, &self.plugin.limits),
            Ok(Err(error)) => Err(crate::fault::returned(error, None)),
            Err(failure) => Err(store.data().reason(failure)),
        }
    }
}

#[async_trait]
impl Chunker for ChunkerPlugin {
    fn info(&self) -> &PluginInfo {
        &self.plugin.info
    }

    fn check_config(&self, config: &JsonMap) -> mortise_domain::Result<()> {
        self.plugin.check(config).map_err(|misfit| Error::invalid(misfit.field, misfit.reason))
    }

    async fn split(
        &self,
        file: SourceFile,
        parsed: Arc<Parsed>,
        config: &JsonMap,
        context: CallContext,
    ) -> Result<RawChunks, PluginFault> {
        self.plugin.call().run(self.run(file, parsed, config, context)).await
    }
}

fn checked(given: wit::Chunks, parsed: &Parsed, limits: &Limits) -> Result<RawChunks, FaultReason> {
    let max_chunks = usize::try_from(limits.max_chunks).unwrap_or(usize::MAX);
    if given.chunks.len() > max_chunks || given.parents.len() > max_chunks {
        return Err(FaultReason::OutputTooLarge(format!("the limit is {max_chunks} chunks")));
    }
    let mut budget = Budget::new(limits.output_bytes);
    budget.spend_texts(&given.parents)?;
    let blocks: HashSet<u32> = parsed.blocks.iter().map(|block| block.id).collect();
    let parents = given.parents.len();
    let chunk = |(number, chunk): (usize, wit::Chunk)| {
        let chunk = raw(chunk);
        let wrong = |what: String| Err(FaultReason::InvalidOutput(format!("chunk {number} {what}")));
        if let Some(block) = chunk.blocks.iter().find(|block| !blocks.contains(block)) {
            return wrong(format!("is made of block {block}, which the document does not have"));
        }
        if chunk.parent.is_some_and(|parent| usize::try_from(parent).is_ok_and(|parent| parent >= parents)) {
            return wrong("has a parent that is not there".into());
        }
        budget.spend_texts(
            std::iter::once(&chunk.text)
                .chain(&chunk.context)
                .chain(&chunk.keywords)
                .chain(&chunk.questions)
                .chain(&chunk.tags),
        )?;
        budget.spend(chunk.blocks.len() as u64 * 4 + chunk.places.len() as u64 * 24)?;
        for (name, value) in &chunk.fields {
            budget.spend(name.len() as u64 + output::value(value)?)?;
        }
        chunk.places.iter().try_for_each(output::place)?;
        Ok(chunk)
    };
    let chunks = given.chunks.into_iter().enumerate().map(chunk).collect::<Result<_, _>>()?;
    Ok(RawChunks { chunks, parents: given.parents })
}

fn raw(chunk: wit::Chunk) -> RawChunk {
    RawChunk {
        text: chunk.text,
        kind: match chunk.kind {
            wit::ChunkKind::Text => ChunkKind::Text,
            wit::ChunkKind::Table => ChunkKind::Table,
            wit::ChunkKind::Image => ChunkKind::Image,
            wit::ChunkKind::QuestionAnswer => ChunkKind::QuestionAnswer,
            wit::ChunkKind::Summary => ChunkKind::Summary,
        },
        blocks: chunk.blocks,
        places: chunk.places.into_iter().map(Place::from).collect(),
        context: chunk.context,
        keywords: chunk.keywords,
        questions: chunk.questions,
        tags: chunk.tags,
        fields: chunk.fields.into_iter().map(|field| (field.name, Value::from(field.value))).collect(),
        parent: chunk.parent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::Role;

    fn check(change: impl FnOnce(&mut wit::Chunk), why: Option<&str>) {
        let mut chunk = wit::Chunk {
            text: "x".repeat(50),
            kind: wit::ChunkKind::Text,
            blocks: vec![],
            places: vec![],
            context: vec![],
            keywords: vec![],
            questions: vec![],
            tags: vec![],
            fields: vec![],
            parent: None,
        };
        change(&mut chunk);
        let limits = Limits { max_chunks: 1, output_bytes: 500, ..Limits::for_role(Role::Chunker) };
        let given = wit::Chunks { chunks: vec![chunk], parents: vec!["p".into()] };
        match (checked(given, &Parsed::default(), &limits), why) {
            (Ok(_), None) => {}
            (Err(reason), Some(why)) => assert!(reason.to_string().contains(why), "{reason}"),
            (result, why) => panic!("{result:?}, wanted {why:?}"),
        }
    }

    #[test]
    fn chunks() {
        check(|_| {}, None);
        check(|chunk| chunk.parent = Some(0), None);
        check(|chunk| chunk.parent = Some(1), Some("parent"));
        check(|chunk| chunk.blocks = vec![3], Some("block 3"));
        check(|chunk| chunk.tags = vec!["y".repeat(500)], Some("500 bytes"));
        let nan = crate::bindings::host::mortise::plugin::document::Value::Number(f64::NAN);
        check(|chunk| chunk.fields = vec![wit::Field { name: "n".into(), value: nan }], Some("finite"));
    }
}
