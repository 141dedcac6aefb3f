//! What a check is, and how it ends.

use crate::subject::Subject;
use futures_util::future::BoxFuture;
use mortise_domain::PluginFault;

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
    pub(crate) run: for<'a> fn(&'a Subject) -> BoxFuture<'a, Verdict>,
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
        $crate::check::Check { name: $name, rule: $rule, run: |subject| Box::pin($run(subject)) }
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
    ($holds:expr, $($told:tt)*) => {{
        // Named, because what is compared may have no order: numbers that are none fail too.
        let holds: bool = $holds;
        if !holds {
            $crate::check::fail!($($told)*)
        }
    }};
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
