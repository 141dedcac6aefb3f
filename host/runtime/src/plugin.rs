//! One installed plugin, whatever its role: who it is, what it may do, and the way to a fresh store for it.

use crate::artifacts::Artifacts;
use crate::egress::{Clients, Egress};
use crate::engine::{Sandbox, Ticking};
use crate::grants::Grants;
use crate::idle::Idle;
use crate::instance::{Control, Identity, Room, Seed, State};
use crate::limits::Limits;
use crate::lines::Line;
use crate::observe::{Call, Observed, Stopwatch};
use crate::schema::{Misfit, Schema};
use bytes::Bytes;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::OnProgress;
use mortise_domain::{Cancel, Json, JsonMap, PluginInfo, Role};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{Component, InstancePre};

/// What every plugin of a runtime shares.
pub(crate) struct Shared {
    pub(crate) sandbox: Sandbox,
    pub(crate) artifacts: Artifacts,
    pub(crate) clients: Arc<Clients>,
    pub(crate) idle: Arc<Idle>,
}

/// What a component says of itself, the same for every name under which it is installed.
#[derive(Clone)]
pub(crate) struct Described {
    pub(crate) role: Role,
    pub(crate) line: &'static dyn Line,
    /// Under its own name; a clone shares the long parts.
    pub(crate) info: PluginInfo,
}

/// A component, compiled or mapped when it is first used. Plugins made of the same bytes share one, so that a further
/// name costs little more than its settings.
pub(crate) struct Loaded {
    pub(crate) digest: String,
    bytes: Bytes,
    component: OnceCell<Component>,
    linked: OnceCell<InstancePre<State>>,
    described: OnceLock<Described>,
    schema: OnceLock<Result<Schema, String>>,
}

impl Loaded {
    pub(crate) fn new(digest: String, bytes: Bytes) -> Self {
        Self {
            digest,
            bytes,
            component: OnceCell::new(),
            linked: OnceCell::new(),
            described: OnceLock::new(),
            schema: OnceLock::new(),
        }
    }

    /// What it says of itself, once it was asked.
    pub(crate) fn described(&self) -> Option<&Described> {
        self.described.get()
    }

    /// Takes down what it said of itself; the first time counts.
    pub(crate) fn describe(&self, described: Described) -> &Described {
        self.described.get_or_init(|| described)
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

    /// Places that an instance takes in the engine's pool; none before the component is there.
    pub(crate) fn places(&self) -> u32 {
        self.component.get().map_or(0, crate::engine::places)
    }

    /// The compiled schema of its settings. Checked at installation; kept descriptions were checked then.
    fn schema(&self, described: &Json) -> Result<&Schema, Misfit> {
        let schema = self.schema.get_or_init(|| Schema::new(described));
        schema.as_ref().map_err(|why| Misfit { field: String::new(), reason: format!("the schema is unusable: {why}") })
    }
}

/// An installed plugin.
pub(crate) struct Plugin {
    pub(crate) info: PluginInfo,
    pub(crate) limits: Limits,
    pub(crate) shared: Arc<Shared>,
    pub(crate) loaded: Arc<Loaded>,
    /// Line of the contract that it was built against.
    pub(crate) line: &'static dyn Line,
    /// See [`crate::Install::strict`].
    pub(crate) strict: bool,
    /// The operator's settings.
    config: JsonMap,
    grants: Arc<Grants>,
    models: Arc<[String]>,
    identity: Arc<Identity>,
    slots: Arc<Semaphore>,
    /// Of its own until it is installed, then its name's.
    pub(crate) observed: Arc<Observed>,
    /// The caller's settings of the last call, and what became of them: those of one dataset come again and again.
    last: Mutex<Option<(JsonMap, String)>>,
}

impl Plugin {
    pub(crate) fn new(
        info: PluginInfo,
        loaded: Arc<Loaded>,
        line: &'static dyn Line,
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
            last: Mutex::default(),
            observed: Arc::default(),
            info,
            limits,
            shared,
            loaded,
            line,
            strict: false,
            config,
        }
    }

    /// Begins a call: whatever is done for it is done within.
    pub(crate) fn call(&self) -> Call {
        Call::new(self.identity.clone(), &self.info.digest, self.grants.clone(), self.observed.clone())
    }

    /// Checks settings on top of the operator's.
    pub(crate) fn check(&self, config: &JsonMap) -> Result<(), Misfit> {
        self.loaded.schema(&self.info.config_schema)?.check(&crate::schema::merge(&self.config, config))
    }

    /// The whole settings as the guest gets them: the schema's defaults, the operator's settings, the caller's.
    pub(crate) fn settings(&self, config: &JsonMap) -> Result<String, FaultReason> {
        if let Some((last, settings)) = &*self.last.lock()
            && last == config
        {
            return Ok(settings.clone());
        }
        let as_fault = |misfit: Misfit| FaultReason::Config { field: misfit.field, message: misfit.reason };
        let schema = self.loaded.schema(&self.info.config_schema).map_err(as_fault)?;
        let merged = crate::schema::merge(&self.config, config);
        schema.check(&merged).map_err(as_fault)?;
        let settings = Json::Object(schema.complete(&merged)).to_string();
        *self.last.lock() = Some((config.clone(), settings.clone()));
        Ok(settings)
    }

    /// Waits for the component, for one of the plugin's slots, and for places in the engine's pool.
    pub(crate) async fn admit(&self, cancel: Option<&Cancel>) -> Result<Running, FaultReason> {
        let waiting = self.observed.waits();
        let free = async {
            self.loaded.component(&self.shared).await.map_err(FaultReason::Internal)?;
            let closed = |_| FaultReason::Cancelled;
            let slot = self.slots.clone().acquire_owned().await.map_err(closed)?;
            let places = self.shared.sandbox.places.clone();
            Ok::<_, FaultReason>((slot, places.acquire_many_owned(self.loaded.places()).await.map_err(closed)?))
        };
        let (slot, places) = Control::admit(cancel, free).await??;
        drop(waiting);
        Ok(Running {
            _stopwatch: self.observed.runs(),
            _slot: slot,
            _places: places,
            _ticking: self.shared.sandbox.tick(),
        })
    }

    /// The component linked to what its role may use.
    pub(crate) async fn linked(&self) -> Result<InstancePre<State>, FaultReason> {
        let link = async || {
            let component = self.loaded.component(&self.shared).await.map_err(FaultReason::Internal)?;
            let linker = self.shared.sandbox.linker(self.info.role);
            linker.instantiate_pre(component).map_err(|error| self.unfit(&error))
        };
        self.loaded.linked.get_or_try_init(link).await.cloned()
    }

    /// What to say of a component that does not link any more, though it did when it was installed first.
    pub(crate) fn unfit(&self, error: &wasmtime::Error) -> FaultReason {
        tracing::debug!(role = %self.info.role, plugin = %self.info.name, "does not link: {error:#}");
        let linker = self.shared.sandbox.linker(self.info.role);
        let told = crate::misfit::misfits(self.loaded.bytes(), self.line, self.info.role, linker);
        FaultReason::Internal(format!("it does not fit this host: {}", told.join("; ")))
    }

    /// A store of its own for one instance.
    pub(crate) fn store(&self, control: Control, progress: Option<OnProgress>) -> Room {
        let seed = Seed {
            identity: self.identity.clone(),
            limits: self.limits.clone(),
            egress: Egress::new(self.grants.clone(), self.shared.clients.clone(), &self.limits),
            models: self.models.clone(),
            control,
            progress,
            strict: self.strict,
        };
        let store = State::store(&self.shared.sandbox.engine, seed);
        Room::new(store, self.shared.clone(), self.observed.clone())
    }

    /// A call that may take as long as the limits say.
    pub(crate) fn control(&self, cancel: Option<Cancel>) -> Control {
        Control::new(cancel, self.limits.call_timeout, self.limits.call_timeout)
    }
}

/// A call under way: holds its slot and its places, and keeps epochs passing.
pub(crate) struct Running {
    _stopwatch: Stopwatch,
    _slot: OwnedSemaphorePermit,
    _places: OwnedSemaphorePermit,
    _ticking: Ticking,
}
