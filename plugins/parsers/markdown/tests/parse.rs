//! Whole files in, blocks out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_markdown::Markdown;
use mortise_sdk::document::BlockKind::{self, *};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::serde_json::json;
use proptest::prelude::*;
use std::path::Path;

fn parse(bytes: &[u8]) -> mortise_sdk::Result<Kept> {
    let mut out = Output::default();
    Markdown::parse(&File::from_bytes("a.md", "text/markdown", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn texts(kept: &Kept) -> Vec<(BlockKind, u32, &str)> {
    kept.blocks.iter().map(|b| (b.kind, b.level, b.text.as_str())).collect()
}

#[test]
fn the_mixed_document_of_the_reference_vectors() {
    let text = "# Guide\n\nIntro line one.\nIntro line two.\n\n- first\n- second\n  - nested\n\n```py\nx = 1\n\ny = 2\n```\n> quoted\n> more\n\nTail para.\n\nStill tail.";
    let kept = parse(text.as_bytes()).unwrap();
    let want = [
        (Heading, 1, "Guide"),
        (Paragraph, 0, "Intro line one.\nIntro line two."),
        (ListItem, 1, "first"),
        (ListItem, 1, "second"),
        (ListItem, 2, "nested"),
        (Code, 0, "```py\nx = 1\n\ny = 2\n```"),
        (Quote, 0, "quoted\nmore"),
        (Paragraph, 0, "Tail para."),
        (Paragraph, 0, "Still tail."),
    ];
    assert_eq!(texts(&kept), want);
}

#[test]
fn a_pipe_table_is_one_table() {
    let kept = parse(b"Before.\n\n| k | v |\n|---|---|\n| a | **1** |\n| b |\n\nAfter.").unwrap();
    assert_eq!(texts(&kept), [(Paragraph, 0, "Before."), (Table, 0, "k\tv\na\t1\nb\t"), (Paragraph, 0, "After.")]);
    let table = kept.blocks[1].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns), (3, 2));
    assert!(table.cells[0].header && !table.cells[2].header);
    let kept = parse(b"| | |\n|---|---|\n| a | 1 |").unwrap();
    assert!(kept.blocks[0].table.as_ref().unwrap().cells.iter().all(|c| !c.header));
}

#[test]
fn numbers_tasks_and_later_paragraphs_of_items() {
    let kept = parse(b"3. three\n\n   more\n4. four\n\n- [x] done\n- [ ] open").unwrap();
    let want = [
        (ListItem, 1, "3. three"),
        (Paragraph, 0, "more"),
        (ListItem, 1, "4. four"),
        (ListItem, 1, "[x] done"),
        (ListItem, 1, "[ ] open"),
    ];
    assert_eq!(texts(&kept), want);
}

#[test]
fn emphasis_goes_and_links_stay() {
    let text =
        "**Bold** _and_ ~~gone~~ `code` [text](https://a.b/c \"t\") <https://d.e> [here](#x) ![alt](p.png) a\\*b &amp;";
    let want = "Bold and gone code [text](https://a.b/c) https://d.e here ![alt](p.png) a*b &";
    assert_eq!(texts(&parse(text.as_bytes()).unwrap()), [(Paragraph, 0, want)]);
    let kept = parse(b"![A crane](crane.png)\n\n![](data:image/png;base64,AAAA)\n\n## Head {#id}").unwrap();
    assert_eq!(texts(&kept), [(Figure, 0, "![A crane](crane.png)"), (Heading, 2, "Head")]);
}

#[test]
fn footnotes_alerts_rules_and_html() {
    let text = "Text[^1].\n\n[^1]: A note.\n\n> [!WARNING]\n> Hot.\n\n---\n\n<table><tr><th>k</th><td>v</td></tr></table>\n\n<!-- not shown -->\n\nLine<br>break <kbd>K</kbd>\n\n    indented\n";
    let want = [
        (Paragraph, 0, "Text[^1]."),
        (Footnote, 0, "[^1]: A note."),
        (Quote, 0, "Warning: Hot."),
        (Separator, 0, ""),
        (Table, 0, "k\tv"),
        (Paragraph, 0, "Line\nbreak K"),
        (Code, 0, "indented"),
    ];
    assert_eq!(texts(&parse(text.as_bytes()).unwrap()), want);
}

#[test]
fn tables_of_html_go_on_after_blank_lines() {
    let text = "<table>\n<tr><th>k</th><th>v</th></tr>\n\n<tr><td>\n\n**a** & b\n\n</td><td>1</td></tr>\n</table>\n\nAfter <img src=x alt=hook> it.";
    let want = [(Table, 0, "k\tv\na & b\t1"), (Paragraph, 0, "After hook it.")];
    assert_eq!(texts(&parse(text.as_bytes()).unwrap()), want);
    let kept = parse(b"<table><tr><td>\n\nnever closed\n\n- one\n").unwrap();
    assert_eq!(texts(&kept).iter().map(|t| t.2).collect::<Vec<_>>().join("|"), "never closed|one");
}

#[test]
fn embedded_pictures_are_kept() {
    let data = "SGFy".repeat(50);
    let text = format!(
        "![A crane](data:image/png;base64,{data})\n\nSee ![](data:image/gif;base64,{data}) it. ![](data:image/gif;base64,SGFy)\n\n![](data:text/plain,x)\n\n<figure><img alt=x><figcaption>c</figcaption></figure>"
    );
    let kept = parse(text.as_bytes()).unwrap();
    let want =
        [(Figure, 0, "A crane"), (Paragraph, 0, "See  it. "), (Figure, 0, ""), (Figure, 0, "x"), (Caption, 0, "c")];
    let told: Vec<_> = texts(&kept).into_iter().map(|(k, l, t)| (k, l, t.to_owned())).collect();
    assert_eq!(told.iter().map(|t| t.0).collect::<Vec<_>>(), want.map(|w| w.0));
    assert_eq!((kept.blocks[0].image, kept.blocks[2].image, kept.blocks[4].parent), (Some(0), Some(1), Some(3)));
    assert_eq!(kept.images[0], ("image/png".into(), b"Har".repeat(50)));
}

#[test]
fn front_matter_is_metadata() {
    let kept = parse("---\ntitle: Häfen\ntags: [a, b]\n---\n\nText.".as_bytes()).unwrap();
    assert_eq!(texts(&kept), [(Title, 0, "Häfen"), (Paragraph, 0, "Text.")]);
    assert_eq!(kept.metadata, json!({ "title": "Häfen", "tags": ["a", "b"], "encoding": "UTF-8" }));
    let kept = parse(b"---\ntitle: Port\n---\n# Port\n").unwrap();
    assert_eq!(texts(&kept), [(Heading, 1, "Port")]);
}

#[test]
fn other_encodings_and_binaries() {
    let kept = parse(b"# \xb8\xdb\xbf\xda\n\n\xc0\xc2\xc9\xfe\xba\xcd\xb5\xc6\xcb\xfe\xb5\xc4\xb9\xdc\xc0\xed\xb0\xec\xb7\xa8\xa1\xa3").unwrap();
    assert_eq!(texts(&kept), [(Heading, 1, "港口"), (Paragraph, 0, "缆绳和灯塔的管理办法。")]);
    assert!(parse(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").is_err());
    assert!(parse(b"").unwrap().blocks.is_empty());
}

#[test]
fn test_documents_are_read_whole() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return;
    }
    for name in [
        "law-de-grundgesetz",
        "law-zh-work-safety",
        "linux-command-tar-zh",
        "qa-openchain-faq-en",
        "tensorflow-federated-core-ja",
    ] {
        let bytes = std::fs::read(data.join(format!("md/{name}.md"))).unwrap();
        let kept = parse(&bytes).unwrap();
        let letters = |t: &str| t.chars().filter(|c| c.is_alphabetic()).count();
        let got: usize = kept.blocks.iter().map(|b| letters(&b.text)).sum();
        let all = letters(std::str::from_utf8(&bytes).unwrap());
        assert!(got * 100 >= all * 98, "{name}: {got} of {all} letters");
        assert!(name.starts_with("qa-") || kept.blocks.iter().any(|b| b.kind == Heading), "{name}");
    }
    let start = std::time::Instant::now();
    assert!(parse(&std::fs::read(data.join("hostile/deep.md")).unwrap()).is_ok());
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn no_markup_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "# ", "\n", "\n\n", "- ", "1. ", "> ", "```", "    ", "| a | b |\n", "|---|---|\n", "[", "](x)", "![", "*", "**", "`", "~~",
        "[^1]", "[^1]: ", "<div>", "</div>", "<br>", "---\n", "+++\n", "a: b\n", "text", "\\", "&amp;", "<!--", "-->", "[x] ", "{#id}", "=", "<table>", "</table>", "<td>", "(data:image/png;base64,AAAA)", "<img alt=x>",
    ]), 0..60)) {
        let kept = parse(parts.concat().as_bytes());
        prop_assert!(kept.is_ok());
        for block in kept.unwrap_or_default().blocks {
            prop_assert!(block.kind == Separator || block.image.is_some() || !block.text.trim().is_empty());
        }
    }
}
