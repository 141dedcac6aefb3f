//! What came out of a run: for people as a table, for machines as JSON.

use crate::check::{End, Verdict};
use mortise_domain::{Json, PluginInfo, Role};
use serde_json::json;
use std::fmt::Write;
use std::time::Duration;

/// The outcome of all checks of one component.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the component is; `None` when that could not be found out.
    pub role: Option<Role>,
    /// Its own name; empty when it could not be found out.
    pub plugin: String,
    /// Its own version.
    pub version: String,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    /// In the order in which they ran.
    pub checks: Vec<Outcome>,
}

/// How one check ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The check's stable name.
    pub name: String,
    /// Its end.
    pub status: Status,
    /// What was seen, what is wrong, or why it was skipped; may be empty for one that passed.
    pub detail: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// Ends of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The rule is kept.
    Passed,
    /// The rule is broken.
    Failed,
    /// The rule does not apply, or could not be looked at; the detail says why.
    Skipped,
}

impl Status {
    /// `passed`, `failed`, `skipped`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Report {
    pub(crate) fn of(info: &PluginInfo) -> Self {
        Self {
            role: Some(info.role),
            plugin: info.name.clone(),
            version: info.version.clone(),
            digest: info.digest.clone(),
            checks: Vec::new(),
        }
    }

    /// Of a component that the host does not take: nothing else could be looked at.
    pub(crate) fn refused(digest: String, why: String, took: Duration) -> Self {
        let mut report = Self { role: None, plugin: String::new(), version: String::new(), digest, checks: Vec::new() };
        report.add("installs", Err(End::Failed(why)), took);
        report
    }

    pub(crate) fn add(&mut self, name: &str, verdict: Verdict, took: Duration) {
        let (status, detail) = match verdict {
            Ok(note) => (Status::Passed, note),
            Err(End::Failed(why)) => (Status::Failed, why),
            Err(End::Skipped(why)) => (Status::Skipped, why),
        };
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.checks.push(Outcome { name: name.into(), status, detail, milliseconds });
    }

    /// Whether no check failed.
    pub fn passed(&self) -> bool {
        self.count(Status::Failed) == 0
    }

    /// How many checks ended so.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|outcome| outcome.status == status).count()
    }

    /// One line a check, aligned, and a summary.
    pub fn table(&self) -> String {
        let role = self.role.map_or("component", Role::as_str);
        let mut table = format!("{role} {} {} ({})\n", self.plugin, self.version, self.digest.get(..12).unwrap_or(""));
        let names = self.checks.iter().map(|outcome| outcome.name.len()).max().unwrap_or(0);
        for Outcome { name, status, detail, milliseconds } in &self.checks {
            // What failed must be found at a glance in a long table without colours.
            let told = if *status == Status::Failed { "FAILED" } else { status.as_str() };
            let detail: String = detail.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let line = format!("  {told:<7}  {name:<names$}  {milliseconds:>6} ms  {detail}");
            // Writing to a text cannot fail.
            let _ = writeln!(table, "{}", line.trim_end());
        }
        let seconds = self.checks.iter().map(|outcome| outcome.milliseconds).sum::<u64>() as f64 / 1000.0;
        let [passed, failed, skipped] =
            [Status::Passed, Status::Failed, Status::Skipped].map(|status| self.count(status));
        let _ = writeln!(table, "{passed} passed, {failed} failed, {skipped} skipped in {seconds:.1} s");
        table
    }

    /// `{role, plugin, version, digest, passed, checks: [{name, status, detail, milliseconds}]}`.
    pub fn json(&self) -> Json {
        let checks = self.checks.iter().map(|outcome| {
            json!({
                "name": outcome.name,
                "status": outcome.status.as_str(),
                "detail": outcome.detail,
                "milliseconds": outcome.milliseconds,
            })
        });
        json!({
            "role": self.role.map(Role::as_str),
            "plugin": self.plugin,
            "version": self.version,
            "digest": self.digest,
            "passed": self.passed(),
            "checks": checks.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::refused("0123456789abcdef".into(), "not a\nWebAssembly file".into(), Duration::ZERO);
        report.add("works", Ok("3 chunks".into()), Duration::from_millis(1500));
        report.add("stop-honoured", Err(End::Skipped("no answer".into())), Duration::ZERO);
        report
    }

    #[test]
    fn tables_are_aligned_and_summed_up() {
        let table = report().table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[1], "  FAILED   installs            0 ms  not a WebAssembly file");
        assert_eq!(lines[2], "  passed   works            1500 ms  3 chunks");
        assert_eq!(lines[3], "  skipped  stop-honoured       0 ms  no answer");
        assert_eq!(lines[4], "1 passed, 1 failed, 1 skipped in 1.5 s");
    }

    #[test]
    fn json_says_the_same() {
        let json = report().json();
        assert_eq!(json["passed"], false);
        assert_eq!(json["role"], Json::Null);
        assert_eq!(json["checks"][1]["status"], "passed");
        assert_eq!(json["checks"][2]["detail"], "no answer");
    }
}
