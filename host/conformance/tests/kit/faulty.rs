//! Every bug of `tests/guests/faulty` fails the checks that are meant for it, and no other.

use super::{failed, guest, run};
use mortise_conformance::Options;
use serde_json::Value;

/// Runs a guest with every one of its bugs.
async fn find(name: &str, options: Options, bugs: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (bug, checks) in bugs {
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
async fn chunkers() {
    find(
        "faulty_chunker",
        Options::default(),
        &[
            ("", &[]),
            ("drops-code", &["nothing-lost", "odd-blocks"]),
            ("reorders", &["order-kept"]),
            ("positions-for-ids", &["sparse-ids"]),
            ("loses-header", &["table-header-repeated"]),
            ("no-limit", &["size-bound"]),
            ("blank-chunks", &["no-blank-chunks"]),
            ("progress-back", &["progress-rises"]),
            ("random", &["deterministic", "instances-agree"]),
            ("fails-on-nothing", &["empty-document", "blank-blocks"]),
            ("cuts-anywhere", &["combining-marks", "emoji"]),
        ],
    )
    .await;
}
