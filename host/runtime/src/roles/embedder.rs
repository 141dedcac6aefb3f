//! Embedders: warm instances, and vectors that are checked number by number.

use crate::bindings::embedder::exports::mortise::plugin::embedder as wit;
use crate::bindings::embedder::{EmbedderPlugin as World, EmbedderPluginPre};
use crate::instance::{Control, State};
use crate::plugin::Plugin;
use crate::pool::{Pool, Warm};
use async_trait::async_trait;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{Embedder, InputKind, Space};
use mortise_domain::{JsonMap, PluginFault, PluginInfo};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// An installed embedder.
pub(crate) struct EmbedderPlugin {
    plugin: Plugin,
    identity: String,
    pre: OnceCell<EmbedderPluginPre<State>>,
    pool: Pool<World>,
    space: OnceCell<Space>,
}

impl EmbedderPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self {
            identity: identity(&plugin),
            pool: Pool::new(&plugin),
            pre: OnceCell::new(),
            space: OnceCell::new(),
            plugin,
        }
    }

    async fn lend(&self, control: Control) -> Result<Warm<World>, FaultReason> {
        super::lend!(self, control, EmbedderPluginPre<State>, mortise_plugin_embedder, embedding_model)
    }

    async fn run_space(&self) -> Result<&Space, FaultReason> {
        let ask = async || {
            let _running = self.plugin.admit(None).await?;
            let control = self.plugin.control(None);
            let mut warm = self.lend(control.clone()).await?;
            let Warm { store, world, model, .. } = &mut warm;
            let model_of = world.mortise_plugin_embedder().embedding_model();
            let given = match control.guard(model_of.call_space(&mut *store, *model)).await {
                Ok(given) => given,
                Err(failure) => return Err(store.data().reason(failure)),
            };
            if given.dimensions == 0 || given.dimensions > DIMENSIONS {
                return Err(FaultReason::InvalidOutput(format!("a space of {} dimensions", given.dimensions)));
            }
            self.pool.take_back(warm);
            Ok(Space {
                dimensions: given.dimensions,
                max_tokens: given.max_tokens,
                normalised: given.normalised,
                languages: given.languages,
            })
        };
        self.space.get_or_try_init(ask).await
    }

    async fn run(&self, texts: Vec<String>, kind: InputKind) -> Result<Vec<Vec<f32>>, FaultReason> {
        if texts.is_empty() && !self.plugin.strict {
            return Ok(Vec::new());
        }
        let space = self.run_space().await?;
        let kind = match kind {
            InputKind::Passage => wit::InputKind::Passage,
            InputKind::Query => wit::InputKind::Query,
        };
        let _running = self.plugin.admit(None).await?;
        let control = self.plugin.control(None);
        let mut warm = self.lend(control.clone()).await?;
        let Warm { store, world, model, .. } = &mut warm;
        let model_of = world.mortise_plugin_embedder().embedding_model();
        let given = match control.guard(model_of.call_embed(&mut *store, *model, &texts, kind)).await {
            Ok(Ok(given)) => given,
            Ok(Err(error)) => return Err(crate::fault::returned(error, store.data().egress.denied())),
            Err(failure) => return Err(store.data().reason(failure)),
        };
        let rows = rows(given, space, texts.len())?;
        self.pool.take_back(warm);
        Ok(rows)
    }
}

#[async_trait]
impl Embedder for EmbedderPlugin {
    fn info(&self) -> &PluginInfo {
        &self.plugin.info
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    async fn space(&self) -> Result<Space, PluginFault> {
        self.plugin.call().run(self.run_space()).await.cloned()
    }

    async fn embed(&self, texts: Vec<String>, kind: InputKind) -> Result<Vec<Vec<f32>>, PluginFault> {
        self.plugin.call().run(self.run(texts, kind)).await
    }
}

/// More than any model gives, and little enough to allocate.
const DIMENSIONS: u32 = 1 << 16;

/// Digest of component and whole settings, whatever order they were written in.
fn identity(plugin: &Plugin) -> String {
    let settings = plugin.settings(&JsonMap::new()).unwrap_or_default();
    // Settings that do not fit are refused at installation; a plugin that has them never gets here.
    let mut settings: mortise_domain::Json = serde_json::from_str(&settings).unwrap_or_default();
    settings.sort_all_objects();
    let mut hasher = Sha256::new();
    hasher.update(plugin.info.digest.as_bytes());
    hasher.update(settings.to_string().as_bytes());
    hex::encode(hasher.finalize())
}

/// How far the squared length of a vector that is said to be normalised may be from 1: more than rounding to three
/// digits takes away, less than any other scale.
const ROUNDING: f32 = 0.02;

fn rows(given: wit::Vectors, space: &Space, texts: usize) -> Result<Vec<Vec<f32>>, FaultReason> {
    let wrong = |what: String| Err(FaultReason::InvalidOutput(what));
    let dimensions = space.dimensions;
    if given.dimensions != dimensions {
        return wrong(format!("vectors of {} dimensions in a space of {dimensions}", given.dimensions));
    }
    let length = usize::try_from(dimensions).unwrap_or(usize::MAX);
    if Some(given.values.len()) != texts.checked_mul(length) {
        return wrong(format!("{} numbers for {texts} texts of {dimensions} dimensions", given.values.len()));
    }
    if given.values.iter().any(|value| !value.is_finite()) {
        return wrong("a vector holds a number that is not finite".into());
    }
    let rows: Vec<Vec<f32>> = given.values.chunks_exact(length).map(<[f32]>::to_vec).collect();
    let squares = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>();
    let mut lengths = rows.iter().map(|row| squares(row));
    match lengths.find(|&square| square != 0.0 && (square - 1.0).abs() > ROUNDING) {
        Some(square) if space.normalised => {
            wrong(format!("a vector of length {} in a space of vectors of length 1", square.sqrt()))
        }
        _ => Ok(rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        let space = Space { dimensions: 2, max_tokens: 1, normalised: true, languages: vec![] };
        let check = |dimensions, values: &[f32], sound| {
            let given = wit::Vectors { dimensions, values: values.to_vec(), tokens: 0 };
            assert_eq!(rows(given, &space, 2).is_ok(), sound, "{dimensions} {values:?}");
        };
        check(2, &[0.0, 0.0, 0.6, 0.8005], true);
        check(2, &[0.0, 0.0, 0.6, 0.9], false);
        check(2, &[1.0, 0.0, 0.0, 1.0], true);
        check(3, &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], false);
        check(2, &[1.0, 0.0, 0.0], false);
        check(2, &[1.0, 0.0, 0.0, f32::NAN], false);
    }
}
