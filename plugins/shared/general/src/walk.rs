//! Takes a document block by block, and makes of it packed text, tables and pictures, with the headings above them.

use crate::{Draft, HostTokens, Settings, media, one_line};
use mortise_sdk::chunker::Chunk;
use mortise_sdk::document::{Block, BlockKind, Summary};
use mortise_sdk::host::Progress;
use mortise_shared_text::TokenCounter;
use mortise_shared_text::pack::{Limits, Packed, Packer, Section};
use std::collections::BTreeMap;

/// Blocks whose texts are counted together; a caption may stand that far before what it belongs to.
const WINDOW: usize = 256;

/// A document on its way. Every block is given once, in reading order, to one of [`Walk::push`], [`Walk::push_lines`] and
/// [`Walk::skip`].
pub struct Walk<'a> {
    settings: &'a Settings,
    packer: Packer<'a, usize, HostTokens>,
    /// Taken, and not yet looked at.
    waiting: Vec<(usize, Item)>,
    /// Ids of all blocks in reading order; everything else refers to blocks by their position here.
    ids: Vec<u32>,
    /// Text chunks in order.
    packed: Vec<Packed<usize>>,
    /// Tables and pictures with their position.
    pub(crate) media: Vec<(usize, Block)>,
    /// Which blocks are media, for the captions that name their parent.
    media_ids: BTreeMap<u32, usize>,
    /// Captions of media, with the position of the block they belong to.
    pub(crate) captions: Vec<(usize, String, u32)>,
    /// Text sections by position, kept only when context windows are asked for.
    pub(crate) texts: Vec<(usize, String)>,
    /// Names of the document's parts.
    pub(crate) parts: Vec<String>,
    headings: Vec<Heading>,
    progress: Progress,
    total: usize,
}

enum Item {
    Block(Block),
    /// Sections of one block.
    Lines(Vec<String>),
    /// Nothing is merged across it.
    Boundary,
}

struct Heading {
    /// Of its block.
    position: usize,
    /// 0 for a title.
    level: u32,
    text: String,
    /// The heading above it, as an index into the headings.
    parent: Option<usize>,
}

impl<'a> Walk<'a> {
    /// Nothing taken yet.
    pub fn new(summary: &Summary, settings: &'a Settings) -> Self {
        let limits = Limits { tokens: settings.limit, overlap: settings.overlap };
        Self {
            settings,
            packer: Packer::new(limits, &settings.delimiters, HostTokens),
            waiting: vec![],
            ids: vec![],
            packed: vec![],
            media: vec![],
            media_ids: BTreeMap::new(),
            captions: vec![],
            texts: vec![],
            parts: summary.parts.iter().map(|part| part.name.clone()).collect(),
            headings: vec![],
            progress: Progress::new("chunking"),
            total: summary.blocks.max(1) as usize,
        }
    }

    /// Tells its progress as this part of a longer way.
    #[must_use]
    pub fn telling(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Takes a block: text to be packed, a table or a picture to stand apart.
    pub fn push(&mut self, block: Block) -> usize {
        let position = self.number(&block);
        self.wait(position, Item::Block(block));
        position
    }

    /// Takes a block as these sections, each of which is not torn if it fits.
    pub fn push_lines(&mut self, block: &Block, lines: Vec<String>) -> usize {
        let position = self.number(block);
        self.wait(position, Item::Lines(lines));
        position
    }

    /// Takes notice of a block that the caller makes chunks of. A heading counts for what comes below it.
    pub fn skip(&mut self, block: &Block) -> usize {
        self.number(block)
    }

    /// Nothing before is merged with anything after.
    pub fn boundary(&mut self) {
        self.wait(self.ids.len(), Item::Boundary);
    }

    /// Another file, or another thing of its own, begins: nothing is merged with what comes, and no heading stands above it.
    pub fn part(&mut self) {
        self.boundary();
        self.headings.push(Heading { position: self.ids.len(), level: 0, text: String::new(), parent: None });
    }

    /// Headings above the last block that was taken, highest first; its own the last, if it is one.
    pub fn here(&self) -> Vec<String> {
        self.up(self.headings.len().checked_sub(1))
    }

    /// The id of a block by its position.
    pub fn id(&self, position: usize) -> Option<u32> {
        self.ids.get(position).copied()
    }

    /// All chunks: text in order, then tables and pictures in order.
    pub fn finish(mut self) -> Vec<Draft> {
        self.look();
        self.packer.finish();
        self.packed.append(&mut self.packer.take());
        let mut drafts: Vec<Draft> = self.packed.iter().map(|packed| self.text_chunk(packed)).collect();
        drafts.extend(media::chunks(&self, self.settings));
        self.progress.to_share(1.0);
        drafts
    }

    fn number(&mut self, block: &Block) -> usize {
        let position = self.ids.len();
        self.ids.push(block.id);
        if block.is_heading() {
            self.heading(block, position);
        }
        position
    }

    fn wait(&mut self, position: usize, item: Item) {
        self.waiting.push((position, item));
        if self.waiting.len() >= WINDOW {
            self.look();
        }
    }

    /// Looks at what waits.
    fn look(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        // First, since a caption may stand above what it belongs to.
        for (position, item) in &waiting {
            if let Item::Block(block) = item
                && role(block) == Role::Media
            {
                self.media_ids.insert(block.id, *position);
            }
        }
        let mut sections = Vec::with_capacity(waiting.len());
        let mut boundary = false;
        for (position, item) in waiting {
            let from = sections.len();
            match item {
                Item::Boundary => boundary = true,
                Item::Lines(lines) => {
                    sections.extend(lines.into_iter().map(|text| section(text, false, false, false, position)));
                }
                Item::Block(block) => self.block(block, position, &mut sections),
            }
            if boundary && let Some(first) = sections.get_mut(from) {
                first.after_boundary = true;
                boundary = false;
            }
        }
        if boundary {
            sections.push(section(String::new(), false, false, true, self.ids.len()));
        }
        let texts: Vec<String> = sections.iter_mut().map(|s| std::mem::take(&mut s.text)).collect();
        let counts = HostTokens.count(&texts);
        let keep = self.settings.table_context > 0 || self.settings.image_context > 0;
        for ((mut section, text), tokens) in sections.into_iter().zip(texts).zip(counts) {
            if keep {
                self.texts.push((section.source, text.clone()));
            }
            section.text = text;
            section.tokens = tokens;
            self.packer.push(section);
        }
        self.packed.append(&mut self.packer.take());
        self.progress.at(self.ids.len().min(self.total), self.total);
    }

    fn block(&mut self, block: Block, position: usize, sections: &mut Vec<Section<usize>>) {
        match role(&block) {
            Role::Nothing => {}
            Role::Media => self.media.push((position, block)),
            Role::Text => {
                let owner = block.parent.filter(|_| block.kind == BlockKind::Caption);
                if let Some(owner) = owner.and_then(|id| self.media_ids.get(&id).copied()) {
                    self.captions.push((owner, block.text.trim().to_owned(), block.id));
                } else {
                    self.text(&block, position, sections);
                }
            }
        }
    }

    fn text(&self, block: &Block, position: usize, sections: &mut Vec<Section<usize>>) {
        let whole = matches!(block.kind, BlockKind::Code | BlockKind::Formula);
        // Code keeps its indentation.
        let trimmed = |text: &str| match whole {
            true => text.trim_end().trim_start_matches(['\n', '\r']).to_owned(),
            false => text.trim().to_owned(),
        };
        for (i, range) in self.settings.delimiters.between_hard(&block.text).into_iter().enumerate() {
            sections.push(section(trimmed(&block.text[range]), block.is_heading(), whole, i > 0, position));
        }
    }

    fn heading(&mut self, block: &Block, position: usize) {
        let text = one_line(&block.text);
        if text.is_empty() {
            return;
        }
        let level = if block.kind == BlockKind::Title { 0 } else { block.level.max(1) };
        let mut parent = self.headings.len().checked_sub(1);
        while let Some(above) = parent.filter(|&above| self.headings[above].level >= level) {
            parent = self.headings[above].parent;
        }
        self.headings.push(Heading { position, level, text, parent });
    }

    /// Headings above the block, highest first.
    pub(crate) fn path(&self, position: usize) -> Vec<String> {
        let until = self.headings.partition_point(|heading| heading.position <= position);
        let nearest = self.headings[..until].last();
        // A chunk that begins with a heading has it in its text already.
        self.up(match nearest {
            Some(heading) if heading.position == position => heading.parent,
            _ => until.checked_sub(1),
        })
    }

    fn up(&self, mut next: Option<usize>) -> Vec<String> {
        let mut path = Vec::new();
        while let Some(heading) = next.and_then(|at| self.headings.get(at)) {
            // The mark of a part has no text.
            path.extend((!heading.text.is_empty()).then(|| heading.text.clone()));
            next = heading.parent;
        }
        path.reverse();
        path
    }

    fn text_chunk(&self, packed: &Packed<usize>) -> Draft {
        let position = packed.spans.first().map_or(0, |span| span.source);
        let mut ids: Vec<u32> = Vec::with_capacity(packed.spans.len());
        let mut spans = Vec::with_capacity(packed.spans.len());
        for span in &packed.spans {
            let id = self.ids.get(span.source).copied().unwrap_or(0);
            if ids.last() != Some(&id) {
                ids.push(id);
            }
            spans.push((span.range.clone(), id));
        }
        let mut chunk = Chunk::text(packed.text.clone(), ids);
        chunk.context = self.path(position);
        Draft { position, chunk, spans }
    }
}

/// What becomes of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Repeats on every page, or says nothing.
    Nothing,
    Text,
    /// A chunk of its own.
    Media,
}

fn role(block: &Block) -> Role {
    match block.kind {
        _ if block.is_furniture() => Role::Nothing,
        BlockKind::Separator => Role::Nothing,
        BlockKind::Table if block.table.as_ref().is_some_and(|table| !table.cells.is_empty()) => Role::Media,
        BlockKind::Figure => Role::Media,
        _ => Role::Text,
    }
}

fn section(text: String, heading: bool, whole: bool, after_boundary: bool, source: usize) -> Section<usize> {
    Section { text, tokens: 0, heading, whole, after_boundary, source }
}
