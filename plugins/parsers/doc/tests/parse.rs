//! Whole documents in, blocks out.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_parser_doc::Doc;
use mortise_sdk::document::BlockKind::*;
use mortise_sdk::serde_json::json;
use mortise_sdk::{Error, testing};
use proptest::prelude::*;
use std::path::PathBuf;

fn shared(name: &str) -> Option<Vec<u8>> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata").join(name)).ok()
}

#[test]
fn headings_lists_and_tables_of_a_real_document() {
    let Some(bytes) = shared("doc/docling-legacy_sample.doc") else { return };
    let kept = testing::parse::<Doc>("a.doc", &bytes, json!({})).unwrap().kept;
    let of = |kind| kept.blocks.iter().filter(|b| b.kind == kind).map(|b| b.text.as_str()).collect::<Vec<_>>();
    assert_eq!((of(Title), of(Heading)[0]), (vec!["Swimming in the lake"], "Let’s swim!"));
    assert_eq!(of(ListItem)[3..6], ["1. Wear sunglasses", "2. Don’t forget to drink water", "3. Use sun cream"]);
    let table = kept.blocks.iter().find_map(|b| b.table.as_ref()).unwrap();
    assert_eq!((table.rows, table.columns, table.header_rows()), (4, 3, 1));
    assert_eq!(kept.images.len(), 1);
    assert!(kept.warnings.is_empty());
}

#[test]
fn what_cannot_be_read_is_named() {
    let error = |bytes: &[u8]| testing::parse::<Doc>("a.doc", bytes, json!({})).unwrap_err();
    assert!(matches!(error(b""), Error::InvalidInput(_)));
    assert!(matches!(error(b"PK\x03\x04"), Error::InvalidInput(why) if why.contains("docx")));
    if let Some(bytes) = shared("hostile/encrypted-agile.docx") {
        assert!(matches!(error(&bytes), Error::Unsupported(why) if why.contains("encrypted")));
    }
    if let Some(bytes) = shared("xls/docling-legacy_sample.xls") {
        assert!(matches!(error(&bytes), Error::InvalidInput(_)));
    }
    if let Some(bytes) = shared("hostile/fuzz-zzer-5418937293340672.doc") {
        let _ = testing::parse::<Doc>("a.doc", &bytes, json!({}));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn damage_never_stops_the_parser(
        places in proptest::collection::vec((0usize..120_320, any::<u8>()), 1..80),
        heads in proptest::collection::vec((0usize..1_000, any::<u8>()), 0..6),
        cut in 0usize..400_000,
    ) {
        let Some(mut bytes) = shared("doc/docling-legacy_sample.doc") else { return Ok(()) };
        for (at, byte) in places {
            bytes[at] = byte;
        }
        // The block that all tables are found by begins somewhere in the first sectors.
        let fib = bytes.windows(2).position(|w| w == [0xEC, 0xA5]).unwrap_or(0);
        for (at, byte) in heads {
            let at = (fib + at).min(bytes.len() - 1);
            bytes[at] = byte;
        }
        bytes.truncate(cut.max(600));
        if let Ok(parse) = testing::parse::<Doc>("a.doc", &bytes, json!({})) {
            for table in parse.kept.blocks.iter().filter_map(|b| b.table.as_ref()) {
                prop_assert!(table.cells.iter().all(|c| c.row + c.row_span <= table.rows));
            }
        }
    }
}
