//! Large documents: whole, in time, within bounds, and stopped when asked.

use super::document::{Document, marks};
use super::{all_said, call};
use crate::check::{Check, Verdict, check, ensure, fail, skip};
use crate::every::scale::{self, Cost};
use crate::specimen::{lost, words};
use crate::subject::{Setup, Subject};
use mortise_domain::role::CallContext;

pub(crate) const CHECKS: &[Check] = &[
    check!("giant-line", giant_line, "One block of a megabyte is taken, and no word of it is lost."),
    check!("giant-word", giant_word, "A hundred kilobytes without one blank are taken, and nothing of them is lost."),
    check!("many-blocks", many_blocks, "A document of 100 000 blocks is taken, and no block of it is lost."),
    check!("progress-rises", progress_rises, "Progress rises from 0 to 1 and never goes back."),
    check!("cancel-obeyed", cancel_obeyed, "A call that is cancelled ends within a second."),
    check!(
        "work-linear",
        work_linear,
        "Ten times the document takes less than thirty times the fuel, by blocks and by the length of a line."
    ),
];

/// A line of a million bytes.
fn line(bytes: usize) -> String {
    let mut line = String::with_capacity(bytes + 20);
    let mut number = 0;
    while line.len() < bytes {
        line.push_str(&format!("Ship n{number} left. "));
        number += 1;
    }
    line
}

async fn giant_line(subject: &Subject) -> Verdict {
    subject.works().await?;
    let text = line(1 << 20);
    let chunks = call(&subject.installed().await?, &Document::of_text(&*text), CallContext::default()).await??;
    let said = super::texts(&chunks);
    let mut said = words(&said);
    for word in words(&text).filter(|word| word.starts_with('n')) {
        ensure!(said.any(|found| found == word), "{word} is lost or out of order");
    }
    Ok(format!("{} chunks", chunks.chunks.len()))
}

async fn giant_word(subject: &Subject) -> Verdict {
    subject.works().await?;
    let text: String = (0..20_000).map(|number| format!("{:05}", number % 99_991)).collect();
    let chunks = call(&subject.installed().await?, &Document::of_text(&*text), CallContext::default()).await??;
    match lost(&text, &super::texts(&chunks)) {
        Some(around) => fail!("lost near {around:?}"),
        None => Ok(format!("{} chunks", chunks.chunks.len())),
    }
}

const MANY: u32 = 100_000;

async fn many_blocks(subject: &Subject) -> Verdict {
    subject.works().await?;
    let document = Document::many(MANY);
    let chunks = call(&subject.installed().await?, &document, CallContext::default()).await??;
    let mut found = vec![false; MANY as usize];
    for mark in marks(&all_said(&chunks)) {
        if let Some(found) = found.get_mut(mark.block as usize) {
            *found = true;
        }
    }
    match found.iter().position(|found| !found) {
        Some(block) => fail!("block {block} is lost"),
        None => Ok(format!("{} chunks", chunks.chunks.len())),
    }
}

async fn progress_rises(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = subject.set_up(Setup { strict: true, ..Setup::default() }).await?;
    let heard = scale::Heard::default();
    let context = CallContext { progress: Some(heard.listener()), ..CallContext::default() };
    call(&installed, &Document::many(10_000), context).await??;
    Ok(heard.told())
}

async fn cancel_obeyed(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = subject.installed().await?;
    let document = Document::many(MANY);
    let (installed, document) = (&installed, &document);
    scale::cancelled(|context| Box::pin(async { Ok(call(installed, document, context).await?.map(drop)) })).await
}

async fn cost(subject: &Subject, document: Document) -> Verdict<Cost> {
    let installed = subject.installed().await?;
    Cost::of(&installed, async { Ok(call(&installed, &document, CallContext::default()).await??) }).await
}

async fn work_linear(subject: &Subject) -> Verdict {
    subject.works().await?;
    let blocks = [cost(subject, Document::many(MANY / 10)).await?, cost(subject, Document::many(MANY)).await?];
    let line = |bytes| cost(subject, Document::of_text(line(bytes)));
    let lines = [line(100 << 10).await?, line(1 << 20).await?];
    let mut told = Vec::new();
    for (what, [small, large]) in [("blocks", blocks), ("a line", lines)] {
        told.push(format!("{what}: {}", Cost::ratio(what, &small, &large)?));
    }
    if blocks[0].fuel == 0 {
        skip!("the runtime does not count fuel; in time, {}", told.join("; "))
    }
    Ok(told.join("; "))
}
