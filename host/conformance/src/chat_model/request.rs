//! What a chat model may be asked.

use super::{PASSAGES, QUESTION, answer, ask, asked, message, question};
use crate::check::{Check, Verdict, check, ensure, fail, skip, well};
use crate::every::scale::Cost;
use crate::specimen;
use crate::subject::Subject;
use mortise_domain::chat::{ChatMessage, ChatRequest, ChatRole};
use mortise_domain::plugin::FaultReason;

pub(crate) const CHECKS: &[Check] = &[
    check!("no-messages", no_messages, "A request without messages is answered or refused with a reason."),
    check!("empty-message", empty_message, "Empty and blank messages are answered or refused with a reason."),
    check!("system-message", system_message, "System messages are accepted, and passed to the service."),
    check!(
        "long-conversation",
        long_conversation,
        "A conversation of 200 messages is answered or refused with a reason."
    ),
    check!("long-message", long_message, "A message of a megabyte is answered or refused with a reason."),
    check!("passages-optional", passages_optional, "A request without passages is answered."),
    check!("stateless", stateless, "An answer does not depend on earlier questions."),
    check!(
        "unicode-survives",
        unicode_survives,
        "Text of any script, emoji and letters made of several code points reach the service unchanged, and come out \
         of a local model unbroken."
    ),
    check!("control-characters", control_characters, "NULs and other controls are answered or refused with a reason."),
    check!(
        "sampling-passed",
        sampling_passed,
        "An adapter passes temperature and top-p to the service; they never fail a local model."
    ),
    check!("work-linear", work_linear, "Ten times the conversation takes less than thirty times the fuel."),
];

/// Whether a request is answered or refused; true when it is answered.
async fn bears(subject: &Subject, request: ChatRequest, what: &str) -> Verdict<bool> {
    subject.works().await?;
    match ask(&subject.installed().await?, request).await? {
        Ok(answer) => {
            ensure!(answer.finishes.len() == 1, "{what}: {} finishes", answer.finishes.len());
            Ok(true)
        }
        Err(fault) => match fault.reason {
            FaultReason::Refused(why) | FaultReason::Unsupported(why) => {
                ensure!(!why.trim().is_empty(), "{what} is refused without a reason");
                Ok(false)
            }
            reason => fail!("{what} ends as {}: {reason}", reason.kind()),
        },
    }
}

fn told(answered: bool) -> Verdict {
    Ok(if answered { "answered" } else { "refused" }.into())
}

fn of_messages(messages: Vec<ChatMessage>) -> ChatRequest {
    ChatRequest { messages, ..question() }
}

async fn no_messages(subject: &Subject) -> Verdict {
    told(bears(subject, of_messages(vec![]), "no message").await?)
}

async fn empty_message(subject: &Subject) -> Verdict {
    let mut answered = true;
    for text in ["", " \n"] {
        answered &= bears(subject, of_messages(vec![message(ChatRole::User, text)]), "an empty message").await?;
    }
    told(answered)
}

const INSTRUCTION: &str = "Answer like a harbour master of the year 1924.";

async fn system_message(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = subject.installed().await?;
    let messages = vec![message(ChatRole::System, INSTRUCTION), message(ChatRole::User, QUESTION)];
    ask(&installed, of_messages(messages)).await??;
    if let Some(upstream) = &installed.upstream {
        let passed = upstream.requests().iter().any(|request| request.says(INSTRUCTION));
        ensure!(passed, "the system message does not reach the service");
    }
    well()
}

/// A conversation of so many turns that ends with the question.
fn turns(count: usize) -> Vec<ChatMessage> {
    let mut messages = vec![message(ChatRole::System, INSTRUCTION)];
    for number in 0..count {
        messages.push(message(ChatRole::User, &format!("What is the name of ship {number}?")));
        messages.push(message(ChatRole::Assistant, &format!("Ship {number} has no name in the book.")));
    }
    messages.push(message(ChatRole::User, QUESTION));
    messages
}

async fn long_conversation(subject: &Subject) -> Verdict {
    told(bears(subject, of_messages(turns(100)), "a long conversation").await?)
}

async fn long_message(subject: &Subject) -> Verdict {
    let long = QUESTION.repeat((1 << 20) / QUESTION.len() + 1);
    told(bears(subject, of_messages(vec![message(ChatRole::User, &long)]), "a long message").await?)
}

async fn passages_optional(subject: &Subject) -> Verdict {
    let answered = bears(subject, asked(QUESTION, &[]), "a question without passages").await?;
    ensure!(answered, "a question without passages is refused");
    well()
}

async fn stateless(subject: &Subject) -> Verdict {
    let usual = answer(subject).await?;
    subject.answers_freely()?;
    let installed = subject.installed().await?;
    ask(&installed, asked("What does crane number four lift?", &PASSAGES)).await??;
    let again = ask(&installed, question()).await??;
    ensure!(again.text == usual.text, "after another question the answer is {:?}", again.text);
    well()
}

async fn unicode_survives(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = subject.installed().await?;
    for specimen in [specimen::CJK, specimen::RTL, specimen::COMBINING, specimen::EMOJI] {
        let asked = asked(&format!("{QUESTION} {specimen}"), &[PASSAGES[0], specimen]);
        let answer = ask(&installed, asked).await??;
        ensure!(!answer.text.contains('\u{fffd}'), "the answer holds a replacement character: {:?}", answer.text);
        if let Some(upstream) = &installed.upstream {
            let passed = upstream.requests().iter().any(|request| request.says(specimen));
            ensure!(passed, "{:.20?} does not reach the service as it is", specimen);
        }
    }
    well()
}

async fn control_characters(subject: &Subject) -> Verdict {
    let asked = asked(&format!("{QUESTION} {}", specimen::CONTROLS), &[PASSAGES[0], specimen::CONTROLS]);
    told(bears(subject, asked, "a question with controls").await?)
}

async fn sampling_passed(subject: &Subject) -> Verdict {
    subject.works().await?;
    let installed = subject.installed().await?;
    let request = ChatRequest { temperature: Some(0.375), top_p: Some(0.625), ..question() };
    ask(&installed, request).await??;
    let Some(upstream) = &installed.upstream else { return well() };
    let requests = upstream.requests();
    for (name, number) in [("temperature", 0.375), ("top-p", 0.625)] {
        ensure!(requests.iter().any(|request| request.has_number(number)), "{name} does not reach the service");
    }
    well()
}

async fn cost(subject: &Subject, count: usize) -> Verdict<Cost> {
    let installed = subject.installed().await?;
    // The model is opened before anything is measured.
    ask(&installed, question()).await??;
    Cost::of(&installed, async { Ok(ask(&installed, of_messages(turns(count))).await??) }).await
}

async fn work_linear(subject: &Subject) -> Verdict {
    subject.works().await?;
    subject.answers_freely()?;
    let (small, large) = (cost(subject, 100).await?, cost(subject, 1000).await?);
    let told = Cost::ratio("messages", &small, &large)?;
    if small.fuel == 0 {
        skip!("the runtime does not count fuel; {told}")
    }
    Ok(told)
}
