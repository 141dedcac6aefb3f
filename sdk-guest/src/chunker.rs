//! Blocks of one document → chunks.

pub use crate::bindings::chunker::exports::mortise::plugin::chunker::{Chunk, ChunkKind, Chunks, Field};
use crate::bindings::host::mortise::plugin::blocks_in::Reader;
use crate::document::{Block, Summary};
use crate::{Config, Description, Result};

/// A chunk method. Export it with [`export_chunker!`](crate::export_chunker).
pub trait Chunker {
    /// Settings, taken out of the dataset's `parser_config`. Other keys may be present and are ignored.
    type Config: Config;
    /// Name, version, summary. Must always be the same.
    fn describe() -> Description;
    /// Cuts one document. A fresh instance serves every document.
    ///
    /// # Errors
    /// What it returns is shown to the owner of the document.
    fn split(blocks: &Blocks<'_>, config: Self::Config) -> Result<Chunks>;
}

/// The parsed document, read from the host in windows or, in tests, from a slice.
pub struct Blocks<'a>(Source<'a>);

enum Source<'a> {
    Host(&'a Reader),
    Slice { name: String, blocks: &'a [Block] },
}

/// Blocks fetched in one call to the host.
const WINDOW: u32 = 256;

impl<'a> Blocks<'a> {
    #[doc(hidden)]
    pub fn from_host(reader: &'a Reader) -> Self {
        Blocks(Source::Host(reader))
    }

    /// A document for tests.
    pub fn from_slice(name: &str, blocks: &'a [Block]) -> Self {
        Blocks(Source::Slice { name: name.into(), blocks })
    }

    /// Name, media type, pages, number of blocks, parts, metadata.
    pub fn summary(&self) -> Summary {
        match &self.0 {
            Source::Host(reader) => reader.summary(),
            Source::Slice { name, blocks } => Summary {
                name: name.clone(),
                media_type: String::new(),
                pages: blocks.iter().flat_map(|b| &b.places).map(|p| p.page).max().unwrap_or(0),
                blocks: blocks.len() as u32,
                parts: vec![],
                metadata: "{}".into(),
            },
        }
    }

    /// At most `count` blocks from position `first`.
    pub fn read(&self, first: u32, count: u32) -> Vec<Block> {
        match &self.0 {
            Source::Host(reader) => reader.read(first, count),
            Source::Slice { blocks, .. } => blocks.iter().skip(first as usize).take(count as usize).cloned().collect(),
        }
    }

    /// All blocks in reading order, fetched in windows.
    pub fn iter(&self) -> impl Iterator<Item = Block> + '_ {
        let mut next = 0;
        let mut done = false;
        std::iter::from_fn(move || {
            if done {
                return None;
            }
            let window = self.read(next, WINDOW);
            done = window.is_empty();
            next += window.len() as u32;
            (!done).then_some(window)
        })
        .flatten()
    }
}

impl Chunk {
    /// A text chunk made of the given blocks.
    pub fn text(text: impl Into<String>, blocks: Vec<u32>) -> Self {
        Chunk {
            text: text.into(),
            kind: ChunkKind::Text,
            blocks,
            places: vec![],
            context: vec![],
            keywords: vec![],
            questions: vec![],
            tags: vec![],
            fields: vec![],
            parent: None,
        }
    }

    /// A text chunk with the text of one block.
    pub fn of_block(block: &Block) -> Self {
        Chunk::text(block.text.clone(), vec![block.id])
    }
}

#[doc(hidden)]
pub struct Adapter<T>(std::marker::PhantomData<T>);

impl<T: Chunker> crate::bindings::chunker::exports::mortise::plugin::chunker::Guest for Adapter<T> {
    fn describe() -> crate::bindings::host::mortise::plugin::types::Descriptor {
        T::describe().into_descriptor::<T::Config>()
    }
    fn split(input: &Reader, config: String) -> Result<Chunks> {
        T::split(&Blocks::from_host(input), T::Config::from_json(&config)?)
    }
}

/// Makes the component of a [`Chunker`]: `mortise_sdk::export_chunker!(MyChunker);`
#[macro_export]
macro_rules! export_chunker {
    ($plugin:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Component = $crate::chunker::Adapter<$plugin>;
    $crate::bindings::chunker::__export_chunker_world!(Component with_types_in $crate::bindings::chunker);
        };
    };
}
