//! Is all of the document in the chunks, in order, and do they say truly where they come from?

use super::document::{Document, Mark, is_furniture, is_heading, marks};
use super::{all_said, said, split};
use crate::check::{Check, Verdict, check, ensure, fail, quoted, well};
use crate::subject::Subject;
use mortise_domain::ChunkKind;
use mortise_domain::block::{Block, BlockKind, Place};
use mortise_domain::role::{RawChunk, RawChunks};
use std::collections::{BTreeMap, HashSet};

pub(crate) const CHECKS: &[Check] = &[
    check!(
        "nothing-lost",
        nothing_lost,
        "Every word of the document is in some chunk: in its text, its context, its questions, keywords or fields, or \
         its parent's text. Page headers, page footers, page numbers and contents lists may be left out."
    ),
    check!("lone-headings", lone_headings, "A heading with nothing below it is not lost."),
    check!(
        "order-kept",
        order_kept,
        "Chunks come in reading order, and so does the text in them; overlap may repeat what came before."
    ),
    check!(
        "blocks-true",
        blocks_true,
        "The blocks that a chunk names are those whose text it holds: no other, and none missing."
    ),
    check!(
        "sparse-ids",
        sparse_ids,
        "Blocks are named by their ids, which a parser may choose, not by their positions."
    ),
    check!(
        "places-true",
        places_true,
        "Places that a chunk gives lie on pages of the document, within the places of its blocks."
    ),
    check!(
        "headings-context",
        headings_context,
        "A chunk's context holds headings that really stand above it, highest first, and no others."
    ),
    check!(
        "parents-sound",
        parents_sound,
        "A parent's text holds what its children say, and every parent has children."
    ),
];

async fn nothing_lost(subject: &Subject) -> Verdict {
    let document = Document::ordinary();
    let chunks = split(subject, &document).await?;
    let said: HashSet<Mark> = marks(&all_said(&chunks)).collect();
    let mut count = 0;
    for block in document.blocks().iter().filter(|block| !is_furniture(block)) {
        for mark in marks(&block.text) {
            ensure!(said.contains(&mark), "{mark}, of a {:?}, is in no chunk", block.kind);
            count += 1;
        }
    }
    Ok(format!("{count} words in {} chunks", chunks.chunks.len()))
}

async fn lone_headings(subject: &Subject) -> Verdict {
    let mut document = Document::default();
    document.heading(1);
    document.heading(1);
    document.heading(2);
    document.marked(BlockKind::Paragraph, 2);
    document.heading(2);
    document.heading(1);
    let chunks = split(subject, &document).await?;
    let said: HashSet<Mark> = marks(&all_said(&chunks)).collect();
    for mark in document.blocks().iter().flat_map(|block| marks(&block.text)) {
        ensure!(said.contains(&mark), "{mark}, of a heading with nothing below it, is in no chunk");
    }
    well()
}

async fn order_kept(subject: &Subject) -> Verdict {
    let document = Document::ordinary();
    let chunks = split(subject, &document).await?;
    let mut last = 0;
    for (number, chunk) in chunks.chunks.iter().enumerate() {
        let Some(first) = chunk.blocks.iter().min() else { continue };
        ensure!(*first >= last, "chunk {number} begins at block {first}, the one before it at block {last}");
        last = *first;
    }
    // Tables may stand apart from the text around them; each kind is in order for itself.
    for tables in [false, true] {
        let mut last: Option<Mark> = None;
        let mut seen = HashSet::new();
        for mark in chunks.chunks.iter().flat_map(|chunk| marks(&chunk.text)) {
            let Some(block) = document.blocks().get(mark.block as usize) else { continue };
            if (block.kind == BlockKind::Table) != tables || is_furniture(block) || !seen.insert(mark) {
                continue;
            }
            if let Some(last) = last {
                ensure!(last < mark, "{mark} comes after {last}");
            }
            last = Some(mark);
        }
    }
    well()
}

/// Which blocks a chunk's text comes from, by its marks.
fn sources(chunk: &RawChunk) -> HashSet<u32> {
    marks(&chunk.text).map(|mark| mark.block).collect()
}

fn true_blocks(chunks: &RawChunks, id: impl Fn(u32) -> u32) -> Verdict<()> {
    for (number, chunk) in chunks.chunks.iter().enumerate() {
        if chunk.kind == ChunkKind::Summary {
            continue;
        }
        let named: HashSet<u32> = chunk.blocks.iter().copied().collect();
        ensure!(named.len() == chunk.blocks.len(), "chunk {number} names a block twice");
        for block in sources(chunk) {
            let (block, text) = (id(block), quoted(&chunk.text));
            ensure!(named.contains(&block), "chunk {number} has text of block {block} and does not name it: {text}");
        }
        let said: HashSet<u32> = marks(&said(chunk, chunks)).map(|mark| id(mark.block)).collect();
        if let Some(stranger) = named.iter().find(|block| !said.contains(block)) {
            fail!("chunk {number} names block {stranger} and says nothing of it: {}", quoted(&chunk.text))
        }
    }
    Ok(())
}

async fn blocks_true(subject: &Subject) -> Verdict {
    let chunks = split(subject, &Document::ordinary()).await?;
    true_blocks(&chunks, |id| id)?;
    well()
}

async fn sparse_ids(subject: &Subject) -> Verdict {
    let id = |id| id * 7 + 1000;
    let chunks = split(subject, &Document::ordinary().renumbered(id)).await?;
    true_blocks(&chunks, id)?;
    well()
}

async fn places_true(subject: &Subject) -> Verdict {
    let document = Document::ordinary();
    let chunks = split(subject, &document).await?;
    let places: BTreeMap<u32, &Vec<Place>> = document.blocks().iter().map(|block| (block.id, &block.places)).collect();
    let mut count = 0;
    for (number, chunk) in chunks.chunks.iter().enumerate() {
        for place in &chunk.places {
            let pages = document.pages();
            ensure!(place.page <= pages, "chunk {number} is on page {} of {pages}", place.page);
            let of_blocks =
                || chunk.blocks.iter().filter_map(|block| places.get(block)).flat_map(|places| places.iter());
            ensure!(of_blocks().any(|whole| within(place, whole)), "chunk {number} has a place outside of its blocks");
            count += 1;
        }
    }
    Ok(if count == 0 { "gives none of its own".into() } else { format!("{count} places") })
}

fn within(place: &Place, whole: &Place) -> bool {
    const ROUNDING: f32 = 1.0;
    let inside = match (place.rect, whole.rect) {
        (Some(a), Some(b)) => {
            a.left >= b.left - ROUNDING
                && a.top >= b.top - ROUNDING
                && a.right <= b.right + ROUNDING
                && a.bottom <= b.bottom + ROUNDING
        }
        _ => true,
    };
    inside && place.page == whole.page
}

/// The headings above a block, highest first. A title stands above all others.
fn path(blocks: &[Block], until: u32) -> Vec<&Block> {
    let level = |block: &Block| if block.kind == BlockKind::Title { 0 } else { block.level };
    let mut path: Vec<&Block> = Vec::new();
    for block in blocks.iter().take_while(|block| block.id <= until).filter(|block| is_heading(block)) {
        path.retain(|above| level(above) < level(block));
        path.push(block);
    }
    path
}

async fn headings_context(subject: &Subject) -> Verdict {
    let document = Document::ordinary();
    let chunks = split(subject, &document).await?;
    let mut with = 0;
    for (number, chunk) in chunks.chunks.iter().enumerate().filter(|(_, chunk)| !chunk.context.is_empty()) {
        let fits = |block: &u32| {
            let mut above = path(document.blocks(), *block).into_iter();
            chunk.context.iter().all(|told| {
                let told: Vec<Mark> = marks(told).collect();
                above.any(|heading| marks(&heading.text).eq(told.iter().copied()))
            })
        };
        ensure!(chunk.blocks.iter().any(fits), "chunk {number} is not below {:?}", chunk.context);
        with += 1;
    }
    Ok(format!("{with} of {} chunks have a context", chunks.chunks.len()))
}

async fn parents_sound(subject: &Subject) -> Verdict {
    let chunks = split(subject, &Document::ordinary()).await?;
    let parent_of = |chunk: &RawChunk| chunk.parent.and_then(|parent| usize::try_from(parent).ok());
    for (number, chunk) in chunks.chunks.iter().enumerate() {
        let Some(parent) = parent_of(chunk).and_then(|parent| chunks.parents.get(parent)) else { continue };
        let held: HashSet<Mark> = marks(parent).collect();
        if let Some(missing) = marks(&chunk.text).find(|mark| !held.contains(mark)) {
            fail!("chunk {number} says {missing}, and its parent does not")
        }
    }
    for parent in 0..chunks.parents.len() {
        let childless = !chunks.chunks.iter().any(|chunk| parent_of(chunk) == Some(parent));
        ensure!(!childless, "no chunk has the parent {parent}");
    }
    Ok(format!("{} parents", chunks.parents.len()))
}
