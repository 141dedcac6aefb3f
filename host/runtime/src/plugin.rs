//! One installed plugin, whatever its role: who it is, what it may do, and the way to a fresh store for it.

use crate::artifacts::Artifacts;
use crate::egress::{Clients, Egress};
use crate::engine::{Sandbox, Ticking};
use crate::fault::redacted;
use crate::grants::Grants;
use crate::instance::{Control, Identity, Seed, State};
use crate::limits::Limits;
use crate::schema::{Misfit, Schema};
use bytes::Bytes;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::OnProgress;
use mortise_domain::{Cancel, JsonMap, PluginFault, PluginInfo};
use std::sync::{Arc, OnceLock};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre};

/// What every plugin of a runtime shares.
pub(crate) struct Shared {
    pub(crate) sandbox: Sandbox,
    pub(crate) artifacts: Artifacts,
    pub(crate) clients: Arc<Clients>,
}

/// A component, compiled or mapped when it is first used. Plugins made of the same bytes share one.
pub(crate) struct Loaded {
    pub(crate) digest: String,
    bytes: Bytes,
    component: OnceCell<Component>,
}

impl Loaded {
    pub(crate) fn new(digest: String, bytes: Bytes) -> Self {
        Self { digest, bytes, component: OnceCell::new() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The component, ready to be linked.
    pub(crate) async fn component(&self, shared: &Arc<Shared>) -> Result<&Component, String> {
        let load = async || {
            let (shared, digest, bytes) = (shared.clone(), self.digest.clone(), self.bytes.clone());
            let work = move || shared.artifacts.load(&shared.sandbox.engine, &digest, &bytes);
            let loaded = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
            loaded.map_err(|error| format!("{error:#}"))
        };
        self.component.get_or_try_init(load).await
    }
}

/// An installed plugin.
pub(crate) struct Plugin {
    pub(crate) info: PluginInfo,
    pub(crate) limits: Limits,
    pub(crate) shared: Arc<Shared>,
    pub(crate) loaded: Arc<Loaded>,
    /// See [`crate::Install::strict`].
    pub(crate) strict: bool,
    /// The operator's settings.
    config: JsonMap,
    grants: Arc<Grants>,
    models: Arc<[String]>,
    identity: Arc<Identity>,
    slots: Arc<Semaphore>,
    schema: OnceLock<Result<Schema, String>>,
}

impl Plugin {
    pub(crate) fn new(
        info: PluginInfo,
        loaded: Arc<Loaded>,
        shared: Arc<Shared>,
        config: JsonMap,
        grants: Grants,
        limits: Limits,
    ) -> Self {
        let identity = Identity { role: info.role, name: info.name.clone(), version: info.version.clone() };
        Self {
            identity: Arc::new(identity),
            models: grants.models.clone().into(),
            grants: Arc::new(grants),
            slots: Arc::new(Semaphore::new(limits.concurrency)),
            schema: OnceLock::new(),
            info,
            limits,
            shared,
            loaded,
            strict: false,
            config,
        }
    }

    /// Names the plugin in a failure, and tells the log.
    pub(crate) fn fault(&self, reason: FaultReason) -> PluginFault {
        let reason = redacted(reason, self.grants.secrets.iter().map(|secret| secret.secret.as_str()));
        let fault = PluginFault { plugin: self.info.name.clone(), version: self.info.version.clone(), reason };
        if fault.is_cancelled() {
            tracing::debug!(role = %self.info.role, %fault, "call cancelled");
        } else {
            tracing::warn!(role = %self.info.role, %fault, "plugin fault");
        }
        fault
    }

    /// The compiled schema of its settings. Checked at installation; kept descriptions were checked then.
    fn schema(&self) -> Result<&Schema, Misfit> {
        let schema = self.schema.get_or_init(|| Schema::new(&self.info.config_schema));
        schema.as_ref().map_err(|why| Misfit { field: String::new(), reason: format!("the schema is unusable: {why}") })
    }

    /// Checks settings on top of the operator's.
    pub(crate) fn check(&self, config: &JsonMap) -> Result<(), Misfit> {
        self.schema()?.check(&crate::schema::merge(&self.config, config))
    }

    /// The whole settings as the guest gets them: the schema's defaults, the operator's settings, the caller's.
    pub(crate) fn settings(&self, config: &JsonMap) -> Result<String, FaultReason> {
        let as_fault = |misfit: Misfit| FaultReason::Config { field: misfit.field, message: misfit.reason };
        let schema = self.schema().map_err(as_fault)?;
        let merged = crate::schema::merge(&self.config, config);
        schema.check(&merged).map_err(as_fault)?;
        Ok(mortise_domain::Json::Object(schema.complete(&merged)).to_string())
    }

    /// Waits for one of the plugin's slots.
    pub(crate) async fn admit(&self, cancel: Option<&Cancel>) -> Result<Running, FaultReason> {
        let slot = Control::admit(cancel, self.slots.clone().acquire_owned()).await?;
        let slot = slot.map_err(|_| FaultReason::Cancelled)?;
        Ok(Running { _slot: slot, _ticking: self.shared.sandbox.tick() })
    }

    /// The component linked to what its role may use.
    pub(crate) async fn linked(&self) -> Result<InstancePre<State>, FaultReason> {
        let component = self.loaded.component(&self.shared).await.map_err(FaultReason::Internal)?;
        let linker = self.shared.sandbox.linker(self.info.role);
        linker.instantiate_pre(component).map_err(|error| FaultReason::Internal(format!("{error:#}")))
    }

    /// A store of its own for one instance.
    pub(crate) fn store(&self, control: Control, progress: Option<OnProgress>) -> Store<State> {
        let seed = Seed {
            identity: self.identity.clone(),
            limits: self.limits.clone(),
            egress: Egress::new(self.grants.clone(), self.shared.clients.clone(), &self.limits),
            models: self.models.clone(),
            control,
            progress,
            strict: self.strict,
        };
        State::store(&self.shared.sandbox.engine, seed)
    }

    /// A call that may take as long as the limits say.
    pub(crate) fn control(&self, cancel: Option<Cancel>) -> Control {
        Control::new(cancel, self.limits.call_timeout, self.limits.call_timeout)
    }
}

/// A call under way: holds a slot, and keeps epochs passing.
pub(crate) struct Running {
    _slot: OwnedSemaphorePermit,
    _ticking: Ticking,
}
