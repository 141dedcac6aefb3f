//! Large files: whole, in time, within bounds, and stopped when asked.

use super::sample::{Form, Sample};
use super::{call, text};
use crate::check::{Check, Verdict, check, ensure, fail, skip};
use crate::every::scale::{self, Cost};
use crate::specimen::words;
use crate::subject::{Setup, Subject};
use mortise_domain::role::CallContext;

pub(crate) const CHECKS: &[Check] = &[
    check!("giant-line", giant_line, "A line of a megabyte is read, and no word of it is lost."),
    check!("many-paragraphs", many_paragraphs, "A file of 100 000 paragraphs is read, and none of them is lost."),
    check!("progress-rises", progress_rises, "Progress rises from 0 to 1 and never goes back."),
    check!("cancel-obeyed", cancel_obeyed, "A call that is cancelled ends within a second."),
    check!("work-linear", work_linear, "Ten times the file takes less than thirty times the fuel."),
];

async fn form(subject: &Subject) -> Verdict<&'static Form> {
    subject.works().await?;
    match Form::all(subject).first() {
        Some(form) => Ok(form),
        None => skip!("none of its kinds is a textual one that the kit can write"),
    }
}

fn many(form: &Form, count: u32) -> Sample {
    let texts: Vec<String> = (0..count).map(|number| format!("Ship n{number} left.")).collect();
    form.sample(&texts)
}

/// Whether all numbered ships are in a text, and in order.
fn all_left(read: &str, count: u32) -> Verdict<()> {
    let mut found = words(read).filter_map(|word| word.strip_prefix('n')?.parse::<u32>().ok());
    for number in 0..count {
        ensure!(found.any(|other| other == number), "n{number} is lost or out of order");
    }
    Ok(())
}

async fn giant_line(subject: &Subject) -> Verdict {
    let form = form(subject).await?;
    let count = 60_000;
    let line: Vec<String> = (0..count).map(|number| format!("Ship n{number} left.")).collect();
    let line = line.join(" ");
    ensure!(line.len() > 1 << 20, "the kit's line is too short");
    let installed = subject.installed().await?;
    let parsed = call(&installed, form.sample(&[line]).file(), CallContext::default()).await??;
    all_left(&text(&parsed), count)?;
    Ok(format!("{} blocks", parsed.blocks.len()))
}

const MANY: u32 = 100_000;

async fn many_paragraphs(subject: &Subject) -> Verdict {
    let form = form(subject).await?;
    let installed = subject.installed().await?;
    let parsed = call(&installed, many(form, MANY).file(), CallContext::default()).await??;
    all_left(&text(&parsed), MANY)?;
    Ok(format!("{} blocks", parsed.blocks.len()))
}

/// Something large: a grown file of a textual kind, or the largest sample.
async fn large(subject: &Subject) -> Verdict<Sample> {
    subject.works().await?;
    if let Some(form) = Form::all(subject).first() {
        return Ok(many(form, MANY));
    }
    let samples = super::samples(subject)?;
    match samples.into_iter().max_by_key(|sample| sample.bytes.len()) {
        Some(sample) => Ok(sample),
        None => fail!("no sample"),
    }
}

async fn progress_rises(subject: &Subject) -> Verdict {
    let sample = large(subject).await?;
    let installed = subject.set_up(Setup { strict: true, ..Setup::default() }).await?;
    let heard = scale::Heard::default();
    let context = CallContext { progress: Some(heard.listener()), ..CallContext::default() };
    call(&installed, sample.file(), context).await??;
    Ok(heard.told())
}

async fn cancel_obeyed(subject: &Subject) -> Verdict {
    let sample = large(subject).await?;
    let installed = subject.installed().await?;
    let (installed, sample) = (&installed, &sample);
    scale::cancelled(|context| Box::pin(async { Ok(call(installed, sample.file(), context).await?.map(drop)) })).await
}

async fn cost(subject: &Subject, form: &Form, count: u32) -> Verdict<Cost> {
    let (installed, file) = (subject.installed().await?, many(form, count).file());
    Cost::of(&installed, async { Ok(call(&installed, file, CallContext::default()).await??) }).await
}

async fn work_linear(subject: &Subject) -> Verdict {
    let form = form(subject).await?;
    let (small, large) = (cost(subject, form, MANY / 10).await?, cost(subject, form, MANY).await?);
    let told = Cost::ratio("paragraphs", &small, &large)?;
    if small.fuel == 0 {
        skip!("the runtime does not count fuel; {told}")
    }
    Ok(told)
}
