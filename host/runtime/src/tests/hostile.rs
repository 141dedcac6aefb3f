//! Every hostile guest costs one call, with the right reason, and the runtime goes on.

use super::*;
use crate::PackageError;
use futures_util::StreamExt;
use mortise_domain::Cancel;
use mortise_domain::chat::{ChatEvent, ChatRequest};
use mortise_domain::role::InputKind;
use mortise_domain::role::OnProgress;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[tokio::test]
async fn loops_are_ended_by_the_deadline() {
    let runtime = runtime();
    let limits = LimitOverrides { call_timeout: Some(Duration::from_millis(300)), ..quick() };
    install_with(&runtime, "loops", json!({}), Grants::default(), limits).await.unwrap();
    split(&runtime, "loops", json!({})).await.unwrap_err();
    let began = Instant::now();
    let fault = split(&runtime, "loops", json!({})).await.unwrap_err();
    assert!(matches!(fault.reason, FaultReason::TimedOut(300)), "{fault}");
    assert_eq!((fault.plugin.as_str(), fault.version.as_str()), ("loops", "0.1.0"));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    lost(&runtime, Role::Chunker, "loops", &[("timed-out", 2)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loops_are_cancelled_within_a_second() {
    let runtime = runtime();
    install(&runtime, "loops", json!({})).await.unwrap();
    // The first call loads the component.
    let chunker = runtime.chunker("loops").unwrap();
    let cancel = Cancel::new();
    let context = CallContext { cancel: cancel.clone(), progress: None };
    let (parsed, config) = (document(&[]), JsonMap::new());
    let call = chunker.split(file("a"), parsed, &config, context);
    let raise = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        cancel.cancel();
        Instant::now()
    };
    let (result, raised) = tokio::join!(call, raise);
    let took = raised.elapsed();
    assert!(result.unwrap_err().is_cancelled());
    assert!(took < Duration::from_secs(1), "{took:?}");
    lost(&runtime, Role::Chunker, "loops", &[("cancelled", 1)]).await;
    assert!(seen(&runtime, Role::Chunker, "loops").last_fault.is_none(), "cancelling is nobody's fault");
}

#[tokio::test]
async fn hoards_run_out_of_memory() {
    let runtime = runtime();
    install(&runtime, "hoards", json!({})).await.unwrap();
    let reason = split_reason(&runtime, "hoards", json!({})).await;
    assert!(matches!(reason, FaultReason::OutOfMemory(limit) if limit == 64 << 20), "{reason}");
    let peak = seen(&runtime, Role::Chunker, "hoards").peak_memory_bytes;
    assert!((32 << 20..=64 << 20).contains(&peak), "{peak}");
    lost(&runtime, Role::Chunker, "hoards", &[("out-of-memory", 1)]).await;
}

#[tokio::test]
async fn stacks_end_and_panics_are_told() {
    let runtime = runtime();
    install(&runtime, "recurses", json!({})).await.unwrap();
    let reason = split_reason(&runtime, "recurses", json!({})).await;
    assert!(matches!(&reason, FaultReason::Trapped(how) if how.contains("stack exhausted")), "{reason}");
    install(&runtime, "traps", json!({})).await.unwrap();
    let reason = split_reason(&runtime, "traps", json!({})).await;
    assert!(matches!(&reason, FaultReason::Trapped(how) if how.contains("no chunks from joint.txt today")), "{reason}");
    lost(&runtime, Role::Chunker, "recurses", &[("trapped", 1)]).await;
    lost(&runtime, Role::Chunker, "traps", &[("trapped", 1)]).await;
}

#[tokio::test]
async fn lies_are_found_out() {
    let runtime = runtime();
    install(&runtime, "lies", json!({})).await.unwrap();
    for (lie, rule) in [
        ("unknown_block", "block 1"),
        ("nan_place", "finite"),
        ("infinite_place", "finite"),
        ("inverted_place", "inside out"),
        ("page_zero", "page 0"),
        ("unknown_parent", "parent"),
    ] {
        let reason = split_reason(&runtime, "lies", json!({"lie": lie})).await;
        assert!(matches!(&reason, FaultReason::InvalidOutput(what) if what.contains(rule)), "{lie}: {reason}");
    }
    lost(&runtime, Role::Chunker, "lies", &[("invalid-output", 6)]).await;
}

#[tokio::test]
async fn settings_are_checked_before_anything_runs() {
    let runtime = runtime();
    install(&runtime, "floods", json!({})).await.unwrap();
    let chunker = runtime.chunker("floods").unwrap();
    let misfit = chunker.check_config(&map(json!({"chunks": "many"}))).unwrap_err();
    assert!(matches!(&misfit, mortise_domain::Error::Invalid { field, .. } if field == "chunks"), "{misfit}");
    chunker.check_config(&map(json!({"chunks": 3, "of another plugin": true}))).unwrap();
    let reason = split_reason(&runtime, "floods", json!({"chunks": -1})).await;
    assert!(matches!(&reason, FaultReason::Config { field, .. } if field == "chunks"), "{reason}");
    let refused = install(&runtime, "floods", json!({"letters": []})).await.unwrap_err();
    assert!(matches!(&refused, InstallError::Config { field, .. } if field == "letters"), "{refused}");
}

#[tokio::test]
async fn floods_are_dammed() {
    let runtime = runtime();
    let limits = LimitOverrides { max_chunks: Some(1000), output_bytes: Some(1 << 20), ..quick() };
    install_with(&runtime, "floods", json!({}), Grants::default(), limits).await.unwrap();
    for flood in [
        json!({"chunks": 1001, "letters": 1}),
        json!({"chunks": 10, "letters": 200_000}),
        json!({"chunks": 1, "letters": 30_000_000}),
        json!({"chunks": 0, "parent_letters": 2_000_000}),
    ] {
        let reason = split_reason(&runtime, "floods", flood.clone()).await;
        assert!(matches!(reason, FaultReason::OutputTooLarge(_)), "{flood}: {reason}");
    }
    let lines = json!({"chunks": 1, "letters": 1, "log_lines": 100_000, "log_letters": 100});
    assert_eq!(split(&runtime, "floods", lines).await.unwrap().chunks.len(), 1, "log floods are dropped, not fatal");
    let heard = Arc::new(AtomicU32::new(0));
    let progress: OnProgress = {
        let heard = heard.clone();
        Arc::new(move |_, _| _ = heard.fetch_add(1, Ordering::Relaxed))
    };
    let told = map(json!({"chunks": 1, "letters": 1, "progress": 100_000, "log_letters": 100}));
    let context = CallContext { progress: Some(progress), ..CallContext::default() };
    let chunker = runtime.chunker("floods").unwrap();
    assert_eq!(chunker.split(file("a"), document(&[]), &told, context).await.unwrap().chunks.len(), 1);
    assert!(heard.load(Ordering::Relaxed) < 10_000, "told at a pace: {heard:?}");
    lost(&runtime, Role::Chunker, "floods", &[("output-too-large", 4)]).await;
}

#[tokio::test]
async fn whatever_a_parser_gives_without_end_is_stopped() {
    let runtime = runtime();
    let limits = LimitOverrides {
        max_blocks: Some(10_000),
        output_bytes: Some(1 << 20),
        call_timeout: Some(Duration::from_secs(2)),
        ..quick()
    };
    install_with(&runtime, "gushes", json!({}), Grants::default(), limits).await.unwrap();
    let parser = runtime.parser_for("a.gush", "text/plain").unwrap();
    for (gush, kind, why) in [
        ("blocks", "output-too-large", "limit"),
        ("parts", "output-too-large", "1048576 bytes"),
        ("images", "output-too-large", "1048576 bytes"),
        ("attachments", "output-too-large", "1048576 bytes"),
        ("metadata", "output-too-large", "1048576 bytes"),
        // Neither costs the host anything: warnings are counted, progress is told at a pace.
        ("warnings", "timed-out", "2000 ms"),
        ("progress", "timed-out", "2000 ms"),
        ("page_zero", "invalid-output", "page 0"),
        ("inside_out", "invalid-output", "inside out"),
        ("nowhere", "invalid-output", "finite"),
    ] {
        let config = map(json!({"gush": gush}));
        let fault = parser.parse(file("a.gush"), &config, CallContext::default()).await.unwrap_err();
        assert_eq!(fault.reason.kind(), kind, "{gush}: {fault}");
        assert!(fault.reason.to_string().contains(why), "{gush}: {fault}");
    }
    assert!(runtime.parser_for("x", "application/x-gush; charset=utf-8").is_some());
    assert!(runtime.parser_for("gush", "text/plain").is_none());
    let faults = [("output-too-large", 5), ("timed-out", 2), ("invalid-output", 3)];
    lost(&runtime, Role::Parser, "gushes", &faults).await;
}

#[tokio::test]
async fn one_call_is_lost_and_the_same_plugin_works_in_the_next() {
    let runtime = runtime();
    let limits = LimitOverrides { call_timeout: Some(Duration::from_millis(1500)), ..quick() };
    install_with(&runtime, "moody", json!({}), Grants::default(), limits).await.unwrap();
    let moods = [
        ("loop", "timed-out"),
        ("hoard", "out-of-memory"),
        ("recurse", "trapped"),
        ("panic", "trapped"),
        ("exit", "trapped"),
        ("stray", "trapped"),
        ("refuse", "refused"),
        ("lie", "invalid-output"),
    ];
    for (number, (mood, kind)) in (1..).zip(moods) {
        let before = seen(&runtime, Role::Chunker, "moody");
        let reason = split_reason(&runtime, "moody", json!({"mood": mood})).await;
        assert_eq!(reason.kind(), kind, "{mood}: {reason}");
        assert_eq!(split(&runtime, "moody", json!({})).await.unwrap().chunks[0].text, "fine", "after {mood}");
        let stats = seen(&runtime, Role::Chunker, "moody");
        assert_eq!(stats.calls, 2 * number);
        assert_eq!(stats.instances, before.instances + 2, "a fresh instance for every call");
        assert_eq!(stats.faults.values().sum::<u64>(), number, "one call is lost to {mood}");
        assert_eq!(stats.last_fault.unwrap().kind, kind);
    }
    let faults = [("timed-out", 1), ("out-of-memory", 1), ("trapped", 4), ("refused", 1), ("invalid-output", 1)];
    lost(&runtime, Role::Chunker, "moody", &faults).await;
}

#[tokio::test]
async fn long_words_are_cut() {
    let runtime = runtime();
    install(&runtime, "moody", json!({})).await.unwrap();
    for mood in ["panic", "refuse"] {
        let reason = split_reason(&runtime, "moody", json!({"mood": mood, "letters": 1_000_000})).await;
        let told = reason.to_string();
        assert!(told.contains("no no no"), "{told}");
        assert!(told.len() < 2500, "{mood}: {} bytes", told.len());
        let kept = seen(&runtime, Role::Chunker, "moody").last_fault.unwrap().reason;
        assert_eq!(kept, told);
    }
}

#[tokio::test]
async fn broken_scores_order_nothing() {
    let runtime = runtime();
    for flattery in ["negative", "above", "nan", "infinite", "missing", "spare"] {
        install(&runtime, "flatters", json!({"flattery": flattery})).await.unwrap();
        let reranker = runtime.reranker("flatters").unwrap();
        let fault = reranker.score("who", vec!["a".into(), "b".into()]).await.unwrap_err();
        assert!(matches!(fault.reason, FaultReason::InvalidOutput(_)), "{flattery}: {fault}");
    }
    lost(&runtime, Role::Reranker, "flatters", &[("invalid-output", 6)]).await;
    install(&runtime, "flatters", json!({"flattery": "none"})).await.unwrap();
    let scores = runtime.reranker("flatters").unwrap().score("who", vec!["a".into()]).await.unwrap();
    assert_eq!(scores, [0.5]);
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_named() {
    let runtime = runtime();
    let limits = LimitOverrides { page_timeout: Some(std::time::Duration::from_millis(200)), ..quick() };
    install_with(&runtime, "lingers", json!({}), Grants::default(), limits).await.unwrap();
    let parser = runtime.parser_for("a.linger", "text/plain").unwrap();
    let fault = parser.parse(file("a.linger"), &JsonMap::new(), CallContext::default()).await.unwrap_err();
    assert!(matches!(fault.reason, FaultReason::PageTimedOut { page: 2, ms: 200 }), "{fault}");
    lost(&runtime, Role::Parser, "lingers", &[("timed-out", 1)]).await;
}

#[tokio::test]
async fn broken_vectors_reach_nobody() {
    let runtime = runtime();
    for warp in ["nan", "missing", "short", "wide", "long", "flat"] {
        install(&runtime, "warps", json!({"warp": warp})).await.unwrap();
        let embedder = runtime.embedder("warps").unwrap();
        let fault = embedder.embed(vec!["a".into(), "b".into()], InputKind::Passage).await.unwrap_err();
        assert!(matches!(fault.reason, FaultReason::InvalidOutput(_)), "{warp}: {fault}");
    }
    lost(&runtime, Role::Embedder, "warps", &[("invalid-output", 6)]).await;
}

#[tokio::test]
async fn babble_is_cut_off() {
    let runtime = runtime();
    let limits = LimitOverrides { output_bytes: Some(1 << 20), ..quick() };
    let said = async |config, limits| {
        install_with(&runtime, "babbles", config, Grants::default(), limits).await.unwrap();
        let model = runtime.chat_model("babbles").unwrap();
        let events: Vec<_> = model.complete(ChatRequest::default()).await.unwrap().collect().await;
        let (last, words) = events.split_last().unwrap();
        let words = words.iter().filter(|word| matches!(word, Ok(ChatEvent::Text(text)) if text == "bla ")).count();
        (words, last.as_ref().unwrap_err().reason.clone())
    };
    let (words, reason) = said(json!({}), limits.clone()).await;
    assert!(words > 1000 && matches!(reason, FaultReason::OutputTooLarge(_)), "{words}: {reason}");
    let (words, reason) = said(json!({"words": 3}), limits.clone()).await;
    assert!(words == 3 && matches!(&reason, FaultReason::InvalidOutput(what) if what.contains("finish")), "{reason}");
    // Asleep in the guest, which is waiting in the host.
    let hurried = LimitOverrides { call_timeout: Some(Duration::from_millis(300)), ..limits };
    let (words, reason) = said(json!({"pause": 60_000}), hurried).await;
    assert!(words == 0 && matches!(reason, FaultReason::TimedOut(300)), "{reason}");
    let faults = [("output-too-large", 1), ("invalid-output", 1), ("timed-out", 1)];
    lost(&runtime, Role::ChatModel, "babbles", &faults).await;
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_with_advice() {
    let runtime = runtime();
    let refused = async |name| install(&runtime, name, json!({})).await.unwrap_err();
    let error = refused("smuggles").await;
    assert!(
        matches!(&error, InstallError::Package(PackageError::Import { role: Role::Chunker, import })
        if import.starts_with("wasi:http/")),
        "{error}"
    );
    let error = refused("old_contract").await;
    assert!(matches!(error, InstallError::Package(PackageError::Version { .. })), "{error}");
    let text = error.to_string();
    assert!(text.contains("0.0.9") && text.contains("0.1.0") && text.contains("rebuild"), "{text}");
    let error = refused("wrong_world").await;
    assert!(matches!(error, InstallError::Package(PackageError::NoRole)), "{error}");
    let error = refused("mute").await;
    assert!(error.to_string().contains("I do not know who I am"), "{error}");
    for (name, how) in [("spins", "in describe"), ("stalls", "before it")] {
        let error = refused(name).await;
        assert!(matches!(error, InstallError::Describe(FaultReason::TimedOut(5000))), "loops {how}: {error}");
    }
    assert!(runtime.list().is_empty() && runtime.stats().is_empty());
    // Each was counted, by what was wrong with it.
    let counted: Vec<(String, u64)> = runtime.refused();
    let expected = [("describe:timed-out", 2), ("describe:trapped", 1), ("package", 3)];
    assert_eq!(counted, expected.map(|(kind, count)| (kind.to_owned(), count)));
    let error = refused("mute").await;
    let error: mortise_domain::Error = error.into();
    assert!(matches!(error, mortise_domain::Error::Invalid { field, .. } if field == "component"));
}
