//! Parsers: a fresh instance for every file.

use crate::bindings::parser::ParserPluginPre;
use crate::imports::source::File;
use crate::instance::{Control, State};
use crate::plugin::Plugin;
use async_trait::async_trait;
use mortise_domain::block::Parsed;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, Parser};
use mortise_domain::source::SourceFile;
use mortise_domain::{JsonMap, PluginFault, PluginInfo};
use tokio::sync::OnceCell;

/// An installed parser.
pub(crate) struct ParserPlugin {
    plugin: Plugin,
    pre: OnceCell<ParserPluginPre<State>>,
}

impl ParserPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, pre: OnceCell::new() }
    }

    async fn run(&self, file: SourceFile, config: &JsonMap, context: CallContext) -> Result<Parsed, FaultReason> {
        let config = self.plugin.settings(config)?;
        let pre = self.pre.get_or_try_init(async || {
            ParserPluginPre::new(self.plugin.linked().await?)
                .map_err(|error| FaultReason::Internal(format!("{error:#}")))
        });
        // The first call compiles or maps the component, which may take seconds.
        let pre = Control::admit(Some(&context.cancel), pre).await??;
        let _running = self.plugin.admit(Some(&context.cancel)).await?;
        let control = self.plugin.control(Some(context.cancel));
        let mut store = self.plugin.store(control.clone(), context.progress);
        let call = async {
            let world = pre.instantiate_async(&mut store).await?;
            let file = store.data_mut().table.push(File(file))?;
            world.mortise_plugin_parser().call_parse(&mut store, file, &config).await
        };
        match control.guard(call).await {
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
