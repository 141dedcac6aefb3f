//! The one place that builds the engine. Whatever compiles, loads or links components goes through here: an artifact
//! compiled under other settings would be refused.

use crate::instance::State;
use mortise_domain::Role;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

/// Distance of two epochs: how long a guest may run before it lets others run, and how exact deadlines are.
const TICK: Duration = Duration::from_millis(10);

/// Instances that may run at the same time, of all plugins together; further calls wait.
const RUNNING: u32 = 1024;
/// Warm instances that may wait to be used again, of all plugins together; beyond, the longest unused goes.
pub(crate) const IDLE: u32 = 896;
/// What the pool has beyond that: an instance that ends gives back its permit a moment before its memory.
const LEAVING: u32 = 128;
/// Places of the pool. Of address space alone: 4 GiB and a guard each.
const PLACES: u32 = RUNNING + IDLE + LEAVING;
/// Tables per place: what components of all known toolchains have is 1 to 3, beside one memory.
const TABLES_PER_PLACE: u32 = 4;
/// Largest memories and tables of one component, in number: those that [`crate::limits::Meter`] allows one store.
const MEMORIES: u32 = 32;
const TABLES: u32 = 256;
/// Core modules of one component, of which interpreters with their libraries have dozens.
const CORE_INSTANCES: u32 = 256;
/// Elements of one table: function pointers, of which even interpreters compiled to wasm have fewer.
pub(crate) const TABLE_ELEMENTS: usize = 1 << 18;
/// The engine, what each role may link, and the clock that interrupts.
pub(crate) struct Sandbox {
    pub(crate) engine: Engine,
    /// Without the network, and with it.
    closed: Linker<State>,
    connected: Linker<State>,
    ticker: Arc<Ticker>,
    /// One permit for every place that a running instance may take; see [`places`].
    pub(crate) places: Arc<Semaphore>,
    counts_fuel: bool,
}

impl Sandbox {
    pub(crate) fn new(count_fuel: bool) -> wasmtime::Result<Self> {
        let engine = engine(count_fuel)?;
        let ticker = Arc::new(Ticker::default());
        ticker.start(&engine)?;
        Ok(Self {
            closed: linker(&engine, false)?,
            connected: linker(&engine, true)?,
            engine,
            ticker,
            places: Arc::new(Semaphore::new(RUNNING as usize)),
            counts_fuel: count_fuel,
        })
    }

    /// What a role may link. `package.rs` has already refused components that import anything beyond their room; here
    /// the same holds once more for the network.
    pub(crate) fn linker(&self, role: Role) -> &Linker<State> {
        match role {
            Role::Chunker => &self.closed,
            Role::Parser | Role::Embedder | Role::Reranker | Role::ChatModel => &self.connected,
        }
    }

    /// Epochs pass while the guard lives.
    pub(crate) fn tick(&self) -> Ticking {
        if self.ticker.running.fetch_add(1, Ordering::SeqCst) == 0
            && let Some(thread) = self.ticker.thread.get()
        {
            thread.unpark();
        }
        Ticking(self.ticker.clone())
    }

    /// Gives a store more fuel than any call burns, and says what it burnt of what it had. 0 where fuel is not counted.
    pub(crate) fn refuel(&self, store: &mut Store<State>) -> u64 {
        if !self.counts_fuel {
            return 0;
        }
        let left = store.get_fuel().unwrap_or(u64::MAX);
        // Fails only where fuel is not counted.
        let _ = store.set_fuel(u64::MAX);
        u64::MAX - left
    }
}

/// The engine with pooled instances, or without where the address space for them cannot be had.
fn engine(count_fuel: bool) -> wasmtime::Result<Engine> {
    let pooled = config(count_fuel, InstanceAllocationStrategy::Pooling(pool()));
    Engine::new(&pooled).or_else(|error| {
        let why = error.root_cause();
        tracing::info!(%why, "no address space for a pool of instances: calls of plugins take some 20 us longer");
        Engine::new(&config(count_fuel, InstanceAllocationStrategy::OnDemand))
    })
}

/// Both allocations run the same native code: what one process keeps, another may load.
fn config(count_fuel: bool, allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(count_fuel)
        // No world is asynchronous; off, every crossing costs less than half.
        .concurrency_support(false)
        .allocation_strategy(allocation)
        // Instances share their initial memory with the artifact until they write to it.
        .memory_init_cow(true)
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20);
    config
}

/// Bounds so wide that only a component made to exceed them does; what one plugin may use is for `limits.rs` to say.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(PLACES)
        .total_core_instances(PLACES * CORE_INSTANCES)
        .total_memories(PLACES)
        .total_tables(PLACES * TABLES_PER_PLACE)
        .total_stacks(PLACES)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .max_component_instance_size(64 << 20)
        .max_core_instance_size(64 << 20)
        .max_memory_size(4 << 30)
        .table_elements(TABLE_ELEMENTS)
        // Nothing stays behind an instance. Keeping its pages would save the next one 12 us, and hold them for ever for
        // every place that was ever used, of which idle tenants take many.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0)
        .async_stack_keep_resident(0);
    pool
}

/// Places of the pool that one instance of a component takes.
pub(crate) fn places(component: &Component) -> u32 {
    let needs = component.resources_required();
    let (memories, tables) = needs.map_or((MEMORIES, TABLES), |needs| (needs.num_memories, needs.num_tables));
    memories.max(tables.div_ceil(TABLES_PER_PLACE)).max(1)
}

fn linker(engine: &Engine, network: bool) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    if network {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    crate::lines::all().try_for_each(|line| line.link(&mut linker))?;
    Ok(linker)
}

/// Increments the epoch while any guest runs, and sleeps otherwise: an idle server does not wake.
#[derive(Default)]
struct Ticker {
    running: AtomicUsize,
    thread: OnceLock<Thread>,
}

impl Ticker {
    fn start(self: &Arc<Self>, engine: &Engine) -> std::io::Result<()> {
        let (ticker, engine) = (self.clone(), engine.weak());
        let thread = std::thread::Builder::new().name("mortise-epochs".into()).spawn(move || {
            loop {
                if ticker.running.load(Ordering::SeqCst) == 0 {
                    std::thread::park_timeout(Duration::from_secs(5));
                }
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
        // Cannot be set already: `start` is called once, by the only constructor.
        let _ = self.thread.set(thread.thread().clone());
        Ok(())
    }
}

/// See [`Sandbox::tick`].
pub(crate) struct Ticking(Arc<Ticker>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_starts_and_its_thread_ends_with_it() {
        let sandbox = Sandbox::new(false).unwrap();
        let (weak, ticker) = (sandbox.engine.weak(), sandbox.ticker.clone());
        drop(sandbox.tick());
        assert_eq!(ticker.running.load(Ordering::SeqCst), 0);
        drop(sandbox);
        assert!(weak.upgrade().is_none(), "the ticker must not keep the engine");
    }
}
