//! How adapters of remote models take a service that fails: each failure must come out as the error that lets the host
//! do the right thing, try again later or tell the operator.

use crate::check::{Check, Verdict, check, ensure, fail, skip, well};
use crate::specimen::Noise;
use crate::subject::{Installed, SECRET, Setup, Subject};
use crate::upstream::{Recorded, Script};
use mortise_domain::plugin::FaultReason;
use mortise_domain::{PluginFault, Role};
use std::time::Duration;

pub(crate) const CHECKS: &[Check] = &[
    check!("upstream-reached", upstream_reached, "The adapter sends its requests where its settings say."),
    check!("upstream-401", upstream_401, "Status 401 is an upstream error with that status, not to be tried again."),
    check!("upstream-403", upstream_403, "Status 403 is an upstream error with that status, not to be tried again."),
    check!("upstream-404", upstream_404, "Status 404 is an upstream error with that status, not to be tried again."),
    check!(
        "upstream-429",
        upstream_429,
        "Status 429 is an upstream error with that status, to be tried again; long waits are left to the host."
    ),
    check!("retry-after-told", retry_after_told, "`Retry-After` in seconds is told in milliseconds."),
    check!("upstream-500", upstream_500, "Status 500 is an upstream error with that status, to be tried again."),
    check!("upstream-503", upstream_503, "Status 503 is an upstream error with that status, to be tried again."),
    check!(
        "upstream-redirect",
        upstream_redirect,
        "A redirect is not an answer: it ends as an upstream error or is denied."
    ),
    check!(
        "upstream-hangs",
        upstream_hangs,
        "A service that never answers ends at a deadline, and the next call works."
    ),
    check!(
        "upstream-refused",
        upstream_refused,
        "A service that is not there is an upstream error without a status, to be tried again."
    ),
    check!(
        "upstream-closes",
        upstream_closes,
        "A connection that is closed without an answer is an upstream error, to be tried again."
    ),
    check!(
        "upstream-garbage",
        upstream_garbage,
        "An answer that makes no sense is an upstream error, whatever its status and media type."
    ),
    check!("upstream-empty", upstream_empty, "An empty answer is an upstream error, not an empty result."),
    check!(
        "upstream-truncated",
        upstream_truncated,
        "A good answer that breaks off in the middle is an upstream error, to be tried again."
    ),
    check!(
        "split-anywhere",
        split_anywhere,
        "A good answer gives the same result wherever its bytes are split on the way."
    ),
    check!("byte-by-byte", byte_by_byte, "A good answer gives the same result when it comes byte by byte."),
    check!(
        "secret-not-told",
        secret_not_told,
        "What the service repeats of the request's headers does not show in errors."
    ),
    check!(
        "recovers",
        recovers,
        &[Role::Embedder, Role::Reranker, Role::ChatModel],
        "After failures of every kind the next good answer is given as if nothing had been."
    ),
];

/// An installation that reaches the kit's server.
async fn remote(subject: &Subject) -> Verdict<Installed<'_>> {
    remote_within(subject, None).await
}

async fn remote_within(subject: &Subject, timeout: Option<Duration>) -> Verdict<Installed<'_>> {
    if !subject.is_remote() {
        skip!("it does not ask for HTTP")
    }
    let placed = |text: &str| text.contains("{upstream}") || text.contains("{upstream_host}");
    if !subject.options.config.values().any(|value| placed(&value.to_string())) {
        skip!("its settings do not lead to the kit's server: use {{upstream}} for its address")
    }
    subject.set_up(Setup { timeout, ..Setup::default() }).await
}

/// The fault of a call while the service follows a script.
async fn fault(installed: &Installed<'_>, script: Script, what: &str) -> Verdict<PluginFault> {
    if let Some(upstream) = &installed.upstream {
        upstream.script(script);
    }
    match installed.attempt().await? {
        Ok(result) => fail!("{what}, it gives a result: {}", crate::check::quoted(&result)),
        Err(fault) => Ok(fault),
    }
}

/// What an upstream fault says; anything else fails the check.
fn upstream_of(fault: &PluginFault, what: &str) -> Verdict<(Option<u16>, Option<u32>)> {
    match &fault.reason {
        FaultReason::Upstream { status, retry_after_ms, .. } => Ok((*status, *retry_after_ms)),
        reason => fail!("{what}, it ends as {} instead of upstream: {reason}", reason.kind()),
    }
}

fn refusal(status: u16, headers: &[(&str, &str)]) -> Script {
    let body = br#"{"error": {"message": "the kit says no", "type": "refused", "code": null}}"#;
    let headers = [&[("content-type", "application/json")], headers].concat();
    Script::answer(status, &headers, body)
}

async fn of_status(subject: &Subject, status: u16, headers: &[(&str, &str)], transient: bool) -> Verdict<Option<u32>> {
    let installed = remote(subject).await?;
    let what = format!("with status {status}");
    let fault = fault(&installed, refusal(status, headers), &what).await?;
    let (told, retry_after) = upstream_of(&fault, &what)?;
    ensure!(told == Some(status), "{what}, it tells of status {told:?}");
    ensure!(fault.is_transient() == transient, "{what}, to be tried again: {}", fault.is_transient());
    Ok(retry_after)
}

async fn upstream_reached(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    let _ = fault(&installed, refusal(401, &[]), "with status 401").await?;
    let requests = installed.upstream.as_ref().map(|upstream| upstream.requests()).unwrap_or_default();
    match requests.first() {
        Some(request) => Ok(request.head.lines().next().unwrap_or_default().into()),
        None => fail!("no request came"),
    }
}

async fn upstream_401(subject: &Subject) -> Verdict {
    of_status(subject, 401, &[], false).await?;
    well()
}

async fn upstream_403(subject: &Subject) -> Verdict {
    of_status(subject, 403, &[], false).await?;
    well()
}

async fn upstream_404(subject: &Subject) -> Verdict {
    of_status(subject, 404, &[], false).await?;
    well()
}

/// Longer than an adapter should keep a worker waiting.
const LATER: (&str, &str) = ("retry-after", "61");

async fn upstream_429(subject: &Subject) -> Verdict {
    of_status(subject, 429, &[LATER], true).await?;
    well()
}

async fn retry_after_told(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    for status in [429, 503] {
        let what = format!("with status {status} and a wait of 61 s");
        let fault = fault(&installed, refusal(status, &[LATER]), &what).await?;
        // Another error altogether is the affair of another check.
        let FaultReason::Upstream { retry_after_ms, .. } = fault.reason else { continue };
        ensure!(retry_after_ms == Some(61_000), "{what}, it tells of {retry_after_ms:?} ms");
    }
    well()
}

async fn upstream_500(subject: &Subject) -> Verdict {
    of_status(subject, 500, &[], true).await?;
    well()
}

async fn upstream_503(subject: &Subject) -> Verdict {
    of_status(subject, 503, &[LATER], true).await?;
    well()
}

async fn upstream_redirect(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    let script = refusal(302, &[("location", "http://elsewhere.invalid/")]);
    let fault = fault(&installed, script, "with a redirect").await?;
    match fault.reason {
        FaultReason::Denied(_) => well(),
        _ => upstream_of(&fault, "with a redirect").map(|_| String::new()),
    }
}

/// Time for a call that waits for nobody.
const PATIENCE: Duration = Duration::from_secs(3);

async fn upstream_hangs(subject: &Subject) -> Verdict {
    let installed = remote_within(subject, Some(PATIENCE)).await?;
    let fault = fault(&installed, Script::Hang, "without an answer").await?;
    let by = match &fault.reason {
        FaultReason::TimedOut(_) => "by the host's deadline",
        FaultReason::Upstream { .. } if fault.is_transient() => "by its own",
        reason => fail!("without an answer, it ends as {}: {reason}", reason.kind()),
    };
    if let (Some(upstream), Ok(recorded)) = (&installed.upstream, subject.recorded()) {
        upstream.script(recorded.whole());
        installed.attempt().await??;
    }
    Ok(by.into())
}

async fn gone(installed: &Installed<'_>, script: Script, what: &str) -> Verdict {
    let fault = fault(installed, script, what).await?;
    let (status, _) = upstream_of(&fault, what)?;
    ensure!(status.is_none(), "{what}, it tells of status {status:?}");
    ensure!(fault.is_transient(), "{what}, it is not to be tried again");
    well()
}

async fn upstream_refused(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    if let Some(upstream) = &installed.upstream {
        upstream.close().await;
    }
    gone(&installed, Script::Hang, "with nobody there").await
}

async fn upstream_closes(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    gone(&installed, Script::Say(vec![]), "with the connection closed").await
}

async fn upstream_garbage(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    let noise = Noise(3).bytes(2000);
    let page = b"<!doctype html><html><head><title>Welcome</title></head><body>It works!</body></html>";
    let bodies: [(&str, &[u8]); 6] = [
        ("application/json", &noise),
        ("application/json", br#"{"unexpected": [true, null, {"deep": 1}]}"#),
        ("application/json", b"[[["),
        ("text/html", page),
        ("text/event-stream", b"data: {\"unexpected\": true}\n\n"),
        ("text/event-stream", &noise),
    ];
    for (media_type, body) in bodies {
        let what = format!("with {media_type} that says {}", crate::check::quoted(&String::from_utf8_lossy(body)));
        let fault = fault(&installed, Script::answer(200, &[("content-type", media_type)], body), &what).await?;
        upstream_of(&fault, &what)?;
    }
    well()
}

async fn upstream_empty(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    for media_type in ["application/json", "text/event-stream"] {
        let what = format!("with {media_type} without a body");
        let fault = fault(&installed, Script::answer(200, &[("content-type", media_type)], b""), &what).await?;
        upstream_of(&fault, &what)?;
    }
    well()
}

async fn recorded(subject: &Subject) -> Verdict<(Installed<'_>, &Recorded)> {
    let installed = remote(subject).await?;
    let recorded = subject.recorded()?;
    subject.works().await?;
    Ok((installed, recorded))
}

async fn upstream_truncated(subject: &Subject) -> Verdict {
    let (installed, recorded) = recorded(subject).await?;
    let size = recorded.body().len();
    for length in [0, 1, size / 4, size / 2] {
        let what = format!("with the answer broken off after {length} of {size} bytes");
        let fault = fault(&installed, recorded.truncated(length), &what).await?;
        upstream_of(&fault, &what)?;
        ensure!(fault.is_transient(), "{what}, it is not to be tried again");
    }
    well()
}

/// Splits that are tried of a long answer.
const SPLITS: usize = 300;

async fn split_anywhere(subject: &Subject) -> Verdict {
    let (installed, recorded) = recorded(subject).await?;
    let usual = installed.ordinary().await?;
    let body = recorded.body();
    let every = body.len().div_ceil(SPLITS).max(1);
    // Within characters and line ends is where readers go wrong; the rest is a sample.
    let delicate = |at: &usize| !body[*at].is_ascii() || body[*at - 1] == b'\r' || body[*at - 1] == b'\n';
    let ends: Vec<usize> = (1..body.len()).filter(|at| at % every == 0 || delicate(at)).collect();
    for end in &ends {
        if let Some(upstream) = &installed.upstream {
            upstream.script(recorded.pieces([*end]));
        }
        let result = installed.attempt().await?;
        let result = result.map_err(|fault| {
            crate::check::End::Failed(format!("split after byte {end} of the body, the call fails: {}", fault.reason))
        })?;
        ensure!(result == usual, "split after byte {end} of the body, the result is another one");
    }
    Ok(format!("{} of {} places", ends.len(), body.len().saturating_sub(1)))
}

/// Bytes of an answer that are sent one by one; the rest comes at once.
const SINGLE: usize = 4000;

async fn byte_by_byte(subject: &Subject) -> Verdict {
    let (installed, recorded) = recorded(subject).await?;
    let usual = installed.ordinary().await?;
    if let Some(upstream) = &installed.upstream {
        upstream.script(recorded.pieces(1..recorded.body().len().min(SINGLE)));
    }
    let result = installed.attempt().await??;
    ensure!(result == usual, "the result is another one");
    well()
}

async fn secret_not_told(subject: &Subject) -> Verdict {
    let installed = remote(subject).await?;
    let mut sent = false;
    for status in [400, 401, 500] {
        let fault = fault(&installed, Script::Mirror(status), "with its request repeated").await?;
        let requests = installed.upstream.as_ref().map(|upstream| upstream.requests()).unwrap_or_default();
        sent |= requests.iter().any(|request| request.head.contains(SECRET));
        ensure!(!fault.to_string().contains(SECRET), "the secret shows in the error");
    }
    Ok(if sent { "a secret was sent" } else { "no secret was sent" }.into())
}

async fn recovers(subject: &Subject) -> Verdict {
    let (installed, recorded) = recorded(subject).await?;
    let usual = installed.ordinary().await?;
    let half = recorded.truncated(recorded.body().len() / 2);
    for script in [refusal(401, &[]), half, Script::Say(vec![]), Script::answer(200, &[], b"?")] {
        let _ = fault(&installed, script, "with a failure").await;
        if let Some(upstream) = &installed.upstream {
            upstream.script(recorded.whole());
        }
        let result = installed.attempt().await??;
        ensure!(result == usual, "after a failure the result is another one");
    }
    well()
}
