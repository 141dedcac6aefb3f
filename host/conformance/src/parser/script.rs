//! Text in textual formats: encodings, line ends, scripts of the world.

use super::sample::{Form, SENTENCES, Sample};
use super::{call, parse, text};
use crate::check::{Check, Verdict, check, ensure, fail, skip, well};
use crate::specimen::{self, letters, lost, torn, words};
use crate::subject::Subject;
use mortise_domain::plugin::FaultReason;
use mortise_domain::role::CallContext;

pub(crate) const CHECKS: &[Check] = &[
    check!("byte-order-mark", byte_order_mark, "A byte order mark at the beginning is not part of the text."),
    check!(
        "line-ends",
        line_ends,
        "Lines that end with CR LF or CR are lines: no word is lost, no carriage return kept."
    ),
    check!(
        "invalid-utf8",
        invalid_utf8,
        "Bytes that are no UTF-8 (stray, overlong, halves of surrogates) do no harm to the text around them."
    ),
    check!("control-characters", control_characters, "NULs and other controls do no harm to the text around them."),
    check!("cjk", cjk, "Chinese, Japanese and Korean text is read."),
    check!("rtl", rtl, "Arabic and Hebrew text is read, in the order in which it is stored."),
    check!("combining-marks", combining_marks, "Letters made of several code points are read whole."),
    check!("emoji", emoji, "Emoji made of several code points are read whole."),
];

/// The textual formats that the kit can write and the parser reads.
async fn forms(subject: &Subject) -> Verdict<Vec<&'static Form>> {
    subject.works().await?;
    let forms = Form::all(subject);
    if forms.is_empty() {
        skip!("none of its kinds is a textual one that the kit can write")
    }
    Ok(forms)
}

async fn survives(subject: &Subject, specimen: &str) -> Verdict {
    for form in forms(subject).await? {
        let sample = form.sample(&[SENTENCES[0], specimen, SENTENCES[1]]);
        let read = text(&parse(subject, sample.file()).await?);
        // JSON may keep its escapes.
        if let Some(around) = lost(specimen, &read) {
            fail!("in {}, lost near {around:?}", sample.name)
        }
        if let Some(cluster) = torn(specimen, [read.as_str()]) {
            fail!("in {}, {cluster:?} is cut apart", sample.name)
        }
    }
    well()
}

async fn cjk(subject: &Subject) -> Verdict {
    survives(subject, specimen::CJK).await
}

async fn rtl(subject: &Subject) -> Verdict {
    survives(subject, specimen::RTL).await
}

async fn combining_marks(subject: &Subject) -> Verdict {
    survives(subject, specimen::COMBINING).await
}

async fn emoji(subject: &Subject) -> Verdict {
    survives(subject, specimen::EMOJI).await
}

/// The first word of the sentences that a text does not have in order.
fn missing(read: &str) -> Option<&'static str> {
    let mut found = words(read);
    SENTENCES.into_iter().flat_map(words).find(|word| !found.any(|other| other == *word))
}

/// The sentences of a sample must be found whatever was done to it.
async fn sentences_found(subject: &Subject, sample: &Sample, bytes: Vec<u8>, what: &str) -> Verdict<String> {
    let read = text(&parse(subject, sample.file_of(bytes)).await?);
    if let Some(word) = missing(&read) {
        fail!("in {} {what}, {word:?} is missing", sample.name)
    }
    Ok(read)
}

async fn byte_order_mark(subject: &Subject) -> Verdict {
    for form in forms(subject).await? {
        let sample = form.sample(&SENTENCES);
        let bytes = [&b"\xef\xbb\xbf"[..], &sample.bytes].concat();
        let read = sentences_found(subject, &sample, bytes, "with a byte order mark").await?;
        ensure!(!read.contains('\u{feff}'), "in {} the byte order mark is kept", sample.name);
    }
    well()
}

async fn line_ends(subject: &Subject) -> Verdict {
    for form in forms(subject).await? {
        let sample = form.sample(&SENTENCES);
        let unix = String::from_utf8_lossy(&sample.bytes).replace("\r\n", "\n");
        let usual = letters(&text(&parse(subject, sample.file_of(unix.clone().into_bytes())).await?));
        let mut ends = vec![("CR LF", "\r\n")];
        // Formats in which a bare CR never ended a line.
        if !matches!(form.extension, "eml" | "py") {
            ends.push(("CR", "\r"));
        }
        for (name, end) in ends {
            let read = sentences_found(subject, &sample, unix.replace('\n', end).into_bytes(), name).await?;
            ensure!(!read.contains('\r'), "in {} with {name} at line ends, carriage returns are kept", sample.name);
            ensure!(letters(&read) == usual, "in {} the text with {name} at line ends is another one", sample.name);
        }
    }
    well()
}

async fn invalid_utf8(subject: &Subject) -> Verdict {
    let stray: [(&str, &[u8]); 5] = [
        ("a stray continuation", b"\x80"),
        ("half a character", b"\xe7\x81"),
        ("an overlong slash", b"\xc0\xaf"),
        ("half a surrogate pair", b"\xed\xa0\x80"),
        ("bytes of no character", b"\xfe\xff\xf8\x88\x80\x80\x80"),
    ];
    for form in forms(subject).await? {
        // Text enough that nobody takes it for another encoding.
        let texts = [SENTENCES[0], "@", SENTENCES[1], specimen::CJK, SENTENCES[2]];
        let sample = form.sample(&texts);
        let Some(at) = sample.bytes.iter().position(|byte| *byte == b'@').filter(|_| form.extension != "eml") else {
            continue;
        };
        for (what, bytes) in stray {
            let bytes = [&sample.bytes[..at], bytes, &sample.bytes[at + 1..]].concat();
            sentences_found(subject, &sample, bytes, &format!("with {what}")).await?;
        }
    }
    well()
}

async fn control_characters(subject: &Subject) -> Verdict {
    for form in forms(subject).await? {
        let sample = form.sample(&SENTENCES);
        let (start, end) = sample.bytes.split_at(sample.bytes.len() / 2);
        for controls in [&b"\0"[..], b"\x01\x02\x0b\x0c\x1b[0m", b"\x7f\x7f"] {
            let word = [start, b" ", controls, b" ", end].concat();
            let read = match call(&subject.installed().await?, sample.file_of(word), CallContext::default()).await? {
                Ok(parsed) => text(&parsed),
                // A strict format has the right to refuse them.
                Err(fault) if matches!(fault.reason, FaultReason::Refused(_)) => continue,
                Err(fault) => return Err(fault.into()),
            };
            let first: Vec<&str> = words(SENTENCES[0]).collect();
            let found = words(&read).filter(|word| first.contains(word)).count();
            ensure!(found >= first.len(), "in {} with {controls:?}, words are lost", sample.name);
        }
    }
    well()
}
