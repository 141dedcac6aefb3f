//! What a component says of itself.

use crate::check::{Check, End, Verdict, check, ensure, fail, well};
use crate::subject::Subject;
use mortise_domain::{PluginInfo, Role};

pub(crate) const CHECKS: &[Check] = &[
    check!(
        "installs",
        installs,
        "The host takes the component: it is of one role, imports only what that role may, describes itself, and its \
         settings fit its own schema."
    ),
    check!(
        "describe-stable",
        describe_stable,
        "`describe` gives the same answer every time, in fresh instances: it depends on nothing."
    ),
    check!(
        "describe-complete",
        describe_complete,
        "The summary is one sentence on one line; parsers name media types as `type/subtype` and extensions in lower case."
    ),
    check!(
        "capabilities-asked",
        capabilities_asked,
        "The component asks for exactly what it uses: who imports `wasi:http` or `inference` asks for it, and who asks \
         imports it."
    ),
];

async fn installs(subject: &Subject) -> Verdict {
    let inspection = &subject.inspection;
    subject.installed().await?;
    Ok(format!("contract {}, {} bytes, {} imports", inspection.contract, inspection.size, inspection.imports.len()))
}

/// Often enough that a description by chance or by the clock is found out.
const TIMES: usize = 4;

async fn describe_stable(subject: &Subject) -> Verdict {
    let mut first: Option<PluginInfo> = None;
    for time in 0..TIMES {
        if time > 0 {
            // A clock of milliseconds has gone on meanwhile.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let told = subject.runtime.describe(subject.component.clone()).await;
        let told = told.map_err(|error| End::Failed(format!("time {}: {error}", time + 1)))?;
        match &first {
            None => first = Some(told),
            Some(first) => {
                if let Some(field) = difference(first, &told) {
                    fail!("the {field} is another one the {}. time", time + 1)
                }
            }
        }
    }
    well()
}

fn difference(a: &PluginInfo, b: &PluginInfo) -> Option<&'static str> {
    let same = [
        ("name", a.name == b.name),
        ("version", a.version == b.version),
        ("summary", a.summary == b.summary),
        ("config schema", a.config_schema == b.config_schema),
        ("list of capabilities", a.requests == b.requests),
        ("list of extensions", a.extensions == b.extensions),
        ("list of media types", a.media_types == b.media_types),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

/// Longest summary that fits a list, in characters.
const SUMMARY: usize = 200;

async fn describe_complete(subject: &Subject) -> Verdict {
    let info = &subject.info;
    let summary = info.summary.trim();
    ensure!(!summary.is_empty(), "the summary is empty");
    ensure!(!summary.contains('\n'), "the summary has several lines");
    ensure!(summary.chars().count() <= SUMMARY, "the summary is longer than {SUMMARY} characters");
    for extension in &*info.extensions {
        let sound = !extension.is_empty() && extension.chars().all(|c| c.is_alphanumeric() || "-_+".contains(c));
        ensure!(sound, "{extension:?} is not an extension: write it without a dot");
    }
    for kind in &*info.media_types {
        let sound = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"/;,".contains(c));
        let parts = kind.split_once('/').is_some_and(|(kind, sub)| sound(kind) && sound(sub));
        ensure!(parts, "{kind:?} is not a media type: write type/subtype");
    }
    well()
}

async fn capabilities_asked(subject: &Subject) -> Verdict {
    let imports = |what: &str| subject.inspection.imports.iter().any(|import| import.starts_with(what));
    for (what, import) in [("http", "wasi:http/outgoing-handler"), ("inference", "mortise:plugin/inference@")] {
        let (asks, imports) = (subject.asks(what), imports(import));
        let reachable = match subject.role() {
            Role::Chunker => false,
            Role::Parser => what == "http",
            Role::Embedder | Role::Reranker | Role::ChatModel => true,
        };
        ensure!(!asks || reachable, "a {} cannot be granted {what}, do not ask for it", subject.role());
        ensure!(asks || !imports, "it imports {import} and does not ask for {what}: every use will be denied");
        ensure!(imports || !asks, "it asks for {what} and does not import {import}: ask for what is used");
    }
    let asked = &subject.info.requests;
    Ok(if asked.is_empty() { "asks for nothing".into() } else { asked.join("; ") })
}
