//! Containers of the shared set, and containers that anybody could make up.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

use mortise_sdk::parser::File;
use mortise_shared_ole::{Error, Ole, summary};
use proptest::prelude::*;
use std::path::PathBuf;

fn sample(name: &str) -> Option<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/testdata");
    std::fs::read(root.join(name)).ok()
}

#[test]
fn streams_of_old_documents_are_found() {
    for (name, stream) in
        [("doc/docling-legacy_sample.doc", "WordDocument"), ("ppt/poi-54880-chinese.ppt", "PowerPoint Document")]
    {
        let Some(bytes) = sample(name) else { continue };
        let file = File::from_bytes(name, "", &bytes);
        let ole = Ole::open(&file).unwrap();
        let stream = ole.stream(stream).unwrap();
        assert!(stream.len() > 4096 && !stream.is_cut());
        assert_eq!(stream.read_at(0, usize::MAX >> 1).len() as u64, stream.len());
        assert!(!summary(&ole).is_empty());
    }
}

#[test]
fn encrypted_documents_are_named() {
    for name in ["hostile/encrypted-agile.docx", "hostile/encrypted-passtika.xlsx"] {
        let Some(bytes) = sample(name) else { continue };
        let file = File::from_bytes(name, "", &bytes);
        assert_eq!(Ole::open(&file).unwrap().refuse_encrypted(), Err(Error::Encrypted));
    }
}

#[test]
fn what_is_no_container_is_refused() {
    let open = |bytes: &[u8]| Ole::open(&File::from_bytes("a.doc", "", bytes)).err();
    assert_eq!(open(b""), Some(Error::Empty));
    assert_eq!(open(b"PK\x03\x04"), Some(Error::NotCompound));
    assert!(matches!(open(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on"), Some(Error::Damaged(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn damage_never_stops_the_reader(places in proptest::collection::vec((0usize..20_000, any::<u8>()), 1..60), cut in 0usize..40_000) {
        let Some(mut bytes) = sample("xls/docling-legacy_sample.xls") else { return Ok(()) };
        for (at, byte) in places {
            // The header and the directory are hit more often than chance would.
            let at = if at % 3 == 0 { at % 512 } else { at };
            if let Some(target) = bytes.get_mut(at) {
                *target = byte;
            }
        }
        bytes.truncate(cut.max(512));
        let file = File::from_bytes("a.xls", "", &bytes);
        if let Ok(ole) = Ole::open(&file) {
            let _ = summary(&ole);
            for (number, _) in ole.children(0) {
                if let Some(stream) = ole.stream_of(number) {
                    prop_assert!(stream.len() <= bytes.len() as u64 * 2 + 4096);
                    let _ = stream.read_at(0, stream.len() as usize);
                }
            }
        }
    }
}
