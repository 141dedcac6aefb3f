//! Looks before leaping: content that would unpack to gigabytes, or that draws itself over and over, is recognised
//! before it is interpreted.
//!
//! The interpreter cannot be stopped in the middle of a page, so the work a page will cost is bounded first: bytes of
//! content after decompression, with every form counted as often as it is drawn.

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_syntax::Filter;
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};
use hayro_syntax::page::{Page, Resources};
use std::collections::HashMap;
use std::io::Read;

/// Largest decoded stream in bytes.
const LARGEST_STREAM: u64 = 48 << 20;
/// Most bytes of content that one page may interpret, forms counted as often as they are drawn.
const MOST_CONTENT: u64 = 256 << 20;
/// Deflate cannot do better than this.
const DEFLATE_RATIO: u64 = 1032;
/// Neither can LZW, with codes of 12 bits for strings of up to 4096 bytes.
const LZW_RATIO: u64 = 2731;
/// The interpreter's own limit of forms within forms.
const DEPTH: usize = 50;
/// Forms that are looked into on one page.
const MOST_FORMS: usize = 5000;

/// What to do with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// A stream of it is too large.
    TooLarge,
    /// Its forms multiply.
    TooDeep,
}

type Id = (u32, i32);

/// Remembers forms and fonts from page to page.
#[derive(Default)]
pub(crate) struct Guard {
    forms: HashMap<Id, Form>,
    /// Streams that were measured: whether they stay below the limit.
    measured: HashMap<Id, bool>,
}

#[derive(Clone, Default)]
struct Form {
    bytes: u64,
    /// Forms that it draws, and how often.
    draws: Vec<(Id, u64)>,
}

impl Guard {
    /// Judges a page before it is interpreted.
    pub(crate) fn judge(&mut self, page: &Page<'_>) -> Verdict {
        let dict = page.raw();
        let mut contents = Vec::new();
        if let Some(stream) = dict.get::<Stream<'_>>(b"Contents") {
            contents.push(stream);
        } else if let Some(streams) = dict.get::<Array<'_>>(b"Contents") {
            contents.extend(streams.iter::<Object<'_>>().filter_map(Object::into_stream));
        }
        if !contents.iter().all(|s| self.is_small(s)) {
            return Verdict::TooLarge;
        }
        let resources = page.resources();
        if !self.fonts_are_small(resources) {
            return Verdict::TooLarge;
        }
        let mut roots: Vec<Stream<'_>> = appearances(dict);
        if has_forms(resources) {
            // The contents count once more, as the root of what is drawn.
            let mut root = Form::default();
            for stream in &contents {
                if !self.draws(stream, resources, &mut root) {
                    return Verdict::TooLarge;
                }
            }
            if self.cost(&root) > MOST_CONTENT {
                return Verdict::TooDeep;
            }
        }
        for stream in roots.drain(..) {
            if !self.is_small(&stream) || !self.enter(&stream, resources) {
                return Verdict::TooLarge;
            }
            let form = self.forms.get(&id(&stream)).cloned().unwrap_or_default();
            if self.cost(&form) > MOST_CONTENT {
                return Verdict::TooDeep;
            }
        }
        Verdict::Fine
    }

    /// Notes what a content stream draws. False if a form is too large.
    fn draws(&mut self, stream: &Stream<'_>, resources: &Resources<'_>, form: &mut Form) -> bool {
        let Ok(content) = stream.decoded_data() else { return true };
        form.bytes += content.len() as u64;
        let mut counts: HashMap<&[u8], u64> = HashMap::new();
        for name in drawn_names(&content) {
            *counts.entry(name).or_default() += 1;
        }
        for (name, count) in counts {
            let Some(child) = resources.x_objects.get::<Stream<'_>>(name) else { continue };
            if !is_form(&child) {
                continue;
            }
            if !self.is_small(&child) || !self.enter(&child, resources) {
                return false;
            }
            form.draws.push((id(&child), count));
        }
        true
    }

    /// Notes a form and the forms within. False if one is too large.
    fn enter(&mut self, stream: &Stream<'_>, outer: &Resources<'_>) -> bool {
        let id = id(stream);
        if self.forms.contains_key(&id) {
            return true;
        }
        if self.forms.len() >= MOST_FORMS {
            self.forms.clear();
        }
        // Present before its children are, so that a form within itself ends here.
        self.forms.insert(id, Form::default());
        let own = stream.dict().get::<Dict<'_>>(b"Resources").map(Resources::new);
        let mut form = Form::default();
        let fine = self.fonts_are_small(own.as_ref().unwrap_or(outer))
            && self.draws(stream, own.as_ref().unwrap_or(outer), &mut form);
        self.forms.insert(id, form);
        fine
    }

    /// Bytes that drawing `root` interprets.
    fn cost(&self, root: &Form) -> u64 {
        if root.draws.is_empty() {
            return root.bytes;
        }
        // Cost of each form at growing depth; a form that contains itself grows until the interpreter stops, too.
        let mut costs: HashMap<Id, u64> = HashMap::new();
        let sum = |form: &Form, costs: &HashMap<Id, u64>| {
            form.draws.iter().fold(form.bytes.max(1), |all, (child, count)| {
                all.saturating_add(count.saturating_mul(costs.get(child).copied().unwrap_or(1)))
            })
        };
        let mut reached: Vec<Id> = Vec::new();
        let mut todo: Vec<Id> = root.draws.iter().map(|(id, _)| *id).collect();
        while let Some(id) = todo.pop() {
            if costs.insert(id, 1).is_none() {
                reached.push(id);
                todo.extend(self.forms.get(&id).into_iter().flat_map(|f| f.draws.iter().map(|(id, _)| *id)));
            }
        }
        for _ in 0..DEPTH {
            let mut changed = false;
            let next: HashMap<Id, u64> = reached
                .iter()
                .map(|id| {
                    let cost = self.forms.get(id).map_or(1, |form| sum(form, &costs));
                    changed |= costs.get(id) != Some(&cost);
                    (*id, cost)
                })
                .collect();
            costs = next;
            if !changed || sum(root, &costs) > MOST_CONTENT {
                break;
            }
        }
        sum(root, &costs)
    }

    fn fonts_are_small(&mut self, resources: &Resources<'_>) -> bool {
        let mut streams: Vec<Stream<'_>> = Vec::new();
        for name in resources.fonts.keys() {
            let Some(font) = resources.fonts.get::<Dict<'_>>(name.as_ref()) else { continue };
            let descendant = font.get::<Array<'_>>(b"DescendantFonts").and_then(|a| a.iter::<Dict<'_>>().next());
            for dict in [Some(&font), descendant.as_ref()].into_iter().flatten() {
                for key in [&b"ToUnicode"[..], b"Encoding", b"CIDToGIDMap"] {
                    streams.extend(dict.get::<Stream<'_>>(key));
                }
                let Some(descriptor) = dict.get::<Dict<'_>>(b"FontDescriptor") else { continue };
                for key in [&b"FontFile"[..], b"FontFile2", b"FontFile3"] {
                    streams.extend(descriptor.get::<Stream<'_>>(key));
                }
            }
        }
        streams.iter().all(|s| self.is_small(s))
    }

    /// True if the stream unpacks to no more than the limit.
    fn is_small(&mut self, stream: &Stream<'_>) -> bool {
        if let Some(known) = self.measured.get(&id(stream)) {
            return *known;
        }
        let small = is_small(stream);
        if self.measured.len() < 100_000 {
            self.measured.insert(id(stream), small);
        }
        small
    }
}

fn id(stream: &Stream<'_>) -> Id {
    let id = stream.obj_id();
    (id.obj_number, id.gen_number)
}

fn is_form(stream: &Stream<'_>) -> bool {
    stream.dict().get::<Name<'_>>(b"Subtype").is_some_and(|s| s.as_ref() == b"Form")
}

fn has_forms(resources: &Resources<'_>) -> bool {
    resources
        .x_objects
        .keys()
        .any(|name| resources.x_objects.get::<Stream<'_>>(name.as_ref()).is_some_and(|s| is_form(&s)))
}

/// Normal appearances of the page's annotations, such as filled-in form fields.
fn appearances<'a>(page: &Dict<'a>) -> Vec<Stream<'a>> {
    let Some(annotations) = page.get::<Array<'a>>(b"Annots") else { return Vec::new() };
    let mut found = Vec::new();
    for annotation in annotations.iter::<Dict<'a>>() {
        let Some(normal) = annotation.get::<Dict<'a>>(b"AP").and_then(|ap| ap.get::<Object<'a>>(b"N")) else {
            continue;
        };
        match normal {
            Object::Stream(stream) => found.push(stream),
            Object::Dict(states) => {
                found.extend(states.keys().filter_map(|k| states.get::<Stream<'a>>(k.as_ref())));
            }
            _ => {}
        }
    }
    found
}

/// True if the stream unpacks to no more than the limit.
pub(crate) fn is_small(stream: &Stream<'_>) -> bool {
    let raw = stream.raw_data();
    let filters = stream.filters();
    let bound = filters.iter().fold(raw.len() as u64, |size, filter| {
        size.saturating_mul(match filter {
            Filter::FlateDecode => DEFLATE_RATIO,
            Filter::LzwDecode => LZW_RATIO,
            Filter::RunLengthDecode => 64,
            _ => 1,
        })
    });
    if bound <= LARGEST_STREAM {
        return true;
    }
    match filters.iter().find(|f| !matches!(f, Filter::FlateDecode | Filter::Crypt)) {
        None => inflated(&raw, filters.len(), false).max(inflated(&raw, filters.len(), true)) <= LARGEST_STREAM,
        // The other filters cannot be measured without being run; they are old, and their streams are small.
        Some(_) => bound <= 64 * LARGEST_STREAM,
    }
}

/// Bytes that come out of `layers` of Deflate, counted no further than just over the limit.
fn inflated(raw: &[u8], layers: usize, bare: bool) -> u64 {
    let mut reader: Box<dyn Read + '_> = Box::new(raw);
    for _ in 0..layers.max(1) {
        reader = if bare { Box::new(DeflateDecoder::new(reader)) } else { Box::new(ZlibDecoder::new(reader)) };
    }
    let mut buffer = vec![0; 1 << 16];
    let mut all = 0;
    while all <= LARGEST_STREAM {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => all += n as u64,
        }
    }
    all
}

/// Names of the objects that a content stream draws: `/Name Do`.
fn drawn_names(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + find(content.get(from..)?, b"Do")?;
            from = at + 2;
            let before = content.get(..at)?.trim_ascii_end();
            let start =
                before.iter().rposition(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b']' | b')' | b'>'))?;
            if before.get(start) == Some(&b'/') && before.len() < at {
                return before.get(start + 1..);
            }
        }
    })
}

/// Where `needle` begins.
pub(crate) fn find(content: &[u8], needle: &[u8]) -> Option<usize> {
    content.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_before_do() {
        let names: Vec<&[u8]> = drawn_names(b"q /Im1 Do Q\n/Fm0\nDo (Do) Tj /Dodo gs /A Do").collect();
        assert_eq!(names, [&b"Im1"[..], b"Fm0", b"A"]);
    }

    #[test]
    fn forms_that_multiply_cost_more_than_allowed() {
        let mut guard = Guard::default();
        for level in 0..10 {
            guard.forms.insert((level, 0), Form { bytes: 100, draws: vec![((level + 1, 0), 10)] });
        }
        guard.forms.insert((10, 0), Form { bytes: 100, draws: vec![] });
        let root = Form { bytes: 10, draws: vec![((0, 0), 1)] };
        assert!(guard.cost(&root) > MOST_CONTENT);
        // Itself, once: the interpreter ends it after fifty rounds.
        guard.forms.insert((20, 0), Form { bytes: 100, draws: vec![((20, 0), 1)] });
        assert!(guard.cost(&Form { bytes: 10, draws: vec![((20, 0), 1)] }) < 10_000);
        // Itself, twice: it does not.
        guard.forms.insert((21, 0), Form { bytes: 100, draws: vec![((21, 0), 2)] });
        assert!(guard.cost(&Form { bytes: 10, draws: vec![((21, 0), 1)] }) > MOST_CONTENT);
    }
}
