//! Rerankers: warm instances, one score in 0..1 per text.

use crate::bindings::reranker::{RerankerPlugin as World, RerankerPluginPre};
use crate::instance::{Control, State};
use crate::plugin::Plugin;
use crate::pool::{Pool, Warm};
use async_trait::async_trait;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::Reranker;
use mortise_domain::{PluginFault, PluginInfo};
use tokio::sync::OnceCell;

/// An installed reranker.
pub(crate) struct RerankerPlugin {
    plugin: Plugin,
    pre: OnceCell<RerankerPluginPre<State>>,
    pool: Pool<World>,
}

impl RerankerPlugin {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { pool: Pool::new(&plugin), pre: OnceCell::new(), plugin }
    }

    async fn lend(&self, control: Control) -> Result<Warm<World>, FaultReason> {
        super::lend!(self, control, RerankerPluginPre<State>, mortise_plugin_reranker, rerank_model)
    }

    async fn run(&self, query: &str, texts: Vec<String>) -> Result<Vec<f32>, FaultReason> {
        if texts.is_empty() && !self.plugin.strict {
            return Ok(Vec::new());
        }
        let _running = self.plugin.admit(None).await?;
        let control = self.plugin.control(None);
        let mut warm = self.lend(control.clone()).await?;
        let Warm { store, world, model, .. } = &mut warm;
        let model_of = world.mortise_plugin_reranker().rerank_model();
        let given = match control.guard(model_of.call_score(&mut *store, *model, query, &texts)).await {
            Ok(Ok(given)) => given,
            Ok(Err(error)) => return Err(crate::fault::returned(error, store.data().egress.denied())),
            Err(failure) => return Err(store.data().reason(failure)),
        };
        let scores = checked(given, texts.len())?;
        self.pool.take_back(warm);
        Ok(scores)
    }
}

#[async_trait]
impl Reranker for RerankerPlugin {
    fn info(&self) -> &PluginInfo {
        &self.plugin.info
    }

    async fn score(&self, query: &str, texts: Vec<String>) -> Result<Vec<f32>, PluginFault> {
        self.plugin.call().run(self.run(query, texts)).await
    }
}

/// How far beyond 0..1 rounding may take a score.
const ROUNDING: f32 = 1e-3;

fn checked(mut scores: Vec<f32>, texts: usize) -> Result<Vec<f32>, FaultReason> {
    if scores.len() != texts {
        return Err(FaultReason::InvalidOutput(format!("{} scores for {texts} texts", scores.len())));
    }
    for score in &mut scores {
        // Not a number lies in no range.
        if !(-ROUNDING..=1.0 + ROUNDING).contains(score) {
            return Err(FaultReason::InvalidOutput(format!("score {score} is not in 0..1")));
        }
        *score = score.clamp(0.0, 1.0);
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores() {
        assert_eq!(checked(vec![0.5, 1.0005], 2).unwrap(), [0.5, 1.0]);
        for wrong in [vec![0.5], vec![0.5, 1.1], vec![0.5, -0.1], vec![0.5, f32::NAN], vec![0.0, f32::INFINITY]] {
            assert!(checked(wrong.clone(), 2).is_err(), "{wrong:?}");
        }
    }
}
