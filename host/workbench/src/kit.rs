//! The door to the conformance kit: what a folder says about itself in the kit's terms, and the kit's report in ours.

use crate::{Error, Result, Target, Workbench};
use mortise_domain::Json;
use serde_json::json;

/// What the kit found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether no check failed.
    pub passed: bool,
    /// One line a check, aligned, and a summary.
    pub table: String,
    /// For machines.
    pub json: Json,
}

/// Runs the kit: here the one check that every component must pass first.
pub(crate) async fn check(bench: &Workbench, target: &Target, only: Option<&str>) -> Result<Report> {
    const NAME: &str = "installs";
    if let Some(only) = only.filter(|only| *only != NAME) {
        return Err(Error::input(&target.path, format!("there is no check and no case called {only:?}")));
    }
    let (passed, status, detail) = match bench.inspect(target).await {
        Ok(_) => (true, "passed", String::new()),
        Err(error) => (false, "failed", error.to_string()),
    };
    let table = format!("  {:<7}  {NAME}  {detail}\n", if passed { status } else { "FAILED" });
    let json = json!({ "passed": passed, "checks": [{ "name": NAME, "status": status, "detail": detail }] });
    Ok(Report { passed, table, json })
}
