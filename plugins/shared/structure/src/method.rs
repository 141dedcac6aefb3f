//! From items, levels and sections to chunks, in one go.

use crate::contents::contents_list;
use crate::detect::Headings;
use crate::document::{Document, Item, ItemKind};
use crate::emit::{Emitter, Heading};
use crate::tree::Section;
use mortise_sdk::host::Progress;

/// The items of a document while its sections are told, each taken once.
#[derive(Debug)]
pub struct Teller {
    items: Vec<Option<Item>>,
    headings: Vec<Option<Heading>>,
}

impl Teller {
    /// Takes the document's items; [`Document::count`] has been called.
    pub fn new(document: Document, found: &Headings) -> Self {
        let heading = |(item, level): (&Item, &Option<u32>)| {
            level.map(|level| Heading {
                id: item.id,
                number: item.number,
                level,
                text: item.text.clone(),
                tokens: item.tokens,
                places: item.places.clone(),
                label: found.family.and_then(|family| family.label(&item.text)).map(str::to_owned),
            })
        };
        let headings = document.items.iter().zip(&found.levels).map(heading).collect();
        let as_heading = |(mut item, level): (Item, &Option<u32>)| {
            if let (Some(level), ItemKind::Lines) = (level, &item.kind)
                && !crate::title::is_no_title(&item.text)
            {
                item.kind = ItemKind::Heading(*level);
            }
            Some(item)
        };
        let items = document.items.into_iter().zip(&found.levels).map(as_heading).collect();
        Self { items, headings }
    }

    /// Tells sections one by one, each below its headings.
    pub fn tell(mut self, sections: &[Section], emitter: &mut Emitter, progress: &Progress) {
        for (number, section) in sections.iter().enumerate() {
            if number % 64 == 0 {
                progress.at(number, sections.len());
            }
            if section.speaks() {
                let above = self.above(&section.path);
                let own = self.own(section);
                let items = self.take(section.body.clone());
                emitter.section(&above, own.as_ref(), items);
            }
        }
        progress.at(1, 1);
    }

    /// The heading of a section.
    pub fn own(&self, section: &Section) -> Option<Heading> {
        section.heading.and_then(|at| self.headings[at].clone())
    }

    /// Headings by their indices.
    pub fn above(&self, path: &[usize]) -> Vec<Heading> {
        path.iter().filter_map(|&at| self.headings[at].clone()).collect()
    }

    /// Items of a stretch, which are gone from here.
    pub fn take(&mut self, range: std::ops::Range<usize>) -> Vec<Item> {
        self.items[range].iter_mut().filter_map(Option::take).collect()
    }
}

/// Tokens of stretches of a document.
#[derive(Debug)]
pub struct Sizes(Vec<u64>);

impl Sizes {
    /// Of a document whose items are counted.
    pub fn of(document: &Document) -> Self {
        let mut sums = vec![0];
        for item in &document.items {
            let last = sums.last().copied().unwrap_or(0);
            sums.push(last + u64::from(item.tokens) + 1);
        }
        Self(sums)
    }

    /// Tokens of a section with its heading.
    pub fn section(&self, section: &Section) -> u64 {
        let start = section.heading.unwrap_or(section.body.start);
        self.0[section.body.end.max(start)] - self.0[start]
    }
}

/// Drops a contents list that the file does not mark as one.
pub fn drop_contents(document: &mut Document) {
    let lines: Vec<&str> =
        document.items.iter().map(|item| if item.is_media() { "" } else { item.text.as_str() }).collect();
    if let Some(range) = contents_list(&lines) {
        let media = |at: usize| document.items[at].is_media();
        let keep: Vec<bool> = (0..document.items.len()).map(|at| !range.contains(&at) || media(at)).collect();
        let mut keep = keep.into_iter();
        document.items.retain(|_| keep.next().unwrap_or(true));
    }
}
