//! The component under test: installed as often as checks need it, each time under a name of its own, and called as a
//! server would call it.

use crate::check::{End, Verdict, skip};
use crate::upstream::{Recorded, Script, Upstream};
use crate::{Options, chat_model, chunker, embedder, parser, reranker};
use bytes::Bytes;
use mortise_domain::role::{ChatModel, Chunker, Embedder, Parser, Plugins, Reranker};
use mortise_domain::{Json, JsonMap, PluginFault, PluginInfo, Role};
use mortise_runtime::{Grants, Inspection, Install, InstallError, LimitOverrides, Runtime, SecretBinding};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;

/// The value of every secret: nothing that a component could come by otherwise.
pub(crate) const SECRET: &str = "kit-4b7e1f0c9a";

/// Longest time of one call.
const TIMEOUT: Duration = Duration::from_secs(120);

pub(crate) struct Subject {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) component: Bytes,
    pub(crate) options: Options,
    pub(crate) inspection: Inspection,
    pub(crate) info: PluginInfo,
    recorded: Result<Option<Recorded>, String>,
    /// How an ordinary call ends.
    basis: OnceCell<Verdict>,
    /// How two further ones end, in an instance of their own.
    again: OnceCell<Verdict<[String; 2]>>,
}

/// One way to install the component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// Laid over the author's settings.
    pub(crate) config: JsonMap,
    pub(crate) memory: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    /// Without what it asks for.
    pub(crate) bare: bool,
    pub(crate) strict: bool,
}

impl Subject {
    /// Looks at the component; the error holds its digest and why the host does not take it.
    pub(crate) async fn new(
        runtime: Arc<Runtime>,
        component: Bytes,
        options: Options,
    ) -> Result<Self, (String, String)> {
        let refused = |error: InstallError| (hex::encode(Sha256::digest(&component)), error.to_string());
        let info = runtime.read_description(component.clone()).await.map_err(refused)?;
        let inspection = runtime.inspect(component.clone()).await.map_err(refused)?;
        let recorded = options.answer.as_ref().map(Recorded::parse).transpose();
        Ok(Self {
            runtime,
            component,
            options,
            inspection,
            info,
            recorded,
            basis: OnceCell::new(),
            again: OnceCell::new(),
        })
    }

    pub(crate) fn role(&self) -> Role {
        self.info.role
    }

    /// The schema's properties.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&String, &Json)> {
        self.info.config_schema["properties"].as_object().into_iter().flatten()
    }

    /// Whether it reaches a remote service.
    pub(crate) fn is_remote(&self) -> bool {
        self.asks("http")
    }

    pub(crate) fn asks(&self, what: &str) -> bool {
        self.info.asks_for(what)
    }

    /// What the real service once said.
    pub(crate) fn recorded(&self) -> Verdict<&Recorded> {
        match &self.recorded {
            Ok(Some(recorded)) => Ok(recorded),
            Ok(None) => skip!("no recorded answer of the real service is given"),
            Err(why) => Err(End::Failed(why.clone())),
        }
    }

    /// Ends a check whose calls differ, which recorded answers cannot follow.
    pub(crate) fn answers_freely(&self) -> Verdict<()> {
        if self.is_remote() {
            skip!("a recorded answer is the same whatever is asked")
        }
        Ok(())
    }

    /// Ends a check unless an ordinary call goes well: there is nothing to see then.
    pub(crate) async fn works(&self) -> Verdict<()> {
        match self.basis().await {
            Ok(_) => Ok(()),
            Err(End::Failed(_)) => skip!("an ordinary call fails, see `works`"),
            Err(End::Skipped(why)) => skip!("{why}"),
        }
    }

    /// The result of an ordinary call, for checks that compare others with it; there is no use in that when it is
    /// another one every time.
    pub(crate) async fn usual(&self) -> Verdict<&str> {
        self.works().await?;
        let again = async || {
            let installed = self.installed().await?;
            Ok([installed.ordinary().await?, installed.ordinary().await?])
        };
        match (self.basis().await, self.again.get_or_init(again).await) {
            (Ok(first), Ok(others)) if others.iter().all(|other| other == first) => Ok(first),
            _ => skip!("an ordinary call gives another result every time, see `deterministic`"),
        }
    }

    /// How an ordinary call goes; tried once.
    pub(crate) async fn basis(&self) -> &Verdict {
        self.basis.get_or_init(async || self.installed().await?.ordinary().await).await
    }

    /// The component as its author wants it installed.
    pub(crate) async fn installed(&self) -> Verdict<Installed<'_>> {
        self.set_up(Setup::default()).await
    }

    /// The component under special circumstances.
    pub(crate) async fn set_up(&self, setup: Setup) -> Verdict<Installed<'_>> {
        self.install(setup).await?.map_err(|error| End::Failed(format!("it cannot be installed: {error}")))
    }

    /// Installs it; the inner error is for checks that expect one.
    pub(crate) async fn install(&self, setup: Setup) -> Verdict<Result<Installed<'_>, InstallError>> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let upstream = if self.is_remote() {
            let script = match &self.recorded {
                Ok(Some(recorded)) => recorded.whole(),
                _ => Script::answer(500, &[], b"the kit has nothing to say"),
            };
            let started = Upstream::start(script).await;
            Some(started.map_err(|error| End::Failed(format!("the kit's server does not start: {error}")))?)
        } else {
            None
        };
        let place = |json: &Json| upstream.as_ref().map_or_else(|| json.clone(), |upstream| placed(json, upstream));
        let mut config: JsonMap = self.options.config.iter().map(|(key, value)| (key.clone(), place(value))).collect();
        config.extend(setup.config.iter().map(|(key, value)| (key.clone(), place(value))));
        let grants = if setup.bare { Grants::default() } else { self.grants(&config, upstream.as_ref())? };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let install = Install {
            name: Some(format!("{} {number}", self.info.name)),
            component: self.component.clone(),
            config,
            grants,
            limits: LimitOverrides {
                memory_bytes: setup.memory,
                call_timeout: Some(setup.timeout.unwrap_or(TIMEOUT)),
                ..LimitOverrides::default()
            },
            strict: setup.strict,
            ..Install::default()
        };
        let installed = self.runtime.install(install).await;
        Ok(installed.map(|info| Installed { subject: self, name: info.name, upstream }))
    }

    fn grants(&self, config: &JsonMap, upstream: Option<&Upstream>) -> Verdict<Grants> {
        let mut grants = Grants { models: self.options.models.clone(), allow_private: true, ..Grants::default() };
        let Some(upstream) = upstream else { return Ok(grants) };
        let own = [upstream.host()];
        let hosts = if self.options.http.is_empty() { &own[..] } else { &self.options.http[..] };
        for host in hosts {
            let host = host.replace("{upstream_host}", &upstream.host());
            grants.http_hosts.push(host.parse().map_err(|error| End::Failed(format!("the kit's grants: {error}")))?);
        }
        // By which of its settings a component names its secret is its own affair: all texts are tried.
        let defaults = self.properties().filter_map(|(_, property)| property["default"].as_str());
        let given = config.values().filter_map(Json::as_str);
        let named = self.options.secrets.iter().map(String::as_str);
        for name in defaults.chain(given).chain(named).filter(|name| !name.is_empty()) {
            let host = upstream.host().parse().map_err(|error| End::Failed(format!("the kit's grants: {error}")))?;
            grants.secrets.push(SecretBinding::bearer(name, host, SECRET));
        }
        Ok(grants)
    }
}

/// Settings with the kit's server put in place.
fn placed(json: &Json, upstream: &Upstream) -> Json {
    match json {
        Json::String(text) => {
            let host = upstream.host();
            text.replace("{upstream_host}", &host).replace("{upstream}", &format!("http://{host}")).into()
        }
        Json::Array(items) => items.iter().map(|item| placed(item, upstream)).collect(),
        Json::Object(fields) => {
            Json::Object(fields.iter().map(|(key, value)| (key.clone(), placed(value, upstream))).collect())
        }
        other => other.clone(),
    }
}

/// One installation; ends with this value.
pub(crate) struct Installed<'a> {
    pub(crate) subject: &'a Subject,
    name: String,
    pub(crate) upstream: Option<Upstream>,
}

impl Installed<'_> {
    /// A call that every component of the role must be able to answer, and its result in a form that can be compared.
    pub(crate) async fn ordinary(&self) -> Verdict {
        if self.subject.is_remote() {
            self.subject.recorded()?;
        }
        if self.subject.asks("inference") && self.subject.options.models.is_empty() {
            skip!("it needs a local model, and the kit was given none");
        }
        Ok(self.attempt().await??)
    }

    /// The same call, whatever the circumstances, and how it ended.
    pub(crate) async fn attempt(&self) -> Verdict<Result<String, PluginFault>> {
        match self.subject.role() {
            Role::Parser => parser::attempt(self).await,
            Role::Chunker => chunker::attempt(self).await,
            Role::Embedder => embedder::attempt(self).await,
            Role::Reranker => reranker::attempt(self).await,
            Role::ChatModel => chat_model::attempt(self).await,
        }
    }

    pub(crate) fn parser(&self) -> Verdict<Arc<dyn Parser>> {
        self.subject.runtime.parser(&self.name).map_err(gone)
    }

    pub(crate) fn chunker(&self) -> Verdict<Arc<dyn Chunker>> {
        self.subject.runtime.chunker(&self.name).map_err(gone)
    }

    pub(crate) fn embedder(&self) -> Verdict<Arc<dyn Embedder>> {
        self.subject.runtime.embedder(&self.name).map_err(gone)
    }

    pub(crate) fn reranker(&self) -> Verdict<Arc<dyn Reranker>> {
        self.subject.runtime.reranker(&self.name).map_err(gone)
    }

    pub(crate) fn chat_model(&self) -> Verdict<Arc<dyn ChatModel>> {
        self.subject.runtime.chat_model(&self.name).map_err(gone)
    }

    /// Fuel that its calls have burnt so far; 0 when the runtime does not count it.
    pub(crate) fn fuel(&self) -> u64 {
        let stats = self.subject.runtime.stats();
        let own = stats.into_iter().find(|((role, name), _)| *role == self.subject.role() && *name == self.name);
        own.map_or(0, |(_, stats)| stats.fuel)
    }
}

fn gone(error: mortise_domain::Error) -> End {
    End::Failed(error.to_string())
}

impl Drop for Installed<'_> {
    fn drop(&mut self) {
        self.subject.runtime.remove(None, self.subject.role(), &self.name);
    }
}
