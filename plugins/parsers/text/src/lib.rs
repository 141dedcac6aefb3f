//! Plain text, source code and everything else that is made of lines.
//!
//! | files | blocks |
//! |---|---|
//! | prose (`txt`, `log`, unknown) | one `paragraph` a line; a run of blank lines is one empty `separator` |
//! | source code and settings (`py`, `rs`, `sql`, `toml`, …) | one `code` a group of lines between blank lines |
//!
//! Line breaks are block boundaries, so that a chunker that packs blocks packs lines; separators tell it where
//! paragraphs end, and one that does not care skips them, as they have no text.
//!
//! Files are streamed: memory does not grow with size. Longer lines than 16 384 characters are cut at sentences or
//! words; from the 200 000th block on, lines are packed into blocks of about a kilobyte. The file's metadata tells its
//! `encoding`.

mod lines;

use lines::{Layout, Lines};
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, NoConfig, Result, host, serde_json};
use mortise_shared_encoding::TextReader;

/// The parser.
pub struct Text;

const PROSE: &[&str] = &["txt", "text", "log", "out", "asc", "srt", "vtt", "rst", "adoc", "org", "tex"];
const CODE: &[&str] = &[
    "py",
    "js",
    "mjs",
    "cjs",
    "jsx",
    "ts",
    "tsx",
    "java",
    "c",
    "cc",
    "cpp",
    "cxx",
    "h",
    "hh",
    "hpp",
    "php",
    "go",
    "sh",
    "bash",
    "zsh",
    "bat",
    "ps1",
    "cs",
    "kt",
    "kts",
    "sql",
    "rs",
    "rb",
    "swift",
    "scala",
    "lua",
    "pl",
    "r",
    "m",
    "dart",
    "vue",
    "css",
    "scss",
    "less",
    "proto",
    "graphql",
    "gradle",
    "cmake",
    "ini",
    "cfg",
    "conf",
    "properties",
    "toml",
    "env",
    "dockerfile",
    "makefile",
];

impl Parser for Text {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("text", env!("CARGO_PKG_VERSION"), "Plain text and source code in any encoding")
    }

    fn accepts() -> Accepts {
        let media_types = &["text/plain", "text/x-log"];
        accepts(media_types, &[PROSE, CODE].concat())
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        let mut reader = TextReader::new(file, None);
        let mut lines = Lines::new(layout_of(&file.extension()));
        let mut text = String::new();
        while reader.read(&mut text)? {
            let used = lines.take(&text, out);
            text.drain(..used);
            host::progress(reader.progress(), "reading text");
        }
        lines.finish(&text, out);
        out.metadata(&serde_json::json!({ "encoding": reader.encoding() }));
        if let Some(warning) = reader.warning() {
            out.warn(None, &warning);
        }
        Ok(())
    }
}

fn layout_of(extension: &str) -> Layout {
    match extension {
        e if CODE.contains(&e) => Layout::Code,
        _ => Layout::Prose,
    }
}

mortise_sdk::export_parser!(Text);
