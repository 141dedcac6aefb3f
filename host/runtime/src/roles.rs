//! The domain's role traits over the five worlds: conversion, one call, checking of what came out.

pub(crate) mod chat_model;
pub(crate) mod chunker;
pub(crate) mod embedder;
pub(crate) mod parser;
pub(crate) mod reranker;

/// Lends an instance of a model role with its model open: a warm one, or a new one.
///
/// A macro because each world has types of its own that share no trait.
macro_rules! lend {
    ($role:expr, $control:expr, $pre:path, $interface:ident, $resource:ident) => {{
        let (role, control): (_, crate::instance::Control) = ($role, $control);
        if let Some(warm) = role.pool.lend(control.clone()) {
            Ok(warm)
        } else {
            let pre = role.pre.get_or_try_init(async || {
                <$pre>::new(role.plugin.linked().await?)
                    .map_err(|error| mortise_domain::plugin::FaultReason::Internal(format!("{error:#}")))
            });
            let pre = pre.await?;
            let config = role.plugin.settings(&mortise_domain::JsonMap::new())?;
            let mut store = role.plugin.store(control.clone(), None);
            let call = async {
                let world = pre.instantiate_async(&mut store).await?;
                let model = world.$interface().$resource().call_open(&mut store, &config).await?;
                Ok((world, model))
            };
            match control.guard(call).await {
                Ok((world, Ok(model))) => Ok(crate::pool::Warm::new(store, world, model)),
                Ok((_, Err(error))) => Err(crate::fault::returned(error, store.data().egress.denied())),
                Err(failure) => Err(store.data().reason(failure)),
            }
        }
    }};
}
pub(crate) use lend;
