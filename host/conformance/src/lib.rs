//! The conformance kit: runs one component through every check of its role and says which rules it keeps.
//!
//! | file | answers |
//! |---|---|
//! | `report` | what came out, as a table and as JSON? |
//! | `check` | what is a check, and how does it end? |
//! | `subject` | how is the component under test installed and called? |
//! | `upstream` | what does the remote service behind an adapter say? |
//! | `specimen` | which texts are hard, and when has one survived? |
//! | `every` | what is asked of every role? |
//! | `parser`, `chunker`, `embedder`, `reranker`, `chat_model` | what is asked of one role? |
//! | `network` | how do adapters of remote models take a service that fails? |
//!
//! Checks look at the component from outside, through the public door of the runtime: what an author sees here is what
//! a server would do. [`rules`] lists them; `README.md` is made of that list.

mod chat_model;
mod check;
mod chunker;
mod embedder;
mod every;
mod network;
mod parser;
mod report;
mod reranker;
mod specimen;
mod subject;
mod upstream;

pub use check::Rule;
pub use report::{Outcome, Report, Status};

use bytes::Bytes;
use check::{Check, End};
use mortise_domain::{JsonMap, Role};
use mortise_runtime::Runtime;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use subject::Subject;

/// What the author of a component tells the kit.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Settings for every run. In texts, `{upstream}` becomes the address of the kit's own server
    /// (`http://127.0.0.1:PORT`) and `{upstream_host}` its `127.0.0.1:PORT`.
    pub config: JsonMap,
    /// Hosts that the kit grants, with the same placeholders; the kit's own server when empty. Loopback is allowed.
    pub http: Vec<String>,
    /// Names of secrets that the component asks for. The texts among its settings are tried as such names anyway.
    pub secrets: Vec<String>,
    /// Local models that the kit grants.
    pub models: Vec<String>,
    /// A recorded HTTP response of the real service, from its status line on: of an embedder to one text, of a reranker
    /// to two texts, of a chat model to any question.
    pub answer: Option<Bytes>,
    /// Files for a parser, by name.
    pub samples: Vec<(String, Bytes)>,
    /// The name of the only check to run.
    pub only: Option<String>,
    /// Checks that do not apply to this component, with the author's reason; they are reported as skipped.
    pub skip: BTreeMap<String, String>,
}

/// Longest time of one check. What it calls has deadlines of its own; this is for what nobody thought of.
const LONGEST: Duration = Duration::from_secs(600);

/// Runs a component through the checks of its role, one after the other.
pub async fn check(runtime: Arc<Runtime>, component: Bytes, options: Options) -> Report {
    let began = Instant::now();
    let only = options.only.clone();
    let skip = options.skip.clone();
    let subject = match Subject::new(runtime, component, options).await {
        Ok(subject) => subject,
        Err((digest, why)) => return Report::refused(digest, why, began.elapsed()),
    };
    let info = &subject.info;
    let mut report = Report::of(info);
    let checks = checks(info.role);
    let wanted = |check: &&Check| only.as_deref().is_none_or(|only| only == check.name);
    let strangers = only.iter().chain(skip.keys()).filter(|name| !checks.iter().any(|check| check.name == **name));
    for stranger in strangers {
        let told = format!("there is no check of this name for a {}", info.role);
        report.add(stranger, Err(End::Failed(told)), Duration::ZERO);
    }
    for check in checks.iter().copied().filter(wanted) {
        let began = Instant::now();
        let verdict = match skip.get(check.name) {
            Some(reason) => Err(End::Skipped(format!("the author says: {reason}"))),
            None => match tokio::time::timeout(LONGEST, (check.run)(&subject)).await {
                Ok(verdict) => verdict,
                Err(_) => Err(End::Failed(format!("no end after {} s", LONGEST.as_secs()))),
            },
        };
        let took = began.elapsed();
        tracing::debug!(plugin = %info.name, check = check.name, milliseconds = took.as_millis(), ?verdict, "checked");
        report.add(check.name, verdict, took);
    }
    report
}

/// The checks of a role with the rules they stand for, in the order in which they run.
pub fn rules(role: Role) -> Vec<Rule> {
    checks(role).into_iter().map(|check| Rule { name: check.name, rule: check.rule }).collect()
}

fn checks(role: Role) -> Vec<&'static Check> {
    let (own, remote): (&[&[Check]], &[Check]) = match role {
        Role::Parser => (parser::CHECKS, &[]),
        Role::Chunker => (chunker::CHECKS, &[]),
        Role::Embedder => (&[embedder::CHECKS], network::CHECKS),
        Role::Reranker => (&[reranker::CHECKS], network::CHECKS),
        Role::ChatModel => (chat_model::CHECKS, network::CHECKS),
    };
    every::CHECKS.iter().chain(own).copied().flatten().chain(remote).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_checks() {
        for role in Role::ALL {
            let rules = rules(role);
            assert!(rules.len() >= 25, "{role}: {}", rules.len());
            for (at, rule) in rules.iter().enumerate() {
                assert!(rules[..at].iter().all(|other| other.name != rule.name), "{role}: {} twice", rule.name);
                let kebab = rule
                    .name
                    .split('-')
                    .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
                assert!(kebab, "{}", rule.name);
                assert!(rule.rule.ends_with('.') && !rule.rule.contains('|'), "{}", rule.rule);
            }
        }
    }
}
