//! What a chat model says it can do.

use crate::check::{Check, Verdict, check, ensure, well};
use crate::subject::Subject;

pub(crate) const CHECKS: &[Check] = &[
    check!("abilities-stable", abilities_stable, "Every instance tells of the same abilities."),
    check!(
        "abilities-plausible",
        abilities_plausible,
        "The context has room for a question and an answer; a model that does not follow instructions does not call \
         tools either."
    ),
];

async fn abilities_stable(subject: &Subject) -> Verdict {
    let first = format!("{:?}", subject.installed().await?.chat_model()?.abilities().await?);
    for _ in 0..2 {
        let other = format!("{:?}", subject.installed().await?.chat_model()?.abilities().await?);
        ensure!(other == first, "one instance tells of {first}, another of {other}");
    }
    well()
}

async fn abilities_plausible(subject: &Subject) -> Verdict {
    let abilities = subject.installed().await?.chat_model()?.abilities().await?;
    let tokens = abilities.context_tokens;
    ensure!((256..=1 << 28).contains(&tokens), "a context of {tokens} tokens");
    ensure!(abilities.instructions || !abilities.tools, "it calls tools and does not follow instructions");
    Ok(format!("{tokens} tokens"))
}
