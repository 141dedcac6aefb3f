//! What 0.1 imports, passed on to what the host does for every line.

use super::bindings::host::mortise::plugin::{blocks_in, blocks_out, document, inference, log, source, tokens, types};
use crate::fault::refuse;
use crate::imports::blocks_in::Reader;
use crate::imports::inference::OpenModel;
use crate::imports::source::File;
use crate::instance::State;
use mortise_domain::plugin::FaultReason;
use wasmtime::Result;
use wasmtime::component::{HasSelf, Linker, Resource};

/// Adds every import of the line to a linker.
pub(super) fn link(linker: &mut Linker<State>) -> Result<()> {
    types::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    document::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    log::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    tokens::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    source::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    blocks_out::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    blocks_in::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    inference::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    Ok(())
}

impl types::Host for State {}
impl document::Host for State {}
impl source::Host for State {}
impl blocks_in::Host for State {}
impl inference::Host for State {}

impl log::Host for State {
    fn log(&mut self, level: log::Level, message: String) -> Result<()> {
        let level = match level {
            log::Level::Trace => tracing::Level::TRACE,
            log::Level::Debug => tracing::Level::DEBUG,
            log::Level::Info => tracing::Level::INFO,
            log::Level::Warn => tracing::Level::WARN,
            log::Level::Error => tracing::Level::ERROR,
        };
        self.log_line(level, &message);
        Ok(())
    }

    fn progress(&mut self, done: f32, note: String) -> Result<()> {
        self.report_progress(done, &note)
    }
}

impl tokens::Host for State {
    async fn count(&mut self, texts: Vec<String>) -> Result<Vec<u32>> {
        self.count_tokens(texts).await
    }

    async fn cuts(&mut self, text: String, limit: u32) -> Result<Vec<u32>> {
        self.token_cuts(text, limit).await
    }
}

impl source::HostFile for State {
    fn name(&mut self, file: Resource<File>) -> Result<String> {
        Ok(self.table.get(&file)?.0.name.clone())
    }

    fn media_type(&mut self, file: Resource<File>) -> Result<String> {
        Ok(self.table.get(&file)?.0.media_type.clone())
    }

    fn size(&mut self, file: Resource<File>) -> Result<u64> {
        Ok(self.table.get(&file)?.0.bytes.size())
    }

    async fn read(&mut self, file: Resource<File>, offset: u64, length: u32) -> Result<Vec<u8>> {
        self.read_file(&file, offset, length).await
    }

    fn drop(&mut self, file: Resource<File>) -> Result<()> {
        self.table.delete(file)?;
        Ok(())
    }
}

impl blocks_in::HostReader for State {
    fn summary(&mut self, reader: Resource<Reader>) -> Result<document::Summary> {
        let Reader { file, parsed } = self.table.get(&reader)?;
        Ok(document::Summary {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            pages: parsed.pages,
            blocks: u32::try_from(parsed.blocks.len())?,
            parts: parsed.parts.iter().cloned().map(Into::into).collect(),
            metadata: serde_json::Value::Object(parsed.metadata.clone()).to_string(),
        })
    }

    fn read(&mut self, reader: Resource<Reader>, first: u32, count: u32) -> Result<Vec<document::Block>> {
        if self.control.cancelled() {
            return refuse(FaultReason::Cancelled);
        }
        let blocks = self.table.get(&reader)?.blocks(first, count);
        Ok(blocks.iter().cloned().map(Into::into).collect())
    }

    fn source(&mut self, reader: Resource<Reader>) -> Result<Resource<File>> {
        let file = self.table.get(&reader)?.file.clone();
        Ok(self.table.push(File(file))?)
    }

    fn drop(&mut self, reader: Resource<Reader>) -> Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl blocks_out::Host for State {
    fn start_part(&mut self, part: document::Part) -> Result<u32> {
        self.collector.part(part.into()).or_else(refuse)
    }

    fn emit(&mut self, blocks: Vec<document::Block>) -> Result<()> {
        if self.control.cancelled() {
            return refuse(FaultReason::Cancelled);
        }
        blocks.into_iter().try_for_each(|block| self.collector.block(block.into())).or_else(refuse)
    }

    fn put_image(&mut self, media_type: String, bytes: Vec<u8>) -> Result<u32> {
        self.collector.image(media_type, bytes).or_else(refuse)
    }

    fn metadata(&mut self, fields: String) -> Result<()> {
        self.collector.metadata(&fields).or_else(refuse)
    }

    fn pages(&mut self, count: u32) -> Result<()> {
        self.collector.pages(count);
        Ok(())
    }

    fn warn(&mut self, at: Option<document::Place>, message: String) -> Result<()> {
        self.collector.warning(at.map(Into::into), &message).or_else(refuse)
    }

    fn attach(&mut self, name: String, media_type: String, bytes: Vec<u8>) -> Result<()> {
        self.collector.attachment(&name, media_type, bytes).or_else(refuse)
    }
}

impl inference::HostModel for State {
    async fn open(&mut self, name: String) -> Result<Result<Resource<OpenModel>, types::Error>> {
        Ok(Err(types::Error::Unsupported(self.no_model(&name))))
    }

    async fn file(&mut self, model: Resource<OpenModel>, _: String) -> Result<Result<Vec<u8>, types::Error>> {
        match *self.table.get(&model)? {}
    }

    async fn run(
        &mut self,
        model: Resource<OpenModel>,
        _: Vec<inference::Tensor>,
        _: Vec<String>,
    ) -> Result<Result<Vec<inference::Tensor>, types::Error>> {
        match *self.table.get(&model)? {}
    }

    async fn drop(&mut self, model: Resource<OpenModel>) -> Result<()> {
        self.table.delete(model)?;
        Ok(())
    }
}
