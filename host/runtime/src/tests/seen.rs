//! What is seen of plugins: sums that outlive replacements, faults in mid-air, the host's own panics, fuel, and the span
//! that every line of a call carries.

use super::*;
use futures_util::StreamExt;
use mortise_domain::Cancel;
use mortise_domain::chat::ChatRequest;
use mortise_domain::role::{InputKind, OnProgress};
use mortise_domain::source::ByteSource;
use serde_json::json;
use std::time::Duration;
use tracing::instrument::WithSubscriber;

#[tokio::test]
async fn sums_belong_to_the_name() {
    let runtime = runtime();
    install(&runtime, "moody", json!({})).await.unwrap();
    assert_eq!(seen(&runtime, Role::Chunker, "moody").calls, 0, "listed before its first call");
    split(&runtime, "moody", json!({})).await.unwrap();
    split(&runtime, "moody", json!({"mood": "refuse"})).await.unwrap_err();
    split(&runtime, "moody", json!({"mood": "no mood"})).await.unwrap_err();
    let named = Install { name: Some("moody".into()), component: guest("third_party"), ..Install::default() };
    runtime.install(named).await.unwrap();
    split(&runtime, "moody", json!({})).await.unwrap();
    let stats = seen(&runtime, Role::Chunker, "moody");
    assert_eq!((stats.calls, stats.instances), (4, 3), "settings that do not fit need no instance");
    assert_eq!(stats.seconds.buckets.iter().sum::<u64>(), 3);
    assert!(stats.seconds.sum > 0.0);
    assert_eq!(stats.faults, [("config", 1), ("refused", 1)].into());
    assert!(stats.peak_memory_bytes >= 1 << 20, "{stats:?}");
    assert_eq!(stats.fuel, 0, "not counted here");
    assert!(runtime.remove(None, Role::Chunker, "moody"));
    assert!(runtime.stats().is_empty());
    install(&runtime, "moody", json!({})).await.unwrap();
    assert_eq!(seen(&runtime, Role::Chunker, "moody").calls, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn running_and_waiting_calls_are_seen() {
    let runtime = runtime();
    let limits = LimitOverrides { concurrency: Some(1), ..quick() };
    install_with(&runtime, "loops", json!({}), Grants::default(), limits).await.unwrap();
    let cancel = Cancel::new();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let chunker = runtime.chunker("loops").unwrap();
            let context = CallContext { cancel: cancel.clone(), progress: None };
            tokio::spawn(async move { chunker.split(file("a"), document(&[]), &JsonMap::new(), context).await })
        })
        .collect();
    let now = || {
        let stats = seen(&runtime, Role::Chunker, "loops");
        (stats.running, stats.waiting, stats.calls)
    };
    while now() != (1, 2, 0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cancel.cancel();
    for call in calls {
        assert!(call.await.unwrap().unwrap_err().is_cancelled());
    }
    assert_eq!(now(), (0, 0, 3));
    lost(&runtime, Role::Chunker, "loops", &[("cancelled", 3)]).await;
}

#[tokio::test]
async fn a_fault_in_the_middle_of_an_answer_counts_and_leaving_it_does_not() {
    let runtime = runtime();
    let ask = async |config| {
        install(&runtime, "babbles", config).await.unwrap();
        runtime.chat_model("babbles").unwrap().complete(ChatRequest::default()).await.unwrap()
    };
    let mut answer = ask(json!({"words": 2})).await;
    let now = seen(&runtime, Role::ChatModel, "babbles");
    assert_eq!((now.running, now.calls), (1, 0));
    assert!(answer.next().await.unwrap().is_ok());
    assert!(answer.next().await.unwrap().is_ok());
    assert!(answer.next().await.unwrap().is_err());
    assert!(answer.next().await.is_none());
    drop(answer);
    lost(&runtime, Role::ChatModel, "babbles", &[("invalid-output", 1)]).await;

    let mut answer = ask(json!({})).await;
    assert!(answer.next().await.unwrap().is_ok());
    drop(answer);
    let stats = seen(&runtime, Role::ChatModel, "babbles");
    assert_eq!(stats.calls, 2);
    lost(&runtime, Role::ChatModel, "babbles", &[("invalid-output", 1)]).await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_dropped() {
    let runtime = runtime();
    let limits = LimitOverrides { call_timeout: Some(Duration::from_millis(500)), concurrency: Some(1), ..quick() };
    install_with(&runtime, "babbles", json!({}), Grants::default(), limits).await.unwrap();
    let model = runtime.chat_model("babbles").unwrap();
    let mut left = model.complete(ChatRequest::default()).await.unwrap();
    assert!(left.next().await.unwrap().is_ok());
    // The only slot is taken, until the reader has been away for too long.
    let mut next = model.complete(ChatRequest::default()).await.unwrap();
    assert!(next.next().await.unwrap().is_ok());
    drop(next);
    let fault = left.next().await.unwrap().unwrap_err();
    assert!(matches!(fault.reason, FaultReason::TimedOut(500)), "{fault}");
    assert!(left.next().await.is_none());
    lost(&runtime, Role::ChatModel, "babbles", &[("timed-out", 1)]).await;
}

/// A file in whose reading the host has a bug.
struct Cursed(u64);

impl ByteSource for Cursed {
    fn size(&self) -> u64 {
        self.0
    }

    fn read_at(&self, _: u64, _: usize) -> std::io::Result<Vec<u8>> {
        panic!("the index is out of its mind")
    }
}

#[tokio::test]
async fn a_panic_of_the_host_costs_one_call_too() {
    let runtime = runtime();
    let text = mortise_plugins::BUILT_INS.iter().find(|b| (b.role, b.name) == ("parser", "text")).unwrap();
    let component = Bytes::from_static(text.component);
    runtime.install(Install { component, ..Install::default() }).await.unwrap();
    let parser = runtime.parser("text").unwrap();
    let parse = async |bytes: Arc<dyn ByteSource>| {
        let file = SourceFile { name: "a.txt".into(), media_type: "text/plain".into(), bytes };
        parser.parse(file, &JsonMap::new(), CallContext::default()).await
    };
    // Read where the guest runs, and elsewhere.
    for size in [1000, 4 << 20] {
        let fault = parse(Arc::new(Cursed(size))).await.unwrap_err();
        assert!(matches!(&fault.reason, FaultReason::Internal(why) if why.contains("panicked")), "{fault}");
        assert!(!parse(Arc::new(b"Mortise and tenon.".to_vec())).await.unwrap().blocks.is_empty());
    }
    lost(&runtime, Role::Parser, "text", &[("internal", 2)]).await;

    install(&runtime, "floods", json!({})).await.unwrap();
    let progress: OnProgress = Arc::new(|_, _| panic!("nobody wants to know"));
    let context = CallContext { progress: Some(progress), ..CallContext::default() };
    let config = map(json!({"chunks": 1, "progress": 1}));
    let call = runtime.chunker("floods").unwrap().split(file("a"), document(&[]), &config, context).await;
    let fault = call.unwrap_err();
    assert!(matches!(&fault.reason, FaultReason::Internal(why) if why.contains("nobody wants to know")), "{fault}");
    lost(&runtime, Role::Chunker, "floods", &[("internal", 1)]).await;
}

#[tokio::test]
async fn fuel_is_counted_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let start = |count_fuel| Runtime::new(RuntimeOptions { cache_dir: folder.path().into(), count_fuel }).unwrap();
    let burnt = async |runtime: &Runtime, calls: usize| {
        install(runtime, "third_party", json!({})).await.unwrap();
        install(runtime, "swells", json!({})).await.unwrap();
        let embedder = runtime.embedder("swells").unwrap();
        for _ in 0..calls {
            split(runtime, "sentences", json!({})).await.unwrap();
            embedder.embed(vec!["a".into()], InputKind::Passage).await.unwrap();
        }
        (seen(runtime, Role::Chunker, "sentences").fuel, seen(runtime, Role::Embedder, "swells").fuel)
    };
    assert_eq!(burnt(&start(false), 1).await, (0, 0));
    let (one, three) = (burnt(&start(true), 1).await, burnt(&start(true), 3).await);
    assert!(one.0 > 1000, "{one:?}");
    assert_eq!(three.0, 3 * one.0, "the same document burns the same in every instance");
    // A warm instance is opened once.
    assert!(one.1 < three.1 && three.1 < 3 * one.1, "{one:?} {three:?}");
    let native = std::fs::read_dir(folder.path().join("native")).unwrap().count();
    assert_eq!(native, 4, "two components, each with and without fuel");
    assert_eq!(burnt(&start(false), 1).await, (0, 0), "neither takes the other's native code");
    // Fuel does not end: a loop is still ended by its deadline.
    let runtime = start(true);
    let limits = LimitOverrides { call_timeout: Some(Duration::from_millis(300)), ..quick() };
    install_with(&runtime, "loops", json!({}), Grants::default(), limits).await.unwrap();
    let reason = split_reason(&runtime, "loops", json!({})).await;
    assert!(matches!(reason, FaultReason::TimedOut(300)), "{reason}");
}

/// Collects what the log prints.
#[derive(Clone, Default)]
struct Printed(Arc<parking_lot::Mutex<Vec<u8>>>);

impl std::io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_line_of_a_call_names_the_plugin() {
    let runtime = runtime();
    let info = install(&runtime, "floods", json!({})).await.unwrap();
    let printed = Printed::default();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer({
        let printed = printed.clone();
        move || printed.clone()
    });
    let flood = split(&runtime, "floods", json!({"chunks": 200_001, "letters": 1, "log_lines": 1}));
    flood.with_subscriber(log.with_max_level(tracing::Level::ERROR).finish()).await.unwrap_err();
    let printed = String::from_utf8(printed.0.lock().clone()).unwrap();
    let digest = &info.digest[..12];
    let span = format!("call{{role=chunker plugin=floods version=0.1.0 digest=\"{digest}\"}}");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.iter().any(|line| line.contains("llllllllll")), "{printed}");
    assert!(lines.iter().all(|line| line.contains(&span)), "{span} in {printed}");
}
