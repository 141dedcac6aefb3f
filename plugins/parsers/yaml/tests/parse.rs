//! Whole files in, blocks out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by failing")]

use mortise_parser_yaml::Yaml;
use mortise_sdk::document::BlockKind::{Code, Separator};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Kept> {
    let mut out = Output::default();
    Yaml::parse(&File::from_bytes("a.yaml", "text/yaml", text.as_bytes()), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn texts(kept: &Kept) -> Vec<&str> {
    kept.blocks.iter().map(|b| if b.kind == Separator { "---" } else { b.text.as_str() }).collect()
}

#[test]
fn settings_with_their_comments() {
    let text = "# Cranes of\n# the port\nname: Häfen\nlimits: {load: 5, none: ~}\n# which woods\nwoods: [oak, pine]\nnote: |\n  # no comment\n  Two\n  lines\nlast: \"x\" # at the end\n";
    let want = [
        "Cranes of\nthe port",
        "name: Häfen",
        "limits.load: 5",
        "which woods",
        "woods: oak, pine",
        "note: # no comment\nTwo\nlines",
        "last: x",
    ];
    let kept = parse(text).unwrap();
    let told: Vec<_> = texts(&kept).into_iter().filter(|t| *t != "---").collect();
    assert_eq!(told, want);
    assert!(kept.warnings.is_empty());
}

#[test]
fn documents_and_elements_are_records() {
    assert_eq!(texts(&parse("---\na: 1\n---\na: 2\n...\n").unwrap()), ["a: 1", "---", "a: 2"]);
    assert_eq!(texts(&parse("- n: x\n  o: y\n- n: z\n").unwrap()), ["n: x", "o: y", "---", "n: z"]);
}

#[test]
fn aliases_of_scalars_are_followed_and_no_others() {
    let kept = parse("a: &x oak\nb: *x\nbase: &m {k: 1}\nc:\n  <<: *m\n  d: 2\n? [odd, key]\n: value\n").unwrap();
    let told: Vec<_> = texts(&kept).into_iter().filter(|t| *t != "---").collect();
    assert_eq!(told, ["a: oak", "b: oak", "base.k: 1", "c.d: 2", "?: value"]);
    let mut bomb = String::from("l0: &l0 [lol, lol]\n");
    for level in 1..30 {
        bomb.push_str(&format!("l{level}: &l{level} [*l{0}, *l{0}, *l{0}]\n", level - 1));
    }
    assert_eq!(texts(&parse(&bomb).unwrap()), ["l0: lol, lol"]);
}

#[test]
fn what_is_no_yaml_is_read_as_lines() {
    let kept = parse("a: 1\nb: {{ .Values.name }}\nc: [never closed\n\nd: 2\n").unwrap();
    assert!(kept.blocks.iter().any(|b| b.kind == Code && b.text.contains("never closed")), "{:?}", texts(&kept));
    assert!(texts(&kept).join("\n").contains("d: 2"));
    assert_eq!(kept.warnings.len(), 1);
    assert_eq!(texts(&parse("Just a sentence.\n").unwrap()), ["Just a sentence."]);
    assert!(parse("").unwrap().blocks.is_empty());
}

#[test]
fn depth_costs_neither_stack_nor_time() {
    let start = std::time::Instant::now();
    assert!(matches!(parse(&"- ".repeat(1_000_000)), Err(Error::InvalidInput(why)) if why.contains("1000")));
    // The reader of YAML has its own, lower bound within brackets.
    let texts = ["[".repeat(1_000_000), "a: {".repeat(250_000), "? ".repeat(500_000), "&a ".repeat(300_000)];
    for text in texts {
        let _ = parse(&text);
    }
    let deep: String = (0..3_000).map(|i| " ".repeat(i) + "a:\n").collect();
    assert!(parse(&deep).is_err());
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_structure_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "- ", "a: ", "\n", "  ", "|\n", ">-\n", "[", "]", "{", "}", ", ", "&x ", "*x", "? ", "!t ", "'", "\"", "#c\n", "---\n", "x", "%YAML 1.2\n",
    ]), 0..60)) {
        let _ = parse(&parts.concat());
    }
}
