//! A parser of INI files: sections become headings, settings become key-value blocks, comments become notes. Whatever
//! else stands there is kept as a paragraph: a parser loses no text.

use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::parser::{self, Accepts, File, Output, Parser};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result};

/// The plugin.
pub struct {{Name}};

/// Settings, as they stand in a dataset's `parser_config`. These comments become the descriptions that users read.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    /// Leave comments out.
    pub drop_comments: bool,
}

impl Parser for {{Name}} {
    type Config = Config;

    fn describe() -> Description {
        Description::new("{{name}}", env!("CARGO_PKG_VERSION"), "Sections and settings of INI files")
    }

    fn accepts() -> Accepts {
        parser::accepts(&[], &["ini", "cfg"])
    }

    fn parse(file: &File<'_>, config: Config, out: &mut Output) -> Result<()> {
        let bytes = file.read_all();
        let text = String::from_utf8_lossy(&bytes);
        if text.contains(char::REPLACEMENT_CHARACTER) {
            out.warn(None, "some bytes are not UTF-8 text");
        }
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let section = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            match (section, line.strip_prefix(['#', ';']), line.contains('=')) {
                (Some(section), ..) => out.emit(Block::heading(1, section.trim())),
                (_, Some(_), _) if config.drop_comments => continue,
                (_, Some(comment), _) => out.emit(Block::new(0, BlockKind::Note, comment.trim())),
                (_, _, true) => out.emit(Block::new(0, BlockKind::KeyValue, line)),
                _ => out.emit(Block::new(0, BlockKind::Paragraph, line)),
            };
        }
        Ok(())
    }
}

mortise_sdk::export_parser!({{Name}});

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8], drop_comments: bool) -> parser::Kept {
        let mut out = Output::default();
        {{Name}}::parse(&File::from_bytes("a.ini", "", bytes), Config { drop_comments }, &mut out).unwrap();
        out.into_kept()
    }

    #[test]
    fn lines_become_blocks() {
        let text = b"; hours\n[canteen]\nopens = 6:30\nalso this\n\n";
        let blocks = parse(text, false).blocks;
        let found: Vec<_> = blocks.iter().map(|block| (block.kind, block.text.as_str())).collect();
        let expected = [
            (BlockKind::Note, "hours"),
            (BlockKind::Heading, "canteen"),
            (BlockKind::KeyValue, "opens = 6:30"),
            (BlockKind::Paragraph, "also this"),
        ];
        assert_eq!(found, expected);
        assert_eq!(parse(text, true).blocks.len(), 3);
    }

    #[test]
    fn what_is_no_text_is_told() {
        let kept = parse(b"a = \xff", false);
        assert_eq!((kept.blocks.len(), kept.warnings.len()), (1, 1));
    }
}
