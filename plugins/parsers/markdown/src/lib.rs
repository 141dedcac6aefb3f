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
//! | HTML | what `mortise-shared-html` makes of it; comments are left out |
//! | rules | `separator` |
//!
//! Emphasis is plain text; links and pictures keep their source form, `[text](address)`, because answers quote
//! them; addresses inside the page and embedded data are left out. Front matter (`---` YAML or `+++` TOML) becomes
//! metadata, and its `title` a `title` block.

mod blocks;
mod front_matter;

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result, host, serde_json};
use mortise_shared_encoding::TextReader;
use mortise_shared_html::emit;

/// The parser.
pub struct Markdown;

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
        let blocks = blocks::read(body);
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

mortise_sdk::export_parser!(Markdown);
