//! The one place that builds the engine. Whatever compiles, loads or links components goes through here: an artifact
//! compiled under other settings would be refused.

use crate::instance::State;
use mortise_domain::Role;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::Duration;
use wasmtime::component::Linker;
use wasmtime::{Config, Engine, InstanceAllocationStrategy};

/// Distance of two epochs: how long a guest may run before it lets others run, and how exact deadlines are.
const TICK: Duration = Duration::from_millis(10);

/// The engine, what each role may link, and the clock that interrupts.
pub(crate) struct Sandbox {
    pub(crate) engine: Engine,
    documents: Linker<State>,
    models: Linker<State>,
    ticker: Arc<Ticker>,
}

impl Sandbox {
    pub(crate) fn new() -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let ticker = Arc::new(Ticker::default());
        ticker.start(&engine)?;
        Ok(Self { documents: linker(&engine, false)?, models: linker(&engine, true)?, engine, ticker })
    }

    /// What a role may link. `package.rs` has already refused components that import anything beyond their room; here
    /// the same holds once more for the network.
    pub(crate) fn linker(&self, role: Role) -> &Linker<State> {
        match role {
            Role::Parser | Role::Chunker => &self.documents,
            Role::Embedder | Role::Reranker | Role::ChatModel => &self.models,
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
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        // No world is asynchronous; off, every crossing costs less than half.
        .concurrency_support(false)
        // On demand rather than pooled: a pool sets one hard memory cap for every plugin of the engine, which embedders
        // that carry weights do not fit, and saves 30 µs where a call takes milliseconds to minutes.
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        // Instances share their initial memory with the artifact until they write to it.
        .memory_init_cow(true)
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20);
    config
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
        let sandbox = Sandbox::new().unwrap();
        let (weak, ticker) = (sandbox.engine.weak(), sandbox.ticker.clone());
        drop(sandbox.tick());
        assert_eq!(ticker.running.load(Ordering::SeqCst), 0);
        drop(sandbox);
        assert!(weak.upgrade().is_none(), "the ticker must not keep the engine");
    }
}
