//! `mortise plugin test`: the conformance kit, and the author's own cases.

use crate::cases::{self, CaseEnd, CaseOutcome};
use crate::kit::{self, Report};
use crate::paint::{Paint, count, safe};
use crate::{Error, Result, Target, Workbench};
use mortise_domain::Json;
use serde_json::json;
use std::path::Path;

/// How a component did.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What the conformance kit found; none when only cases were run.
    pub kit: Option<Report>,
    /// The author's cases.
    pub cases: Vec<CaseOutcome>,
}

/// Tests a component: with `only`, by that check or case alone; with `bless`, writes what the cases expect, and runs no
/// check. `cache` is where compiled plugins are kept.
///
/// # Errors
/// What keeps tests from running; tests that fail are in the verdict.
pub async fn test(
    bench: &Workbench,
    cache: &Path,
    target: &Target,
    only: Option<&str>,
    bless: bool,
) -> Result<Verdict> {
    let mut found = match &target.folder {
        Some((folder, _)) => cases::find(folder)?,
        None => Vec::new(),
    };
    let is_case = |name: &str| found.iter().any(|case| case.file_name().is_some_and(|file| file == name));
    let one_case = only.filter(|name| is_case(name));
    if let Some(name) = one_case {
        found.retain(|case| case.file_name().is_some_and(|file| file == name));
    } else if only.is_some() {
        found.clear();
    }
    if bless && found.is_empty() {
        return Err(Error::input(&target.path, "there is no such case to bless: a case is a folder in cases/"));
    }
    let kit = match (bless, one_case) {
        (false, None) => Some(kit::check(&Workbench::metered(cache)?, target, only).await?),
        _ => None,
    };
    let mut outcomes = Vec::with_capacity(found.len());
    for case in found {
        outcomes.push(cases::run(bench, target, &case, bless).await);
    }
    Ok(Verdict { kit, cases: outcomes })
}

impl Verdict {
    /// Whether nothing failed.
    pub fn passed(&self) -> bool {
        let cases = self.cases.iter().all(|case| !matches!(case.end, CaseEnd::Failed(_)));
        cases && self.kit.as_ref().is_none_or(Report::passed)
    }

    /// The verdict for people.
    pub fn print(&self, paint: Paint) -> String {
        let mut text = self.kit.as_ref().map(|kit| painted(&kit.table(), paint)).unwrap_or_default();
        if self.kit.is_some() && !self.cases.is_empty() {
            text.push('\n');
        }
        for case in &self.cases {
            let (end, detail) = match &case.end {
                CaseEnd::Passed => (paint.green("passed "), ""),
                CaseEnd::Blessed(true) => (paint.yellow("blessed"), ""),
                CaseEnd::Blessed(false) => (paint.green("as it was"), ""),
                CaseEnd::Failed(why) => (paint.red("FAILED "), why.as_str()),
            };
            text.push_str(&format!("  {end}  case {} ({} ms)\n", safe(&case.name), case.millis));
            for line in safe(detail).lines() {
                let line = match line.as_bytes().first() {
                    Some(b'-') => paint.red(line),
                    Some(b'+') => paint.green(line),
                    Some(b'~') => paint.yellow(line),
                    _ => line.to_owned(),
                };
                text.push_str(&format!("      {line}\n"));
            }
        }
        if self.cases.iter().any(|case| matches!(&case.end, CaseEnd::Failed(why) if why.contains("\n"))) {
            text.push_str(
                &paint.dim(
                    "      - expected, + given; if what is given is right, `mortise plugin test --bless` keeps it\n",
                ),
            );
        }
        let failed = self.cases.iter().filter(|case| matches!(case.end, CaseEnd::Failed(_))).count();
        if !self.cases.is_empty() {
            text.push_str(&format!("{}, {failed} failed\n", count(self.cases.len(), "case")));
        }
        if self.kit.is_none() && self.cases.is_empty() {
            text.push_str("nothing was tested\n");
        }
        text
    }

    /// The verdict for machines.
    pub fn json(&self) -> Json {
        let case = |case: &CaseOutcome| {
            let (status, detail) = match &case.end {
                CaseEnd::Passed => ("passed", String::new()),
                CaseEnd::Blessed(changed) => ("blessed", if *changed { "changed" } else { "as it was" }.to_owned()),
                CaseEnd::Failed(why) => ("failed", why.clone()),
            };
            json!({ "name": case.name, "status": status, "detail": detail, "milliseconds": case.millis })
        };
        json!({
            "passed": self.passed(),
            "conformance": self.kit.as_ref().map(Report::json),
            "cases": self.cases.iter().map(case).collect::<Vec<_>>(),
        })
    }
}

/// The kit's table, its ends coloured.
fn painted(table: &str, paint: Paint) -> String {
    let line = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        let colour = match word {
            "FAILED" => Paint::red,
            "passed" => Paint::green,
            "skipped" => Paint::dim,
            _ => return safe(line) + "\n",
        };
        safe(line).replacen(word, &colour(paint, word), 1) + "\n"
    };
    table.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_conformance::{Outcome, Status};

    fn report(status: Status) -> Report {
        let check = Outcome { name: "nothing-lost".into(), status, detail: String::new(), milliseconds: 1 };
        let (plugin, version, digest) = ("x".to_owned(), "0.1.0".to_owned(), "0".repeat(64));
        Report { role: None, plugin, version, digest, checks: vec![check] }
    }

    fn verdict(end: CaseEnd) -> Verdict {
        Verdict { kit: None, cases: vec![CaseOutcome { name: "five".into(), end, millis: 7 }] }
    }

    #[test]
    fn one_failed_case_fails_all() {
        assert!(verdict(CaseEnd::Passed).passed() && verdict(CaseEnd::Blessed(true)).passed());
        let failed = verdict(CaseEnd::Failed("  a\n- b\n+ c\n".into()));
        assert!(!failed.passed());
        let text = failed.print(Paint::default());
        assert!(
            text.contains("FAILED   case five (7 ms)\n        a\n      - b\n      + c\n") && text.contains("--bless"),
            "{text}"
        );
        assert!(text.ends_with("1 case, 1 failed\n"), "{text}");
        assert_eq!(failed.json()["cases"][0]["status"], "failed");
        let both = Verdict { kit: Some(report(Status::Failed)), ..verdict(CaseEnd::Passed) };
        assert!(!both.passed() && !both.print(Paint::default()).contains('\x1b'));
        assert!(both.print(Paint { colour: true }).contains("\x1b[31mFAILED\x1b[0m"));
        assert!(Verdict { kit: Some(report(Status::Skipped)), ..verdict(CaseEnd::Passed) }.passed());
    }
}
