//! Scripts of the world, and characters that are none.

use super::document::Document;
use super::{split, texts};
use crate::check::{Check, Verdict, check, fail, well};
use crate::specimen::{self, lost, torn};
use crate::subject::Subject;
use mortise_domain::block::BlockKind;

pub(crate) const CHECKS: &[Check] = &[
    check!("cjk", cjk, "Chinese, Japanese and Korean text, which has few blanks or none, is kept."),
    check!("rtl", rtl, "Arabic and Hebrew text is kept, in the order in which it is stored."),
    check!(
        "combining-marks",
        combining_marks,
        "Letters made of several code points are kept, and never cut apart; composing them is allowed."
    ),
    check!(
        "emoji",
        emoji,
        "Emoji made of several code points (families, flags, tones of skin, keycaps) are kept, and never cut apart, \
         not even in a long run without blanks."
    ),
    check!(
        "control-characters",
        control_characters,
        "NULs, other controls, byte order marks and code points that stand for nothing do no harm to the text around \
         them."
    ),
    check!("line-ends", line_ends, "Lines may end with CR LF, CR, LF or Unicode's separators; no word is lost at any."),
];

/// What one text becomes, in one block and in many.
async fn survives(subject: &Subject, text: &str) -> Verdict {
    let mut document = Document::default();
    document.block(BlockKind::Heading, text).level = 1;
    for _ in 0..3 {
        document.block(BlockKind::Paragraph, text);
    }
    document.block(BlockKind::Paragraph, format!("{text} ").repeat(40));
    let chunks = split(subject, &document).await?;
    for block in &document.blocks()[1..] {
        let pieces = chunks.chunks.iter().filter(|chunk| chunk.blocks.contains(&block.id));
        let pieces: Vec<&str> = pieces.map(|chunk| chunk.text.as_str()).collect();
        if let Some(around) = lost(&block.text, &pieces.concat()) {
            fail!("lost near {around:?}")
        }
        if let Some(cluster) = torn(&block.text, pieces) {
            fail!("{cluster:?} is cut apart")
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
    survives(subject, specimen::COMBINING).await?;
    // Marks without a composed form, in a run that must be cut somewhere.
    survives(subject, &"q\u{307}\u{323}".repeat(400)).await
}

async fn emoji(subject: &Subject) -> Verdict {
    survives(subject, specimen::EMOJI).await?;
    survives(subject, &specimen::families(100)).await
}

async fn control_characters(subject: &Subject) -> Verdict {
    let document = Document::of_text(specimen::CONTROLS);
    let chunks = split(subject, &document).await?;
    match lost(specimen::CONTROLS, &texts(&chunks)) {
        Some(around) => fail!("lost near {around:?}"),
        None => well(),
    }
}

async fn line_ends(subject: &Subject) -> Verdict {
    let text =
        "\u{feff}One.\r\nTwo.\rThree.\nFour.\u{85}Five.\u{2028}Six.\u{2029}Seven.\u{b}Eight.\u{c}Nine.\r\n\r\nTen.";
    let chunks = split(subject, &Document::of_text(text)).await?;
    match lost(text, &texts(&chunks)) {
        Some(around) => fail!("lost near {around:?}"),
        None => well(),
    }
}
