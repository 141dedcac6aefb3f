//! A chunker that looks around: environment, arguments, files, clocks, randomness. It has one chunk for every thing that
//! it tried, with what it saw. A host that cuts the same document the same way for ever shows it nothing.

use mortise_sdk::chunker::{Blocks, Chunk, Chunker, Chunks};
use mortise_sdk::{Description, NoConfig, Result};
use std::collections::HashMap;
use std::fmt::Debug;
use std::io::Read;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub struct Senses;

impl Chunker for Senses {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("senses", env!("CARGO_PKG_VERSION"), "Looks around")
    }

    fn split(_blocks: &Blocks<'_>, _config: NoConfig) -> Result<Chunks> {
        let mut seen = Vec::new();
        let mut saw = |what: &str, it: &dyn Debug| seen.push(Chunk::text(format!("{what}: {it:?}"), vec![]));
        surroundings(&mut saw);
        files(&mut saw);
        clocks(&mut saw);
        chance(&mut saw);
        Ok(Chunks { chunks: seen, parents: vec![] })
    }
}

type Saw<'a> = dyn FnMut(&str, &dyn Debug) + 'a;

fn surroundings(saw: &mut Saw<'_>) {
    saw("environment", &std::env::vars_os().collect::<Vec<_>>());
    saw("PATH", &std::env::var_os("PATH"));
    saw("arguments", &std::env::args_os().collect::<Vec<_>>());
    let mut input = Vec::new();
    saw("standard input", &std::io::stdin().read_to_end(&mut input).map_err(|error| error.kind()));
    saw("its bytes", &input);
}

fn files(saw: &mut Saw<'_>) {
    let refused = |result: std::io::Result<()>| if result.is_ok() { "done" } else { "refused" };
    saw("reading /etc/passwd", &refused(std::fs::read("/etc/passwd").map(drop)));
    saw("reading ./Cargo.toml", &refused(std::fs::read("Cargo.toml").map(drop)));
    saw("listing /", &refused(std::fs::read_dir("/").map(drop)));
    saw("listing .", &refused(std::fs::read_dir(".").map(drop)));
    saw("writing /tmp/senses", &refused(std::fs::write("/tmp/senses", "here")));
    saw("making a folder", &refused(std::fs::create_dir("senses")));
    saw("removing /etc/passwd", &refused(std::fs::remove_file("/etc/passwd")));
}

fn clocks(saw: &mut Saw<'_>) {
    saw("time of day", &SystemTime::now().duration_since(UNIX_EPOCH).ok());
    let began = Instant::now();
    let mut sum = 0u64;
    for number in 0..1_000_000u64 {
        sum = std::hint::black_box(sum ^ number.wrapping_mul(sum | 1));
    }
    saw("time of a million steps", &began.elapsed());
    std::thread::sleep(Duration::from_millis(30));
    saw("time of a sleep", &began.elapsed());
}

fn chance(saw: &mut Saw<'_>) {
    let map: HashMap<u32, ()> = (0..20).map(|key| (key, ())).collect();
    saw("order of a hash map", &map.keys().copied().collect::<Vec<_>>());
    #[cfg(target_family = "wasm")]
    {
        use wasip2::random::{insecure, insecure_seed, random};
        saw("random bytes", &random::get_random_bytes(8));
        saw("a random number", &random::get_random_u64());
        saw("insecure bytes", &insecure::get_insecure_random_bytes(8));
        saw("a seed", &insecure_seed::insecure_seed());
    }
    // Where a thing lies in memory.
    saw("an address", &std::ptr::from_ref(Box::leak(Box::new(0u8))));
}

mortise_sdk::export_chunker!(Senses);
