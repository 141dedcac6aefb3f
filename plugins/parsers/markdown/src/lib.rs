//! Markdown: CommonMark with GitHub's tables, task lists, strikethrough, alerts and footnotes.
//!
//! | Markdown | block |
//! |---|---|
//! | headings of both styles | `heading` with its level, without marks and `{#id}` |
//! | paragraphs, quotes, alerts | `paragraph`, `quote`; line breaks of the source stay |
//! | list items | `list-item` with its depth; ordered ones begin with their number, tasks with `[x]` or `[ ]` |
//! | fenced code | `code` with its fence, which tells the language; indented code bare |
//! | tables | `table` with a header row |
//! | a paragraph of pictures only | `figure` |
//! | footnotes | `footnote`, beginning with its label as it is cited: `[^1]` |
//! | HTML | what `mortise-shared-html` makes of it; a table of HTML may hold blank lines and Markdown; comments are left out |
//! | rules | `separator` |
//!
//! Emphasis is plain text; links and pictures keep their source form, `[text](address)`, because answers quote
//! them; addresses inside the page and embedded data are left out, and embedded pictures are kept. Front matter (`---` YAML or `+++` TOML) becomes
//! metadata, and its `title` a `title` block.

mod blocks;
mod front_matter;

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result, host, serde_json};
use mortise_shared_encoding::TextReader;
use mortise_shared_html::{embedded, emit};

/// The parser.
pub struct Markdown;

/// Smaller pictures are spacers and placeholders.
const SMALLEST: usize = 100;

/// A Markdown file is read whole, because a link may be defined at its end.
const LONGEST: u64 = 64 << 20;

impl Parser for Markdown {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("markdown", env!("CARGO_PKG_VERSION"), "Markdown: headings, lists, tables, code, front matter")
    }

    fn accepts() -> Accepts {
        accepts(&["text/markdown", "text/x-markdown"], &["md", "markdown", "mdx", "mkd", "mdown", "rmd", "qmd"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        if file.size() > LONGEST {
            return Err(Error::InvalidInput(format!("larger than {} MiB, the most for Markdown", LONGEST >> 20)));
        }
        let mut reader = TextReader::new(file, None);
        let mut text = String::new();
        while reader.read(&mut text)? {
            host::progress(reader.progress() * 0.5, "reading Markdown");
        }
        if text.contains('\r') {
            // A carriage return ends a line too, alone or before a line feed.
            text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        let (mut metadata, body) = front_matter::split(&text);
        let (mut blocks, pictures) = blocks::read(body);
        keep(&mut blocks, pictures, out);
        let title = metadata.get("title").and_then(serde_json::Value::as_str).unwrap_or_default();
        let shown = |b: &Block| b.kind == BlockKind::Heading && b.level == 1 && b.text == title;
        let untold = !title.is_empty() && !blocks.iter().any(shown);
        if untold {
            out.emit(Block::new(0, BlockKind::Title, title));
        }
        metadata.entry("encoding").or_insert_with(|| reader.encoding().into());
        out.metadata(&metadata.into());
        emit(blocks, u32::from(untold), 0, out);
        if let Some(warning) = reader.warning() {
            out.warn(None, &warning);
        }
        Ok(())
    }
}

/// Gives figures the pictures that stand in the text itself. Figures that have neither picture nor text go.
fn keep(blocks: &mut Vec<Block>, pictures: Vec<(usize, String)>, out: &mut Output) {
    if pictures.is_empty() {
        return;
    }
    for (at, source) in pictures {
        let picture = embedded(&source).filter(|(_, bytes)| bytes.len() >= SMALLEST);
        if let (Some(block), Some((media_type, bytes))) = (blocks.get_mut(at), picture) {
            block.image = Some(out.put_image(&media_type, &bytes));
        }
    }
    let stays: Vec<bool> =
        blocks.iter().map(|b| b.kind != BlockKind::Figure || b.image.is_some() || !b.text.is_empty()).collect();
    let counted = stays.iter().scan(0, |next, stays| {
        let place = *next;
        *next += u32::from(*stays);
        Some(place)
    });
    let places: Vec<u32> = counted.collect();
    blocks.retain(|b| stays.get(b.id as usize).copied().unwrap_or(true));
    for block in blocks.iter_mut() {
        block.id = places.get(block.id as usize).copied().unwrap_or(block.id);
        block.parent = block.parent.and_then(|parent| places.get(parent as usize).copied());
    }
}

mortise_sdk::export_parser!(Markdown);
