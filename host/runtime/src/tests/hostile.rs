//! Every hostile guest costs one call, with the right reason, and the runtime goes on.

use super::*;
use crate::PackageError;
use futures_util::StreamExt;
use mortise_domain::chat::{ChatEvent, ChatRequest};
use mortise_domain::role::InputKind;
use mortise_domain::{Cancel, Role};
use serde_json::json;
use std::time::{Duration, Instant};

/// What follows a fault: the well-behaved neighbour still works.
async fn goes_on(runtime: &Runtime) {
    install(runtime, "third_party", json!({})).await.unwrap();
    let chunks = split(runtime, "sentences", json!({})).await.unwrap().chunks;
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].text, "Mortise and tenon.");
}

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
    goes_on(&runtime).await;
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
    goes_on(&runtime).await;
}

#[tokio::test]
async fn hoards_run_out_of_memory() {
    let runtime = runtime();
    install(&runtime, "hoards", json!({})).await.unwrap();
    let reason = split_reason(&runtime, "hoards", json!({})).await;
    assert!(matches!(reason, FaultReason::OutOfMemory(limit) if limit == 64 << 20), "{reason}");
    goes_on(&runtime).await;
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
    goes_on(&runtime).await;
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
    goes_on(&runtime).await;
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
    ] {
        let reason = split_reason(&runtime, "floods", flood.clone()).await;
        assert!(matches!(reason, FaultReason::OutputTooLarge(_)), "{flood}: {reason}");
    }
    let lines = json!({"chunks": 1, "letters": 1, "log_lines": 100_000, "log_letters": 100});
    assert_eq!(split(&runtime, "floods", lines).await.unwrap().chunks.len(), 1, "log floods are dropped, not fatal");
    goes_on(&runtime).await;
}

#[tokio::test]
async fn blocks_without_end_are_stopped() {
    let runtime = runtime();
    let limits = LimitOverrides { max_blocks: Some(10_000), ..quick() };
    install_with(&runtime, "gushes", json!({}), Grants::default(), limits).await.unwrap();
    let parser = runtime.parser_for("a.gush", "text/plain").unwrap();
    let fault = parser.parse(file("a.gush"), &JsonMap::new(), CallContext::default()).await.unwrap_err();
    assert!(matches!(&fault.reason, FaultReason::OutputTooLarge(what) if what.contains("10000 blocks")), "{fault}");
    assert!(runtime.parser_for("x", "application/x-gush; charset=utf-8").is_some());
    assert!(runtime.parser_for("gush", "text/plain").is_none());
    goes_on(&runtime).await;
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_named() {
    let runtime = runtime();
    let limits = LimitOverrides { page_timeout: Some(std::time::Duration::from_millis(200)), ..quick() };
    install_with(&runtime, "lingers", json!({}), Grants::default(), limits).await.unwrap();
    let parser = runtime.parser_for("a.linger", "text/plain").unwrap();
    let fault = parser.parse(file("a.linger"), &JsonMap::new(), CallContext::default()).await.unwrap_err();
    assert!(matches!(fault.reason, FaultReason::PageTimedOut { page: 2, ms: 200 }), "{fault}");
    goes_on(&runtime).await;
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
    goes_on(&runtime).await;
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
    goes_on(&runtime).await;
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
    assert!(runtime.list().is_empty());
    let error: mortise_domain::Error = error.into();
    assert!(matches!(error, mortise_domain::Error::Invalid { field, .. } if field == "component"));
}
