//! What is asked of rerankers.

use crate::check::{Check, Verdict, check, ensure, skip, well};
use crate::every::scale::Cost;
use crate::specimen;
use crate::subject::{Installed, Setup, Subject};
use mortise_domain::PluginFault;

pub(crate) const CHECKS: &[Check] = &[
    check!("one-score-each", one_score_each, "There is one score for every text, however many there are."),
    check!("scores-in-range", scores_in_range, "Every score is a number in 0..1."),
    check!("duplicates-equal", duplicates_equal, "The same text has the same score, wherever it stands."),
    check!(
        "order-kept",
        order_kept,
        "Scores come in the order of their texts: turning the list round turns the scores round."
    ),
    check!("permutations", permutations, "However the texts are shuffled, each keeps its score."),
    check!("relevant-first", relevant_first, "A text that answers the query in its own words scores above others."),
    check!("scores-differ", scores_differ, "Not every text has the same score."),
    check!("query-matters", query_matters, "Another query gives other scores."),
    check!("stateless", stateless, "A score does not depend on earlier calls."),
    check!("empty-list", empty_list, "No texts give no scores and no error."),
    check!("single-text", single_text, "A single text is scored."),
    check!("empty-query", empty_query, "An empty or blank query gives scores and no error."),
    check!("empty-text", empty_text, "Empty and blank texts are scored, and not above one that answers the query."),
    check!("long-text", long_text, "A text of a megabyte is scored: the component itself cuts what is too long."),
    check!("long-query", long_query, "A query of ten kilobytes gives scores."),
    check!("many-texts", many_texts, "A thousand texts are scored."),
    check!("scripts", scripts, "Texts and queries of any script are scored, and a Chinese answer found."),
    check!("control-characters", control_characters, "NULs and other controls are scored like any text."),
    check!("dropped-call", dropped_call, "A call that nobody waits for any more does the next one no harm."),
    check!(
        "work-linear",
        work_linear,
        "Ten times the texts, or a text ten times as long, takes less than thirty times the fuel."
    ),
];

const QUERY: &str = "How many ships did the keeper of the harbour light count?";
const TEXTS: [&str; 4] = [
    "Employees may end their contract with a notice of four weeks.",
    "The keeper of the harbour light counted seven ships at dawn.",
    "Photosynthesis turns light into sugar.",
    "Crane number four lifts eight tons and was built in 1924.",
];
/// Of [`TEXTS`], the one that answers [`QUERY`].
const ANSWER: usize = 1;

pub(crate) async fn attempt(installed: &Installed<'_>) -> Verdict<Result<String, PluginFault>> {
    // A recorded answer holds two scores.
    let texts = if installed.subject.is_remote() { &TEXTS[..2] } else { &TEXTS[..] };
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    Ok(installed.reranker()?.score(QUERY, texts).await.map(|scores| format!("{scores:?}")))
}

async fn scores<T: Into<String> + Clone>(installed: &Installed<'_>, query: &str, texts: &[T]) -> Verdict<Vec<f32>> {
    let texts: Vec<String> = texts.iter().cloned().map(Into::into).collect();
    let wanted = texts.len();
    let scores = installed.reranker()?.score(query, texts).await?;
    ensure!(scores.len() == wanted, "{} scores for {wanted} texts", scores.len());
    Ok(scores)
}

/// An installation whose calls may differ, once it is known to work.
async fn free(subject: &Subject) -> Verdict<Installed<'_>> {
    subject.works().await?;
    subject.answers_freely()?;
    subject.installed().await
}

/// What rounding and batching may take away from two scores of one text.
const ROUNDING: f32 = 1e-3;

fn same(a: f32, b: f32) -> bool {
    (a - b).abs() <= ROUNDING
}

async fn one_score_each(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    for count in [1, 2, 3, 7, 32] {
        let texts: Vec<&str> = TEXTS.into_iter().cycle().take(count).collect();
        scores(&installed, QUERY, &texts).await?;
    }
    well()
}

async fn scores_in_range(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let long = TEXTS[ANSWER].repeat(50);
    let given = scores(&installed, QUERY, &[QUERY, "", TEXTS[0], TEXTS[1], &long, "?", "ships ships ships"]).await?;
    for score in &given {
        ensure!((0.0..=1.0).contains(score), "a score of {score}");
    }
    well()
}

async fn duplicates_equal(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let given = scores(&installed, QUERY, &[TEXTS[1], TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[1], TEXTS[0]]).await?;
    for (a, b) in [(0, 2), (0, 4), (1, 5)] {
        ensure!(same(given[a], given[b]), "the same text at {a} and {b} scores {} and {}", given[a], given[b]);
    }
    well()
}

async fn order_kept(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let forward = scores(&installed, QUERY, &TEXTS).await?;
    let mut reversed = TEXTS;
    reversed.reverse();
    let mut backward = scores(&installed, QUERY, &reversed).await?;
    backward.reverse();
    for ((text, a), b) in TEXTS.iter().zip(forward).zip(backward) {
        ensure!(same(a, b), "{text:.30?} scores {a}, and {b} when the list is turned round");
    }
    well()
}

async fn permutations(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let usual = scores(&installed, QUERY, &TEXTS).await?;
    let mut noise = specimen::Noise(7);
    for _ in 0..8 {
        let mut order: Vec<usize> = (0..TEXTS.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, noise.below(at + 1));
        }
        let shuffled: Vec<&str> = order.iter().map(|at| TEXTS[*at]).collect();
        for (at, score) in order.iter().zip(scores(&installed, QUERY, &shuffled).await?) {
            ensure!(
                same(score, usual[*at]),
                "in order {order:?}, {:.30?} scores {score} for {}",
                TEXTS[*at],
                usual[*at]
            );
        }
    }
    well()
}

async fn relevant_first(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let given = scores(&installed, QUERY, &TEXTS).await?;
    for (text, score) in TEXTS.iter().zip(&given) {
        ensure!(*score <= given[ANSWER], "{text:?} scores {score}, the answer {}", given[ANSWER]);
    }
    well()
}

async fn scores_differ(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let given = scores(&installed, QUERY, &TEXTS).await?;
    ensure!(given.iter().any(|score| !same(*score, given[0])), "every text scores {}", given[0]);
    well()
}

async fn query_matters(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let one = scores(&installed, QUERY, &TEXTS).await?;
    let other = scores(&installed, "What is the notice of employees who end their contract?", &TEXTS).await?;
    ensure!(one.iter().zip(&other).any(|(a, b)| !same(*a, *b)), "another query gives the same scores");
    well()
}

async fn stateless(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let before = scores(&installed, QUERY, &TEXTS).await?;
    scores(&installed, "cranes and contracts", &["ships", "x", "", TEXTS[3]]).await?;
    let after = scores(&installed, QUERY, &TEXTS).await?;
    ensure!(before.iter().zip(&after).all(|(a, b)| same(*a, *b)), "the scores changed after another call");
    well()
}

async fn empty_list(subject: &Subject) -> Verdict {
    free(subject).await?;
    let installed = subject.set_up(Setup { strict: true, ..Setup::default() }).await?;
    scores::<&str>(&installed, QUERY, &[]).await?;
    well()
}

async fn single_text(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    scores(&installed, QUERY, &TEXTS[..1]).await?;
    well()
}

async fn empty_query(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    for query in ["", " ", "\n\t", "\u{3000}", "?!…"] {
        scores(&installed, query, &TEXTS).await?;
    }
    well()
}

async fn empty_text(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    for blank in ["", " \n", "\u{a0}\u{3000}"] {
        scores(&installed, QUERY, &[blank]).await?;
        let given = scores(&installed, QUERY, &[blank, TEXTS[ANSWER]]).await?;
        ensure!(given[0] <= given[1], "{blank:?} scores {}, the answer {}", given[0], given[1]);
    }
    well()
}

async fn long_text(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let long = TEXTS[0].repeat((1 << 20) / TEXTS[0].len() + 1);
    scores(&installed, QUERY, &[long, "x".repeat(100_000), TEXTS[ANSWER].into()]).await?;
    well()
}

async fn long_query(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    scores(&installed, &QUERY.repeat(10_240 / QUERY.len()), &TEXTS).await?;
    well()
}

async fn many_texts(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let texts: Vec<String> = (0..1000).map(|number| format!("{} {number}", TEXTS[number % 4])).collect();
    scores(&installed, QUERY, &texts).await?;
    well()
}

async fn scripts(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let texts = [specimen::CJK, specimen::RTL, specimen::COMBINING, specimen::EMOJI, &specimen::families(500)];
    for query in texts {
        scores(&installed, query, &texts).await?;
    }
    let given =
        scores(&installed, "灯塔管理员数了多少艘船？", &["光合作用把光变成糖。", "灯塔管理员数了七艘船。"]).await?;
    ensure!(given[1] >= given[0], "a Chinese answer scores {}, something else {}", given[1], given[0]);
    well()
}

async fn control_characters(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    scores(&installed, specimen::CONTROLS, &[specimen::CONTROLS, "\0", TEXTS[0]]).await?;
    well()
}

async fn dropped_call(subject: &Subject) -> Verdict {
    let installed = free(subject).await?;
    let usual = scores(&installed, QUERY, &TEXTS).await?;
    let long = vec![TEXTS[0].repeat(2000); 64];
    let waited = std::time::Duration::from_millis(5);
    let _ = tokio::time::timeout(waited, scores(&installed, QUERY, &long)).await;
    ensure!(scores(&installed, QUERY, &TEXTS).await? == usual, "after a dropped call it gives other scores");
    well()
}

async fn cost(subject: &Subject, texts: Vec<String>) -> Verdict<Cost> {
    let installed = subject.installed().await?;
    // The model is opened before anything is measured.
    scores(&installed, QUERY, &TEXTS).await?;
    Cost::of(&installed, scores(&installed, QUERY, &texts)).await
}

async fn work_linear(subject: &Subject) -> Verdict {
    free(subject).await?;
    let texts = |count: usize| (0..count).map(|number| format!("{} {number}", TEXTS[number % 4])).collect();
    let long = |times: usize| vec![TEXTS[ANSWER].repeat(times)];
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
