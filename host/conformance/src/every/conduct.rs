//! How calls go, whatever the role.

use crate::check::{Check, Verdict, check, ensure, fail, well};
use crate::subject::{Setup, Subject};
use mortise_domain::plugin::FaultReason;

pub(crate) const CHECKS: &[Check] = &[
    check!(
        "works",
        works,
        "An ordinary call succeeds, and what it gives keeps the contract: numbers finite, places possible, references \
         leading somewhere."
    ),
    check!("deterministic", deterministic, "The same call gives the same result, byte for byte."),
    check!("instances-agree", instances_agree, "Different instances give the same result for the same call."),
    check!("side-by-side", side_by_side, "Calls at the same time give what each gives alone."),
    check!(
        "without-grants",
        without_grants,
        "A component that asks for nothing works without grants; one that asks for something is told no and says so."
    ),
    check!(
        "small-memory",
        small_memory,
        "With little memory a call gives the same result or ends as out of memory; the next call is not affected."
    ),
];

async fn works(subject: &Subject) -> Verdict {
    subject.basis().await.clone().map(|_| String::new())
}

async fn deterministic(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = subject.installed().await?;
    let first = installed.ordinary().await?;
    for _ in 0..2 {
        ensure!(installed.ordinary().await? == first, "the same call gives another result the next time");
    }
    well()
}

async fn instances_agree(subject: &Subject) -> Verdict {
    subject.works().await?;
    let first = subject.installed().await?.ordinary().await?;
    for _ in 0..2 {
        let other = subject.installed().await?.ordinary().await?;
        ensure!(other == first, "a new instance gives another result for the same call");
    }
    well()
}

async fn side_by_side(subject: &Subject) -> Verdict {
    let alone = subject.usual().await?;
    let installed = subject.installed().await?;
    let calls = [installed.ordinary(), installed.ordinary(), installed.ordinary(), installed.ordinary()];
    for result in futures_util::future::join_all(calls).await {
        ensure!(result? == alone, "a call beside others gives another result than alone");
    }
    well()
}

async fn without_grants(subject: &Subject) -> Verdict {
    let asks = !subject.info.requests.is_empty();
    if !asks {
        subject.works().await?;
    }
    let installed = subject.set_up(Setup { bare: true, ..Setup::default() }).await?;
    match installed.attempt().await? {
        Ok(_) => Ok(if asks { "it does without what it asks for".into() } else { String::new() }),
        Err(fault) if !asks => fail!("it asks for nothing, and without grants {}", fault.reason),
        Err(fault) => match fault.reason {
            FaultReason::Denied(_) | FaultReason::Unsupported(_) => well(),
            other => fail!("without its grants a call ends as {} instead of being denied: {other}", other.kind()),
        },
    }
}

async fn small_memory(subject: &Subject) -> Verdict {
    let usual = subject.usual().await?;
    let mut least = None;
    for mebibytes in [1, 4, 16, 64] {
        let installed = subject.set_up(Setup { memory: Some(mebibytes << 20), ..Setup::default() }).await?;
        match installed.attempt().await? {
            Ok(result) => {
                ensure!(result == usual, "with {mebibytes} MiB it gives another result instead of ending");
                least = least.or(Some(mebibytes));
            }
            Err(fault) if matches!(fault.reason, FaultReason::OutOfMemory(_)) => {}
            Err(fault) => fail!("with {mebibytes} MiB it ends as {}: {}", fault.reason.kind(), fault.reason),
        }
    }
    ensure!(subject.installed().await?.ordinary().await? == usual, "afterwards it gives another result");
    Ok(least.map_or("needs more than 64 MiB".into(), |least| format!("works in {least} MiB")))
}
