//! What is asked of embedders.

use crate::check::{Check, Verdict, check, ensure, fail, skip, well};
use crate::every::scale::Cost;
use crate::parser::is_language;
use crate::specimen;
use crate::subject::{Installed, Setup, Subject};
use mortise_domain::PluginFault;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::{InputKind, Space};

pub(crate) const CHECKS: &[Check] = &[
    check!("space-plausible", space_plausible, "The vector space has dimensions, and the longest input is not zero."),
    check!("space-constant", space_constant, "Every instance tells of the same vector space."),
    check!("languages-valid", languages_valid, "Languages of the space are BCP 47 tags, none twice."),
    check!("dimensions-constant", dimensions_constant, "Every vector has as many numbers as the space has dimensions."),
    check!(
        "normalised",
        normalised,
        "Where the space says so, every vector has length 1, or 0 for a text without content."
    ),
    check!("batch-equals-single", batch_equals_single, "A text has the same vector in a batch as alone."),
    check!("order-kept", order_kept, "Vectors come in the order of their texts."),
    check!("same-text", same_text, "The same text has the same vector, wherever it stands in a batch."),
    check!("texts-differ", texts_differ, "Different texts have different vectors."),
    check!("stateless", stateless, "A vector does not depend on what was embedded before."),
    check!("empty-list", empty_list, "No texts give no vectors and no error."),
    check!("empty-text", empty_text, "Empty and blank texts are embedded, alone and among others."),
    check!("long-text", long_text, "A text of a megabyte is embedded: the component itself cuts what is too long."),
    check!("large-batch", large_batch, "A batch of 256 texts is embedded."),
    check!("both-kinds", both_kinds, "Passages and queries are both embedded, in the same space."),
    check!(
        "similar-closer",
        similar_closer,
        "A query is nearer to a passage that answers it in its own words than to passages about something else."
    ),
    check!("scripts", scripts, "Texts of any script, emoji and letters made of several code points are embedded."),
    check!("control-characters", control_characters, "NULs and other controls are embedded like any text."),
    check!("dropped-call", dropped_call, "A call that nobody waits for any more does the next one no harm."),
    check!(
        "work-linear",
        work_linear,
        "Ten times the texts, or a text ten times as long, takes less than thirty times the fuel."
    ),
];

const TEXTS: [&str; 4] = [
    "The keeper of the harbour light counted seven ships at dawn.",
    "Crane number four lifts eight tons and was built in 1924.",
    "Employees may end their contract with a notice of four weeks.",
    "灯塔管理员在黎明时分数了七艘船。",
];

pub(crate) async fn attempt(installed: &Installed<'_>) -> Verdict<Result<String, PluginFault>> {
    // A recorded answer holds one vector.
    let texts = if installed.subject.is_remote() { &TEXTS[..1] } else { &TEXTS[..] };
    Ok(call(installed, texts, InputKind::Passage).await?.map(|vectors| format!("{vectors:?}")))
}

async fn call<T: Into<String> + Clone>(
    installed: &Installed<'_>,
    texts: &[T],
    kind: InputKind,
) -> Verdict<Result<Vec<Vec<f32>>, PluginFault>> {
    let texts = texts.iter().cloned().map(Into::into).collect();
    Ok(installed.embedder()?.embed(texts, kind).await)
}

async fn passages<T: Into<String> + Clone>(installed: &Installed<'_>, texts: &[T]) -> Verdict<Vec<Vec<f32>>> {
    Ok(call(installed, texts, InputKind::Passage).await??)
}

/// An installation whose calls may differ, once it is known to work.
async fn free(subject: &Subject) -> Verdict<Installed<'_>> {
    subject.works().await?;
    subject.answers_freely()?;
    subject.installed().await
}

async fn space(installed: &Installed<'_>) -> Verdict<Space> {
    Ok(installed.embedder()?.space().await?)
}

/// What rounding and batching may take away from two vectors of one text.
const SAME: f32 = 0.9999;

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths == 0.0 { f32::from(u8::from(a == b)) } else { dot(a, b) / lengths }
}

async fn space_plausible(subject: &Subject) -> Verdict {
    let Space { dimensions, max_tokens, normalised, .. } = space(&subject.installed().await?).await?;
    ensure!((1..=1 << 16).contains(&dimensions), "{dimensions} dimensions");
    ensure!(max_tokens > 0, "no token fits");
    let lengths = if normalised { "normalised" } else { "not normalised" };
    Ok(format!("{dimensions} dimensions, {lengths}, up to {max_tokens} tokens"))
}

async fn space_constant(subject: &Subject) -> Verdict {
    let first = space(&subject.installed().await?).await?;
    for _ in 0..2 {
        let other = space(&subject.installed().await?).await?;
        ensure!(other == first, "one instance tells of {first:?}, another of {other:?}");
    }
    well()
}

async fn languages_valid(subject: &Subject) -> Verdict {
    let languages = space(&subject.installed().await?).await?.languages;
    for (at, language) in languages.iter().enumerate() {
        ensure!(is_language(language), "{language:?} is no language tag");
        ensure!(!languages[..at].contains(language), "{language:?} is named twice");
    }
    Ok(if languages.is_empty() { "any".into() } else { languages.join(", ") })
}

/// Texts of many lengths.
fn varied() -> Vec<String> {
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    texts.extend([1, 2, 5, 20, 100, 1000].map(|times| TEXTS[0].repeat(times)));
    texts.extend(["x", "42", "?!", "a b c d e f g", "SEVEN SHIPS"].map(str::to_owned));
    texts
}

async fn dimensions_constant(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let dimensions = usize::try_from(space(&installed).await?.dimensions).unwrap_or(usize::MAX);
    let texts = varied();
    let vectors = passages(&installed, &texts).await?;
    ensure!(vectors.len() == texts.len(), "{} vectors for {} texts", vectors.len(), texts.len());
    for (text, vector) in texts.iter().zip(&vectors) {
        ensure!(vector.len() == dimensions, "{:.30?} has {} numbers of {dimensions}", text, vector.len());
    }
    well()
}

async fn normalised(subject: &Subject) -> Verdict {
    let installed = subject.installed().await?;
    if !space(&installed).await?.normalised {
        skip!("the space does not say so")
    }
    let texts = if subject.is_remote() { vec![TEXTS[0].to_owned()] } else { varied() };
    if subject.is_remote() {
        subject.works().await?;
    }
    for text in texts {
        match call(&installed, &[text.clone()], InputKind::Passage).await? {
            Ok(vectors) => {
                let square: f32 = vectors.iter().flatten().map(|number| number * number).sum();
                ensure!(square == 0.0 || (square - 1.0).abs() < 0.02, "{text:.30?} has length {}", square.sqrt());
            }
            // The host looks at the length too.
            Err(fault) => match fault.reason {
                FaultReason::InvalidOutput(what) if what.contains("length") => fail!("{text:.30?} has {what}"),
                _ => subject.works().await?,
            },
        }
    }
    well()
}

async fn batch_equals_single(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let texts = varied();
    let batch = passages(&installed, &texts).await?;
    for (text, together) in texts.iter().zip(&batch) {
        let alone = passages(&installed, &[text.clone()]).await?;
        let near = alone.first().map_or(0.0, |alone| cosine(alone, together));
        ensure!(near >= SAME, "{text:.30?} alone and in a batch have cosine {near}");
    }
    well()
}

async fn order_kept(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let forward = passages(&installed, &TEXTS).await?;
    let mut reversed = TEXTS;
    reversed.reverse();
    let mut backward = passages(&installed, &reversed).await?;
    backward.reverse();
    for ((text, a), b) in TEXTS.iter().zip(&forward).zip(&backward) {
        ensure!(cosine(a, b) >= SAME, "{text:.30?} has another vector when the batch is turned round");
    }
    well()
}

async fn same_text(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let vectors = passages(&installed, &[TEXTS[0], TEXTS[1], TEXTS[0], TEXTS[2], TEXTS[0]]).await?;
    for at in [2, 4] {
        let near = cosine(&vectors[0], &vectors[at]);
        ensure!(near >= SAME, "the same text at 0 and {at} of a batch: cosine {near}");
    }
    well()
}

async fn texts_differ(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let vectors = passages(&installed, &TEXTS).await?;
    for a in 0..TEXTS.len() {
        for b in 0..a {
            ensure!(vectors[a] != vectors[b], "{:.30?} and {:.30?} have the same vector", TEXTS[a], TEXTS[b]);
        }
    }
    well()
}

async fn stateless(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let before = passages(&installed, &TEXTS[..1]).await?;
    passages(&installed, &varied()).await?;
    let after = passages(&installed, &TEXTS[..1]).await?;
    ensure!(cosine(&before[0], &after[0]) >= SAME, "the vector of a text changed after others were embedded");
    well()
}

async fn empty_list(subject: &Subject) -> Verdict {
    free(subject).await?;
    let installed = subject.set_up(Setup { strict: true, ..Setup::default() }).await?;
    let vectors = passages::<&str>(&installed, &[]).await?;
    ensure!(vectors.is_empty(), "{} vectors of no texts", vectors.len());
    well()
}

async fn empty_text(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    for text in ["", " ", "\n\t\r\n", "\u{a0}\u{3000}"] {
        passages(&installed, &[text]).await?;
        let among = passages(&installed, &[TEXTS[0], text, TEXTS[1]]).await?;
        let usual = passages(&installed, &TEXTS[..2]).await?;
        ensure!(
            cosine(&among[0], &usual[0]) >= SAME && cosine(&among[2], &usual[1]) >= SAME,
            "{text:?} among others changes their vectors"
        );
    }
    well()
}

async fn long_text(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let long = TEXTS[0].repeat((1 << 20) / TEXTS[0].len() + 1);
    passages(&installed, &[long]).await?;
    // One word, which nothing can cut nicely.
    passages(&installed, &["x".repeat(100_000)]).await?;
    well()
}

async fn large_batch(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let texts: Vec<String> = (0..256).map(|number| format!("{number} {}", TEXTS[number % 4])).collect();
    let vectors = passages(&installed, &texts).await?;
    ensure!(vectors.len() == texts.len(), "{} vectors for {} texts", vectors.len(), texts.len());
    let last = passages(&installed, &texts[255..]).await?;
    ensure!(cosine(&vectors[255], &last[0]) >= SAME, "the last text of a large batch has another vector alone");
    well()
}

async fn both_kinds(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let passages = passages(&installed, &TEXTS).await?;
    let queries = call(&installed, &TEXTS, InputKind::Query).await??;
    ensure!(passages.len() == queries.len(), "{} passages, {} queries", passages.len(), queries.len());
    let same = passages == queries;
    Ok(if same { "treated alike".into() } else { "treated differently".into() })
}

async fn similar_closer(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let questions = [
        (0, "How many ships did the keeper of the harbour light count?"),
        (1, "What does crane number four lift?"),
        (2, "With what notice may employees end their contract?"),
    ];
    let passages = passages(&installed, &TEXTS[..3]).await?;
    for (own, question) in questions {
        let query = call(&installed, &[question], InputKind::Query).await??;
        for other in (0..3).filter(|other| *other != own) {
            let (near, far) = (cosine(&query[0], &passages[own]), cosine(&query[0], &passages[other]));
            ensure!(
                near > far,
                "{question:?} is nearer to {:?} ({far:.3}) than to its answer ({near:.3})",
                TEXTS[other]
            );
        }
    }
    well()
}

async fn scripts(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let texts = [specimen::CJK, specimen::RTL, specimen::COMBINING, specimen::EMOJI, &specimen::families(500)];
    let vectors = passages(&installed, &texts).await?;
    ensure!(vectors.len() == texts.len(), "{} vectors for {} texts", vectors.len(), texts.len());
    well()
}

async fn control_characters(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let vectors = passages(&installed, &[specimen::CONTROLS, "\0", "\0\0\0 \u{1}", TEXTS[0]]).await?;
    let usual = passages(&installed, &TEXTS[..1]).await?;
    ensure!(cosine(&vectors[3], &usual[0]) >= SAME, "controls in one text change the vector of another");
    well()
}

async fn dropped_call(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let usual = passages(&installed, &TEXTS).await?;
    let long = vec![TEXTS[0].repeat(2000); 64];
    let waited = std::time::Duration::from_millis(5);
    let _ = tokio::time::timeout(waited, call(&installed, &long, InputKind::Passage)).await;
    ensure!(passages(&installed, &TEXTS).await? == usual, "after a dropped call it gives other vectors");
    well()
}

async fn cost(subject: &Subject, texts: Vec<String>) -> Verdict<Cost> {
    let installed = subject.installed().await?;
    // The model is opened before anything is measured.
    passages(&installed, &TEXTS).await?;
    Cost::of(&installed, passages(&installed, &texts)).await
}

async fn work_linear(subject: &Subject) -> Verdict {
    free(subject).await?;
    let texts = |count: usize| (0..count).map(|number| format!("{number} {}", TEXTS[number % 4])).collect();
    let long = |times: usize| vec![TEXTS[0].repeat(times)];
    let told = [
        Cost::ratio("texts", &cost(subject, texts(100)).await?, &cost(subject, texts(1000)).await?)?,
        Cost::ratio("a text", &cost(subject, long(100)).await?, &cost(subject, long(1000)).await?)?,
    ];
    let told = format!("texts: {}; a text: {}", told[0], told[1]);
    if cost(subject, texts(1)).await?.fuel == 0 {
        skip!("the runtime does not count fuel; {told}")
    }
    Ok(told)
}
