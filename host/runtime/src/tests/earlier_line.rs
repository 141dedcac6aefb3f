//! A second line of the contract, served by hosts under test alone: `mortise:plugin@0.0.5`, whose chunkers have other
//! records, another signature and other imports. What it takes to serve it is this file, its WIT folder, and its entry
//! in `lines.rs`.

use crate::imports::blocks_in::Reader;
use crate::instance::State;
use crate::lines::{Called, ChunkerWorld, Described, Describes, Face, Line};
use async_trait::async_trait;
use bindings::exports::mortise::plugin::chunker::{Marks, Piece};
use bindings::mortise::plugin::{log, paragraphs};
use bindings::{ChunkerPlugin, ChunkerPluginPre};
use mortise_domain::block::BlockKind;
use mortise_domain::role::{RawChunk, RawChunks};
use mortise_domain::{ChunkKind, JsonMap, Role};
use semver::Version;
use wasmtime::component::{HasSelf, InstancePre, Linker, Resource};
use wasmtime::{Result, Store};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
    wasmtime::component::bindgen!({
        path: "../../tests/guests/earlier-line/wit",
        world: "chunker-plugin",
        imports: { default: trappable },
        exports: { default: async },
        with: { "mortise:plugin/paragraphs.walk": super::Walk },
    });
}

/// The line.
#[derive(Debug)]
pub(crate) struct Line0_0_5;

impl Line for Line0_0_5 {
    fn version(&self) -> Version {
        Version::new(0, 0, 5)
    }

    fn wit(&self) -> &'static [&'static str] {
        &[include_str!("../../../../tests/guests/earlier-line/wit/chunker.wit")]
    }

    fn room(&self, role: Role) -> Option<&'static [&'static str]> {
        (role == Role::Chunker).then_some(&["log", "paragraphs"])
    }

    fn link(&self, linker: &mut Linker<State>) -> Result<()> {
        log::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
        paragraphs::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
    }

    fn chunker(&self, linked: InstancePre<State>) -> Face<dyn ChunkerWorld> {
        Ok(Box::new(ChunkerPluginPre::new(linked)?))
    }
}

#[async_trait]
impl Describes for ChunkerPluginPre<State> {
    async fn describe(&self, store: &mut Store<State>) -> Result<Described> {
        let world: ChunkerPlugin = self.instantiate_async(&mut *store).await?;
        let about = world.mortise_plugin_chunker().call_describe(&mut *store).await?;
        // Components of this line publish no schema: the one setting that it knows is the same for all.
        let sentences = serde_json::json!({"type": "integer", "minimum": 1, "maximum": 50, "default": 3});
        let schema = serde_json::json!({"type": "object", "properties": {"sentences_per_chunk": sentences}});
        Ok(Described {
            name: about.name,
            version: about.version,
            config_schema: schema.to_string(),
            ..Described::default()
        })
    }
}

#[async_trait]
impl ChunkerWorld for ChunkerPluginPre<State> {
    async fn split(&self, store: &mut Store<State>, document: Reader, config: &str) -> Called<RawChunks> {
        let config: JsonMap = serde_json::from_str(config)?;
        let sentences = config.get("sentences_per_chunk").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let world: ChunkerPlugin = self.instantiate_async(&mut *store).await?;
        let ids: Vec<u32> = document.parsed.blocks.iter().map(|block| block.id).collect();
        let walk = store.data_mut().table.push(Walk { document, next: 0 })?;
        let pieces = world.mortise_plugin_chunker().call_split(&mut *store, walk, u16::try_from(sentences)?).await?;
        let chunks = pieces.into_iter().map(|piece| raw(piece, &ids)).collect();
        Ok(Ok(RawChunks { chunks, parents: Vec::new() }))
    }
}

fn raw(piece: Piece, ids: &[u32]) -> RawChunk {
    let blocks = ids.iter().copied().filter(|id| (piece.first..=piece.last).contains(id)).collect();
    RawChunk {
        text: piece.text,
        kind: if piece.marks.contains(Marks::TABLE) { ChunkKind::Table } else { ChunkKind::Text },
        blocks,
        places: Vec::new(),
        context: piece.headings,
        keywords: Vec::new(),
        questions: Vec::new(),
        tags: Vec::new(),
        fields: Vec::new(),
        parent: None,
    }
}

/// What a guest's `walk` handle stands for.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Walk {
    document: Reader,
    next: u32,
}

impl log::Host for State {
    fn line(&mut self, severity: u8, text: String) -> Result<()> {
        let levels = [tracing::Level::ERROR, tracing::Level::WARN, tracing::Level::INFO];
        self.log_line(levels.get(usize::from(severity)).copied().unwrap_or(tracing::Level::DEBUG), &text);
        Ok(())
    }
}

impl paragraphs::Host for State {}

impl paragraphs::HostWalk for State {
    fn title(&mut self, walk: Resource<Walk>) -> Result<String> {
        Ok(self.table.get(&walk)?.document.file.name.clone())
    }

    fn next(&mut self, walk: Resource<Walk>) -> Result<Option<paragraphs::Paragraph>> {
        let walk = self.table.get_mut(&walk)?;
        let Some(block) = walk.document.blocks(walk.next, 1).first() else { return Ok(None) };
        let heading = if block.kind == BlockKind::Heading { u8::try_from(block.level)? } else { 0 };
        let paragraph = paragraphs::Paragraph { number: block.id, text: block.text.clone(), heading };
        walk.next += 1;
        Ok(Some(paragraph))
    }

    fn rewind(&mut self, walk: Resource<Walk>) -> Result<()> {
        self.table.get_mut(&walk)?.next = 0;
        Ok(())
    }

    fn drop(&mut self, walk: Resource<Walk>) -> Result<()> {
        self.table.delete(walk)?;
        Ok(())
    }
}
