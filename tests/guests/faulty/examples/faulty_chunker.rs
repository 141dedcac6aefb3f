//! A chunk method, one chunk for every block and few rows of a table, with bugs to choose from.

use faulty::{Fault, words};
use mortise_sdk::chunker::{Blocks, Chunk, ChunkKind, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind, Table};
use mortise_sdk::schemars::{self, JsonSchema};
use mortise_sdk::serde::Deserialize;
use mortise_sdk::{Description, Result, host};

pub struct PerBlock;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(crate = "mortise_sdk::serde", default)]
pub struct Config {
    #[serde(flatten)]
    fault: Fault,
    /// Most tokens of a chunk.
    #[schemars(range(min = 1, max = 2048))]
    chunk_token_num: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { fault: Fault::default(), chunk_token_num: 256 }
    }
}

impl Chunker for PerBlock {
    type Config = Config;

    fn describe() -> Description {
        Description::new("faulty-chunker", env!("CARGO_PKG_VERSION"), "One chunk for every block, with a bug")
    }

    fn split(blocks: &Blocks<'_>, config: Config) -> Result<Chunks> {
        let fault = &config.fault;
        let total = blocks.summary().blocks.max(1) as f32;
        let mut out = Chunks { chunks: vec![], parents: vec![] };
        let mut headings: Vec<(u32, String)> = Vec::new();
        let mut seen = String::new();
        for (position, block) in blocks.iter().enumerate() {
            let done = position as f32 / total;
            host::progress(if fault.is("progress-back") { 1.0 - done } else { done }, "chunking");
            if block.is_furniture() || block.text.trim().is_empty() {
                continue;
            }
            if fault.is("drops-code") && block.kind == BlockKind::Code {
                continue;
            }
            if fault.is("quadratic") {
                seen.push_str(&block.text);
                std::hint::black_box(seen.bytes().filter(|b| *b == 0).count());
            }
            let level = if block.kind == BlockKind::Title { 0 } else { block.level };
            if block.is_heading() && !fault.is("stale-headings") {
                headings.retain(|(above, _)| *above < level);
            }
            let texts = match &block.table {
                Some(table) if !table.cells.is_empty() => rows(table, &config),
                _ => text(&block, &config),
            };
            for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
                let id = if fault.is("positions-for-ids") { position as u32 } else { block.id };
                let mut chunk = Chunk::text(text, vec![id]);
                chunk.kind = if block.kind == BlockKind::Table { ChunkKind::Table } else { ChunkKind::Text };
                chunk.context = headings.iter().map(|(_, text)| text.clone()).collect();
                if fault.is("wrong-block") {
                    // The block before, where there is one.
                    chunk.blocks = vec![id.saturating_sub(1)];
                }
                out.chunks.push(chunk);
            }
            if block.is_heading() {
                headings.push((level, block.text.trim().to_owned()));
            }
        }
        if fault.is("reorders") {
            out.chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.blocks.clone()));
        }
        if fault.is("blank-chunks") && !out.chunks.is_empty() {
            let chunk = Chunk::text(" ", vec![]);
            out.chunks.insert(1, chunk);
        }
        if fault.is("fails-on-nothing") && out.chunks.is_empty() {
            return Err(mortise_sdk::Error::InvalidInput("the document is empty".into()));
        }
        Ok(out)
    }
}

/// The text in pieces of at most so many tokens, cut between words where there are any.
fn text(block: &Block, config: &Config) -> Vec<String> {
    let (text, limit) = (block.text.trim(), config.chunk_token_num);
    if config.fault.is("cuts-anywhere") && !text.contains(char::is_whitespace) {
        let characters: Vec<char> = text.chars().collect();
        return characters.chunks(100).map(|piece| piece.iter().collect()).collect();
    }
    // No text has more tokens than bytes.
    let short = text.len() <= limit as usize;
    if short || config.fault.is("no-limit") || host::count_tokens(&[text.to_owned()])[0] <= limit {
        return vec![text.to_owned()];
    }
    let words: Vec<String> = words(text).into_iter().map(str::to_owned).collect();
    let counts = host::count_tokens(&words);
    let mut pieces: Vec<String> = Vec::new();
    let mut sum = u32::MAX / 2;
    for (word, count) in words.into_iter().zip(counts) {
        // A blank may cost a token more where a piece begins or ends.
        if sum + count + 1 > limit {
            pieces.push(word);
            sum = count;
        } else {
            pieces.last_mut().unwrap().push_str(&word);
            sum += count;
        }
    }
    if config.fault.is("drops-tails") && pieces.len() > 1 {
        pieces.pop();
    }
    pieces
}

/// The table's rows in few parts, the header before each.
fn rows(table: &Table, config: &Config) -> Vec<String> {
    const ROWS: usize = 3;
    let mut lines: Vec<(bool, String)> = Vec::new();
    let mut last = None;
    for cell in &table.cells {
        if last != Some(cell.row) {
            lines.push((cell.header, String::new()));
            last = Some(cell.row);
        }
        let line = lines.last_mut().unwrap();
        line.1.push_str(&cell.text);
        line.1.push('\t');
    }
    let body = lines.iter().position(|(header, _)| !header).unwrap_or(0);
    let header: String = lines[..body].iter().map(|(_, line)| format!("{line}\n")).collect();
    let lines: Vec<String> = lines[body..].iter().map(|(_, line)| line.clone()).collect();
    let mut parts = Vec::new();
    for (number, rows) in lines.chunks(ROWS).enumerate() {
        let header = if config.fault.is("loses-header") && number > 0 { "" } else { &header };
        if config.fault.is("tears-rows") {
            let middle = rows[0].find('\t').map_or(0, |tab| tab + 1);
            parts.push(format!("{header}{}", &rows[0][..middle]));
            parts.push(format!("{header}{}{}", &rows[0][middle..], rows[1..].join("\n")));
        } else {
            parts.push(format!("{header}{}", rows.join("\n")));
        }
    }
    parts
}

mortise_sdk::export_chunker!(PerBlock);
