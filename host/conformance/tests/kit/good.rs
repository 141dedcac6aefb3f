//! Components that keep the rules.

use super::{count, guest, map, run};
use bytes::Bytes;
use mortise_conformance::{Options, Report, Status};
use serde_json::json;

/// An answer of a chat-completions service, with text of several scripts.
const OPENAI: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"The keeper counted \"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"seven ships 灯塔 \"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"👩‍👩‍👧‍👦 [ID:0].\"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":7,\"total_tokens\":16}}\n\n\
    data: [DONE]\n\n";

fn openai() -> Options {
    Options {
        config: map(json!({"model": "m", "base_url": "{upstream}/v1", "max_retries": 0})),
        answer: Some(Bytes::from_static(OPENAI.as_bytes())),
        ..Options::default()
    }
}

fn transcribe() -> Options {
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"text\": \"The keeper counted seven ships.\"}";
    Options {
        config: map(json!({"model": "m", "base_url": "{upstream}/v1", "max_retries": 0})),
        answer: Some(Bytes::from_static(answer.as_bytes())),
        ..sample("harbour.wav", b"RIFF\x24\0\0\0WAVEfmt ")
    }
}

/// A picture with words in it.
const SVG: &[u8] = br#"<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><text>Seven ships.</text></svg>"#;

/// A format that the kit cannot write itself.
fn sample(name: &str, bytes: &'static [u8]) -> Options {
    Options { samples: vec![(name.to_owned(), Bytes::from_static(bytes))], ..Options::default() }
}

/// Formats of which the kit has no file: only what holds for any bytes is checked here.
const UNWRITTEN: [&str; 2] = ["doc", "opendocument"];

fn passes(name: &str, report: &Report) {
    assert!(report.passed(), "{}", report.table());
    let least = if UNWRITTEN.contains(&name) { 8 } else { 20 };
    assert!(count(report, Status::Passed) >= least, "{}", report.table());
}

async fn built_in(name: &str, options: Options) -> Report {
    let built_in = mortise_plugins::BUILT_INS.iter().find(|built_in| built_in.name == name).unwrap();
    run(Bytes::from_static(built_in.component), options).await
}

macro_rules! built_ins {
    ($($test:ident: $name:literal, $options:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                passes($name, &built_in($name, $options).await);
            }
        )*

        /// Whoever adds a built-in adds it here too.
        #[test]
        fn every_built_in_is_checked() {
            let known = [$($name),*];
            for built_in in mortise_plugins::BUILT_INS {
                assert!(known.contains(&built_in.name), "{} is not checked", built_in.name);
            }
        }
    };
}

built_ins! {
    naive: "naive", Options::default();
    text: "text", Options::default();
    markdown: "markdown", Options::default();
    html: "html", Options::default();
    pdf: "pdf", Options::default();
    docx: "docx", Options::default();
    audio: "audio", Options::default();
    book: "book", Options::default();
    csv: "csv", Options::default();
    doc: "doc", Options::default();
    email: "email", Options::default();
    epub: "epub", Options::default();
    image: "image", sample("harbour.svg", SVG);
    json: "json", Options::default();
    knowledge_graph: "knowledge-graph", Options::default();
    laws: "laws", Options::default();
    mail: "mail", Options::default();
    manual: "manual", Options::default();
    one: "one", Options::default();
    opendocument: "opendocument", Options::default();
    paper: "paper", Options::default();
    picture: "picture", Options::default();
    presentation: "presentation", Options::default();
    qa: "qa", Options::default();
    resume: "resume", Options::default();
    rtf: "rtf", sample("harbour.rtf", br"{\rtf1\ansi The keeper counted seven ships.\par Crane four lifts eight tons.}");
    sheet: "sheet", Options::default();
    slides: "slides", Options::default();
    table: "table", Options::default();
    tag: "tag", Options::default();
    xml: "xml", Options::default();
    yaml: "yaml", sample("harbour.yaml", b"keeper:\n  ships: 7\n  lamp: lit\n");
    speech: "transcribe", transcribe();
    hashed: "hashed", Options::default();
    overlap: "overlap", Options::default();
    extract: "extract", Options::default();
    openai_adapter: "openai", openai();
}

#[tokio::test(flavor = "multi_thread")]
async fn third_party() {
    passes("third_party", &run(guest("third_party"), Options::default()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_check_alone() {
    let only = |name: &str| Options { only: Some(name.into()), ..Options::default() };
    let report = run(guest("third_party"), only("nothing-lost")).await;
    assert_eq!((report.checks.len(), report.checks[0].name.as_str()), (1, "nothing-lost"));
    assert!(report.passed(), "{}", report.table());
    let report = run(guest("third_party"), only("nothing-found")).await;
    assert_eq!(super::failed(&report), ["nothing-found"], "a check that does not exist is no success");
}

#[tokio::test(flavor = "multi_thread")]
async fn authors_may_say_what_does_not_apply() {
    let skip = [("nothing-lost".to_owned(), "it makes summaries".to_owned())].into();
    let report = run(guest("third_party"), Options { skip, ..Options::default() }).await;
    let skipped = report.checks.iter().find(|outcome| outcome.name == "nothing-lost").unwrap();
    assert_eq!(skipped.status, Status::Skipped);
    assert!(skipped.detail.contains("it makes summaries"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_component_is_told() {
    let report = run(Bytes::from_static(b"%PDF-1.7"), Options::default()).await;
    assert_eq!(super::failed(&report), ["installs"]);
    assert!(report.role.is_none() && report.digest.len() == 64 && report.table().contains("not a WebAssembly file"));
}

#[tokio::test(flavor = "multi_thread")]
async fn adapters_without_a_recorded_answer_are_checked_as_far_as_it_goes() {
    let report = built_in("openai", Options { answer: None, ..openai() }).await;
    assert!(report.passed(), "{}", report.table());
    let of = |name: &str| report.checks.iter().find(|outcome| outcome.name == name).unwrap();
    assert_eq!(of("stop-honoured").status, Status::Skipped);
    assert!(of("stop-honoured").detail.contains("no recorded answer"), "{}", of("stop-honoured").detail);
    assert_eq!(of("upstream-429").status, Status::Passed);
}
