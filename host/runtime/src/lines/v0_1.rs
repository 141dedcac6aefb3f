//! The line 0.1: five roles, released as 0.1.0.

mod bindings;
mod convert;
mod imports;
mod models;
mod pages;

use super::{
    Called, ChatModelWorld, ChunkerWorld, Described, Describes, EmbedderWorld, Face, Line, ParserWorld, RerankerWorld,
};
use crate::imports::blocks_in::Reader;
use crate::imports::source::File;
use crate::instance::State;
use async_trait::async_trait;
use bindings::chat_model::ChatModelPluginPre;
use bindings::chunker::exports::mortise::plugin::chunker as wit;
use bindings::chunker::{ChunkerPlugin, ChunkerPluginPre};
use bindings::embedder::EmbedderPluginPre;
use bindings::parser::{ParserPlugin, ParserPluginPre};
use bindings::reranker::RerankerPluginPre;
use mortise_domain::role::{RawChunk, RawChunks};
use mortise_domain::{ChunkKind, Role};
use semver::Version;
use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker};

/// The line.
#[derive(Debug)]
pub(super) struct Line0_1;

macro_rules! released {
    ($($file:literal),*) => { &[$(include_str!(concat!("../../../../wit/released/0.1.0/", $file, ".wit"))),*] };
}

impl Line for Line0_1 {
    fn version(&self) -> Version {
        Version::new(0, 1, 0)
    }

    fn wit(&self) -> &'static [&'static str] {
        released!["types", "document", "host", "parser", "chunker", "embedder", "reranker", "chat-model"]
    }

    fn room(&self, role: Role) -> Option<&'static [&'static str]> {
        Some(match role {
            Role::Parser => &["types", "log", "tokens", "document", "source", "blocks-out"],
            Role::Chunker => &["types", "log", "tokens", "document", "source", "blocks-in"],
            Role::Embedder | Role::Reranker | Role::ChatModel => &["types", "log", "tokens", "inference"],
        })
    }

    fn link(&self, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        imports::link(linker)
    }

    fn parser(&self, linked: InstancePre<State>) -> Face<dyn ParserWorld> {
        Ok(Box::new(pages::PagedParser::new(linked)?))
    }

    fn chunker(&self, linked: InstancePre<State>) -> Face<dyn ChunkerWorld> {
        Ok(Box::new(ChunkerPluginPre::new(linked)?))
    }

    fn embedder(&self, linked: InstancePre<State>) -> Face<EmbedderWorld> {
        Ok(Box::new(EmbedderPluginPre::new(linked)?))
    }

    fn reranker(&self, linked: InstancePre<State>) -> Face<RerankerWorld> {
        Ok(Box::new(RerankerPluginPre::new(linked)?))
    }

    fn chat_model(&self, linked: InstancePre<State>) -> Face<ChatModelWorld> {
        Ok(Box::new(ChatModelPluginPre::new(linked)?))
    }
}

#[async_trait]
impl Describes for ParserPluginPre<State> {
    async fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<Described> {
        let world: ParserPlugin = self.instantiate_async(&mut *store).await?;
        let (descriptor, accepts) = world.mortise_plugin_parser().call_describe(&mut *store).await?;
        let (media_types, extensions) = (accepts.media_types, accepts.extensions);
        Ok(Described { media_types, extensions, ..descriptor.into() })
    }
}

#[async_trait]
impl ParserWorld for ParserPluginPre<State> {
    async fn parse(&self, store: &mut Store<State>, file: File, config: &str) -> Called<()> {
        let world: ParserPlugin = self.instantiate_async(&mut *store).await?;
        let file = store.data_mut().table.push(file)?;
        Ok(world.mortise_plugin_parser().call_parse(&mut *store, file, &config.to_owned()).await?.map_err(Into::into))
    }
}

#[async_trait]
impl Describes for ChunkerPluginPre<State> {
    async fn describe(&self, store: &mut Store<State>) -> wasmtime::Result<Described> {
        let world: ChunkerPlugin = self.instantiate_async(&mut *store).await?;
        Ok(world.mortise_plugin_chunker().call_describe(&mut *store).await?.into())
    }
}

#[async_trait]
impl ChunkerWorld for ChunkerPluginPre<State> {
    async fn split(&self, store: &mut Store<State>, document: Reader, config: &str) -> Called<RawChunks> {
        let world: ChunkerPlugin = self.instantiate_async(&mut *store).await?;
        let document = store.data_mut().table.push(document)?;
        let given = world.mortise_plugin_chunker().call_split(&mut *store, document, &config.to_owned()).await?;
        Ok(given.map(Into::into).map_err(Into::into))
    }
}

impl From<wit::Chunks> for RawChunks {
    fn from(given: wit::Chunks) -> Self {
        Self { chunks: given.chunks.into_iter().map(Into::into).collect(), parents: given.parents }
    }
}

impl From<wit::Chunk> for RawChunk {
    fn from(chunk: wit::Chunk) -> Self {
        Self {
            text: chunk.text,
            kind: match chunk.kind {
                wit::ChunkKind::Text => ChunkKind::Text,
                wit::ChunkKind::Table => ChunkKind::Table,
                wit::ChunkKind::Image => ChunkKind::Image,
                wit::ChunkKind::QuestionAnswer => ChunkKind::QuestionAnswer,
                wit::ChunkKind::Summary => ChunkKind::Summary,
            },
            blocks: chunk.blocks,
            places: chunk.places.into_iter().map(Into::into).collect(),
            context: chunk.context,
            keywords: chunk.keywords,
            questions: chunk.questions,
            tags: chunk.tags,
            fields: chunk.fields.into_iter().map(|field| (field.name, field.value.into())).collect(),
            parent: chunk.parent,
        }
    }
}
