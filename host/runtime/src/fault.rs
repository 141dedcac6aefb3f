//! From whatever went wrong in a call to a reason that names what an operator or author can act upon.

use crate::bindings::host::mortise::plugin::types;
use mortise_domain::plugin::FaultReason;
use wasmtime::Trap;

/// Longest text of a fault, in bytes.
const LONGEST: usize = 2048;

/// An import's refusal: travels through the guest as a trap and comes out as the fault it carries.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) FaultReason);

/// Ends the call from within an import.
pub(crate) fn refuse<T>(reason: FaultReason) -> wasmtime::Result<T> {
    Err(wasmtime::Error::new(Refusal(reason)))
}

/// Ends the call because the guest broke the contract.
pub(crate) fn invalid<T>(what: impl Into<String>) -> wasmtime::Result<T> {
    refuse(FaultReason::InvalidOutput(what.into()))
}

/// How a call ended without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The guest or an import stopped it.
    Guest(wasmtime::Error),
    /// The host stopped it: cancelled or too late.
    Stopped(FaultReason),
}

/// What the host noticed during the call, beside the error itself.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// Cancelled or too late, seen at the end of the call.
    pub(crate) stopped: Option<FaultReason>,
    /// A growth of memory was refused under this limit.
    pub(crate) refused_memory: Option<u64>,
    /// An outgoing request was denied.
    pub(crate) denied: Option<String>,
    /// The last of what the guest wrote to its standard error.
    pub(crate) stderr: String,
}

/// The reason behind a failed call. Causes come before symptoms: a guest that was refused memory and then aborted ran
/// out of memory, whatever instruction it died on.
pub(crate) fn reason(failure: Failure, evidence: Evidence) -> FaultReason {
    let error = match failure {
        Failure::Stopped(reason) => return reason,
        Failure::Guest(error) => error,
    };
    if let Some(Refusal(reason)) = error.downcast_ref::<Refusal>() {
        return shorten(reason.clone());
    }
    if error.is::<tokio::task::JoinError>() {
        // Work that an import did elsewhere panicked.
        return FaultReason::Internal(cut(&format!("the host panicked: {}", error.root_cause()), LONGEST));
    }
    let trap = error.downcast_ref::<Trap>().copied();
    if let (Some(Trap::Interrupt), Some(reason)) = (trap, evidence.stopped) {
        return reason;
    }
    if let Some(limit) = evidence.refused_memory {
        return FaultReason::OutOfMemory(limit);
    }
    if let Some(what) = evidence.denied {
        return FaultReason::Denied(what);
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return FaultReason::Trapped(with_stderr(&format!("it ended itself with status {}", exit.0), &evidence.stderr));
    }
    let text = match trap {
        Some(Trap::MemoryOutOfBounds | Trap::StackOverflow) => {
            let trap = trap.map(|t| t.to_string()).unwrap_or_default();
            with_stderr(&format!("stack exhausted or bad memory access ({trap})"), &evidence.stderr)
        }
        Some(trap) => with_stderr(&trap.to_string(), &evidence.stderr),
        None => {
            let text = error.root_cause().to_string();
            if text.contains("too much data is being copied") {
                return FaultReason::OutputTooLarge("one call passed more data than allowed".into());
            }
            // Not a trap of the guest's code: what it handed over could not be read.
            return FaultReason::InvalidOutput(cut(&with_stderr(&text, &evidence.stderr), LONGEST));
        }
    };
    FaultReason::Trapped(cut(&text, LONGEST))
}

/// The reason behind an error that the plugin returned. A denied request is the cause of whatever the plugin made of it.
pub(crate) fn returned(error: types::Error, denied: Option<String>) -> FaultReason {
    use types::Error as E;
    let reason = match error {
        E::InvalidConfig(field) => FaultReason::Config { field: field.field, message: field.message },
        E::InvalidInput(text) => FaultReason::Refused(text),
        E::Unsupported(text) => FaultReason::Unsupported(text),
        E::Upstream(upstream) => FaultReason::Upstream {
            status: upstream.status,
            retry_after_ms: upstream.retry_after,
            message: upstream.message,
        },
        E::Cancelled => FaultReason::Cancelled,
        E::Internal(text) => FaultReason::Internal(text),
    };
    match denied {
        Some(what) if !matches!(reason, FaultReason::Config { .. }) => FaultReason::Denied(what),
        _ => shorten(reason),
    }
}

fn shorten(reason: FaultReason) -> FaultReason {
    with_texts(reason, |text| cut(&text, LONGEST))
}

/// A reason in which none of the secrets can be read: a remote service may repeat what it was sent.
pub(crate) fn redacted<'a>(reason: FaultReason, secrets: impl Iterator<Item = &'a str>) -> FaultReason {
    let secrets: Vec<&str> = secrets.filter(|secret| !secret.is_empty()).collect();
    if secrets.is_empty() {
        return reason;
    }
    with_texts(reason, |text| secrets.iter().fold(text, |text, secret| text.replace(secret, "***")))
}

fn with_texts(reason: FaultReason, change: impl Fn(String) -> String) -> FaultReason {
    match reason {
        FaultReason::Refused(text) => FaultReason::Refused(change(text)),
        FaultReason::Unsupported(text) => FaultReason::Unsupported(change(text)),
        FaultReason::Config { field, message } => {
            FaultReason::Config { field: cut(&change(field), 256), message: change(message) }
        }
        FaultReason::Upstream { status, retry_after_ms, message } => {
            FaultReason::Upstream { status, retry_after_ms, message: change(message) }
        }
        FaultReason::Denied(text) => FaultReason::Denied(change(text)),
        FaultReason::OutputTooLarge(text) => FaultReason::OutputTooLarge(change(text)),
        FaultReason::InvalidOutput(text) => FaultReason::InvalidOutput(change(text)),
        FaultReason::Trapped(text) => FaultReason::Trapped(change(text)),
        FaultReason::Internal(text) => FaultReason::Internal(change(text)),
        other => other,
    }
}

/// The panic message comes first, being what an author looks for; the trap explains how it ended.
fn with_stderr(trap: &str, stderr: &str) -> String {
    let stderr = stderr.trim();
    let panic = stderr.rfind("panicked at").map_or(stderr, |at| {
        let line = stderr[..at].rfind('\n').map_or(0, |end| end + 1);
        &stderr[line..]
    });
    let panic = panic.lines().filter(|line| !line.starts_with("note: run with")).collect::<Vec<_>>().join(" ");
    if panic.is_empty() { trap.into() } else { format!("{} ({trap})", cut(&panic, LONGEST - 256)) }
}

/// At most `limit` bytes, cut on a character boundary, control characters made blanks.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let end = text.floor_char_boundary(limit);
    let mut short: String = text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if end < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_repeated() {
        let reason = FaultReason::Upstream { status: Some(401), retry_after_ms: None, message: "bad key sk-1".into() };
        assert!(!redacted(reason, ["sk-1"].into_iter()).to_string().contains("sk-1"));
    }

    fn guest(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
        Failure::Guest(wasmtime::Error::new(error))
    }

    #[test]
    fn causes_come_before_symptoms() {
        let abort = || guest(Trap::UnreachableCodeReached);
        let hoarded = Evidence { refused_memory: Some(64), ..Default::default() };
        assert!(matches!(reason(abort(), hoarded), FaultReason::OutOfMemory(64)));
        let denied = Evidence { denied: Some("http to a.example".into()), ..Default::default() };
        assert!(matches!(reason(abort(), denied), FaultReason::Denied(what) if what.contains("a.example")));
        let late = Evidence { stopped: Some(FaultReason::TimedOut(5)), ..Default::default() };
        assert!(matches!(reason(guest(Trap::Interrupt), late), FaultReason::TimedOut(5)));
    }

    #[test]
    fn a_panic_is_told_in_its_own_words() {
        let stderr = "some noise\n\nthread '<unnamed>' panicked at src/lib.rs:7:5:\nno such page\nnote: run with X\n";
        let evidence = Evidence { stderr: stderr.into(), ..Default::default() };
        let FaultReason::Trapped(text) = reason(guest(Trap::UnreachableCodeReached), evidence) else { panic!() };
        assert!(text.starts_with("thread '<unnamed>' panicked at src/lib.rs:7:5: no such page ("), "{text}");
        assert!(text.contains("unreachable"), "{text}");
    }

    #[test]
    fn texts_are_cut_on_characters() {
        assert_eq!(cut("añb\nc", 2), "a…");
        assert_eq!(cut("a\nb", 10), "a b");
        let FaultReason::Refused(text) = returned(types::Error::InvalidInput("x".repeat(10_000)), None) else {
            panic!()
        };
        assert!(text.len() <= LONGEST + 3);
    }
}
