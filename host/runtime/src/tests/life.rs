//! Names, replacement while busy, warm starts, progress.

use super::*;
use mortise_domain::role::Plugins;
use mortise_domain::{Cancel, PluginHost, Role};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn names_aliases_and_suffixes() {
    let runtime = runtime();
    install(&runtime, "third_party", json!({})).await.unwrap();
    let named = Install { name: Some("own@home".into()), component: guest("third_party"), ..Install::default() };
    runtime.install(named).await.unwrap();
    runtime.alias(None, Role::Chunker, "book", "sentences").unwrap();
    for name in ["sentences", "own@home", "sentences@any", "own@home@any", "book", "book@any"] {
        assert!(runtime.has(Role::Chunker, name), "{name}");
    }
    assert_eq!(runtime.chunker("book@any").unwrap().info().name, "sentences");
    assert_eq!(runtime.aliases(Role::Chunker), [("book".to_owned(), "sentences".to_owned())]);
    for name in ["own", "", "@", "other"] {
        assert!(!runtime.has(Role::Chunker, name), "{name}");
    }
    assert!(!runtime.has(Role::Reranker, "sentences"));
    assert!(matches!(runtime.chunker("other"), Err(mortise_domain::Error::NotFound { .. })));
    assert!(runtime.alias(None, Role::Chunker, "x", "other").is_err());
    assert!(runtime.remove(None, Role::Chunker, "sentences") && !runtime.remove(None, Role::Chunker, "sentences"));
    assert!(!runtime.has(Role::Chunker, "book"), "an alias of nothing");
    assert_eq!(runtime.list().len(), 1);
    let unnamed = Install { name: Some(" ".into()), component: guest("third_party"), ..Install::default() };
    assert!(matches!(runtime.install(unnamed).await, Err(InstallError::Name(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_replaced_while_it_is_busy() {
    let runtime = runtime();
    install(&runtime, "loops", json!({})).await.unwrap();
    let busy = runtime.chunker("loops").unwrap();
    let cancel = Cancel::new();
    let context = CallContext { cancel: cancel.clone(), progress: None };
    let call = tokio::spawn(async move { busy.split(file("a"), document(&[]), &JsonMap::new(), context).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Another component under the same name.
    let new = Install { name: Some("loops".into()), component: guest("third_party"), ..Install::default() };
    runtime.install(new).await.unwrap();
    assert_eq!(split(&runtime, "loops", json!({})).await.unwrap().chunks.len(), 1);
    assert!(!call.is_finished(), "the old one goes on");
    cancel.cancel();
    assert!(call.await.unwrap().unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_second_start_only_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let runtime = Runtime::new(RuntimeOptions { cache_dir: folder.path().into(), count_fuel: false }).unwrap();
        let info = install(&runtime, "third_party", json!({})).await.unwrap();
        (runtime, info)
    };
    let (_, first) = start().await;
    // Only the description is left: a start that compiled would leave native code again.
    std::fs::remove_dir_all(folder.path().join("native")).unwrap();
    let (runtime, second) = start().await;
    let native = || std::fs::read_dir(folder.path().join("native")).unwrap().count();
    assert_eq!(native(), 0, "nothing is compiled before it is used");
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    split(&runtime, "sentences", json!({})).await.unwrap();
    assert_eq!(native(), 1);
}

#[tokio::test]
async fn the_same_bytes_give_the_same_chunks() {
    let runtime = runtime();
    install(&runtime, "third_party", json!({})).await.unwrap();
    let chunker = runtime.chunker("sentences").unwrap();
    let parsed = document(&["One sentence. Another one! A third?", "And a paragraph of its own."]);
    let cut = async || {
        let config = JsonMap::new();
        let context = CallContext::default();
        chunker.split(file("a.txt"), parsed.clone(), &config, context).await.unwrap()
    };
    let (first, second) = (cut().await, cut().await);
    assert!(!first.chunks.is_empty());
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert!(first.chunks.iter().flat_map(|chunk| &chunk.blocks).all(|block| *block < 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beyond_the_concurrency_wait_and_can_be_cancelled_there() {
    let runtime = runtime();
    let limits = LimitOverrides { concurrency: Some(1), ..quick() };
    install_with(&runtime, "loops", json!({}), Grants::default(), limits).await.unwrap();
    let call = |cancel: &Cancel| {
        let (chunker, context) =
            (runtime.chunker("loops").unwrap(), CallContext { cancel: cancel.clone(), progress: None });
        tokio::spawn(async move { chunker.split(file("a"), document(&[]), &JsonMap::new(), context).await })
    };
    let (running, waiting) = (Cancel::new(), Cancel::new());
    let first = call(&running);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = call(&waiting);
    waiting.cancel();
    assert!(second.await.unwrap().unwrap_err().is_cancelled(), "it never ran");
    assert!(!first.is_finished());
    running.cancel();
    assert!(first.await.unwrap().unwrap_err().is_cancelled());
}
