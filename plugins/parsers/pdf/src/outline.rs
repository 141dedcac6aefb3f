//! What the file says of itself beside its pages: the outline (bookmarks), links to the web, attached files.

use crate::metadata::text_string;
use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream, String as PdfString};
use mortise_sdk::serde::{Deserialize, Serialize};
use mortise_sdk::serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// Entries of an outline that are read.
const MOST_ENTRIES: usize = 4000;
/// Depth of an outline.
const DEEPEST: u32 = 12;
/// Nodes of a name tree that are looked into.
const MOST_NODES: usize = 20_000;
/// Links that are told.
const MOST_LINKS: usize = 1000;
/// Attached files that are handed on, and bytes of one.
const MOST_FILES: usize = 100;

/// A bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "mortise_sdk::serde")]
pub(crate) struct Entry {
    pub(crate) title: String,
    /// 1 is the highest.
    pub(crate) level: u32,
    /// 1-based; 0 where it leads elsewhere.
    pub(crate) page: u32,
}

/// Finds pages by what destinations call them.
struct Pages<'a> {
    by_id: HashMap<(i32, i32), u32>,
    named: HashMap<Vec<u8>, Object<'a>>,
    count: u32,
}

fn catalogue(pdf: &Pdf) -> Option<Dict<'_>> {
    pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())
}

fn key(id: ObjectIdentifier) -> (i32, i32) {
    (id.obj_number as i32, id.gen_number)
}

impl<'a> Pages<'a> {
    fn of(pdf: &'a Pdf, catalogue: &Dict<'a>) -> Self {
        let ids = pdf.pages().iter().zip(1..).filter_map(|(page, number)| Some((key(page.raw().obj_id()?), number)));
        let mut named = HashMap::new();
        if let Some(dests) = catalogue.get::<Dict<'a>>(b"Dests") {
            for name in dests.keys().take(MOST_NODES) {
                if let Some(dest) = dests.get::<Object<'a>>(name.as_ref()) {
                    named.insert(name.as_ref().to_vec(), dest);
                }
            }
        }
        if let Some(tree) = catalogue.get::<Dict<'a>>(b"Names").and_then(|n| n.get::<Dict<'a>>(b"Dests")) {
            named.extend(name_tree(tree));
        }
        Pages { by_id: ids.collect(), named, count: pdf.pages().len() as u32 }
    }

    /// The page of a destination: `[page …]`, a dictionary around it, or a name for one.
    fn of_destination(&self, dest: Object<'a>, depth: u32) -> Option<u32> {
        if depth > 4 {
            return None;
        }
        match dest {
            Object::Array(array) => self.of_array(&array),
            Object::Dict(dict) => self.of_destination(dict.get::<Object<'a>>(b"D")?, depth + 1),
            Object::Name(name) => self.of_destination(self.named.get(name.as_ref())?.clone(), depth + 1),
            Object::String(name) => self.of_destination(self.named.get(name.as_bytes())?.clone(), depth + 1),
            _ => None,
        }
    }

    fn of_array(&self, array: &Array<'a>) -> Option<u32> {
        match array.raw_iter().next()? {
            MaybeRef::Ref(page) => self.by_id.get(&key(page.into())).copied(),
            MaybeRef::NotRef(Object::Number(index)) => {
                let page = index.as_i64().checked_add(1)?;
                u32::try_from(page).ok().filter(|p| (1..=self.count).contains(p))
            }
            MaybeRef::NotRef(_) => None,
        }
    }
}

/// The pairs of a name tree.
fn name_tree<'a>(root: Dict<'a>) -> Vec<(Vec<u8>, Object<'a>)> {
    let (mut found, mut todo, mut seen, mut looked) = (Vec::new(), vec![root], HashSet::new(), 0);
    while let Some(node) = todo.pop() {
        looked += 1;
        if looked > MOST_NODES || found.len() > MOST_NODES || node.obj_id().is_some_and(|id| !seen.insert(key(id))) {
            continue;
        }
        if let Some(kids) = node.get::<Array<'a>>(b"Kids") {
            todo.extend(kids.iter::<Dict<'a>>().take(MOST_NODES));
        }
        let Some(names) = node.get::<Array<'a>>(b"Names") else { continue };
        let mut items = names.iter::<Object<'a>>().take(2 * MOST_NODES);
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            if let Object::String(name) = name {
                found.push((name.as_bytes().to_vec(), value));
            }
        }
    }
    found
}

/// The outline in reading order.
pub(crate) fn outline(pdf: &Pdf) -> Vec<Entry> {
    let Some(catalogue) = catalogue(pdf) else { return Vec::new() };
    let Some(first) = catalogue.get::<Dict<'_>>(b"Outlines").and_then(|o| o.get::<Dict<'_>>(b"First")) else {
        return Vec::new();
    };
    let pages = Pages::of(pdf, &catalogue);
    let (mut found, mut todo, mut seen) = (Vec::new(), vec![(first, 1)], HashSet::new());
    while let Some((item, level)) = todo.pop() {
        if found.len() >= MOST_ENTRIES || item.obj_id().is_some_and(|id| !seen.insert(key(id))) {
            break;
        }
        let title = item.get::<PdfString<'_>>(b"Title").map(|t| text_string(t.as_bytes())).unwrap_or_default();
        let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect();
        let dest = item.get::<Object<'_>>(b"Dest").or_else(|| item.get::<Dict<'_>>(b"A")?.get::<Object<'_>>(b"D"));
        let page = dest.and_then(|d| pages.of_destination(d, 0)).unwrap_or(0);
        if !title.is_empty() {
            found.push(Entry { title, level, page });
        }
        // What comes after goes below what lies within.
        if let Some(next) = item.get::<Dict<'_>>(b"Next") {
            todo.push((next, level));
        }
        if level < DEEPEST
            && let Some(child) = item.get::<Dict<'_>>(b"First")
        {
            todo.push((child, level + 1));
        }
    }
    found
}

/// The outline as metadata.
pub(crate) fn outline_json(outline: &[Entry]) -> Value {
    outline
        .iter()
        .map(|e| match e.page {
            0 => json!({"title": e.title, "level": e.level}),
            page => json!({"title": e.title, "level": e.level, "page": page}),
        })
        .collect()
}

/// Addresses that the pages link to, each once a page.
pub(crate) fn links_json(pdf: &Pdf) -> Value {
    let (mut links, mut seen) = (Vec::new(), HashSet::new());
    for (page, number) in pdf.pages().iter().zip(1u32..) {
        let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else { continue };
        for annotation in annotations.iter::<Dict<'_>>().take(MOST_LINKS) {
            if links.len() >= MOST_LINKS {
                return links.into();
            }
            let is_link = annotation.get::<Name<'_>>(b"Subtype").is_some_and(|s| s.as_ref() == b"Link");
            let uri = annotation.get::<Dict<'_>>(b"A").and_then(|a| a.get::<PdfString<'_>>(b"URI"));
            let Some(uri) = uri.filter(|_| is_link) else { continue };
            let uri = text_string(uri.as_bytes());
            let uri = uri.trim();
            if !uri.is_empty() && uri.len() <= 2000 && seen.insert((number, uri.to_string())) {
                links.push(json!({"page": number, "uri": uri}));
            }
        }
    }
    links.into()
}

/// Files attached to the document: names and streams.
pub(crate) fn attachments(pdf: &Pdf) -> Vec<(String, Stream<'_>)> {
    let tree = catalogue(pdf).and_then(|c| c.get::<Dict<'_>>(b"Names")?.get::<Dict<'_>>(b"EmbeddedFiles"));
    let mut found = Vec::new();
    for (name, file) in tree.map(name_tree).unwrap_or_default() {
        let Object::Dict(file) = file else { continue };
        let stream = file
            .get::<Dict<'_>>(b"EF")
            .and_then(|ef| ef.get::<Stream<'_>>(b"UF").or_else(|| ef.get::<Stream<'_>>(b"F")));
        let own = file.get::<PdfString<'_>>(b"UF").or_else(|| file.get::<PdfString<'_>>(b"F"));
        let name = text_string(own.as_ref().map_or(&name[..], |n| n.as_bytes()));
        // Without folders, whichever way they are written.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_string();
        if let Some(stream) = stream.filter(|_| !name.is_empty() && found.len() < MOST_FILES) {
            found.push((name, stream));
        }
    }
    found
}
