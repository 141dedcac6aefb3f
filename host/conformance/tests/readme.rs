//! `README.md` lists every check with its rule, as the code has them. `MORTISE_BLESS=1` writes the lists anew.
#![allow(clippy::unwrap_used, reason = "a test")]

use mortise_conformance::{Rule, rules};
use mortise_domain::Role;
use std::path::Path;

/// The lists between the marks of the README: those that all roles share once, then what each role has of its own.
fn lists() -> String {
    let has = |role: Role, rule: &Rule| rules(role).contains(rule);
    let everywhere = |rule: &Rule| Role::ALL.into_iter().all(|role| has(role, rule));
    let adapters = [Role::Embedder, Role::Reranker, Role::ChatModel];
    let networked = |rule: &Rule| {
        adapters.into_iter().all(|role| has(role, rule)) && !has(Role::Parser, rule) && !has(Role::Chunker, rule)
    };
    let chat = rules(Role::ChatModel);
    let mut text = section("Every role", chat.iter().filter(|rule| everywhere(rule)));
    for (role, title) in [
        (Role::Parser, "Parsers"),
        (Role::Chunker, "Chunkers"),
        (Role::Embedder, "Embedders"),
        (Role::Reranker, "Rerankers"),
        (Role::ChatModel, "Chat models"),
    ] {
        let own = rules(role);
        text += &section(title, own.iter().filter(|rule| !everywhere(rule) && !networked(rule)));
    }
    text + &section(
        "Adapters: embedders, rerankers and chat models that ask for HTTP",
        chat.iter().filter(|r| networked(r)),
    )
}

fn section<'a>(title: &str, rules: impl Iterator<Item = &'a Rule>) -> String {
    let rows: Vec<String> = rules.map(|rule| format!("| `{}` | {} |\n", rule.name, rule.rule)).collect();
    format!("### {title} ({})\n\n| check | rule |\n|---|---|\n{}\n", rows.len(), rows.concat())
}

#[test]
fn the_readme_lists_every_check() {
    const BEGIN: &str = "<!-- checks -->\n\n";
    const END: &str = "<!-- end of checks -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    let wanted = lists();
    if std::env::var_os("MORTISE_BLESS").is_some() {
        std::fs::write(&path, [before, BEGIN, &wanted, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(listed, wanted, "run this test with MORTISE_BLESS=1");
    for role in Role::ALL {
        let told = format!("| {role} | {} |", rules(role).len());
        assert!(text.contains(&told), "the README does not say {told:?}");
    }
}
