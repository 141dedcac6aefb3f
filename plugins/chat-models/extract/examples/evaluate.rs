//! How often the quoted sentences hold a known answer, and how often the model keeps silent where there is none.
//!
//! `cargo run --profile component -p mortise-chat-extract --example evaluate -- <folder> [floor]`
//! The folder holds `corpus.jsonl` and `queries.jsonl` with `answers`; every question is asked once with the passage
//! its id begins with, and once with three passages of other questions.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

use mortise_chat_extract::{ExtractConfig, Knowledge, Source, answer};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let folder = Path::new(&folder);
    let mut config = ExtractConfig::default();
    if let Some(floor) = arguments.next() {
        config.floor = floor.parse().unwrap();
    }
    let lines = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let corpus = lines("corpus.jsonl");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let source =
        |number: usize| Source { number: number as u32, title: String::new(), text: text(&corpus[number]["text"]) };
    let places: HashMap<String, usize> = corpus.iter().enumerate().map(|(i, c)| (text(&c["id"]), i)).collect();
    let (mut asked, mut right, mut wrong, mut silent, mut false_alarms, mut cited, mut length) = (0, 0, 0, 0, 0, 0, 0);
    for (i, query) in lines("queries.jsonl").iter().enumerate().step_by(4) {
        let id = text(&query["id"]);
        let Some(&gold) = places.get(id.split("_QUERY").next().unwrap()) else { continue };
        asked += 1;
        let others =
            [(gold + 101 + i) % corpus.len(), (gold + 307 + i) % corpus.len(), (gold + 503 + i) % corpus.len()];
        let question = text(&query["text"]);
        let knowledge = |numbers: &[usize]| Knowledge {
            sources: numbers.iter().map(|&n| source(n)).collect(),
            expected: true,
            not_found: None,
        };
        let found = answer(&question, &knowledge(&[others[0], gold, others[1]]), &config);
        let answers: Vec<String> = query["answers"].as_array().unwrap().iter().map(text).collect();
        if found.contains("not found in the dataset") {
            silent += 1;
        } else if answers.iter().any(|a| found.contains(a.as_str())) {
            right += 1;
        } else {
            wrong += 1;
        }
        cited += usize::from(found.contains(&format!("[ID:{gold}]")));
        length += found.chars().count();
        let other = answer(&question, &knowledge(&others), &config);
        false_alarms += usize::from(!other.contains("not found in the dataset"));
    }
    println!(
        "questions {asked}: answer quoted {right}, other sentences {wrong}, silent {silent}; right passage cited {cited}; \
         {} characters on average; answered from foreign passages {false_alarms}",
        length / asked.max(1)
    );
}
