//! Ten thousand installations and calls, a good part of them failing, leave nothing behind: the process is as large
//! afterwards as it was when it had warmed up. In a process of its own, so that no other test grows meanwhile.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test binary")]

#[path = "../src/tests/guests.rs"]
mod guests;

use futures_util::StreamExt;
use guests::guest;
use mortise_domain::Role;
use mortise_domain::block::Parsed;
use mortise_domain::chat::ChatRequest;
use mortise_domain::role::{CallContext, InputKind, Plugins};
use mortise_domain::source::SourceFile;
use mortise_runtime::{Grants, Install, LimitOverrides, Runtime, RuntimeOptions};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ROUNDS: usize = 10_000;
/// After so many the pools, caches and allocator have what they keep.
const WARM_UP: usize = 2_000;
/// Names that each component is installed under, in turn.
const NAMES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_installations_and_calls_leave_nothing_behind() {
    let cache = tempfile::tempdir().unwrap();
    let options = RuntimeOptions { cache_dir: cache.path().into(), count_fuel: false };
    let runtime = Runtime::new(options).unwrap();
    let port = serve().await;
    let (mut warm, mut faults) = (0, 0);
    for round in 0..ROUNDS {
        faults += u32::from(!once(&runtime, port, round).await);
        // Now and then a name goes, and with the last name of a component its native code.
        if round.is_multiple_of(3) {
            for (role, name) in [(Role::Chunker, "moody"), (Role::Embedder, "swells"), (Role::ChatModel, "babbles")] {
                runtime.remove(None, role, &format!("{name}-{}", (round / 3) % NAMES));
            }
        }
        if round.is_multiple_of(1000) {
            println!("after {round} rounds: {} KB, {} maps, {}", settled(&runtime).await, maps(), anonymous());
        }
        if round == WARM_UP {
            warm = settled(&runtime).await;
        }
    }
    let end = settled(&runtime).await;
    println!("{ROUNDS} installations and calls, {faults} faults: {warm} KB after the warm-up, {end} KB at the end");
    assert!(faults as usize > ROUNDS / 8, "{faults}");
    assert!(end <= warm + warm / 20, "{warm} KB grew to {end} KB");
}

/// Installs something and calls it; false when that ended in a fault.
async fn once(runtime: &Runtime, port: u16, round: usize) -> bool {
    let turn = round / 5;
    match round % 5 {
        0 => {
            let name = install(runtime, "third_party", turn, json!({"sentences_per_chunk": 1 + turn % 50})).await;
            split(runtime, &name, json!({})).await
        }
        1 => {
            let name = install(runtime, "moody", turn, json!({})).await;
            let moods = ["fine", "panic", "exit", "stray", "refuse", "lie", "hoard", "recurse"];
            // Loops take their whole time.
            let mood = if turn.is_multiple_of(200) { "loop" } else { moods[turn % moods.len()] };
            split(runtime, &name, json!({"mood": mood, "letters": turn % 100_000})).await
        }
        2 => {
            let name = install(runtime, "swells", turn, json!({"megabytes": turn % 8})).await;
            let embedder = runtime.embedder(&name).unwrap();
            let texts = vec!["Mortise and tenon.".to_owned(); 3];
            let mut well = embedder.embed(texts.clone(), InputKind::Passage).await.is_ok();
            well &= embedder.embed(texts, InputKind::Query).await.is_ok();
            well
        }
        3 => {
            let name = install(runtime, "babbles", turn, json!({"words": 1 + turn % 5})).await;
            let mut answer = runtime.chat_model(&name).unwrap().complete(ChatRequest::default()).await.unwrap();
            for _ in 0..turn % 7 {
                if answer.next().await.is_none_or(|event| event.is_err()) {
                    return false;
                }
            }
            true
        }
        _ => {
            let name = install(runtime, "reaches", turn, json!({"url": format!("http://localhost:{port}/")})).await;
            let answer = runtime.chat_model(&name).unwrap().complete(ChatRequest::default()).await;
            match answer {
                Ok(answer) => answer.all(async |event| event.is_ok()).await,
                Err(_) => false,
            }
        }
    }
}

async fn install(runtime: &Runtime, component: &str, turn: usize, config: serde_json::Value) -> String {
    let serde_json::Value::Object(config) = config else { panic!("no settings: {config}") };
    let port = config.get("url").and_then(|url| url.as_str()?.trim_end_matches('/').rsplit(':').next());
    let granted = Grants {
        // Every third may not.
        http_hosts: port
            .filter(|_| !turn.is_multiple_of(3))
            .map(|port| format!("localhost:{port}").parse().unwrap())
            .into_iter()
            .collect(),
        allow_private: true,
        ..Grants::default()
    };
    let name = format!("{component}-{}", turn % NAMES);
    let install = Install {
        name: Some(name.clone()),
        component: guest(component),
        config,
        grants: granted,
        limits: LimitOverrides {
            memory_bytes: Some(16 << 20),
            call_timeout: Some(Duration::from_secs(1)),
            idle_timeout: Some(Duration::from_millis(500)),
            ..LimitOverrides::default()
        },
        ..Install::default()
    };
    runtime.install(install).await.unwrap();
    name
}

async fn split(runtime: &Runtime, name: &str, config: serde_json::Value) -> bool {
    let serde_json::Value::Object(config) = config else { panic!("no settings: {config}") };
    let file = SourceFile { name: "a.txt".into(), media_type: "text/plain".into(), bytes: Arc::new(Vec::new()) };
    let chunker = runtime.chunker(name).unwrap();
    chunker.split(file, Arc::new(Parsed::default()), &config, CallContext::default()).await.is_ok()
}

/// Answers everything with a few words, and hangs up.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await?;
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\ndone").await
            });
        }
    });
    port
}

/// Resident memory once nothing is warm any more.
async fn settled(runtime: &Runtime) -> u64 {
    while runtime.stats().iter().any(|(_, stats)| stats.warm + stats.running > 0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    resident_kb()
}

fn resident_kb() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4
}

/// Mappings of the process: native code that is not given back shows here.
fn maps() -> usize {
    std::fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

/// The part of it that is no file's, in words.
fn anonymous() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("RssAnon")).unwrap_or_default().split_whitespace().collect()
}
