//! The method on whole documents: what the settings do, and what may never happen.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use mortise_chunker_naive::{Naive, NaiveConfig};
use mortise_sdk::chunker::{Blocks, Chunk, ChunkKind, Chunker, Chunks};
use mortise_sdk::document::{Block, BlockKind};
use mortise_sdk::host::count_tokens;

fn numbered(blocks: Vec<Block>) -> Vec<Block> {
    blocks.into_iter().enumerate().map(|(id, block)| Block { id: id as u32, ..block }).collect()
}

fn paragraphs(texts: &[&str]) -> Vec<Block> {
    numbered(texts.iter().map(|t| Block::new(0, BlockKind::Paragraph, *t)).collect())
}

fn split(name: &str, blocks: &[Block], config: &NaiveConfig) -> Chunks {
    Naive::split(&Blocks::from_slice(name, blocks), config.clone()).unwrap()
}

fn config(chunk_token_num: u32) -> NaiveConfig {
    NaiveConfig { chunk_token_num, delimiter: "\\n".into(), ..NaiveConfig::default() }
}

fn texts(chunks: &Chunks) -> Vec<&str> {
    chunks.chunks.iter().map(|c| c.text.as_str()).collect()
}

fn tokens(text: &str) -> u32 {
    count_tokens(&[text.to_owned()])[0]
}

fn table(rows: &[&[&str]], header_rows: usize) -> Block {
    let rows: Vec<Vec<String>> = rows.iter().map(|r| r.iter().map(|c| (*c).to_owned()).collect()).collect();
    Block::table(&rows, header_rows)
}

#[test]
fn sections_are_packed_to_the_limit() {
    let blocks = paragraphs(&[
        "The pump draws water from the well.",
        "Check the valve before starting.",
        "Close the lid.",
        "Record the pressure every hour and report anomalies to the supervisor on duty.",
    ]);
    let chunks = split("a.txt", &blocks, &config(128));
    assert_eq!(texts(&chunks), [blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>().join("\n")]);
    assert_eq!(chunks.chunks[0].blocks, [0, 1, 2, 3]);
    // Limit 16: the reference would run to 20 tokens in its second chunk, and to 16 in its first.
    let chunks = split("a.txt", &blocks, &config(16));
    assert_eq!(
        texts(&chunks),
        [
            "The pump draws water from the well.\nCheck the valve before starting.",
            "Close the lid.\nRecord the pressure every hour and report anomalies to the supervisor",
            "on duty."
        ]
    );
    assert_eq!(chunks.chunks[1].blocks, [2, 3]);
}

#[test]
fn furniture_is_skipped_and_headings_are_context() {
    let blocks = numbered(vec![
        Block::new(0, BlockKind::PageHeader, "ACME manual"),
        Block::new(0, BlockKind::Title, "Harbour"),
        Block::heading(1, "Cranes"),
        Block::heading(2, "Loads"),
        Block::new(0, BlockKind::Paragraph, "Cranes lift eight tons of cargo at most, never more than that."),
        Block::new(0, BlockKind::PageNumber, "1"),
        Block::heading(2, "Crew"),
        Block::new(0, BlockKind::Paragraph, "Three people work at every crane, day and night, in turns."),
        Block::heading(1, "Ropes"),
        Block::new(0, BlockKind::Paragraph, "Ropes age in the sun and have to be replaced every second year."),
    ]);
    let chunks = split("a.pdf", &blocks, &config(20));
    assert_eq!(
        texts(&chunks),
        [
            "Harbour\nCranes\nLoads\nCranes lift eight tons of cargo at most,",
            "never more than that.\nCrew\nThree people work at every crane, day and night, in",
            "turns.",
            "Ropes\nRopes age in the sun and have to be replaced every second year.",
        ]
    );
    let context: Vec<&[String]> = chunks.chunks.iter().map(|c| c.context.as_slice()).collect();
    assert!(context[0].is_empty());
    assert_eq!(context[1], ["Harbour", "Cranes", "Loads"]);
    assert_eq!(context[2], ["Harbour", "Cranes", "Crew"]);
    assert_eq!(context[3], ["Harbour"]);
}

#[test]
fn hard_delimiters_end_chunks_and_are_dropped() {
    let settings = NaiveConfig { delimiter: "`||`".into(), ..config(500) };
    let chunks = split("a.txt", &paragraphs(&["a b||c d||e f"]), &settings);
    assert_eq!(texts(&chunks), ["a b", "c d", "e f"]);
    let chunks = split("a.txt", &paragraphs(&["a b", "c||d", "e"]), &settings);
    assert_eq!(texts(&chunks), ["a b\nc", "d\ne"]);
    let newlines = NaiveConfig { delimiter: r"`\n\n`".into(), ..config(500) };
    assert_eq!(texts(&split("a.txt", &paragraphs(&["a\nb\n\nc"]), &newlines)), ["a\nb", "c"]);
}

#[test]
fn long_sections_are_cut_after_soft_delimiters() {
    let settings = NaiveConfig { delimiter: "\\n。；！？".into(), ..config(12) };
    let chunks = split("a.txt", &paragraphs(&["潮水上涨。船只等待！风停了？出发；灯塔管理员数了七艘船。"]), &settings);
    assert!(chunks.chunks.len() > 2);
    for text in texts(&chunks) {
        assert!(tokens(text) <= 12, "{text}");
    }
    assert_eq!(texts(&chunks).concat(), "潮水上涨。船只等待！风停了？出发；灯塔管理员数了七艘船。");
}

#[test]
fn tables_stand_apart_and_are_split_by_rows() {
    let rows: Vec<Vec<String>> = std::iter::once(vec!["Part".to_owned(), "Quantity".to_owned()])
        .chain((0..40).map(|i| vec![format!("bolt number {i}"), format!("{i}")]))
        .collect();
    let mut blocks = numbered(vec![
        Block::new(0, BlockKind::Paragraph, "Before."),
        Block::new(0, BlockKind::Caption, "Stock & store"),
        Block::table(&rows, 1),
        Block::new(0, BlockKind::Paragraph, "After."),
    ]);
    blocks[1].parent = Some(2);
    let chunks = split("a.docx", &blocks, &config(128));
    let kinds: Vec<ChunkKind> = chunks.chunks.iter().map(|c| c.kind).collect();
    assert_eq!(kinds[0], ChunkKind::Text);
    assert_eq!(chunks.chunks[0].text, "Before.\nAfter.");
    assert!(chunks.chunks.len() > 4);
    for chunk in &chunks.chunks[1..] {
        assert_eq!(chunk.kind, ChunkKind::Table);
        assert_eq!(chunk.blocks, [1, 2]);
        assert!(tokens(&chunk.text) <= 128);
        let frame =
            "<table><caption>Stock &amp; store</caption><tr><th>Part</th><th>Quantity</th></tr><tr><td>bolt number";
        assert!(chunk.text.starts_with(frame) && chunk.text.ends_with("</table>"), "{}", chunk.text);
    }
    let all = texts(&chunks).concat();
    for i in 0..40 {
        assert_eq!(all.matches(&format!("<td>bolt number {i}</td>")).count(), 1);
    }
}

#[test]
fn a_row_that_is_too_large_still_obeys_the_limit() {
    let long = "word ".repeat(300);
    let chunks = split("a.docx", &numbered(vec![table(&[&["h"], &[&long], &["b"]], 1)]), &config(64));
    assert!(texts(&chunks).iter().all(|t| tokens(t) <= 64));
    assert_eq!(texts(&chunks).concat().matches("word").count(), 300);
}

#[test]
fn figures_with_text_are_image_chunks() {
    let mut blocks = numbered(vec![
        Block::new(0, BlockKind::Figure, ""),
        Block::new(0, BlockKind::Figure, "Gauge"),
        Block::new(0, BlockKind::Caption, "Figure 1: a gauge"),
    ]);
    blocks[2].parent = Some(1);
    let chunks = split("a.pdf", &blocks, &config(64));
    assert_eq!(texts(&chunks), ["Figure 1: a gauge\nGauge"]);
    assert_eq!(chunks.chunks[0].kind, ChunkKind::Image);
    assert_eq!(chunks.chunks[0].blocks, [1, 2]);
}

#[test]
fn context_windows() {
    let blocks = numbered(vec![
        Block::new(0, BlockKind::Paragraph, "Intro to the boiler room."),
        table(&[&["A", "1"]], 0),
        Block::new(0, BlockKind::Paragraph, "Open the damper first. Then light the pilot. Wait for blue flame."),
        Block::new(0, BlockKind::Figure, "Photo of gauge"),
        Block::new(0, BlockKind::Paragraph, "Shut down at dusk. Drain the tank."),
    ]);
    let settings = NaiveConfig { table_context_size: 6, image_context_size: 6, ..config(128) };
    let chunks = split("a.docx", &blocks, &settings);
    assert_eq!(
        texts(&chunks),
        [
            "Intro to the boiler room.\nOpen the damper first. Then light the pilot. Wait for blue flame.\nShut down at dusk. Drain the tank.",
            "Intro to the boiler room.\n<table><tr><td>A</td><td>1</td></tr></table>\nOpen the damper first.",
            "Then light the pilot. Wait for blue flame.\nPhoto of gauge\nShut down at dusk.",
        ]
    );
    let tight = NaiveConfig { chunk_token_num: 26, table_context_size: 100, ..settings };
    assert!(texts(&split("a.docx", &blocks, &tight)).iter().all(|t| tokens(t) <= 26));
}

#[test]
fn children_know_their_parents() {
    let settings = NaiveConfig { children_delimiter: "\\n".into(), ..config(128) };
    let chunks = split("a.txt", &paragraphs(&["one two\nthree four\n\nfive", "six"]), &settings);
    assert_eq!(texts(&chunks), ["one two\n", "three four\n", "five\n", "six"]);
    assert_eq!(chunks.parents, ["one two\nthree four\n\nfive\nsix"]);
    assert!(chunks.chunks.iter().all(|c| c.parent == Some(0)));
    assert_eq!(chunks.chunks[3].blocks, [1]);
    let dots = NaiveConfig { children_delimiter: ".".into(), ..config(128) };
    assert_eq!(texts(&split("a.txt", &paragraphs(&["Keep. this"]), &dots)), ["Keep.", " this"]);
}

#[test]
fn spreadsheets() {
    let sheet = |part| Block {
        part,
        ..table(&[&["Part", "Qty", "Note"], &["bolt", "4", "steel"], &["nut", "0", ""], &["washer", "", "thin"]], 1)
    };
    let blocks = numbered(vec![sheet(0)]);
    let chunks = split("a.xlsx", &blocks, &config(128));
    assert_eq!(texts(&chunks), ["Part：bolt; Qty：4; Note：steel\nPart：nut; Qty：0\nPart：washer; Note：thin"]);
    let html = NaiveConfig { html4excel: true, ..config(128) };
    let chunks = split("a.xlsx", &blocks, &html);
    assert_eq!(chunks.chunks.len(), 1);
    assert_eq!(chunks.chunks[0].kind, ChunkKind::Table);
    assert!(chunks.chunks[0].text.starts_with("<table><tr><th>Part</th>"));
    let long: Vec<Vec<String>> = (0..26).map(|i| vec![format!("r{i}")]).collect();
    let chunks =
        split("a.csv", &numbered(vec![Block::table(&long, 1)]), &NaiveConfig { chunk_token_num: 2048, ..html });
    let rows: Vec<usize> = texts(&chunks).iter().map(|t| t.matches("<td>").count()).collect();
    assert_eq!(rows, [12, 12, 1]);
}

#[test]
fn overlap_repeats_the_end() {
    let blocks =
        paragraphs(&["The tide is high today. Ships wait outside.", "Cranes stand still. Crews sleep in the hold."]);
    let settings = NaiveConfig { overlapped_percent: 45.0, ..config(17) };
    let chunks = split("a.txt", &blocks, &settings);
    assert_eq!(chunks.chunks.len(), 2);
    assert_eq!(chunks.chunks[1].text, "Cranes stand still. Crews sleep in the hold.");
    assert_eq!(chunks.chunks[1].blocks, [1]);
}

#[test]
fn nothing_gives_nothing() {
    assert!(split("a.txt", &[], &config(128)).chunks.is_empty());
    assert!(split("a.txt", &paragraphs(&["", " \n "]), &config(128)).chunks.is_empty());
    assert!(split("a.txt", &numbered(vec![Block::new(0, BlockKind::Separator, "---")]), &config(1)).chunks.is_empty());
}

/// A small generator, so that every run sees the same documents.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

fn made_up(dice: &mut Dice) -> Vec<Block> {
    const WORDS: &[&str] =
        &["tide", "harbour.", "灯塔管理员。", "3.14", "\n", "船！", "Why?", "🚢", "naïve", "  ", "x;y"];
    let blocks = (0..dice.below(30)).map(|_| {
        let words: Vec<&str> = (0..dice.below(80)).map(|_| WORDS[dice.below(WORDS.len() as u64) as usize]).collect();
        let text = words.join(" ");
        match dice.below(12) {
            0 => Block::heading(1 + dice.below(4) as u32, text.chars().take(30).collect::<String>()),
            1 => Block::new(0, BlockKind::PageFooter, text),
            2 => table(&[&["h1", "h2"], &[&text, "1"], &["b", &text]], dice.below(2) as usize),
            3 => Block::new(0, BlockKind::Code, text),
            4 => Block::new(0, BlockKind::Figure, text),
            _ => Block::new(0, BlockKind::Paragraph, text),
        }
    });
    numbered(blocks.collect())
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn properties_of_made_up_documents() {
    let mut dice = Dice(3);
    for round in 0..150 {
        let blocks = made_up(&mut dice);
        let settings = NaiveConfig {
            chunk_token_num: 8 + dice.below(120) as u32,
            overlapped_percent: [0.0, 20.0, 400.0][dice.below(3) as usize],
            table_context_size: [0, 10][dice.below(2) as usize],
            children_delimiter: ["", "", "\\n.。"][dice.below(3) as usize].into(),
            ..NaiveConfig::default()
        };
        let chunks = split("a.pdf", &blocks, &settings);
        let again = split("a.pdf", &blocks, &settings);
        assert_eq!(format!("{chunks:?}"), format!("{again:?}"), "round {round}: not the same twice");
        for chunk in &chunks.chunks {
            assert!(
                tokens(&chunk.text) <= settings.chunk_token_num || chunk.text.chars().count() == 1,
                "round {round}: {chunk:?}"
            );
            assert!(!chunk.text.trim().is_empty() && !chunk.blocks.is_empty(), "round {round}");
            assert!(chunk.blocks.is_sorted(), "round {round}");
            assert!(chunk.parent.is_none_or(|p| (p as usize) < chunks.parents.len()));
            assert!(chunk.blocks.iter().all(|&id| !blocks[id as usize].is_furniture()), "round {round}");
        }
        // Children of a text that runs on past a table stand together, before the table.
        let sorted = chunks.chunks.is_sorted_by_key(|c| c.blocks[0]);
        assert!(sorted || !settings.children_delimiter.is_empty(), "round {round}: reading order");
        if settings.overlapped_percent == 0.0 {
            let is_text = |b: &&Block| b.table.is_none() && b.kind != BlockKind::Figure && !b.is_furniture();
            let all: String = blocks.iter().filter(is_text).map(|b| bare(&b.text)).collect();
            let told: String = if chunks.parents.is_empty() {
                chunks.chunks.iter().filter(|c| c.kind == ChunkKind::Text).map(|c| bare(&c.text)).collect()
            } else {
                chunks.parents.iter().map(|p| bare(p)).collect()
            };
            assert_eq!(told, all, "round {round}: text lost");
        }
    }
}

#[test]
fn plain_chunks_carry_nothing_else() {
    let chunks = split("a.txt", &paragraphs(&["a"]), &config(10));
    assert_eq!(format!("{:?}", chunks.chunks), format!("{:?}", [Chunk::text("a", vec![0])]));
}
