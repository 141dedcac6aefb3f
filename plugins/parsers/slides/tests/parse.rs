//! Whole presentations in, blocks out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_parser_slides::Slides;
use mortise_sdk::document::BlockKind::{self, *};
use mortise_sdk::parser::Kept;
use mortise_sdk::serde_json::json;
use mortise_sdk::{Error, testing};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;

const NAMESPACES: &str = concat!(
    r#"xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" "#,
    r#"xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" "#,
    r#"xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships""#
);

fn shared(name: &str) -> Option<Vec<u8>> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(name)).ok()
}

fn package(slide: &str) -> Vec<u8> {
    let links = |inside: &str| {
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>"#
        )
    };
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let notes = format!(
        r#"<p:notes {NAMESPACES}><p:cSld><p:spTree><p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>Say hello</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:notes>"#
    );
    let parts = [
        (
            "_rels/.rels",
            links(&format!(r#"<Relationship Id="m" Type="{kind}/officeDocument" Target="ppt/presentation.xml"/>"#)),
        ),
        (
            "ppt/presentation.xml",
            format!(
                r#"<p:presentation {NAMESPACES}><p:sldIdLst><p:sldId id="256" r:id="s1"/></p:sldIdLst></p:presentation>"#
            ),
        ),
        (
            "ppt/_rels/presentation.xml.rels",
            links(&format!(r#"<Relationship Id="s1" Type="{kind}/slide" Target="slides/slide1.xml"/>"#)),
        ),
        (
            "ppt/slides/slide1.xml",
            format!(r#"<p:sld {NAMESPACES}><p:cSld><p:spTree>{slide}</p:spTree></p:cSld></p:sld>"#),
        ),
        (
            "ppt/slides/_rels/slide1.xml.rels",
            links(&format!(r#"<Relationship Id="n" Type="{kind}/notesSlide" Target="../notesSlides/notes1.xml"/>"#)),
        ),
        ("ppt/notesSlides/notes1.xml", notes),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn shape(holder: &str, place: (i32, i32), paragraphs: &str) -> String {
    let (x, y) = place;
    format!(
        r#"<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="1270000" cy="127000"/></a:xfrm></p:spPr><p:txBody>{paragraphs}</p:txBody></p:sp>"#
    )
}

fn p(text: &str) -> String {
    format!("<a:p><a:r><a:t>{text}</a:t></a:r></a:p>")
}

fn parse(slide: &str) -> Kept {
    testing::parse::<Slides>("a.pptx", &package(slide), json!({})).unwrap().kept
}

fn texts(kept: &Kept) -> Vec<(BlockKind, u32, &str)> {
    kept.blocks.iter().map(|b| (b.kind, b.level, b.text.as_str())).collect()
}

#[test]
fn title_rows_lists_footers_and_notes() {
    let slide = [
        shape(r#"<p:ph type="sldNum" idx="12"/>"#, (0, 6_000_000), &p("7")),
        shape("", (5_000_000, 2_000_000), &p("right")),
        shape("", (0, 2_010_000), &p("left")),
        shape(
            r#"<p:ph type="body" idx="1"/>"#,
            (0, 4_000_000),
            &format!(
                r#"{}<a:p><a:pPr lvl="1"><a:buAutoNum type="arabicPeriod"/></a:pPr><a:r><a:t>two</a:t></a:r></a:p>"#,
                p("one")
            ),
        ),
        shape(r#"<p:ph type="title"/>"#, (0, 5_000_000), &p("Title")),
    ];
    let kept = parse(&slide.concat());
    assert_eq!(
        texts(&kept),
        [
            (Heading, 1, "Title"),
            (Paragraph, 0, "left"),
            (Paragraph, 0, "right"),
            (ListItem, 1, "one"),
            (ListItem, 2, "1. two"),
            (PageNumber, 0, "7"),
            (Note, 0, "Say hello")
        ]
    );
    let place = kept.blocks[1].places[0];
    assert_eq!((place.page, place.rect.map(|r| (r.left, r.right))), (1, Some((0.0, 100.0))));
    assert_eq!(kept.pages, 1);
}

#[test]
fn groups_scale_what_is_in_them() {
    let inner = shape("", (100, 100), &p("in the group"));
    let group = format!(
        r#"<p:grpSp><p:grpSpPr><a:xfrm><a:off x="1270000" y="1270000"/><a:ext cx="2540000" cy="2540000"/><a:chOff x="100" y="100"/><a:chExt cx="1270000" cy="1270000"/></a:xfrm></p:grpSpPr>{inner}</p:grpSp>"#
    );
    let kept = parse(&group);
    let rect = kept.blocks[0].places[0].rect.unwrap();
    assert_eq!((rect.left, rect.top, rect.right), (100.0, 100.0, 300.0));
}

#[test]
fn tables_have_spans_and_headers() {
    let cell = |attributes: &str, text: &str| format!("<a:tc {attributes}><a:txBody>{}</a:txBody></a:tc>", p(text));
    let table = format!(
        r#"<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow="1"/><a:tblGrid><a:gridCol/><a:gridCol/></a:tblGrid><a:tr>{}{}</a:tr><a:tr>{}{}</a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>"#,
        cell(r#"gridSpan="2""#, "both"),
        cell(r#"hMerge="1""#, ""),
        cell("", "a"),
        cell("", "b")
    );
    let kept = parse(&table);
    let table = kept.blocks[0].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns, table.header_rows(), table.cells.len()), (2, 2, 1, 3));
    assert_eq!(table.cells[0].column_span, 2);
}

#[test]
fn open_document_presentations() {
    let body = concat!(
        r#"<draw:page><draw:frame svg:x="1in" svg:y="3in" svg:width="2in" svg:height="1in"><draw:text-box><text:list><text:list-item><text:p>one</text:p>"#,
        r#"<text:list><text:list-item><text:p>in<text:s/>ner</text:p></text:list-item></text:list></text:list-item></text:list></draw:text-box></draw:frame>"#,
        r#"<draw:g><draw:custom-shape svg:x="1cm" svg:y="2cm" svg:width="1cm" svg:height="1cm"><text:p>shape</text:p></draw:custom-shape></draw:g>"#,
        r#"<draw:frame presentation:class="title" svg:y="9in" svg:x="0in"><draw:text-box><text:p>Title</text:p></draw:text-box></draw:frame>"#,
        r#"<draw:frame svg:x="1in" svg:y="8in"><table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>a</text:p></table:table-cell><table:covered-table-cell/></table:table-row><table:table-row><table:table-cell><text:p>b</text:p></table:table-cell><table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table></draw:frame>"#,
        r#"<presentation:notes><draw:page-thumbnail/><draw:frame presentation:class="notes"><draw:text-box><text:p>Say it</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"#
    );
    let content = format!(
        r#"<office:document-content xmlns:office="o" xmlns:draw="d" xmlns:text="t" xmlns:svg="s" xmlns:presentation="p" xmlns:table="tb"><office:body><office:presentation>{body}</office:presentation></office:body></office:document-content>"#
    );
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    zip.write_all(content.as_bytes()).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let kept = testing::parse::<Slides>("a.odp", &bytes, json!({})).unwrap().kept;
    assert_eq!(
        texts(&kept),
        [
            (Heading, 1, "Title"),
            (Paragraph, 0, "shape"),
            (ListItem, 1, "one"),
            (ListItem, 2, "in ner"),
            (Table, 0, "a\nb\tc"),
            (Note, 0, "Say it")
        ]
    );
    assert_eq!((kept.pages, kept.blocks[2].places[0].rect.map(|r| r.right)), (1, Some(216.0)));
}

#[test]
fn real_presentations() {
    for (name, slides) in [
        ("pptx/docling-powerpoint_sample.pptx", 3),
        ("pptx/openchain-overview-zh-hans.pptx", 20),
        ("ppt/docling-legacy_sample.ppt", 3),
    ] {
        let Some(bytes) = shared(name) else { continue };
        let kept = testing::parse::<Slides>(name, &bytes, json!({})).unwrap().kept;
        assert!(kept.warnings.is_empty(), "{name}: {:?}", kept.warnings);
        assert!(kept.pages >= slides || slides == 20, "{name}: {}", kept.pages);
        assert!(kept.blocks.iter().all(|b| b.page().is_some_and(|p| p >= 1 && p <= kept.pages)));
    }
    if let Some(bytes) = shared("pptx/docling-pptx_chart.pptx") {
        let kept = testing::parse::<Slides>("a.pptx", &bytes, json!({})).unwrap().kept;
        let table = kept.blocks.iter().find(|b| b.kind == Table).unwrap();
        let caption = kept.blocks.iter().find(|b| b.kind == Caption).unwrap();
        assert!(table.text.contains("2019\t120\t80") && caption.parent == Some(table.id));
    }
}

#[test]
fn hostile_files_are_refused_or_read() {
    let error = |name: &str| shared(name).map(|bytes| testing::parse::<Slides>(name, &bytes, json!({})));
    if let Some(result) = error("hostile/encrypted-passtika.pptx") {
        assert!(matches!(result, Err(Error::Unsupported(why)) if why.contains("encrypted")));
    }
    for name in ["hostile/malformed-rels.pptx", "hostile/fuzz-zer-6254434927378432.pptx"] {
        let _ = error(name);
    }
    assert!(testing::parse::<Slides>("a.pptx", b"", json!({})).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn damage_never_stops_the_parser(places in proptest::collection::vec((0usize..103_936, any::<u8>()), 1..60), cut in 0usize..300_000) {
        let Some(mut bytes) = shared("ppt/poi-54880-chinese.ppt") else { return Ok(()) };
        for (at, byte) in places {
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(600));
        let _ = testing::parse::<Slides>("a.ppt", &bytes, json!({}));
    }

    #[test]
    fn no_shape_panics(parts in proptest::collection::vec(prop_oneof![
        Just("<p:sp>"), Just("</p:sp>"), Just("<p:grpSp>"), Just("</p:grpSp>"), Just("<a:off x=\"-9\" y=\"9223372036854775807\"/>"),
        Just("<a:ext cx=\"5\" cy=\"0\"/>"), Just("<p:txBody>"), Just("</p:txBody>"), Just("<a:p>"), Just("</a:p>"), Just("<a:t>"),
        Just("x"), Just("</a:t>"), Just("<a:tbl>"), Just("<a:tr>"), Just("<a:tc gridSpan=\"999\">"), Just("</a:tbl>")
    ], 0..40)) {
        let _ = testing::parse::<Slides>("a.pptx", &package(&parts.concat()), json!({}));
    }
}
