//! Documents, chunks, vectors, scores and answers as JSON: what `run --json` prints, what `expected.json` holds, and
//! what `blocks.json` and `input.json` are read from. Words are those of the contract; what has its usual value is left
//! out, so that golden files can be read.

mod chat;
mod document;

use crate::call::Output;
use mortise_domain::block::{Parsed, Place};
use mortise_domain::role::RawChunk;
use mortise_domain::{ChunkKind, Json};
use serde_json::json;
use std::collections::HashMap;

pub(crate) use chat::read_request;
pub(crate) use document::{kind_name, read_document};

/// An output as golden files hold it.
pub(crate) fn golden(output: &Output) -> Json {
    match output {
        Output::Document(parsed) => document::write(parsed),
        Output::Chunks { chunks, .. } => {
            let list: Vec<Json> = chunks.chunks.iter().map(chunk).collect();
            let mut golden = json!({ "chunks": list });
            if !chunks.parents.is_empty() {
                golden["parents"] = json!(chunks.parents);
            }
            golden
        }
        Output::Vectors { space, vectors, .. } => {
            let vectors: Vec<Vec<f64>> =
                vectors.iter().map(|vector| vector.iter().copied().map(rounded).collect()).collect();
            json!({ "dimensions": space.dimensions, "normalised": space.normalised, "vectors": vectors })
        }
        Output::Scores { scores, .. } => json!({ "scores": scores.iter().copied().map(rounded).collect::<Vec<_>>() }),
        Output::Answer(answer) => chat::write(answer),
    }
}

/// An output with what a machine would otherwise have to work out: tokens and pages of chunks.
pub(crate) fn full(output: &Output) -> Json {
    let mut json = golden(output);
    if let (Output::Chunks { chunks, document }, Some(Json::Array(list))) = (output, json.get_mut("chunks")) {
        let pages = Pages::of(document);
        for (json, chunk) in list.iter_mut().zip(&chunks.chunks) {
            json["tokens"] = mortise_text::tokens::count(&chunk.text).into();
            let pages = pages.of_chunk(chunk);
            if !pages.is_empty() {
                json["pages"] = pages.into();
            }
        }
    }
    json
}

/// Six digits are more than any model is exact to, and print the same everywhere.
fn rounded(number: f32) -> f64 {
    (f64::from(number) * 1e6).round() / 1e6
}

/// The pages of blocks.
pub(crate) struct Pages<'a>(HashMap<u32, &'a [Place]>);

impl<'a> Pages<'a> {
    pub(crate) fn of(document: &'a Parsed) -> Self {
        Self(document.blocks.iter().map(|block| (block.id, block.places.as_slice())).collect())
    }

    /// The pages that a chunk stands on, ascending.
    pub(crate) fn of_chunk(&self, chunk: &RawChunk) -> Vec<u32> {
        let blocks = || chunk.blocks.iter().filter_map(|id| self.0.get(id)).flat_map(|places| places.iter());
        let mut pages: Vec<u32> = match chunk.places.as_slice() {
            [] => blocks().map(|place| place.page).collect(),
            own => own.iter().map(|place| place.page).collect(),
        };
        pages.sort_unstable();
        pages.dedup();
        pages
    }
}

/// A kind in the contract's word.
pub(crate) fn chunk_kind(kind: ChunkKind) -> String {
    kind.as_str().replace('_', "-")
}

fn chunk(chunk: &RawChunk) -> Json {
    let mut json = json!({ "text": chunk.text });
    if chunk.kind != ChunkKind::Text {
        json["kind"] = chunk_kind(chunk.kind).into();
    }
    json["blocks"] = json!(chunk.blocks);
    if !chunk.places.is_empty() {
        json["places"] = chunk.places.iter().map(document::place).collect();
    }
    let lists = [
        ("context", &chunk.context),
        ("keywords", &chunk.keywords),
        ("questions", &chunk.questions),
        ("tags", &chunk.tags),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        json[name] = json!(list);
    }
    if !chunk.fields.is_empty() {
        json["fields"] = chunk.fields.iter().map(|(name, value)| (name.clone(), document::value(value))).collect();
    }
    if let Some(parent) = chunk.parent {
        json["parent"] = parent.into();
    }
    json
}

/// JSON for people: objects a field a line, lists of plain values on one line.
pub(crate) fn pretty(json: &Json) -> String {
    let mut text = String::new();
    write(json, 0, &mut text);
    text.push('\n');
    text
}

fn write(json: &Json, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match json {
        Json::Array(list) if list.iter().any(|item| item.is_object() || item.is_array()) => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, depth + 1);
                write(item, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Array(list) => {
            let items: Vec<String> = list.iter().map(Json::to_string).collect();
            out.push_str(&format!("[{}]", items.join(", ")));
        }
        Json::Object(fields) if !fields.is_empty() => {
            out.push('{');
            for (at, (name, value)) in fields.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, depth + 1);
                out.push_str(&format!("{}: ", Json::from(name.as_str())));
                write(value, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_json_is_json_and_keeps_numbers_together() {
        let json = json!({"a": {"b": [1.5, 2], "empty": {}, "none": []}, "c": [{"d": "x\ny"}, [true, null]]});
        let text = pretty(&json);
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json);
        assert!(text.contains("\"b\": [1.5, 2],\n") && text.contains("[true, null]\n"), "{text}");
    }

    #[test]
    fn rounding() {
        assert_eq!(rounded(0.1), 0.1);
        assert_eq!(rounded(1.0 / 3.0), 0.333_333);
    }
}
