//! The domain's role traits over the faces of the contract's lines: one call, and checking of what came out.

pub(crate) mod chat_model;
pub(crate) mod chunker;
pub(crate) mod embedder;
pub(crate) mod parser;
pub(crate) mod reranker;

use crate::instance::{Control, State};
use crate::lines::{Face, Line, ModelWorld};
use crate::plugin::Plugin;
use crate::pool::{Pool, Warm};
use mortise_domain::JsonMap;
use mortise_domain::plugin::FaultReason;
use tokio::sync::OnceCell;
use wasmtime::component::InstancePre;

/// A plugin's component behind the face of its role, linked when it is first used.
type Linked<W> = OnceCell<Box<W>>;

/// How a line puts the face of a role before a component.
type Facing<W> = fn(&'static dyn Line, InstancePre<State>) -> Face<W>;

/// The face of a plugin's component.
async fn linked<'a, W: ?Sized>(plugin: &Plugin, once: &'a Linked<W>, facing: Facing<W>) -> Result<&'a W, FaultReason> {
    let link = async || facing(plugin.line, plugin.linked().await?).map_err(|error| plugin.unfit(&error));
    Ok(once.get_or_try_init(link).await?.as_ref())
}

/// Lends an instance of a model role with its model open: a warm one, or a new one.
async fn lend<Open: ?Sized + Send + 'static>(
    plugin: &Plugin,
    once: &Linked<dyn ModelWorld<Open>>,
    facing: Facing<dyn ModelWorld<Open>>,
    pool: &Pool<Box<Open>>,
    control: Control,
) -> Result<Warm<Box<Open>>, FaultReason> {
    if let Some(warm) = pool.lend(control.clone()) {
        return Ok(warm);
    }
    let world = linked(plugin, once, facing).await?;
    let config = plugin.settings(&JsonMap::new())?;
    let mut store = plugin.store(control.clone(), None);
    match control.guard(world.open(&mut store, &config)).await {
        Ok(Ok(model)) => Ok(Warm::new(store, model)),
        Ok(Err(error)) => Err(crate::fault::returned(error, store.data().egress.denied())),
        Err(failure) => Err(store.data().reason(failure)),
    }
}
