//! Whole workbooks in, blocks out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_parser_sheet::Sheet;
use mortise_sdk::document::{BlockKind, Table, Value};
use mortise_sdk::parser::Kept;
use mortise_sdk::serde_json::json;
use mortise_sdk::{Error, testing};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;

fn shared(name: &str) -> Option<Vec<u8>> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(name)).ok()
}

fn zipped(parts: &[(&str, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn workbook(rows: &str, after: &str) -> Vec<u8> {
    let main = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main""#;
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let links = |inside: String| {
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>"#
        )
    };
    zipped(&[
        (
            "_rels/.rels",
            links(format!(r#"<Relationship Id="m" Type="{kind}/officeDocument" Target="xl/workbook.xml"/>"#)),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook {main} xmlns:r="{kind}"><sheets><sheet name="Wood" sheetId="1" r:id="s"/><sheet name="Secret" state="hidden" sheetId="2" r:id="h"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            links(format!(
                r#"<Relationship Id="s" Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="h" Type="{kind}/worksheet" Target="worksheets/sheet2.xml"/>"#
            )),
        ),
        (
            "xl/sharedStrings.xml",
            format!(
                r#"<sst {main}><si><t>name</t></si><si><r><t>ma</t></r><r><t>ss</t></r><rPh><t>x</t></rPh></si><si><t>oak</t></si></sst>"#
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                r#"<styleSheet {main}><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><fonts><font/><font><b/></font></fonts><cellXfs><xf numFmtId="0" fontId="0"/><xf numFmtId="164" fontId="0"/><xf numFmtId="10" fontId="0"/><xf numFmtId="0" fontId="1"/></cellXfs></styleSheet>"#
            ),
        ),
        ("xl/worksheets/sheet1.xml", format!(r#"<worksheet {main}><sheetData>{rows}</sheetData>{after}</worksheet>"#)),
        (
            "xl/worksheets/sheet2.xml",
            format!(
                r#"<worksheet {main}><sheetData><row><c t="inlineStr"><is><t>hush</t></is></c></row></sheetData></worksheet>"#
            ),
        ),
    ])
}

fn parse(bytes: &[u8]) -> Kept {
    testing::parse::<Sheet>("a.xlsx", bytes, json!({})).unwrap().kept
}

fn tables(kept: &Kept) -> Vec<&Table> {
    kept.blocks.iter().filter_map(|b| b.table.as_ref()).collect()
}

#[test]
fn cells_of_every_type() {
    let rows = concat!(
        r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>"#,
        r#"<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2"><v>720</v></c><c r="C2" s="1"><v>45413</v></c><c r="D2" s="2"><v>0.125</v></c>"#,
        r#"<c r="E2" t="b"><v>1</v></c><c r="F2" t="e"><v>#DIV/0!</v></c><c r="G2" t="str"><f>A2</f><v>so_x000A_far</v></c></row>"#
    );
    let kept = parse(&workbook(rows, ""));
    let table = tables(&kept)[0];
    assert_eq!(table.header_rows(), 1);
    let row: Vec<&str> = table.cells.iter().filter(|c| c.row == 1).map(|c| c.text.as_str()).collect();
    assert_eq!(row, ["oak", "720", "2024-05-01", "12.50%", "TRUE", "#DIV/0!", "so\nfar"]);
    let value = |column| &table.cells.iter().find(|c| c.row == 1 && c.column == column).unwrap().value;
    assert!(matches!(value(1), Value::Integer(720)));
    assert!(matches!(value(2), Value::Time(t) if t == "2024-05-01"));
    assert!(matches!(value(3), Value::Number(n) if *n == 0.125));
    assert!(matches!(value(4), Value::Boolean(true)));
    assert_eq!(kept.parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Wood", "Secret"]);
    assert_eq!((kept.pages, kept.blocks[1].text.as_str()), (2, "hush"));
    let shown = testing::parse::<Sheet>("a.xlsx", &workbook(rows, ""), json!({"hidden_sheets": false})).unwrap().kept;
    assert_eq!(shown.parts.len(), 1);
}

#[test]
fn merged_cells_and_told_headers() {
    let rows = concat!(
        r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1"><v>1</v></c></row>"#,
        r#"<row r="2"><c r="B2"><v>5</v></c><c r="C2"><v>2</v></c></row><row r="3"><c r="A3" t="s"><v>2</v></c></row>"#
    );
    let kept = parse(&workbook(rows, r#"<mergeCells><mergeCell ref="A1:B2"/></mergeCells>"#));
    let table = tables(&kept)[0];
    let first = &table.cells[0];
    assert_eq!((first.text.as_str(), first.row_span, first.column_span), ("name", 2, 2));
    assert!(table.cells.iter().all(|c| c.text != "5"), "nobody sees what a merged cell covers");
    let kept = parse(&workbook(rows, r#"<autoFilter ref="A2:C3"/>"#));
    assert_eq!(tables(&kept)[1].header_rows(), 1);
}

#[test]
fn real_workbooks() {
    for (name, sheets) in [
        ("xlsx/docling-xlsx_01.xlsx", 4),
        ("xlsx/easyexcel-extra-zh.xlsx", 3),
        ("xls/docling-legacy_sample.xls", 1),
        ("xls/poi-chinese-provinces.xls", 1),
    ] {
        let Some(bytes) = shared(name) else { continue };
        let kept = parse(&bytes);
        assert!(kept.warnings.is_empty(), "{name}: {:?}", kept.warnings);
        assert_eq!(kept.pages, sheets, "{name}");
        assert!(!tables(&kept).is_empty());
    }
    if let Some(bytes) = shared("xlsx/easyexcel-extra-zh.xlsx") {
        let kept = parse(&bytes);
        assert!(kept.blocks.iter().any(|b| b.kind == BlockKind::Note && b.text == "A5: 批注的内容"));
    }
    if let Some(bytes) = shared("xls/poi-chinese-provinces.xls") {
        assert!(parse(&bytes).blocks[0].text.contains("Anhui\t安徽省"));
    }
}

#[test]
fn hostile_workbooks_end_as_they_must() {
    let parse = |name: &str| shared(name).map(|bytes| testing::parse::<Sheet>(name, &bytes, json!({})));
    if let Some(result) = parse("hostile/encrypted-passtika.xlsx") {
        assert!(matches!(result, Err(Error::Unsupported(why)) if why.contains("encrypted")));
    }
    assert!(parse("hostile/calamine-too-small.xls").is_none_or(|r| r.is_err()));
    assert!(parse("hostile/poi-xmlbomb.xlsx").is_none_or(|r| r.is_err()));
    if let Some(result) = parse("hostile/sparse-corner.xlsx") {
        let kept = result.unwrap().kept;
        assert_eq!(tables(&kept).len(), 2);
    }
    assert!(parse("hostile/docling-inflated-dimension.xlsx").is_none_or(|r| r.is_ok()));
    for name in ["corrupted.xlsx", "fuzz-zer-6448258963341312.xlsx", "calamine-panic-666.xlsb"] {
        let _ = parse(&format!("hostile/{name}"));
    }
}

#[test]
fn open_document_sheets() {
    let body = concat!(
        r#"<table:table table:name="Wood"><table:table-row><table:table-cell><text:p>name</text:p></table:table-cell>"#,
        r#"<table:table-cell><text:p>sin<text:s text:c="2"/>ce</text:p></table:table-cell></table:table-row>"#,
        r#"<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-spanned="2"><office:annotation><text:p>why</text:p></office:annotation><text:p>oak</text:p></table:table-cell><table:covered-table-cell/>"#,
        r#"<table:table-cell office:value-type="date" office:date-value="2024-05-01"><text:p>1.5.24</text:p></table:table-cell></table:table-row>"#,
        r#"<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>"#
    );
    let content = format!(
        r#"<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"#
    );
    let kept = parse(&zipped(&[("content.xml", content)]));
    let table = tables(&kept)[0];
    assert_eq!((table.rows, table.columns), (3, 3));
    assert_eq!(
        table.cells.iter().filter(|c| c.row == 1).map(|c| (c.text.as_str(), c.column_span)).collect::<Vec<_>>(),
        [("oak", 2), ("2024-05-01", 1)]
    );
    assert_eq!(table.cells[1].text, "sin  ce");
    assert_eq!((kept.blocks[1].kind, kept.blocks[1].text.as_str()), (BlockKind::Note, "why"));
    let locked = r#"<manifest:manifest xmlns:manifest="m"><manifest:encryption-data/></manifest:manifest>"#.to_string();
    let bytes = zipped(&[("content.xml", String::new()), ("META-INF/manifest.xml", locked)]);
    assert!(
        matches!(testing::parse::<Sheet>("a.ods", &bytes, json!({})), Err(Error::Unsupported(why)) if why.contains("encrypted"))
    );
}

#[test]
fn text_under_the_name_of_a_workbook() {
    let kept = testing::parse::<Sheet>("a.xls", b"name\tmass\noak\t720\n", json!({})).unwrap().kept;
    assert_eq!(tables(&kept)[0].header_rows(), 1);
    for bytes in [&b"<html><table></table>"[..], b"", b"\x09\x04\x06\0", b"\0\0\0\0", b"no such file"] {
        assert!(testing::parse::<Sheet>("a.xls", bytes, json!({})).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damage_never_stops_the_parser(places in proptest::collection::vec((0usize..24_576, any::<u8>()), 1..60), cut in 0usize..80_000) {
        let Some(mut bytes) = shared("xls/docling-legacy_sample.xls") else { return Ok(()) };
        for (at, byte) in places {
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(600));
        let _ = testing::parse::<Sheet>("a.xls", &bytes, json!({}));
    }

    #[test]
    fn no_row_panics(parts in proptest::collection::vec(prop_oneof![
        Just("<row r=\"5\">"), Just("<row>"), Just("</row>"), Just("<c r=\"XFD2\">"), Just("<c r=\"ZZZZ9\" t=\"s\">"), Just("<c s=\"1\">"),
        Just("<v>1e308</v>"), Just("<v>-5</v>"), Just("<v>99999999999</v>"), Just("</c>"), Just("<is><t>a</t></is>"), Just("<row r=\"4294967295\">")
    ], 0..40), merge in "[A-D][1-4]:[A-D][1-9]") {
        let bytes = workbook(&parts.concat(), &format!("<mergeCells><mergeCell ref=\"{merge}\"/></mergeCells>"));
        let _ = testing::parse::<Sheet>("a.xlsx", &bytes, json!({}));
    }
}
