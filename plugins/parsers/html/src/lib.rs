//! Web pages. What becomes which block is told by `mortise-shared-html`; here bytes become text, and the head of the
//! page becomes metadata: `title`, `language`, `description`, `author`, `keywords`, `published`, `encoding`. Pictures that
//! stand in the page itself (`data:`) are kept; others are not fetched, and give their alternative text.
//!
//! Pages are read in windows; the tree of a page may take some hundred bytes per element.

use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result, host, serde_json};
use mortise_shared_encoding::TextReader;
use mortise_shared_html::{Options, Reader, declared_encoding, embedded, emit};

/// Smaller pictures are spacers and placeholders.
const SMALLEST: usize = 100;

/// The parser.
pub struct Html;

impl Parser for Html {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("html", env!("CARGO_PKG_VERSION"), "Web pages: headings, paragraphs, lists, tables, code")
    }

    fn accepts() -> Accepts {
        accepts(&["text/html", "application/xhtml+xml"], &["html", "htm", "xhtml", "xht", "shtml"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let declared = declared_encoding(&file.read(0, 4096));
        let mut bytes = TextReader::new(file, declared.as_deref());
        let mut page = Reader::new(Options { pictures: true, ..Options::default() });
        let mut text = String::new();
        while bytes.read(&mut text)? {
            page.feed(&text);
            text.clear();
            host::progress(bytes.progress() * 0.9, "reading page");
        }
        let mut page = page.finish();
        // Nothing is fetched: only pictures that stand in the page itself are there.
        page.keep_pictures(|source| {
            let (media_type, bytes) = embedded(source)?;
            (bytes.len() >= SMALLEST).then(|| out.put_image(&media_type, &bytes))
        });

        let mut metadata = serde_json::Map::new();
        let facts = page.properties.into_iter().map(|(key, value)| (key, Some(value)));
        let head = [("title", page.title), ("language", page.language), ("encoding", Some(bytes.encoding().into()))];
        for (key, value) in head.into_iter().chain(facts) {
            if let Some(value) = value {
                metadata.insert(key.into(), value.into());
            }
        }
        out.metadata(&metadata.into());
        emit(page.blocks, 0, 0, out);
        for warning in [page.warning, bytes.warning()].into_iter().flatten() {
            out.warn(None, &warning);
        }
        Ok(())
    }
}

mortise_sdk::export_parser!(Html);
