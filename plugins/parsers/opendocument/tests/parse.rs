//! Whole documents in, blocks out. Documents are made here with a zip writer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_parser_opendocument::OpenDocument;
use mortise_sdk::document::BlockKind::{self, *};
use mortise_sdk::parser::Kept;
use mortise_sdk::serde_json::json;
use mortise_sdk::{Error, Result, testing};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const NAMES: &str = r#"xmlns:office="urn:o" xmlns:text="urn:t" xmlns:table="urn:tb" xmlns:style="urn:s" xmlns:draw="urn:d" xmlns:svg="urn:v" xmlns:xlink="urn:x" xmlns:dc="urn:dc" xmlns:manifest="urn:m""#;

fn package(styles: &str, body: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let automatic = concat!(
        r#"<office:automatic-styles><style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>"#,
        r#"<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>"#,
        r#"<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")" text:display-levels="1"/></text:list-style>"#,
        r#"<text:list-style style:name="L2"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style></office:automatic-styles>"#
    );
    let content = format!(
        "<office:document-content {NAMES}>{automatic}<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    );
    let styles = format!("<office:document-styles {NAMES}>{styles}</office:document-styles>");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [("content.xml", content.as_bytes()), ("styles.xml", styles.as_bytes())];
    for (name, bytes) in parts.iter().chain(more) {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn parse(bytes: &[u8]) -> Result<Kept> {
    Ok(testing::parse::<OpenDocument>("a.odt", bytes, json!({}))?.kept)
}

fn parsed(body: &str) -> Kept {
    let styles = concat!(
        r#"<office:styles><text:outline-style><text:outline-level-style text:level="1" style:num-format="1" style:num-suffix="."/>"#,
        r#"<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style></office:styles>"#,
        r#"<office:master-styles><style:master-page><style:header><text:p>Top</text:p></style:header><style:footer><text:p>Page <text:page-number>1</text:page-number></text:p></style:footer></style:master-page></office:master-styles>"#
    );
    let kept = parse(&package(styles, body, &[("Pictures/a.png", b"\x89PNG\r\n\x1a\n..")])).unwrap();
    assert!(kept.warnings.is_empty(), "{:?}", kept.warnings);
    kept
}

fn texts(kept: &Kept) -> Vec<(BlockKind, u32, &str)> {
    let body = kept.blocks.iter().filter(|b| !b.is_furniture() || b.kind == TocEntry);
    body.map(|b| (b.kind, b.level, b.text.as_str())).collect()
}

#[test]
fn headings_are_numbered_and_styles_tell_roles() {
    let kept = parsed(concat!(
        r#"<text:p text:style-name="P1">The book</text:p><text:h text:outline-level="1">One</text:h><text:h text:outline-level="2">Two</text:h>"#,
        r#"<text:h text:outline-level="2" text:is-list-header="true">Plain</text:h><text:h text:outline-level="2">Three</text:h>"#,
        r#"<text:p text:style-name="Quotations">So  <text:span>he<text:s text:c="2"/>said</text:span><text:line-break/>it</text:p>"#,
        r#"<text:table-of-content><text:table-of-content-source><text:p>no</text:p></text:table-of-content-source><text:index-body><text:p>One<text:tab/>1</text:p></text:index-body></text:table-of-content>"#
    ));
    assert_eq!(
        texts(&kept),
        [
            (Title, 0, "The book"),
            (Heading, 1, "1. One"),
            (Heading, 2, "1.1 Two"),
            (Heading, 2, "Plain"),
            (Heading, 2, "1.2 Three"),
            (Quote, 0, "So he  said\nit"),
            (TocEntry, 0, "One\t1")
        ]
    );
    let margins: Vec<_> = kept.blocks.iter().filter(|b| b.kind == PageHeader || b.kind == PageFooter).collect();
    assert_eq!((margins[0].text.as_str(), margins[1].text.as_str()), ("Top", "Page 1"));
}

#[test]
fn lists_have_the_labels_that_are_shown() {
    let item = |text: &str, inner: &str| format!("<text:list-item><text:p>{text}</text:p>{inner}</text:list-item>");
    let inner = format!(r#"<text:list>{}{}</text:list>"#, item("x", ""), item("y", "<text:p>still y</text:p>"));
    let list = format!(r#"<text:list text:style-name="L1">{}{}</text:list>"#, item("a", &inner), item("b", ""));
    let bullets = format!(r#"<text:list text:style-name="L2">{}</text:list>"#, item("dot", ""));
    let kept = parsed(&format!("{list}{bullets}{list}"));
    let expected = [
        (ListItem, 1, "1. a"),
        (ListItem, 2, "a) x"),
        (ListItem, 2, "b) y"),
        (ListItem, 2, "still y"),
        (ListItem, 1, "2. b"),
        (ListItem, 1, "• dot"),
        (ListItem, 1, "1. a"),
    ];
    assert_eq!(texts(&kept)[..7], expected);
}

#[test]
fn tables_notes_comments_pictures_and_deletions() {
    let kept = parsed(concat!(
        r#"<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes>"#,
        r#"<text:p>See<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note> this"#,
        r#"<office:annotation><dc:creator>Ann</dc:creator><text:p>Really?</text:p></office:annotation>"#,
        r#"<draw:frame><draw:image xlink:href="Pictures/a.png"/><svg:title>A crane</svg:title></draw:frame>"#,
        r#"<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame></text:p>"#,
        r#"<table:table><table:table-header-rows><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>both</text:p></table:table-cell><table:covered-table-cell/></table:table-row></table:table-header-rows>"#,
        r#"<table:table-row><table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell><table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table>"#
    ));
    assert_eq!(
        texts(&kept)[..5],
        [
            (Paragraph, 0, "See this"),
            (Footnote, 0, "A note."),
            (Note, 0, "Really?"),
            (Figure, 0, "A crane"),
            (Paragraph, 0, "boxed")
        ]
    );
    assert_eq!((kept.blocks[1].parent, kept.images.len()), (Some(0), 1));
    let table = kept.blocks[5].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns, table.header_rows(), table.cells[0].column_span), (2, 2, 1, 2));
    assert_eq!(table.cells[1].text, "a\nb");
}

#[test]
fn what_cannot_be_read_is_named() {
    let locked = format!("<manifest:manifest {NAMES}><manifest:encryption-data/></manifest:manifest>");
    let bytes = package("", "", &[("META-INF/manifest.xml", locked.as_bytes())]);
    assert!(matches!(parse(&bytes), Err(Error::Unsupported(why)) if why.contains("encrypted")));
    assert!(parse(b"").is_err() && parse(b"PK\x03\x04").is_err());
    let cut = package("", "<text:p>kept</text:p><text:p>bro</text:q>", &[]);
    let kept = parse(&cut).unwrap();
    assert_eq!((kept.blocks[0].text.as_str(), kept.warnings.len()), ("kept", 1));
    let deep = format!("{}x{}", "<text:list><text:list-item>".repeat(400), "</text:list-item></text:list>".repeat(400));
    assert!(parse(&package("", &deep, &[])).is_ok());
    let nested = format!(
        "{}<text:p>x</text:p>{}",
        "<table:table><table:table-row><table:table-cell>".repeat(300),
        "</table:table-cell></table:table-row></table:table>".repeat(300)
    );
    assert!(parse(&package("", &nested, &[])).unwrap().blocks[0].text.contains('x'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_elements_panic(parts in proptest::collection::vec(prop_oneof![
        Just("<text:p>"), Just("</text:p>"), Just("x"), Just("<text:list text:style-name=\"L1\">"), Just("</text:list>"), Just("<text:list-item>"),
        Just("</text:list-item>"), Just("<table:table>"), Just("</table:table>"), Just("<table:table-row>"), Just("</table:table-row>"),
        Just("<table:table-cell table:number-columns-spanned=\"9\" table:number-columns-repeated=\"999999\">"), Just("</table:table-cell>"),
        Just("<text:note>"), Just("</text:note>"), Just("<text:s text:c=\"99999999\"/>"), Just("<text:h text:outline-level=\"99\">"), Just("</text:h>")
    ], 0..40)) {
        let _ = parse(&package("", &parts.concat(), &[]));
    }
}
