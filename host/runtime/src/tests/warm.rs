//! Warm instances: lent again, replaced after so many calls or when their memory has grown, gone when nobody uses them.

use super::*;
use mortise_domain::role::InputKind;
use serde_json::json;
use std::time::Duration;

async fn embed(runtime: &Runtime, name: &str) -> Result<Vec<Vec<f32>>, FaultReason> {
    let embedder = runtime.embedder(name).unwrap();
    embedder.embed(vec!["a".into()], InputKind::Passage).await.map_err(|fault| fault.reason)
}

fn counts(runtime: &Runtime) -> (u64, u64) {
    let stats = seen(runtime, Role::Embedder, "swells");
    (stats.instances, stats.warm)
}

#[tokio::test]
async fn instances_are_replaced_after_so_many_calls() {
    let runtime = runtime();
    let limits = LimitOverrides { recycle_calls: Some(3), ..quick() };
    install_with(&runtime, "swells", json!({}), Grants::default(), limits).await.unwrap();
    let mut instances = Vec::new();
    // The first question of all asks for the space too.
    for _ in 0..6 {
        embed(&runtime, "swells").await.unwrap();
        instances.push(counts(&runtime));
    }
    assert_eq!(instances, [(1, 1), (1, 0), (2, 1), (2, 1), (2, 0), (3, 1)]);
}

#[tokio::test]
async fn instances_are_replaced_before_they_run_out_of_memory() {
    let runtime = runtime();
    let memory = 64 << 20;
    install(&runtime, "swells", json!({"megabytes": 10})).await.unwrap();
    for _ in 0..40 {
        embed(&runtime, "swells").await.unwrap();
    }
    let stats = seen(&runtime, Role::Embedder, "swells");
    assert!(stats.faults.is_empty(), "{stats:?}");
    assert!(stats.instances > 5 && stats.instances < 40, "{stats:?}");
    assert!(stats.peak_memory_bytes > memory / 2 && stats.peak_memory_bytes <= memory, "{stats:?}");
    // One that wants more at once than it may ever have fails alone.
    install(&runtime, "swells", json!({"megabytes": 100})).await.unwrap();
    let reason = embed(&runtime, "swells").await.unwrap_err();
    assert!(matches!(reason, FaultReason::OutOfMemory(limit) if limit == memory), "{reason}");
    assert_eq!(counts(&runtime).1, 0, "the instance is dropped");
}

#[tokio::test]
async fn instances_that_nobody_uses_go() {
    let runtime = runtime();
    let limits = LimitOverrides { idle_timeout: Some(Duration::from_millis(300)), ..quick() };
    install_with(&runtime, "swells", json!({}), Grants::default(), limits).await.unwrap();
    for round in 1..=2 {
        embed(&runtime, "swells").await.unwrap();
        while counts(&runtime) != (round, 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(runtime.shared().idle.waiting(), 0);
}

#[tokio::test]
async fn instances_go_with_their_plugin() {
    let runtime = runtime();
    let before = runtime.shared().sandbox.places.available_permits();
    install(&runtime, "swells", json!({})).await.unwrap();
    embed(&runtime, "swells").await.unwrap();
    assert_eq!(counts(&runtime), (1, 1));
    install(&runtime, "swells", json!({"megabytes": 1})).await.unwrap();
    assert_eq!(counts(&runtime), (1, 0), "replaced");
    embed(&runtime, "swells").await.unwrap();
    assert_eq!(counts(&runtime), (2, 1));
    runtime.remove(None, Role::Embedder, "swells");
    assert_eq!(runtime.shared().idle.waiting(), 0);
    assert_eq!(runtime.shared().sandbox.places.available_permits(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_warm_instances_than_there_is_room_for_are_no_error() {
    let runtime = runtime();
    // One component under more names than instances may wait.
    let names = u64::from(crate::engine::IDLE) + 100;
    for number in 0..names {
        let install = Install {
            name: Some(format!("swells-{number}")),
            component: guest("swells"),
            limits: LimitOverrides { idle_timeout: Some(Duration::from_secs(600)), ..quick() },
            ..Install::default()
        };
        runtime.install(install).await.unwrap();
        embed(&runtime, &format!("swells-{number}")).await.unwrap();
    }
    let warm = |runtime: &Runtime| runtime.stats().iter().map(|(_, stats)| stats.warm).sum::<u64>();
    assert_eq!(warm(&runtime), u64::from(crate::engine::IDLE));
    assert_eq!(seen(&runtime, Role::Embedder, "swells-0").warm, 0, "the longest unused went");
    assert_eq!(seen(&runtime, Role::Embedder, &format!("swells-{}", names - 1)).warm, 1);
    embed(&runtime, "swells-0").await.unwrap();
    assert_eq!(warm(&runtime), u64::from(crate::engine::IDLE));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_there_are_places_wait() {
    let runtime = runtime();
    let limits = LimitOverrides { concurrency: Some(100), ..quick() };
    install_with(&runtime, "moody", json!({}), Grants::default(), limits).await.unwrap();
    split(&runtime, "moody", json!({})).await.unwrap();
    let places = &runtime.shared().sandbox.places;
    let free = u32::try_from(places.available_permits()).unwrap();
    let taken = places.acquire_many(free - 2).await.unwrap();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let runtime = runtime.clone();
            tokio::spawn(async move { split(&runtime, "moody", json!({})).await.map(|chunks| chunks.chunks.len()) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 1);
    }
    assert_eq!(places.available_permits(), 2);
    drop(taken);
    assert_eq!(places.available_permits(), free as usize);
}
