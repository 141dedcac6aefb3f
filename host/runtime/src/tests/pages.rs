//! Parsers that read windows of pages side by side, and draw pages.

use super::{install, install_with, lost, map, runtime, seen};
use crate::{Grants, LimitOverrides, Runtime};
use mortise_domain::block::{Image, Parsed, Rect};
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{CallContext, PageView, Plugins};
use mortise_domain::source::SourceFile;
use mortise_domain::{Cancel, PluginFault, Role};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A file of pages, each with its number but for those that say something else.
fn book(pages: u32, special: &[(u32, &str)]) -> SourceFile {
    let mut bytes = Vec::new();
    for page in 1..=pages {
        let line = special.iter().find(|(at, _)| *at == page).map(|(_, line)| (*line).to_owned());
        let mut page = line.unwrap_or_else(|| format!("page {page}")).into_bytes();
        page.resize(4096, b' ');
        bytes.extend(page);
    }
    SourceFile { name: "book.paged".into(), media_type: String::new(), bytes: Arc::new(bytes) }
}

async fn parse(runtime: &Runtime, file: SourceFile) -> Result<Parsed, PluginFault> {
    let parser = runtime.parser("paged").unwrap();
    parser.parse(file, &map(Value::Null), CallContext::default()).await
}

fn texts(parsed: &Parsed) -> Vec<(u32, &str)> {
    parsed.blocks.iter().map(|block| (block.places[0].page, block.text.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_are_read_side_by_side_and_come_in_order() {
    let runtime = runtime();
    install(&runtime, "paged", json!({})).await.unwrap();
    for (pages, instances) in [(20, 1), (60, 2), (300, 7)] {
        let before = seen(&runtime, Role::Parser, "paged").instances;
        let parsed = parse(&runtime, book(pages, &[])).await.unwrap();
        let expected: Vec<(u32, String)> = (1..=pages).map(|page| (page, format!("page {page}"))).collect();
        let expected: Vec<(u32, &str)> = expected.iter().map(|(page, text)| (*page, text.as_str())).collect();
        assert_eq!((texts(&parsed), parsed.pages), (expected, pages));
        // Small files are read at once; then comes one that counts, one for every window, and one that composes.
        assert_eq!(seen(&runtime, Role::Parser, "paged").instances - before, instances, "{pages} pages");
    }
    let stats = seen(&runtime, Role::Parser, "paged");
    assert_eq!((stats.calls, stats.running, stats.waiting), (3, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_of_all_windows_rises() {
    let runtime = runtime();
    install(&runtime, "paged", json!({})).await.unwrap();
    let told: Arc<Mutex<Vec<f32>>> = Arc::default();
    let keep = told.clone();
    let progress = Some(Arc::new(move |done: f32, _: &str| keep.lock().push(done)) as mortise_domain::role::OnProgress);
    let context = CallContext { progress, ..CallContext::default() };
    runtime.parser("paged").unwrap().parse(book(300, &[]), &map(Value::Null), context).await.unwrap();
    let told = told.lock();
    assert!(told.is_sorted() && told.len() > 10 && told.last().is_some_and(|last| (0.79..=1.0).contains(last)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_page_costs_one_call_and_is_named() {
    let runtime = runtime();
    let limits = LimitOverrides { page_timeout: Some(Duration::from_millis(300)), ..super::quick() };
    install_with(&runtime, "paged", json!({}), Grants::default(), limits).await.unwrap();
    let reason = async |page: u32, what: &str| parse(&runtime, book(300, &[(page, what)])).await.unwrap_err().reason;
    let trapped = reason(200, "trap").await;
    assert!(matches!(&trapped, FaultReason::Trapped(why) if why.contains("page 200")), "{trapped}");
    let refused = reason(299, "refuse").await;
    assert!(matches!(&refused, FaultReason::Refused(why) if why == "a page is damaged"), "{refused}");
    let late = reason(130, "loop").await;
    assert!(matches!(late, FaultReason::PageTimedOut { page: 130, ms: 300 }), "{late}");
    let cancel = Cancel::new();
    let (raise, context) = (cancel.clone(), CallContext { cancel, progress: None });
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        raise.cancel();
    });
    let parser = runtime.parser("paged").unwrap();
    let cancelled = parser.parse(book(300, &[(1, "loop"), (65, "loop")]), &map(Value::Null), context).await;
    assert!(cancelled.unwrap_err().is_cancelled());
    lost(&runtime, Role::Parser, "paged", &[("cancelled", 1), ("refused", 1), ("timed-out", 1), ("trapped", 1)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_drawn_and_pictures_checked() {
    let runtime = runtime();
    install(&runtime, "paged", json!({})).await.unwrap();
    let draw = async |view: PageView, config: Value| -> Result<Option<Image>, FaultReason> {
        let parser = runtime.parser("paged").unwrap();
        parser.render(book(3, &[]), &map(config), view, Cancel::new()).await.map_err(|fault| fault.reason)
    };
    let area = Some(Rect { left: 1.0, top: 2.0, right: 3.0, bottom: 4.0 });
    let drawn = draw(PageView { page: 2, area, dpi: 72.0 }, Value::Null).await.unwrap().unwrap();
    assert_eq!(drawn, Image { media_type: "image/png".into(), bytes: b"2 Some((1.0, 4.0)) 72".to_vec() });
    let whole = PageView { page: 4, area: None, dpi: 72.0 };
    assert!(matches!(draw(whole, Value::Null).await, Err(FaultReason::Refused(why)) if why.contains("no page 4")));
    let first = PageView { page: 1, ..whole };
    for (drawn, why) in [("text", "text/html"), ("empty", "without bytes")] {
        let reason = draw(first, json!({ "drawn": drawn })).await.unwrap_err();
        assert!(matches!(&reason, FaultReason::InvalidOutput(what) if what.contains(why)), "{reason}");
    }
    // A parser without pages draws none.
    install(&runtime, "gushes", json!({})).await.unwrap();
    let other = runtime.parser("gushes").unwrap();
    assert_eq!(other.render(book(1, &[]), &map(Value::Null), first, Cancel::new()).await.unwrap(), None);
}
