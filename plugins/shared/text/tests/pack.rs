//! Properties of the packer on made-up documents: nothing lost, in order, within bounds, the same every time.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_shared_text::pack::{Limits, Packed, Packer, Section};
use mortise_shared_text::{Delimiters, TokenCounter};

struct Local;

impl TokenCounter for Local {
    fn count(&self, texts: &[String]) -> Vec<u32> {
        texts.iter().map(|t| bpe_openai::cl100k_base().count(t.as_str()) as u32).collect()
    }
    fn cuts(&self, text: &str, limit: u32) -> Vec<u32> {
        let mut cuts = Vec::new();
        let mut start = 0;
        while self.count_one(&text[start..]) > limit {
            let ends: Vec<usize> =
                text[start..].char_indices().map(|(i, _)| start + i).skip(1).chain([text.len()]).collect();
            let fits = ends.iter().take_while(|&&end| self.count_one(&text[start..end]) <= limit).count();
            let end = ends[fits.max(1) - 1];
            if end == text.len() {
                break;
            }
            cuts.push(end as u32);
            start = end;
        }
        cuts
    }
}

/// A small generator, so that every run sees the same documents.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

const WORDS: &[&str] = &[
    "tide",
    "harbour",
    "crane",
    "3.14",
    "e.g.",
    "rope",
    "unbelievably",
    "灯塔管理员",
    "潮水上涨。",
    "船！",
    "“风停了？”",
    "\n",
    "  ",
    "x",
    "naïve",
    "{code}",
    "antidisestablishmentarianism",
    "🚢",
    "end.",
    "why?",
    "ship!\n",
    "##",
    "ไทยภาษา",
    "aGVsbG8gd29ybGQhIQ==",
];

fn document(dice: &mut Dice) -> Vec<Section<u32>> {
    (0..1 + dice.below(12) as u32)
        .map(|source| {
            let words = if dice.below(4) == 0 { 1 + dice.below(4) } else { 1 + dice.below(60) };
            let joint = if dice.below(3) == 0 { "" } else { " " };
            let text: Vec<&str> = (0..words).map(|_| dice.pick(WORDS)).collect();
            let text = text.join(joint).trim().to_owned();
            Section {
                tokens: Local.count_one(&text),
                text,
                heading: dice.below(4) == 0,
                whole: dice.below(5) == 0,
                after_boundary: dice.below(8) == 0,
                source,
            }
        })
        .collect()
}

fn pack(document: &[Section<u32>], limits: Limits, delimiters: &Delimiters) -> Vec<Packed<u32>> {
    let mut packer = Packer::new(limits, delimiters, Local);
    for section in document {
        packer.push(section.clone());
    }
    packer.finish();
    packer.take()
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn properties() {
    let mut dice = Dice(7);
    for round in 0..400 {
        let document = document(&mut dice);
        let delimiters = Delimiters::parse(dice.pick(&["\\n", "\n!?。；！？", "", ".", " "]));
        let limits =
            Limits { tokens: 3 + dice.below(60) as u32, overlap: [0.0, 0.0, 10.0, 33.3, 90.0][dice.below(5) as usize] };
        let chunks = pack(&document, limits, &delimiters);
        let all: String = document.iter().map(|s| bare(&s.text)).collect();
        // Spans hold the new text: together they are the document, in order.
        let spans = chunks.iter().flat_map(|c| c.spans.iter().map(move |s| (&c.text[s.range.clone()], s.source)));
        let told: String = spans.clone().map(|(text, _)| bare(text)).collect();
        assert_eq!(told, all, "round {round}: text lost or out of order");
        assert!(spans.map(|(_, source)| source).is_sorted(), "round {round}: sources ascend");
        for chunk in &chunks {
            let tokens = Local.count_one(&chunk.text);
            let characters = chunk.text.chars().count();
            assert!(
                tokens <= limits.tokens || characters <= 1,
                "round {round}: {tokens} > {limits:?}: {:?}",
                chunk.text
            );
            assert_eq!(chunk.text, chunk.text.trim(), "round {round}");
            assert!(!chunk.spans.is_empty() && chunk.spans.is_sorted_by_key(|s| s.range.start), "round {round}");
            if limits.overlap == 0.0 {
                assert!(bare(&chunk.text[..chunk.spans[0].range.start]).is_empty(), "round {round}: repeats");
            }
        }
        for (chunk, next) in chunks.iter().zip(chunks.iter().skip(1)) {
            // A heading that follows no boundary and has text behind it stays with that text.
            let last = &document[chunk.spans.last().unwrap().source as usize];
            let behind = &document[next.spans[0].source as usize];
            let small = last.tokens * 2 + 4 < limits.tokens;
            let others = chunk.spans.iter().any(|s| !document[s.source as usize].heading);
            if last.heading && last.source != behind.source && small && others {
                assert!(behind.after_boundary, "round {round}: {:?} ends with a heading", chunk.text);
            }
        }
        assert_eq!(pack(&document, limits, &delimiters), chunks, "round {round}: not the same twice");
    }
}

fn section(text: &str, source: u32) -> Section<u32> {
    Section {
        text: text.into(),
        tokens: Local.count_one(text),
        heading: false,
        whole: false,
        after_boundary: false,
        source,
    }
}

fn texts(chunks: &[Packed<u32>]) -> Vec<&str> {
    chunks.iter().map(|c| c.text.as_str()).collect()
}

#[test]
fn a_heading_goes_with_its_text() {
    let delimiters = Delimiters::parse("\n");
    let lines = ["# One", "Alpha beta gamma delta.", "# Two", "Epsilon zeta eta theta.", "# Three", "Iota kappa."];
    let document: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| Section { heading: line.starts_with('#'), ..section(line, i as u32) })
        .collect();
    let chunks = pack(&document, Limits { tokens: 12, overlap: 0.0 }, &delimiters);
    assert_eq!(
        texts(&chunks),
        ["# One\nAlpha beta gamma delta.", "# Two\nEpsilon zeta eta theta.", "# Three\nIota kappa."]
    );
}

#[test]
fn overlap_begins_with_a_sentence_or_a_word() {
    let delimiters = Delimiters::parse("\n");
    let document = [
        section("The pump draws water. Check the valve.", 0),
        section("Close the lid. Start the engine again.", 1),
        section("It turns seven times a second.", 2),
    ];
    let chunks = pack(&document, Limits { tokens: 22, overlap: 50.0 }, &delimiters);
    assert_eq!(texts(&chunks)[1], "Close the lid. Start the engine again.\nIt turns seven times a second.",);
    let long = [section("one two three four five six seven eight nine ten eleven twelve thirteen", 0)];
    let chunks = pack(&long, Limits { tokens: 8, overlap: 25.0 }, &delimiters);
    assert_eq!(
        texts(&chunks)[..2],
        ["one two three four five six seven eight", "eight nine ten eleven twelve thirteen"]
    );
}

#[test]
fn boundaries_are_never_crossed() {
    let delimiters = Delimiters::parse("`##`");
    let document = [section("a b", 0), Section { after_boundary: true, ..section("c d", 0) }, section("e f", 1)];
    let chunks = pack(&document, Limits { tokens: 100, overlap: 30.0 }, &delimiters);
    assert_eq!(texts(&chunks), ["a b", "c d\ne f"]);
}

#[test]
fn code_is_torn_only_when_it_must_and_between_lines() {
    let delimiters = Delimiters::parse("\n");
    let code = "let a = 1;\nlet b = 2;\nlet c = 3;";
    let whole = Section { whole: true, ..section(code, 1) };
    let document = [section("Some words of text.", 0), whole.clone()];
    assert_eq!(
        texts(&pack(&document, Limits { tokens: 21, overlap: 0.0 }, &delimiters)),
        ["Some words of text.", code]
    );
    for line in texts(&pack(&[whole], Limits { tokens: 12, overlap: 0.0 }, &delimiters)) {
        assert!(line.starts_with("let") && line.ends_with(';'), "{line}");
    }
}
