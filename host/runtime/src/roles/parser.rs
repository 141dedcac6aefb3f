//! Parsers: a fresh instance for every file.

use super::Linked;
use crate::imports::source::File;
use crate::instance::Control;
use crate::lines::ParserWorld;
use crate::plugin::Plugin;
use async_trait::async_trait;
use mortise_domain::block::Parsed;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Parser};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, PluginFault, PluginInfo};

/// An installed parser.
pub(crate) struct ParserPlugin {
    plugin: Plugin,
    linked: Linked<dyn ParserWorld>,
}

impl ParserPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, linked: Linked::new() }
    }

    async fn run(&self, file: SourceFile, config: &JsonMap, context: CallContext) -> Result<Parsed, FaultReason> {
        let config = self.plugin.settings(config)?;
        let world = super::linked(&self.plugin, &self.linked, |line, linked| line.parser(linked));
        // The first call compiles or maps the component, which may take seconds.
        let world = Control::admit(Some(&context.cancel), world).await??;
        let _running = self.plugin.admit(Some(&context.cancel)).await?;
        let control = self.plugin.control(Some(context.cancel));
        let mut store = self.plugin.store(control.clone(), context.progress);
        match control.guard(world.parse(&mut store, File(file), &config)).await {
            Ok(Ok(())) => store.collected().finish(),
            Ok(Err(error)) => Err(crate::fault::returned(error, None)),
            Err(failure) => Err(store.data().reason(failure)),
        }
    }
}

#[async_trait]
impl Parser for ParserPlugin {
    fn info(&self) -> &PluginInfo {
        &self.plugin.info
    }

    async fn parse(&self, file: SourceFile, config: &JsonMap, context: CallContext) -> Result<Parsed, PluginFault> {
        self.plugin.call().run(self.run(file, config, context)).await
    }
}
