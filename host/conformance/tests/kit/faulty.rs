//! Every bug of `tests/guests/faulty` fails the checks that are meant for it, and no other.

use super::{failed, guest, map, run};
use bytes::Bytes;
use mortise_conformance::Options;
use serde_json::{Value, json};

/// Runs a guest with every one of its bugs; without any it must pass.
async fn find(name: &str, options: Options, bugs: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (bug, checks) in [("", &[][..])].iter().chain(bugs) {
        let mut options = options.clone();
        options.config.insert("fault".into(), Value::from(*bug));
        let report = run(guest(name), options).await;
        if failed(&report) != *checks {
            wrong.push(format!("{bug:?} fails {:?} instead of {checks:?}\n{}", failed(&report), report.table()));
        }
    }
    assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn chunkers_that_lose_or_misplace() {
    find(
        "faulty_chunker",
        Options::default(),
        &[
            ("drops-code", &["nothing-lost", "odd-blocks"]),
            ("drops-tails", &["cjk", "rtl", "combining-marks", "emoji", "giant-line"]),
            ("reorders", &["order-kept"]),
            ("wrong-block", &["blocks-true", "sparse-ids"]),
            ("positions-for-ids", &["sparse-ids"]),
            ("stale-headings", &["headings-context"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunkers_that_cut_wrongly() {
    find(
        "faulty_chunker",
        Options::default(),
        &[
            ("loses-header", &["table-header-repeated"]),
            ("tears-rows", &["rows-atomic"]),
            ("no-limit", &["size-bound"]),
            ("cuts-anywhere", &["combining-marks", "emoji"]),
            ("blank-chunks", &["no-blank-chunks"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunkers_that_behave_badly() {
    find(
        "faulty_chunker",
        Options::default(),
        &[
            ("progress-back", &["progress-rises"]),
            ("fails-on-nothing", &["empty-document", "blank-blocks"]),
            ("quadratic", &["work-linear"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parsers() {
    find(
        "faulty_parser",
        Options::default(),
        &[
            ("drops-third", &["text-found"]),
            ("strict-utf8", &["random-bytes"]),
            ("keeps-mark", &["byte-order-mark"]),
            ("keeps-returns", &["line-ends"]),
            ("empty-is-a-bug", &["empty-file"]),
            ("one-page", &["pages-sound"]),
            ("ascii-only", &["cjk", "rtl", "combining-marks", "emoji"]),
            ("wrong-language", &["languages-valid"]),
            ("levels", &["levels-sound"]),
            ("progress-back", &["progress-rises"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn embedders() {
    find(
        "faulty_embedder",
        Options::default(),
        &[
            ("sorts-batch", &["order-kept"]),
            ("one-vector", &["texts-differ"]),
            ("remembers", &["stateless"]),
            ("counts-batch", &["same-text"]),
            ("queries-apart", &["similar-closer"]),
            ("not-normalised", &["works", "normalised"]),
            ("long-not-normalised", &["normalised"]),
            ("nan-for-nothing", &["empty-text"]),
            ("refuses-nothing", &["empty-list"]),
            ("wrong-language", &["languages-valid"]),
            ("random", &["deterministic"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rerankers() {
    find(
        "faulty_reranker",
        Options::default(),
        &[
            ("sorts", &["order-kept"]),
            ("by-position", &["duplicates-equal"]),
            ("upside-down", &["relevant-first"]),
            ("constant", &["scores-differ"]),
            ("divides-by-zero", &["empty-query"]),
            ("at-most-hundred", &["many-texts"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_models() {
    find(
        "faulty_chat_model",
        Options::default(),
        &[
            ("no-usage", &["usage-present"]),
            ("no-finish", &["works"]),
            ("finishes-for-length", &["finish-reason"]),
            ("ignores-stop", &["stop-honoured"]),
            ("stops-at-nothing", &["stop-absent"]),
            ("ignores-limit", &["max-tokens-honoured"]),
            ("empty-deltas", &["deltas-concatenate"]),
            ("no-system", &["system-message"]),
            ("panics-on-nothing", &["no-messages"]),
            ("remembers", &["deterministic"]),
        ],
    )
    .await;
}

/// What the service of `faulty_adapter` says.
const LINES: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/jsonl\r\n\r\n\
    {\"delta\": \"The keeper counted \"}\n{\"delta\": \"seven ships 灯塔 \"}\n{\"delta\": \"👩‍👩‍👧‍👦.\"}\n\
    {\"usage\": [3, 4]}\n{\"finish\": \"stop\"}\n";

#[tokio::test(flavor = "multi_thread")]
async fn adapters() {
    let options = Options {
        config: map(json!({"base_url": "{upstream}/v1", "secret": "key"})),
        http: vec!["{upstream_host}".into()],
        answer: Some(Bytes::from_static(LINES.as_bytes())),
        ..Options::default()
    };
    find(
        "faulty_adapter",
        options,
        &[
            ("ignores-stop", &["stop-honoured"]),
            ("ignores-limit", &["max-tokens-honoured"]),
            ("ascii-only", &["unicode-survives"]),
            ("busy-is-internal", &["upstream-429"]),
            ("key-is-config", &["upstream-401"]),
            ("forgets-wait", &["retry-after-told"]),
            ("forgets-status", &["upstream-401"]),
            ("ignores-status", &["upstream-401"]),
            ("decodes-pieces", &["split-anywhere", "byte-by-byte"]),
            ("trusts-the-end", &["upstream-empty", "upstream-truncated"]),
            ("garbage-is-internal", &["upstream-garbage"]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remote_embedders() {
    let answer = "HTTP/1.1 200 OK\ncontent-type: application/json\n\n{\"vectors\": [[0.25, -1.5, 3]]}";
    let options = Options {
        config: map(json!({"base_url": "{upstream}"})),
        answer: Some(Bytes::from_static(answer.as_bytes())),
        ..Options::default()
    };
    find("faulty_remote_embedder", options, &[("nothing-is-zeros", &["upstream-empty", "upstream-garbage"])]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptions_and_settings() {
    let report = run(guest("faulty_description"), Options::default()).await;
    assert_eq!(failed(&report), ["describe-stable"], "{}", report.table());
    let report = run(guest("faulty_settings"), Options::default()).await;
    let wanted = ["defaults-valid", "settings-described", "unknown-settings", "wrong-types", "settings-accepted"];
    assert_eq!(failed(&report), wanted, "{}", report.table());
}
