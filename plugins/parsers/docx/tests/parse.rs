//! Whole documents in, blocks out. Small documents are made here with a zip writer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_parser_docx::Docx;
use mortise_sdk::document::{Block, BlockKind::*};
use mortise_sdk::parser::{File, Kept, Output, Parser};
use mortise_sdk::{Error, Result};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

const NAMESPACES: &str = concat!(
    r#"xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" "#,
    r#"xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" "#,
    r#"xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" "#,
    r#"xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" "#,
    r#"xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" "#,
    r#"xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" "#,
    r#"xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006""#
);

/// The parts of a document; `main` is the inside of its body.
fn package(main: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    let kinds = [
        ("styles", "styles"),
        ("numbering", "numbering"),
        ("footnotes", "footnotes"),
        ("comments", "comments"),
        ("header1", "header"),
        ("footer1", "footer"),
        ("media/a.png", "image"),
        ("embeddings/book.xlsx", "package"),
    ];
    let links: String = kinds
        .iter()
        .map(|(part, kind)| (part, kind, if part.contains('.') { part.to_string() } else { format!("{part}.xml") }))
        .filter(|(_, _, target)| parts.iter().any(|(name, _)| *name == format!("word/{target}")))
        .map(|(part, kind, target)| {
            let kind = format!("http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}");
            format!(r#"<Relationship Id="{part}" Type="{kind}" Target="{target}"/>"#)
        })
        .collect();
    let relationships = |inside: &str| {
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>"#
        )
    };
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
    let mut all = vec![
        (
            "_rels/.rels".into(),
            relationships(&format!(r#"<Relationship Id="m" Type="{office}" Target="word/document.xml"/>"#)),
        ),
        ("word/_rels/document.xml.rels".into(), relationships(&links)),
        ("word/document.xml".into(), format!("<w:document {NAMESPACES}><w:body>{main}</w:body></w:document>")),
    ];
    for (name, body) in parts {
        let root = match *name {
            "word/styles.xml" => "styles",
            "word/numbering.xml" => "numbering",
            "word/footnotes.xml" => "footnotes",
            "word/comments.xml" => "comments",
            "word/header1.xml" => "hdr",
            "word/footer1.xml" => "ftr",
            _ => "",
        };
        let body = if root.is_empty() { body.to_string() } else { format!("<w:{root} {NAMESPACES}>{body}</w:{root}>") };
        all.push((name.to_string(), body));
    }
    zipped(&all)
}

fn zipped(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn parse(bytes: &[u8]) -> Result<Kept> {
    let mut out = Output::default();
    Docx::parse(&File::from_bytes("a.docx", "", bytes), Default::default(), &mut out)?;
    Ok(out.into_kept())
}

fn parsed(main: &str, parts: &[(&str, &str)]) -> Kept {
    let kept = parse(&package(main, parts)).unwrap();
    assert!(kept.warnings.is_empty(), "{:?}", kept.warnings);
    kept
}

fn texts(kept: &Kept) -> Vec<(mortise_sdk::document::BlockKind, u32, &str)> {
    kept.blocks.iter().map(|b| (b.kind, b.level, b.text.as_str())).collect()
}

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn styled(style: &str, text: &str) -> String {
    format!(r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#)
}

#[test]
fn comments_follow_what_they_are_about() {
    let comments = r#"<w:comment w:id="7" w:author="Ann"><w:p><w:r><w:annotationRef/></w:r><w:r><w:t>Really?</w:t></w:r></w:p></w:comment>"#;
    let main = r#"<w:p><w:commentRangeStart w:id="7"/><w:r><w:t>All ships float.</w:t></w:r><w:commentRangeEnd w:id="7"/><w:r><w:commentReference w:id="7"/></w:r></w:p>"#;
    let kept = parsed(&format!("{main}{}", p("Next")), &[("word/comments.xml", comments)]);
    assert_eq!(texts(&kept), [(Paragraph, 0, "All ships float."), (Note, 0, "Really?"), (Paragraph, 0, "Next")]);
    assert_eq!(kept.blocks[1].parent, Some(0));
}

const STYLES: &str = r#"
  <w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>
  <w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
  <w:style w:type="paragraph" w:styleId="a"><w:name w:val="heading 1"/><w:rPr><w:b/><w:sz w:val="32"/></w:rPr></w:style>
  <w:style w:type="paragraph" w:styleId="mine"><w:name w:val="Kapitel"/><w:basedOn w:val="a"/></w:style>
  <w:style w:type="paragraph" w:styleId="deep"><w:name w:val="Deep"/><w:pPr><w:outlineLvl w:val="3"/></w:pPr></w:style>
  <w:style w:type="paragraph" w:styleId="t"><w:name w:val="Title"/></w:style>
  <w:style w:type="paragraph" w:styleId="toc"><w:name w:val="toc 2"/></w:style>
  <w:style w:type="paragraph" w:styleId="c"><w:name w:val="caption"/></w:style>
  <w:style w:type="paragraph" w:styleId="code"><w:name w:val="HTML Preformatted"/></w:style>
  <w:style w:type="paragraph" w:styleId="loop"><w:name w:val="Loop"/><w:basedOn w:val="loop"/></w:style>"#;

#[test]
fn styles_make_headings_in_any_language() {
    let main = [
        styled("t", "Port"),
        styled("toc", "Harbour 1"),
        styled("a", "Harbour"),
        styled("mine", "Cranes"),
        styled("deep", "Hooks"),
        styled("c", "Fig. 1"),
        styled("code", "let x = 1;"),
        styled("code", "  let y = 2;"),
        styled("loop", "Round."),
        styled("nobody", "Plain."),
        r#"<w:p><w:pPr><w:pStyle w:val="a"/><w:outlineLvl w:val="9"/></w:pPr><w:r><w:t>Big only.</w:t></w:r></w:p>"#
            .into(),
        r#"<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Own level</w:t></w:r></w:p>"#.into(),
    ];
    let kept = parsed(&main.concat(), &[("word/styles.xml", STYLES)]);
    let want = [
        (Title, 0, "Port"),
        (TocEntry, 2, "Harbour 1"),
        (Heading, 1, "Harbour"),
        (Heading, 1, "Cranes"),
        (Heading, 4, "Hooks"),
        (Caption, 0, "Fig. 1"),
        (Code, 0, "let x = 1;\n  let y = 2;"),
        (Paragraph, 0, "Round."),
        (Paragraph, 0, "Plain."),
        (Paragraph, 0, "Big only."),
        (Heading, 2, "Own level"),
    ];
    assert_eq!(texts(&kept), want);
    let look = |i: usize| kept.blocks[i].style.map(|s| (s.font_size, s.bold, s.italic, s.monospace)).unwrap();
    assert_eq!(look(2), (16.0, true, false, false));
    assert_eq!(look(8), (11.0, false, false, false));
}

fn level(index: u32, format: &str, text: &str, more: &str) -> String {
    format!(
        r#"<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="{format}"/>{more}<w:lvlText w:val="{text}"/></w:lvl>"#
    )
}

fn item(list: u32, level: u32, text: &str) -> String {
    format!(
        r#"<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list}"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#
    )
}

#[test]
fn lists_are_labelled_as_word_shows_them() {
    let numbering = [
        r#"<w:abstractNum w:abstractNumId="0">"#,
        &level(0, "decimal", "%1.", ""),
        &level(1, "decimal", "%1.%2.", ""),
        &level(2, "lowerLetter", "(%3)", r#"<w:suff w:val="nothing"/>"#),
        r#"</w:abstractNum><w:abstractNum w:abstractNumId="1">"#,
        &level(0, "bullet", "\u{F0B7}", r#"<w:rPr><w:rFonts w:ascii="Symbol"/></w:rPr>"#),
        &level(1, "bullet", "o", ""),
        r#"</w:abstractNum><w:abstractNum w:abstractNumId="2">"#,
        &level(0, "chineseCounting", "第%1章", ""),
        &level(1, "decimal", "%1.%2", "<w:isLgl/>"),
        r#"</w:abstractNum>"#,
        r#"<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>"#,
        r#"<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>"#,
        r#"<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>"#,
        r#"<w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num>"#,
    ]
    .concat();
    let main = [
        item(1, 0, "one"),
        item(1, 1, "sub"),
        item(1, 2, "letter"),
        item(1, 1, "sub two"),
        item(1, 0, "two"),
        item(1, 1, "again"),
        item(2, 0, "dot"),
        item(2, 1, "ring"),
        item(1, 0, "three"),
        item(3, 0, "five"),
        item(3, 0, "six"),
        item(4, 0, "甲"),
        item(4, 1, "legal"),
        item(0, 0, "none"),
        item(99, 0, "unknown"),
    ];
    let kept = parsed(&main.concat(), &[("word/numbering.xml", &numbering)]);
    let want = [
        (ListItem, 1, "1. one"),
        (ListItem, 2, "1.1. sub"),
        (ListItem, 3, "(a)letter"),
        (ListItem, 2, "1.2. sub two"),
        (ListItem, 1, "2. two"),
        (ListItem, 2, "2.1. again"),
        (ListItem, 1, "• dot"),
        (ListItem, 2, "◦ ring"),
        (ListItem, 1, "3. three"),
        (ListItem, 1, "5. five"),
        (ListItem, 1, "6. six"),
        (ListItem, 1, "第一章 甲"),
        (ListItem, 2, "1.1 legal"),
        (Paragraph, 0, "none"),
        (Paragraph, 0, "unknown"),
    ];
    assert_eq!(texts(&kept), want);
}

#[test]
fn headings_carry_the_numbers_of_their_style() {
    let styles = r#"
      <w:style w:type="paragraph" w:styleId="h1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
      <w:style w:type="paragraph" w:styleId="h2"><w:name w:val="heading 2"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>"#;
    let numbering = [
        r#"<w:abstractNum w:abstractNumId="0">"#,
        &level(0, "upperRoman", "%1", r#"<w:pStyle w:val="h1"/>"#),
        &level(1, "decimal", "%1.%2", r#"<w:pStyle w:val="h2"/>"#),
        r#"</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>"#,
    ]
    .concat();
    let main = [styled("h1", "Port"), styled("h2", "Quay"), styled("h2", "Mole"), styled("h1", "Sea")].concat();
    let kept = parsed(&main, &[("word/styles.xml", styles), ("word/numbering.xml", &numbering)]);
    let want = [(Heading, 1, "I Port"), (Heading, 2, "I.1 Quay"), (Heading, 2, "I.2 Mole"), (Heading, 1, "II Sea")];
    assert_eq!(texts(&kept), want);
}

fn cell(properties: &str, inside: &str) -> String {
    format!("<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>")
}

fn row(properties: &str, cells: &[String]) -> String {
    format!("<w:tr><w:trPr>{properties}</w:trPr>{}</w:tr>", cells.concat())
}

#[test]
fn tables_keep_spans_and_headers() {
    let table = [
        row("<w:tblHeader/>", &[cell(r#"<w:gridSpan w:val="2"/>"#, &p("Load")), cell("", &p("Note"))]),
        row(
            "<w:tblHeader/>",
            &[cell("", &p("min")), cell("", &p("max")), cell(r#"<w:vMerge w:val="restart"/>"#, &p("a"))],
        ),
        row("", &[cell("", &p("1")), cell("", &(p("2") + &p("t"))), cell("<w:vMerge/>", "<w:p/>")]),
        row("<w:del/>", &[cell("", &p("gone"))]),
        row(r#"<w:gridBefore w:val="1"/>"#, &[cell("", &p("late"))]),
    ];
    let main = format!("{}<w:tbl><w:tblPr/>{}</w:tbl>{}", p("Before."), table.concat(), p("After."));
    let kept = parsed(&main, &[]);
    assert_eq!(texts(&kept)[0], (Paragraph, 0, "Before."));
    assert_eq!(texts(&kept)[2], (Paragraph, 0, "After."));
    let table = kept.blocks[1].table.as_ref().unwrap();
    assert_eq!((table.rows, table.columns), (4, 3));
    let cells: Vec<_> =
        table.cells.iter().map(|c| (c.row, c.column, c.row_span, c.column_span, c.header, c.text.as_str())).collect();
    let want = [
        (0, 0, 1, 2, true, "Load"),
        (0, 2, 1, 1, true, "Note"),
        (1, 0, 1, 1, true, "min"),
        (1, 1, 1, 1, true, "max"),
        (1, 2, 2, 1, true, "a"),
        (2, 0, 1, 1, false, "1"),
        (2, 1, 1, 1, false, "2\nt"),
        (3, 1, 1, 1, false, "late"),
    ];
    assert_eq!(cells, want);
}

#[test]
fn equal_neighbours_stay_apart_and_the_first_row_is_the_header() {
    let table =
        [row("", &[cell("", &p("Type")), cell("", &p("Load"))]), row("", &[cell("", &p("A")), cell("", &p("A"))])];
    let kept = parsed(&format!("<w:tbl>{}</w:tbl>", table.concat()), &[]);
    assert_eq!(kept.blocks[0].text, "Type\tLoad\nA\tA");
    let headers: Vec<_> = kept.blocks[0].table.as_ref().unwrap().cells.iter().map(|c| c.header).collect();
    assert_eq!(headers, [true, true, false, false]);
}

#[test]
fn frames_are_walked_through_and_tables_in_cells_are_text() {
    let inner = format!("<w:tbl>{}</w:tbl>", row("", &[cell("", &p("k")), cell("", &p("v"))]));
    let frame = format!("<w:tbl>{}</w:tbl>", row("", &[cell("", &(styled("a", "Boxed") + &p("text")))]));
    let outer = format!("<w:tbl>{}</w:tbl>", row("", &[cell("", &(p("x") + &inner)), cell("", &p("y"))]));
    let kept = parsed(&(frame + &outer), &[("word/styles.xml", STYLES)]);
    assert_eq!(texts(&kept)[..2], [(Heading, 1, "Boxed"), (Paragraph, 0, "text")]);
    assert_eq!(kept.blocks[2].table.as_ref().unwrap().cells[0].text, "x\nk\tv");
}

#[test]
fn changes_are_accepted_and_what_is_hidden_stays_hidden() {
    let main = concat!(
        r#"<w:p><w:r><w:t xml:space="preserve">Ships </w:t></w:r><w:ins><w:r><w:t>dock</w:t></w:r></w:ins>"#,
        r#"<w:del><w:r><w:delText>sink</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>away</w:t></w:r></w:moveFrom>"#,
        r#"<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p>"#,
        r#"<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr><w:r><w:t xml:space="preserve">One </w:t></w:r></w:p>"#,
        r#"<w:p><w:pPr><w:outlineLvl w:val="0"/><w:pPrChange><w:pPr><w:outlineLvl w:val="5"/></w:pPr></w:pPrChange></w:pPr><w:r><w:t>line.</w:t></w:r></w:p>"#,
    );
    assert_eq!(texts(&parsed(main, &[])), [(Paragraph, 0, "Ships dock"), (Heading, 1, "One line.")]);
}

#[test]
fn fields_show_their_result_and_marks_their_sign() {
    let main = concat!(
        r#"<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText><w:t>code</w:t></w:r>"#,
        r#"<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>7</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>"#,
        r#"<w:r><w:tab/><w:t>a</w:t><w:br/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t><w:softHyphen/>"#,
        r#"<w:sym w:font="Wingdings" w:char="F0FC"/></w:r><w:hyperlink r:id="x"><w:r><w:t> link &amp; more</w:t></w:r></w:hyperlink></w:p>"#,
    );
    assert_eq!(texts(&parsed(main, &[])), [(Paragraph, 0, "7\ta\nb-c✓ link & more")]);
}

#[test]
fn notes_headers_and_footers_are_read_once() {
    let main = concat!(
        r#"<w:p><w:r><w:t>Ouch</w:t><w:footnoteReference w:id="2"/><w:t>.</w:t></w:r></w:p><w:p><w:r><w:t>More.</w:t></w:r></w:p>"#,
        r#"<w:sectPr><w:headerReference w:type="default" r:id="header1"/><w:headerReference w:type="first" r:id="header1"/>"#,
        r#"<w:footerReference w:type="default" r:id="footer1"/></w:sectPr>"#,
    );
    let notes = format!(
        r#"<w:footnote w:type="separator" w:id="0">{}</w:footnote><w:footnote w:id="2">{}</w:footnote><w:footnote w:id="3">{}</w:footnote>"#,
        p("---"),
        p("A note."),
        p("Never cited.")
    );
    let parts =
        [("word/footnotes.xml", notes.as_str()), ("word/header1.xml", &p("Head")), ("word/footer1.xml", &p("Foot"))];
    let kept = parsed(main, &parts);
    let want = [
        (Paragraph, 0, "Ouch."),
        (Footnote, 0, "A note."),
        (Paragraph, 0, "More."),
        (PageHeader, 0, "Head"),
        (PageFooter, 0, "Foot"),
    ];
    assert_eq!(texts(&kept), want);
    assert_eq!(kept.blocks[1].parent, Some(0));
}

#[test]
fn pictures_and_text_boxes_follow_their_paragraph() {
    let picture = r#"<w:drawing><wp:inline><wp:docPr id="1" descr="A crane"/><a:blip r:embed="media/a.png"/></wp:inline></w:drawing>"#;
    let main = format!(
        concat!(
            r#"<w:p><w:r><w:t>See</w:t>{}</w:r><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>{}"#,
            r#"</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>{}</w:txbxContent></w:pict>"#,
            r#"</mc:Fallback></mc:AlternateContent></w:r><w:r><w:t xml:space="preserve"> this.</w:t>{}</w:r></w:p>"#
        ),
        picture,
        p("In the box."),
        p("In the box."),
        picture
    );
    let kept = parsed(&main, &[("word/media/a.png", "\u{89}PNG")]);
    let want =
        [(Paragraph, 0, "See this."), (Figure, 0, "A crane"), (Figure, 0, "A crane"), (Paragraph, 0, "In the box.")];
    assert_eq!(texts(&kept), want);
    let images: Vec<_> = kept.blocks.iter().filter_map(|b: &Block| b.image).collect();
    assert_eq!((images, kept.images.len()), (vec![0, 0], 1));
}

#[test]
fn formulas_are_latex() {
    let formula = concat!(
        r#"<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:rad><m:deg/><m:e><m:r><m:t>π</m:t></m:r></m:e></m:rad></m:den></m:f>"#,
        r#"<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"#,
        r#"<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r><m:t>i</m:t></m:r></m:sub><m:sup/><m:e><m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e><m:r><m:t>i≤n</m:t></m:r></m:e></m:d></m:e></m:nary></m:oMath>"#,
    );
    let main = format!(
        "<w:p><w:r><w:t xml:space=\"preserve\">Let </w:t></w:r>{formula}</w:p><w:p><m:oMathPara>{formula}</m:oMathPara></w:p>"
    );
    let latex = r"\frac{a}{\sqrt{\pi}}x^{2}\sum_{i} \left[i\leq n\right]";
    let kept = parsed(&main, &[]);
    assert_eq!(
        texts(&kept),
        [(Paragraph, 0, format!("Let ${latex}$").as_str()), (Formula, 0, &format!("$${latex}$$"))]
    );
}

#[test]
fn pages_are_those_of_the_last_layout() {
    let main = format!("{}<w:p><w:r><w:lastRenderedPageBreak/><w:t>Two.</w:t></w:r></w:p>", p("One."));
    let kept = parsed(&main, &[]);
    let pages: Vec<_> = kept.blocks.iter().map(|b| b.places[0].page).collect();
    assert_eq!((pages, kept.pages), (vec![1, 2], 2));
    let kept = parsed(&p("One."), &[]);
    assert!(kept.blocks[0].places.is_empty() && kept.pages == 0);
}

#[test]
fn embedded_documents_are_attached_and_properties_read() {
    let core = r#"<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Port &amp; Sea</dc:title><dc:creator>Ann</dc:creator><cp:keywords/></cp:coreProperties>"#;
    let kept = parsed(&p("x"), &[("word/embeddings/book.xlsx", "PK"), ("docProps/core.xml", core)]);
    assert_eq!(kept.attachments[0].0, "book.xlsx");
    assert_eq!(kept.metadata, mortise_sdk::serde_json::json!({ "title": "Port & Sea", "author": "Ann" }));
}

#[test]
fn damage_after_some_text_is_a_warning() {
    let bytes = zipped(&[(
        "word/document.xml".into(),
        format!("<w:document {NAMESPACES}><w:body>{}<w:p><w:r></w:broken>", p("Saved.")),
    )]);
    let kept = parse(&bytes).unwrap();
    assert_eq!(texts(&kept), [(Paragraph, 0, "Saved.")]);
    assert_eq!(kept.warnings.len(), 1);
}

#[test]
fn what_is_no_word_document_is_refused_by_name() {
    let refused = |bytes: &[u8], part: &str| match parse(bytes) {
        Err(Error::InvalidInput(why) | Error::Unsupported(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{part}: {other:?}"),
    };
    refused(b"", "empty");
    refused(b"just text", "not a zip archive");
    refused(b"PK\x03\x04 cut", "damaged");
    refused(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0], "old binary Office file");
    let sheet = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>"#;
    refused(&zipped(&[("word/document.xml".into(), sheet.into())]), "a spreadsheet, not a Word document");
    refused(&zipped(&[("other.txt".into(), "x".into())]), "main part");
    let entity =
        format!(r#"<!DOCTYPE d [<!ENTITY e "boom">]><w:document {NAMESPACES}><w:body>&e;</w:body></w:document>"#);
    refused(&zipped(&[("word/document.xml".into(), entity)]), "DOCTYPE");
    let bare = format!("<w:document {NAMESPACES}><w:body><w:p><w:r><w:t>&lol;</w:t></w:r></w:p></w:body></w:document>");
    refused(&zipped(&[("word/document.xml".into(), bare)]), "entity \"lol\"");
    let deep = format!("<w:document {NAMESPACES}><w:body>{}", "<w:tbl><w:tr><w:tc>".repeat(5_000));
    refused(&zipped(&[("word/document.xml".into(), deep)]), "nests");
    let bomb = format!(
        "<w:document {NAMESPACES}><w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>",
        " ".repeat(40 << 20)
    );
    refused(&zipped(&[("word/document.xml".into(), bomb)]), "zip bomb");
}

fn testdata() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    if !data.exists() {
        println!("skipped: no test data");
        return None;
    }
    Some(data)
}

#[test]
fn real_documents_give_the_letters_of_their_ground_truth() {
    let Some(data) = testdata() else { return };
    for name in [
        "law-zh-vaccines",
        "mammoth-footnotes",
        "openchain-policy-zh-hant",
        "qa-openchain-faq-ja",
        "us-trustee-handbook",
    ] {
        let kept = parse(&std::fs::read(data.join(format!("docx/{name}.docx"))).unwrap()).unwrap();
        assert!(kept.warnings.is_empty(), "{name}: {:?}", kept.warnings);
        let truth = std::fs::read_to_string(data.join(format!("groundtruth/docx__{name}.docx.txt"))).unwrap();
        let letters = |t: &str| {
            let mut counts = std::collections::BTreeMap::<char, i64>::new();
            t.chars().filter(|c| c.is_alphabetic()).for_each(|c| *counts.entry(c).or_default() += 1);
            counts
        };
        let got: String = kept.blocks.iter().map(|b| b.text.as_str()).collect();
        let (got, want) = (letters(&got), letters(&truth));
        let missing: i64 = want.iter().map(|(c, n)| (n - got.get(c).unwrap_or(&0)).max(0)).sum();
        let all: i64 = want.values().sum();
        assert!(missing * 1000 <= all, "{name}: {missing} of {all} letters are missing");
    }
}

#[test]
fn hostile_documents_are_refused_or_read_in_time() {
    let Some(data) = testdata() else { return };
    for entry in std::fs::read_dir(data.join("hostile")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".docx") {
            continue;
        }
        let start = std::time::Instant::now();
        let result = parse(&std::fs::read(&path).unwrap());
        assert!(start.elapsed().as_secs() < 30, "{name}: {:?}", start.elapsed());
        match name.as_str() {
            "encrypted-agile.docx" => {
                assert!(
                    matches!(result, Err(Error::Unsupported(why)) if why == "encrypted document: a password is needed")
                );
            }
            "empty.docx" => assert!(matches!(result, Err(Error::InvalidInput(_)))),
            "xxe.docx" | "entity-bomb.docx" => assert!(result.is_err(), "{name}"),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let mut zip = b"PK\x03\x04".to_vec();
        zip.extend(bytes);
        let _ = parse(&zip);
    }

    #[test]
    fn no_flipped_byte_panics(at in 0usize..2000, value in any::<u8>()) {
        let mut bytes = package(&(p("Some text.") + &styled("a", "Head")), &[("word/styles.xml", STYLES)]);
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = parse(&bytes);
    }

    #[test]
    fn no_order_of_elements_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<w:p>", "</w:p>", "<w:r>", "</w:r>", "<w:t>", "</w:t>", "x", "<w:tbl>", "</w:tbl>", "<w:tr>", "</w:tr>", "<w:tc>", "</w:tc>",
        "<w:vMerge/>", "<w:gridSpan w:val=\"9999999\"/>", "<w:txbxContent>", "</w:txbxContent>", "<w:pPr>", "</w:pPr>", "<w:rPr>", "</w:rPr>",
        "<w:fldChar w:fldCharType=\"begin\"/>", "<w:fldChar w:fldCharType=\"end\"/>", "<m:oMath>", "</m:oMath>", "<m:f>", "</m:f>",
        "<w:del/>", "<w:footnoteReference w:id=\"1\"/>", "<w:drawing>", "</w:drawing>", "<a:blip r:embed=\"media/a.png\"/>",
    ]), 0..40)) {
        // End tags must match for the reader to go on, so unmatched ones are left out and open ones closed.
        let mut open: Vec<String> = Vec::new();
        let mut main = String::new();
        for part in parts {
            if let Some(name) = part.strip_prefix("</") {
                if open.last().is_some_and(|o| *o == name) {
                    open.pop();
                    main.push_str(part);
                }
                continue;
            }
            if part.starts_with('<') && !part.ends_with("/>") {
                open.push(part[1..].to_string());
            }
            main.push_str(part);
        }
        for name in open.iter().rev() {
            main.push_str(&format!("</{name}"));
        }
        let kept = parse(&package(&main, &[]));
        prop_assert!(kept.is_ok(), "{:?}", kept);
    }
}
