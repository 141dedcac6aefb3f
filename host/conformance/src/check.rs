//! What a check is, and how it ends.

use crate::subject::Subject;
use futures_util::future::BoxFuture;
use mortise_domain::{PluginFault, Role};

/// A check and the rule it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, kebab-case.
    pub name: &'static str,
    /// One sentence or two: what a component must do.
    pub rule: &'static str,
}

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) rule: &'static str,
    /// Whom it is for, where a list serves several roles.
    pub(crate) roles: Option<&'static [Role]>,
    pub(crate) run: for<'a> fn(&'a Subject) -> BoxFuture<'a, Verdict>,
}

impl Check {
    pub(crate) fn fits(&self, role: Role) -> bool {
        self.roles.is_none_or(|roles| roles.contains(&role))
    }
}

/// A note on what was seen, or another end.
pub(crate) type Verdict<T = String> = Result<T, End>;

/// How a check ends when it does not pass.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Failed(String),
    Skipped(String),
}

impl From<PluginFault> for End {
    fn from(fault: PluginFault) -> Self {
        End::Failed(format!("the call failed: {}", fault.reason))
    }
}

/// A row of a list of checks: name, function, rule.
macro_rules! check {
    ($name:literal, $run:path, $rule:literal $(,)?) => {
        $crate::check::Check { name: $name, rule: $rule, roles: None, run: |subject| Box::pin($run(subject)) }
    };
    ($name:literal, $run:path, $roles:expr, $rule:literal $(,)?) => {
        $crate::check::Check { name: $name, rule: $rule, roles: Some($roles), run: |subject| Box::pin($run(subject)) }
    };
}
pub(crate) use check;

/// Ends a check as failed.
macro_rules! fail {
    ($($told:tt)*) => { return Err($crate::check::End::Failed(format!($($told)*))) };
}
pub(crate) use fail;

/// Ends a check as failed unless something holds.
macro_rules! ensure {
    ($holds:expr, $($told:tt)*) => { if !$holds { $crate::check::fail!($($told)*) } };
}
pub(crate) use ensure;

/// Ends a check as one that does not apply.
macro_rules! skip {
    ($($told:tt)*) => { return Err($crate::check::End::Skipped(format!($($told)*))) };
}
pub(crate) use skip;

/// A note that says nothing.
pub(crate) fn well() -> Verdict {
    Ok(String::new())
}

/// A text for a message: its beginning, on one line, quoted.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}
