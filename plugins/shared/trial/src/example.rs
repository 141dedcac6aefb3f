//! The example of a README, so that it is run as a test.

use mortise_sdk::chunker::{Chunk, Chunker};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::testing::{self, Document};
use serde_json::Value;

/// What the section "Example" of a README says: settings in its first code span that is a JSON object, the document in
/// the first fenced block and the texts of the chunks in the second, parted by lines of `---`.
///
/// In the document `# ` to `#### ` begin headings, `[2] ` the page on which what follows stands, `| a | b |` lines are
/// tables under a header, `(note) ` begins a note; every other line is a paragraph.
#[derive(Debug)]
pub struct Example {
    document: Document,
    settings: Value,
    chunks: Vec<String>,
}

impl Example {
    /// Reads it.
    ///
    /// # Panics
    /// If there is none.
    pub fn of(readme: &str, name: &str) -> Self {
        let (_, section) = readme.split_once("## Example").unwrap();
        let mut fenced = section.split("```");
        let settings = fenced.next().unwrap().split('`').find(|span| span.starts_with('{')).map_or("{}", |span| span);
        let body = |fence: &str| fence.split_once('\n').unwrap().1.to_owned();
        let document = body(fenced.next().unwrap());
        let chunks = body(fenced.nth(1).unwrap());
        let texts = chunks.split("\n---\n").map(|text| text.trim().to_owned());
        Self {
            document: parse(name, &document),
            settings: serde_json::from_str(settings).unwrap(),
            chunks: texts.collect(),
        }
    }

    /// Runs it, and gives its chunks.
    ///
    /// # Panics
    /// If the README is not true.
    #[track_caller]
    pub fn run<T: Chunker>(self) -> Vec<Chunk> {
        let split = testing::split::<T>(&self.document, self.settings).unwrap();
        assert_eq!(split.texts(), self.chunks, "the README's example");
        split.chunks.chunks
    }
}

fn parse(name: &str, text: &str) -> Document {
    let mut document = Document::new(name);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in text.lines().chain([""]) {
        if let Some(row) = line.strip_prefix("| ") {
            rows.push(row.trim_end_matches(" |").split(" | ").map(str::to_owned).collect());
            continue;
        }
        if !rows.is_empty() {
            document = document.block(Block::table(&std::mem::take(&mut rows), 1));
        }
        let hashes = line.bytes().take_while(|&b| b == b'#').count();
        if let Some(page) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            document = document.page(page.parse().unwrap());
        } else if let Some(note) = line.strip_prefix("(note) ") {
            document = document.block(Block::new(0, BlockKind::Note, note));
        } else if hashes > 0 {
            document = document.heading(hashes as u32, line[hashes..].trim());
        } else if !line.trim().is_empty() {
            document = document.paragraph(line);
        }
    }
    document
}
