//! Where the address space for a pool of instances cannot be had, the sandbox works without one.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test binary")]

use mortise_domain::JsonMap;
use mortise_domain::block::Parsed;
use mortise_domain::role::{CallContext, Plugins};
use mortise_domain::source::SourceFile;
use mortise_runtime::{Install, Runtime, RuntimeOptions};
use std::sync::Arc;

/// Says to this test that it is the process with little address space.
const NARROW: &str = "MORTISE_TEST_NARROW";

#[test]
fn without_address_space_for_a_pool() {
    if std::env::var_os(NARROW).is_none() {
        let this = std::env::current_exe().unwrap();
        let status = std::process::Command::new("sh")
            // 64 GiB: enough for instances one by one, of 4 GiB each, and too little for hundreds at once.
            .args(["-c", "ulimit -v 67108864 && exec \"$0\" --nocapture"])
            .arg(this)
            .env(NARROW, "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let options = RuntimeOptions { cache_dir: cache.path().into(), count_fuel: false };
    let runtime = Runtime::new(options).unwrap();
    tokio.block_on(async {
        let naive = mortise_plugins::BUILT_INS.iter().find(|built_in| built_in.name == "naive").unwrap();
        let component = bytes::Bytes::from_static(naive.component);
        runtime.install(Install { component, ..Install::default() }).await.unwrap();
        let chunker = runtime.chunker("naive").unwrap();
        for _ in 0..20 {
            let file = SourceFile { name: "a".into(), media_type: String::new(), bytes: Arc::new(Vec::new()) };
            chunker.split(file, Arc::new(Parsed::default()), &JsonMap::new(), CallContext::default()).await.unwrap();
        }
    });
    let reserved = std::fs::read_to_string("/proc/self/statm").unwrap();
    println!("pages of address space: {reserved}");
}
