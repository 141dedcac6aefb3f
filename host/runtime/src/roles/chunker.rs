//! Chunkers: a fresh instance for every document.

use super::Linked;
use crate::imports::blocks_in::Reader;
use crate::instance::Control;
use crate::limits::Limits;
use crate::lines::ChunkerWorld;
use crate::output::{self, Budget};
use crate::plugin::Plugin;
use async_trait::async_trait;
use mortise_domain::block::Parsed;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Chunker, RawChunks};
use mortise_domain::source::SourceFile;
use mortise_domain::{Error, JsonMap, PluginFault, PluginInfo};
use std::collections::HashSet;
use std::sync::Arc;

/// An installed chunk method.
pub(crate) struct ChunkerPlugin {
    plugin: Plugin,
    linked: Linked<dyn ChunkerWorld>,
}

impl ChunkerPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, linked: Linked::new() }
    }

    async fn run(
        &self,
        file: SourceFile,
        parsed: Arc<Parsed>,
        config: &JsonMap,
        context: CallContext,
    ) -> Result<RawChunks, FaultReason> {
        let config = self.plugin.settings(config)?;
        let world = super::linked(&self.plugin, &self.linked, |line, linked| line.chunker(linked));
        // The first call compiles or maps the component, which may take seconds.
        let world = Control::admit(Some(&context.cancel), world).await??;
        let _running = self.plugin.admit(Some(&context.cancel)).await?;
        let control = self.plugin.control(Some(context.cancel));
        let mut store = self.plugin.store(control.clone(), context.progress);
        let document = Reader { file, parsed: parsed.clone() };
        match control.guard(world.split(&mut store, document, &config)).await {
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

fn checked(given: RawChunks, parsed: &Parsed, limits: &Limits) -> Result<RawChunks, FaultReason> {
    let max_chunks = usize::try_from(limits.max_chunks).unwrap_or(usize::MAX);
    if given.chunks.len() > max_chunks || given.parents.len() > max_chunks {
        return Err(FaultReason::OutputTooLarge(format!("the limit is {max_chunks} chunks")));
    }
    let mut budget = Budget::new(limits.output_bytes);
    budget.spend_texts(&given.parents)?;
    let blocks: HashSet<u32> = parsed.blocks.iter().map(|block| block.id).collect();
    let parents = given.parents.len();
    for (number, chunk) in given.chunks.iter().enumerate() {
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
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::block::Value;
    use mortise_domain::role::RawChunk;
    use mortise_domain::{ChunkKind, Role};

    fn check(change: impl FnOnce(&mut RawChunk), why: Option<&str>) {
        let mut chunk = RawChunk {
            text: "x".repeat(50),
            kind: ChunkKind::Text,
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
        let given = RawChunks { chunks: vec![chunk], parents: vec!["p".into()] };
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
        check(|chunk| chunk.fields = vec![("n".into(), Value::Number(f64::NAN))], Some("finite"));
    }
}
