//! Letter → blocks.

use crate::body;
use crate::part::{Item, Letter, Shown, picture_type};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::Output;
use mortise_shared_html::{Page, embedded, emit as emit_page};

/// Smaller pictures are counters and spacers.
const SMALLEST: usize = 100;

/// Tells a letter in blocks.
pub(crate) fn emit(letter: Letter<'_>, out: &mut Output) {
    let subject = letter.metadata.get("subject").and_then(serde_json::Value::as_str);
    let forwards = subject.is_some_and(body::is_forwarding);
    out.metadata(&letter.metadata.into());
    let mut next = 0;
    for (name, value) in &letter.fields {
        next = out.emit(Block::new(0, BlockKind::KeyValue, format!("{name}: {value}"))) + 1;
    }
    let mut album = Album { kept: letter.shown.iter().map(|_| None).collect(), shown: &letter.shown };
    for item in letter.items {
        match item {
            Item::Html(html) => {
                let mut page = body::html(&html, forwards);
                page.keep_pictures(|source| album.by_source(source, out));
                if let Some(warning) = std::mem::take(&mut page.warning) {
                    out.warn(None, &warning);
                }
                next = emit_page(page.blocks, next, 0, out);
            }
            Item::Plain { text, flowed, joined } => {
                next = emit_page(body::plain(&text, flowed, joined, forwards), next, 0, out)
            }
            Item::Report(text) => {
                next = emit_page(body::report(&text), next, 0, out);
            }
            Item::Picture(at) => {
                if album.kept.get(at).is_some_and(Option::is_none)
                    && let Some(image) = album.keep(at, out)
                {
                    let text = String::new();
                    next = out.emit(Block { image: Some(image), ..Block::new(0, BlockKind::Figure, text) }) + 1;
                }
            }
            Item::Attached { name, media_type, bytes } => out.attach(&name, &media_type, &bytes.decode()),
        }
    }
    for warning in &letter.warnings {
        out.warn(None, warning);
    }
}

/// The pictures of a letter, each kept once.
struct Album<'l, 'a> {
    shown: &'l [Shown<'a>],
    /// None: not yet; `Some(None)`: no picture after all.
    kept: Vec<Option<Option<u32>>>,
}

impl Album<'_, '_> {
    fn by_source(&mut self, source: &str, out: &mut Output) -> Option<u32> {
        if let Some((media_type, bytes)) = embedded(source) {
            return (bytes.len() >= SMALLEST).then(|| out.put_image(&media_type, &bytes));
        }
        let id = source.get(..4).filter(|s| s.eq_ignore_ascii_case("cid:")).map(|_| &source[4..]);
        let at = self.shown.iter().position(|shown| match id {
            Some(id) => shown.content_id.as_deref().is_some_and(|c| c == id || c == unescaped(id)),
            None => shown.location.as_deref() == Some(source) || (!shown.name.is_empty() && shown.name == source),
        })?;
        self.keep(at, out)
    }

    fn keep(&mut self, at: usize, out: &mut Output) -> Option<u32> {
        if let Some(known) = self.kept[at] {
            return known;
        }
        let shown = &self.shown[at];
        let bytes = shown.bytes.decode();
        let media_type = picture_type(&bytes).map_or_else(|| shown.media_type.clone(), String::from);
        let number =
            (bytes.len() >= SMALLEST && media_type.starts_with("image/")).then(|| out.put_image(&media_type, &bytes));
        self.kept[at] = Some(number);
        number
    }
}

/// `%40` → `@`, as addresses of parts are written in links.
fn unescaped(id: &str) -> String {
    let text = id.as_bytes().iter().flat_map(|b| if *b == b'%' { b"=".to_vec() } else { vec![*b] });
    String::from_utf8_lossy(&mortise_shared_encoding::quoted_printable(&text.collect::<Vec<_>>())).into_owned()
}

/// True if a page says anything.
pub(crate) fn letters(page: &Page) -> usize {
    page.blocks.iter().map(|b| b.text.chars().filter(|c| c.is_alphanumeric()).count()).sum()
}
