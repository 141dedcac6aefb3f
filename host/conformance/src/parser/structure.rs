//! What the blocks of a good file look like.

use super::sample::{SENTENCES, Sample};
use super::{parse, samples, text};
use crate::check::{Check, Verdict, check, ensure, skip, well};
use crate::specimen::words;
use crate::subject::Subject;
use mortise_domain::block::{Block, BlockKind, Parsed};
use std::collections::HashSet;

pub(crate) const CHECKS: &[Check] = &[
    check!("samples-read", samples_read, "Every sample is read, and gives text."),
    check!("text-found", text_found, "The known sentences of the kit's samples are in the blocks, in order."),
    check!("ids-ascend", ids_ascend, "Block ids ascend in reading order, none twice."),
    check!("pages-sound", pages_sound, "Places lie on pages of the document: from 1 to as many as it says it has."),
    check!("places-sound", places_sound, "Rectangles are in points from the top left corner, and not inside out."),
    check!(
        "levels-sound",
        levels_sound,
        "Headings and list items have a level from 1, other blocks 0 (a title may have 1)."
    ),
    check!(
        "tables-sound",
        tables_sound,
        "Cells lie within their table, no two at one place, and the block's text holds what they say."
    ),
    check!(
        "references-sound",
        references_sound,
        "Parts, images and parents that blocks name are there, and no block lies in itself."
    ),
    check!("languages-valid", languages_valid, "Languages of blocks are BCP 47 tags."),
    check!("told-briefly", told_briefly, "Warnings say something, and a good file gives fewer warnings than blocks."),
];

/// Looks at what every sample becomes.
async fn of_all(subject: &Subject, look: impl Fn(&Sample, &Parsed) -> Verdict<usize>) -> Verdict {
    subject.works().await?;
    let mut count = 0;
    for sample in samples(subject)? {
        count += look(&sample, &parse(subject, sample.file()).await?)?;
    }
    Ok(format!("{count} looked at"))
}

async fn samples_read(subject: &Subject) -> Verdict {
    subject.works().await?;
    let mut names = Vec::new();
    for sample in samples(subject)? {
        let parsed = parse(subject, sample.file()).await?;
        ensure!(!text(&parsed).trim().is_empty(), "{} gives no text", sample.name);
        names.push(format!("{}: {} blocks", sample.name, parsed.blocks.len()));
    }
    Ok(names.join(", "))
}

async fn text_found(subject: &Subject) -> Verdict {
    subject.works().await?;
    if !samples(subject)?.iter().any(|sample| sample.known) {
        skip!("what the author's samples say is not known to the kit")
    }
    of_all(subject, |sample, parsed| {
        if !sample.known {
            return Ok(0);
        }
        let found = text(parsed);
        let mut found = words(&found);
        for sentence in SENTENCES {
            let missing = words(sentence).find(|word| !found.any(|other| other == *word));
            if let Some(word) = missing {
                crate::check::fail!("{}: {word:?} of {sentence:?} is missing or out of order", sample.name)
            }
        }
        Ok(SENTENCES.len())
    })
    .await
}

async fn ids_ascend(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        for pair in parsed.blocks.windows(2) {
            let (a, b) = (pair[0].id, pair[1].id);
            ensure!(a < b, "{}: block {b} comes after block {a}", sample.name);
        }
        Ok(parsed.blocks.len())
    })
    .await
}

async fn pages_sound(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        let mut count = 0;
        for (block, place) in parsed.blocks.iter().flat_map(|block| block.places.iter().map(move |p| (block, p))) {
            let (page, pages) = (place.page, parsed.pages);
            ensure!((1..=pages).contains(&page), "{}: block {} is on page {page} of {pages}", sample.name, block.id);
            count += 1;
        }
        Ok(count)
    })
    .await
}

/// The largest page that the formats know, in points, and then some.
const LARGEST: f32 = 20_000.0;

async fn places_sound(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        let mut count = 0;
        for (block, place) in parsed.blocks.iter().flat_map(|block| block.places.iter().map(move |p| (block, p))) {
            let Some(rect) = place.rect else { continue };
            let within = [rect.left, rect.top, rect.right, rect.bottom].iter().all(|edge| edge.abs() <= LARGEST);
            let sound = within && rect.left <= rect.right && rect.top <= rect.bottom;
            ensure!(sound, "{}: block {} stands at {rect:?}", sample.name, block.id);
            count += 1;
        }
        Ok(count)
    })
    .await
}

async fn levels_sound(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        for block in &parsed.blocks {
            let sound = match block.kind {
                BlockKind::Heading | BlockKind::ListItem => block.level >= 1,
                BlockKind::Title => block.level <= 1,
                _ => block.level == 0,
            };
            let Block { id, kind, level, .. } = block;
            ensure!(sound, "{}: block {id}, a {kind:?}, has level {level}", sample.name);
        }
        Ok(parsed.blocks.len())
    })
    .await
}

async fn tables_sound(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        let mut count = 0;
        for (id, text, table) in parsed.blocks.iter().filter_map(|b| Some((b.id, &b.text, b.table.as_ref()?))) {
            let mut taken = HashSet::new();
            let told: HashSet<&str> = words(text).collect();
            for cell in &table.cells {
                let (row, column) = (cell.row, cell.column);
                let inside = row + cell.row_span <= table.rows && column + cell.column_span <= table.columns;
                let free = taken.insert((row, column));
                ensure!(inside && free, "{}: block {id} has a cell at {row}, {column} that cannot be", sample.name);
                let missing = words(&cell.text).find(|word| !told.contains(word));
                let missing = missing.unwrap_or_default();
                ensure!(missing.is_empty(), "{}: {missing:?} is not in the text of block {id}", sample.name);
            }
            count += 1;
        }
        Ok(count)
    })
    .await
}

async fn references_sound(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        let ids: HashSet<u32> = parsed.blocks.iter().map(|block| block.id).collect();
        let within = |index: u32, list: usize| usize::try_from(index).is_ok_and(|index| index < list);
        for block in &parsed.blocks {
            let (name, id) = (&sample.name, block.id);
            ensure!(within(block.part, parsed.parts.len().max(1)), "{name}: block {id} is of a part that is not there");
            let shown = block.image.is_none_or(|image| within(image, parsed.images.len()));
            ensure!(shown, "{name}: block {id} shows an image that is not there");
            let held = block.parent.is_none_or(|parent| parent != id && ids.contains(&parent));
            ensure!(held, "{name}: block {id} lies in block {:?}", block.parent);
        }
        Ok(parsed.blocks.len())
    })
    .await
}

async fn languages_valid(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        let told: Vec<&String> = parsed.blocks.iter().filter_map(|block| block.language.as_ref()).collect();
        for language in &told {
            ensure!(is_language(language), "{}: {language:?} is no language tag", sample.name);
        }
        Ok(told.len())
    })
    .await
}

/// Whether a text has the form of a BCP 47 tag: a language of two to eight letters, then subtags.
pub(crate) fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    let private = matches!(language, "x" | "X" | "i" | "I");
    let named = (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let subtag = |subtag: &str| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric());
    let rest: Vec<&str> = subtags.collect();
    (named || private && !rest.is_empty()) && rest.into_iter().all(subtag)
}

async fn told_briefly(subject: &Subject) -> Verdict {
    of_all(subject, |sample, parsed| {
        for warning in &parsed.warnings {
            ensure!(!warning.message.trim().is_empty(), "{}: a warning says nothing", sample.name);
        }
        let (warnings, blocks) = (parsed.warnings.len(), parsed.blocks.len());
        ensure!(!sample.known || warnings < blocks, "{}: {warnings} warnings and {blocks} blocks", sample.name);
        Ok(warnings)
    })
    .await
    .and_then(|note| if note.is_empty() { well() } else { Ok(note) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags() {
        for tag in ["en", "de-CH", "zh-Hant-TW", "sr-Latn", "x-klingon", "i-default", "ast", "sl-rozaj-biske-1994"] {
            assert!(is_language(tag), "{tag}");
        }
        for text in ["", "e", "english language", "de_DE", "x", "de-", "123"] {
            assert!(!is_language(text), "{text}");
        }
    }
}
