//! Sections → chunks: bounded, in reading order, each with the headings above it.

use crate::HostTokens;
use crate::document::{Item, ItemKind};
use crate::title::one_line;
use mortise_sdk::chunker::{Chunk, ChunkKind, Chunks};
use mortise_sdk::document::Place;
use mortise_shared_text::pack::{Limits, Packer, Section};
use mortise_shared_text::{Delimiters, TokenCounter, cut};
use std::collections::BTreeSet;

/// Where texts that are too long are cut first.
const DELIMITERS: &str = "\n!?。；！？";
/// A heading is at most so many characters in a context; beyond it is a paragraph that happens to have a number.
const LONGEST_CONTEXT: usize = 120;

/// A heading above a section.
#[derive(Clone, Debug)]
pub struct Heading {
    /// Id of its block.
    pub id: u32,
    /// Its number in the document.
    pub number: usize,
    /// 0 for the document's title.
    pub level: u32,
    /// As it stands.
    pub text: String,
    /// Counted alone.
    pub tokens: u32,
    /// Where it stands.
    pub places: Vec<Place>,
    /// What stands for it in a context when it is too long: its number.
    pub label: Option<String>,
}

/// What becomes of the headings above a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// They stand at the top of every chunk, with this between them and the text.
    Repeated(&'static str),
    /// They are the context, and stand in the text where the document has them.
    Context,
}

/// Makes chunks of sections, which come in reading order.
#[derive(Debug)]
pub struct Emitter {
    limit: u32,
    path: Path,
    delimiters: Delimiters,
    /// Headings that some chunk has told.
    told: BTreeSet<usize>,
    chunks: Vec<Chunk>,
}

/// A chunk on its way out, with the index of its first item.
type Draft = (usize, Chunk);

/// Texts counted in one call.
const COUNTED: usize = 256;

/// What stands above a chunk.
#[derive(Clone, Copy)]
struct Above<'a> {
    /// All headings above the section, its own the last.
    path: &'a [&'a Heading],
    own: Option<&'a Heading>,
    /// Those of them that are repeated at the top.
    prefix: &'a [&'a Heading],
    inner: &'a Inner,
}

/// Headings within a section.
struct Inner(Vec<InnerHeading>);

struct InnerHeading {
    index: usize,
    level: u32,
    text: String,
    /// The one above it, as an index into the list.
    parent: Option<usize>,
}

impl Inner {
    /// Headings among the items; the section's own is above all of them.
    fn of(items: &[Item], own: Option<&Heading>) -> Self {
        let mut found: Vec<InnerHeading> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let ItemKind::Heading(level) = item.kind else { continue };
            if own.is_some_and(|own| own.number == item.number) {
                continue;
            }
            let text = one_line(&item.text);
            if text.chars().count() > LONGEST_CONTEXT {
                continue;
            }
            let mut parent = found.len().checked_sub(1);
            while let Some(above) = parent.filter(|&above| found[above].level >= level) {
                parent = found[above].parent;
            }
            found.push(InnerHeading { index, level, text, parent });
        }
        Self(found)
    }

    /// The headings above an item, highest first; its own text is not among them.
    fn path(&self, index: usize) -> Vec<String> {
        let until = self.0.partition_point(|heading| heading.index <= index);
        let mut next = match self.0[..until].last() {
            Some(heading) if heading.index == index => heading.parent,
            _ => until.checked_sub(1),
        };
        let mut path = Vec::new();
        while let Some(heading) = next.and_then(|at| self.0.get(at)) {
            path.push(heading.text.clone());
            next = heading.parent;
        }
        path.reverse();
        path
    }
}

impl Emitter {
    /// Chunks of at most `limit` tokens.
    pub fn new(limit: u32, path: Path) -> Self {
        Self {
            limit: limit.max(1),
            path,
            delimiters: Delimiters::parse(DELIMITERS),
            told: BTreeSet::new(),
            chunks: Vec::new(),
        }
    }

    /// All chunks.
    pub fn finish(self) -> Chunks {
        self.chunks.into_iter().collect()
    }

    /// Adds the chunks of a section below `above` (highest first), and gives them. `own`, if it has one, is its heading.
    pub fn section(&mut self, above: &[Heading], own: Option<&Heading>, items: Vec<Item>) -> &mut [Chunk] {
        let before = self.chunks.len();
        let path: Vec<&Heading> = above.iter().chain(own).collect();
        let prefix = self.prefix(&path);
        let in_prefix = |heading: &Heading| prefix.iter().any(|other| other.number == heading.number);
        let own_as_text = own.filter(|own| !in_prefix(own));
        let mut items = items;
        if let Some(own) = own_as_text {
            items.insert(0, own.as_item());
        }
        let inner = Inner::of(&items, own);
        let above = Above { path: &path, own, prefix: &prefix, inner: &inner };
        let mut drafts = self.texts(&above, &mut items);
        if items.is_empty() && !prefix.is_empty() {
            drafts.push((0, self.chunk(prefix_text(&prefix), ChunkKind::Text, &above, None, &[])));
        }
        for (at, item) in items.iter().enumerate().filter(|(_, item)| item.is_media()) {
            for (text, kind) in media(item, self.limit) {
                let above = Above { prefix: &[], ..above };
                drafts.push((at, self.chunk(text, kind, &above, Some(at), &[item])));
            }
        }
        if drafts.is_empty() {
            return &mut [];
        }
        // Text that began before a table stands before it.
        drafts.sort_by_key(|(at, _)| *at);
        // Headings that nobody has told yet, and that no text here begins with, come first.
        let top = prefix_text(&prefix);
        let repeated = drafts.iter().any(|(_, chunk)| chunk.kind == ChunkKind::Text && chunk.text.starts_with(&top));
        let untold = path.iter().enumerate().filter(|(at, heading)| {
            let as_text = own_as_text.is_some() && at + 1 == path.len();
            !(self.told.contains(&heading.number) || as_text || (repeated && in_prefix(heading)))
        });
        let lead: Vec<usize> = untold.map(|(at, _)| at).collect();
        self.told.extend(path.iter().map(|heading| heading.number));
        self.told.extend(items.iter().map(|item| item.number));
        self.lead(&path, &lead, &mut drafts);
        self.chunks.extend(drafts.into_iter().map(|(_, chunk)| chunk));
        &mut self.chunks[before..]
    }

    /// The lowest headings that may be repeated: together half of a chunk, each a quarter.
    fn prefix<'a>(&self, path: &[&'a Heading]) -> Vec<&'a Heading> {
        if self.path == Path::Context {
            return vec![];
        }
        let mut sum = 2;
        let fits = path.iter().rev().take_while(|heading| {
            sum += heading.tokens + 1;
            heading.level > 0 && heading.tokens <= self.limit / 4 && sum <= self.limit / 2
        });
        let mut prefix: Vec<&Heading> = fits.copied().collect();
        prefix.reverse();
        prefix
    }

    /// Chunks of the section's text, which is taken out of the items.
    fn texts(&self, above: &Above<'_>, items: &mut [Item]) -> Vec<Draft> {
        let gap = if let (Path::Repeated(gap), false) = (self.path, above.prefix.is_empty()) { gap } else { "" };
        let top = prefix_text(above.prefix) + gap;
        let top_tokens = if top.is_empty() { 0 } else { HostTokens.count_one(&top) + 1 };
        let tokens = self.limit.saturating_sub(top_tokens).max(1);
        let mut packer = Packer::new(Limits { tokens, overlap: 0.0 }, &self.delimiters, HostTokens);
        for (at, item) in items.iter_mut().enumerate().filter(|(_, item)| !item.is_media()) {
            packer.push(Section {
                text: std::mem::take(&mut item.text),
                tokens: item.tokens,
                heading: item.is_heading(),
                whole: matches!(item.kind, ItemKind::Whole),
                after_boundary: false,
                source: at,
            });
        }
        packer.finish();
        let mut drafts = Vec::new();
        for window in packer.take().chunks_mut(COUNTED) {
            let texts = window.iter_mut().map(|packed| match top.is_empty() {
                true => std::mem::take(&mut packed.text),
                false => format!("{top}{}", packed.text),
            });
            let texts: Vec<String> = texts.collect();
            let counts = if top.is_empty() { vec![0; texts.len()] } else { HostTokens.count(&texts) };
            for ((packed, text), tokens) in window.iter_mut().zip(texts).zip(counts) {
                let first = packed.spans.first().map_or(0, |span| span.source);
                let sources: Vec<&Item> = packed.spans.iter().filter_map(|span| items.get(span.source)).collect();
                // Tokens of parts do not always add up; what is over goes without the headings above it.
                let fits = tokens <= self.limit;
                let text = if fits { text } else { std::mem::take(&mut packed.text) };
                let above = Above { prefix: if fits { above.prefix } else { &[] }, ..*above };
                // The first chunk has the section's own heading at its top: it is not above it.
                let inside = (!drafts.is_empty()).then_some(first);
                drafts.push((first, self.chunk(text, ChunkKind::Text, &above, inside, &sources)));
            }
        }
        drafts
    }

    /// A chunk of items. `inside` is the index of the first of them, unless they begin the section.
    fn chunk(&self, text: String, kind: ChunkKind, above: &Above<'_>, inside: Option<usize>, items: &[&Item]) -> Chunk {
        let mut blocks: Vec<u32> = Vec::new();
        if self.path != Path::Context {
            let named = above.path.iter().filter(|h| h.level > 0 && (told(h).is_some() || shown(h, above.prefix)));
            blocks.extend(named.map(|heading| heading.id));
        }
        blocks.extend(items.iter().map(|item| item.id));
        blocks.extend(items.iter().flat_map(|item| item.captions.iter().map(|(id, _)| *id)));
        blocks.sort_unstable();
        blocks.dedup();
        let mut chunk = Chunk::text(text, blocks);
        chunk.kind = kind;
        let begins = inside.is_none() && above.own.is_some_and(|own| chunk.blocks.contains(&own.id));
        let over = &above.path[..above.path.len() - usize::from(begins)];
        chunk.context = over.iter().filter_map(|heading| told(heading)).collect();
        chunk.context.extend(inside.into_iter().flat_map(|at| above.inner.path(at)));
        if self.path != Path::Context && !above.path.is_empty() {
            // The headings above may stand pages before: the chunk is where its own text is.
            let own = above.own.filter(|_| begins).into_iter().flat_map(|own| &own.places);
            for place in own.chain(items.iter().flat_map(|item| &item.places)) {
                if !chunk.places.iter().any(|other| same(other, place)) {
                    chunk.places.push(*place);
                }
            }
        }
        chunk
    }

    /// Puts headings of the path before the first draft: into it if they fit, else as chunks of their own.
    fn lead(&self, path: &[&Heading], lead: &[usize], drafts: &mut Vec<Draft>) {
        let Some(&highest) = lead.first() else { return };
        let text = prefix_text(&lead.iter().map(|&at| path[at]).collect::<Vec<_>>());
        let above = |at: usize| path[..at].iter().filter_map(|heading| told(heading)).collect::<Vec<_>>();
        let blocks = |at: usize, own: &[usize]| {
            let named = path[..at].iter().filter(|h| self.path != Path::Context && h.level > 0 && told(h).is_some());
            let mut blocks: Vec<u32> =
                named.map(|heading| heading.id).chain(own.iter().map(|&at| path[at].id)).collect();
            blocks.sort_unstable();
            blocks.dedup();
            blocks
        };
        if let Some((_, first)) = drafts.first_mut().filter(|(_, chunk)| chunk.kind == ChunkKind::Text) {
            let whole = format!("{text}\n{}", first.text);
            if HostTokens.count_one(&whole) <= self.limit {
                first.text = whole;
                first.blocks.extend(blocks(highest, lead));
                first.blocks.sort_unstable();
                first.blocks.dedup();
                first.context.retain(|told| !lead.iter().any(|&at| one_line(&path[at].text) == *told));
                return;
            }
        }
        let whole = HostTokens.count_one(&text) <= self.limit;
        let alone: Vec<Draft> = if whole {
            vec![(0, Chunk { context: above(highest), ..Chunk::text(text, blocks(highest, lead)) })]
        } else {
            let of_heading = |&at: &usize| {
                let pieces = cut::pieces(&path[at].text, &self.delimiters, self.limit, &HostTokens);
                let chunk = move |piece| (0, Chunk { context: above(at), ..Chunk::text(piece, blocks(at, &[at])) });
                pieces.into_iter().map(chunk).collect::<Vec<_>>()
            };
            lead.iter().flat_map(of_heading).collect()
        };
        drafts.splice(0..0, alone);
    }
}

impl Heading {
    fn as_item(&self) -> Item {
        // An article that is its own heading is a paragraph.
        let paragraph = self.text.chars().count() > LONGEST_CONTEXT || self.text.ends_with(['。', '；', '.', ';']);
        Item {
            id: self.id,
            number: self.number,
            kind: if paragraph { ItemKind::Lines } else { ItemKind::Heading(self.level) },
            text: self.text.clone(),
            tokens: self.tokens,
            places: self.places.clone(),
            captions: vec![],
        }
    }
}

/// A heading as a context has it.
fn told(heading: &Heading) -> Option<String> {
    let line = one_line(&heading.text);
    if line.chars().count() <= LONGEST_CONTEXT { Some(line) } else { heading.label.clone() }
}

fn shown(heading: &Heading, prefix: &[&Heading]) -> bool {
    prefix.iter().any(|other| other.number == heading.number)
}

fn prefix_text(path: &[&Heading]) -> String {
    path.iter().map(|heading| heading.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn same(a: &Place, b: &Place) -> bool {
    let sides = |place: &Place| place.rect.map(|rect| [rect.left, rect.top, rect.right, rect.bottom]);
    a.page == b.page && sides(a) == sides(b)
}

/// The chunks of a table or picture: HTML with the caption and header rows in every part; what is told of a picture.
pub fn media(item: &Item, limit: u32) -> Vec<(String, ChunkKind)> {
    let caption = item.captions.iter().map(|(_, text)| text.trim()).collect::<Vec<_>>().join(" ");
    let (texts, kind) = match &item.kind {
        ItemKind::Table(table) => {
            (mortise_shared_tables::parts(table, &caption, usize::MAX, limit, &HostTokens), ChunkKind::Table)
        }
        _ => {
            let text = [caption.as_str(), item.text.trim()].join("\n");
            (cut::pieces(text.trim(), &Delimiters::parse(DELIMITERS), limit, &HostTokens), ChunkKind::Image)
        }
    };
    texts.into_iter().filter(|text| !text.trim().is_empty()).map(|text| (text, kind)).collect()
}
