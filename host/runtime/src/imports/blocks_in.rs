//! `blocks-in`: the parsed document, as a chunker reads it.

use crate::bindings::host::mortise::plugin::blocks_in::{Host, HostReader};
use crate::bindings::host::mortise::plugin::document as wit;
use crate::fault::refuse;
use crate::imports::source::File;
use crate::instance::State;
use mortise_domain::block::Parsed;
use mortise_domain::plugin::FaultReason;
use mortise_domain::source::SourceFile;
use std::sync::Arc;
use wasmtime::component::Resource;

/// What a guest's `reader` handle stands for.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Reader {
    pub(crate) file: SourceFile,
    pub(crate) parsed: Arc<Parsed>,
}

impl Host for State {}

impl HostReader for State {
    fn summary(&mut self, reader: Resource<Reader>) -> wasmtime::Result<wit::Summary> {
        let Reader { file, parsed } = self.table.get(&reader)?;
        Ok(wit::Summary {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            pages: parsed.pages,
            blocks: u32::try_from(parsed.blocks.len())?,
            parts: parsed.parts.iter().cloned().map(Into::into).collect(),
            metadata: serde_json::Value::Object(parsed.metadata.clone()).to_string(),
        })
    }

    fn read(&mut self, reader: Resource<Reader>, first: u32, count: u32) -> wasmtime::Result<Vec<wit::Block>> {
        if self.control.cancelled() {
            return refuse(FaultReason::Cancelled);
        }
        let blocks = &self.table.get(&reader)?.parsed.blocks;
        let first = usize::try_from(first)?.min(blocks.len());
        let end = first.saturating_add(usize::try_from(count)?).min(blocks.len());
        Ok(blocks[first..end].iter().cloned().map(Into::into).collect())
    }

    fn source(&mut self, reader: Resource<Reader>) -> wasmtime::Result<Resource<File>> {
        let file = self.table.get(&reader)?.file.clone();
        Ok(self.table.push(File(file))?)
    }

    fn drop(&mut self, reader: Resource<Reader>) -> wasmtime::Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}
