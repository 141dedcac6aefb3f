//! `blocks-out`: the blocks of a document as a parser gives them, checked as they come.

use crate::fault::cut;
use crate::limits::Limits;
use crate::output::{self, Budget, RECORD};
use mortise_domain::block::{Attachment, Block, Image, Parsed, Part, Place, Warning};
use mortise_domain::plugin::FaultReason;
use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Warnings kept of one document; the rest is counted.
const WARNINGS: usize = 1000;
/// Longest note or name, in bytes.
const NOTE: usize = 2000;
/// Deepest nesting of blocks.
const DEPTH: usize = 100;

/// The document under way.
pub(crate) struct Collector {
    parsed: Parsed,
    budget: Budget,
    max_blocks: usize,
    dropped_warnings: u64,
    page_timeout: Option<Duration>,
    /// The last page that has been begun, and since when.
    page: Option<(u32, Instant)>,
    done: f32,
    /// The pages of a window that is read by itself; 0-based.
    window: Range<u32>,
}

impl Collector {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            parsed: Parsed::default(),
            budget: Budget::new(limits.output_bytes),
            max_blocks: usize::try_from(limits.max_blocks).unwrap_or(usize::MAX),
            dropped_warnings: 0,
            page_timeout: limits.page_timeout,
            page: None,
            done: 0.0,
            window: 0..0,
        }
    }

    /// How far the parser says it is. Where that grows, the time for the page begins anew: not every parser emits page
    /// by page.
    pub(crate) fn progressed(&mut self, done: f32) {
        if done > self.done {
            self.done = done;
            let begun = (done.clamp(0.0, 1.0) * self.window.len() as f32) as u32;
            if let Some((page, since)) = &mut self.page {
                *since = Instant::now();
                *page = (*page).max(self.window.start + begun + 1).min(self.window.end.max(*page));
            }
        }
    }

    /// A window of pages is read, and nothing else.
    pub(crate) fn reads(&mut self, window: &Range<u32>) {
        self.window = window.clone();
        self.page = Some((window.start + 1, Instant::now()));
    }

    /// Why the call must end now: it has been on one page for too long.
    pub(crate) fn due(&self) -> Option<FaultReason> {
        let ((page, since), limit) = (self.page?, self.page_timeout?);
        (since.elapsed() >= limit)
            .then(|| FaultReason::PageTimedOut { page, ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) })
    }

    /// The whole document, once the plugin is done: what can only be checked now is checked now.
    pub(crate) fn finish(mut self) -> Result<Parsed, FaultReason> {
        let parents: HashMap<u32, Option<u32>> = self.parsed.blocks.iter().map(|b| (b.id, b.parent)).collect();
        for block in &self.parsed.blocks {
            let mut next = block.parent;
            let mut depth = 0;
            while let Some(id) = next {
                let Some(&parent) = parents.get(&id) else {
                    return Err(FaultReason::InvalidOutput(format!("block {} lies in no block: {id}", block.id)));
                };
                depth += 1;
                if depth > DEPTH {
                    return Err(FaultReason::InvalidOutput(format!("block {} lies in itself or too deep", block.id)));
                }
                next = parent;
            }
        }
        if self.dropped_warnings > 0 {
            let message = format!("and {} more warnings", self.dropped_warnings);
            self.parsed.warnings.push(Warning { at: None, message });
        }
        Ok(self.parsed)
    }

    /// Takes a block.
    pub(crate) fn block(&mut self, block: Block) -> Result<(), FaultReason> {
        let wrong = |what: String| Err(FaultReason::InvalidOutput(what));
        let id = block.id;
        if self.parsed.blocks.len() >= self.max_blocks {
            return Err(FaultReason::OutputTooLarge(format!("the limit is {} blocks", self.max_blocks)));
        }
        if self.parsed.blocks.last().is_some_and(|last| last.id >= id) {
            return wrong(format!("block ids must ascend, {id} does not"));
        }
        let parts = self.parsed.parts.len();
        if usize::try_from(block.part).is_ok_and(|part| part >= parts.max(1)) {
            return wrong(format!("block {id} is of part {}, of {parts}", block.part));
        }
        let images = self.parsed.images.len();
        if block.image.is_some_and(|image| usize::try_from(image).is_ok_and(|image| image >= images)) {
            return wrong(format!("block {id} shows an image that was not put"));
        }
        if block.style.is_some_and(|style| !style.font_size.is_finite()) {
            return wrong(format!("block {id} has a font size that is not a finite number"));
        }
        block.places.iter().try_for_each(output::place)?;
        // Whatever stands on a page shows that the pages before it are done.
        let page = block.places.iter().map(|place| place.page).max();
        if let (Some(page), Some((last, since))) = (page, &mut self.page)
            && page > *last
        {
            (*last, *since) = (page, Instant::now());
        }
        self.budget.spend_texts(std::iter::once(&block.text).chain(&block.language))?;
        self.budget.spend(block.places.len() as u64 * 24)?;
        if let Some(table) = &block.table {
            output::table(table, &mut self.budget)?;
        }
        self.parsed.blocks.push(block);
        Ok(())
    }

    /// Begins a part, and gives its index.
    pub(crate) fn part(&mut self, part: Part) -> Result<u32, FaultReason> {
        self.budget.spend_texts([&part.name, &part.media_type])?;
        self.parsed.parts.push(part);
        index(self.parsed.parts.len())
    }

    /// Keeps a picture, and gives its number.
    pub(crate) fn image(&mut self, media_type: String, bytes: Vec<u8>) -> Result<u32, FaultReason> {
        self.budget.spend(bytes.len() as u64 + media_type.len() as u64 + RECORD)?;
        self.parsed.images.push(Image { media_type, bytes });
        index(self.parsed.images.len())
    }

    /// Metadata of the file: the text of a JSON object. The last wins.
    pub(crate) fn metadata(&mut self, fields: &str) -> Result<(), FaultReason> {
        self.budget.spend(fields.len() as u64)?;
        self.parsed.metadata = serde_json::from_str(fields)
            .map_err(|error| FaultReason::InvalidOutput(format!("metadata is no JSON object: {error}")))?;
        Ok(())
    }

    /// How many pages the file has.
    pub(crate) fn pages(&mut self, count: u32) {
        self.parsed.pages = count;
        self.page = (count > 0).then(|| (1, Instant::now()));
    }

    /// Something that could not be read.
    pub(crate) fn warning(&mut self, at: Option<Place>, message: &str) -> Result<(), FaultReason> {
        if self.parsed.warnings.len() >= WARNINGS {
            self.dropped_warnings += 1;
            return Ok(());
        }
        at.as_ref().map_or(Ok(()), output::place)?;
        self.parsed.warnings.push(Warning { at, message: cut(message, NOTE) });
        Ok(())
    }

    /// A contained file.
    pub(crate) fn attachment(&mut self, name: &str, media_type: String, bytes: Vec<u8>) -> Result<(), FaultReason> {
        self.budget.spend(bytes.len() as u64 + media_type.len() as u64 + RECORD)?;
        // A name, not a path: whoever stores it must not be led elsewhere.
        let name = cut(name.rsplit(['/', '\\']).next().unwrap_or_default(), NOTE);
        self.parsed.attachments.push(Attachment { name, media_type, bytes });
        Ok(())
    }
}

/// The index of the last of `count`.
fn index(count: usize) -> Result<u32, FaultReason> {
    u32::try_from(count - 1).map_err(|_| FaultReason::OutputTooLarge("more than can be counted".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::Role;
    use mortise_domain::block::BlockKind;

    fn block(id: u32, parent: Option<u32>) -> Block {
        Block {
            id,
            kind: BlockKind::Paragraph,
            text: "text".into(),
            level: 0,
            places: vec![],
            part: 0,
            style: None,
            table: None,
            image: None,
            language: None,
            parent,
        }
    }

    fn check(blocks: Vec<Block>, why: Option<&str>) {
        let mut collector = Collector::new(&Limits { max_blocks: 3, ..Limits::for_role(Role::Parser) });
        let added = blocks.into_iter().try_for_each(|block| collector.block(block));
        match (added.and_then(|()| collector.finish()), why) {
            (Ok(_), None) => {}
            (Err(reason), Some(why)) => assert!(reason.to_string().contains(why), "{reason}"),
            (result, why) => panic!("{result:?}, wanted {why:?}"),
        }
    }

    #[test]
    fn a_window_tells_the_page_that_it_has_begun() {
        let mut collector = Collector::new(&Limits::for_role(Role::Parser));
        let on = |collector: &Collector| collector.page.unwrap().0;
        collector.reads(&(64..128));
        assert_eq!(on(&collector), 65);
        for (done, page) in [(0.5, 97), (0.25, 97), (0.999, 128), (1.0, 128), (7.0, 128)] {
            collector.progressed(done);
            assert_eq!(on(&collector), page, "{done}");
        }
        let mut whole = Collector::new(&Limits::for_role(Role::Parser));
        whole.pages(3);
        whole.progressed(0.9);
        assert_eq!(on(&whole), 1, "only blocks tell the page of a whole file");
    }

    #[test]
    fn documents() {
        check(vec![block(0, None), block(1, Some(2)), block(2, None)], None);
        check(vec![block(1, None), block(1, None)], Some("must ascend"));
        check(vec![block(0, Some(7))], Some("lies in no block"));
        check(vec![block(0, Some(1)), block(1, Some(0))], Some("lies in itself"));
        check((0..4).map(|id| block(id, None)).collect(), Some("3 blocks"));
        check(vec![Block { part: 1, ..block(0, None) }], Some("is of part 1"));
        check(vec![Block { image: Some(0), ..block(0, None) }], Some("image"));
    }
}
