//! PowerPoint 97–2003: a tree of records within a compound file, whose slides are found over a directory of objects.

mod records;
mod slide;

use crate::{MOST_SLIDES, emit};
use mortise_sdk::document::Place;
use mortise_sdk::host;
use mortise_sdk::parser::{File, Output};
use mortise_shared_ole::{Error, Ole, summary};
use records::{Record, children, record, u32_at};
use slide::{Text, shapes};
use std::collections::BTreeMap;

/// The document stream is held whole; pictures stand in another one.
const LARGEST: u64 = 64 << 20;

/// A slide or notes page of the document's list, with the texts of its outline.
#[derive(Default)]
struct Listed {
    object: u32,
    id: u32,
    texts: Vec<Text>,
}

pub(crate) fn parse(file: &File<'_>, out: &mut Output) -> Result<(), Error> {
    let ole = Ole::open(file)?;
    ole.refuse_encrypted()?;
    let bytes = ole.read("PowerPoint Document", LARGEST)?;
    let user = ole.read("Current User", 1 << 16).unwrap_or_default();
    if u32_at(&user, 12) == 0xF3D1_C4DF {
        return Err(Error::Encrypted);
    }
    let objects = objects(&bytes, u32_at(&user, 16) as usize);
    out.metadata(&summary(&ole).into());
    let document = children(&bytes).filter(|r| r.kind == 0x03E8).last();
    let named = objects.document.and_then(|at| record(&bytes, at)).filter(|r| r.kind == 0x03E8);
    let Some(document) = named.or(document) else {
        return Err(Error::Damaged("it has no document (is the upload complete?)".into()));
    };
    let (slides, notes) = lists(&document);
    out.pages(slides.len() as u32);
    let mut lost = 0;
    for (index, listed) in slides.iter().enumerate() {
        let page = index as u32 + 1;
        host::progress(index as f32 / slides.len() as f32, &format!("reading slide {page} of {}", slides.len()));
        let container = objects.get(&bytes, listed.object).filter(|r| r.kind == 0x03EE);
        if container.is_none() {
            lost += 1;
        }
        let found = shapes(container.as_ref(), &listed.texts);
        let told =
            container.and_then(|slide| children(slide.data).find(|r| r.kind == 0x03EF).map(|r| u32_at(r.data, 16)));
        let note = told.filter(|id| *id != 0).and_then(|id| notes.iter().find(|n| n.id == id));
        let note = note.and_then(|n| Some((objects.get(&bytes, n.object).filter(|r| r.kind == 0x03F0)?, &n.texts)));
        let note = note.map(|(container, texts)| slide::notes(&container, texts)).unwrap_or_default();
        emit::slide(page, found, note, out);
    }
    if lost > 0 {
        out.warn(
            Some(Place { page: 1, rect: None }),
            &format!("{lost} slides are damaged; only their outline was read"),
        );
    }
    Ok(())
}

/// Where the objects of a document stand in the stream.
#[derive(Default)]
struct Objects {
    places: BTreeMap<u32, usize>,
    document: Option<usize>,
}

impl Objects {
    fn get<'b>(&self, bytes: &'b [u8], object: u32) -> Option<Record<'b>> {
        record(bytes, *self.places.get(&object)?)
    }
}

/// Follows the edits of the document from the last one back; an object that a later edit replaced is known already.
fn objects(bytes: &[u8], last_edit: usize) -> Objects {
    let mut objects = Objects::default();
    let mut document = None;
    let mut at = last_edit;
    let mut edits = 0;
    while let Some(edit) = record(bytes, at).filter(|r| r.kind == 0x0FF5) {
        document = document.or(Some(u32_at(edit.data, 16)));
        if let Some(directory) = record(bytes, u32_at(edit.data, 12) as usize).filter(|r| r.kind == 0x1772) {
            objects.take(directory.data);
        }
        let before = u32_at(edit.data, 8) as usize;
        edits += 1;
        if before == 0 || before >= at || edits > 10_000 {
            break;
        }
        at = before;
    }
    if objects.places.is_empty() {
        // A damaged end of the file leaves the directories, of which the last one counts.
        for directory in children(bytes).filter(|r| r.kind == 0x1772).collect::<Vec<_>>().into_iter().rev() {
            objects.take(directory.data);
        }
    }
    objects.document = document.and_then(|id| objects.places.get(&id).copied());
    objects
}

impl Objects {
    fn take(&mut self, data: &[u8]) {
        let mut at = 0;
        while at + 4 <= data.len() {
            let head = u32_at(data, at);
            let (first, count) = (head & 0xF_FFFF, head >> 20);
            at += 4;
            for number in 0..count {
                if at + 4 > data.len() {
                    return;
                }
                self.places.entry(first.saturating_add(number)).or_insert(u32_at(data, at) as usize);
                at += 4;
            }
        }
    }
}

/// The lists of slides and of notes pages.
fn lists(document: &Record<'_>) -> (Vec<Listed>, Vec<Listed>) {
    let (mut slides, mut notes) = (Vec::new(), Vec::new());
    for list in children(document.data).filter(|r| r.kind == 0x0FF0) {
        let into = match list.instance {
            0 => &mut slides,
            2 => &mut notes,
            _ => continue,
        };
        for entry in children(list.data) {
            if entry.kind == 0x03F3 && into.len() < MOST_SLIDES {
                into.push(Listed { object: u32_at(entry.data, 0), id: u32_at(entry.data, 12), texts: Vec::new() });
            } else if let Some(Listed { texts, .. }) = into.last_mut() {
                slide::collect(&entry, texts);
            }
        }
    }
    (slides, notes)
}
