//! What a page gives.

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::Output;

/// A page that was read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// `<title>`, if it says something.
    pub title: Option<String>,
    /// `<html lang>`.
    pub language: Option<String>,
    /// Other things that the head tells: `description`, `author`, `keywords`, `published`.
    pub properties: Vec<(&'static str, String)>,
    /// Figures that came with an address.
    pub pictures: Vec<Picture>,
    /// Names inside the page, each with the block that follows it; as many as there are blocks where none does.
    pub anchors: Vec<(String, u32)>,
    /// Blocks in reading order; ids and parents are places in this list.
    pub blocks: Vec<Block>,
    /// Why the end of the page is missing, if it is.
    pub warning: Option<String>,
}

/// A figure that came with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Place of the figure in [`Page::blocks`].
    pub block: u32,
    /// The address as written.
    pub source: String,
}

impl Page {
    /// Gives figures their pictures: `keep` turns an address into the number of a kept picture. Figures that have
    /// neither picture nor text go.
    pub fn keep_pictures(&mut self, mut keep: impl FnMut(&str) -> Option<u32>) {
        for picture in &self.pictures {
            if let Some(block) = self.blocks.get_mut(picture.block as usize) {
                block.image = keep(&picture.source);
            }
        }
        self.pictures.clear();
        let idle = |b: &Block| b.kind == BlockKind::Figure && b.image.is_none() && b.text.trim().is_empty();
        let mut places = Vec::with_capacity(self.blocks.len() + 1);
        let mut next = 0;
        for block in &self.blocks {
            places.push(next);
            next += u32::from(!idle(block));
        }
        places.push(next);
        let place = |old: u32| places.get(old as usize).copied().unwrap_or(next);
        let gone: Vec<bool> = self.blocks.iter().map(idle).collect();
        self.blocks.retain(|block| !idle(block));
        for block in &mut self.blocks {
            block.id = place(block.id);
            let kept = |parent: &u32| !gone.get(*parent as usize).copied().unwrap_or(true);
            block.parent = block.parent.filter(kept).map(place);
        }
        for (_, block) in &mut self.anchors {
            *block = place(*block);
        }
    }

    /// Puts a block before all others.
    pub(crate) fn put_first(&mut self, first: Block) {
        for block in &mut self.blocks {
            block.id += 1;
            block.parent = block.parent.map(|p| p + 1);
        }
        self.pictures.iter_mut().for_each(|p| p.block += 1);
        self.anchors.iter_mut().for_each(|(_, block)| *block += 1);
        self.blocks.insert(0, Block { id: 0, ..first });
    }
}

/// The picture that an address holds itself (`data:image/png;base64,…`): its media type and its bytes.
pub fn embedded(source: &str) -> Option<(String, Vec<u8>)> {
    let (head, data) = source.trim().strip_prefix("data:")?.split_once(',')?;
    let media_type = head.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !head.to_ascii_lowercase().ends_with(";base64") || !media_type.starts_with("image/") {
        return None;
    }
    let bytes = mortise_shared_encoding::base64(data.as_bytes());
    (!bytes.is_empty()).then_some((media_type, bytes))
}

/// Emits blocks that refer to each other by their place in the list, in part `part` of the document. `first` is the
/// id that the first of them gets: how many blocks were emitted before. Gives the id that comes next.
pub fn emit(blocks: Vec<Block>, first: u32, part: u32, out: &mut Output) -> u32 {
    let mut next = first;
    for block in blocks {
        let parent = block.parent.map(|place| place + first);
        next = out.emit(Block { parent, part, ..block }) + 1;
    }
    next
}
