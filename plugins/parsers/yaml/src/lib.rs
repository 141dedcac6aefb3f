//! Data and settings in YAML, as records.
//!
//! What becomes which block is told by `mortise-shared-records`. Each document of a file is a record; comments are
//! `paragraph` blocks where they stand. An alias of a scalar stands for that scalar; other aliases are not followed, so
//! that no file grows by them. Where a file is no YAML (templates, for example), the lines that remain are `code` blocks,
//! one for each group between blank lines, and a warning tells why.

use mortise_sdk::document::BlockKind;
use mortise_sdk::parser::{Accepts, File, Output, Parser, accepts};
use mortise_sdk::{Description, Error, NoConfig, Result, host, serde_json};
use mortise_shared_data::{DEEPEST, Records, Tree};
use mortise_shared_encoding::TextReader;
use saphyr_parser::{Event, ScalarStyle};
use std::collections::BTreeMap;

/// The parser.
pub struct Yaml;

/// A file is read whole, because a broken line is found only when it is reached.
const LONGEST: u64 = 48 << 20;

/// Bytes of scalars that aliases may stand for.
const REMEMBERED: usize = 1 << 20;

impl Parser for Yaml {
    type Config = NoConfig;

    fn describe() -> Description {
        Description::new("yaml", env!("CARGO_PKG_VERSION"), "Data and settings in YAML, as records")
    }

    fn accepts() -> Accepts {
        accepts(&["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"], &["yaml", "yml"])
    }

    fn parse(file: &File<'_>, _config: NoConfig, out: &mut Output) -> Result<()> {
        if file.size() > LONGEST {
            return Err(Error::InvalidInput(format!("larger than {} MiB, the most for YAML", LONGEST >> 20)));
        }
        let mut reader = TextReader::new(file, None);
        let mut text = String::new();
        while reader.read(&mut text)? {
            host::progress(reader.progress() * 0.2, "reading YAML");
        }
        let mut tree = Tree::new(Records::new(out));
        let broken = Telling::new(&text, &mut tree).tell()?;
        tree.close();
        if let Some((line, why)) = broken {
            tree.records().warn(&format!("line {line}: {why}; what follows was read as plain lines"));
            tree.records().separate();
            let rest: Vec<&str> = text.lines().skip(line.saturating_sub(1)).collect();
            for group in rest.split(|line| line.trim().is_empty()) {
                tree.records().block(BlockKind::Code, group.join("\n").trim_end());
            }
        }
        tree.finish();
        drop(tree);
        out.metadata(&serde_json::json!({ "encoding": reader.encoding() }));
        if let Some(warning) = reader.warning() {
            out.warn(None, &warning);
        }
        Ok(())
    }
}

/// An open mapping or sequence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Sequence,
    /// A key comes next.
    Key,
    Value,
}

struct Telling<'t, 'o, 'x> {
    text: &'x str,
    lines: std::iter::Enumerate<std::str::Lines<'x>>,
    tree: &'t mut Tree<'o>,
    levels: Vec<Level>,
    /// Open levels of a key that is no scalar; it is passed over.
    odd_key: usize,
    scalars: BTreeMap<usize, String>,
    remembered: usize,
    /// Lines that were told, as events or as comments.
    told: usize,
}

impl<'t, 'o, 'x> Telling<'t, 'o, 'x> {
    fn new(text: &'x str, tree: &'t mut Tree<'o>) -> Self {
        Self {
            text,
            lines: text.lines().enumerate(),
            tree,
            levels: Vec::new(),
            odd_key: 0,
            scalars: BTreeMap::new(),
            remembered: 0,
            told: 0,
        }
    }

    /// Where and why the text stops to be YAML, if it does.
    fn tell(mut self) -> Result<Option<(usize, String)>> {
        let mut parser = saphyr_parser::Parser::new_from_str(self.text);
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, span)) => {
                    self.comments(span.start.line());
                    // A block's end may be the beginning of the line after it.
                    let end = span.end.line() - usize::from(span.end.col() == 0 && span.end.line() > span.start.line());
                    if matches!(event, Event::Scalar(..) | Event::Alias(_)) {
                        self.told = self.told.max(end);
                    }
                    self.event(event)?;
                }
                Err(error) => {
                    let line = error.marker().line();
                    // A scalar may have run on over what is broken; its line is told twice rather than never.
                    return Ok(Some((line.min(self.told).max(1), error.info().to_owned())));
                }
            }
        }
        self.comments(usize::MAX);
        Ok(None)
    }

    /// Tells the comments that stand before a line.
    fn comments(&mut self, before: usize) {
        let mut comment = String::new();
        while self.lines.clone().next().is_some_and(|(number, _)| number + 1 < before) {
            let Some((number, line)) = self.lines.next() else { break };
            if number < self.told {
                continue;
            }
            if number % 1000 == 0 {
                host::progress(
                    0.2 + 0.8 * number as f32 / (self.text.len() / 8).max(number + 1) as f32,
                    "reading YAML",
                );
            }
            if let Some(text) = line.trim_start().strip_prefix('#') {
                if !comment.is_empty() {
                    comment.push('\n');
                }
                comment.push_str(text.trim_start_matches('#').trim());
            }
        }
        if !comment.trim().is_empty() {
            self.tree.comment(comment.trim());
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let nothing = style == ScalarStyle::Plain && matches!(&*text, "~" | "null" | "Null" | "NULL");
                if anchor > 0 && self.remembered + text.len() <= REMEMBERED {
                    self.remembered += text.len();
                    self.scalars.insert(anchor, text.clone().into_owned());
                }
                self.scalar(if nothing { "" } else { &text });
            }
            Event::Alias(anchor) => {
                let text = self.scalars.get(&anchor).cloned().unwrap_or_default();
                self.scalar(&text);
            }
            Event::SequenceStart(..) => self.begin(Level::Sequence)?,
            Event::MappingStart(..) => self.begin(Level::Key)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if self.odd_key > 0 {
                    self.odd_key -= 1;
                } else {
                    self.levels.pop();
                    self.tree.end();
                }
                if self.odd_key == 0 {
                    self.valued();
                }
            }
            Event::DocumentEnd => self.tree.records().separate(),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, level: Level) -> Result<()> {
        if self.odd_key > 0 || self.levels.last() == Some(&Level::Key) {
            self.odd_key += 1;
            if self.odd_key > DEEPEST {
                return Err(Error::InvalidInput(format!("refused: keys that nest more than {DEEPEST} levels")));
            }
            if self.odd_key == 1 {
                self.tree.key("?");
            }
            return Ok(());
        }
        if level == Level::Sequence {
            self.tree.begin_list()?
        } else {
            self.tree.begin_object()?
        }
        self.levels.push(level);
        Ok(())
    }

    fn scalar(&mut self, text: &str) {
        if self.odd_key > 0 {
            return;
        }
        match self.levels.last_mut() {
            Some(level @ Level::Key) => {
                self.tree.key(text.get(..text.floor_char_boundary(500)).unwrap_or(text));
                *level = Level::Value;
            }
            _ => {
                self.tree.scalar(text);
                self.valued();
            }
        }
    }

    /// A key or a value is complete.
    fn valued(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            *level = match level {
                Level::Sequence => Level::Sequence,
                // Only an odd key ends where a key is expected.
                Level::Key => Level::Value,
                Level::Value => Level::Key,
            };
        }
    }
}

mortise_sdk::export_parser!(Yaml);
