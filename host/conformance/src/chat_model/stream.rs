//! The events of an answer.

use super::{Answer, answer, ask, asked, pull, question};
use crate::check::{Check, Verdict, check, ensure, fail, skip, well};
use crate::specimen::{torn, words};
use crate::subject::{Installed, Subject};
use futures_util::StreamExt;
use mortise_domain::chat::{ChatEvent, ChatRequest, FinishReason};
use mortise_text::tokens;

pub(crate) const CHECKS: &[Check] = &[
    check!(
        "deltas-concatenate",
        deltas_concatenate,
        "Text deltas concatenate to the answer: none is empty, no character is cut apart between two, and the whole is \
         the same however slowly it is pulled."
    ),
    check!("finish-last", finish_last, "There is exactly one finish, and nothing comes after it."),
    check!("finish-reason", finish_reason, "A complete answer finishes with the reason stop."),
    check!(
        "usage-present",
        usage_present,
        "Usage is told once, before the finish; it counts the question, and the answer if there is one."
    ),
    check!(
        "stop-honoured",
        stop_honoured,
        "The answer ends before the first stop text; an adapter passes it to the service."
    ),
    check!("stop-absent", stop_absent, "A stop text that does not occur changes nothing; an empty one neither."),
    check!(
        "max-tokens-honoured",
        max_tokens_honoured,
        "The answer has no more tokens than allowed, and finishes with the reason length; an adapter passes the limit \
         to the service."
    ),
    check!("max-tokens-generous", max_tokens_generous, "A limit that the answer does not reach changes nothing."),
    check!("dropped-stream", dropped_stream, "An answer that is dropped in the middle does the next one no harm."),
    check!("interleaved", interleaved, "Two answers pulled by turns are the same as each alone."),
];

async fn deltas_concatenate(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?;
    let empty = usual.deltas.iter().position(String::is_empty);
    ensure!(empty.is_none(), "delta {} is empty", empty.unwrap_or_default());
    if let Some(cluster) = torn(&usual.text, usual.deltas.iter().map(String::as_str)) {
        // Tokens of real services may end anywhere; only local models choose their own deltas.
        ensure!(subject.is_remote(), "{cluster:?} is cut apart between two deltas");
    }
    ensure!(!usual.text.contains('\u{fffd}'), "the answer holds a replacement character");
    let installed = subject.installed().await?;
    let mut stream = installed.chat_model()?.complete(question()).await?;
    let mut slow = Answer::default();
    while let Some(event) = stream.next().await {
        slow.take(event?);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    ensure!(slow.text == usual.text, "pulled slowly, the answer is another one");
    Ok(format!("{} deltas, {} bytes", usual.deltas.len(), usual.text.len()))
}

async fn finish_last(subject: &Subject) -> Verdict {
    let answer = answer(subject).await?;
    ensure!(answer.finishes.len() == 1, "{} finishes", answer.finishes.len());
    ensure!(matches!(answer.last, Some(ChatEvent::Finish(_))), "the last event is {:?}", answer.last);
    well()
}

async fn finish_reason(subject: &Subject) -> Verdict {
    let answer = answer(subject).await?;
    ensure!(answer.finishes.contains(&FinishReason::Stop), "it finishes with {:?}", answer.finishes);
    well()
}

async fn usage_present(subject: &Subject) -> Verdict {
    let answer = answer(subject).await?;
    let [(prompt, completion)] = answer.usages[..] else { fail!("usage is told {} times", answer.usages.len()) };
    ensure!(prompt > 0, "the question has no tokens");
    ensure!(completion > 0 || answer.text.is_empty(), "the answer has no tokens");
    Ok(format!("{prompt} + {completion} tokens"))
}

async fn ask_with(subject: &Subject, change: impl FnOnce(&mut ChatRequest)) -> Verdict<(Answer, Installed<'_>)> {
    let installed = subject.installed().await?;
    let mut request = question();
    change(&mut request);
    let answer = ask(&installed, request).await??;
    Ok((answer, installed))
}

async fn stop_honoured(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?.text;
    // A word in the middle that occurs nowhere before.
    let middle =
        words(&usual).skip(2).find(|word| word.len() > 2 && words(&usual).take(2).all(|early| !early.contains(word)));
    let Some(stop) = middle else { skip!("the answer {usual:?} is too short to be stopped in") };
    let before = usual.split(stop).next().unwrap_or_default().to_owned();
    let (stopped, installed) =
        ask_with(subject, |request| request.stop = vec!["\u{1}never".into(), stop.into()]).await?;
    if let Some(upstream) = &installed.upstream {
        let passed = upstream.requests().iter().any(|request| request.says(stop) && request.says("never"));
        ensure!(passed || stopped.text == before, "the stop texts are neither passed to the service nor honoured");
        return Ok(if passed { "passed to the service" } else { "honoured by the adapter" }.into());
    }
    ensure!(!stopped.text.contains(stop), "stopped at {stop:?}, the answer is {:?}", stopped.text);
    let (had, wanted) = (stopped.text.trim_end(), before.trim_end());
    ensure!(had == wanted, "stopped at {stop:?}, the answer is {had:?} instead of {wanted:?}");
    ensure!(stopped.finishes.contains(&FinishReason::Stop), "stopped, it finishes with {:?}", stopped.finishes);
    well()
}

async fn stop_absent(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?;
    let (same, _) = ask_with(subject, |request| request.stop = vec!["\u{1}never".into(), String::new()]).await?;
    ensure!(same.text == usual.text, "the answer is {:?} instead of {:?}", same.text, usual.text);
    well()
}

async fn max_tokens_honoured(subject: &Subject) -> Verdict {
    const ODD: u32 = 173;
    let usual = answer(subject).await?;
    if subject.is_remote() {
        let (_, installed) = ask_with(subject, |request| request.max_tokens = Some(ODD)).await?;
        let requests = installed.upstream.as_ref().map(|upstream| upstream.requests()).unwrap_or_default();
        let passed = requests.iter().any(|request| request.has_number(ODD.into()));
        ensure!(passed, "the limit is not passed to the service");
        return Ok("passed to the service".into());
    }
    for limit in [1, 3] {
        let (short, _) = ask_with(subject, |request| request.max_tokens = Some(limit)).await?;
        let size = tokens::count(&short.text);
        ensure!(size <= limit as usize, "{size} tokens where {limit} are allowed: {:?}", short.text);
        let told = short.usages.first().map_or(0, |(_, completion)| *completion);
        ensure!(told <= limit, "usage tells of {told} tokens where {limit} are allowed");
        let cut = short.text != usual.text;
        let reason = if cut { FinishReason::Length } else { FinishReason::Stop };
        ensure!(short.finishes.contains(&reason), "cut short, it finishes with {:?}", short.finishes);
    }
    well()
}

async fn max_tokens_generous(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?;
    let (same, _) = ask_with(subject, |request| request.max_tokens = Some(100_000)).await?;
    ensure!(same.text == usual.text, "the answer is {:?} instead of {:?}", same.text, usual.text);
    ensure!(same.finishes == usual.finishes, "it finishes with {:?}", same.finishes);
    well()
}

async fn dropped_stream(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?;
    let installed = subject.installed().await?;
    let model = installed.chat_model()?;
    for pulled in [0, 1, 2] {
        let mut stream = model.complete(question()).await?;
        for _ in 0..pulled {
            if let Some(event) = stream.next().await {
                event?;
            }
        }
        drop(stream);
        let next = ask(&installed, question()).await??;
        ensure!(next.text == usual.text, "after an answer dropped at event {pulled}, the next is {:?}", next.text);
    }
    well()
}

async fn interleaved(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?;
    let other = asked("What does crane number four lift?", &super::PASSAGES);
    let alone = ask(&subject.installed().await?, other.clone()).await??;
    let installed = subject.installed().await?;
    let model = installed.chat_model()?;
    let (mut a, mut b) = (model.complete(question()).await?, model.complete(other).await?);
    let (mut first, mut second) = (Answer::default(), Answer::default());
    // By turns for a while, then each to its end.
    for _ in 0..4 {
        if let Some(event) = a.next().await {
            first.take(event?);
        }
        if let Some(event) = b.next().await {
            second.take(event?);
        }
    }
    first.text.push_str(&pull(a).await?.text);
    second.text.push_str(&pull(b).await?.text);
    ensure!(first.text == usual.text, "beside another, the answer is {:?}", first.text);
    ensure!(second.text == alone.text, "beside another, the answer is {:?}", second.text);
    well()
}
