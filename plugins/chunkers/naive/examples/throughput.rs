//! How fast the method is: megabytes of paragraphs and of one endless paragraph, natively.
//!
//! `cargo run --profile component -p mortise-chunker-naive --example throughput`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use mortise_chunker_naive::{Naive, NaiveConfig};
use mortise_sdk::chunker::{Blocks, Chunker};
use mortise_sdk::document::{Block, BlockKind};
use std::time::Instant;

fn main() {
    let sentence = |i: usize| {
        format!(
            "Sentence {i} tells how the harbour crane number {} lifts {} tons of cargo at dawn, noon and dusk. ",
            i % 97,
            i % 13
        )
    };
    let paragraphs: Vec<String> = (0..18_000).map(|p| (0..6).map(|s| sentence(p * 6 + s)).collect()).collect();
    let chinese = "灯塔管理员数了七艘船，潮水上涨。船只等待！风停了？出发；".repeat(40);
    let cases = [
        ("paragraphs", paragraphs.clone()),
        ("one line", vec![paragraphs[..2000].concat()]),
        ("chinese", vec![chinese; 600]),
        ("no blanks", vec!["x7Ab".repeat(250_000)]),
    ];
    for (name, texts) in cases {
        let bytes: usize = texts.iter().map(String::len).sum();
        let blocks: Vec<Block> =
            texts.into_iter().enumerate().map(|(i, t)| Block::new(i as u32, BlockKind::Paragraph, t)).collect();
        for overlapped_percent in [0.0, 15.0] {
            let config = NaiveConfig { chunk_token_num: 512, overlapped_percent, ..NaiveConfig::default() };
            let start = Instant::now();
            let chunks = Naive::split(&Blocks::from_slice("a.txt", &blocks), config).unwrap().chunks.len();
            let seconds = start.elapsed().as_secs_f64();
            let speed = bytes as f64 / 1e6 / seconds;
            println!("{name}, overlap {overlapped_percent} %: {bytes} bytes, {chunks} chunks, {speed:.1} MB/s");
        }
    }
}
