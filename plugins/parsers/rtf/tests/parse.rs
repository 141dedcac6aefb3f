//! Whole documents in, blocks out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_parser_rtf::Rtf;
use mortise_sdk::document::BlockKind::*;
use mortise_sdk::parser::Kept;
use mortise_sdk::serde_json::json;
use mortise_sdk::testing;
use proptest::prelude::*;

fn parse(body: &str) -> Kept {
    let bytes = format!(
        r"{{\rtf1\ansi\ansicpg1252\deff0{{\fonttbl{{\f0\fcharset0 Arial;}}{{\f1\fcharset134 SimSun;}}{{\f2\fcharset204 Times;}}}}{{\stylesheet{{\s0 Normal;}}{{\s1\b heading 1;}}{{\s2\outlinelevel1 Mine;}}{{\s3 Title;}}}}{body}}}"
    );
    testing::parse::<Rtf>("a.rtf", bytes.as_bytes(), json!({})).unwrap().kept
}

fn texts(kept: &Kept) -> Vec<(mortise_sdk::document::BlockKind, u32, &str)> {
    kept.blocks.iter().map(|b| (b.kind, b.level, b.text.as_str())).collect()
}

#[test]
fn styles_make_headings() {
    let kept = parse(
        r"\s3 The book\par\pard\s1 One\par\pard\s2 Two\par\pard\outlinelevel4 Five\par\pard Plain {\b bold} text.\par",
    );
    assert_eq!(
        texts(&kept),
        [
            (Title, 0, "The book"),
            (Heading, 1, "One"),
            (Heading, 2, "Two"),
            (Heading, 5, "Five"),
            (Paragraph, 0, "Plain bold text.")
        ]
    );
}

#[test]
fn characters_of_every_kind() {
    let kept = parse(
        r"gr\'f6\'dfer \u26085?\u26412? {\f1 \'c4\'e3\'ba\'c3} {\f2 \'cf\'f0\'e8} {\uc2 \u8364\'80\'80}\u-10179?\u-8704? a\~b\_c\-d \emdash\{x\}\par",
    );
    assert_eq!(kept.blocks[0].text, "größer 日本 你好 При €\u{1F600} a\u{A0}b-cd —{x}");
}

#[test]
fn list_items_have_the_label_that_was_shown() {
    let kept =
        parse(r"{\listtext\pard\plain 1.\tab}\ls1\ilvl0 First\par{\listtext a)\tab}\ilvl1 Second\par\pard After\par");
    assert_eq!(texts(&kept), [(ListItem, 1, "1. First"), (ListItem, 2, "a) Second"), (Paragraph, 0, "After")]);
}

#[test]
fn tables_have_spans() {
    let kept = parse(concat!(
        r"\trowd\trhdr\cellx1000\cellx2000\cellx3000\pard\intbl wood\cell net\cell gross\cell\row",
        r"\trowd\clvmgf\cellx1000\cellx3000\pard\intbl oak\cell both\par lines\cell\row",
        r"\trowd\clvmrg\cellx1000\cellx2000\cellx3000\pard\intbl\cell 1\cell 2\cell\row\pard after\par"
    ));
    let table = kept.blocks[0].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns, table.header_rows()), (3, 3, 1));
    let spans: Vec<_> = table.cells.iter().map(|c| (c.text.as_str(), c.row_span, c.column_span)).collect();
    assert_eq!(spans[3..], [("oak", 2, 1), ("both\nlines", 1, 2), ("1", 1, 1), ("2", 1, 1)]);
    assert_eq!(kept.blocks[1].text, "after");
}

#[test]
fn fields_notes_comments_margins_and_hidden_text() {
    let kept = parse(concat!(
        r"{\info{\title A {\b good} title}{\author Ann}}{\header Top\par}{\footer Page {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}",
        r#"See {\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt the page}}{\footnote A note.}{\*\annotation Really?}{\v secret}{\deleted gone}.\par Next\par"#
    ));
    assert_eq!(
        texts(&kept),
        [
            (Paragraph, 0, "See the page."),
            (Footnote, 0, "A note."),
            (Note, 0, "Really?"),
            (Paragraph, 0, "Next"),
            (PageHeader, 0, "Top"),
            (PageFooter, 0, "Page 1")
        ]
    );
    assert_eq!(kept.blocks[1].parent, Some(0));
    assert_eq!((&kept.metadata["title"], &kept.metadata["author"]), (&json!("A good title"), &json!("Ann")));
}

#[test]
fn pictures_are_kept() {
    let kept =
        parse(r"Before {\*\shppict{\pict\pngblip 89504e470d0a1a0a00}}{\nonshppict{\pict\wmetafile8 0102}} after\par");
    assert_eq!(kept.images.len(), 1);
    assert_eq!((kept.images[0].0.as_str(), kept.images[0].1.len()), ("image/png", 9));
    assert_eq!((kept.blocks[0].text.as_str(), kept.blocks[1].kind), ("Before  after", Figure));
}

#[test]
fn damage_keeps_what_was_read() {
    let kept = parse(r"One\par {\b Two");
    assert_eq!((kept.blocks[1].text.as_str(), kept.warnings.len()), ("Two", 1));
    let cut = testing::parse::<Rtf>("a.rtf", br"{\rtf1 One\par {\b Two", json!({})).unwrap().kept;
    assert_eq!((cut.blocks.len(), cut.warnings.len()), (2, 1));
    assert!(testing::parse::<Rtf>("a.rtf", b"", json!({})).is_err());
    assert!(testing::parse::<Rtf>("a.rtf", b"plain text", json!({})).is_err());
    let deep = format!("{{\\rtf1 {}deep{}after\\par}}", "{".repeat(100_000), "}".repeat(100_000));
    let kept = testing::parse::<Rtf>("a.rtf", deep.as_bytes(), json!({})).unwrap().kept;
    assert_eq!(kept.blocks[0].text, "deepafter");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_words_panic(parts in proptest::collection::vec(prop_oneof![
        Just(r"{".to_string()), Just("}".to_string()), Just(r"\par ".into()), Just(r"\cell ".into()), Just(r"\row ".into()),
        Just(r"\trowd\cellx5".into()), Just(r"\clmrg\cellx9".into()), Just(r"\intbl ".into()), Just(r"\*".into()),
        Just(r"\footnote ".into()), Just(r"\header ".into()), Just(r"\u-10179?".into()), Just(r"\'8".into()),
        Just(r"\pict ".into()), Just(r"\bin9999999 ".into()), Just(r"\nestcell ".into()), Just(r"\pard ".into()), "[a-zé0-9 ]{1,5}"
    ], 0..60)) {
        let bytes = format!("{{\\rtf1 {}", parts.concat());
        let kept = testing::parse::<Rtf>("a.rtf", bytes.as_bytes(), json!({})).unwrap().kept;
        for table in kept.blocks.iter().filter_map(|b| b.table.as_ref()) {
            prop_assert!(table.cells.iter().all(|c| c.row + c.row_span <= table.rows && c.column + c.column_span <= table.columns));
        }
    }

    #[test]
    fn plain_words_all_arrive(words in proptest::collection::vec("[a-z]{1,8}", 1..30)) {
        let kept = parse(&words.join("\\par "));
        let found: Vec<&str> = kept.blocks.iter().map(|b| b.text.as_str()).collect();
        prop_assert_eq!(found, words);
    }
}
