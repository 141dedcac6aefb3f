//! `mortise plugin test`: the conformance kit, and the author's own cases.

use crate::cases::{self, CaseEnd, CaseOutcome};
use crate::kit::{self, Report};
use crate::paint::{Paint, count, safe};
use crate::{Error, Result, Target, Workbench};
use mortise_domain::Json;
use serde_json::json;

/// How a component did.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What the conformance kit found; none when only cases were run.
    pub kit: Option<Report>,
    /// The author's cases.
    pub cases: Vec<CaseOutcome>,
}

/// Tests a component: with `only`, by that check or case alone; with `bless`, writes what the cases expect, and runs no
/// check.
///
/// # Errors
/// What keeps tests from running; tests that fail are in the verdict.
pub async fn test(bench: &Workbench, target: &Target, only: Option<&str>, bless: bool) -> Result<Verdict> {
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
        (false, None) => Some(kit::check(bench, target, only).await?),
        _ => None,
    };
    let mut outcomes = Vec::with_capacity(found.len());
    if !found.is_empty() {
        let role = bench.inspect(target).await?.info.role;
        for case in found {
            outcomes.push(cases::run(bench, target, role, &case, bless).await);
        }
    }
    Ok(Verdict { kit, cases: outcomes })
}

impl Verdict {
    /// Whether nothing failed.
    pub fn passed(&self) -> bool {
        let cases = self.cases.iter().all(|case| !matches!(case.end, CaseEnd::Failed(_)));
        cases && self.kit.as_ref().is_none_or(|kit| kit.passed)
    }

    /// The verdict for people.
    pub fn print(&self, paint: Paint) -> String {
        let mut text = self.kit.as_ref().map(|kit| kit.table.clone()).unwrap_or_default();
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
            "conformance": self.kit.as_ref().map(|kit| kit.json.clone()),
            "cases": self.cases.iter().map(case).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let refused = Report { passed: false, table: "T\n".into(), json: json!({"passed": false}) };
        let both = Verdict { kit: Some(refused), ..verdict(CaseEnd::Passed) };
        assert!(!both.passed() && both.print(Paint::default()).starts_with("T\n\n"));
    }
}
