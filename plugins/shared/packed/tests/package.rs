//! Containers made here, opened under limits.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by failing"
)]

use mortise_sdk::parser::File;
use mortise_shared_packed::{Error, Limits, Namespace, Package, Token, core_properties};
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(body).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tokens(xml: &[u8]) -> Result<Vec<String>, Error> {
    let bytes = zipped(&[("a.xml", xml)]);
    let file = File::from_bytes("a.zip", "", &bytes);
    let package = Package::open(&file)?;
    let mut xml = package.xml("a.xml")?;
    let mut found = Vec::new();
    while let Some(token) = xml.next()? {
        found.push(match token {
            Token::Start(tag) => format!("<{:?} {} {}", tag.namespace(), tag.name(), tag.attr("v").unwrap_or_default()),
            Token::End(_, name) => format!(">{name}"),
            Token::Text(text) => text.into_owned(),
        });
    }
    Ok(found)
}

#[test]
fn parts_are_found_whatever_their_case_and_slashes() {
    let bytes = zipped(&[("Word\\Document.xml", b"<a/>"), ("b/c.txt", &[b'x'; 300_000])]);
    let file = File::from_bytes("a.docx", "", &bytes);
    let package = Package::open(&file).unwrap();
    assert!(package.contains("/word/document.xml") && !package.contains("word"));
    assert_eq!(package.names().collect::<Vec<_>>(), ["b/c.txt", "Word/Document.xml"]);
    assert_eq!(package.read("b/c.txt", 1 << 20).unwrap().len(), 300_000);
    assert!(matches!(package.read("b/c.txt", 1000), Err(Error::Limit(_))));
    assert!(matches!(package.read("none", 1000), Err(Error::MissingPart(_))));
}

#[test]
fn relationships_and_properties_are_read() {
    let rels = br#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
      <Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/x/main.xml"/>
      <Relationship Id="r2" Type="http://x/hyperlink" Target="https://a.b/?q=1&amp;r" TargetMode="External"/></Relationships>"#;
    let core = b"<c xmlns:d='x'><d:title> T &lt;1&gt; </d:title><d:creator></d:creator></c>";
    let bytes = zipped(&[("_rels/.rels", rels), ("x/main.xml", b"<a/>"), ("docProps/core.xml", core)]);
    let file = File::from_bytes("a.docx", "", &bytes);
    let package = Package::open(&file).unwrap();
    assert_eq!(package.main_part().unwrap(), "x/main.xml");
    let links = package.relationships("").unwrap();
    let link = links.get("r2").unwrap();
    assert_eq!((link.kind.as_str(), link.target.as_str(), link.external), ("hyperlink", "https://a.b/?q=1&r", true));
    let fields = core_properties(&package).unwrap();
    assert_eq!((fields.len(), fields["title"].as_str()), (1, Some("T <1>")));
}

#[test]
fn xml_is_read_with_namespaces_references_and_other_encodings() {
    let word = r#"<w:a xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main" v="1&amp;2"><!--c--><w:b/>x &lt;&#x4e2d;<![CDATA[&]]></w:a>"#;
    let want = ["<Word a 1&2", "<Word b ", ">b", "x ", "<", "中", "&", ">a"];
    assert_eq!(tokens(word.as_bytes()).unwrap(), want);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(word.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(tokens(&utf16).unwrap(), want);
    assert_eq!(tokens(b"<w:a/>").unwrap()[0], "<Word a ");
}

#[test]
fn what_xml_may_not_do_is_refused_by_name() {
    let why = |xml: &[u8]| tokens(xml).unwrap_err().to_string();
    assert_eq!(
        why(b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"),
        "refused: a.xml declares a document type (DOCTYPE)"
    );
    assert_eq!(why(b"<a>&x;</a>"), "refused: a.xml uses the entity \"x\"");
    assert!(why("<a>".repeat(1001).as_bytes()).contains("nests more than 1000"));
    assert!(why(b"<a><b></a>").contains("XML error"));
    assert!(why(b"<a>").contains("ends in the middle"));
}

#[test]
fn an_element_can_be_skipped() {
    let bytes = zipped(&[("a.xml", b"<a><b><c>x</c><c/></b>y</a>")]);
    let file = File::from_bytes("a.zip", "", &bytes);
    let package = Package::open(&file).unwrap();
    let mut xml = package.xml("a.xml").unwrap();
    xml.next().unwrap();
    xml.next().unwrap();
    xml.skip().unwrap();
    assert!(matches!(xml.next().unwrap(), Some(Token::Text(t)) if t == "y"));
    let mut xml = package.xml("a.xml").unwrap();
    let wrong = xml.expect_root(Namespace::Word, "a Word document").unwrap_err();
    assert_eq!(wrong.to_string(), "this is another kind of file, not a Word document");
}

#[test]
fn bombs_are_stopped_by_what_they_really_inflate_to() {
    let bytes = zipped(&[("a.xml", &vec![b' '; 40 << 20])]);
    let file = File::from_bytes("a.zip", "", &bytes);
    let package = Package::open(&file).unwrap();
    assert!(matches!(package.read("a.xml", 1 << 30), Err(Error::Limit(why)) if why.contains("zip bomb")));

    let limits = Limits { part_bytes: 1000, total_bytes: 1500, entries: 2, ..Limits::default() };
    let bytes = zipped(&[("a", &[7; 900]), ("b", &[7; 2000])]);
    let file = File::from_bytes("a.zip", "", &bytes);
    let package = Package::open_with(&file, limits).unwrap();
    assert!(package.read("a", 1 << 20).is_ok());
    assert!(matches!(package.read("a", 1 << 20), Err(Error::Limit(why)) if why.contains("the file unpacks")));
    let package = Package::open_with(&file, limits).unwrap();
    assert!(matches!(package.read("b", 1 << 20), Err(Error::Limit(why)) if why.contains("larger than")));
    let bytes = zipped(&[("a", b""), ("b", b""), ("c", b"")]);
    let file = File::from_bytes("a.zip", "", &bytes);
    assert!(matches!(Package::open_with(&file, limits), Err(Error::Limit(_))));
}

#[test]
fn what_is_no_container_is_told_apart() {
    let open = |bytes: &[u8]| Package::open(&File::from_bytes("a", "", bytes)).map(|_| ()).unwrap_err().to_string();
    assert_eq!(open(b""), "the file is empty");
    assert!(open(b"hello").contains("not a zip archive"));
    let whole = zipped(&[("a", b"some text that is long enough")]);
    assert!(open(&whole[..whole.len() - 30]).contains("is the upload complete?"));
    let mut ole = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    assert!(open(&ole).contains("old binary Office file"));
    ole.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(open(&ole), "encrypted document: a password is needed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = tokens(&bytes);
        let file = File::from_bytes("a", "", &bytes);
        let _ = Package::open(&file);
    }

    #[test]
    fn no_flipped_byte_panics(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = zipped(&[("a.xml", b"<a b='c'>text &amp; more</a>"), ("b", &[1; 100])]);
        let at = at.index(bytes.len());
        bytes[at] = value;
        let file = File::from_bytes("a", "", &bytes);
        if let Ok(package) = Package::open(&file) {
            let names: Vec<String> = package.names().map(String::from).collect();
            for name in names {
                let _ = package.read(&name, 1 << 20);
                if let Ok(mut xml) = package.xml(&name) {
                    while let Ok(Some(_)) = xml.next() {}
                }
            }
        }
    }
}
