//! One instance of a plugin: what its store holds, how long it may run, and what it wrote to its standard error.

use crate::egress::Egress;
use crate::fault::{Evidence, Failure};
use crate::imports::blocks_out::Collector;
use crate::limits::{Limits, Meter};
use crate::observe::Observed;
use crate::plugin::Shared;
use bytes::Bytes;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::OnProgress;
use mortise_domain::{Cancel, Role};
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wasmtime::component::ResourceTable;
use wasmtime::{AsContext, AsContextMut, Store, StoreContext, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Who runs, for log lines.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// When a call must end.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    cancel: Option<Cancel>,
    deadline: Instant,
    timeout: Duration,
}

/// How often a waiting call looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(25);

impl Control {
    /// A call that may take `timeout` from now, of the whole time `of`.
    pub(crate) fn new(cancel: Option<Cancel>, timeout: Duration, of: Duration) -> Self {
        Self { cancel, deadline: Instant::now() + timeout, timeout: of }
    }

    pub(crate) fn cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(Cancel::is_cancelled)
    }

    /// Why the call must end now, if it must.
    pub(crate) fn due(&self) -> Option<FaultReason> {
        if self.cancelled() {
            Some(FaultReason::Cancelled)
        } else if Instant::now() >= self.deadline {
            Some(timed_out(self.timeout))
        } else {
            None
        }
    }

    async fn wait(&self) -> FaultReason {
        loop {
            if let Some(reason) = self.due() {
                return reason;
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            tokio::time::sleep(if self.cancel.is_some() { left.min(LOOK) } else { left }).await;
        }
    }

    /// Runs a call, in the guest or waiting for the host, until it ends or must. A call that is stopped here leaves its
    /// store unusable.
    pub(crate) async fn guard<T>(&self, call: impl Future<Output = wasmtime::Result<T>>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            result = call => result.map_err(Failure::Guest),
            reason = self.wait() => Err(Failure::Stopped(reason)),
        }
    }

    /// Waits for what comes before a call, a component or a free slot: the deadline does not run yet, cancelling works.
    pub(crate) async fn admit<T>(cancel: Option<&Cancel>, ready: impl Future<Output = T>) -> Result<T, FaultReason> {
        let raised = async {
            match cancel {
                None => std::future::pending().await,
                Some(cancel) => {
                    while !cancel.is_cancelled() {
                        tokio::time::sleep(LOOK).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = raised => Err(FaultReason::Cancelled),
            ready = ready => Ok(ready),
        }
    }
}

/// The fault of whatever took longer than `limit`.
pub(crate) fn timed_out(limit: Duration) -> FaultReason {
    FaultReason::TimedOut(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
}

/// What a store holds.
pub(crate) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) table: ResourceTable,
    pub(crate) egress: Egress,
    pub(crate) meter: Meter,
    pub(crate) limits: Limits,
    pub(crate) identity: Arc<Identity>,
    pub(crate) control: Control,
    pub(crate) progress: Option<OnProgress>,
    /// See [`crate::Install::strict`].
    pub(crate) strict: bool,
    /// The last progress that was told.
    pub(crate) told: f32,
    /// Last progress passed on.
    pub(crate) progressed: Option<(f32, Instant)>,
    /// Log lines written in this call.
    pub(crate) logged: u32,
    /// Local models that may be opened.
    pub(crate) models: Arc<[String]>,
    /// Where a parser's blocks go.
    pub(crate) collector: Collector,
    stderr: StderrTail,
}

/// What a new store is made of, apart from the engine.
pub(crate) struct Seed {
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Limits,
    pub(crate) egress: Egress,
    pub(crate) models: Arc<[String]>,
    pub(crate) control: Control,
    pub(crate) progress: Option<OnProgress>,
    pub(crate) strict: bool,
}

/// Hash maps of guests iterate in one order for ever: the same bytes give the same chunks.
const HASH_SEED: u128 = 0x6d6f_7274_6973_6521;

impl State {
    /// A store ready to be instantiated in: bounded, interruptible, with an empty world around it.
    pub(crate) fn store(engine: &wasmtime::Engine, seed: Seed) -> Store<State> {
        let stderr = StderrTail::default();
        let wasi = WasiCtx::builder()
            .stderr(stderr.clone())
            .insecure_random_seed(HASH_SEED)
            .wall_clock(Coarse)
            .monotonic_clock(CoarseMonotonic(Instant::now()))
            .max_random_size(1 << 16)
            .allow_tcp(false)
            .allow_udp(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(10_000);
        let fuel = usize::try_from(seed.limits.output_bytes).unwrap_or(usize::MAX);
        let state = State {
            wasi,
            http: WasiHttpCtx::new(),
            table,
            egress: seed.egress,
            meter: Meter::new(seed.limits.memory_bytes),
            collector: Collector::new(&seed.limits),
            limits: seed.limits,
            identity: seed.identity,
            control: seed.control,
            progress: seed.progress,
            strict: seed.strict,
            told: 0.0,
            progressed: None,
            logged: 0,
            models: seed.models,
            stderr,
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.meter);
        // Bounds what one crossing may make the host allocate, aliased lists included.
        store.set_hostcall_fuel(fuel.max(16 << 20));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            Ok(match context.data().due() {
                Some(_) => UpdateDeadline::Interrupt,
                None => UpdateDeadline::Yield(1),
            })
        });
        store
    }

    /// Begins another call of a warm instance.
    pub(crate) fn begin(&mut self, control: Control) {
        self.control = control;
        self.logged = 0;
        self.told = 0.0;
        self.meter.forget();
        self.egress.forget();
        self.stderr.0.lock().clear();
    }

    /// Why the call must end now, if it must.
    fn due(&self) -> Option<FaultReason> {
        self.control.due().or_else(|| self.collector.due())
    }

    /// The reason behind a failed call.
    pub(crate) fn reason(&self, failure: Failure) -> FaultReason {
        if let Failure::Guest(error) = &failure {
            // With the guest's stack, for whoever writes the plugin.
            tracing::debug!(target: "plugin", plugin = %self.identity.name, "{error:?}");
        }
        crate::fault::reason(
            failure,
            Evidence {
                stopped: self.due(),
                refused_memory: self.meter.refused(),
                denied: self.egress.denied(),
                stderr: self.stderr.text(),
            },
        )
    }
}

/// A store with whatever runs in it, watched: what it used is taken down when a call ends and when it goes.
pub(crate) struct Room {
    store: Store<State>,
    shared: Arc<Shared>,
    observed: Arc<Observed>,
}

impl Room {
    pub(crate) fn new(mut store: Store<State>, shared: Arc<Shared>, observed: Arc<Observed>) -> Self {
        shared.sandbox.refuel(&mut store);
        observed.instance();
        Self { store, shared, observed }
    }

    /// Takes down what was used since the last time.
    pub(crate) fn account(&mut self) {
        let fuel = self.shared.sandbox.refuel(&mut self.store);
        self.observed.used(self.store.data().meter.used(), fuel);
    }

    /// The document that a parser gave.
    pub(crate) fn collected(&mut self) -> Collector {
        let State { collector, limits, .. } = self.store.data_mut();
        std::mem::replace(collector, Collector::new(limits))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.account();
    }
}

impl Deref for Room {
    type Target = Store<State>;

    fn deref(&self) -> &Store<State> {
        &self.store
    }
}

impl DerefMut for Room {
    fn deref_mut(&mut self) -> &mut Store<State> {
        &mut self.store
    }
}

impl AsContext for Room {
    type Data = State;

    fn as_context(&self) -> StoreContext<'_, State> {
        self.store.as_context()
    }
}

impl AsContextMut for Room {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, State> {
        self.store.as_context_mut()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.egress }
    }
}

/// Clocks of guests show whole milliseconds: enough to date a document, too coarse to measure caches with.
struct Coarse;

impl wasmtime_wasi::HostWallClock for Coarse {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Milliseconds since the instance was made.
struct CoarseMonotonic(Instant);

impl wasmtime_wasi::HostMonotonicClock for CoarseMonotonic {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX / 1_000_000).saturating_mul(1_000_000)
    }
}

/// The last few kilobytes that a guest wrote to its standard error: a panic message is always the end of it.
#[derive(Clone, Default)]
struct StderrTail(Arc<parking_lot::Mutex<VecDeque<u8>>>);

impl StderrTail {
    const KEPT: usize = 8 << 10;

    fn push(&self, bytes: &[u8]) {
        let mut tail = self.0.lock();
        tail.extend(&bytes[bytes.len().saturating_sub(Self::KEPT)..]);
        let excess = tail.len().saturating_sub(Self::KEPT);
        tail.drain(..excess);
    }

    fn text(&self) -> String {
        let tail: Vec<u8> = self.0.lock().iter().copied().collect();
        String::from_utf8_lossy(&tail).into_owned()
    }
}

impl wasmtime_wasi::cli::IsTerminal for StderrTail {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl wasmtime_wasi::cli::StdoutStream for StderrTail {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn wasmtime_wasi::p2::OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl wasmtime_wasi::p2::Pollable for StderrTail {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl wasmtime_wasi::p2::OutputStream for StderrTail {
    fn write(&mut self, bytes: Bytes) -> wasmtime_wasi::p2::StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> wasmtime_wasi::p2::StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> wasmtime_wasi::p2::StreamResult<usize> {
        Ok(64 << 10)
    }
}

impl tokio::io::AsyncWrite for StderrTail {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A store without an instance in it, for tests of imports.
    pub(crate) fn store(cancel: Cancel, progress: Option<OnProgress>) -> Store<State> {
        let limits = Limits::for_role(Role::Parser);
        let seed = Seed {
            identity: Arc::new(Identity { role: Role::Parser, name: "test".into(), version: "0.1.0".into() }),
            egress: Egress::new(Arc::default(), Arc::default(), &limits),
            models: Arc::default(),
            control: Control::new(Some(cancel), limits.call_timeout, limits.call_timeout),
            progress,
            strict: false,
            limits,
        };
        State::store(&crate::engine::Sandbox::new(false).unwrap().engine, seed)
    }

    #[test]
    fn stderr_keeps_its_end() {
        let tail = StderrTail::default();
        tail.push(&[b'a'; 20_000]);
        tail.push(b"the end");
        let text = tail.text();
        assert_eq!(text.len(), StderrTail::KEPT);
        assert!(text.ends_with("athe end"));
    }

    #[tokio::test]
    async fn waiting_ends_at_the_deadline_or_when_cancelled() {
        let ms = Duration::from_millis;
        let never = || std::future::pending::<wasmtime::Result<()>>();
        let late = Control::new(None, ms(20), ms(20)).guard(never()).await;
        assert!(matches!(late, Err(Failure::Stopped(FaultReason::TimedOut(20)))));

        let cancel = Cancel::new();
        let control = Control::new(Some(cancel.clone()), Duration::from_secs(60), ms(1));
        let raise = async {
            tokio::time::sleep(ms(20)).await;
            cancel.cancel();
        };
        let began = Instant::now();
        let (stopped, ()) = tokio::join!(control.guard(never()), raise);
        assert!(matches!(stopped, Err(Failure::Stopped(FaultReason::Cancelled))));
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}
