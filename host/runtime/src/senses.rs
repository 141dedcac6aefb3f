//! What a guest can learn of the world beside its input: next to nothing. No files, environment, arguments or sockets;
//! clocks and randomness by role.
//!
//! A parser or chunker must make the same of the same bytes, today and in a year, here and on another machine: its clocks
//! stand still, at the beginning of 1970, and its randomness is one stream that begins anew in every instance. It may
//! sleep; a loop that waits for its clock to move runs into the deadline of the call. Model roles speak to services that
//! want back-off, jitter and dates: they have the time in whole milliseconds, and real randomness.

use mortise_domain::Role;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wasmtime_wasi::cli::StdoutStream;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx};

/// Hash maps of guests iterate in one order for ever: the same bytes give the same chunks.
const HASH_SEED: u128 = 0x6d6f_7274_6973_6521;
/// Most random bytes given at once.
const RANDOM: u64 = 1 << 16;

/// The world around one instance.
pub(crate) fn wasi(role: Role, stderr: impl StdoutStream + 'static) -> WasiCtx {
    let mut wasi = WasiCtx::builder();
    wasi.stderr(stderr).insecure_random_seed(HASH_SEED).max_random_size(RANDOM).allow_tcp(false).allow_udp(false);
    match role {
        Role::Parser | Role::Chunker => {
            wasi.wall_clock(Still).monotonic_clock(Still).secure_random(stream(1)).insecure_random(stream(2));
        }
        Role::Embedder | Role::Reranker | Role::ChatModel => {
            wasi.wall_clock(Coarse).monotonic_clock(CoarseMonotonic(Instant::now()));
        }
    }
    wasi.build()
}

/// Random numbers that are the same in every instance, on every machine and in every version.
fn stream(number: u8) -> ChaCha8Rng {
    ChaCha8Rng::from_seed([number; 32])
}

/// A clock that stands at its beginning.
struct Still;

impl HostWallClock for Still {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Still {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

/// The time of day in whole milliseconds: enough to date a request, too coarse to measure caches with.
struct Coarse;

impl HostWallClock for Coarse {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Milliseconds since the instance was made.
struct CoarseMonotonic(Instant);

impl HostMonotonicClock for CoarseMonotonic {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX / 1_000_000).saturating_mul(1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn the_stream_is_the_same_for_ever() {
        let numbers = |number| [(); 2].map(|()| stream(number).next_u64());
        assert_eq!(numbers(1)[0], numbers(1)[1]);
        assert_ne!(numbers(1)[0], numbers(2)[0]);
        // Written down: another number means that documents are cut differently after an update.
        assert_eq!(stream(1).next_u64(), 5_518_247_365_082_443_045);
    }
}
